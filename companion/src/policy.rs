//! Policies: what the site's own server lets a client do, signed with the key's secret, as Filestack has them
//! (<https://www.filestack.com/docs/security/policies/>).
//!
//! A policy is the base64 of a JSON object; its signature is the hex HMAC-SHA256 of that base64 as it was sent. A policy narrows and
//! names: it never allows what the key's settings forbid.

use crate::secrets::{Secret, is_hmac};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::RegexBuilder;
use serde::{Deserialize, Deserializer};

/// The longest policy that is read, in characters.
const MAX_POLICY: usize = 8 * 1024;
/// How large the program of a pattern may become, in bytes.
const MAX_PATTERN: usize = 256 * 1024;

/// What a policy can allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// Listing and linking.
    Pick,
    /// Reading a file.
    Read,
    /// Reading what is known of a file.
    Stat,
    /// Writing over a file with bytes.
    Write,
    /// Writing over a file with what is at an address.
    WriteUrl,
    /// Storing a new file.
    Store,
    /// Converting a file.
    Convert,
    /// Removing a file.
    Remove,
    /// Reading a photo's EXIF.
    Exif,
    /// Filestack's workflows, which there are none of here.
    RunWorkflow,
    /// One that this companion does not know, and that allows nothing here.
    #[serde(other)]
    Unknown,
}

/// Those of a policy that names none, as Filestack documents it.
const BY_DEFAULT: [Call; 7] =
    [Call::Pick, Call::Read, Call::Stat, Call::Write, Call::WriteUrl, Call::Store, Call::Convert];

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Pick => "pick",
            Self::Read => "read",
            Self::Stat => "stat",
            Self::Write => "write",
            Self::WriteUrl => "writeUrl",
            Self::Store => "store",
            Self::Convert => "convert",
            Self::Remove => "remove",
            Self::Exif => "exif",
            Self::RunWorkflow => "runWorkflow",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a policy does not let something happen. The words are for the developer of the site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key wants one.
    #[error("This needs a policy and its signature, which allow the call `{}`.", .0.name())]
    Missing(Call),
    /// The key has no secret to verify with.
    #[error(
        "The key has no secret, so it takes no policies; `bowerbird-companion app set KEY --new-secret` makes one."
    )]
    NoSecret,
    /// It is not signed with the key's secret.
    #[error("The signature is not that of the policy under the key's secret.")]
    Signature,
    /// It is no policy.
    #[error("The policy is not the base64 of a policy's JSON: {0}.")]
    Unreadable(String),
    /// Its time is over.
    #[error("The policy has expired.")]
    Expired,
    /// It allows other calls.
    #[error("The policy does not allow the call `{}`.", .0.name())]
    Call(Call),
    /// It is for another file, path, container or address, or for other sizes.
    #[error("The policy's `{0}` does not allow this.")]
    Bound(&'static str),
}

/// What is to be done, as far as a policy may narrow it. What is not known yet is `None`, and judged again once it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deed<'a> {
    /// The file.
    pub handle: Option<&'a str>,
    /// Bytes that are stored.
    pub size: Option<u64>,
    /// The folder that is stored to.
    pub path: Option<&'a str>,
    /// The container that is stored to.
    pub container: Option<&'a str>,
    /// The address that is read.
    pub url: Option<&'a str>,
}

/// A policy whose signature was right and whose time is not over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Seconds since 1970.
    expiry: Option<i64>,
    #[serde(default, deserialize_with = "one_or_many")]
    call: Option<Vec<Call>>,
    handle: Option<String>,
    url: Option<String>,
    max_size: Option<u64>,
    min_size: Option<u64>,
    path: Option<String>,
    container: Option<String>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Call>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Calls {
        One(Call),
        Many(Vec<Call>),
    }
    Ok(Option::<Calls>::deserialize(deserializer)?.map(|calls| match calls {
        Calls::One(call) => vec![call],
        Calls::Many(calls) => calls,
    }))
}

impl Policy {
    /// Verifies a policy over the text that was received, in either alphabet of base64, with or without padding. `now` is in seconds
    /// since 1970.
    ///
    /// # Errors
    /// Another signature, text that is no policy, no expiry or one that has passed.
    pub fn verify(policy: &str, signature: &str, secret: &Secret, now: i64) -> Result<Self, Refusal> {
        if policy.len() > MAX_POLICY {
            return Err(Refusal::Unreadable("it is too long".to_owned()));
        }
        let signature = hex::decode(signature.trim()).map_err(|_| Refusal::Signature)?;
        if secret.is_empty() || !is_hmac(secret, policy, &signature) {
            return Err(Refusal::Signature);
        }
        let any_padding = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let url_safe = policy.replace('+', "-").replace('/', "_");
        let json = GeneralPurpose::new(&URL_SAFE, any_padding).decode(url_safe);
        let json = json.map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let policy: Self = serde_json::from_slice(&json).map_err(|error| Refusal::Unreadable(error.to_string()))?;
        match policy.expiry {
            None => Err(Refusal::Unreadable("it has no `expiry`".to_owned())),
            Some(expiry) if expiry <= now => Err(Refusal::Expired),
            Some(_) => Ok(policy),
        }
    }

    /// Whether it lets this be done.
    ///
    /// # Errors
    /// Names what it does not allow.
    pub fn allows<'a>(&self, call: Call, deed: Deed<'a>) -> Result<(), Refusal> {
        if !self.call.as_deref().unwrap_or(&BY_DEFAULT).contains(&call) {
            return Err(Refusal::Call(call));
        }
        if let (Some(only), Some(handle)) = (&self.handle, deed.handle)
            && only != handle
        {
            return Err(Refusal::Bound("handle"));
        }
        if let Some(size) = deed.size {
            if self.max_size.is_some_and(|most| size > most) {
                return Err(Refusal::Bound("maxSize"));
            }
            if self.min_size.is_some_and(|least| size < least) {
                return Err(Refusal::Bound("minSize"));
            }
        }
        // Where a new file goes, the default place is one of them.
        let place = |asked: Option<&'a str>| asked.or((call == Call::Store).then_some(""));
        for (name, pattern, text) in [
            ("path", &self.path, place(deed.path)),
            ("container", &self.container, place(deed.container)),
            ("url", &self.url, deed.url),
        ] {
            if let (Some(pattern), Some(text)) = (pattern, text)
                && !matches(pattern, text)
            {
                return Err(Refusal::Bound(name));
            }
        }
        Ok(())
    }

    /// When it ends, in seconds since 1970.
    pub fn expiry(&self) -> Option<i64> {
        self.expiry
    }

    /// The most bytes that may be stored with it.
    pub fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// The fewest.
    pub fn min_size(&self) -> Option<u64> {
        self.min_size
    }
}

/// Whether a whole text is what a pattern describes. One that is no pattern describes nothing.
fn matches(pattern: &str, text: &str) -> bool {
    let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(MAX_PATTERN).build();
    whole.is_ok_and(|whole| whole.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::hmac_hex;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    fn secret() -> Secret {
        Secret::new("a key's secret")
    }

    fn read(json: &str) -> Result<Policy, Refusal> {
        let policy = STANDARD.encode(json);
        Policy::verify(&policy, &hmac_hex(&secret(), &policy), &secret(), 1000)
    }

    #[test]
    fn the_signature_is_of_the_text_as_it_was_sent() {
        let json = r#"{"expiry":2000,"call":["read"],"handle":"???>>>"}"#;
        let (standard, url_safe) = (STANDARD.encode(json), URL_SAFE_NO_PAD.encode(json));
        assert_ne!(standard, url_safe);
        for policy in [&standard, &url_safe] {
            let read = Policy::verify(policy, &hmac_hex(&secret(), policy), &secret(), 1000).unwrap();
            assert_eq!(read.handle.as_deref(), Some("???>>>"));
        }
        let foreign = hmac_hex(&secret(), &url_safe);
        assert_eq!(Policy::verify(&standard, &foreign, &secret(), 1000), Err(Refusal::Signature));
        assert_eq!(Policy::verify(&standard, "no hex", &secret(), 1000), Err(Refusal::Signature));
        let empty = hmac_hex(&Secret::default(), &standard);
        assert_eq!(Policy::verify(&standard, &empty, &Secret::default(), 1000), Err(Refusal::Signature));
    }

    #[test]
    fn a_policy_has_its_time() {
        assert!(read(r#"{"expiry":1001}"#).is_ok());
        assert_eq!(read(r#"{"expiry":1000}"#), Err(Refusal::Expired));
        assert!(matches!(read(r#"{"call":["read"]}"#), Err(Refusal::Unreadable(_))));
        assert!(matches!(read("no json"), Err(Refusal::Unreadable(_))));
    }

    #[test]
    fn calls_are_those_that_are_named_or_the_harmless_ones() {
        let calls = |json: &str| {
            let policy = read(json).unwrap();
            [Call::Read, Call::Store, Call::Remove, Call::Exif].map(|call| policy.allows(call, Deed::default()).is_ok())
        };
        assert_eq!(calls(r#"{"expiry":2000}"#), [true, true, false, false]);
        assert_eq!(calls(r#"{"expiry":2000,"call":"remove"}"#), [false, false, true, false]);
        assert_eq!(calls(r#"{"expiry":2000,"call":["exif","store","fly"]}"#), [false, true, false, true]);
        assert_eq!(calls(r#"{"expiry":2000,"call":[]}"#), [false; 4]);
    }

    #[test]
    fn what_it_names_it_narrows() {
        let allows =
            |json: &str, deed| read(&format!(r#"{{"expiry":2000,{json}}}"#)).unwrap().allows(Call::Store, deed);
        let (path, container) = (
            |path| Deed { path: Some(path), ..Deed::default() },
            |name| Deed { container: Some(name), ..Deed::default() },
        );
        let size = |size| Deed { size: Some(size), ..Deed::default() };
        assert!(allows(r#""path":"/prints/.*""#, path("/prints/2026/")).is_ok());
        for other in ["/etc", "/x/prints/1", "/prints"] {
            assert_eq!(allows(r#""path":"/prints/.*""#, path(other)), Err(Refusal::Bound("path")), "{other}");
        }
        assert_eq!(allows(r#""path":"a|b""#, path("bc")), Err(Refusal::Bound("path")));
        assert_eq!(allows(r#""container":"(""#, container("(")), Err(Refusal::Bound("container")));
        assert_eq!(allows(r#""maxSize":10"#, size(11)), Err(Refusal::Bound("maxSize")));
        assert_eq!(allows(r#""minSize":10"#, size(9)), Err(Refusal::Bound("minSize")));
        assert!(allows(r#""minSize":10,"maxSize":10"#, size(10)).is_ok());
        let handle = Deed { handle: Some("B"), ..Deed::default() };
        assert_eq!(allows(r#""handle":"A""#, handle), Err(Refusal::Bound("handle")));
        let url = Deed { url: Some("https://evil.example/https://shop.example/"), ..Deed::default() };
        assert_eq!(allows(r#""url":"https://shop\\.example/.*""#, url), Err(Refusal::Bound("url")));
    }
}
