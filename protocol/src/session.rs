//! Signing in, waiting for it, signing out.
//!
//! The session is an opaque token that every reply carries and every request sends back; it names the visitor to the
//! companion and is worth nothing to the provider.

use crate::Reply;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a listing holds for a source that the visitor has not connected: `{"auth": {"redirect_url": "…"}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthNeeded {
    /// Where the sign-in popup opens. Absolute; good for one sign-in, within the hour.
    pub redirect_url: String,
    /// Names this sign-in in [`WaitRequest`] and [`CompleteRequest`]. Absent from Filestack's replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
    /// Whether the sign-in may take the whole page: the request's `appurl` is on the key's list, and the way back ends there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full_page: bool,
    /// What the site calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Where the site says what it does with photos. An http or https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
    /// Whether the site may link to chosen photos, which are then fetched later too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub links: bool,
    /// Why the sign-in before this one is over, where the listing has just found that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// `POST /auth/wait`: answers when one of the sign-ins has ended or wants a code typed, or after about 20 seconds with
/// [`SignInState::Waiting`]; ask again then. With `Accept: text/event-stream` it sends a [`WaitReply`] as `data` of an event
/// at each change until a sign-in has ended. The popup itself need not be able to speak to the page.
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
    /// `{"state": "waiting" | "typing" | "connected"}`.
    State {
        /// Whether it has ended well yet.
        state: SignInState,
        /// What the visitor types into the window, while that asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
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
    code: Option<String>,
    error: Option<Problem>,
}

impl From<Standing> for SignIn {
    fn from(standing: Standing) -> Self {
        match standing.error {
            Some(error) => Self::Failed { error },
            None => Self::State { state: standing.state.unwrap_or(SignInState::Waiting), code: standing.code },
        }
    }
}

impl SignIn {
    /// A state without a code.
    pub fn state(state: SignInState) -> Self {
        Self::State { state, code: None }
    }

    /// Whether waiting for it is over.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::State { state: SignInState::Connected, .. })
    }
}

/// The states that are not a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInState {
    /// The visitor is still at the provider's page, or has not gone there.
    Waiting,
    /// The window asks for the code that the dialog shows.
    Typing,
    /// The source can be listed.
    Connected,
}

/// `POST /auth/complete`: hands in the code that a sign-in's window gave to the tab that began it. Only the session in which
/// the sign-in began can do it, once, within minutes. The answer is a [`WaitReply`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session in which the sign-in began.
    pub token: String,
    /// Source name to the sign-in and its code.
    pub clouds: BTreeMap<String, Completion>,
}

/// A sign-in and the code that completes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// [`AuthNeeded::attempt`].
    pub attempt: String,
    /// What the window handed over.
    pub code: String,
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
    /// The sources to sign out of, each with an empty object for no more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clouds: Option<BTreeMap<String, LogoutCloud>>,
}

/// How to sign out of a source; Filestack's is the empty object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutCloud {
    /// Whether to have the provider take the site's access back, for every session of this account. Where a provider offers no
    /// way to do so, the reply's member is `{"error": …}` with [`ProblemCode::RemoveElsewhere`](crate::problem::ProblemCode).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoke: bool,
}
