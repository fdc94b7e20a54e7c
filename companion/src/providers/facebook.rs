//! Facebook: a person's own albums and photos.
//!
//! Graph API v25.0 with classic Facebook Login (Login for Business cannot grant `user_photos`).
//! <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>,
//! <https://developers.facebook.com/docs/graph-api/reference/user/albums> and …/album/photos; checked November 2026.

use super::meta::{self, Data, Graph, MetaPath, PAGE_SIZE};
use super::{Ask, CodeGrant, Credentials, Entry, Failure, Grant, Page, Provider, RemoteFile, Reply};
use crate::config::Config;
use crate::fetch::{Call, Fetcher};
use crate::secrets::{Secret, digest};
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use url::Url;

const SCOPE: &str = "public_profile,user_photos";
const PHOTO_PERMISSION: &str = "user_photos";
// Graph gives only default fields unless asked, and one unknown field fails the whole call.
const ALBUM_FIELDS: &str = "id,name,count,cover_photo{images},created_time,type";
const PHOTO_FIELDS: &str = "id,name,images,picture,created_time";
/// Thumbnails are 320 pixels wide and shown as squares, so the shorter edge must have as many.
const THUMBNAIL_EDGE: u32 = 320;

/// Facebook.
#[derive(Debug)]
pub struct Facebook {
    graph: Graph,
    fetcher: Fetcher,
    app: Credentials,
    pkce: bool,
    dialog: Url,
    token_endpoint: Url,
}

impl Facebook {
    /// From the settings, for an app.
    pub fn new(config: &Config, fetcher: Fetcher, app: Credentials) -> Self {
        let (base, version) = (&config.facebook_graph_url, &config.graph_version);
        Self {
            graph: Graph::new(fetcher.clone(), base, version, &app.client_id, Some(app.client_secret.clone())),
            fetcher,
            app,
            pkce: config.facebook_pkce,
            dialog: meta::at(&config.facebook_dialog_url, &format!("{version}/dialog/oauth")),
            token_endpoint: meta::at(base, &format!("{version}/oauth/access_token")),
        }
    }

    async fn sign_in(&self, grant: CodeGrant<'_>) -> Result<Grant, Failure> {
        let mut form = vec![
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", self.app.client_secret.expose()),
            ("redirect_uri", grant.redirect_uri),
            ("code", grant.code),
        ];
        form.extend(grant.verifier.map(|verifier| ("code_verifier", verifier.expose())));
        let answer =
            self.fetcher.call(Call { url: self.token_endpoint.clone(), bearer: None, form: Some(&form) }).await?;
        // A token that a server gets for a code lives about 60 days already; there is nothing to extend.
        let answer: TokenAnswer = meta::read(&answer).map_err(meta::exchange_failure)?;
        let token = Secret::new(answer.access_token);
        let permissions: Data<Permission> = self.graph.get(&token, "me/permissions", &[]).await?;
        if !permissions.data.iter().any(|it| it.permission == PHOTO_PERMISSION && it.status == "granted") {
            return Err(Failure::tell(
                ProblemCode::PermissionDeclined,
                "user_photos is not among the granted permissions",
            ));
        }
        let me: Me = self.graph.get(&token, "me", &[("fields", "id,name")]).await?;
        Ok(Grant { token, expires_in: answer.expires_in, account_id: me.id, account_name: me.name })
    }

    async fn page(&self, token: &Secret, path: &str, after: Option<&str>) -> Result<Page, Failure> {
        let path = MetaPath::read(path).filter(|path| path.file.is_none()).ok_or_else(meta::bad_path)?;
        let mut query = vec![("limit", PAGE_SIZE)];
        query.extend(after.map(|after| ("after", after)));
        match path.folder {
            None => {
                query.push(("fields", ALBUM_FIELDS));
                let albums: Data<Album> = self.graph.get(token, "me/albums", &query).await?;
                Ok(Page { after: albums.after(), entries: albums.data.into_iter().map(album_entry).collect() })
            }
            Some(album) => {
                query.push(("fields", PHOTO_FIELDS));
                let photos: Data<Photo> = self.graph.get(token, &format!("{album}/photos"), &query).await?;
                let entries = |photos: Vec<Photo>| photos.into_iter().map(|photo| photo_entry(album, photo)).collect();
                Ok(Page { after: photos.after(), entries: entries(photos.data) })
            }
        }
    }

    async fn file(&self, token: &Secret, path: &str) -> Result<RemoteFile, Failure> {
        let id = photo_id(path).ok_or_else(meta::bad_path)?;
        if meta::is_video(path) {
            return Err(Failure::tell(ProblemCode::NoFile, "a video"));
        }
        let photo: Photo = self.graph.get(token, id, &[("fields", PHOTO_FIELDS)]).await?;
        remote_file(photo)
    }
}

impl Provider for Facebook {
    fn name(&self) -> &'static str {
        "facebook"
    }

    fn client_id(&self) -> &str {
        &self.app.client_id
    }

    fn takes_pkce(&self) -> bool {
        self.pkce
    }

    fn authorize_url(&self, ask: &Ask<'_>) -> Url {
        let mut url = self.dialog.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", &self.app.client_id)
            .append_pair("redirect_uri", ask.redirect_uri)
            .append_pair("state", ask.state)
            .append_pair("response_type", "code")
            .append_pair("display", "popup");
        // PKCE is part of Facebook's OpenID flow: it is taken with the scope `openid` and a nonce, which only the id token
        // would carry. The state is as random and as short-lived as a nonce has to be.
        // https://developers.facebook.com/documentation/facebook-login/guides/advanced/oidc-token
        match ask.challenge {
            None => query.append_pair("scope", SCOPE),
            Some(challenge) => query
                .append_pair("scope", &format!("openid,{SCOPE}"))
                .append_pair("nonce", &digest(ask.state))
                .append_pair("code_challenge", challenge)
                .append_pair("code_challenge_method", "S256"),
        };
        let kinds = [(ask.again, "rerequest"), (ask.switch_account, "reauthenticate")];
        let kinds: Vec<&str> = kinds.into_iter().filter_map(|(wanted, kind)| wanted.then_some(kind)).collect();
        if !kinds.is_empty() {
            query.append_pair("auth_type", &kinds.join(","));
        }
        drop(query);
        url
    }

    fn refusal(&self, error: &str, description: &str) -> ProblemCode {
        meta::refusal(error, description)
    }

    fn exchange<'a>(&'a self, code: CodeGrant<'a>) -> Reply<'a, Grant> {
        Box::pin(self.sign_in(code))
    }

    fn revoke<'a>(&'a self, token: &'a Secret) -> Reply<'a, bool> {
        Box::pin(async {
            self.graph.delete(token, "me/permissions").await?;
            Ok(true)
        })
    }

    fn list<'a>(&'a self, token: &'a Secret, path: &'a str, after: Option<&'a str>) -> Reply<'a, Page> {
        Box::pin(self.page(token, path, after))
    }

    fn is_photo(&self, path: &str) -> bool {
        photo_id(path).is_some()
    }

    fn resolve<'a>(&'a self, token: &'a Secret, path: &'a str) -> Reply<'a, RemoteFile> {
        Box::pin(self.file(token, path))
    }
}

/// The photo of `/{album}/{photo}.jpg`.
fn photo_id(path: &str) -> Option<&str> {
    let path = MetaPath::read(path)?;
    path.folder.and(path.file)
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Permission {
    permission: String,
    status: String,
}

#[derive(Deserialize)]
struct Me {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct Album {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    #[serde(default)]
    name: String,
    count: Option<u64>,
    cover_photo: Option<Cover>,
    created_time: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cover {
    #[serde(default)]
    images: Vec<Rendition>,
}

#[derive(Debug, Deserialize)]
struct Photo {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    /// The caption.
    name: Option<String>,
    #[serde(default)]
    images: Vec<Rendition>,
    /// A hundred pixels or so; all that a video among photos has.
    picture: Option<String>,
    created_time: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rendition {
    source: String,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
}

impl Rendition {
    fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Meta usually lists the largest first, but does not promise it.
fn largest(images: &[Rendition]) -> Option<&Rendition> {
    images.iter().max_by_key(|image| image.area())
}

fn for_thumbnail(images: &[Rendition]) -> Option<String> {
    let enough = images.iter().filter(|image| image.width.min(image.height) >= THUMBNAIL_EDGE);
    enough.min_by_key(|image| image.area()).or_else(|| largest(images)).map(|image| image.source.clone())
}

fn album_entry(album: Album) -> Entry {
    Entry {
        picture: album.cover_photo.and_then(|cover| for_thumbnail(&cover.images)),
        item: Item {
            path: format!("/{}/", album.id),
            name: album.name,
            folder: true,
            count: album.count,
            date: meta::date(album.created_time.as_deref()),
            ..Item::default()
        },
    }
}

fn photo_entry(album: &str, photo: Photo) -> Entry {
    // Albums hold videos too; asked for a photo's fields, such an entry comes without images.
    let (extension, mimetype) = if photo.images.is_empty() { ("mp4", "video/mp4") } else { ("jpg", "image/jpeg") };
    let size = largest(&photo.images).filter(|image| image.area() > 0).map(|image| (image.width, image.height));
    Entry {
        picture: for_thumbnail(&photo.images).or(photo.picture),
        item: Item {
            name: format!("{}.{extension}", photo.id),
            path: format!("/{album}/{}.{extension}", photo.id),
            mimetype: mimetype.to_owned(),
            size: size.map(|(width, height)| format!("{width}x{height}")).unwrap_or_default(),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            caption: meta::words(photo.name),
            date: meta::date(photo.created_time.as_deref()),
            ..Item::default()
        },
    }
}

fn remote_file(photo: Photo) -> Result<RemoteFile, Failure> {
    let image = largest(&photo.images).ok_or_else(|| Failure::tell(ProblemCode::NoFile, "an entry without images"))?;
    let url = Url::parse(&image.source)
        .map_err(|_| Failure::Upstream { cause: "an image address that is no URL".to_owned(), transient: false })?;
    let known = |pixels: u32| (pixels > 0).then_some(pixels);
    Ok(RemoteFile {
        url,
        stem: photo.id,
        caption: meta::words(photo.name),
        date: meta::date(photo.created_time.as_deref()),
        width: known(image.width),
        height: known(image.height),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_album_is_a_folder_with_cover_and_count() {
        let album: Album = serde_json::from_str(
            r#"{"id":"10150146071791729","name":"Holidays","count":24,"type":"normal","created_time":"2011-05-01T12:00:00+0000",
                "cover_photo":{"id":"1","images":[{"source":"https://h/big","width":2048,"height":1536},
                 {"source":"https://h/right","width":480,"height":360},{"source":"https://h/small","width":130,"height":97}]}}"#,
        )
        .unwrap();
        let entry = album_entry(album);
        assert_eq!(entry.picture.as_deref(), Some("https://h/right"));
        assert_eq!(
            (entry.item.path.as_str(), entry.item.folder, entry.item.count),
            ("/10150146071791729/", true, Some(24))
        );
        assert_eq!(entry.item.date.as_deref(), Some("2011-05-01T12:00:00Z"));
        assert_eq!((entry.item.mimetype.as_str(), entry.item.thumbnail.as_str()), ("", ""));
    }

    #[test]
    fn an_empty_album_has_no_cover() {
        let album: Album = serde_json::from_str(r#"{"id":"7","name":"Someday","count":0}"#).unwrap();
        assert_eq!(album_entry(album).picture, None);
    }

    #[test]
    fn a_photo_tells_its_largest_rendition() {
        let photo = || -> Photo {
            serde_json::from_str(
                r#"{"id":"99","name":"  ","created_time":"2011-05-01T12:00:00+0000","images":[
                    {"source":"https://h/s","width":320,"height":240},{"source":"https://h/l","width":1200,"height":800}]}"#,
            )
            .unwrap()
        };
        let item = photo_entry("5", photo()).item;
        assert_eq!(
            (item.path.as_str(), item.name.as_str(), item.mimetype.as_str()),
            ("/5/99.jpg", "99.jpg", "image/jpeg")
        );
        assert_eq!((item.size.as_str(), item.width, item.height, item.bytes), ("1200x800", Some(1200), Some(800), 0));
        assert_eq!(item.caption, None);
        let file = remote_file(photo()).unwrap();
        assert_eq!((file.url.as_str(), file.stem.as_str()), ("https://h/l", "99"));
    }

    #[test]
    fn a_video_is_listed_and_has_no_file() {
        let video = || -> Photo { serde_json::from_str(r#"{"id":"98","picture":"https://h/p"}"#).unwrap() };
        let entry = photo_entry("5", video());
        assert_eq!((entry.item.path.as_str(), entry.item.mimetype.as_str()), ("/5/98.mp4", "video/mp4"));
        assert_eq!(entry.picture.as_deref(), Some("https://h/p"));
        assert_eq!(remote_file(video()).unwrap_err().code(), ProblemCode::NoFile);
    }

    #[test]
    fn the_dialog_asks_again_only_after_a_refusal() {
        let config = Config::default();
        let app = crate::providers::default_app("facebook", &config).unwrap();
        let facebook = Facebook::new(&config, Fetcher::new(&config).unwrap(), app);
        let plain =
            Ask { redirect_uri: "https://h/cb", state: "S", again: false, switch_account: false, challenge: None };
        let url = |ask: Ask<'_>| facebook.authorize_url(&ask).to_string();
        assert!(url(plain).ends_with("display=popup&scope=public_profile%2Cuser_photos"), "{}", url(plain));
        assert!(url(plain).contains("/v25.0/dialog/oauth?"));
        assert!(url(Ask { again: true, ..plain }).ends_with("auth_type=rerequest"));
        let both = url(Ask { again: true, switch_account: true, challenge: Some("C"), ..plain });
        assert!(both.contains("scope=openid%2Cpublic_profile%2Cuser_photos&nonce="), "{both}");
        assert!(both.contains("&code_challenge=C&code_challenge_method=S256&auth_type=rerequest%2Creauthenticate"));
    }
}
