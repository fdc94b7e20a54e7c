//! Facebook: a person's own albums and photos.
//!
//! Graph API v25.0 with classic Facebook Login (Login for Business cannot grant `user_photos`).
//! <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>,
//! <https://developers.facebook.com/docs/graph-api/reference/user/albums>, …/user/photos and …/album/photos; checked November 2026.

use super::meta::{self, Asks, Data, Graph, MetaPath, PAGE_SIZE};
use super::{
    Ask, CodeGrant, Credentials, Entry, Failure, Grant, Page, Picture, Provider, RemoteFile, Rendition, Reply,
};
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::secrets::{Secret, digest};
use bowerbird_protocol::listing::{Item, TAGGED, UPLOADS};
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use url::Url;

const SCOPE: &str = "public_profile,user_photos";
const PHOTO_PERMISSION: &str = "user_photos";
// Graph gives only default fields unless asked, and one unknown field fails the whole call.
const ALBUM_FIELDS: &str = "id,name,count,cover_photo{images},created_time,updated_time,type";
const PHOTO_FIELDS: &str = "id,name,images,picture,created_time";
const UPLOAD_FIELDS: &str = "id,name,images,picture,created_time,album{id}";
/// Beside the albums one photo of the person's edge `photos`, which are those that they are tagged in unless another `type` is
/// asked for: a cover for that collection, and whether there is anything in it, for no further call.
const TAGGED_COVER: &str = "photos.limit(1){images}";

/// Facebook.
#[derive(Debug)]
pub struct Facebook {
    pub(super) graph: Graph,
    pub(super) fetcher: Fetcher,
    pub(super) app: Credentials,
    pkce: bool,
    pub(super) dialog: Url,
    pub(super) token_endpoint: Url,
    pub(super) asks: Asks,
}

const PHOTOS: Asks = Asks { scope: SCOPE, needed: &[PHOTO_PERMISSION] };

impl Facebook {
    /// From the settings, for an app.
    pub fn new(config: &Config, fetcher: Fetcher, app: Credentials) -> Self {
        Self::asking(config, fetcher, app, PHOTOS)
    }

    /// The same sign-in for other permissions.
    pub fn asking(config: &Config, fetcher: Fetcher, app: Credentials, asks: Asks) -> Self {
        let (base, version) = (&config.facebook_graph_url, &config.graph_version);
        Self {
            graph: Graph::new(fetcher.clone(), base, version, &app.client_id, Some(app.client_secret.clone())),
            fetcher,
            app,
            pkce: config.facebook_pkce,
            dialog: meta::at(&config.facebook_dialog_url, &format!("{version}/dialog/oauth")),
            token_endpoint: meta::at(base, &format!("{version}/oauth/access_token")),
            asks,
        }
    }

    async fn page(&self, token: &Secret, path: &str, after: Option<&str>) -> Result<Page, Failure> {
        let (folder, file) = read_path(path).ok_or_else(meta::bad_path)?;
        if file.is_some() {
            return Err(meta::bad_path());
        }
        if folder == Folder::Root && after.is_none() {
            return self.root(token).await;
        }
        let (edge, fields, kind) = match folder {
            Folder::Root => ("me/albums".to_owned(), ALBUM_FIELDS, None),
            Folder::Tagged => ("me/photos".to_owned(), PHOTO_FIELDS, Some("tagged")),
            Folder::Uploads => ("me/photos".to_owned(), UPLOAD_FIELDS, Some("uploaded")),
            Folder::Album(album) => (format!("{album}/photos"), PHOTO_FIELDS, None),
        };
        let mut query = vec![("fields", fields), ("limit", PAGE_SIZE)];
        query.extend(kind.map(|kind| ("type", kind)));
        query.extend(after.map(|after| ("after", after)));
        if folder == Folder::Root {
            let albums: Data<Album> = self.graph.get(token, &edge, &query).await?;
            return Ok(Page { after: albums.after(), entries: albums.data.into_iter().map(album_entry).collect() });
        }
        let photos: Data<Photo> = self.graph.get(token, &edge, &query).await?;
        let after = photos.after();
        Ok(Page { after, entries: photos.data.into_iter().map(|photo| photo_entry(folder, photo)).collect() })
    }

    /// The first page of the root: the two collections that Facebook makes itself, and the albums.
    async fn root(&self, token: &Secret) -> Result<Page, Failure> {
        let fields = format!("albums.limit({PAGE_SIZE}){{{ALBUM_FIELDS}}},{TAGGED_COVER}");
        let Overview { albums, photos } = self.graph.get(token, "me", &[("fields", &fields)]).await?;
        let after = albums.as_ref().and_then(Data::after);
        let albums = match albums.filter(|albums| !albums.data.is_empty()) {
            Some(albums) => albums,
            // A field of a node may be left out because it is empty, or because it is not allowed, and a page may be empty in the
            // middle. The edge itself tells which.
            None => {
                let mut query = vec![("fields", ALBUM_FIELDS), ("limit", PAGE_SIZE)];
                query.extend(after.as_deref().map(|after| ("after", after)));
                self.graph.get(token, "me/albums", &query).await?
            }
        };
        Ok(overview(albums, photos))
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
            None => query.append_pair("scope", self.asks.scope),
            Some(challenge) => query
                .append_pair("scope", &format!("openid,{}", self.asks.scope))
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

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder<'a> {
    Root,
    Album(&'a str),
    Tagged,
    Uploads,
}

impl Folder<'_> {
    fn path(self) -> String {
        match self {
            Self::Root => "/".to_owned(),
            Self::Album(id) => format!("/{id}/"),
            Self::Tagged => format!("/{TAGGED}/"),
            Self::Uploads => format!("/{UPLOADS}/"),
        }
    }
}

/// The folder and, if the path is a photo's, its id. The names of the two collections are no ids, so nothing is mistaken for another.
fn read_path(path: &str) -> Option<(Folder<'_>, Option<&str>)> {
    for (folder, name) in [(Folder::Tagged, TAGGED), (Folder::Uploads, UPLOADS)] {
        let within = path.strip_prefix('/').and_then(|path| path.strip_prefix(name));
        if let Some(within) = within.filter(|within| within.starts_with('/')) {
            let MetaPath { folder: None, file } = MetaPath::read(within)? else { return None };
            return Some((folder, file));
        }
    }
    let path = MetaPath::read(path)?;
    Some((path.folder.map_or(Folder::Root, Folder::Album), path.file))
}

/// The photo of `/{album}/{photo}.jpg`.
fn photo_id(path: &str) -> Option<&str> {
    let (folder, file) = read_path(path)?;
    if folder == Folder::Root { None } else { file }
}

/// The person, with what of theirs was asked for.
#[derive(Debug, Deserialize)]
struct Overview {
    albums: Option<Data<Album>>,
    photos: Option<Data<Cover>>,
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
    updated_time: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cover {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    #[serde(default)]
    images: Vec<Image>,
}

/// The album that a photo lies in.
#[derive(Debug, Deserialize)]
struct Home {
    #[serde(deserialize_with = "meta::id")]
    id: String,
}

#[derive(Debug, Deserialize)]
struct Photo {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    /// The caption.
    name: Option<String>,
    #[serde(default)]
    images: Vec<Image>,
    /// A hundred pixels or so; all that a video among photos has.
    picture: Option<String>,
    created_time: Option<String>,
    album: Option<Home>,
}

#[derive(Debug, Clone, Deserialize)]
struct Image {
    source: String,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
}

impl Image {
    fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Meta usually lists the largest first, but does not promise it.
fn largest(images: &[Image]) -> Option<&Image> {
    images.iter().max_by_key(|image| image.area())
}

fn picture(id: &str, images: &[Image]) -> Option<Picture> {
    let width = |image: &Image| (image.width > 0).then_some(image.width);
    let renditions = images.iter().map(|image| Rendition { url: image.source.clone(), width: width(image) });
    (!images.is_empty()).then(|| Picture { id: id.to_owned(), renditions: renditions.collect() })
}

/// The first page of the root. A collection of which it is known that nothing is in it is left out.
fn overview(albums: Data<Album>, tagged: Option<Data<Cover>>) -> Page {
    let after = albums.after();
    let holds = |album: &Album| album.count.is_none_or(|count| count > 0) || album.cover_photo.is_some();
    let has_uploads = after.is_some() || albums.data.iter().any(holds);
    let albums: Vec<Entry> = albums.data.into_iter().map(album_entry).collect();
    // Whatever lies in an album was uploaded, so the album that changed last has a cover for the uploads too; those that were
    // uploaded last would be a second use of the same edge, for which Graph documents no way within one call.
    let newest = albums.iter().filter(|album| album.picture.is_some()).max_by_key(|album| album.item.date.clone());
    let uploads = has_uploads
        .then(|| collection(Folder::Uploads, "Your uploads", newest.and_then(|album| album.picture.clone())));
    let tagged = tagged.filter(|photos| !photos.data.is_empty() || photos.after().is_some()).map(|photos| {
        let cover = photos.data.first().and_then(|photo| picture(&photo.id, &photo.images));
        collection(Folder::Tagged, "Photos of you", cover)
    });
    Page { after, entries: tagged.into_iter().chain(uploads).chain(albums).collect() }
}

fn collection(folder: Folder<'_>, name: &str, picture: Option<Picture>) -> Entry {
    let path = folder.path();
    let special = Some(path.trim_matches('/').to_owned());
    Entry { picture, item: Item { path, special, name: name.to_owned(), folder: true, ..Item::default() } }
}

fn album_entry(album: Album) -> Entry {
    Entry {
        picture: album.cover_photo.and_then(|cover| picture(&cover.id, &cover.images)),
        item: Item {
            path: Folder::Album(&album.id).path(),
            name: album.name,
            folder: true,
            count: album.count,
            date: meta::date(album.updated_time.as_deref()).or_else(|| meta::date(album.created_time.as_deref())),
            ..Item::default()
        },
    }
}

fn photo_entry(folder: Folder<'_>, photo: Photo) -> Entry {
    // Albums hold videos too; asked for a photo's fields, such an entry comes without images.
    let (extension, mimetype) = if photo.images.is_empty() { ("mp4", "video/mp4") } else { ("jpg", "image/jpeg") };
    let size = largest(&photo.images).filter(|image| image.area() > 0).map(|image| (image.width, image.height));
    // Under its album's path, where that is known, a photo is the same whichever way one came to it, and is stored once.
    let home = photo.album.as_ref().map_or(folder, |album| Folder::Album(&album.id));
    Entry {
        picture: picture(&photo.id, &photo.images).or(photo.picture.map(|url| Picture::single(&photo.id, url))),
        item: Item {
            name: format!("{}.{extension}", photo.id),
            path: format!("{}{}.{extension}", home.path(), photo.id),
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
        let cover = entry.picture.unwrap();
        let widths: Vec<_> = cover.renditions.iter().filter_map(|rendition| rendition.width).collect();
        assert_eq!((cover.id.as_str(), widths), ("1", vec![2048, 480, 130]));
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

    fn root(albums: &str, tagged: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let (albums, tagged) = (serde_json::from_str(albums).unwrap(), serde_json::from_str(tagged).unwrap());
        let entry = |entry: Entry| (entry.item.name, entry.item.special, entry.picture.map(|picture| picture.id));
        overview(albums, tagged).entries.into_iter().map(entry).collect()
    }

    #[test]
    fn facebooks_own_collections_stand_before_the_albums() {
        let albums = r#"{"data":[
            {"id":"7","name":"Old","count":3,"updated_time":"2011-05-01T12:00:00+0000","cover_photo":{"id":"1","images":[{"source":"https://h/1"}]}},
            {"id":"8","name":"New","count":3,"updated_time":"2021-05-01T12:00:00+0000","cover_photo":{"id":"2","images":[{"source":"https://h/2"}]}}]}"#;
        let tagged = r#"{"data":[{"id":"9","images":[{"source":"https://h/9"}]}]}"#;
        let text = |text: &str| Some(text.to_owned());
        let found = root(albums, tagged);
        assert_eq!(found[0], ("Photos of you".to_owned(), text("tagged"), text("9")));
        assert_eq!(found[1], ("Your uploads".to_owned(), text("uploads"), text("2")));
        assert_eq!((found[2].0.as_str(), found[2].1.as_deref(), found.len()), ("Old", None, 4));
        // What is known to be empty is not there.
        assert_eq!(root(r#"{"data":[{"id":"7","name":"Someday","count":0}]}"#, r#"{"data":[]}"#).len(), 1);
        assert_eq!(root(r#"{"data":[]}"#, "null").len(), 0);
        let unread = r#"{"data":[],"paging":{"cursors":{"after":"a"},"next":"https://h/"}}"#;
        assert_eq!(root(unread, unread).len(), 2, "an empty page is not the end");
    }

    #[test]
    fn an_uploads_path_is_its_albums() {
        let photo = |json: &str| serde_json::from_str::<Photo>(json).unwrap();
        let at_home = photo(r#"{"id":"99","images":[{"source":"https://h/s"}],"album":{"id":"5"}}"#);
        assert_eq!(photo_entry(Folder::Uploads, at_home).item.path, "/5/99.jpg");
        let elsewhere = photo(r#"{"id":"99","images":[{"source":"https://h/s"}]}"#);
        assert_eq!(photo_entry(Folder::Uploads, elsewhere).item.path, "/uploads/99.jpg");
    }

    #[test]
    fn paths_are_read_strictly_in_the_collections_too() {
        assert_eq!(read_path("/tagged/"), Some((Folder::Tagged, None)));
        assert_eq!(read_path("/uploads/99.jpg"), Some((Folder::Uploads, Some("99"))));
        assert_eq!((read_path("/"), photo_id("/99.jpg")), (Some((Folder::Root, None)), None));
        for bad in [
            "/tagged",
            "/tagged//",
            "/tagged/1/",
            "/tagged/1/2.jpg",
            "/tagged/../1/",
            "/taggedx/",
            "/Tagged/",
            "/tagged/x.jpg",
            "/tagged/1.png",
            "/uploads/uploads/",
            "/1/tagged/",
            "//tagged/",
            "/tagged/1.jpg?x",
            "/tagged/%2e%2e/",
        ] {
            assert_eq!(read_path(bad), None, "{bad}");
        }
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
        let item = photo_entry(Folder::Album("5"), photo()).item;
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
        let entry = photo_entry(Folder::Album("5"), video());
        assert_eq!((entry.item.path.as_str(), entry.item.mimetype.as_str()), ("/5/98.mp4", "video/mp4"));
        assert_eq!(entry.picture, Some(Picture::single("98", "https://h/p".to_owned())));
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
