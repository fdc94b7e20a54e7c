//! Users, albums and photos, field by field.
//! <https://developers.facebook.com/docs/graph-api/reference/user/>, `/album/`, `/photo/`

use serde_json::{Map, Value, json};

use crate::apps::App;
use crate::clock::graph_date;
use crate::graph::{Edge, Field, GraphError, Page, Request, fields_of, write_fields};
use crate::pictures;
use crate::platform::Platform;
use crate::world::{Album, FacebookAccount, Photo, Rendition, mix};

/// A node that a call is about.
pub enum Target {
    /// The person.
    User(&'static FacebookAccount),
    /// The album at a place of an account's list.
    Album(&'static FacebookAccount, usize),
    /// A photo, or a video among photos.
    Photo(Photo),
}

impl Target {
    /// The type's name in error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::User(_) => "User",
            Target::Album(..) => "Album",
            Target::Photo(photo) if photo.video => "Video",
            Target::Photo(_) => "Photo",
        }
    }
}

/// Who reads, with what permissions.
pub struct Reader<'a> {
    /// The platform.
    pub platform: &'a Platform,
    /// The call.
    pub request: &'a Request,
    /// Whose token it came with.
    pub me: &'static FacebookAccount,
    /// The app that the token belongs to.
    pub app: App,
    /// The permissions that the token has and the person still grants.
    pub granted: Vec<String>,
}

const PHOTO_FIELDS: [&str; 21] = [
    "album",
    "alt_text",
    "backdated_time",
    "can_delete",
    "can_tag",
    "created_time",
    "from",
    "height",
    "icon",
    "id",
    "images",
    "link",
    "name",
    "name_tags",
    "page_story_id",
    "picture",
    "place",
    "target",
    "updated_time",
    "webp_images",
    "width",
];

impl Reader<'_> {
    /// The id by which the app knows somebody.
    fn user_id(&self, account: &FacebookAccount) -> String {
        self.app.user_id(account.id)
    }

    fn needs(&self, permission: &str) -> Result<(), GraphError> {
        let granted = self.granted.iter().any(|name| name == permission);
        if granted { Ok(()) } else { Err(GraphError::permission_missing()) }
    }

    /// A node with the fields that were asked for.
    pub fn node(&self, target: &Target, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        match target {
            Target::User(user) => self.user(user, asked),
            Target::Album(owner, group) => self.album(owner, *group, asked),
            Target::Photo(photo) if photo.video => {
                self.needs("user_photos")?;
                self.video(photo, asked)
            }
            Target::Photo(photo) => {
                self.needs("user_photos")?;
                self.photo(photo, asked)
            }
        }
    }

    fn user(&self, user: &'static FacebookAccount, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        let mut node = Map::new();
        for field in fields_of(asked, &["name", "id"]) {
            let value = match field.name.as_str() {
                "id" => json!(self.user_id(user)),
                "name" => json!(user.name),
                "first_name" | "short_name" => json!(user.first_name),
                "last_name" => json!(user.last_name),
                "name_format" => json!("{first} {last}"),
                "picture" => self.portrait(user),
                "albums" => self.albums(user, field.sub.as_deref(), &nested_page(&field)?)?,
                "photos" => self.photos(
                    user,
                    &[crate::world::ALBUMLESS_GROUP],
                    "tagged",
                    field.sub.as_deref(),
                    &nested_page(&field)?,
                )?,
                "email" if self.granted.iter().any(|name| name == "email") => {
                    json!(format!("{}@example.com", user.key))
                }
                // Left out without the permission, or where the person says nothing.
                "email" | "middle_name" | "birthday" | "gender" | "hometown" | "location" | "link" | "age_range"
                | "languages" | "locale" => continue,
                other => return Err(GraphError::unknown_field(other, "User")),
            };
            node.insert(field.name, value);
        }
        Ok(Value::Object(node))
    }

    /// A person's portrait, as `picture` gives it.
    pub fn portrait(&self, user: &FacebookAccount) -> Value {
        let rendition = Rendition { width: 130, height: 130 };
        let url = pictures::address(self.platform, pictures::FACEBOOK_HOST, user.id, rendition, 0);
        json!({ "data": { "height": 130, "is_silhouette": false, "url": url, "width": 130 } })
    }

    fn album(
        &self,
        owner: &'static FacebookAccount,
        group: usize,
        asked: Option<&[Field]>,
    ) -> Result<Value, GraphError> {
        self.needs("user_photos")?;
        let album: &Album = &owner.albums[group];
        let id = owner.album_id(group);
        let mut node = Map::new();
        for field in fields_of(asked, &["created_time", "name", "id"]) {
            let value = match field.name.as_str() {
                "id" => json!(id),
                "name" => json!(album.name),
                "created_time" => json!(graph_date(album.begins)),
                "updated_time" => json!(graph_date(album.begins + album.photos as i64 * album.step)),
                "count" => json!(album.photos + album.count_error),
                "type" => json!(album.kind),
                "privacy" => json!("everyone"),
                "can_upload" => json!(false),
                "from" => json!({ "name": owner.name, "id": self.user_id(owner) }),
                "link" => {
                    let owner = self.user_id(owner);
                    json!(format!("https://www.facebook.com/album.php?fbid={id}&id={owner}&aid={group}"))
                }
                "picture" => self.album_picture(owner, group),
                "cover_photo" => match self.cover(owner, group) {
                    Some(cover) => self.photo(&cover, field.sub.as_deref())?,
                    None => continue,
                },
                "photos" => self.photos(owner, &[group], &id, field.sub.as_deref(), &nested_page(&field)?)?,
                "description" => match album.description {
                    Some(text) => json!(text),
                    None => continue,
                },
                "location" => match album.location {
                    Some(text) => json!(text),
                    None => continue,
                },
                "place" | "event" | "backdated_time" | "is_user_facing" => continue,
                other => return Err(GraphError::unknown_field(other, "Album")),
            };
            node.insert(field.name, value);
        }
        Ok(Value::Object(node))
    }

    /// An album's cover: the first picture that is still there.
    fn cover(&self, owner: &'static FacebookAccount, group: usize) -> Option<Photo> {
        let registry = self.platform.registry();
        Photo::all_of(owner.place(), group).find(|photo| !photo.video && !registry.is_deleted(&photo.id))
    }

    /// An album's picture, as `picture` gives it: a silhouette for an empty one.
    pub fn album_picture(&self, owner: &'static FacebookAccount, group: usize) -> Value {
        match self.cover(owner, group) {
            Some(cover) => {
                let url = self.picture_url(&cover, cover.shape.at_least(130), 0);
                json!({ "data": { "is_silhouette": false, "url": url } })
            }
            None => {
                let url = "https://static.xx.fbcdn.net/rsrc.php/v4/yo/r/UlIqmHJn-SK.gif";
                json!({ "data": { "is_silhouette": true, "url": url } })
            }
        }
    }

    fn picture_url(&self, photo: &Photo, rendition: Rendition, copy: u8) -> String {
        pictures::address(self.platform, pictures::FACEBOOK_HOST, &photo.id, rendition, copy)
    }

    fn photo(&self, photo: &Photo, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        let mut node = Map::new();
        let largest = photo.shape.largest();
        for field in fields_of(asked, &["created_time", "name", "id"]) {
            let value = match field.name.as_str() {
                "id" => json!(photo.id),
                "created_time" | "updated_time" => json!(graph_date(photo.created)),
                "name" => match &photo.caption {
                    Some(caption) => json!(caption),
                    None => continue,
                },
                "width" => json!(largest.width),
                "height" => json!(largest.height),
                "images" => self.images(photo),
                "picture" => json!(self.picture_url(photo, photo.shape.at_least(100), 0)),
                "icon" => json!("https://static.xx.fbcdn.net/rsrc.php/v4/yz/r/StEh3RhPvjk.gif"),
                "link" => json!(format!("https://www.facebook.com/photo.php?fbid={}", photo.id)),
                "alt_text" => json!("May be an image of outdoors"),
                "can_delete" | "can_tag" => json!(false),
                "from" => self.author(photo),
                "album" => match photo.album() {
                    Some(_) => self.album(photo.account(), photo.slot.group, field.sub.as_deref())?,
                    None => continue,
                },
                known if PHOTO_FIELDS.contains(&known) => continue,
                other => return Err(GraphError::unknown_field(other, "Photo")),
            };
            node.insert(field.name, value);
        }
        Ok(Value::Object(node))
    }

    /// Who uploaded it: somebody else, where the person is only tagged.
    fn author(&self, photo: &Photo) -> Value {
        if photo.album().is_some() {
            let owner = photo.account();
            json!({ "name": owner.name, "id": self.user_id(owner) })
        } else {
            json!({ "name": "Jonas Weber", "id": self.app.user_id("10163349128846039") })
        }
    }

    /// Every size. Usually, but not always, the largest comes first, and one size may come twice: nothing is promised.
    fn images(&self, photo: &Photo) -> Value {
        let mut sizes: Vec<(Rendition, u8)> = photo.shape.renditions().map(|rendition| (rendition, 0)).collect();
        let chance = mix(photo.seed ^ 0x1337);
        if chance % 3 == 1 {
            sizes.insert(2, (sizes[2].0, 1));
        }
        match chance / 3 % 4 {
            0 => sizes.rotate_left(1),
            1 => sizes.swap(0, 2),
            _ => {}
        }
        let images: Vec<Value> = sizes
            .into_iter()
            .map(|(size, copy)| {
                json!({ "height": size.height, "source": self.picture_url(photo, size, copy), "width": size.width })
            })
            .collect();
        json!(images)
    }

    /// A video: it has no `images`, and asking a video by its id for them fails.
    fn video(&self, video: &Photo, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        let mut node = Map::new();
        for field in fields_of(asked, &["updated_time", "description", "id"]) {
            match self.video_field(video, &field.name) {
                Some(Value::Null) => {}
                Some(value) => {
                    node.insert(field.name, value);
                }
                None => return Err(GraphError::unknown_field(&field.name, "Video")),
            }
        }
        Ok(Value::Object(node))
    }

    /// A video's field; null where it says nothing, none where it has no such field.
    fn video_field(&self, video: &Photo, name: &str) -> Option<Value> {
        Some(match name {
            "id" => json!(video.id),
            "created_time" | "updated_time" => json!(graph_date(video.created)),
            "description" => json!(video.caption),
            "length" => json!(12.48),
            "icon" => json!("https://static.xx.fbcdn.net/rsrc.php/v4/yF/r/DggDhA4z4tO.gif"),
            "picture" => json!(self.picture_url(video, video.shape.at_least(130), 0)),
            "permalink_url" => json!(format!("/{}/videos/{}/", self.user_id(video.account()), video.id)),
            "link" => json!(format!("https://www.facebook.com/{}/videos/{}/", self.user_id(video.account()), video.id)),
            "from" => self.author(video),
            "source" => json!(pictures::video_address(self.platform, pictures::FACEBOOK_HOST, &video.id)),
            "title" | "thumbnails" | "place" | "status" | "privacy" => Value::Null,
            _ => return None,
        })
    }

    /// A video as an item of a listing of photos: what a photo has and a video has not is left out.
    fn listed_video(&self, video: &Photo, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        let mut node = Map::new();
        for field in fields_of(asked, &["created_time", "name", "id"]) {
            match self.video_field(video, &field.name) {
                Some(Value::Null) => {}
                Some(value) => {
                    node.insert(field.name, value);
                }
                None if PHOTO_FIELDS.contains(&field.name.as_str()) => {}
                None => return Err(GraphError::unknown_field(&field.name, "Photo")),
            }
        }
        Ok(Value::Object(node))
    }

    /// `/me/albums`.
    pub fn albums(
        &self,
        owner: &'static FacebookAccount,
        asked: Option<&[Field]>,
        page: &Page,
    ) -> Result<Value, GraphError> {
        self.needs("user_photos")?;
        let id = self.user_id(owner);
        let edge = Edge {
            name: "albums",
            key: format!("{}/{id}/albums", self.user_id(self.me)),
            path: format!("/{id}/albums"),
            fields: asked.map(write_fields),
            total: owner.albums.len(),
            exists: &|_| true,
            item: &|place| self.album(owner, place, asked),
        };
        edge.page(self.platform, self.request, page)
    }

    /// All photos of all albums.
    pub fn uploaded(
        &self,
        owner: &'static FacebookAccount,
        asked: Option<&[Field]>,
        page: &Page,
    ) -> Result<Value, GraphError> {
        let groups: Vec<usize> = (0..owner.albums.len()).collect();
        self.photos(owner, &groups, "uploaded", asked, page)
    }

    /// The photos of some groups of an account, one after the other. `node` is the album's id, or which of the person's
    /// own listings it is.
    pub fn photos(
        &self,
        owner: &'static FacebookAccount,
        groups: &[usize],
        node: &str,
        asked: Option<&[Field]>,
        page: &Page,
    ) -> Result<Value, GraphError> {
        self.needs("user_photos")?;
        let account = owner.place();
        let at = |mut place: usize| {
            for group in groups {
                let count = owner.photos_in(*group);
                if place < count {
                    return Photo::at(account, *group, place);
                }
                place -= count;
            }
            None
        };
        let path = if matches!(node, "tagged" | "uploaded") {
            format!("/{}/photos/{node}", self.user_id(owner))
        } else {
            format!("/{node}/photos")
        };
        let edge = Edge {
            name: "photos",
            key: format!("{}{path}", self.user_id(self.me)),
            path: path.clone(),
            fields: asked.map(write_fields),
            total: groups.iter().map(|group| owner.photos_in(*group)).sum(),
            exists: &|place| at(place).is_some_and(|photo| !self.platform.registry().is_deleted(&photo.id)),
            item: &|place| match at(place) {
                Some(photo) if photo.video => self.listed_video(&photo, asked),
                Some(photo) => self.photo(&photo, asked),
                None => Ok(Value::Null),
            },
        };
        edge.page(self.platform, self.request, page)
    }
}

fn nested_page(field: &Field) -> Result<Page, GraphError> {
    Page::read(field.limit.as_deref(), field.after.as_deref(), None)
}
