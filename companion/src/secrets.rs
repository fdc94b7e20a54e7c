//! Keys and tokens: a type that cannot be printed, random names, hashes, signatures.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::distr::{Alphanumeric, SampleString as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::path::Path;

/// Text that must not be seen. It has no `Display` and no `Serialize`; `Debug` shows dots.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; call it where it is used, not before.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// A new token of 256 random bits, safe in URLs.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// A new id of 128 random bits, for rows.
pub fn id() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// The length of a file's handle.
pub const HANDLE_LENGTH: usize = 20;

/// A new handle: twenty letters and digits, as Filestack's are.
pub fn handle() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), HANDLE_LENGTH)
}

/// Whether a path segment has the shape of a handle.
pub fn is_handle(text: &str) -> bool {
    text.len() == HANDLE_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// SHA-256 in hex: how tokens rest in the database, so that a copy of it opens no session.
pub fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// HMAC-SHA256 in hex: Meta's `appsecret_proof`, and what [`Signer`] is made of.
pub fn hmac_hex(key: &Secret, message: &str) -> String {
    hex::encode(mac(key, message).finalize().into_bytes())
}

/// Whether `code` is the HMAC-SHA256 of the message; takes the same time whatever is wrong.
pub fn is_hmac(key: &Secret, message: &str, code: &[u8]) -> bool {
    mac(key, message).verify_slice(code).is_ok()
}

fn mac(key: &Secret, message: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message.as_bytes());
    mac
}

/// Signs what the companion will be shown again.
#[derive(Debug, Clone)]
pub struct Signer(Secret);

impl Signer {
    /// Uses `configured`, or the key kept in `data_dir`, which is made if it is not there.
    pub fn load(configured: &Secret, data_dir: &Path) -> anyhow::Result<Self> {
        if !configured.is_empty() {
            return Ok(Self(configured.clone()));
        }
        let path = data_dir.join("signing.key");
        match std::fs::read_to_string(&path) {
            Ok(key) if key.trim().len() >= 32 => Ok(Self(Secret::new(key.trim()))),
            Ok(_) => anyhow::bail!("{} is damaged; remove it and a new one is made", path.display()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = token();
                write_private(&path, &key).with_context(|| format!("cannot write {}", path.display()))?;
                Ok(Self(Secret::new(key)))
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The signature of these parts in this order. No part can run into the next.
    pub fn sign(&self, parts: &[&str]) -> String {
        hmac_hex(&self.0, &Self::message(parts))
    }

    /// Whether it is the signature of these parts; takes the same time whatever is wrong.
    pub fn verifies(&self, parts: &[&str], signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|signature| is_hmac(&self.0, &Self::message(parts), &signature))
    }

    fn message(parts: &[&str]) -> String {
        parts.iter().map(|part| format!("{}:{part}", part.len())).collect()
    }
}

/// Writes a file that nobody else on the machine reads, and that must not be there yet.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    // A key that is used before it is safe on disk would be lost with the power.
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("hidden")), "•••");
    }

    #[test]
    fn handles_and_tokens_have_their_shape() {
        assert!(is_handle(&handle()));
        assert!(!is_handle("bowerbird.js") && !is_handle("aaaaaaaaaaaaaaaaaaa-") && !is_handle("ééééééééééaaaaaaaaaa"));
        assert_eq!(token().len(), 43);
        assert_ne!(token(), token());
    }

    #[test]
    fn a_signature_is_of_these_parts_only() {
        let signer = Signer(Secret::new("k".repeat(32)));
        let signature = signer.sign(&["ab", "c"]);
        assert!(signer.verifies(&["ab", "c"], &signature));
        assert!(!signer.verifies(&["a", "bc"], &signature));
        assert!(!signer.verifies(&["ab", "c"], "00") && !signer.verifies(&["ab", "c"], "no hex"));
    }

    #[test]
    fn the_hmac_is_metas() {
        // The published test vector 2 of RFC 4231.
        let proof = hmac_hex(&Secret::new("Jefe"), "what do ya want for nothing?");
        assert_eq!(proof, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn the_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let first = Signer::load(&Secret::default(), dir.path()).unwrap().sign(&["x"]);
        assert_eq!(Signer::load(&Secret::default(), dir.path()).unwrap().sign(&["x"]), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(dir.path().join("signing.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
