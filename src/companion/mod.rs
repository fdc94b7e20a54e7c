//! The only HTTP client: typed calls to the companion, bodies from `protocol`.

mod upload;

pub use upload::Upload;

use crate::error::Trouble;
use crate::json;
use crate::memory::Session;
use bowerbird_protocol::listing::{ListCloud, ListReply, ListRequest, Listing};
use bowerbird_protocol::problem::{ErrorReply, ProblemCode};
use bowerbird_protocol::session::{
    CompleteRequest, Completion, LogoutCloud, LogoutRequest, SignIn, WaitFor, WaitReply, WaitRequest,
};
use bowerbird_protocol::store::{CancelCloud, CancelRequest, StoreCloud, StoreEvent, StoreRequest};
use futures_util::future::{Either, LocalBoxFuture, select};
use gloo_net::http::{Request, Response};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Object, SyntaxError};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, ReadableStreamDefaultReader, ReadableStreamReadResult, RequestCredentials,
};

/// How long a stream may be silent. The companion says something every quarter of a minute, so this one is broken, even where
/// the browser has not noticed: a phone that changed its network, say.
const SILENCE_MS: u32 = 45_000;

/// Where a companion is, and for which site it is asked.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The companion's base URL.
    pub url: String,
    /// The site's API key.
    pub apikey: String,
    /// Whether the session outlives the page.
    pub session_cache: bool,
    /// An address of the site to which a sign-in may come back, in place of the page's own.
    pub app_url: Option<String>,
    /// A policy of the site's server, and its signature.
    pub security: Option<(String, String)>,
}

impl Site {
    /// Names it among others.
    pub fn name(&self) -> String {
        format!("{} {}", self.url.trim_end_matches('/'), self.apikey)
    }

    /// The policy and its signature.
    pub fn security(&self) -> (Option<String>, Option<String>) {
        self.security.clone().unzip()
    }

    /// Its visitor's session.
    pub fn session(&self) -> Session {
        Session::of(&self.name(), self.session_cache)
    }

    /// The companion's origin, from which its windows speak.
    pub fn origin(&self) -> String {
        web_sys::Url::new(&self.url).map(|url| url.origin()).unwrap_or_default()
    }
}

/// A file of the companion's, if it comes whole. By the browser's own `fetch`: the first sight asks for it, for which nothing else of this
/// module has to be there.
pub async fn text(address: &str) -> Option<String> {
    let init = web_sys::RequestInit::new();
    init.set_credentials(RequestCredentials::Omit);
    let fetched = web_sys::window()?.fetch_with_str_and_init(address, &init);
    let response: web_sys::Response = JsFuture::from(fetched).await.ok()?.unchecked_into();
    if response.ok() { JsFuture::from(response.text().ok()?).await.ok()?.as_string() } else { None }
}

/// The companion of one pick: where it is, for which key, in which session.
pub struct Companion {
    site: Site,
    session: Session,
    abort: Option<AbortController>,
}

impl Companion {
    /// The companion of a site. Nothing is sent yet.
    pub fn new(mut site: Site) -> Self {
        site.url.truncate(site.url.trim_end_matches('/').len());
        let session = site.session();
        Self { site, session, abort: AbortController::new().ok() }
    }

    /// Where it is, and for whom.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Lets go of every request that is under way.
    pub fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }

    /// A page of each named source. A sign-in that is offered may come back to `appurl`.
    pub async fn list(
        &self,
        clouds: BTreeMap<String, ListCloud>,
        appurl: Option<String>,
    ) -> Result<BTreeMap<String, Listing>, Trouble> {
        let (policy, signature) = self.site.security();
        let request = ListRequest {
            policy,
            signature,
            apikey: self.site.apikey.clone(),
            clouds,
            flow: Some("web".to_owned()),
            token: self.session.token(),
            accept: None,
            appurl,
            completes: true,
            remember: self.session.is_remembered(),
        };
        let reply: ListReply = read_answer(self.call("/folder/list", json::write(&request)).await?)?;
        self.session.keep(reply.token);
        Ok(reply.clouds)
    }

    /// Tells how a sign-in stands: at each change until it has ended, or once, after a while, where no stream is wished for.
    pub async fn wait(
        &self,
        source: &str,
        attempt: &str,
        as_stream: bool,
        mut tell: impl FnMut(SignIn),
    ) -> Result<(), Trouble> {
        let request = WaitRequest {
            apikey: self.site.apikey.clone(),
            token: self.session.token().unwrap_or_default(),
            clouds: [(source.to_owned(), WaitFor { attempt: attempt.to_owned() })].into(),
        };
        let body = json::write(&request);
        let mut take = |mut reply: WaitReply| {
            let sign_in = reply.clouds.remove(source);
            let over = sign_in.as_ref().is_none_or(SignIn::has_ended);
            if let Some(sign_in) = sign_in {
                tell(sign_in);
            }
            over
        };
        if as_stream {
            return self.stream("/auth/wait", body, &|| (), &mut |reply| Ok(take(read(reply)?))).await;
        }
        take(read_answer(self.call("/auth/wait", body).await?)?);
        Ok(())
    }

    /// Hands in the code of a sign-in.
    pub async fn complete(&self, source: &str, attempt: &str, code: &str) -> Result<SignIn, Trouble> {
        let completion = Completion { attempt: attempt.to_owned(), code: code.to_owned() };
        let request = CompleteRequest {
            apikey: self.site.apikey.clone(),
            token: self.session.token().unwrap_or_default(),
            clouds: [(source.to_owned(), completion)].into(),
        };
        let mut reply: WaitReply = read_answer(self.call("/auth/complete", json::write(&request)).await?)?;
        reply.clouds.remove(source).ok_or_else(|| ProblemCode::Other.into())
    }

    /// Signs out of a source; `revoke` has the provider take the site's access back.
    pub async fn logout(&self, source: &str, revoke: bool) -> Result<(), Trouble> {
        let clouds = [(source.to_owned(), LogoutCloud { revoke })].into();
        let body = self.farewell(self.session.token(), Some(clouds));
        let mut reply: BTreeMap<String, LogoutReply> = read_answer(self.call("/auth/logout", body).await?)?;
        match reply.remove(source).and_then(|reply| reply.error) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Ends the session, whatever becomes of this page; photos that are being copied are copied. A session that the site has
    /// remembered goes on.
    pub fn release(&self) {
        if self.session.is_remembered() {
            return;
        }
        if let Some(token) = self.session.forget() {
            self.beacon("/auth/logout", &self.farewell(Some(token), None));
        }
    }

    /// Sent as text, which no browser asks leave for beforehand, and even while the page goes away.
    fn beacon(&self, path: &str, body: &str) {
        if let Some(window) = web_sys::window() {
            let _ = window.navigator().send_beacon_with_opt_str(&format!("{}{path}", self.site.url), Some(body));
        }
    }

    fn farewell(&self, token: Option<String>, clouds: Option<BTreeMap<String, LogoutCloud>>) -> String {
        let flow = Some("web".to_owned());
        json::write(&LogoutRequest { apikey: self.site.apikey.clone(), token, flow, clouds })
    }

    /// Begins to store, and reports every event until the companion says that all have ended. The error means that
    /// the watching broke off, not the storing; `opened` is called when the companion begins to answer.
    pub async fn store(
        &self,
        clouds: BTreeMap<String, StoreCloud>,
        opened: &dyn Fn(),
        mut on_event: impl FnMut(StoreEvent),
    ) -> Result<(), Trouble> {
        let (policy, signature) = self.site.security();
        let request = StoreRequest {
            policy,
            signature,
            apikey: self.site.apikey.clone(),
            token: self.session.token(),
            flow: Some("web".to_owned()),
            clouds,
        };
        let mut take = |event: &str| {
            let event = read(event)?;
            let over = matches!(event, StoreEvent::Done);
            on_event(event);
            Ok(over)
        };
        self.stream("/store/", json::write(&request), opened, &mut take).await
    }

    /// Has the companion stop storing these. Not tied to the pick, which may be over before the answer is there.
    pub async fn store_cancel(&self, clouds: BTreeMap<String, CancelCloud>) -> Result<(), Trouble> {
        self.send("/store/cancel", self.cancellation(clouds), "application/json", None).await.map(drop)
    }

    /// The same, while the page goes away.
    pub fn store_cancel_going(&self, clouds: BTreeMap<String, CancelCloud>) {
        self.beacon("/store/cancel", &self.cancellation(clouds));
    }

    fn cancellation(&self, clouds: BTreeMap<String, CancelCloud>) -> String {
        let token = self.session.token().unwrap_or_default();
        json::write(&CancelRequest { apikey: self.site.apikey.clone(), token, clouds })
    }

    /// Reads an event stream until `take` says that it is over. The error means that it broke off before. Boxed, and without
    /// types of its own, so that there is one of it. A future that is dropped closes its stream, of which a session may have
    /// a few only.
    fn stream<'a>(
        &'a self,
        path: &'a str,
        body: String,
        opened: &'a dyn Fn(),
        take: &'a mut dyn FnMut(&str) -> Result<bool, Trouble>,
    ) -> LocalBoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let closing = Closing(AbortController::new().ok());
            let signal = closing.0.as_ref().map(AbortController::signal);
            let response = self.send(path, body, "text/event-stream", signal).await?;
            opened();
            let body = response.body().ok_or(Trouble::Unreachable)?;
            let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
            let decoder = web_sys::TextDecoder::new().map_err(|_| Trouble::Unreachable)?;
            let streaming = web_sys::TextDecodeOptions::new();
            streaming.set_stream(true);
            let mut events = EventStream::default();
            loop {
                let chunk = match select(JsFuture::from(reader.read()), TimeoutFuture::new(SILENCE_MS)).await {
                    Either::Left((chunk, _)) => chunk.map_err(|_| Trouble::Unreachable)?,
                    Either::Right(_) => return Err(Trouble::Unreachable),
                };
                let chunk: ReadableStreamReadResult = chunk.unchecked_into();
                if chunk.get_done().unwrap_or(true) {
                    return Err(Trouble::Unreachable);
                }
                let bytes: Object = chunk.get_value().unchecked_into();
                let text = decoder.decode_with_buffer_source_and_options(&bytes, &streaming);
                for data in events.take(&text.map_err(|_| Trouble::Unreachable)?) {
                    if take(&data)? {
                        return Ok(());
                    }
                }
            }
        })
    }

    /// The whole answer to a body, as the browser reads it: a page of photos is 100 KB of text that need not come into the wasm. Boxed for
    /// the same reason.
    pub fn call<'a>(&'a self, path: &'a str, body: String) -> LocalBoxFuture<'a, Result<Object, Trouble>> {
        Box::pin(async move {
            let response: web_sys::Response = self.ask(path, body).await?.into();
            let reading = response.json().map_err(|_| Trouble::Unreachable)?;
            match JsFuture::from(reading).await {
                Ok(answer) => Ok(answer.unchecked_into()),
                Err(error) if error.has_type::<SyntaxError>() => Err(ProblemCode::Other.into()),
                Err(_) => Err(Trouble::Unreachable),
            }
        })
    }

    /// The answer to a body that may be empty, as text.
    async fn call_for_text(&self, path: &str, body: String) -> Result<String, Trouble> {
        self.ask(path, body).await?.text().await.map_err(|_| Trouble::Unreachable)
    }

    fn ask<'a>(&'a self, path: &'a str, body: String) -> LocalBoxFuture<'a, Result<Response, Trouble>> {
        let signal = self.abort.as_ref().map(AbortController::signal);
        self.send(path, body, "application/json", signal)
    }

    /// Boxed, so that its states are not copied into those of every call.
    fn send<'a>(
        &'a self,
        path: &'a str,
        body: String,
        accept: &'a str,
        signal: Option<AbortSignal>,
    ) -> LocalBoxFuture<'a, Result<Response, Trouble>> {
        Box::pin(async move {
            let response = Request::post(&format!("{}{path}", self.site.url))
                .header("content-type", "application/json")
                .header("accept", accept)
                // The session is the token in the body; the page's cookies are none of the companion's business.
                .credentials(RequestCredentials::Omit)
                .abort_signal(signal.as_ref())
                .body(body)
                .map_err(|_| ProblemCode::BadRequest)?
                .send()
                .await
                .map_err(|_| Trouble::Unreachable)?;
            if response.ok() {
                return Ok(response);
            }
            let text = response.text().await.map_err(|_| Trouble::Unreachable)?;
            match json::read::<ErrorReply>(&text) {
                Some(reply) => Err(reply.error.into()),
                // A proxy speaks for a companion that is just not there.
                None if matches!(response.status(), 502..=504) => Err(Trouble::Unreachable),
                None => Err(ProblemCode::Other.into()),
            }
        })
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, Trouble> {
    json::read(json).ok_or_else(|| ProblemCode::Other.into())
}

fn read_answer<T: DeserializeOwned>(answer: Object) -> Result<T, Trouble> {
    json::shaped(answer).ok_or_else(|| ProblemCode::Other.into())
}

/// Closes a stream when whoever reads it is gone.
struct Closing(Option<AbortController>);

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(abort) = &self.0 {
            abort.abort();
        }
    }
}

/// One source's member of the answer to a sign-out.
#[derive(Deserialize)]
struct LogoutReply {
    error: Option<bowerbird_protocol::problem::Problem>,
}

/// Puts the pieces of a `text/event-stream` together and gives back the data of each whole event.
#[derive(Default)]
struct EventStream(String);

impl EventStream {
    fn take(&mut self, piece: &str) -> Vec<String> {
        self.0.push_str(piece);
        let mut whole = Vec::new();
        while let Some(end) = self.0.find("\n\n") {
            let event: String = self.0.drain(..end + 2).collect();
            let data: Vec<&str> =
                event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
            // An event without data is the companion's way of keeping the connection alive.
            if !data.is_empty() {
                whole.push(data.join("\n"));
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::EventStream;

    #[test]
    fn events_are_put_together_from_pieces() {
        let mut events = EventStream::default();
        assert_eq!(events.take("event: progress\nda"), [""; 0]);
        assert_eq!(events.take("ta: {\"a\":1}\n"), [""; 0]);
        assert_eq!(events.take("\n:keep-alive\n\ndata:{\"b\":2}\n\ndata: {"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(events.take("}\n\n"), ["{}"]);
    }
}
