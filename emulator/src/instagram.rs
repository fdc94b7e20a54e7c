//! api.instagram.com and graph.instagram.com: the Instagram API with Instagram Login.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/>

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::apps::{App, Network};
use crate::clock::{Unix, graph_date};
use crate::graph::{
    Edge, Field, GraphError, Page, Params, Request, UsageOf, check_token, fields_of, parse_fields, write_fields,
};
use crate::pictures;
use crate::platform::Platform;
use crate::publishing;
use crate::registry::Token;
use crate::world::{INSTAGRAM, InstagramAccount, Media, MediaType, Rendition, instagram_by_key};

/// The host of the code exchange.
pub const API_HOST: &str = "api.instagram.com";
/// The host of everything else.
pub const GRAPH_HOST: &str = "graph.instagram.com";

/// The permission without which nothing can be read.
pub const BASIC: &str = "instagram_business_basic";

const HOUR: Unix = 3600;
const DAY: Unix = 24 * HOUR;
const SIXTY_DAYS: Unix = 60 * DAY;

/// `POST https://api.instagram.com/oauth/access_token`: a form in, and errors in an envelope of its own.
pub fn exchange_code(platform: &Platform, method: &Method, form: &Params) -> (StatusCode, Value) {
    match try_exchange(platform, method, form) {
        Ok(body) => (StatusCode::OK, body),
        Err(message) => {
            let body = json!({ "error_type": "OAuthException", "code": 400, "error_message": message });
            (StatusCode::BAD_REQUEST, body)
        }
    }
}

fn try_exchange(platform: &Platform, method: &Method, form: &Params) -> Result<Value, String> {
    if method != Method::POST {
        return Err(format!("Unsupported request - method type: {}", method.as_str().to_ascii_lowercase()));
    }
    let param = |name: &str| form.get(name).filter(|value| !value.is_empty());
    let app = param("client_id").and_then(|id| platform.app(id)).filter(|app| app.network == Network::Instagram);
    let app = app.ok_or("Invalid platform app")?;
    if param("client_secret") != Some(&app.secret) {
        return Err("Error validating client secret.".to_owned());
    }
    if param("grant_type") != Some("authorization_code") {
        return Err("Invalid grant_type".to_owned());
    }
    let redirect_uri = param("redirect_uri").ok_or("Missing required field redirect_uri")?;
    let text = param("code").ok_or("Missing required field code")?;
    let now = platform.clock.now();
    let (user, mut scopes) = {
        let mut registry = platform.registry();
        let gone = "Matching code was not found or was already used";
        let code = registry.code_mut(text).filter(|code| code.app == app.id).ok_or(gone)?;
        if code.used || code.expires_at <= now {
            return Err(gone.to_owned());
        }
        if code.redirect_uri != redirect_uri {
            return Err(
                "Error validating verification code. Please make sure your redirect_uri is identical to the one \
                        you used in the OAuth dialog request"
                    .to_owned(),
            );
        }
        code.used = true;
        (code.user, code.scopes.clone())
    };
    let account = instagram_by_key(user).ok_or("Matching code was not found or was already used")?;
    if !account.professional {
        return Err("The user is not an Instagram Business".to_owned());
    }
    if platform.faults.no_basic_permission() {
        scopes.retain(|scope| scope != BASIC);
    }
    let user_id = app.user_id(account.id);
    let token = platform.registry().issue_token(&app, user, scopes.clone(), now, HOUR, false);
    if platform.faults.documented_token_shape() {
        let entry = json!({ "access_token": token, "user_id": user_id, "permissions": scopes.join(",") });
        return Ok(json!({ "data": [entry] }));
    }
    let number: u64 = user_id.parse().unwrap_or_default();
    Ok(json!({ "access_token": token, "user_id": number, "permissions": scopes }))
}

/// Whose limit a call counts against: the account's whose token it came with, good or not.
pub fn usage_of(platform: &Platform, request: &Request) -> UsageOf {
    let registry = platform.registry();
    let token = request.access_token().and_then(|text| registry.token(text));
    match token.and_then(|token| instagram_by_key(token.user)) {
        Some(account) => UsageOf::Business(account.user_id.to_owned()),
        None => UsageOf::Nobody,
    }
}

/// Answers a call to graph.instagram.com.
pub fn handle(platform: &Platform, request: &Request) -> Result<Value, GraphError> {
    if request.method != Method::GET {
        return Err(GraphError::wrong_method(request.method.as_str()));
    }
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["access_token"] => return lengthen(platform, request),
        ["refresh_access_token"] => return refresh(platform, request),
        _ => {}
    }
    if let Some(code) = platform.faults.rate_limit() {
        return Err(GraphError::rate_limit(code));
    }
    let [node, rest @ ..] = path.as_slice() else {
        return Err(GraphError::wrong_method(request.method.as_str()));
    };
    let (token, app) = request.user_token(platform, Network::Instagram)?;
    let me = instagram_by_key(token.user).ok_or_else(GraphError::token_unreadable)?;
    let id = app.user_id(me.id);
    let is_me = [id.as_str(), me.user_id, "me"].contains(node);
    let asked = request.params.get("fields").filter(|fields| !fields.is_empty()).map(parse_fields).transpose()?;
    let asked = asked.as_deref();
    let for_data = !is_me || !rest.is_empty() || asked.is_some_and(|fields| fields.iter().any(|f| f.name == "media"));
    if let Some(kind) = platform.faults.refusal(for_data) {
        return Err(GraphError::refused(kind, &app));
    }
    if !token.scopes.iter().any(|scope| scope == BASIC) {
        return Err(GraphError::app_lacks_permission());
    }
    let reader = Reader { platform, request, me, id };
    if is_me {
        return match rest {
            [] => reader.profile(asked),
            ["media"] => reader.media_list(asked, &Page::of(&request.params)?),
            [edge] => Err(GraphError::unknown_field(edge, "IGUser")),
            [_, more @ ..] => Err(GraphError::unknown_path(&format!("/{}", more.join("/")))),
        };
    }
    let nothing = || GraphError::no_object(node, "get");
    let media = Media::find(node).filter(|media| media.account().key == me.key).ok_or_else(nothing)?;
    if reader.is_deleted(&media) {
        return Err(nothing());
    }
    match rest {
        [] => reader.media(&media, asked),
        ["children"] => reader.children(&media, asked, &Page::of(&request.params)?),
        [edge] => Err(GraphError::unknown_field(edge, "Media")),
        [_, more @ ..] => Err(GraphError::unknown_path(&format!("/{}", more.join("/")))),
    }
}

/// A short-lived token for a long-lived one.
fn lengthen(platform: &Platform, request: &Request) -> Result<Value, GraphError> {
    if request.params.get("grant_type") != Some("ig_exchange_token") {
        return Err(GraphError::parameter("Invalid grant_type"));
    }
    let text = request.access_token().ok_or_else(GraphError::token_missing)?;
    let token = check_token(platform, text, Network::Instagram)?;
    let app = platform.app(&token.app).ok_or_else(GraphError::token_unreadable)?;
    if request.params.get("client_secret") != Some(&app.secret) {
        return Err(GraphError::wrong_secret());
    }
    if token.long_lived {
        return Err(GraphError::session_invalid());
    }
    Ok(long_lived(platform, &app, token))
}

/// A long-lived token for a fresh one, once it is a day old.
fn refresh(platform: &Platform, request: &Request) -> Result<Value, GraphError> {
    if request.params.get("grant_type") != Some("ig_refresh_token") {
        return Err(GraphError::parameter("Invalid grant_type"));
    }
    let text = request.access_token().ok_or_else(GraphError::token_missing)?;
    let token = check_token(platform, text, Network::Instagram)?;
    if !token.long_lived {
        return Err(GraphError::session_invalid());
    }
    if platform.clock.now() - token.issued_at < DAY {
        return Err(GraphError::token_too_young());
    }
    let app = platform.app(&token.app).ok_or_else(GraphError::token_unreadable)?;
    Ok(long_lived(platform, &app, token))
}

fn long_lived(platform: &Platform, app: &App, old: Token) -> Value {
    let now = platform.clock.now();
    let permissions = old.scopes.join(",");
    let token = platform.registry().issue_token(app, old.user, old.scopes, now, SIXTY_DAYS, true);
    json!({ "access_token": token, "token_type": "bearer", "expires_in": SIXTY_DAYS, "permissions": permissions })
}

struct Reader<'a> {
    platform: &'a Platform,
    request: &'a Request,
    me: &'static InstagramAccount,
    /// Their app-scoped id.
    id: String,
}

impl Reader<'_> {
    fn is_deleted(&self, media: &Media) -> bool {
        self.platform.registry().is_deleted(&media.id)
    }

    fn profile(&self, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        let mut node = Map::new();
        for field in fields_of(asked, &["id"]) {
            let value = match field.name.as_str() {
                "id" => json!(self.id),
                "user_id" => json!(self.me.user_id),
                "username" => json!(self.me.username),
                "name" => json!(self.me.name),
                "account_type" => json!(self.me.account_type),
                "profile_picture_url" => {
                    let rendition = Rendition { width: 320, height: 320 };
                    json!(pictures::address(self.platform, pictures::INSTAGRAM_HOST, self.me.id, rendition, 0))
                }
                "followers_count" => json!(2_718),
                "follows_count" => json!(141),
                "media_count" => json!(self.me.media + publishing::media_of(self.platform, self.me).len()),
                "media" => {
                    let page = Page::read(field.limit.as_deref(), field.after.as_deref(), None)?;
                    self.media_list(field.sub.as_deref(), &page)?
                }
                "biography" | "website" => continue,
                other => return Err(GraphError::unknown_field(other, "IGUser")),
            };
            node.insert(field.name, value);
        }
        Ok(Value::Object(node))
    }

    /// `/me/media`: what apps published and then the rest, the newest first, and only their ids unless more is asked for.
    fn media_list(&self, asked: Option<&[Field]>, page: &Page) -> Result<Value, GraphError> {
        let account = INSTAGRAM.iter().position(|account| account.key == self.me.key).unwrap_or_default();
        let published = publishing::media_of(self.platform, self.me);
        let at = |place: usize| Media::at(account, place.checked_sub(published.len())?);
        let edge = Edge {
            name: "media",
            key: format!("{}/media", self.id),
            path: format!("/{}/media", self.me.user_id),
            fields: asked.map(write_fields),
            total: published.len() + self.me.media,
            exists: &|place| at(place).is_none_or(|media| !self.is_deleted(&media)),
            item: &|place| match published.get(place) {
                Some(media) => publishing::media_node(self.platform, media, asked),
                None => at(place).map_or(Ok(Value::Null), |media| self.media(&media, asked)),
            },
        };
        edge.page(self.platform, self.request, page)
    }

    /// What a carousel holds. It comes as one page: a carousel has ten items at most.
    fn children(&self, media: &Media, asked: Option<&[Field]>, page: &Page) -> Result<Value, GraphError> {
        let children: Vec<Media> = media.children().collect();
        let edge = Edge {
            name: "children",
            key: format!("{}/children", media.id),
            path: format!("/{}/children", media.id),
            fields: asked.map(write_fields),
            total: children.len(),
            exists: &|place| children.get(place).is_some_and(|child| !self.is_deleted(child)),
            item: &|place| children.get(place).map_or(Ok(Value::Null), |child| self.media(child, asked)),
        };
        edge.page(self.platform, self.request, page)
    }

    fn picture_url(&self, media: &Media) -> String {
        pictures::address(self.platform, pictures::INSTAGRAM_HOST, &media.id, media.shape.largest(), 0)
    }

    fn media(&self, media: &Media, asked: Option<&[Field]>) -> Result<Value, GraphError> {
        let mut node = Map::new();
        for field in fields_of(asked, &["id"]) {
            let value = match field.name.as_str() {
                "id" => json!(media.id),
                "media_type" => json!(media.kind.word()),
                "media_product_type" => json!(if media.kind == MediaType::Video { "REELS" } else { "FEED" }),
                "timestamp" => json!(graph_date(media.created)),
                "username" => json!(self.me.username),
                "owner" => json!({ "id": self.me.user_id }),
                "caption" => match &media.caption {
                    Some(caption) => json!(caption),
                    None => continue,
                },
                "media_url" => match self.media_url(media) {
                    Some(url) => json!(url),
                    None => continue,
                },
                "thumbnail_url" if media.kind == MediaType::Video => json!(self.picture_url(media)),
                "permalink" if !media.is_child() => {
                    json!(format!("https://www.instagram.com/p/{}/", media.shortcode()))
                }
                "shortcode" => json!(media.shortcode()),
                "children" if media.kind == MediaType::Carousel => {
                    let data = media
                        .children()
                        .filter(|child| !self.is_deleted(child))
                        .map(|child| self.media(&child, field.sub.as_deref()))
                        .collect::<Result<Vec<Value>, GraphError>>()?;
                    json!({ "data": data })
                }
                "children" => {
                    // A field that a child does not have fails the call even where there are no children.
                    self.check_fields(media, field.sub.as_deref())?;
                    continue;
                }
                "like_count" | "comments_count" => json!(media.seed % 200),
                "is_comment_enabled" | "is_shared_to_feed" => json!(true),
                "thumbnail_url" | "permalink" | "alt_text" => continue,
                other => return Err(GraphError::unknown_field(other, "Media")),
            };
            node.insert(field.name, value);
        }
        Ok(Value::Object(node))
    }

    fn check_fields(&self, media: &Media, asked: Option<&[Field]>) -> Result<(), GraphError> {
        self.media(media, asked).map(|_| ())
    }

    /// Where the media itself is: a carousel's is its first child's; none where Meta leaves it out.
    fn media_url(&self, media: &Media) -> Option<String> {
        if !media.has_url {
            return None;
        }
        match media.kind {
            MediaType::Image => Some(self.picture_url(media)),
            MediaType::Video => Some(pictures::video_address(self.platform, pictures::INSTAGRAM_HOST, &media.id)),
            MediaType::Carousel => media.children().next().map(|child| self.picture_url(&child)),
        }
    }
}
