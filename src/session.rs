//! Signing in: the window, the waiting, and what is left when there is no window.

use crate::companion::Companion;
use crate::error::Trouble;
use crate::state::SignInStep;
use bowerbird_protocol::session::{SignIn, SignInState};
use gloo_timers::future::TimeoutFuture;

/// Pause before asking again when the companion did not answer: phones drop connections while another app is in front.
const PAUSE_MS: u32 = 2_000;

/// Opens the sign-in in a window of its own. Has to run within the visitor's click, or browsers block it.
pub fn open_window(url: &str) -> SignInStep {
    let opened = web_sys::window().and_then(|window| {
        window.open_with_url_and_target_and_features(url, "_blank", "popup,width=620,height=740").ok()
    });
    match opened.flatten() {
        Some(_) => SignInStep::Away,
        None => SignInStep::Blocked,
    }
}

/// Waits until the sign-in has ended. The companion tells, not the window: pages that isolate themselves see every
/// window that they open as closed at once.
pub async fn wait(companion: &Companion, source: &str, attempt: &str) -> Result<(), Trouble> {
    loop {
        match companion.wait(source, attempt).await {
            Ok(SignIn::State { state: SignInState::Connected }) => return Ok(()),
            Ok(SignIn::State { state: SignInState::Waiting }) => {}
            Ok(SignIn::Failed { error }) => return Err(error.into()),
            Err(Trouble::Unreachable) => TimeoutFuture::new(PAUSE_MS).await,
            Err(trouble) => return Err(trouble),
        }
    }
}
