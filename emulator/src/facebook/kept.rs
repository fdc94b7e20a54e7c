//! Pages of photos that were asked for in this second, kept as text: whoever measures what is in front of the emulator is not to
//! measure the emulator.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::Method;

use crate::apps::Network;
use crate::clock::Unix;
use crate::faults::Fault;
use crate::graph::Request;
use crate::platform::Platform;
use crate::world::{Kind, Slot};

/// Where the token stands in `next`; nothing in an address has braces.
const TOKEN: &str = "{token}";
/// What does not decide what a page has.
const OF_NO_MATTER: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

/// The pages of a second: addresses of pictures name the time until which they are good.
#[derive(Default)]
pub struct Kept(Mutex<(Unix, HashMap<String, Arc<str>>)>);

impl Kept {
    fn of(&self, second: Unix) -> MutexGuard<'_, (Unix, HashMap<String, Arc<str>>)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != second {
            *kept = (second, HashMap::new());
        }
        kept
    }
}

/// A page that may be kept.
pub struct Asked {
    key: String,
    token: String,
    second: Unix,
}

impl Asked {
    /// What is asked, if it is a page of an album that is answered well and nothing goes wrong or has changed.
    pub fn read(platform: &Platform, request: &Request) -> Option<Asked> {
        let [album, edge] = request.path.as_slice() else { return None };
        let is_album = Slot::of(album).is_some_and(|slot| slot.kind == Kind::Album);
        let is_page = request.method == Method::GET && edge == "photos" && is_album;
        let is_calm = platform.faults.list().iter().all(|fault| matches!(fault, Fault::Usage { .. }));
        if !is_page || !is_calm || platform.registry().has_deleted() {
            return None;
        }
        let (token, app) = request.user_token(platform, Network::Facebook).ok()?;
        let granted = platform.registry().granted(&token).join(",");
        let mut key = format!("{} {:?} {} {granted} v{} {album}", token.user, token.page, app.id, request.version);
        for (name, value) in request.params.0.iter().filter(|(name, _)| !OF_NO_MATTER.contains(&name.as_str())) {
            let _ = write!(key, " {name}={value}");
        }
        let token = url::form_urlencoded::byte_serialize(request.access_token()?.as_bytes()).collect();
        Some(Asked { key, token, second: platform.clock.now() })
    }

    /// The answer, if it was given before.
    pub fn kept(&self, platform: &Platform) -> Option<String> {
        let text = platform.kept.of(self.second).1.get(&self.key).cloned();
        text.map(|text| text.replace(TOKEN, &self.token))
    }

    /// Keeps the answer.
    pub fn keep(self, platform: &Platform, text: &str) {
        let text = text.replace(&self.token, TOKEN).into();
        platform.kept.of(self.second).1.insert(self.key, text);
    }
}
