//! Publishing on Pages and on Instagram: graph.facebook.com, graph.instagram.com and rupload.facebook.com.
//!
//! A call is publishing's when it is about a Page, an Instagram account of a Page, or something that an app made;
//! everything else is for `facebook` and `instagram`.

mod body;
mod errors;
mod fetch;
mod instagram;
mod pages;
mod posts;
mod report;
mod rupload;
mod sessions;
mod store;
mod stories;
mod trouble;
mod videos;

use axum::http::Method;
use serde_json::{Map, Value};

pub use body::{Part, read as read_body};
pub use instagram::{media_node, media_of};
pub use pages::{Connected, connect};
pub use report::{Publication, Published, report};
pub use rupload::upload;
pub use store::Store;
pub use trouble::{Outcome, PublishKind, PublishStep, cut, is_cut, proxy_page};

use crate::apps::{App, Network};
use crate::graph::{Edge, Field, GraphError, Page, Request, fields_of, parse_fields, write_fields};
use crate::platform::Platform;
use crate::registry::Token;
use crate::world::{FacebookPage, INSTAGRAM, InstagramAccount, facebook_by_key, instagram_by_key};
use store::{Item, ItemKind};
use trouble::Moment;

/// Who calls, with what.
pub(crate) struct Caller<'a> {
    platform: &'a Platform,
    request: &'a Request,
    part: Option<&'a Part>,
    app: App,
    token: Token,
    granted: Vec<String>,
    asked: Option<Vec<Field>>,
}

/// What a call is about.
enum Target {
    /// The Pages of a person.
    Accounts,
    /// A Page.
    Page(&'static FacebookPage),
    /// An Instagram account.
    Instagram(&'static InstagramAccount),
    /// Something that an app made.
    Item(Box<Item>),
    /// The upload sessions of an app.
    Sessions,
}

/// Answers a call, if it is publishing's.
pub async fn handle(platform: &Platform, request: &Request, part: Option<&Part>) -> Option<Result<Value, Outcome>> {
    let target = find(platform, request)?;
    match answer(platform, request, part, &target).await {
        Err(outcome) => Some(Err(outcome.come().await)),
        answered => Some(answered),
    }
}

fn find(platform: &Platform, request: &Request) -> Option<Target> {
    let [first, rest @ ..] = request.path.as_slice() else { return None };
    let edge = rest.first().map(String::as_str);
    let store = platform.store();
    let item = store.get(first).cloned();
    if request.host == crate::instagram::GRAPH_HOST {
        if let Some(item) = item {
            return matches!(item.kind, ItemKind::Container | ItemKind::Media).then(|| Target::Item(Box::new(item)));
        }
        let posts = edge == Some("media") && request.method == Method::POST;
        let is_edge = posts || matches!(edge, Some("media_publish" | "content_publishing_limit"));
        let token = platform.registry().token(request.access_token().unwrap_or_default()).cloned();
        let own = token.and_then(|token| Some((instagram_by_key(token.user)?, platform.app(&token.app)?)));
        let account = match own {
            Some((me, app)) if first == "me" || *first == me.user_id || *first == app.user_id(me.id) => Some(me),
            // Whoever has no good token is told so, whatever the call is about.
            None => INSTAGRAM.iter().find(|account| first == "me" || first == account.user_id),
            Some(_) => None,
        };
        return account.filter(|_| is_edge).map(Target::Instagram);
    }
    let token = platform.registry().token(request.access_token().unwrap_or_default()).cloned()?;
    let person = platform.app(&token.app).zip(facebook_by_key(token.user));
    let is_person = first == "me" || person.is_some_and(|(app, person)| *first == app.user_id(person.id));
    let speaks_for = token.page;
    match (first.as_str(), edge) {
        (_, Some("accounts")) if is_person && speaks_for.is_none() => Some(Target::Accounts),
        ("me", _) => FacebookPage::find(&speaks_for?).map(Target::Page),
        (_, Some("uploads")) if platform.app(first).is_some() => Some(Target::Sessions),
        _ => FacebookPage::find(first)
            .map(Target::Page)
            .or_else(|| INSTAGRAM.iter().find(|account| account.user_id == first).map(Target::Instagram))
            .or_else(|| item.map(|item| Target::Item(Box::new(item)))),
    }
}

async fn answer(
    platform: &Platform,
    request: &Request,
    part: Option<&Part>,
    target: &Target,
) -> Result<Value, Outcome> {
    let on_instagram = request.host == crate::instagram::GRAPH_HOST;
    if let Some(code) = platform.faults.rate_limit() {
        return Err(Outcome::Error(GraphError::rate_limit(code)));
    }
    let network = if on_instagram { Network::Instagram } else { Network::Facebook };
    let (token, app) = request.user_token(platform, network).map_err(Outcome::Error)?;
    if let Some(kind) = platform.faults.refusal(false) {
        return Err(Outcome::Error(GraphError::refused(kind, &app)));
    }
    let granted = if on_instagram { token.scopes.clone() } else { platform.registry().granted(&token) };
    let asked = request.params.get("fields").filter(|fields| !fields.is_empty()).map(parse_fields).transpose();
    let asked = asked.map_err(Outcome::Error)?;
    let caller = Caller { platform, request, part, app, token, granted, asked };
    let trouble = step(request, target).and_then(|step| platform.faults.publish(step));
    let moment = trouble.map(|(kind, _)| kind.moment(on_instagram || matches!(target, Target::Instagram(_))));
    if let Some(Moment::Instead(outcome)) = moment {
        return Err(outcome);
    }
    let done = act(&caller, target).await.map_err(Outcome::Error)?;
    match moment {
        Some(Moment::After(outcome)) => Err(outcome),
        _ => Ok(done),
    }
}

/// The name of what a call does.
fn step(request: &Request, target: &Target) -> Option<PublishStep> {
    use PublishStep as Step;
    let edge = match target {
        Target::Page(_) | Target::Instagram(_) => request.path.get(1).map(String::as_str),
        _ => None,
    };
    let phase = request.params.get("upload_phase");
    if request.method == Method::DELETE {
        return Some(Step::Delete);
    }
    let writes = request.method == Method::POST;
    Some(match target {
        Target::Accounts => Step::Accounts,
        Target::Sessions => Step::SessionStart,
        Target::Page(_) => match (edge, writes) {
            (None, false) => Step::Page,
            (Some(_), false) => Step::List,
            (Some("photos"), true) => Step::Photo,
            (Some("feed"), true) => Step::Post,
            (Some("photo_stories"), true) => Step::PhotoStory,
            (Some("video_stories"), true) if phase == Some("finish") => Step::StoryFinish,
            (Some("video_stories"), true) => Step::StoryStart,
            (Some("videos"), true) => match phase {
                Some("start") => Step::VideoStart,
                Some("transfer") => Step::VideoTransfer,
                Some("finish") => Step::VideoFinish,
                _ => Step::Video,
            },
            _ => return None,
        },
        Target::Instagram(_) => match edge {
            Some("media") if writes => Step::Container,
            Some("media_publish") => Step::MediaPublish,
            Some("content_publishing_limit") => Step::PublishingLimit,
            _ => return None,
        },
        Target::Item(item) => match item.kind {
            ItemKind::Upload => Step::SessionUpload,
            ItemKind::Container => Step::ContainerStatus,
            ItemKind::Video => Step::VideoStatus,
            _ if writes => Step::UpdatePost,
            _ => Step::Read,
        },
    })
}

async fn act(caller: &Caller<'_>, target: &Target) -> Result<Value, GraphError> {
    let rest: Vec<&str> = caller.request.path.iter().skip(1).map(String::as_str).collect();
    match target {
        Target::Accounts if rest.len() == 1 => caller.accounts(),
        Target::Accounts => Err(GraphError::unknown_path(&format!("/{}", rest[1..].join("/")))),
        Target::Page(page) => caller.page(page, &rest).await,
        Target::Instagram(account) => caller.instagram(account, &rest).await,
        Target::Item(item) => caller.item(item, &rest),
        Target::Sessions => caller.start_session(),
    }
}

impl Caller<'_> {
    fn param(&self, name: &str) -> Option<&str> {
        self.request.params.get(name).filter(|value| !value.is_empty())
    }

    /// The file of a multipart form.
    fn file(&self) -> Option<&Part> {
        self.part.filter(|part| !part.name.is_empty())
    }

    /// A parameter that is true or false, in any of the ways that Graph takes.
    fn flag(&self, name: &str) -> Result<Option<bool>, GraphError> {
        match self.param(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(GraphError::parameter(format!("(#100) Param {name} must be a boolean"))),
        }
    }

    fn has(&self, permission: &str) -> bool {
        self.granted.iter().any(|name| name == permission)
    }

    fn now(&self) -> i64 {
        self.platform.clock.now()
    }

    fn wrong_method(&self) -> GraphError {
        GraphError::wrong_method(self.request.method.as_str())
    }

    fn nothing(&self) -> GraphError {
        let node = self.request.path.first().map_or("", String::as_str);
        GraphError::no_object(node, &self.request.method.as_str().to_ascii_lowercase())
    }

    /// Whether the call speaks for a Page: with its token.
    fn speaks_for(&self, page: &str) -> Result<(), GraphError> {
        match self.token.page.as_deref() {
            Some(own) if own == page => Ok(()),
            Some(_) => Err(self.nothing()),
            None if FacebookPage::of(self.token.user).any(|known| known.id == page) => {
                Err(GraphError::page_token_needed())
            }
            None => Err(self.nothing()),
        }
    }

    /// Whether the call may publish on a Page.
    fn may_post(&self, page: &FacebookPage) -> Result<(), GraphError> {
        self.speaks_for(&page.id)?;
        let allowed = self.has("pages_manage_posts")
            && self.has("pages_read_engagement")
            && page.tasks.contains(&"CREATE_CONTENT");
        if allowed { Ok(()) } else { Err(GraphError::posting_not_allowed()) }
    }

    /// Whether the call may read what a Page has.
    fn may_read(&self, page: &str) -> Result<(), GraphError> {
        self.speaks_for(page)?;
        if self.has("pages_read_engagement") { Ok(()) } else { Err(GraphError::reading_not_allowed()) }
    }

    /// A page of a listing.
    fn listing(
        &self,
        name: &'static str,
        of: &str,
        count: usize,
        item: &dyn Fn(usize) -> Result<Value, GraphError>,
    ) -> Result<Value, GraphError> {
        let edge = Edge {
            name,
            key: format!("{}/{}/{of}/{name}", self.app.id, self.token.user),
            path: format!("/{of}/{name}"),
            fields: self.asked.as_deref().map(write_fields),
            total: count,
            exists: &|_| true,
            item,
        };
        edge.page(self.platform, self.request, &Page::of(&self.request.params)?)
    }

    /// Reads, changes or deletes something that an app made.
    fn item(&self, item: &Item, rest: &[&str]) -> Result<Value, GraphError> {
        let there = self.platform.store().exists(item, self.now());
        if !there {
            return Err(self.nothing());
        }
        if let [edge, ..] = rest {
            return Err(GraphError::unknown_field(edge, item.node_type()));
        }
        match item.kind {
            ItemKind::Upload => self.session(item),
            ItemKind::Container | ItemKind::Media => self.instagram_item(item),
            ItemKind::Video => self.video(item),
            ItemKind::Post | ItemKind::Photo | ItemKind::Story => self.page_item(item),
        }
    }

    /// The name of the person whose token it is.
    fn person(&self) -> &'static str {
        facebook_by_key(self.token.user).map_or("", |person| person.name)
    }
}

/// A node with the fields that were asked for; a value that is not there is left out.
fn node(
    asked: Option<&[Field]>,
    default: &[&str],
    value: impl Fn(&Field) -> Result<Option<Value>, GraphError>,
) -> Result<Value, GraphError> {
    let mut node = Map::new();
    for field in fields_of(asked, default) {
        if let Some(value) = value(&field)? {
            node.insert(field.name, value);
        }
    }
    Ok(Value::Object(node))
}

impl Item {
    /// The type's name in error messages.
    fn node_type(&self) -> &'static str {
        match self.kind {
            ItemKind::Post | ItemKind::Story => "Post",
            ItemKind::Photo => "Photo",
            ItemKind::Video => "Video",
            ItemKind::Upload => "Upload",
            ItemKind::Container => "IGContainer",
            ItemKind::Media => "Media",
        }
    }
}
