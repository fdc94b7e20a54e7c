//! A publication, from its media to what is to be seen.
//!
//! It is made of steps, and what each made is written down before the next begins ([`Made`]). Most steps can be repeated: a photo that
//! nobody sees is sent again, and Meta forgets the first after a day; a post that waits is published once however often it is told to be.
//! A step that cannot be repeated is preceded by a note that it was begun; whoever finds that note without a result looks at Meta before
//! doing anything ([`page`], [`story`], [`video`], [`instagram`]). What nothing uses in the end is removed ([`tidy`]).

mod instagram;
mod made;
mod page;
pub mod story;
pub mod tidy;
mod video;

pub use made::Made;

use super::body::{Body, kind_of};
use super::content::{self, Content, Sent};
use super::errors::{self, explain};
use super::fit::Fitting;
use super::media::Media;
use super::rows::Kind;
use crate::Shared;
use crate::db::{AccountRow, Millis, PublicationEnd, PublicationRow, now};
use crate::providers::{Graph, Part, Trouble};
use crate::secrets::Secret;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use std::time::Duration;

/// How often is tried what may go well later, before it is given up.
const TRIES: i64 = 8;
/// How long a publication waits in all for Meta to take calls again.
const PATIENCE: Millis = 24 * 3600 * 1000;
/// How long Meta may be at what was sent. Its own advice for Instagram is five minutes; long videos take longer.
const PROCESSING: Millis = 30 * 60 * 1000;
/// The longest pause between two questions how far Meta is, as it advises.
const LONGEST_LOOK: Duration = Duration::from_secs(60);

/// What became of a run.
#[derive(Debug)]
pub enum Outcome {
    /// It has ended, having made this. Where it is not published, that is to be removed.
    End(PublicationEnd, Made),
    /// It waits.
    Wait {
        /// How long; none is for the queue to choose.
        pause: Option<Duration>,
        /// Whether a try has failed.
        tried: bool,
    },
    /// Another process has it.
    TakenOver,
}

/// Why a run stops.
#[derive(Debug)]
pub enum Stop {
    /// It cannot be published.
    Refused {
        /// Why.
        code: ProblemCode,
        /// The same as a sentence.
        text: String,
    },
    /// It may go well later; the cause is for the log.
    Again(String),
    /// The same, of what Meta has a number for: that is said of it if it goes well at no time.
    Later {
        /// For the log.
        cause: String,
        /// Why.
        code: ProblemCode,
        /// The same as a sentence.
        text: String,
    },
    /// Meta wants no calls for so long.
    Wait(Duration),
    /// It was taken back, or another process has it.
    Unwanted,
}

impl Stop {
    /// It cannot be published.
    pub fn refused(code: ProblemCode, text: impl Into<String>) -> Self {
        Self::Refused { code, text: text.into() }
    }

    /// Trouble of this machine's.
    pub fn here(error: impl std::fmt::Display) -> Self {
        Self::Again(error.to_string())
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::here(error)
    }
}

impl From<object_store::Error> for Stop {
    fn from(error: object_store::Error) -> Self {
        Self::here(error)
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Wait(left) => Self::Wait(left),
            Trouble::Unsure(cause) => Self::Again(cause),
            Trouble::Refused { status, error } => {
                let explained = explain(status, &error);
                if explained.again {
                    return Self::Later { cause: error.cause(status), code: explained.code, text: explained.text };
                }
                tracing::info!(
                    cause = error.cause(status),
                    message = error.message,
                    "Meta refused a step of publishing"
                );
                Self::Refused { code: explained.code, text: explained.text }
            }
        }
    }
}

/// What is to be seen.
#[derive(Debug)]
pub struct Seen {
    /// Meta's id.
    pub id: String,
    /// Where.
    pub url: Option<String>,
}

/// Meta's id of something new.
#[derive(Debug, Deserialize)]
struct NewId {
    id: String,
}

/// What a running publication does, in Meta's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Uploading,
    Processing,
    Publishing,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Processing => "processing",
            Self::Publishing => "publishing",
        }
    }
}

/// A publication that is being carried out.
struct Run<'a> {
    companion: &'a Shared,
    row: &'a PublicationRow,
    account: &'a AccountRow,
    meta: Account,
    kind: Kind,
    body: Body,
    contents: Vec<Option<Content>>,
    fittings: Vec<Option<Fitting>>,
    made: Made,
    sent: u64,
    total: Option<u64>,
}

/// Meta, asked with an account's token.
pub struct Account {
    /// The host that knows the account.
    pub graph: Graph,
    /// The account's token.
    pub token: Secret,
    /// Whether the account is reached with Instagram Login.
    pub with_instagram_login: bool,
}

impl Account {
    /// The one of a row. None when its token cannot be opened.
    pub fn open(companion: &Shared, account: &AccountRow) -> Option<Self> {
        let token = account.access_token.clone()?;
        let config = &companion.config;
        let with_instagram_login = account.network == "instagram" && account.page_id.is_empty();
        let (base, proof_key) = if with_instagram_login {
            (&config.instagram_graph_url, None)
        } else {
            // By the app's secret Meta knows that it is that app which asks.
            let site = companion.apps.get(&account.app_key);
            let app = site.as_ref().and_then(|site| site.app_with_id(&account.client_id));
            (&config.facebook_graph_url, app.map(|app| app.client_secret.clone()))
        };
        let graph = Graph::new(companion.fetcher.clone(), base, &config.graph_version, &account.client_id, proof_key);
        Some(Self { graph, token, with_instagram_login })
    }
}

/// Carries a publication out, as far as that goes now.
pub async fn run(companion: &Shared, row: &PublicationRow) -> Outcome {
    let mut made = Made::read(&row.made);
    let stopped = match carry_out(companion, row, &mut made).await {
        Ok(seen) => return Outcome::End(PublicationEnd::Published { id: seen.id, url: seen.url }, made),
        Err(stopped) => stopped,
    };
    let failed = |code: ProblemCode, reason: String, made: Made| {
        tracing::warn!(kind = row.kind, code = code.as_str(), reason, "a publication failed");
        Outcome::End(PublicationEnd::Failed { problem: code.as_str().to_owned(), reason }, made)
    };
    let again = |cause: String| {
        tracing::info!(cause, tries = row.tries + 1, "a step of publishing is tried again");
        Outcome::Wait { pause: None, tried: true }
    };
    match stopped {
        Stop::Unwanted => match companion.db.is_publication_unwanted(row).await {
            Ok(true) => Outcome::End(PublicationEnd::Cancelled, made),
            _ => Outcome::TakenOver,
        },
        Stop::Refused { code, text } => failed(code, text, made),
        Stop::Wait(pause) if now() - row.created_ms.max(row.scheduled_ms.unwrap_or(0)) < PATIENCE => {
            tracing::info!(seconds = pause.as_secs(), "a publication waits until Meta takes calls again");
            Outcome::Wait { pause: Some(pause), tried: false }
        }
        Stop::Wait(_) => failed(ProblemCode::RateLimited, errors::LIMITED.to_owned(), made),
        Stop::Later { cause, .. } if row.tries + 1 < TRIES => again(cause),
        // Of the last try too it is seen whether it was heard: once more it runs, and begins nothing ([`Run::attempt`]).
        Stop::Again(cause) if row.tries < TRIES => again(cause),
        Stop::Later { code, text, .. } => failed(code, text, made),
        Stop::Again(cause) => {
            tracing::warn!(cause, "a step of publishing was tried for the last time");
            failed(ProblemCode::SourceUnavailable, errors::UNKNOWN.to_owned(), made)
        }
    }
}

async fn carry_out(companion: &Shared, row: &PublicationRow, made: &mut Made) -> Result<Seen, Stop> {
    if row.problem.is_some() {
        return Err(Stop::Unwanted);
    }
    let account = companion.db.account(&row.app_key, &row.account_id).await?;
    let account = account.ok_or_else(|| Stop::refused(ProblemCode::AccessRemoved, NOT_CONNECTED))?;
    if let Some(problem) = &account.problem {
        return Err(Stop::refused(ProblemCode::from_name(problem), NOT_CONNECTED));
    }
    let meta = Account::open(companion, &account);
    let meta = meta.ok_or_else(|| Stop::refused(ProblemCode::SignInAgain, NOT_CONNECTED))?;
    let body: Body =
        serde_json::from_str(&row.body).map_err(|error| Stop::refused(ProblemCode::Internal, error.to_string()))?;
    let contents = content::fetch(companion, &row.app_key, &body).await?;
    // Only now it is known which of the media are videos.
    let is_video = |at: usize| matches!(contents.get(at), Some(Some(Content { media: Media::Video(_), .. })));
    let is_hosted = |at: usize| body.media.get(at).is_some_and(|medium| medium.hosted);
    let asked =
        Kind::named(&row.kind).ok_or_else(|| Stop::refused(ProblemCode::BadRequest, "This kind is not known."))?;
    let kind = kind_of(&account, asked.form(), &body, |at| is_video(at) || is_hosted(at));
    let mut run = Run {
        companion,
        row,
        account: &account,
        meta,
        kind,
        fittings: Vec::new(),
        body,
        contents,
        made: made.clone(),
        sent: 0,
        total: None,
    };
    let done = run.all().await;
    made.clone_from(&run.made);
    if let Err(Stop::Refused { code, .. }) = &done
        && is_end_of_account(*code)
    {
        companion.db.account_problem(&account.id, code.as_str()).await?;
    }
    done
}

const NOT_CONNECTED: &str = "The account is not connected any more; connect it again.";

/// Whether an account that has this problem has to be connected again.
fn is_end_of_account(code: ProblemCode) -> bool {
    use ProblemCode::{AccessRemoved, AccountCheckpoint, PasswordChanged, SignInAgain};
    matches!(code, SignInAgain | AccessRemoved | PasswordChanged | AccountCheckpoint)
}

impl Run<'_> {
    async fn all(&mut self) -> Result<Seen, Stop> {
        let used = match self.kind.is_instagram() && self.made.post.is_none() {
            true => instagram::used(&self.meta, &self.account.account_id).await?,
            false => None,
        };
        self.fittings = content::judge(self.kind, &self.body, &self.contents, used)?;
        self.total =
            Some(self.contents.iter().flatten().map(|content| content.file.metadata().map_or(0, |it| it.len())).sum());
        match self.kind {
            Kind::PageText | Kind::PageLink | Kind::PagePhoto | Kind::PagePhotos => self.page_post().await,
            Kind::PageVideo => self.page_video().await,
            Kind::PageReel => Err(Stop::refused(ProblemCode::BadRequest, "Reels of Pages are not published yet.")),
            Kind::PagePhotoStory => self.photo_story().await,
            Kind::PageVideoStory => self.video_story().await,
            Kind::InstagramImage | Kind::InstagramCarousel | Kind::InstagramReel | Kind::InstagramStory => {
                self.instagram().await
            }
        }
    }

    /// Writes down how far it is. From here on nothing may happen at Meta if it is not wanted any more.
    async fn note(&mut self, phase: Phase) -> Result<(), Stop> {
        let made = self.made.written();
        let noted = self.companion.db.note_publication(self.row, &made, phase.name(), self.sent, self.total).await?;
        if noted { Ok(()) } else { Err(Stop::Unwanted) }
    }

    /// Writes down that the call begins which cannot be repeated without having looked.
    async fn attempt(&mut self) -> Result<(), Stop> {
        if self.row.tries >= TRIES {
            return Err(Stop::refused(ProblemCode::SourceUnavailable, errors::UNKNOWN));
        }
        self.made.attempts += 1;
        self.made.attempted_ms.get_or_insert_with(now);
        self.note(Phase::Publishing).await
    }

    /// The path of something of the account's.
    fn path(&self, edge: &str) -> String {
        format!("{}/{edge}", self.account.account_id)
    }

    /// An image of the media, as it is sent.
    async fn image(&self, at: usize) -> Result<Sent, Stop> {
        let content = self.contents.get(at).and_then(Option::as_ref);
        let content = content
            .ok_or_else(|| Stop::refused(ProblemCode::NotAccepted, "Meta fetches videos only from their address."))?;
        content::image(self.companion, content, self.fittings.get(at).and_then(Option::as_ref)).await
    }

    /// Sends all photos that have not been sent, seen by nobody.
    async fn photos(&mut self) -> Result<(), Stop> {
        for at in 0..self.body.media.len() {
            if self.made.id(at).is_some() {
                continue;
            }
            self.note(Phase::Uploading).await?;
            let Sent { mimetype, bytes } = self.image(at).await?;
            let alt = self.body.media[at].alt.clone().unwrap_or_default();
            let mut form = vec![("published", "false")];
            if !alt.is_empty() {
                form.push(("alt_text_custom", &alt));
            }
            let size = bytes.len() as u64;
            let extension = mimetype.rsplit('/').next().unwrap_or("jpg");
            let part = Part { name: "source", filename: format!("{}.{extension}", at + 1), mimetype, bytes };
            let photo: NewId = self.meta.graph.post_file(&self.meta.token, &self.path("photos"), &form, part).await?;
            self.sent += size;
            self.made.item(at).id = photo.id;
            self.note(Phase::Uploading).await?;
        }
        Ok(())
    }

    /// Meta is at what was sent: how long to wait before it is asked how far it is.
    async fn processing(&mut self) -> Result<Duration, Stop> {
        self.made.processing_ms.get_or_insert_with(now);
        self.note(Phase::Processing).await?;
        Ok(Duration::from_millis(self.companion.config.retry_pause.max(1)))
    }

    /// Waits before Meta is asked again: often at first and then seldom.
    async fn wait(&mut self, pause: &mut Duration) -> Result<(), Stop> {
        if now() - self.made.processing_ms.unwrap_or(0) > PROCESSING {
            let text = "Meta has been preparing the media for half an hour and has not ended. Try again later.";
            return Err(Stop::refused(ProblemCode::SourceUnavailable, text));
        }
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            () = self.companion.stopped() => return Err(Stop::Wait(Duration::ZERO)),
        }
        *pause = (*pause * 2).min(LONGEST_LOOK);
        // Who takes it back is heard while it waits.
        self.note(Phase::Processing).await
    }
}
