//! What publishing starts from in tests: accounts that are connected, files that are stored, and publications as rows.

use bowerbird_companion::config::Config;
use bowerbird_companion::db::{AccountRow, Db, NewPublication, PostRow, PublicationRow, now};
use bowerbird_companion::publish::body::{Body, Fit, Medium};
use bowerbird_companion::publish::rows::Kind;
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::{self, Secret};
use bowerbird_emulator::{Connected, Emulator, FACEBOOK_APP_ID};
use bowerbird_services::film;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use std::io::Cursor;
use std::time::Duration;

/// Alice's first Page and the Instagram account that is linked to it, connected to the site `demo` of a companion.
pub struct Press {
    pub db: Db,
    pub page: AccountRow,
    pub instagram: AccountRow,
    url: String,
    http: reqwest::Client,
}

impl Press {
    /// With the database of a companion that is set so.
    pub async fn open(config: &Config, emulator: &Emulator) -> Self {
        let keyring = Keyring::of(config).unwrap();
        let db = Db::open(config.database_url.expose(), &config.data_dir, keyring).await.unwrap();
        let Connected { page, name, token, instagram } = emulator.connect(FACEBOOK_APP_ID, "alice").remove(0);
        let (instagram, username) = instagram.unwrap();
        let account = |network: &str, id: &str, name: &str| AccountRow {
            id: secrets::id(),
            app_key: "demo".to_owned(),
            tenant: String::new(),
            network: network.to_owned(),
            client_id: FACEBOOK_APP_ID.to_owned(),
            user_id: emulator.user_id(FACEBOOK_APP_ID, "alice"),
            account_id: id.to_owned(),
            page_id: page.clone(),
            name: name.to_owned(),
            username: None,
            picture_url: None,
            access_token: Some(Secret::new(token.clone())),
            problem: None,
            created_ms: 0,
            refreshed_ms: 0,
        };
        let (page, instagram) = (account("facebook", &page, &name), account("instagram", &instagram, &username));
        db.put_account(&page).await.unwrap();
        db.put_account(&instagram).await.unwrap();
        let url = config.public_url.as_str().trim_end_matches('/').to_owned();
        Self { db, page, instagram, url, http: reqwest::Client::new() }
    }

    /// Has bytes stored, and answers the handle.
    pub async fn stores(&self, mimetype: &str, bytes: Vec<u8>) -> String {
        let request = self.http.post(format!("{}/api/store/S3?key=demo", self.url)).header("content-type", mimetype);
        let answer = request.header("origin", "https://shop.example").body(bytes).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let stored: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        stored["url"].as_str().unwrap_or_else(|| panic!("{stored}")).rsplit('/').next().unwrap().to_owned()
    }

    pub async fn photo(&self, width: u32, height: u32) -> Medium {
        Medium::stored(self.stores("image/jpeg", picture(ImageFormat::Jpeg, width, height)).await)
    }

    pub async fn film(&self, seconds: u32) -> Medium {
        Medium::stored(self.stores("video/mp4", film::portrait(seconds)).await)
    }

    /// Each kind with what it is made of.
    pub async fn each(&self) -> Vec<(AccountRow, Kind, Body)> {
        let (photo, wide, film) = (self.photo(900, 1200).await, self.photo(1200, 900).await, self.film(10).await);
        let square = Medium::stored(self.stores("video/mp4", film::square()).await);
        let link = Body { link: Some("https://example.org/".to_owned()), ..saying("Look", vec![]) };
        let padded = |body: Body| Body { fit: Fit::Pad, ..body };
        let page = [
            (Kind::PageText, saying("Good morning", vec![])),
            (Kind::PageLink, link),
            (Kind::PagePhoto, saying("One", vec![photo.clone()])),
            (Kind::PagePhotos, saying("Two", vec![photo.clone(), wide.clone()])),
            (Kind::PageVideo, saying("A film", vec![film.clone()])),
            (Kind::PagePhotoStory, saying("", vec![photo.clone()])),
            (Kind::PageVideoStory, saying("", vec![film.clone()])),
        ];
        let instagram = [
            (Kind::InstagramImage, padded(saying("On Instagram", vec![photo.clone()]))),
            (Kind::InstagramCarousel, padded(saying("Several", vec![photo.clone(), square, wide]))),
            (Kind::InstagramReel, saying("A reel", vec![film.clone()])),
            (Kind::InstagramStory, padded(saying("", vec![photo]))),
            (Kind::InstagramStory, saying("", vec![film])),
        ];
        let on = |account: &AccountRow, (kind, body)| (account.clone(), kind, body);
        let page = page.map(|it| on(&self.page, it));
        page.into_iter().chain(instagram.map(|it| on(&self.instagram, it))).collect()
    }

    /// Asks for a publication, and answers its id.
    pub async fn asks(&self, account: &AccountRow, kind: Kind, body: &Body, scheduled_ms: Option<i64>) -> String {
        let post = PostRow {
            id: secrets::id(),
            app_key: "demo".to_owned(),
            request: "{}".to_owned(),
            scheduled_ms,
            created_ms: now(),
            ..PostRow::default()
        };
        let id = format!("{}-0", post.id);
        let publication = NewPublication {
            id: id.clone(),
            account_id: account.id.clone(),
            kind: kind.name(),
            body: serde_json::to_string(body).unwrap(),
        };
        self.db.insert_post(&post, &[publication], "test").await.unwrap();
        id
    }

    /// Waits until a publication has ended.
    pub async fn ends(&self, id: &str) -> PublicationRow {
        for _ in 0..1200 {
            let row = self.db.publication(id).await.unwrap().unwrap();
            if row.ended_ms.is_some() {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?} did not end", self.db.publication(id).await.unwrap());
    }
}

pub fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn saying(text: &str, media: Vec<Medium>) -> Body {
    Body { text: text.to_owned(), media, ..Body::default() }
}
