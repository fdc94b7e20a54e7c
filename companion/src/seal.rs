//! Sealing: how secrets rest in the database. XChaCha20-Poly1305, whose nonces are long enough to be random.
//!
//! A sealed text is `s1.<key id>.<nonce and ciphertext, base64url>`. It opens only with the key of that id and for the very
//! place that it was sealed for, so that one row's token cannot be put into another.

use crate::secrets::{Secret, write_private};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

const VERSION: &str = "s1";
const NONCE: usize = 24;
const KEY: usize = 32;
/// The key that a companion without configuration makes for itself.
const KEY_FILE: &str = "encryption.key";

/// The keys: the first seals, all of them open.
#[derive(Clone)]
pub struct Keyring(Arc<Vec<(String, XChaCha20Poly1305)>>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl Keyring {
    /// Reads lines of `<id>:<32 bytes in base64>`, the current key first.
    pub fn read(text: &Secret) -> anyhow::Result<Self> {
        let lines = text.expose().split([',', '\n']).map(str::trim).filter(|line| !line.is_empty());
        let mut keys: Vec<(String, XChaCha20Poly1305)> = Vec::new();
        for (position, line) in lines.enumerate() {
            let place = position + 1;
            let (id, key) = line.split_once(':').with_context(|| format!("key {place} is not <id>:<base64>"))?;
            ensure!(
                (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
                "key {place}: its id must be letters, digits and dashes"
            );
            ensure!(!keys.iter().any(|(known, _)| known == id), "the key id `{id}` is there twice");
            let bytes = STANDARD.decode(key.trim()).with_context(|| format!("key `{id}` is not base64"))?;
            let cipher = XChaCha20Poly1305::new_from_slice(&bytes);
            let cipher = cipher.map_err(|_| anyhow::anyhow!("key `{id}` has {} bytes; it needs {KEY}", bytes.len()))?;
            keys.push((id.to_owned(), cipher));
        }
        ensure!(!keys.is_empty(), "there is no key");
        Ok(Self(Arc::new(keys)))
    }

    /// The keys that lie in `data_dir`; one is made if there is none.
    pub fn in_data_dir(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(KEY_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = new_key();
                write_private(&path, key.expose()).with_context(|| format!("cannot write {}", path.display()))?;
                tracing::info!(file = %path.display(), "made a key that the visitors' tokens are sealed with");
                key.expose().to_owned()
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Self::read(&Secret::new(text)).with_context(|| format!("in {}", path.display()))
    }

    /// Seals a secret for a place, such as `connection:<id>`.
    pub fn seal(&self, place: &str, secret: &Secret) -> String {
        let (id, cipher) = &self.0[0];
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: secret.expose().as_bytes(), aad: place.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("a text of this length can be sealed");
        format!("{VERSION}.{id}.{}", URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for that place. The error names the key that is missing, and no secret.
    pub fn open(&self, place: &str, sealed: &str) -> anyhow::Result<Secret> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(VERSION), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            bail!("this was not sealed by a companion");
        };
        let key = self.0.iter().find(|(known, _)| known == id);
        let (_, cipher) = key.with_context(|| format!("it is sealed with the key `{id}`, which is not there"))?;
        let bytes = URL_SAFE_NO_PAD.decode(text).context("a sealed text is damaged")?;
        let nonce = bytes.first_chunk::<NONCE>().context("a sealed text is damaged")?;
        let payload = Payload { msg: &bytes[NONCE..], aad: place.as_bytes() };
        let opened = cipher.decrypt(&XNonce::from(*nonce), payload);
        let opened = opened.map_err(|_| anyhow::anyhow!("a sealed text is damaged, or of another place"))?;
        Ok(Secret::new(String::from_utf8(opened).context("a sealed text is damaged")?))
    }

    /// Whether it is sealed with the current key.
    pub fn is_current(&self, sealed: &str) -> bool {
        sealed
            .strip_prefix(VERSION)
            .and_then(|rest| rest.strip_prefix('.')?.split_once('.'))
            .is_some_and(|(id, _)| id == self.0[0].0)
    }
}

/// A new key with a new id, as a line for [`Keyring::read`].
pub fn new_key() -> Secret {
    let id = hex::encode(rand::random::<[u8; 4]>());
    Secret::new(format!("{id}:{}", STANDARD.encode(rand::random::<[u8; KEY]>())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(keys: &[&Secret]) -> Keyring {
        let lines: Vec<&str> = keys.iter().map(|key| key.expose()).collect();
        Keyring::read(&Secret::new(lines.join("\n"))).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let ring = ring(&[&new_key()]);
        let token = Secret::new("EAAB-token");
        let sealed = ring.seal("connection:1", &token);
        assert!(!sealed.contains("EAAB") && ring.is_current(&sealed));
        assert_ne!(sealed, ring.seal("connection:1", &token), "a nonce is never used again");
        assert_eq!(ring.open("connection:1", &sealed).unwrap(), token);
        assert!(ring.open("connection:2", &sealed).is_err());
        let mut damaged = sealed.clone();
        damaged.replace_range(sealed.len() - 4.., "AAAA");
        for wrong in [damaged.as_str(), "", "s1", "EAAB-token", "s1.x", "s1.x.y"] {
            assert!(ring.open("connection:1", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_old_key_opens_and_the_new_one_seals() {
        let (old, new) = (new_key(), new_key());
        let sealed = ring(&[&old]).seal("p", &Secret::new("t"));
        let both = ring(&[&new, &old]);
        assert_eq!(both.open("p", &sealed).unwrap().expose(), "t");
        assert!(!both.is_current(&sealed) && both.is_current(&both.seal("p", &Secret::new("t"))));
        let error = ring(&[&new]).open("p", &sealed).unwrap_err().to_string();
        assert!(error.contains(old.expose().split(':').next().unwrap()), "{error}");
    }

    #[test]
    fn keys_that_are_none_are_named() {
        let error = |text: &str| format!("{:#}", Keyring::read(&Secret::new(text)).unwrap_err());
        assert!(error("").contains("no key"));
        assert!(error("abc").contains("key 1"));
        assert!(error("a:c2hvcnQ=").contains("has 5 bytes"));
        assert!(error("a:%%%").contains("base64") && !error("a:%%%").contains('%'));
        let key = new_key();
        assert!(error(&format!("{0},{0}", key.expose())).contains("twice"));
        assert!(!format!("{:?}", ring(&[&key])).contains(key.expose()));
    }

    #[test]
    fn a_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Keyring::in_data_dir(folder.path()).unwrap().seal("p", &Secret::new("t"));
        assert_eq!(Keyring::in_data_dir(folder.path()).unwrap().open("p", &sealed).unwrap().expose(), "t");
    }
}
