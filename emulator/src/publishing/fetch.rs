//! Hosted files, which Meta fetches itself, and what their bytes are.

use std::io::Cursor;
use std::net::IpAddr;
use std::time::Duration;

use image::ImageReader;
use reqwest::Client;
use reqwest::header::{RANGE, USER_AGENT};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::store::Stored;
use crate::platform::Platform;

/// What Meta's fetcher calls itself.
const AGENT: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";
/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file behind a URL, if it can be had. `Err(false)` is a URL that is none.
pub async fn fetch(platform: &Platform, text: &str) -> Result<(Vec<u8>, Stored), bool> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or(false)?;
    if platform.faults.private_urls() && is_private(&url) {
        return Err(true);
    }
    let bytes = get(url).await.map_err(|_| true)?.ok_or(true)?;
    let stored = Stored { url: Some(text.to_owned()), ..inspect(&bytes) };
    Ok((bytes, stored))
}

async fn get(url: Url) -> reqwest::Result<Option<Vec<u8>>> {
    // Whoever runs the emulator within a test may have installed one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let response = client.get(url).header(USER_AGENT, AGENT).header(RANGE, "bytes=0-").send().await?;
    if !response.status().is_success() {
        return Ok(None);
    }
    Ok(Some(response.bytes().await?.to_vec()))
}

/// Whether robots.txt keeps Meta's fetcher away from a URL: in the group that names it, else in the one for all.
pub async fn robots_forbid(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let Ok(robots) = url.join("/robots.txt") else { return false };
    let Ok(Some(rules)) = get(robots).await else { return false };
    forbids(&String::from_utf8_lossy(&rules), url.path())
}

fn forbids(rules: &str, path: &str) -> bool {
    let mut groups: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for line in rules.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "user-agent" => match groups.last_mut() {
                Some((agents, paths)) if paths.is_empty() => agents.push(value.to_ascii_lowercase()),
                _ => groups.push((vec![value.to_ascii_lowercase()], Vec::new())),
            },
            "disallow" => {
                if let Some((_, paths)) = groups.last_mut() {
                    paths.push(value.to_owned());
                }
            }
            _ => {}
        }
    }
    let group = |wanted: &str| groups.iter().find(|(agents, _)| agents.iter().any(|agent| agent.starts_with(wanted)));
    let group = group("facebookexternalhit").or_else(|| group("*"));
    group.is_some_and(|(_, paths)| paths.iter().any(|begin| !begin.is_empty() && path.starts_with(begin.as_str())))
}

/// Whether nobody outside could reach a host.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let inner = [".local", ".internal", ".localhost", ".lan"];
            name == "localhost" || !name.contains('.') || inner.iter().any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => {
            address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
        }
        Some(Host::Ipv6(address)) => {
            let mapped = IpAddr::V6(address).to_canonical();
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local() || mapped.is_ipv4()
        }
        None => true,
    }
}

/// A file's type by its first bytes; `application/octet-stream` where they say nothing.
pub fn mimetype(bytes: &[u8]) -> &'static str {
    if bytes.get(4..8) == Some(b"ftyp") {
        return if bytes.get(8..10) == Some(b"qt") { "video/quicktime" } else { "video/mp4" };
    }
    image::guess_format(bytes).map_or("application/octet-stream", |format| format.to_mime_type())
}

/// Whether a type is a video's.
pub fn is_video(mimetype: &str) -> bool {
    mimetype.starts_with("video/")
}

/// What can be said of a file.
pub fn inspect(bytes: &[u8]) -> Stored {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let size = reader.and_then(|reader| reader.into_dimensions().ok());
    Stored {
        sha256: hex::encode(Sha256::digest(bytes)),
        bytes: bytes.len() as u64,
        mimetype: mimetype(bytes),
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        url: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_hosts_are_known() {
        for url in
            ["http://127.0.0.1:1/a", "http://10.0.0.1/", "http://localhost/", "http://nas.local/", "http://[::1]/"]
        {
            assert!(is_private(&Url::parse(url).unwrap()), "{url}");
        }
        for url in ["https://example.com/a.jpg", "http://93.184.216.34/"] {
            assert!(!is_private(&Url::parse(url).unwrap()), "{url}");
        }
    }

    #[test]
    fn robots_are_read_for_the_fetcher_first() {
        let rules = "User-agent: *\nDisallow: /\n\nUser-agent: facebookexternalhit\nDisallow: /private\n";
        assert!(forbids(rules, "/private/a.mp4"));
        assert!(!forbids(rules, "/a.mp4"));
        assert!(forbids("User-agent: *\nDisallow: /", "/a.mp4"));
        assert!(!forbids("User-agent: other\nDisallow: /", "/a.mp4"));
        assert!(!forbids("User-agent: *\nDisallow:", "/a.mp4"));
    }

    #[test]
    fn types_are_known_by_their_bytes() {
        assert_eq!(mimetype(b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(mimetype(b"BM123456"), "image/bmp");
        assert_eq!(mimetype(b"\x00\x00\x00\x18ftypmp42"), "video/mp4");
        assert_eq!(mimetype(b"<html>"), "application/octet-stream");
    }
}
