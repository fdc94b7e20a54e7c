//! The only HTTP client: typed calls to the companion, bodies from `protocol`.

use crate::error::Trouble;
use bowerbird_protocol::listing::{ListCloud, ListReply, ListRequest, Listing};
use bowerbird_protocol::problem::{ErrorReply, ProblemCode};
use bowerbird_protocol::session::{LogoutCloud, LogoutRequest, SignIn, WaitFor, WaitReply, WaitRequest};
use bowerbird_protocol::store::{StoreCloud, StoreEvent, StoreRequest};
use futures_util::future::LocalBoxFuture;
use gloo_net::http::{Request, Response};
use serde::{Serialize, de::DeserializeOwned};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, ReadableStreamReadResult, RequestCredentials};

thread_local! {
    /// The sessions of this page, by address and key: a visitor who connected for one pick is connected for the next.
    /// There are hardly ever two.
    static SESSIONS: RefCell<Vec<(String, Session)>> = const { RefCell::new(Vec::new()) };
}

/// A session's token, once the companion has given one.
type Session = Rc<RefCell<Option<String>>>;

/// The companion of one pick: where it is, for which key, in which session.
pub struct Companion {
    url: String,
    apikey: String,
    token: Session,
    abort: Option<AbortController>,
}

impl Companion {
    /// A companion at a base URL. Nothing is sent yet.
    pub fn new(url: &str, apikey: &str) -> Self {
        let (url, apikey) = (url.trim_end_matches('/').to_owned(), apikey.to_owned());
        let token = session_of(&format!("{url} {apikey}"));
        Self { url, apikey, token, abort: AbortController::new().ok() }
    }

    /// Lets go of every request that is under way.
    pub fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }

    /// A page of each named source.
    pub async fn list(&self, clouds: BTreeMap<String, ListCloud>) -> Result<BTreeMap<String, Listing>, Trouble> {
        let request = ListRequest {
            apikey: self.apikey.clone(),
            clouds,
            flow: Some("web".to_owned()),
            token: self.token.borrow().clone(),
            accept: None,
        };
        let reply: ListReply = self.call("/folder/list", &request).await?;
        self.token.replace(Some(reply.token));
        Ok(reply.clouds)
    }

    /// How a sign-in stands; answers when it has ended, or after a while.
    pub async fn wait(&self, source: &str, attempt: &str) -> Result<SignIn, Trouble> {
        let request = WaitRequest {
            apikey: self.apikey.clone(),
            token: self.token.borrow().clone().unwrap_or_default(),
            clouds: [(source.to_owned(), WaitFor { attempt: attempt.to_owned() })].into(),
        };
        let mut reply: WaitReply = self.call("/auth/wait", &request).await?;
        reply.clouds.remove(source).ok_or_else(|| ProblemCode::Other.into())
    }

    /// Signs out of a source.
    pub async fn logout(&self, source: &str) -> Result<(), Trouble> {
        let request = LogoutRequest {
            apikey: self.apikey.clone(),
            token: self.token.borrow().clone(),
            flow: Some("web".to_owned()),
            clouds: Some([(source.to_owned(), LogoutCloud {})].into()),
        };
        self.send("/auth/logout", body_of(&request), "application/json").await.map(drop)
    }

    /// Begins to store, and reports every event until the companion says that all have ended. The error means that
    /// the watching broke off, not the storing.
    pub async fn store(
        &self,
        clouds: BTreeMap<String, StoreCloud>,
        mut on_event: impl FnMut(StoreEvent),
    ) -> Result<(), Trouble> {
        let request = StoreRequest {
            apikey: self.apikey.clone(),
            token: self.token.borrow().clone(),
            flow: Some("web".to_owned()),
            clouds,
        };
        let response = self.send("/store/", body_of(&request), "text/event-stream").await?;
        let body = response.body().ok_or(Trouble::Unreachable)?;
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let decoder = web_sys::TextDecoder::new().map_err(|_| Trouble::Unreachable)?;
        let streaming = web_sys::TextDecodeOptions::new();
        streaming.set_stream(true);
        let mut events = EventStream::default();
        loop {
            let chunk = JsFuture::from(reader.read()).await.map_err(|_| Trouble::Unreachable)?;
            let chunk: ReadableStreamReadResult = chunk.unchecked_into();
            if chunk.get_done().unwrap_or(true) {
                return Err(Trouble::Unreachable);
            }
            let bytes: js_sys::Object = chunk.get_value().unchecked_into();
            let text = decoder.decode_with_buffer_source_and_options(&bytes, &streaming);
            for data in events.take(&text.map_err(|_| Trouble::Unreachable)?) {
                match parse(&data)? {
                    StoreEvent::Done => return Ok(()),
                    event => on_event(event),
                }
            }
        }
    }

    async fn call<A: DeserializeOwned>(&self, path: &str, request: &impl Serialize) -> Result<A, Trouble> {
        let response = self.send(path, body_of(request), "application/json").await?;
        parse(&response.text().await.map_err(|_| Trouble::Unreachable)?)
    }

    /// Boxed, so that its states are not copied into those of every call.
    fn send<'a>(
        &'a self,
        path: &'a str,
        body: JsValue,
        accept: &'a str,
    ) -> LocalBoxFuture<'a, Result<Response, Trouble>> {
        Box::pin(async move {
            let response = Request::post(&format!("{}{path}", self.url))
                .header("content-type", "application/json")
                .header("accept", accept)
                // The session is the token in the body; the page's cookies are none of the companion's business.
                .credentials(RequestCredentials::Omit)
                .abort_signal(self.abort.as_ref().map(AbortController::signal).as_ref())
                .body(body)
                .map_err(|_| ProblemCode::BadRequest)?
                .send()
                .await
                .map_err(|_| Trouble::Unreachable)?;
            if response.ok() {
                return Ok(response);
            }
            let text = response.text().await.map_err(|_| Trouble::Unreachable)?;
            Err(parse::<ErrorReply>(&text)?.error.into())
        })
    }
}

fn session_of(name: &str) -> Session {
    SESSIONS.with_borrow_mut(|sessions| {
        if let Some((_, session)) = sessions.iter().find(|(known, _)| known == name) {
            return session.clone();
        }
        let session = Session::default();
        sessions.push((name.to_owned(), session.clone()));
        session
    })
}

fn body_of(request: &impl Serialize) -> JsValue {
    let value = request.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
    value.ok().and_then(|value| js_sys::JSON::stringify(&value).ok()).map(JsValue::from).unwrap_or_default()
}

fn parse<A: DeserializeOwned>(json: &str) -> Result<A, Trouble> {
    let value = js_sys::JSON::parse(json).map_err(|_| ProblemCode::Other)?;
    serde_wasm_bindgen::from_value(value).map_err(|_| ProblemCode::Other.into())
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
