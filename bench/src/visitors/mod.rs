//! Those who use what is measured, each as its own page does: [`ours`], [`theirs`], and [`direct`], who needs no companion.

pub mod direct;
pub mod ours;
pub mod theirs;

use anyhow::{Context as _, Result};

/// The origin of the page that all of them are on.
pub const ORIGIN: &str = "http://shop.example";

/// What a page of photos had.
pub struct Page {
    /// How many photos.
    pub photos: usize,
    /// Where the next one begins; nothing after the last.
    pub next: Option<String>,
}

/// A client of its own, with its own connections, as every browser is.
pub fn client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // Less than Node.js keeps a connection that is idle: what is closed meanwhile cannot be used again.
        .pool_idle_timeout(std::time::Duration::from_secs(3));
    client.build().context("no HTTP client can be made")
}

/// What stands between the two.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_is_found() {
        assert_eq!(between("a<b>c</b>", "<b>", "</b>"), Some("c"));
        assert_eq!(between("a<b>c", "<b>", "</b>"), None);
    }
}
