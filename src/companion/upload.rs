//! A file of the device on its way to the companion, in parts that are sent again until they have arrived; and what is at an address.

use super::{Companion, json, read, read_answer};
use crate::error::Trouble;
use bowerbird_protocol::problem::{ErrorReply, ProblemCode};
use bowerbird_protocol::store::{StoreTo, StoredFile};
use bowerbird_protocol::upload::{
    AbortRequest, AddressRequest, AtAddress, CompleteRequest, PART, PartDone, PartPlace, PartRequest, StartRequest,
    Started,
};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ProgressEvent, XmlHttpRequest};

/// An upload and how far it is: what has arrived stays there, so that whoever goes on with it later begins where it broke off.
pub struct Upload {
    file: Blob,
    start: StartRequest,
    /// How the companion calls it, once it has begun.
    pub name: Rc<OnceCell<String>>,
    parts: Vec<PartDone>,
}

impl Upload {
    /// A file that is to be sent.
    pub fn new(file: Blob, filename: String, store: StoreTo, upload_tags: BTreeMap<String, String>) -> Self {
        let (mimetype, size) = (file.type_(), file.size() as u64);
        let start = StartRequest { filename, mimetype, size, store, upload_tags, ..StartRequest::default() };
        Self { file, start, name: Rc::default(), parts: Vec::new() }
    }

    /// Bytes in all.
    pub fn size(&self) -> u64 {
        self.start.size
    }

    /// Sends what has not arrived yet, and tells how many bytes have. After [`Trouble::Unreachable`] it can be called again.
    pub async fn go_on(&mut self, companion: &Companion, progress: Rc<dyn Fn(u64)>) -> Result<StoredFile, Trouble> {
        let (policy, signature) = companion.site.security();
        let apikey = companion.site.apikey.clone();
        let upload_id = match self.name.get() {
            Some(id) => id.clone(),
            None => {
                let start = StartRequest {
                    apikey: apikey.clone(),
                    policy: policy.clone(),
                    signature: signature.clone(),
                    ..self.start.clone()
                };
                let started: Started = read_answer(companion.call("/multipart/start", json::write(&start)).await?)?;
                self.name.get_or_init(|| started.upload_id).clone()
            }
        };
        let size = self.start.size;
        while (self.parts.len() as u64) * PART < size {
            let from = self.parts.len() as u64 * PART;
            let to = (from + PART).min(size);
            let part = self.parts.len() as u32 + 1;
            let asked = PartRequest {
                apikey: apikey.clone(),
                upload_id: upload_id.clone(),
                part,
                size: to - from,
                policy: policy.clone(),
                signature: signature.clone(),
            };
            let place: PartPlace = read_answer(companion.call("/multipart/upload", json::write(&asked)).await?)?;
            let bytes = self.file.slice_with_f64_and_f64(from as f64, to as f64).map_err(|_| ProblemCode::Other)?;
            let told = progress.clone();
            let etag = put(&place, &bytes, move |sent| told(from + sent)).await?;
            progress(to);
            self.parts.push(PartDone { part_number: part, etag });
        }
        let StartRequest { filename, mimetype, .. } = self.start.clone();
        let parts = self.parts.clone();
        let complete = CompleteRequest { apikey, upload_id, filename, mimetype, size, parts, policy, signature };
        let complete = json::write(&complete);
        loop {
            // An empty answer says that the parts are still being put together; the companion waits a while before it says so.
            let answer = companion.call_for_text("/multipart/complete", complete.clone()).await?;
            if !answer.is_empty() {
                return read(&answer);
            }
        }
    }
}

impl Companion {
    /// Takes an upload back. Not tied to the pick, which may be over before the answer is there.
    pub async fn abort_upload(&self, upload: &str) -> Result<(), Trouble> {
        self.send("/multipart/abort", self.abortion(upload), "application/json", None).await.map(drop)
    }

    /// The same, while the page goes away.
    pub fn abort_upload_going(&self, upload: &str) {
        self.beacon("/multipart/abort", &self.abortion(upload));
    }

    fn abortion(&self, upload: &str) -> String {
        let (policy, signature) = self.site.security();
        let (apikey, upload_id) = (self.site.apikey.clone(), upload.to_owned());
        json::write(&AbortRequest { apikey, upload_id, policy, signature })
    }

    /// What is at an address, as its host says.
    pub async fn describe(&self, url: String) -> Result<AtAddress, Trouble> {
        let (policy, signature) = self.site.security();
        let request = AddressRequest { apikey: self.site.apikey.clone(), url, policy, signature };
        read_answer(self.call("/metadata", json::write(&request)).await?)
    }
}

/// Takes its request back when whoever waits for it is gone.
struct Sending(XmlHttpRequest);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.set_onloadend(None);
        let _ = self.0.abort();
    }
}

/// Puts bytes, and answers the ETag. By `XMLHttpRequest`, because `fetch` does not tell how much is sent.
async fn put(place: &PartPlace, bytes: &Blob, sent: impl Fn(u64) + 'static) -> Result<String, Trouble> {
    let lost = |_| Trouble::Unreachable;
    let request = XmlHttpRequest::new().map_err(lost)?;
    request.open("PUT", &place.url).map_err(lost)?;
    for (name, value) in &place.headers {
        request.set_request_header(name, value).map_err(lost)?;
    }
    let on_progress = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| sent(event.loaded() as u64));
    if let Ok(upload) = request.upload() {
        upload.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
    }
    let ended = js_sys::Promise::new(&mut |resolve, _| request.set_onloadend(Some(&resolve)));
    let sending = Sending(request);
    sending.0.send_with_opt_blob(Some(bytes)).map_err(lost)?;
    let _ = JsFuture::from(ended).await;
    let status = sending.0.status().unwrap_or_default();
    match status {
        200..=299 => sending.0.get_response_header("etag").ok().flatten().ok_or_else(|| ProblemCode::Other.into()),
        0 | 502..=504 => Err(Trouble::Unreachable),
        _ => {
            let text = sending.0.response_text().ok().flatten().unwrap_or_default();
            Err(json::read::<ErrorReply>(&text).map_or_else(|| ProblemCode::Other.into(), |reply| reply.error.into()))
        }
    }
}
