//! Requests to addresses that the operator alone chose, which may be anywhere: nothing of a visitor or a site is in them.

use super::{NO_TLS, prepare_tls, words};
use anyhow::Context as _;
use axum::body::Bytes;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use reqwest::Client;
use std::time::Duration;
use tokio::runtime::Handle;
use url::Url;

/// How long one of them may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn client() -> anyhow::Result<Client> {
    prepare_tls();
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
    client.build().context(NO_TLS)
}

/// The status with which something answers at an address.
///
/// # Errors
/// Nothing answers; the words say why.
pub async fn reach(url: &Url) -> Result<u16, String> {
    let client = client().map_err(|error| format!("{error:#}"))?;
    client.get(url.clone()).send().await.map(|answer| answer.status().as_u16()).map_err(words)
}

/// Sends traces to a collector. Its caller is a thread outside of the runtime, in which the requests are made.
#[derive(Debug)]
pub struct Collector {
    client: Client,
    runtime: Handle,
}

impl Collector {
    /// Within a runtime, which must live as long.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { client: client()?, runtime: Handle::current() })
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let client = self.client.clone();
        let asked = self.runtime.spawn(async move {
            let answer = client.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.extend(answer.headers().clone());
            }
            Ok::<_, HttpError>(response.body(answer.bytes().await?)?)
        });
        Box::pin(async move { asked.await? })
    }
}
