//! Troubles that can be switched on: over HTTP with `PUT /_emulator/faults/<name>`, in Rust with
//! [`Emulator::set_fault`](crate::Emulator::set_fault).

mod kinds;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use kinds::{FAULT_NAMES, Fault};

use crate::graph::RefusalKind;
use crate::publishing::{PublishKind, PublishStep};

/// A fault that is on, and the number of the last token that was issued before.
#[derive(Clone, Debug)]
struct Active {
    fault: Fault,
    after_token: u64,
}

/// The faults that are on: one of each kind at most.
#[derive(Debug, Default)]
pub struct Faults {
    active: Mutex<Vec<Active>>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches one on; another of the same kind (of publishing, of the same step) is replaced. `last_token` is the number of the newest token.
    pub fn set(&self, fault: Fault, last_token: u64) {
        let mut active = self.lock();
        active.retain(|other| match (&other.fault, &fault) {
            (Fault::Publish { step: one, .. }, Fault::Publish { step: other, .. }) => one != other,
            (one, other) => std::mem::discriminant(one) != std::mem::discriminant(other),
        });
        active.push(Active { fault, after_token: last_token });
    }

    /// Switches all off.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Switches one off; says whether it was on.
    pub fn clear_named(&self, name: &str) -> bool {
        let mut active = self.lock();
        let before = active.len();
        active.retain(|other| serde_json::to_value(&other.fault).is_ok_and(|value| value["name"] != name));
        active.len() < before
    }

    /// What is on.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().iter().map(|active| active.fault.clone()).collect()
    }

    /// The answer of the first fault that `pick` has one for; counts down its `times`.
    fn hit<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut active = self.lock();
        let position = active.iter().position(|active| pick(&active.fault).is_some())?;
        let answer = pick(&active[position].fault);
        if let Some(Some(left)) = active[position].fault.times() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                active.remove(position);
            }
        }
        answer
    }

    /// How long a host is to wait before it answers.
    pub fn delay(&self, host: &str) -> Option<Duration> {
        self.hit(|fault| match fault {
            Fault::Slow { ms, host: only, .. } if only.as_deref().is_none_or(|only| only == host) => {
                Some(Duration::from_millis(*ms))
            }
            _ => None,
        })
    }

    /// The 5xx that a host is to answer with.
    pub fn server_error(&self, host: &str) -> Option<u16> {
        let is_api = host.starts_with("graph.") || (host.starts_with("api."));
        self.hit(|fault| match fault {
            Fault::ServerErrors { host: only, status, .. } => {
                only.as_deref().map_or(is_api, |only| only == host).then_some(status.unwrap_or(500))
            }
            _ => None,
        })
    }

    /// The error code of a rate limit.
    pub fn rate_limit(&self) -> Option<i64> {
        self.hit(|fault| match fault {
            Fault::RateLimited { code, .. } => Some(code.unwrap_or(4)),
            _ => None,
        })
    }

    /// How many bytes of a picture come through; the inner `None` is half of them.
    pub fn cut(&self) -> Option<Option<usize>> {
        self.hit(|fault| match fault {
            Fault::CutImages { after_bytes, .. } => Some(*after_bytes),
            _ => None,
        })
    }

    /// Whether a picture is to be an HTML page.
    pub fn not_an_image(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::NotAnImage { .. }).then_some(())).is_some()
    }

    /// Whether a picture's address is to count as expired.
    pub fn expired_image(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::ExpiredImages { .. }).then_some(())).is_some()
    }

    /// How long a login page waits before it redirects.
    pub fn login_delay(&self) -> Option<Duration> {
        self.hit(|fault| match fault {
            Fault::SlowLogin { ms } => Some(Duration::from_millis(*ms)),
            _ => None,
        })
    }

    /// Whether a page of this listing is to be empty.
    pub fn empty_page(&self, edge: &str) -> bool {
        self.hit(|fault| match fault {
            Fault::EmptyPage { edge: only, .. } => only.as_deref().is_none_or(|only| only == edge).then_some(()),
            _ => None,
        })
        .is_some()
    }

    /// Whether Instagram answers the code exchange as documented.
    pub fn documented_token_shape(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::DocumentedTokenShape).then_some(())).is_some()
    }

    /// Whether the apps are in development mode.
    pub fn development_mode(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::DevelopmentMode).then_some(())).is_some()
    }

    /// What the login pages are to say in `Cross-Origin-Opener-Policy`.
    pub fn login_coop(&self) -> Option<String> {
        self.hit(|fault| match fault {
            Fault::LoginCoop { value } => Some(value.clone().unwrap_or_else(|| "same-origin".to_owned())),
            _ => None,
        })
    }

    /// The parameters with which a dialog is to lead back instead of a code.
    pub fn login_error(&self) -> Option<Vec<(&'static str, String)>> {
        self.hit(|fault| match fault {
            Fault::LoginError { error, error_reason, error_code, error_description, .. } => {
                let params = [
                    ("error", Some(error.clone())),
                    ("error_code", error_code.map(|code| code.to_string())),
                    ("error_description", error_description.clone()),
                    ("error_reason", error_reason.clone()),
                ];
                Some(params.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
            }
            _ => None,
        })
    }

    /// Why a call with a good token is to be refused. `for_data` says whether it asks for albums, photos or media.
    pub fn refusal(&self, for_data: bool) -> Option<RefusalKind> {
        self.hit(|fault| match fault {
            Fault::Refusal { kind, .. } => (for_data || kind.is_about_token()).then_some(*kind),
            _ => None,
        })
    }

    /// What the usage headers are to report: per cent, and minutes.
    pub fn usage(&self) -> Option<(u64, Option<u64>)> {
        self.hit(|fault| match fault {
            Fault::Usage { percent, minutes, .. } => Some((*percent, *minutes)),
            _ => None,
        })
    }

    /// What goes wrong at a step of publishing, and after how many bytes of an upload; counts down `skip` first.
    pub fn publish(&self, at: PublishStep) -> Option<(PublishKind, Option<u64>)> {
        for active in self.lock().iter_mut() {
            if let Fault::Publish { step, skip: Some(left), .. } = &mut active.fault
                && *step == at
                && *left > 0
            {
                *left -= 1;
                return None;
            }
        }
        self.hit(|fault| match fault {
            Fault::Publish { step, kind, after_bytes, .. } => (*step == at).then_some((*kind, *after_bytes)),
            _ => None,
        })
    }

    /// How a video or a container is looked at: for how many questions, and why it fails.
    pub fn processing(&self) -> Option<(Option<u32>, Option<String>)> {
        self.hit(|fault| match fault {
            Fault::Processing { questions, error, .. } => Some((*questions, error.clone())),
            _ => None,
        })
    }

    /// Whether private addresses cannot be fetched.
    pub fn private_urls(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::PrivateUrls).then_some(())).is_some()
    }

    /// Whether `debug_token` names no Pages.
    pub fn all_pages(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::AllPages).then_some(())).is_some()
    }

    /// Whether Instagram's tokens lack the basic permission.
    pub fn no_basic_permission(&self) -> bool {
        self.hit(|fault| matches!(fault, Fault::NoBasicPermission).then_some(())).is_some()
    }

    /// Whether the token with this number counts as expired.
    pub fn expires_token(&self, number: u64) -> bool {
        self.lock().iter().any(|active| active.fault == Fault::ExpiredTokens && number <= active.after_token)
    }

    /// Whether the token with this number counts as revoked.
    pub fn revokes_token(&self, number: u64) -> bool {
        self.lock().iter().any(|active| active.fault == Fault::RevokedTokens && number <= active.after_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_that_serde_knows() {
        for name in FAULT_NAMES {
            let params = match name {
                "slow" | "slow_login" => serde_json::json!({ "name": name, "ms": 1 }),
                "login_error" => serde_json::json!({ "name": name, "error": "access_denied" }),
                "refusal" => serde_json::json!({ "name": name, "kind": "not_reviewed" }),
                "usage" => serde_json::json!({ "name": name, "percent": 95 }),
                "publish" => serde_json::json!({ "name": name, "step": "photo", "kind": "cut" }),
                _ => serde_json::json!({ "name": name }),
            };
            let fault: Fault = serde_json::from_value(params).unwrap();
            assert_eq!(serde_json::to_value(&fault).unwrap()["name"], name);
        }
    }

    #[test]
    fn a_misspelt_parameter_is_refused() {
        let params = serde_json::json!({ "name": "not_an_image", "time": 1 });
        assert!(serde_json::from_value::<Fault>(params).is_err());
    }

    #[test]
    fn times_counts_down_and_switches_off() {
        let faults = Faults::default();
        faults.set(Fault::NotAnImage { times: Some(2) }, 0);
        assert!(faults.not_an_image());
        assert!(faults.not_an_image());
        assert!(!faults.not_an_image());
        assert!(faults.list().is_empty());
    }

    #[test]
    fn one_of_a_kind_replaces_the_other() {
        let faults = Faults::default();
        faults.set(Fault::Slow { ms: 1, host: None, times: None }, 0);
        faults.set(Fault::Slow { ms: 2, host: Some("graph.facebook.com".into()), times: None }, 0);
        assert_eq!(faults.delay("scontent.xx.fbcdn.net"), None);
        assert_eq!(faults.delay("graph.facebook.com"), Some(Duration::from_millis(2)));
        assert!(faults.clear_named("slow"));
        assert!(!faults.clear_named("slow"));
    }

    #[test]
    fn server_errors_leave_pictures_alone_unless_they_are_named() {
        let faults = Faults::default();
        faults.set(Fault::ServerErrors { times: None, host: None, status: None }, 0);
        assert_eq!(faults.server_error("graph.instagram.com"), Some(500));
        assert_eq!(faults.server_error("scontent.xx.fbcdn.net"), None);
        let host = Some("scontent.xx.fbcdn.net".to_owned());
        faults.set(Fault::ServerErrors { times: Some(1), host, status: Some(503) }, 0);
        assert_eq!(faults.server_error("graph.instagram.com"), None);
        assert_eq!(faults.server_error("scontent.xx.fbcdn.net"), Some(503));
        assert_eq!(faults.server_error("scontent.xx.fbcdn.net"), None);
    }

    #[test]
    fn a_refusal_spares_the_person_unless_it_is_about_the_token() {
        let faults = Faults::default();
        faults.set(Fault::Refusal { kind: RefusalKind::NotReviewed, times: Some(1) }, 0);
        assert_eq!(faults.refusal(false), None);
        assert_eq!(faults.refusal(true), Some(RefusalKind::NotReviewed));
        assert_eq!(faults.refusal(true), None);
        faults.set(Fault::Refusal { kind: RefusalKind::Checkpoint, times: None }, 0);
        assert_eq!(faults.refusal(false), Some(RefusalKind::Checkpoint));
    }

    #[test]
    fn only_tokens_of_before_expire() {
        let faults = Faults::default();
        faults.set(Fault::ExpiredTokens, 7);
        assert!(faults.expires_token(7));
        assert!(!faults.expires_token(8));
        assert!(!faults.revokes_token(7));
    }
}
