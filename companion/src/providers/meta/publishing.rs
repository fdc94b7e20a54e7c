//! Calls that change something at Meta. What matters of one that ends badly is whether it may have been done all the same: then nobody
//! may make it again before having looked.

use super::Graph;
use super::errors::{GraphError, Limit};
use super::usage::Asker;
use crate::fetch::{Answer, Call, FetchError};
use crate::secrets::{Secret, digest};
use bytes::Bytes;
use reqwest::{Body, RequestBuilder, header, multipart};
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;

/// How a call ended badly.
#[derive(Debug)]
pub enum Trouble {
    /// Meta refused, and nothing was done.
    Refused {
        /// The status.
        status: u16,
        /// Why.
        error: Box<GraphError>,
    },
    /// Meta wants no calls for so long; a call that was made was not done.
    Wait(Duration),
    /// It may have been done or not: no answer came, or one that says neither.
    Unsure(String),
}

/// A file of a form.
#[derive(Debug, Clone)]
pub struct Part {
    /// The form's name for it.
    pub name: &'static str,
    /// The name of the file.
    pub filename: String,
    /// Its type.
    pub mimetype: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Graph {
    /// Reads a node or an edge, once: who publishes comes back by itself.
    pub async fn look<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Trouble> {
        let url = self.url(token, path, query);
        let call = Call { url, bearer: Some(token), form: None };
        self.sent(token, self.fetcher.call(call)).await
    }

    /// Posts a form to a node or an edge.
    pub async fn post<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<T, Trouble> {
        let url = self.url(token, path, &[]);
        let call = Call { url, bearer: Some(token), form: Some(form) };
        self.sent(token, self.fetcher.call(call)).await
    }

    /// Posts a form with a file.
    pub async fn post_file<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        form: &[(&str, &str)],
        file: Part,
    ) -> Result<T, Trouble> {
        let url = self.url(token, path, &[]);
        let size = file.bytes.len() as u64;
        let part = multipart::Part::stream_with_length(Body::from(file.bytes), size).file_name(file.filename);
        let part = part.mime_str(file.mimetype).map_err(|error| Trouble::Unsure(error.to_string()))?;
        let texts = form
            .iter()
            .fold(multipart::Form::new(), |form, (name, value)| form.text((*name).to_owned(), (*value).to_owned()));
        let form = texts.part(file.name, part);
        let fill = |request: RequestBuilder| request.bearer_auth(token.expose()).multipart(form);
        self.sent(token, self.fetcher.upload(url, fill)).await
    }

    /// Posts bytes to the address that the start of an upload named.
    ///
    /// <https://developers.facebook.com/docs/page-stories-api/>: the header is `OAuth`, and not `Bearer`.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        token: &Secret,
        url: Url,
        headers: &[(&'static str, String)],
        body: Option<Body>,
    ) -> Result<T, Trouble> {
        let fill = |request: RequestBuilder| {
            let request = request.header(header::AUTHORIZATION, format!("OAuth {}", token.expose()));
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
            body.into_iter().fold(request, RequestBuilder::body)
        };
        self.sent(token, self.fetcher.upload(url, fill)).await
    }

    /// Removes what an app made. It is no error when it is not there any more.
    pub async fn remove(&self, token: &Secret, id: &str) -> Result<(), Trouble> {
        let removed = self.post::<serde_json::Value>(token, id, &[("method", "delete")]).await;
        match removed {
            Err(Trouble::Refused { error, .. }) if error.code == 100 && error.error_subcode == 33 => Ok(()),
            removed => removed.map(drop),
        }
    }

    async fn sent<T: DeserializeOwned>(
        &self,
        token: &Secret,
        call: impl Future<Output = Result<Answer, FetchError>>,
    ) -> Result<T, Trouble> {
        let asker = Asker { app: self.app.clone(), account: format!("{} {}", self.app, digest(token.expose())) };
        if let Some(left) = asker.pause(self.fetcher.pace()) {
            return Err(Trouble::Wait(left));
        }
        let answer = call.await.map_err(|error| Trouble::Unsure(error.to_string()))?;
        asker.heed(self.fetcher.pace(), &answer);
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body)
                .map_err(|error| Trouble::Unsure(format!("an answer that is not understood: {:?}", error.classify())));
        }
        if Limit::reached(&answer).is_some() {
            return Err(Trouble::Wait(asker.pause(self.fetcher.pace()).unwrap_or_default()));
        }
        Err(told(&answer))
    }
}

/// What an answer other than success says.
fn told(answer: &Answer) -> Trouble {
    let status = answer.status.as_u16();
    match GraphError::of(answer).or_else(|| of_upload(answer)) {
        // "Unknown" and "service" are said of what was done as well as of what was not.
        Some(error) if matches!(error.code, 1 | 2) && error.error_subcode == 0 => Trouble::Unsure(error.cause(status)),
        Some(error) => Trouble::Refused { status, error: Box::new(error) },
        None => Trouble::Unsure(format!("HTTP {status} without a Graph error")),
    }
}

/// The host for uploads has words of its own: `{"debug_info": {"retriable", "type", "message"}}`.
fn of_upload(answer: &Answer) -> Option<GraphError> {
    #[derive(serde::Deserialize)]
    struct Upload {
        debug_info: Info,
    }
    #[derive(serde::Deserialize)]
    struct Info {
        #[serde(default)]
        retriable: bool,
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        message: String,
    }
    let Upload { debug_info: Info { retriable, kind, message } } = serde_json::from_slice(&answer.body).ok()?;
    Some(GraphError { message, kind, is_transient: retriable, ..GraphError::default() })
}
