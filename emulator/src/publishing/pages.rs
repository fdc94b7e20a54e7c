//! Pages: which ones somebody has, and what each is.
//! <https://developers.facebook.com/docs/graph-api/reference/page/>

use axum::http::Method;
use serde_json::{Value, json};

use super::{Caller, node};
use crate::apps::Network;
use crate::graph::{Field, GraphError};
use crate::pictures;
use crate::platform::Platform;
use crate::registry::Answer;
use crate::world::{FacebookPage, Rendition, facebook_by_key, instagram_by_key};

impl Caller<'_> {
    /// `/me/accounts`. Since v17.0 a Page of a business is left out unless the person granted `business_management`
    /// and has a role in that business.
    pub(super) fn accounts(&self) -> Result<Value, GraphError> {
        if self.request.method != Method::GET {
            return Err(self.wrong_method());
        }
        let listed = |page: &&FacebookPage| match page.business {
            None => true,
            Some(has_role) => has_role && self.has("business_management"),
        };
        let shows = self.has("pages_show_list");
        let pages: Vec<&FacebookPage> = FacebookPage::of(self.token.user).filter(|_| shows).filter(listed).collect();
        let me = facebook_by_key(self.token.user).map_or(String::new(), |me| self.app.user_id(me.id));
        self.listing("accounts", &me, pages.len(), &|place| {
            let default = ["access_token", "category", "category_list", "name", "id", "tasks"];
            self.page_node(pages[place], self.asked.as_deref(), &default)
        })
    }

    /// A Page or one of its edges.
    pub(super) async fn page(&self, page: &'static FacebookPage, rest: &[&str]) -> Result<Value, GraphError> {
        let reads = self.request.method == Method::GET;
        let posts = self.request.method == Method::POST;
        match rest {
            [] if reads => {
                let own = self.token.page.as_deref() == Some(page.id.as_str());
                let listed = page.owner == self.token.user && self.has("pages_show_list");
                if !own && (self.token.page.is_some() || !listed) {
                    return Err(self.nothing());
                }
                self.page_node(page, self.asked.as_deref(), &["name", "id"])
            }
            ["picture"] if reads => Ok(self.page_picture(page)),
            ["photos"] if posts => self.post_photo(page).await,
            ["photos"] if reads => self.page_photos(page),
            ["feed"] if posts => self.post(page),
            ["feed" | "posts" | "published_posts"] if reads => self.feed(page),
            ["scheduled_posts"] if reads => self.scheduled_posts(page),
            ["photo_stories"] if posts => self.photo_story(page),
            ["video_stories"] if posts => self.video_story(page),
            ["stories"] if reads => self.stories(page),
            ["videos"] if posts => self.post_video(page).await,
            ["videos"] if reads => self.page_videos(page),
            [] => Err(self.wrong_method()),
            ["picture" | "photos" | "feed" | "posts" | "published_posts" | "scheduled_posts"]
            | ["photo_stories" | "video_stories" | "stories" | "videos"] => Err(self.wrong_method()),
            [edge] => Err(GraphError::unknown_field(edge, "Page")),
            [_, more @ ..] => Err(GraphError::unknown_path(&format!("/{}", more.join("/")))),
        }
    }

    fn page_picture(&self, page: &FacebookPage) -> Value {
        // A Page shows the portrait of its owner.
        let owner = facebook_by_key(page.owner).map_or("", |owner| owner.id);
        let size = Rendition { width: 130, height: 130 };
        let url = pictures::address(self.platform, pictures::FACEBOOK_HOST, owner, size, 0);
        json!({ "data": { "height": 130, "is_silhouette": false, "url": url, "width": 130 } })
    }

    fn page_node(&self, page: &FacebookPage, asked: Option<&[Field]>, default: &[&str]) -> Result<Value, GraphError> {
        let (id, name) = page.category;
        node(asked, default, |field| {
            Ok(Some(match field.name.as_str() {
                "id" => json!(page.id),
                "name" | "global_brand_page_name" => json!(page.name),
                "category" => json!(name),
                "category_list" => json!([{ "id": id, "name": name }]),
                "link" => json!(format!("https://www.facebook.com/{}", page.id)),
                "picture" => self.page_picture(page),
                "is_published" | "has_transitioned_to_new_page_experience" | "can_post" => json!(true),
                "fan_count" | "followers_count" => json!(1_618),
                "tasks" => json!(page.tasks),
                "access_token" if page.owner == self.token.user && self.has("pages_show_list") => {
                    match (&self.token.page, self.request.access_token()) {
                        (Some(_), own) => json!(own),
                        (None, _) => json!(self.platform.registry().page_token(&self.token, &page.id)),
                    }
                }
                "instagram_business_account" | "connected_instagram_account" => {
                    match page.instagram.and_then(instagram_by_key) {
                        Some(account) if self.has("instagram_basic") => {
                            self.instagram_node(account, field.sub.as_deref())?
                        }
                        _ => return Ok(None),
                    }
                }
                // Left out without the permission, or where the Page says nothing.
                "access_token" | "about" | "username" | "website" | "phone" | "emails" => return Ok(None),
                other => return Err(GraphError::unknown_field(other, "Page")),
            }))
        })
    }
}

/// A Page and the tokens for it.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The Page's id.
    pub page: String,
    /// Its name.
    pub name: String,
    /// Its token, which is that of its Instagram account too.
    pub token: String,
    /// Id and name of the Instagram account that is linked to it.
    pub instagram: Option<(String, String)>,
}

/// Everything that publishing takes.
const PERMISSIONS: [&str; 5] =
    ["pages_show_list", "pages_read_engagement", "pages_manage_posts", "instagram_basic", "instagram_content_publish"];

/// What a person would connect who granted an app everything.
pub fn connect(platform: &Platform, app_id: &str, account: &str) -> Option<Vec<Connected>> {
    const LONG: i64 = 60 * 86_400;
    let app = platform.app(app_id).filter(|app| app.network == Network::Facebook)?;
    let person = facebook_by_key(account)?;
    let now = platform.clock.now();
    let mut registry = platform.registry();
    for permission in PERMISSIONS {
        registry.answer(app_id, person.key, permission, Answer::Granted);
    }
    let scopes = PERMISSIONS.map(str::to_owned).to_vec();
    let token = registry.issue_token(&app, person.key, scopes, now, LONG, true);
    let token = registry.token(&token).cloned()?;
    let connected = |page: &FacebookPage| Connected {
        page: page.id.clone(),
        name: page.name.clone(),
        token: registry.page_token(&token, &page.id),
        instagram: page
            .instagram
            .and_then(instagram_by_key)
            .map(|account| (account.user_id.to_owned(), account.username.to_owned())),
    };
    Some(FacebookPage::of(person.key).filter(|page| page.tasks.contains(&"CREATE_CONTENT")).map(connected).collect())
}
