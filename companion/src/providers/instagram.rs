//! Instagram: the media of a professional account.
//!
//! Instagram API with Instagram Login, Graph v25.0. Personal accounts have had no API since December 2024.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login> and
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media>; checked November 2026.

use super::meta::{self, Data, Graph, MetaPath, PAGE_SIZE};
use super::{Ask, CodeGrant, Credentials, Entry, Failure, Grant, Page, Picture, Provider, RemoteFile, Renewal, Reply};
use crate::config::Config;
use crate::fetch::{Answer, Call, Fetcher};
use crate::secrets::Secret;
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use url::Url;

const SCOPE: &str = "instagram_business_basic";
/// Seconds that the token of a code lives, as documented; the answer does not say.
const SHORT_LIVED: u64 = 3600;
const MEDIA_FIELDS: &str = "id,caption,media_type,media_url,thumbnail_url,timestamp,children{id}";
/// Children have no caption of their own: it is written under the carousel.
const PARENT_FIELDS: &str = "caption,timestamp,children{id,media_type,media_url,thumbnail_url,timestamp}";
const FILE_FIELDS: &str = "id,caption,media_type,media_url,timestamp";

/// Instagram.
#[derive(Debug)]
pub struct Instagram {
    pub(super) graph: Graph,
    fetcher: Fetcher,
    pub(super) app: Credentials,
    pub(super) dialog: Url,
    code_endpoint: Url,
    long_lived_endpoint: Url,
    refresh_endpoint: Url,
}

impl Instagram {
    /// From the settings, for an app.
    pub fn new(config: &Config, fetcher: Fetcher, app: Credentials) -> Self {
        Self {
            graph: Graph::new(
                fetcher.clone(),
                &config.instagram_graph_url,
                &config.graph_version,
                &app.client_id,
                None,
            ),
            fetcher,
            app,
            dialog: meta::at(&config.instagram_authorize_url, "oauth/authorize"),
            code_endpoint: meta::at(&config.instagram_api_url, "oauth/access_token"),
            long_lived_endpoint: meta::at(&config.instagram_graph_url, "access_token"),
            refresh_endpoint: meta::at(&config.instagram_graph_url, "refresh_access_token"),
        }
    }

    /// Exchanges a code for a short-lived token.
    pub(super) async fn token_of(&self, grant: CodeGrant<'_>) -> Result<ShortLived, Failure> {
        let form = [
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", self.app.client_secret.expose()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", grant.redirect_uri),
            // A browser keeps the `#_` that Instagram appends to itself; a code that was pasted may still have it.
            ("code", grant.code.trim_end_matches("#_")),
        ];
        let answer =
            self.fetcher.call(Call { url: self.code_endpoint.clone(), bearer: None, form: Some(&form) }).await?;
        read_code_answer(&answer)
    }

    async fn sign_in(&self, grant: CodeGrant<'_>) -> Result<Grant, Failure> {
        let short = self.token_of(grant).await?;
        if !short.permissions.iter().any(|permission| permission == SCOPE) {
            return Err(Failure::tell(
                ProblemCode::PermissionDeclined,
                "instagram_business_basic is not among the permissions",
            ));
        }
        let (token, expires_in) = if grant.long_lived {
            let long = self.long_lived(&short.access_token).await?;
            (long.access_token, long.expires_in)
        } else {
            (short.access_token, Some(SHORT_LIVED))
        };
        let me: OneOrList<Me> = self.graph.get(&token, "me", &[("fields", "user_id,username,account_type")]).await?;
        let me =
            me.one().ok_or_else(|| Failure::Upstream { cause: "an empty account".to_owned(), transient: false })?;
        if me.account_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("personal")) {
            return Err(Failure::tell(ProblemCode::PersonalAccount, "account_type is PERSONAL"));
        }
        Ok(Grant { token, expires_in, account_id: short.user_id, account_name: me.username })
    }

    pub(super) async fn long_lived(&self, short: &Secret) -> Result<LongLived, Failure> {
        let mut url = self.long_lived_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("grant_type", "ig_exchange_token")
            .append_pair("client_secret", self.app.client_secret.expose());
        self.graph.get_at(short, url).await.map_err(meta::exchange_failure)
    }

    /// Takes tokens that are at least a day old. <https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token>
    pub(super) async fn renewed(&self, token: &Secret) -> Result<Renewal, Failure> {
        let mut url = self.refresh_endpoint.clone();
        url.query_pairs_mut().append_pair("grant_type", "ig_refresh_token");
        let renewed: LongLived = self.graph.get_at(token, url).await?;
        Ok(Renewal { token: renewed.access_token, expires_in: renewed.expires_in })
    }

    async fn page(&self, token: &Secret, path: &str, after: Option<&str>) -> Result<Page, Failure> {
        let path = MetaPath::read(path).filter(|path| path.file.is_none()).ok_or_else(meta::bad_path)?;
        match path.folder {
            None => {
                let mut query = vec![("fields", MEDIA_FIELDS), ("limit", PAGE_SIZE)];
                query.extend(after.map(|after| ("after", after)));
                let media: Data<Media> = self.graph.get(token, "me/media", &query).await?;
                let after = media.after();
                Ok(Page { after, entries: media.data.into_iter().map(|media| entry("/", media)).collect() })
            }
            Some(carousel) => {
                // At most twenty children, which come without pages.
                let parent: Parent = self.graph.get(token, carousel, &[("fields", PARENT_FIELDS)]).await?;
                let folder = format!("/{carousel}/");
                Ok(Page { after: None, entries: children(parent).map(|child| entry(&folder, child)).collect() })
            }
        }
    }

    async fn file(&self, token: &Secret, path: &str) -> Result<RemoteFile, Failure> {
        let MetaPath { folder, file } = MetaPath::read(path).ok_or_else(meta::bad_path)?;
        let id = file.ok_or_else(meta::bad_path)?;
        if meta::is_video(path) {
            return Err(Failure::tell(ProblemCode::NoFile, "a video"));
        }
        let media = match folder {
            None => self.graph.get(token, id, &[("fields", FILE_FIELDS)]).await?,
            Some(carousel) => {
                let parent: Parent = self.graph.get(token, carousel, &[("fields", PARENT_FIELDS)]).await?;
                let gone = || Failure::tell(ProblemCode::PhotoGone, "the carousel has no such child");
                children(parent).find(|child| child.id == id).ok_or_else(gone)?
            }
        };
        remote_file(media)
    }
}

impl Provider for Instagram {
    fn name(&self) -> &'static str {
        "instagram"
    }

    fn client_id(&self) -> &str {
        &self.app.client_id
    }

    fn authorize_url(&self, ask: &Ask<'_>) -> Url {
        // Instagram's page asks for what was declined each time; it has no parameter for it.
        let mut url = self.dialog.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.client_id)
            .append_pair("redirect_uri", ask.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", SCOPE)
            .append_pair("state", ask.state);
        if ask.switch_account {
            url.query_pairs_mut().append_pair("force_reauth", "true");
        }
        url
    }

    fn refusal(&self, error: &str, description: &str) -> ProblemCode {
        meta::refusal(error, description)
    }

    fn exchange<'a>(&'a self, code: CodeGrant<'a>) -> Reply<'a, Grant> {
        Box::pin(self.sign_in(code))
    }

    fn refresh<'a>(&'a self, token: &'a Secret) -> Reply<'a, Option<Renewal>> {
        Box::pin(async { self.renewed(token).await.map(Some) })
    }

    fn list<'a>(&'a self, token: &'a Secret, path: &'a str, after: Option<&'a str>) -> Reply<'a, Page> {
        Box::pin(self.page(token, path, after))
    }

    fn is_photo(&self, path: &str) -> bool {
        MetaPath::read(path).is_some_and(|path| path.file.is_some())
    }

    fn resolve<'a>(&'a self, token: &'a Secret, path: &'a str) -> Reply<'a, RemoteFile> {
        Box::pin(self.file(token, path))
    }
}

/// The documentation wraps an object in `data: [{…}]`, the servers send it flat.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrList<T> {
    List { data: Vec<T> },
    One(T),
}

impl<T> OneOrList<T> {
    pub(super) fn one(self) -> Option<T> {
        match self {
            Self::List { data } => data.into_iter().next(),
            Self::One(one) => Some(one),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ShortLived {
    pub(super) access_token: Secret,
    #[serde(deserialize_with = "meta::id")]
    pub(super) user_id: String,
    #[serde(default, deserialize_with = "permissions")]
    pub(super) permissions: Vec<String>,
}

/// An array, or one string with commas.
fn permissions<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Permissions {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Permissions::deserialize(deserializer)? {
        Permissions::List(list) => list,
        Permissions::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
    })
}

#[derive(Deserialize)]
pub(super) struct LongLived {
    pub(super) access_token: Secret,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Me {
    #[serde(default)]
    username: String,
    account_type: Option<String>,
}

fn read_code_answer(answer: &Answer) -> Result<ShortLived, Failure> {
    if let Some(failure) = meta::code_failure(answer) {
        return Err(failure);
    }
    let answer: OneOrList<ShortLived> = meta::read(answer).map_err(meta::exchange_failure)?;
    answer.one().ok_or_else(|| Failure::Upstream { cause: "an empty token answer".to_owned(), transient: false })
}

#[derive(Debug, Deserialize)]
struct Parent {
    caption: Option<String>,
    timestamp: Option<String>,
    children: Option<Data<Media>>,
}

/// A carousel's children, with its words, and its date where they have none.
fn children(parent: Parent) -> impl Iterator<Item = Media> {
    let Parent { caption, timestamp, children } = parent;
    children.map(|children| children.data).unwrap_or_default().into_iter().map(move |child| Media {
        caption: child.caption.or_else(|| caption.clone()),
        timestamp: child.timestamp.or_else(|| timestamp.clone()),
        ..child
    })
}

#[derive(Debug, Deserialize)]
struct Media {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    caption: Option<String>,
    /// Absent where only the id was asked for.
    #[serde(default)]
    media_type: String,
    /// Left out for media that is flagged for its rights.
    media_url: Option<String>,
    thumbnail_url: Option<String>,
    timestamp: Option<String>,
    children: Option<Data<Media>>,
}

fn entry(folder: &str, media: Media) -> Entry {
    let common =
        Item { caption: meta::words(media.caption), date: meta::date(media.timestamp.as_deref()), ..Item::default() };
    match media.media_type.as_str() {
        "CAROUSEL_ALBUM" => Entry {
            // A carousel's own picture is its first child's.
            picture: media.media_url.map(|url| Picture::single(&media.id, url)),
            item: Item {
                name: title(common.caption.as_deref()).unwrap_or_else(|| media.id.clone()),
                path: format!("{folder}{}/", media.id),
                folder: true,
                count: media.children.map(|children| children.data.len() as u64),
                ..common
            },
        },
        kind => {
            let video = kind == "VIDEO";
            let (extension, mimetype) = if video { ("mp4", "video/mp4") } else { ("jpg", "image/jpeg") };
            Entry {
                picture: if video { media.thumbnail_url } else { media.media_url }
                    .map(|url| Picture::single(&media.id, url)),
                item: Item {
                    name: format!("{}.{extension}", media.id),
                    path: format!("{folder}{}.{extension}", media.id),
                    mimetype: mimetype.to_owned(),
                    ..common
                },
            }
        }
    }
}

/// The first words of a caption, since a carousel has no title of its own.
fn title(caption: Option<&str>) -> Option<String> {
    let line = caption?.trim().lines().next()?;
    Some(line.chars().take(60).map(|c| if c == '/' { '-' } else { c }).collect())
}

fn remote_file(media: Media) -> Result<RemoteFile, Failure> {
    if media.media_type != "IMAGE" {
        return Err(Failure::tell(ProblemCode::NoFile, "the media is no image"));
    }
    let url = media.media_url.ok_or_else(|| Failure::tell(ProblemCode::NoFile, "the media has no media_url"))?;
    let url = Url::parse(&url)
        .map_err(|_| Failure::Upstream { cause: "an image address that is no URL".to_owned(), transient: false })?;
    Ok(RemoteFile {
        url,
        stem: media.id,
        caption: meta::words(media.caption),
        date: meta::date(media.timestamp.as_deref()),
        width: None,
        height: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_answer(status: u16, body: &str) -> Result<ShortLived, Failure> {
        let headers = crate::fetch::HeaderMap::new();
        read_code_answer(&Answer { status: status.try_into().unwrap(), headers, body: body.to_owned().into() })
    }

    #[test]
    fn the_token_answer_is_read_in_all_its_shapes() {
        for body in [
            r#"{"access_token":"IGAA","user_id":27640875392278831,"permissions":["instagram_business_basic","x"]}"#,
            r#"{"access_token":"IGAA","user_id":"27640875392278831","permissions":"instagram_business_basic,x"}"#,
            r#"{"data":[{"access_token":"IGAA","user_id":"27640875392278831","permissions":"instagram_business_basic, x"}]}"#,
        ] {
            let answer = code_answer(200, body).map_err(|failure| failure.cause().to_owned()).unwrap();
            assert_eq!(
                (answer.access_token.expose(), answer.user_id.as_str()),
                ("IGAA", "27640875392278831"),
                "{body}"
            );
            assert_eq!(answer.permissions, [SCOPE, "x"], "{body}");
        }
    }

    #[test]
    fn the_code_endpoints_own_error_is_read() {
        let body = r#"{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found or was already used"}"#;
        let failure = code_answer(400, body).err().unwrap();
        assert_eq!(failure.code(), ProblemCode::SignInRefused);
        let body =
            r#"{"error_type":"OAuthException","code":400,"error_message":"The user is not an Instagram Business"}"#;
        assert_eq!(code_answer(400, body).err().unwrap().code(), ProblemCode::PersonalAccount);
    }

    fn media(json: &str) -> Media {
        serde_json::from_str(json).unwrap()
    }

    fn picture(id: &str, url: &str) -> Option<Picture> {
        Some(Picture::single(id, url.to_owned()))
    }

    #[test]
    fn children_have_their_carousels_words_and_date() {
        let parent: Parent = serde_json::from_str(
            r#"{"id":"19","caption":"Sea","timestamp":"2018-02-22T10:40:45+0000","children":{"data":[
                {"id":"20","media_type":"IMAGE"},{"id":"21","media_type":"IMAGE","timestamp":"2018-02-23T10:40:45+0000"}]}}"#,
        )
        .unwrap();
        let children: Vec<Item> = children(parent).map(|child| entry("/19/", child).item).collect();
        assert!(children.iter().all(|child| child.caption.as_deref() == Some("Sea")));
        let dates: Vec<_> = children.iter().map(|child| child.date.as_deref().unwrap_or_default()).collect();
        assert_eq!(dates, ["2018-02-22T10:40:45Z", "2018-02-23T10:40:45Z"]);
    }

    #[test]
    fn images_videos_and_carousels_are_listed() {
        let image = entry(
            "/",
            media(
                r#"{"id":"17","media_type":"IMAGE","media_url":"https://h/i","caption":"Sea","timestamp":"2018-02-22T10:40:45+0000"}"#,
            ),
        );
        assert_eq!((image.item.path.as_str(), image.item.mimetype.as_str()), ("/17.jpg", "image/jpeg"));
        assert_eq!(image.item.caption.as_deref(), Some("Sea"));
        assert_eq!(image.item.date.as_deref(), Some("2018-02-22T10:40:45Z"));

        let video = entry(
            "/",
            media(r#"{"id":"18","media_type":"VIDEO","media_url":"https://h/v","thumbnail_url":"https://h/t"}"#),
        );
        assert_eq!((video.item.path.as_str(), video.picture), ("/18.mp4", picture("18", "https://h/t")));

        let carousel = entry(
            "/",
            media(
                r#"{"id":"19","media_type":"CAROUSEL_ALBUM","media_url":"https://h/c","children":{"data":[{"id":"20"},{"id":"21"}]}}"#,
            ),
        );
        assert_eq!((carousel.item.path.as_str(), carousel.item.folder, carousel.item.count), ("/19/", true, Some(2)));
        assert_eq!((carousel.item.name.as_str(), carousel.picture), ("19", picture("19", "https://h/c")));

        let child = entry("/19/", media(r#"{"id":"20","media_type":"IMAGE","media_url":"https://h/20"}"#));
        assert_eq!(child.item.path, "/19/20.jpg");
    }

    #[test]
    fn media_without_an_address_is_listed_and_has_no_file() {
        let withheld = r#"{"id":"17","media_type":"IMAGE","timestamp":"2018-02-22T10:40:45+0000"}"#;
        let listed = entry("/", media(withheld));
        assert_eq!((listed.picture, listed.item.mimetype.as_str()), (None, "image/jpeg"));
        assert_eq!(remote_file(media(withheld)).unwrap_err().code(), ProblemCode::NoFile);
        let video = r#"{"id":"18","media_type":"VIDEO","media_url":"https://h/v"}"#;
        assert_eq!(remote_file(media(video)).unwrap_err().code(), ProblemCode::NoFile);
    }
}
