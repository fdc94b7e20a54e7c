//! How much of what may be asked is used up, as Meta's headers say.
//! <https://developers.facebook.com/docs/graph-api/overview/rate-limiting/#headers>; checked November 2026.

use super::errors::Limit;
use super::hint;
use crate::fetch::{Answer, HeaderMap};
use crate::pace::Pace;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Per cent at which Meta stops answering.
const ALL: f64 = 100.0;
/// Per cent above which what can wait should.
const NEARLY: f64 = 90.0;

/// Who asks, for the pauses that Meta wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The app.
    pub app: String,
    /// One account with the app. Not the token itself: this is kept for as long as a pause is.
    pub account: String,
}

impl Asker {
    /// What is left of a pause, the app's or the account's.
    pub fn pause(&self, pace: &Pace) -> Option<Duration> {
        let now = Instant::now();
        pace.left(&self.app, now).max(pace.left(&self.account, now))
    }

    /// Takes note of what an answer says.
    pub fn heed(&self, pace: &Pace, answer: &Answer) {
        let now = Instant::now();
        let reached = Limit::reached(answer);
        for (who, limit, usage) in [
            (&self.app, Limit::App, of_app(&answer.headers)),
            (&self.account, Limit::Account, of_account(&answer.headers)),
        ] {
            let percent = usage.as_ref().map_or(0.0, Usage::percent);
            if reached == Some(limit) || percent >= ALL {
                let named = usage.and_then(|usage| usage.regained());
                let seconds = pace.too_much(who, named, now).as_secs();
                tracing::warn!(
                    ?limit,
                    percent,
                    seconds,
                    hint = hint(ProblemCode::RateLimited),
                    "Meta has had too many calls, and is not asked for a while"
                );
            } else if percent >= NEARLY {
                pace.nearly_too_much(who, now);
            } else if answer.status.is_success() {
                pace.well(who, now);
            }
        }
    }
}

/// Per cent of three things, of which the highest counts.
#[derive(Debug, Clone, Default, Deserialize)]
struct Usage {
    #[serde(default)]
    call_count: f64,
    #[serde(default)]
    total_time: f64,
    #[serde(default)]
    total_cputime: f64,
    /// Minutes.
    #[serde(default)]
    estimated_time_to_regain_access: f64,
}

impl Usage {
    fn percent(&self) -> f64 {
        self.call_count.max(self.total_time).max(self.total_cputime)
    }

    fn regained(&self) -> Option<Duration> {
        let minutes = self.estimated_time_to_regain_access;
        (minutes > 0.0).then(|| Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX))
    }
}

fn header<T: serde::de::DeserializeOwned>(headers: &HeaderMap, name: &str) -> Option<T> {
    serde_json::from_slice(headers.get(name)?.as_bytes()).ok()
}

fn of_app(headers: &HeaderMap) -> Option<Usage> {
    header(headers, "x-app-usage")
}

/// By ids of business accounts, each of which has several kinds of use. A call is of one account; the fullest kind counts.
fn of_account(headers: &HeaderMap) -> Option<Usage> {
    let all: HashMap<String, Vec<Usage>> = header(headers, "x-business-use-case-usage")?;
    all.into_values().flatten().max_by(|one, other| one.percent().total_cmp(&other.percent()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Answer { status: status.try_into().unwrap(), headers: headers.collect(), body: body.to_owned().into() }
    }

    fn asker(account: &str) -> Asker {
        Asker { app: "app".to_owned(), account: account.to_owned() }
    }

    fn pace() -> Pace {
        Pace::new(Duration::from_secs(30), crate::metrics::Metrics::default())
    }

    const LIMITED: &str =
        r#"{"error":{"message":"(#4) Application request limit reached","type":"OAuthException","code":4}}"#;

    #[test]
    fn an_app_that_is_used_up_pauses_for_everybody() {
        let full = r#"{"call_count":28,"total_time":100,"total_cputime":25}"#;
        let (pace, alice, ben) = (pace(), asker("alice"), asker("ben"));
        alice.heed(
            &pace,
            &answer(200, &[("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":25}"#)], "{}"),
        );
        assert_eq!(alice.pause(&pace), None);
        alice.heed(&pace, &answer(200, &[("x-app-usage", full)], "{}"));
        assert!(alice.pause(&pace).is_some() && ben.pause(&pace).is_some());
    }

    #[test]
    fn an_error_pauses_without_any_header() {
        let (pace, alice) = (pace(), asker("alice"));
        alice.heed(&pace, &answer(403, &[], LIMITED));
        assert!(alice.pause(&pace).unwrap() > Duration::from_secs(25));
    }

    #[test]
    fn an_account_that_is_used_up_pauses_alone_and_for_as_long_as_meta_says() {
        let full = r#"{"178":[{"type":"pages","call_count":3,"total_cputime":1,"total_time":1},
            {"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19}]}"#;
        let full = full.replace('\n', "");
        let (pace, alice, ben) = (pace(), asker("alice"), asker("ben"));
        alice.heed(&pace, &answer(200, &[("x-business-use-case-usage", &full)], "{}"));
        assert!(alice.pause(&pace).unwrap() > Duration::from_secs(18 * 60));
        assert_eq!(ben.pause(&pace), None);
    }

    #[test]
    fn an_app_that_is_nearly_used_up_is_busy() {
        let (pace, alice) = (pace(), asker("alice"));
        alice.heed(&pace, &answer(200, &[("x-app-usage", r#"{"call_count":93}"#)], "{}"));
        assert!(pace.is_busy("app", Instant::now()));
        assert_eq!(alice.pause(&pace), None);
    }

    #[test]
    fn headers_that_are_not_understood_say_nothing() {
        let (pace, alice) = (pace(), asker("alice"));
        for value in ["", "100", "{}", r#"{"call_count":"many"}"#, "<html>"] {
            alice.heed(&pace, &answer(200, &[("x-app-usage", value), ("x-business-use-case-usage", value)], "{}"));
        }
        assert_eq!(alice.pause(&pace), None);
    }
}
