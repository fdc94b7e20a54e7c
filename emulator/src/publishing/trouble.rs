//! What can go wrong at a step of publishing.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};

use crate::graph::{GraphError, OAUTH};

/// A step of publishing, as a fault names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishStep {
    /// Listing the Pages: `GET /me/accounts`.
    Accounts,
    /// Reading a Page: `GET /{page}`.
    Page,
    /// A photo of a Page: `POST /{page}/photos`.
    Photo,
    /// A post of a Page: `POST /{page}/feed`.
    Post,
    /// Publishing or changing a post: `POST /{post}`.
    UpdatePost,
    /// Reading what a Page has: `GET /{page}/feed`, `/photos`, `/scheduled_posts`, `/stories`, `/videos`.
    List,
    /// Reading a post, a photo or a media.
    Read,
    /// Deleting something.
    Delete,
    /// A story of a photo: `POST /{page}/photo_stories`.
    PhotoStory,
    /// The start of a story of a video.
    StoryStart,
    /// The end of it.
    StoryFinish,
    /// Bytes for rupload.facebook.com, of Facebook's and of Instagram's.
    Upload,
    /// Reading a video: `GET /{video}?fields=status`.
    VideoStatus,
    /// A video in one call: `POST /{page}/videos`.
    Video,
    /// The start of a video in parts.
    VideoStart,
    /// A part of it.
    VideoTransfer,
    /// The end of it.
    VideoFinish,
    /// An upload session: `POST /{app}/uploads`.
    SessionStart,
    /// Its bytes, and how many there are: `POST` and `GET /upload:{id}`.
    SessionUpload,
    /// An Instagram container: `POST /{ig}/media`.
    Container,
    /// Reading one: `GET /{container}?fields=status_code`.
    ContainerStatus,
    /// Publishing one: `POST /{ig}/media_publish`.
    MediaPublish,
    /// The quota: `GET /{ig}/content_publishing_limit`.
    PublishingLimit,
}

/// What goes wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishKind {
    /// 324: a file is needed.
    UploadFileRequired,
    /// 100: a parameter is wrong.
    InvalidParameter,
    /// 1: unknown, and transient.
    Unknown,
    /// 190/460: the token is not good any more.
    TokenInvalid,
    /// 200: a permission or a task is missing.
    PermissionMissing,
    /// 368: blocked for a time.
    Blocked,
    /// 506: the same was posted just before.
    Duplicate,
    /// 32 on Facebook, 4 on Instagram: too many calls.
    RateLimited,
    /// 36000/2207004: an image of more than 8 MiB.
    ImageTooLarge,
    /// 9007/2207027: a container that is not ready.
    NotReady,
    /// 9/2207042: the day's quota is used up.
    QuotaReached,
    /// 24/2207008: the container is not known, or too old.
    ContainerGone,
    /// 2, transient, with status 500.
    ServerError,
    /// A proxy's HTML page with status 502.
    BadGateway,
    /// The connection breaks before anything is done.
    Cut,
    /// The deed is done; then the connection breaks.
    LostAnswer,
    /// The deed is done; then a proxy's HTML page with status 504 comes.
    LateGateway,
    /// Nothing is done and nothing is answered, for a minute: time to kill who asks.
    Held,
    /// The deed is done; then nothing is answered for a minute.
    HeldAnswer,
}

/// When a trouble comes.
pub enum Moment {
    /// In place of the deed.
    Instead(Outcome),
    /// After the deed, if it succeeds.
    After(Outcome),
}

/// How a call ends.
pub enum Outcome {
    /// With Meta's answer.
    Error(GraphError),
    /// With a proxy's page.
    Proxy(StatusCode),
    /// Without an answer.
    Cut,
    /// Without an answer, after a minute.
    Held,
}

impl Outcome {
    /// Holds the call, if it is to be held.
    pub async fn come(self) -> Outcome {
        if !matches!(self, Outcome::Held) {
            return self;
        }
        tokio::time::sleep(HELD).await;
        Outcome::Cut
    }
}

/// How long a call is held.
const HELD: Duration = Duration::from_secs(60);

impl PublishKind {
    /// What comes, and when.
    pub fn moment(self, on_instagram: bool) -> Moment {
        let error = |code: i64, message: &str| GraphError::new(400, OAUTH, code, message);
        let words = match self {
            PublishKind::BadGateway => return Moment::Instead(Outcome::Proxy(StatusCode::BAD_GATEWAY)),
            PublishKind::Cut => return Moment::Instead(Outcome::Cut),
            PublishKind::LostAnswer => return Moment::After(Outcome::Cut),
            PublishKind::Held => return Moment::Instead(Outcome::Held),
            PublishKind::HeldAnswer => return Moment::After(Outcome::Held),
            PublishKind::LateGateway => return Moment::After(Outcome::Proxy(StatusCode::GATEWAY_TIMEOUT)),
            PublishKind::UploadFileRequired => error(324, "(#324) Requires upload file"),
            PublishKind::InvalidParameter => error(100, "(#100) Invalid parameter"),
            PublishKind::Unknown => error(1, "An unknown error has occurred.").transient(),
            PublishKind::TokenInvalid => {
                let message = "Error validating access token: The session has been invalidated because the user \
                               changed their password or Facebook has changed the session for security reasons.";
                error(190, message).subcode(460)
            }
            PublishKind::PermissionMissing => GraphError::posting_not_allowed(),
            PublishKind::Blocked => {
                error(368, "The action attempted has been deemed abusive or is otherwise disallowed").subcode(1_390_008)
            }
            PublishKind::Duplicate => error(506, "(#506) Duplicate status message").subcode(1_455_006),
            PublishKind::RateLimited => GraphError::rate_limit(if on_instagram { 4 } else { 32 }),
            PublishKind::ImageTooLarge => GraphError::image_too_large(),
            PublishKind::NotReady => GraphError::container_not_ready(),
            PublishKind::QuotaReached => GraphError::quota_reached(),
            PublishKind::ContainerGone => GraphError::container_gone(),
            PublishKind::ServerError => GraphError::unavailable(),
        };
        Moment::Instead(Outcome::Error(words))
    }
}

/// A proxy's page.
pub fn proxy_page(status: StatusCode) -> Response {
    let page = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>";
    (status, Html(page)).into_response()
}

/// The mark of an answer that breaks off.
#[derive(Clone)]
struct Broken;

/// Whether an answer breaks off.
pub fn is_cut(response: &Response) -> bool {
    response.extensions().get::<Broken>().is_some()
}

/// An answer that breaks off before its first byte: the server polls for content before it sends the head.
pub fn cut() -> Response {
    let broken = stream::once(async { Err::<Vec<u8>, io::Error>(io::Error::from(io::ErrorKind::ConnectionReset)) });
    let mut response = ([(header::CONTENT_LENGTH, "64")], Body::from_stream(broken)).into_response();
    response.extensions_mut().insert(Broken);
    response
}
