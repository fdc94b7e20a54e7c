//! Files that Meta fetches itself: images for Instagram, and with Instagram Login videos too.
//!
//! Each has an address that is signed and ends soon, so that nobody else finds it. What it leads to is made when it is asked for, of
//! the same media and in the same way as when it was judged.

use super::body::{Body, kind_of};
use super::content::{self, Content};
use super::media::Media;
use super::rows::Kind;
use crate::Shared;
use crate::config::Config;
use crate::db::now;
use crate::error::ApiError;
use crate::fetch::is_on_this_machine;
use axum::body::Body as HttpBody;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::ProblemCode;
use tokio_util::io::ReaderStream;
use url::Host;

/// How long an address is good, in seconds. Meta fetches at once; what it is slow with it fetches again.
const LIVES: i64 = 3600;

/// Whether Meta can fetch anything from this companion.
///
/// # Errors
/// It cannot; the sentence says what to set.
pub fn reachable(config: &Config) -> Result<(), String> {
    // The emulator fetches from this machine.
    let authority = |url: &url::Url| url.authority().to_owned();
    let graph = &config.facebook_graph_url;
    let port = graph.port_or_known_default().unwrap_or(443);
    if graph.host_str().is_some_and(|host| is_on_this_machine(&format!("{host}:{port}"))) {
        return Ok(());
    }
    let url = &config.public_url;
    let is_public = match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost") && !name.ends_with(".local"),
        Some(Host::Ipv4(address)) => !address.is_private() && !address.is_loopback() && !address.is_link_local(),
        Some(Host::Ipv6(address)) => !address.is_loopback() && !address.is_unique_local(),
        None => false,
    };
    if url.scheme() == "https" && is_public {
        return Ok(());
    }
    Err(format!(
        "Instagram fetches images itself, so it has to reach this companion: set public_url to its https address in the internet. It is {}://{}.",
        url.scheme(),
        authority(url)
    ))
}

/// The address of one of a publication's media.
///
/// # Errors
/// Meta cannot reach the companion; see [`reachable`].
pub fn address(companion: &Shared, publication: &str, at: usize) -> Result<String, String> {
    reachable(&companion.config)?;
    let (at, until) = (at.to_string(), (now() / 1000 + LIVES).to_string());
    let signature = companion.signer.sign(&["offered", publication, &at, &until]);
    Ok(companion.config.public(&format!("/offered/{publication}/{at}/{until}/{signature}")))
}

/// `GET /offered/{publication}/{at}/{until}/{signature}`.
pub async fn serve(
    State(companion): State<Shared>,
    Path((publication, at, until, signature)): Path<(String, String, String, String)>,
) -> Result<Response, ApiError> {
    let is_ours = companion.signer.verifies(&["offered", &publication, &at, &until], &signature);
    let lives = until.parse::<i64>().is_ok_and(|until| until >= now() / 1000);
    let at = at.parse::<usize>().ok().filter(|_| is_ours && lives).ok_or_else(ApiError::not_found)?;
    let row = companion.db.publication(&publication).await?.ok_or_else(ApiError::not_found)?;
    let account = companion.db.account(&row.app_key, &row.account_id).await?.ok_or_else(ApiError::not_found)?;
    let body: Body = serde_json::from_str(&row.body).map_err(ApiError::internal)?;
    let failed = |stop| {
        tracing::warn!(cause = ?stop, "what Meta asks for could not be made");
        ApiError::new(ProblemCode::Internal)
    };
    let contents = content::fetch(&companion, &row.app_key, &body).await.map_err(failed)?;
    let content = contents.get(at).and_then(Option::as_ref).ok_or_else(ApiError::not_found)?;
    let never = [(header::CACHE_CONTROL, "no-store")];
    if let Content { media: Media::Video(_), file } = content {
        let file = tokio::fs::File::from_std(file.try_clone().map_err(ApiError::internal)?);
        let length = file.metadata().await.map_err(ApiError::internal)?.len();
        let headers = [(header::CONTENT_TYPE, "video/mp4".to_owned()), (header::CONTENT_LENGTH, length.to_string())];
        return Ok((never, headers, HttpBody::from_stream(ReaderStream::new(file))).into_response());
    }
    let is_video = |at: usize| matches!(contents.get(at), Some(Some(Content { media: Media::Video(_), .. })));
    let asked = Kind::named(&row.kind).ok_or_else(ApiError::not_found)?;
    let kind = kind_of(&account, asked.form(), &body, is_video);
    let fittings = content::judge(kind, &body, &contents, None).map_err(failed)?;
    let sent = content::image(&companion, content, fittings.get(at).and_then(Option::as_ref)).await.map_err(failed)?;
    Ok((never, [(header::CONTENT_TYPE, sent.mimetype)], sent.bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    #[test]
    fn instagram_reaches_what_is_in_the_open() {
        let at = |graph: &str, public: &str| {
            let url = |text: &str| Url::parse(text).unwrap();
            reachable(&Config { facebook_graph_url: url(graph), public_url: url(public), ..Config::default() })
        };
        let meta = "https://graph.facebook.com";
        assert_eq!(at(meta, "https://photos.example.com"), Ok(()));
        // The emulator is on this machine, as the companion is.
        assert_eq!(at("http://127.0.0.1:8788/graph.facebook.com", "http://127.0.0.1:8787"), Ok(()));
        for inside in [
            "http://127.0.0.1:8787",
            "http://photos.example.com",
            "https://localhost",
            "https://10.0.0.7",
            "https://nas.local",
            "https://[::1]",
        ] {
            let why = at(meta, inside).unwrap_err();
            assert!(why.contains("public_url") && why.contains(inside), "{why}");
        }
    }
}
