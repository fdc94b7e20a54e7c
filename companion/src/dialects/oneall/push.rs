//! The Push API: pictures, videos and posts for the Pages of a person, who is named by an identity token.

use super::{Envelope, Site, accounts_of};
use crate::Shared;
use crate::db::{AccountRow, PublicationRow};
use crate::publish::ask::{self, Asked, Part};
use crate::publish::body::{Body, Fit, Form, Medium};
use crate::publish::run::Made;
use crate::publish::standing;
use crate::trace::TraceId;
use axum::body::Bytes;
use axum::extract::{Extension, OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How long an answer waits for Meta. What takes longer goes on, and is told of by webhook.
const PATIENCE: Duration = Duration::from_secs(100);

/// The networks that OneAll's API has and this one does not publish to.
const ELSEWHERE: [&str; 4] = ["linkedin", "pinterest", "twitter", "youtube"];

/// `{"request": {"push": {…}}}`.
#[derive(Deserialize)]
struct Request {
    request: Push,
}

#[derive(Deserialize)]
struct Push {
    push: Objects,
}

/// OneAll's pages name the object `page` where it is for one, and after what it is where it is not; either is understood.
#[derive(Deserialize)]
struct Objects {
    #[serde(alias = "picture", alias = "video", alias = "post")]
    page: Object,
}

/// What is to be published.
#[derive(Debug, Default, Deserialize)]
struct Object {
    /// The Page's id; needed only where the person connected several.
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    create_post: Option<bool>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    link: Option<String>,
    /// Pictures that were uploaded without a post.
    #[serde(default)]
    attachments: Vec<String>,
}

/// What the last part of an address says that is to be published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Picture,
    Video,
    Post,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Video => "video",
            Self::Post => "post",
        }
    }

    fn of(path: &str) -> Option<Self> {
        [Self::Picture, Self::Video, Self::Post].into_iter().find(|kind| format!("{}.json", kind.name()) == path)
    }
}

/// `POST /push/identities/{identity}/{network}/{…}.json`.
pub async fn push(
    State(companion): State<Shared>,
    site: Result<Site, Envelope>,
    Path((identity, network, what)): Path<(String, String, String)>,
    Extension(trace): Extension<TraceId>,
    OriginalUri(uri): OriginalUri,
    body: Bytes,
) -> Response {
    let resource = uri.path();
    let refused = |status, info: &str| Envelope::error(resource, status, info).into_response();
    let Site(app) = match site {
        Ok(site) => site,
        Err(refusal) => return refusal.into_response(),
    };
    if ELSEWHERE.contains(&network.as_str()) {
        let info = format!("Publishing to {network} is not available here; facebook is");
        return refused(StatusCode::NOT_IMPLEMENTED, &info);
    }
    if network != "facebook" {
        return refused(StatusCode::NOT_FOUND, "There is no network of this name");
    }
    let kind = match what.split_once('/') {
        None if Kind::of(&what).is_some() => {
            let info = "Facebook removed sharing to personal profiles by apps on 2018-08-01; publish on a Page: \
                        /push/identities/<identity_token>/facebook/page/picture.json";
            return refused(StatusCode::BAD_REQUEST, info);
        }
        Some(("group", file)) if Kind::of(file).is_some() => {
            let info = "Facebook removed publishing to groups by apps on 2024-04-22; publish on a Page: \
                        /push/identities/<identity_token>/facebook/page/picture.json";
            return refused(StatusCode::BAD_REQUEST, info);
        }
        Some(("page", file)) => Kind::of(file),
        _ => None,
    };
    let Some(kind) = kind else {
        return refused(StatusCode::NOT_FOUND, "There is no resource of this name; see docs/publishing.md");
    };
    let Ok(Request { request: Push { push: Objects { page: object } } }) = serde_json::from_slice(&body) else {
        let info = r#"The body is to be {"request": {"push": {"page": {"id": "<page id>", …}}}}"#;
        return refused(StatusCode::BAD_REQUEST, info);
    };
    match published(&companion, app.key(), &identity, kind, object, &trace).await {
        Ok(answer) => answer.in_envelope(resource, kind).into_response(),
        Err(refusal) => refusal.in_envelope(resource).into_response(),
    }
}

/// How a push ended badly.
enum Refusal {
    Said(StatusCode, String),
    Failed(crate::error::ApiError),
}

impl Refusal {
    fn in_envelope(self, resource: &str) -> Envelope {
        match self {
            Self::Said(status, info) => Envelope::error(resource, status, &info),
            Self::Failed(error) => Envelope::failed(resource, error),
        }
    }
}

impl<T: Into<crate::error::ApiError>> From<T> for Refusal {
    fn from(error: T) -> Self {
        Self::Failed(error.into())
    }
}

/// What a push came to.
struct Pushed {
    row: PublicationRow,
    account: AccountRow,
    creates_post: bool,
}

async fn published(
    companion: &Shared,
    app_key: &str,
    identity: &str,
    kind: Kind,
    object: Object,
    trace: &TraceId,
) -> Result<Pushed, Refusal> {
    let bad = |info: String| Refusal::Said(StatusCode::BAD_REQUEST, info);
    let accounts = accounts_of(companion, app_key, identity).await?;
    let pages: Vec<AccountRow> = accounts.into_iter().filter(|account| account.network == "facebook").collect();
    if pages.is_empty() {
        let info = "No person with this identity_token has connected a Page".to_owned();
        return Err(Refusal::Said(StatusCode::NOT_FOUND, info));
    }
    let account = match (&object.id, pages.as_slice()) {
        (Some(id), pages) => pages.iter().find(|page| page.account_id == *id),
        (None, [page]) => Some(page),
        (None, _) => return Err(bad("Several Pages are connected: say which in `id`".to_owned())),
    };
    let account =
        account.cloned().ok_or_else(|| bad("This person has not connected the Page of this `id`".to_owned()))?;
    let creates_post = object.create_post.unwrap_or(true);
    let mut media = Vec::new();
    match (kind, &object.url) {
        (Kind::Picture | Kind::Video, Some(url)) => media.push(Medium::at(url)),
        (Kind::Picture | Kind::Video, None) => return Err(bad("`url` is missing: the address of the file".to_owned())),
        (Kind::Post, Some(_)) => {
            return Err(bad("A post has `message`, `link` and `attachments`; `url` is for pictures".to_owned()));
        }
        (Kind::Post, None) => {}
    }
    for id in &object.attachments {
        let before = companion.db.publication_of(app_key, id).await?;
        let body = before.and_then(|row| serde_json::from_str::<Body>(&row.body).ok());
        // Facebook takes a photo into one post only, so it is sent anew.
        let medium = body.and_then(|body| body.media.into_iter().next());
        media.push(medium.ok_or_else(|| bad(format!("There is no picture `{id}` that was uploaded here")))?);
    }
    let text = if kind == Kind::Post { object.message } else { object.description };
    let body = Body {
        text: text.unwrap_or_default(),
        link: object.link,
        media,
        // OneAll takes what it can: pictures that do not fit are made to.
        fit: Fit::Pad,
        without_post: kind == Kind::Picture && !creates_post,
    };
    let asked = Asked {
        app_key: app_key.to_owned(),
        tenant: account.tenant.clone(),
        request: "{}".to_owned(),
        trace: trace.as_str().to_owned(),
        ..Asked::default()
    };
    let part = Part { account: account.clone(), form: Form::Feed, body };
    let post = ask::begin(companion, asked, &[part]).await?;
    let row = standing::ended(companion, &post, PATIENCE).await?.into_iter().next();
    let row = row.ok_or_else(|| crate::error::ApiError::internal("a publication is gone"))?;
    Ok(Pushed { row, account, creates_post })
}

impl Pushed {
    fn in_envelope(self, resource: &str, kind: Kind) -> Envelope {
        let Self { row, account, creates_post } = self;
        match row.state.as_str() {
            "published" => {}
            "failed" | "cancelled" => {
                let info = row.reason.as_deref().unwrap_or("The publication was cancelled");
                return Envelope::error(resource, StatusCode::BAD_REQUEST, info);
            }
            _ => {
                let info =
                    "Facebook is still at it; the publication goes on, and fp.export tells of its end by webhook";
                let data = json!({"provider": "facebook", "object": kind.name(), "publication": row.id});
                return Envelope::accepted(resource, info, json!({"data": data}));
            }
        }
        let at = |id: &str| format!("https://www.facebook.com/{id}");
        let id = row.remote_id.unwrap_or_default();
        let mut data = json!({"provider": "facebook", "object": kind.name()});
        let made = Made::read(&row.made);
        let medium = made.media.first().map_or(id.as_str(), |item| item.id.as_str()).to_owned();
        if kind != Kind::Post {
            data[format!("{}_id", kind.name())] = medium.clone().into();
            data[format!("{}_location", kind.name())] = at(&medium).into();
        }
        if kind == Kind::Post || creates_post {
            // A photo's post is named after the Page, as Facebook writes it.
            let post = if id.contains('_') { id } else { format!("{}_{id}", account.account_id) };
            let location = at(&post);
            data["post_id"] = post.into();
            data["post_location"] = location.into();
        }
        Envelope::success(resource, json!({"data": data}))
    }
}
