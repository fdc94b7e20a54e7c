//! Meta's `signed_request`, verified: a signature, a dot and a payload, both base64url, the first an HMAC-SHA256 with the app's
//! secret over the second as it is written.
//! <https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback/>

use crate::secrets::{Secret, is_hmac};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

/// Meta writes no padding and its documentation's samples do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const ALGORITHM: &str = "HMAC-SHA256";
/// Seconds after which a request no longer counts. Meta posts while the person waits and promises no later attempt, and the
/// `expires` of its sample is an hour after `issued_at`: enough for a request that waited at a proxy. The shorter, the less a
/// copy is worth to whoever finds one.
const LIVES: i64 = 3600;
/// Seconds by which Meta's clock may be ahead of ours.
const AHEAD: i64 = 300;
/// Ids are decimal numbers of some seventeen digits.
const MAX_ID: usize = 64;

/// Whom a verified request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The account, by the id that this app knows it by.
    pub account_id: String,
    /// When Meta wrote it, in seconds since 1970.
    pub issued_at: i64,
}

/// Why a request does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not of that shape.
    #[error("signed_request is not a signature, a dot and a payload in base64url.")]
    Shape,
    /// None of the secrets made its signature.
    #[error("The signature was not made with this app's secret.")]
    Forged,
    /// The payload is signed, but says nothing that is understood.
    #[error("The payload is not JSON with algorithm, issued_at and user_id as Meta writes them.")]
    Payload,
    /// Another algorithm than the one that was verified.
    #[error("The algorithm is not HMAC-SHA256.")]
    Algorithm,
    /// Too old, or from the future.
    #[error("issued_at is more than an hour ago, or in the future.")]
    Stale,
}

/// Further members are none of our business; `expires` is about a token that such requests once carried.
#[derive(Deserialize)]
struct Payload {
    algorithm: String,
    issued_at: i64,
    user_id: Id,
    profile_id: Option<Id>,
}

/// Seventeen digits do not fit a float, so one is not taken for an id.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Verifies a request at the time `now`, in seconds since 1970, against the secrets of the app that it is sent for. Nothing of the
/// payload is looked at before its signature is found right.
pub fn verify(text: &str, secrets: &[Secret], now: i64) -> Result<SignedRequest, Refusal> {
    let (signature, payload) = text.split_once('.').ok_or(Refusal::Shape)?;
    let signature = BASE64.decode(signature).map_err(|_| Refusal::Shape)?;
    let json = BASE64.decode(payload).map_err(|_| Refusal::Shape)?;
    // Anybody can sign with an empty secret.
    let mut usable = secrets.iter().filter(|secret| !secret.is_empty());
    if !usable.any(|secret| is_hmac(secret, payload, &signature)) {
        return Err(Refusal::Forged);
    }
    let payload: Payload = serde_json::from_slice(&json).map_err(|_| Refusal::Payload)?;
    if payload.algorithm != ALGORITHM {
        return Err(Refusal::Algorithm);
    }
    if !(now.saturating_sub(LIVES)..=now.saturating_add(AHEAD)).contains(&payload.issued_at) {
        return Err(Refusal::Stale);
    }
    let user_id = payload.user_id.into_text();
    // A Page that is removed has the user 0 and an id of its own.
    let account_id = match payload.profile_id {
        Some(page) if user_id == "0" => page.into_text(),
        _ => user_id,
    };
    // An empty id is what rows have that belong to nobody known.
    if account_id.is_empty() || account_id.len() > MAX_ID {
        return Err(Refusal::Payload);
    }
    Ok(SignedRequest { account_id, issued_at: payload.issued_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{URL_SAFE as PADDED, URL_SAFE_NO_PAD};
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use serde_json::{Value, json};
    use sha2::Sha256;

    const NOW: i64 = 1_291_836_800;

    fn signed_by(engine: &GeneralPurpose, secret: &str, payload: &str) -> String {
        let payload = engine.encode(payload);
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(payload.as_bytes());
        format!("{}.{payload}", engine.encode(mac.finalize().into_bytes()))
    }

    fn verified(text: &str) -> Result<SignedRequest, Refusal> {
        verify(text, &[Secret::new("other"), Secret::new("secret")], NOW)
    }

    fn payload(changed: &[(&str, Value)]) -> String {
        let mut payload =
            json!({"algorithm": "HMAC-SHA256", "expires": NOW + 1, "issued_at": NOW, "user_id": "218471"});
        for (name, value) in changed {
            payload[name] = value.clone();
        }
        payload.to_string()
    }

    fn judged(changed: &[(&str, Value)]) -> Result<String, Refusal> {
        verified(&signed_by(&URL_SAFE_NO_PAD, "secret", &payload(changed))).map(|request| request.account_id)
    }

    #[test]
    fn a_request_is_read_with_and_without_padding() {
        let expected = SignedRequest { account_id: "218471".to_owned(), issued_at: NOW };
        for engine in [PADDED, URL_SAFE_NO_PAD] {
            assert_eq!(verified(&signed_by(&engine, "secret", &payload(&[]))), Ok(expected.clone()));
        }
        assert!(signed_by(&PADDED, "secret", &payload(&[])).contains("=."), "the sample is padded");
    }

    #[test]
    fn a_request_that_somebody_else_signed_is_forged() {
        assert_eq!(verified(&signed_by(&PADDED, "Secret", &payload(&[]))), Err(Refusal::Forged));
        let text = signed_by(&URL_SAFE_NO_PAD, "secret", &payload(&[]));
        let (signature, _) = text.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(payload(&[("user_id", json!("1"))]));
        assert_eq!(verified(&format!("{signature}.{other}")), Err(Refusal::Forged));
        // The first bytes alone are no signature.
        assert_eq!(verified(&text.replacen(signature, &signature[..40], 1)), Err(Refusal::Forged));
        assert_eq!(verified(&text.replacen(signature, "", 1)), Err(Refusal::Forged));
        let unsigned = signed_by(&URL_SAFE_NO_PAD, "", &payload(&[]));
        assert_eq!(verify(&unsigned, &[Secret::default()], NOW), Err(Refusal::Forged));
        assert_eq!(verify(&text, &[], NOW), Err(Refusal::Forged));
    }

    #[test]
    fn what_has_another_shape_is_refused() {
        for text in ["", ".", "nonsense", "a.b.c", "+/+/.e30", "é.e30"] {
            assert!(matches!(verified(text), Err(Refusal::Shape | Refusal::Forged)), "{text}");
        }
        for payload in ["", "[]", "{}", "null", "{\"user_id\":\"1\""] {
            assert_eq!(verified(&signed_by(&URL_SAFE_NO_PAD, "secret", payload)), Err(Refusal::Payload), "{payload}");
        }
        let twice = payload(&[]).replacen('{', "{\"user_id\":\"1\",", 1);
        assert_eq!(verified(&signed_by(&URL_SAFE_NO_PAD, "secret", &twice)), Err(Refusal::Payload));
    }

    #[test]
    fn the_algorithm_is_the_one_that_was_verified() {
        for other in ["hmac-sha256", "HMAC-SHA1", "none", ""] {
            assert_eq!(judged(&[("algorithm", json!(other))]), Err(Refusal::Algorithm), "{other}");
        }
        assert_eq!(judged(&[("algorithm", json!(null))]), Err(Refusal::Payload));
    }

    #[test]
    fn a_request_counts_for_an_hour() {
        for (issued_at, expected) in [
            (NOW - 3600, Ok(())),
            (NOW - 3601, Err(Refusal::Stale)),
            (NOW + 300, Ok(())),
            (NOW + 301, Err(Refusal::Stale)),
            (i64::MIN, Err(Refusal::Stale)),
            (i64::MAX, Err(Refusal::Stale)),
        ] {
            assert_eq!(judged(&[("issued_at", json!(issued_at))]).map(drop), expected, "{issued_at}");
        }
        for no_time in [json!("1291836800"), json!(1.5), json!(null)] {
            assert_eq!(judged(&[("issued_at", no_time)]), Err(Refusal::Payload));
        }
    }

    #[test]
    fn an_id_is_text_or_a_whole_number() {
        let account = |user_id: Value| judged(&[("user_id", user_id)]);
        assert_eq!(account(json!("17841400000000001")), Ok("17841400000000001".to_owned()));
        assert_eq!(account(json!(17_841_400_000_000_001_u64)), Ok("17841400000000001".to_owned()));
        for no_id in [json!(218471.0), json!(-1), json!(""), json!(null), json!(["1"]), json!("1".repeat(65))] {
            assert_eq!(account(no_id.clone()), Err(Refusal::Payload), "{no_id}");
        }
        let page = judged(&[("user_id", json!(0)), ("profile_id", json!("42"))]);
        assert_eq!(page, Ok("42".to_owned()), "a Page was removed");
        assert_eq!(judged(&[("profile_id", json!("42"))]), Ok("218471".to_owned()));
    }
}
