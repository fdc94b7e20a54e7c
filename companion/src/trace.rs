//! The name of a request, by which an operator finds all log lines of what a visitor did: from the call of the widget, or of
//! another client, to the transfer that a worker does for it later. Providers are not told it.

use crate::secrets;
use axum::http::{HeaderMap, HeaderName};
use std::fmt;

/// The header in which Filestack's client names its calls, and in which ours are answered.
pub const HEADER: HeaderName = HeaderName::from_static("filestack-trace-id");

/// How long a name may be that a client chose. Filestack's client makes some twenty characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;

/// A name of 8 to 64 ASCII letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// The client's, where it is a name that may stand in a log line; else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let named = headers.get(HEADER).and_then(|name| name.to_str().ok()).filter(|name| is_plain(name));
        Self(named.map_or_else(|| secrets::id()[..16].to_owned(), str::to_owned))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(name: &str) -> bool {
    LENGTHS.contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_does_not_belong_into_a_log_is_replaced() {
        let of = |name: &[u8]| {
            let headers = HeaderMap::from_iter([(HEADER, axum::http::HeaderValue::from_bytes(name).unwrap())]);
            TraceId::of(&headers).0
        };
        assert_eq!(of(b"1782000000-k3v9x0q2"), "1782000000-k3v9x0q2");
        for bad in [
            b"short".as_slice(),
            b"with a space in it",
            b"quote\"quote\"",
            b"<script>",
            "längere".as_bytes(),
            &[b'a'; 65],
        ] {
            let made = of(bad);
            assert!(made.as_bytes() != bad && is_plain(&made), "{made}");
        }
        assert_ne!(TraceId::of(&HeaderMap::new()), TraceId::of(&HeaderMap::new()));
    }
}
