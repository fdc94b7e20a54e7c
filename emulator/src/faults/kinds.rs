//! The troubles there are, as tests and the control surface name them.

use serde::{Deserialize, Serialize};

use crate::graph::RefusalKind;
use crate::publishing::{PublishKind, PublishStep};

/// Something that goes wrong. `times` is how many requests it hits before it switches itself off; `None` is until it is
/// cleared. `host` is one of Meta's hosts as it stands in the emulator's paths, such as `graph.facebook.com`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Every user token issued before this was switched on counts as expired (code 190, subcode 463). Whoever signs in
    /// again gets one that works.
    ExpiredTokens,
    /// Every user token issued before this was switched on counts as revoked (code 190, subcode 458).
    RevokedTokens,
    /// The Graph hosts answer that too many calls were made.
    RateLimited {
        /// Meta's error code: 4 (the app, also the default), 17 (the person), 32 (the page), 613 or 80002 (Instagram).
        #[serde(default)]
        code: Option<i64>,
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// Hosts answer with a 5xx.
    ServerErrors {
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
        /// Which host; `None` is every API host (`graph.` and `api.`), but neither pictures nor login pages.
        #[serde(default)]
        host: Option<String>,
        /// The HTTP status; 500 by default. Above 500 the body is a proxy's HTML page instead of Meta's JSON.
        #[serde(default)]
        status: Option<u16>,
    },
    /// Hosts take their time before they answer.
    Slow {
        /// Milliseconds.
        ms: u64,
        /// Which host; `None` is every host.
        #[serde(default)]
        host: Option<String>,
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// The connection breaks in the middle of a picture, below its `Content-Length`.
    CutImages {
        /// How many bytes come through; `None` is half of them.
        #[serde(default)]
        after_bytes: Option<usize>,
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// A picture's address answers 200 with an HTML page.
    NotAnImage {
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// A picture's address answers 403 with the words `URL signature expired`.
    ExpiredImages {
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// The login pages take their time before they redirect.
    SlowLogin {
        /// Milliseconds.
        ms: u64,
    },
    /// A page of a listing is empty although it has a `next`, which leads to what should have been on it. Every other
    /// page is a full one, so that a listing comes to its end even while this is on.
    EmptyPage {
        /// Which listing, by its edge: `albums`, `photos`, `media`, `accounts`, `feed`, `stories` and so on; `None` is all
        /// of them.
        #[serde(default)]
        edge: Option<String>,
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// Instagram answers the code exchange as it is documented, in `data[]` with permissions as a string, rather than
    /// flat as it does in practice.
    DocumentedTokenShape,
    /// All apps are in development mode: only people with a role on them can sign in.
    DevelopmentMode,
    /// The pages of both login dialogs come with `Cross-Origin-Opener-Policy`, whatever the settings say.
    LoginCoop {
        /// The header's value; `same-origin` by default.
        #[serde(default)]
        value: Option<String>,
    },
    /// The dialogs lead back with an error instead of a code although the person agreed. Nothing is granted.
    LoginError {
        /// `error`, such as `access_denied`.
        error: String,
        /// `error_reason`; left out by default, as the next two are.
        #[serde(default)]
        error_reason: Option<String>,
        /// `error_code`.
        #[serde(default)]
        error_code: Option<i64>,
        /// `error_description`.
        #[serde(default)]
        error_description: Option<String>,
        /// How many times somebody who agrees is sent back so.
        #[serde(default)]
        times: Option<u32>,
    },
    /// The Graph hosts refuse calls for albums, photos and media. Where it is about the token, they refuse calls for
    /// the person and their permissions too. The token endpoints go on.
    Refusal {
        /// Why.
        kind: RefusalKind,
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// The usage headers of the Graph hosts report this. Calls go on all the same.
    Usage {
        /// Per cent of what may be asked; 100 is throttled.
        percent: u64,
        /// Minutes until Instagram answers again; Facebook's header has no such number.
        #[serde(default)]
        minutes: Option<u64>,
        /// How many answers it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// Instagram's code exchange gives a token without `instagram_business_basic`.
    NoBasicPermission,
    /// A step of publishing goes wrong. One can be on for each step.
    Publish {
        /// Which step.
        step: PublishStep,
        /// What goes wrong.
        kind: PublishKind,
        /// How many requests go well before the first that it hits; none by default.
        #[serde(default)]
        skip: Option<u32>,
        /// For `cut` at the step `upload`: how many bytes of the request are taken before the connection breaks.
        #[serde(default)]
        after_bytes: Option<u64>,
        /// How many requests it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// Videos and Instagram containers that are made or uploaded are looked at for longer than usual, or in vain.
    Processing {
        /// How many questions are answered with "in progress"; `None` is all of them, or with `error` none.
        #[serde(default)]
        questions: Option<u32>,
        /// Why they fail in the end; `None` is that they do not.
        #[serde(default)]
        error: Option<String>,
        /// How many it hits.
        #[serde(default)]
        times: Option<u32>,
    },
    /// Hosted files under addresses of this machine or of a private network cannot be fetched, as by Meta.
    PrivateUrls,
    /// `debug_token` names no `target_ids`: the person allowed all of their Pages, those to come included.
    AllPages,
}

/// Every name that `PUT /_emulator/faults/<name>` takes.
pub const FAULT_NAMES: [&str; 21] = [
    "expired_tokens",
    "revoked_tokens",
    "rate_limited",
    "server_errors",
    "slow",
    "cut_images",
    "not_an_image",
    "expired_images",
    "slow_login",
    "empty_page",
    "documented_token_shape",
    "development_mode",
    "login_coop",
    "login_error",
    "refusal",
    "usage",
    "no_basic_permission",
    "publish",
    "processing",
    "private_urls",
    "all_pages",
];

impl Fault {
    /// A step of publishing goes wrong once: the next time.
    pub fn publish(step: PublishStep, kind: PublishKind) -> Fault {
        Fault::Publish { step, kind, skip: None, after_bytes: None, times: Some(1) }
    }

    pub(super) fn times(&mut self) -> Option<&mut Option<u32>> {
        match self {
            Fault::RateLimited { times, .. }
            | Fault::ServerErrors { times, .. }
            | Fault::Slow { times, .. }
            | Fault::CutImages { times, .. }
            | Fault::NotAnImage { times }
            | Fault::ExpiredImages { times }
            | Fault::EmptyPage { times, .. }
            | Fault::LoginError { times, .. }
            | Fault::Refusal { times, .. }
            | Fault::Usage { times, .. }
            | Fault::Publish { times, .. }
            | Fault::Processing { times, .. } => Some(times),
            _ => None,
        }
    }
}
