//! Signing in, waiting for it, signing out.
//!
//! The session is an opaque token that every reply carries and every request sends back; it names the visitor to the
//! companion and is worth nothing to the provider.

use crate::Reply;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a listing holds for a source that the visitor has not connected: `{"auth": {"redirect_url": "…"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthNeeded {
    /// Where the sign-in popup opens. Absolute; good for one sign-in, within the hour.
    pub redirect_url: String,
    /// Names this sign-in in [`WaitRequest`]. Absent from Filestack's replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
}

/// `POST /auth/wait`: answers when one of the sign-ins has ended, or after about 20 seconds with
/// [`SignInState::Waiting`]; ask again then. The popup itself need not be able to speak to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session in which the sign-in began.
    pub token: String,
    /// Source name to the sign-in waited for.
    pub clouds: BTreeMap<String, WaitFor>,
}

/// One sign-in that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitFor {
    /// [`AuthNeeded::attempt`].
    pub attempt: String,
}

/// The answer to [`WaitRequest`]: one member a source, beside the token.
pub type WaitReply = Reply<SignIn>;

/// How a sign-in stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, from = "Standing")]
pub enum SignIn {
    /// `{"state": "waiting" | "connected"}`.
    State {
        /// Whether it has ended well yet.
        state: SignInState,
    },
    /// It ended without a connection; list the root again for a new `redirect_url`.
    Failed {
        /// Why.
        error: Problem,
    },
}

#[derive(Deserialize)]
struct Standing {
    state: Option<SignInState>,
    error: Option<Problem>,
}

impl From<Standing> for SignIn {
    fn from(standing: Standing) -> Self {
        match standing.error {
            Some(error) => Self::Failed { error },
            None => Self::State { state: standing.state.unwrap_or(SignInState::Waiting) },
        }
    }
}

/// The two states that are not a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInState {
    /// The visitor is still at the provider's page, or has not gone there.
    Waiting,
    /// The source can be listed.
    Connected,
}

/// `POST /auth/logout`: forgets the connections of the named sources, or of all when `clouds` is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session to sign out of. Without one there is nothing to forget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Filestack's constant `"web"`; not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The sources to sign out of, each with an empty object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clouds: Option<BTreeMap<String, LogoutCloud>>,
}

/// The (empty) member of [`LogoutRequest::clouds`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutCloud {}
