//! Signing in: the window, what it hands over, the waiting, and what is left when there is no window.

use crate::companion::Companion;
use crate::error::Trouble;
use crate::listener::Listener;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::session::{SignIn, SignInState};
use futures_channel::oneshot;
use futures_util::future::{Either, pending, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Object, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent, Window};

/// Pause before asking again when the companion did not answer: phones drop connections while another app is in front.
const PAUSE_MS: u32 = 2_000;
/// A stream that says nothing for so long at its beginning does not come through.
const SILENCE_MS: u32 = 5_000;
/// How often a window is asked whether it is still there.
const LOOK_MS: u32 = 1_000;
/// The member of every message, and the name of the channel; the companion's pages and `npm/core.js` use the same.
const NAME: &str = "bowerbird";

/// Words in the user agent of browsers within apps, which open no windows, or open them somewhere else.
const IN_APP: [&str; 11] = [
    "FBAN",
    "FBAV",
    "Instagram",
    "Line/",
    "MicroMessenger",
    "Snapchat",
    "TikTok",
    "BytedanceWebview",
    "musical_ly",
    "Pinterest",
    "; wv)",
];

/// Whether this browser is part of an app and cannot be relied on to open windows.
pub fn is_in_app() -> bool {
    let agent = web_sys::window().and_then(|window| window.navigator().user_agent().ok()).unwrap_or_default();
    IN_APP.iter().any(|word| agent.contains(word))
}

/// The address to which a sign-in may come back, `wished` or the page's own: none in a frame of another site's page, whose storage and
/// channels are not those of the same page by itself. Without query and fragment, which change, while the key lists whole
/// addresses.
pub fn address(wished: Option<&str>) -> Option<String> {
    let window = web_sys::window()?;
    let top = window.top().ok()??;
    // Reading anything of a page of another origin throws.
    top.location().href().ok()?;
    if let Some(wished) = wished {
        return Some(wished.to_owned());
    }
    let location = window.location();
    Some(format!("{}{}", location.origin().ok()?, location.pathname().ok()?))
}

/// Opens the sign-in in a window of its own, unless the browser does not. Has to run within the visitor's click.
pub fn open_window(url: &str) -> Option<Window> {
    let features = "popup,width=620,height=740";
    web_sys::window()?.open_with_url_and_target_and_features(url, "_blank", features).ok()?
}

/// Returns when a window that was opened cannot be seen any more. It may be gone, or only cut off from this page: pages that
/// isolate themselves see every window that they open as closed at once.
pub async fn out_of_sight(window: Option<Window>) {
    let Some(window) = window else { return pending().await };
    loop {
        TimeoutFuture::new(LOOK_MS).await;
        if window.closed().unwrap_or(true) {
            // Time for a sign-in that has just ended to be heard of.
            return TimeoutFuture::new(2 * LOOK_MS).await;
        }
    }
}

/// Listens for what the window of one sign-in hands over, and confirms it, so that the window knows that it can close. It comes
/// from the window itself, or from a page of this site's own in which that ended, through a channel.
pub struct Handover {
    _message: Option<Listener>,
    _channel: Option<(Listener, BroadcastChannel)>,
}

impl Handover {
    /// Listens for the sign-in `attempt` of the companion at `origin`. The receiver gets the code.
    pub fn new(origin: String, attempt: String) -> (Self, oneshot::Receiver<String>) {
        let (sender, receiver) = oneshot::channel();
        let sender = Rc::new(RefCell::new(Some(sender)));
        let take = {
            let attempt = attempt.clone();
            move |event: &MessageEvent| {
                let handed = member(&event.data(), NAME);
                if member(&handed, "attempt").as_string().as_ref() != Some(&attempt) {
                    return false;
                }
                let code = member(&handed, "code").as_string().filter(|code| !code.is_empty());
                if let Some(code) = code
                    && let Some(sender) = sender.take()
                {
                    let _ = sender.send(code);
                }
                true
            }
        };
        let received = received(&attempt);
        let message = web_sys::window().map(|window| {
            let (take, received) = (take.clone(), received.clone());
            Listener::new(&window, "message", move |event| {
                let event: MessageEvent = event.unchecked_into();
                // Anybody can send messages to a page; the companion's are what counts.
                if event.origin() == origin
                    && take(&event)
                    && let Some(window) = event.source()
                {
                    let _ = window.unchecked_into::<Window>().post_message(&received, &origin);
                }
            })
        });
        let channel = BroadcastChannel::new(NAME).ok().map(|channel| {
            let answer = channel.clone();
            let listener = Listener::new(&channel, "message", move |event| {
                if take(event.unchecked_ref()) {
                    let _ = answer.post_message(&received);
                }
            });
            (listener, channel)
        });
        (Self { _message: message, _channel: channel }, receiver)
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if let Some((_, channel)) = &self._channel {
            channel.close();
        }
    }
}

fn member(value: &JsValue, name: &str) -> JsValue {
    // Asking a value that is no object for a member throws.
    Reflect::get(value, &name.into()).unwrap_or_default()
}

fn received(attempt: &str) -> JsValue {
    let (outer, inner) = (Object::new(), Object::new());
    let _ = Reflect::set(&inner, &"received".into(), &attempt.into());
    let _ = Reflect::set(&outer, &NAME.into(), &inner);
    outer.into()
}

/// Waits until the sign-in has ended: with a code that is handed over and completes it, or as the companion tells. `on_code`
/// hears of a code that the visitor is to type.
pub async fn wait(
    companion: &Companion,
    source: &str,
    attempt: &str,
    handed: oneshot::Receiver<String>,
    on_code: impl Fn(Option<String>),
) -> Result<(), Trouble> {
    let told = Box::pin(told(companion, source, attempt, on_code));
    let handed = Box::pin(async {
        match handed.await {
            Ok(code) => complete(companion, source, attempt, &code).await,
            Err(_) => pending().await,
        }
    });
    match select(handed, told).await {
        Either::Left((ended, _)) | Either::Right((ended, _)) => ended,
    }
}

/// Hands the code in.
pub async fn complete(companion: &Companion, source: &str, attempt: &str, code: &str) -> Result<(), Trouble> {
    loop {
        match companion.complete(source, attempt, code).await {
            Ok(SignIn::Failed { error }) => return Err(error.into()),
            Ok(SignIn::State { .. }) => return Ok(()),
            Err(trouble) if passes(&trouble) => TimeoutFuture::new(PAUSE_MS).await,
            Err(trouble) => return Err(trouble),
        }
    }
}

/// Whether to ask again: what was asked has come to nobody's ears.
fn passes(trouble: &Trouble) -> bool {
    *trouble == Trouble::Unreachable || trouble.is(ProblemCode::TooManyRequests)
}

/// Returns when the companion says that the sign-in has ended. It tells through a stream; where none comes through, it is asked.
pub async fn told(
    companion: &Companion,
    source: &str,
    attempt: &str,
    on_code: impl Fn(Option<String>),
) -> Result<(), Trouble> {
    let mut streams = true;
    loop {
        let (heard, ended) = (Cell::new(false), Cell::new(None));
        let take = |sign_in: SignIn| {
            heard.set(true);
            match sign_in {
                SignIn::State { state: SignInState::Connected, .. } => ended.set(Some(Ok(()))),
                SignIn::State { code, .. } => on_code(code),
                SignIn::Failed { error } => ended.set(Some(Err(Trouble::from(error)))),
            }
        };
        let watched = Box::pin(companion.wait(source, attempt, streams, take));
        let silence = Box::pin(async {
            TimeoutFuture::new(SILENCE_MS).await;
            if heard.get() || !streams {
                pending().await
            }
        });
        let watched = match select(watched, silence).await {
            Either::Left((watched, _)) => watched,
            Either::Right(_) => Err(Trouble::Unreachable),
        };
        if let Some(ended) = ended.take() {
            return ended;
        }
        match watched {
            // A proxy that lets no stream through, or keeps it to itself, lets an answer through.
            Err(Trouble::Unreachable) if streams && !heard.get() => streams = false,
            Err(trouble) if passes(&trouble) => TimeoutFuture::new(PAUSE_MS).await,
            Err(trouble) => return Err(trouble),
            Ok(()) => {}
        }
    }
}
