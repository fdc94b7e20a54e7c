//! Sealing: how secrets rest in the database. XChaCha20-Poly1305, whose nonces are long enough to be random.
//!
//! A sealed text is `s1.<key id>.<nonce and ciphertext, base64url>`. It opens only with the key of that id and for the very
//! place that it was sealed for, so that one row's token cannot be put into another. Keys that lie in a file are read again
//! when it changes, so that a new key needs no restart.

use crate::config::Config;
use crate::mode::Mode;
use crate::secrets::{Secret, write_private};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

const VERSION: &str = "s1";
const NONCE: usize = 24;
const KEY: usize = 32;
/// The longest that a key's id may be.
pub const MAX_ID: usize = 32;
/// The key that a companion without configuration makes for itself.
const KEY_FILE: &str = "encryption.key";
/// Of 32 random bytes practically never fewer than this differ.
const DIFFERENT_BYTES: usize = 16;

/// The keys: the first seals, all of them open.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    /// Where they lie, if it is a file.
    file: Option<PathBuf>,
    keys: RwLock<Arc<Vec<Key>>>,
}

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
    /// Whether it looks like a text or a pattern rather than like chance.
    weak: bool,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Keyring {
    /// The keys that the settings name; in demo mode, where they name none, those in `data_dir`.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        match (&config.encryption_keys, &config.encryption_keys_file) {
            (keys, Some(_)) if !keys.is_empty() => {
                bail!("encryption_keys, encryption_keys_file: both are set; set one of them")
            }
            (keys, None) if !keys.is_empty() => Self::read(keys).context("encryption_keys"),
            (_, Some(file)) => Self::in_file(file).context("encryption_keys_file"),
            _ if config.mode == Mode::Production => bail!(
                "encryption_keys: no key is configured; `bowerbird-companion keys new` makes one, \
                 for this setting or for the file that encryption_keys_file names"
            ),
            _ => Self::in_data_dir(&config.data_dir),
        }
    }

    /// Reads lines of `<id>:<32 bytes in base64>`, the current key first.
    pub fn read(text: &Secret) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner { file: None, keys: RwLock::new(Arc::new(read_keys(text)?)) })))
    }

    /// The keys that lie in a file.
    pub fn in_file(path: &Path) -> anyhow::Result<Self> {
        let keys = RwLock::new(Arc::new(read_file(path)?));
        Ok(Self(Arc::new(Inner { file: Some(path.to_owned()), keys })))
    }

    /// The keys that lie in `data_dir`; one is made if there is none.
    pub fn in_data_dir(data_dir: &Path) -> anyhow::Result<Self> {
        let path = Self::file_in(data_dir);
        if !path.exists() {
            let _lock = lock(&path)?;
            // Another process may have made it while this one waited.
            if !path.exists() {
                write_private(&path, new_key().expose()).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Self::in_file(&path)
    }

    /// Where the keys of a companion without configuration lie.
    pub fn file_in(data_dir: &Path) -> PathBuf {
        data_dir.join(KEY_FILE)
    }

    fn keys(&self) -> Arc<Vec<Key>> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Their ids, the current one first.
    pub fn ids(&self) -> Vec<String> {
        self.keys().iter().map(|key| key.id.clone()).collect()
    }

    /// The ids of keys that somebody has thought up, or copied from an example.
    pub fn weak(&self) -> Vec<String> {
        self.keys().iter().filter(|key| key.weak).map(|key| key.id.clone()).collect()
    }

    /// Reads the file again, if the keys lie in one. What was there stays when it cannot be read.
    pub fn refresh(&self) -> anyhow::Result<()> {
        let Some(file) = &self.0.file else { return Ok(()) };
        let keys = read_file(file)?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// Seals a secret for a place, such as `connection:<id>`.
    pub fn seal(&self, place: &str, secret: &Secret) -> String {
        let Key { id, cipher, .. } = &self.keys()[0];
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
        if !self.knows(id) {
            // Another process may have sealed it with a key that it has just put into the file.
            self.refresh()?;
        }
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == id);
        let key = key.with_context(|| format!("it is sealed with the key `{id}`, which is not there"))?;
        let bytes = URL_SAFE_NO_PAD.decode(text).context("a sealed text is damaged")?;
        let nonce = bytes.first_chunk::<NONCE>().context("a sealed text is damaged")?;
        let payload = Payload { msg: &bytes[NONCE..], aad: place.as_bytes() };
        let opened = key.cipher.decrypt(&XNonce::from(*nonce), payload);
        let opened = opened.map_err(|_| anyhow::anyhow!("a sealed text is damaged, or of another place"))?;
        Ok(Secret::new(String::from_utf8(opened).context("a sealed text is damaged")?))
    }

    fn knows(&self, id: &str) -> bool {
        self.keys().iter().any(|key| key.id == id)
    }

    /// What everything begins with that is sealed with the current key.
    pub fn current_prefix(&self) -> String {
        format!("{VERSION}.{}.", self.keys()[0].id)
    }

    /// Whether it is sealed with the current key.
    pub fn is_current(&self, sealed: &str) -> bool {
        sealed.starts_with(&self.current_prefix())
    }
}

/// The id of the key that something is sealed with.
pub fn key_id(sealed: &str) -> Option<&str> {
    sealed.strip_prefix(VERSION)?.strip_prefix('.')?.split('.').next()
}

/// A new key with a new id, as a line for [`Keyring::read`].
pub fn new_key() -> Secret {
    let id = hex::encode(rand::random::<[u8; 4]>());
    Secret::new(format!("{id}:{}", STANDARD.encode(rand::random::<[u8; KEY]>())))
}

/// Puts a new key first into a file of keys. Whoever reads it meanwhile sees the old file or the new one; whoever could read the
/// old one can read the new one.
pub fn put_new_key_first(path: &Path) -> anyhow::Result<()> {
    // A link stays: what is replaced is the file that it leads to.
    let path = &fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
    let _lock = lock(path)?;
    let old = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    read_keys(&Secret::new(old.as_str())).with_context(|| format!("in {}", path.display()))?;
    let beside = beside(path, "new");
    // One that is there was left by a process that was stopped: nobody else is here while we hold the lock.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", beside.display()));
        }
        _ => {}
    }
    let replaced = write_private(&beside, &format!("{}\n{old}", new_key().expose()))
        .with_context(|| format!("cannot write {}", beside.display()))
        .and_then(|()| take_after(&beside, path))
        .and_then(|()| fs::rename(&beside, path).with_context(|| format!("cannot replace {}", path.display())));
    if replaced.is_err() {
        // It has all the keys in it. What went wrong is what is told.
        drop(fs::remove_file(&beside));
    }
    replaced
}

/// Gives a file the owner, the group and the rights of the one that it will replace: the companion may run as another user than
/// the one who is at work here.
#[cfg(unix)]
fn take_after(file: &Path, replaced: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let metadata = |path: &Path| fs::metadata(path).with_context(|| format!("cannot read {}", path.display()));
    let (new, old) = (metadata(file)?, metadata(replaced)?);
    let owner = (new.uid() != old.uid()).then_some(old.uid());
    let group = (new.gid() != old.gid()).then_some(old.gid());
    if owner.is_some() || group.is_some() {
        chown(file, owner, group).with_context(|| {
            format!(
                "{} is of the user {} and the group {}, to whom you cannot give a file, so nothing was changed; run this as that \
                 user or as root",
                replaced.display(),
                old.uid(),
                old.gid()
            )
        })?;
    }
    fs::set_permissions(file, old.permissions()).with_context(|| format!("cannot set the rights of {}", file.display()))
}

/// Elsewhere a file has the rights of its folder.
#[cfg(not(unix))]
fn take_after(_: &Path, _: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// Holds other processes off a file of keys until it is dropped.
fn lock(path: &Path) -> anyhow::Result<File> {
    let path = beside(path, "lock");
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn read_file(path: &Path) -> anyhow::Result<Vec<Key>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    read_keys(&Secret::new(text)).with_context(|| format!("in {}", path.display()))
}

fn read_keys(text: &Secret) -> anyhow::Result<Vec<Key>> {
    let lines = text.expose().split([',', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let mut keys: Vec<Key> = Vec::new();
    for (position, line) in lines.enumerate() {
        let place = position + 1;
        let (id, key) = line.split_once(':').with_context(|| format!("key {place} is not <id>:<base64>"))?;
        ensure!(
            (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "key {place}: its id must be letters, digits and dashes"
        );
        ensure!(!keys.iter().any(|known| known.id == id), "the key id `{id}` is there twice");
        let bytes = STANDARD.decode(key.trim()).ok().with_context(|| format!("key `{id}` is not base64"))?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes);
        let cipher = cipher.map_err(|_| anyhow::anyhow!("key `{id}` has {} bytes; it needs {KEY}", bytes.len()))?;
        keys.push(Key { id: id.to_owned(), cipher, weak: is_weak(&bytes) });
    }
    ensure!(!keys.is_empty(), "there is no key");
    Ok(keys)
}

/// Whether bytes are a text, a repetition or a count: what people and examples write, and chance does not.
fn is_weak(bytes: &[u8]) -> bool {
    let different = (0..=u8::MAX).filter(|byte| bytes.contains(byte)).count();
    let counts = bytes.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1));
    different < DIFFERENT_BYTES || counts || bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
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
    fn keys_that_nobody_drew_are_weak() {
        let weak = |bytes: [u8; KEY]| is_weak(&bytes);
        assert!(weak([0; KEY]) && weak(*b"example-example-example-example-") && weak(std::array::from_fn(|i| i as u8)));
        assert!(weak(*b"correct horse battery staple 123"));
        assert_eq!(ring(&[&new_key(), &new_key()]).weak(), Vec::<String>::new());
    }

    #[test]
    fn a_key_that_comes_into_the_file_is_used_without_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let running = Keyring::in_data_dir(folder.path()).unwrap();
        let path = Keyring::file_in(folder.path());
        let old = running.ids();
        std::fs::write(beside(&path, "new"), "left by a process that was stopped").unwrap();
        put_new_key_first(&path).unwrap();
        let other = Keyring::in_data_dir(folder.path()).unwrap();
        assert_eq!((other.ids().len(), &other.ids()[1..]), (2, &old[..]));
        let sealed = other.seal("p", &Secret::new("t"));
        assert!(!running.is_current(&sealed));
        assert_eq!(running.open("p", &sealed).unwrap().expose(), "t");
        assert!(running.is_current(&sealed), "it seals with the new key from now on");
        std::fs::write(&path, "damaged").unwrap();
        assert!(running.refresh().is_err());
        assert_eq!(running.open("p", &sealed).unwrap().expose(), "t", "what it had stays");
        assert!(put_new_key_first(&path).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_keys_keeps_its_readers_and_its_links() {
        use std::fs::Permissions;
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("keys"), folder.path().join("link"));
        write_private(&path, new_key().expose()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        // Only root may give files away; for others this test is of the rights and the link.
        drop(chown(&path, Some(12345), Some(54321)));
        symlink("keys", &link).unwrap();
        let of =
            |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid(), found.mode() & 0o777)).unwrap();
        let before = of(&path);
        put_new_key_first(&link).unwrap();
        assert_eq!(of(&path), before);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(Keyring::in_file(&path).unwrap().ids().len(), 2);
        assert_eq!(Keyring::in_file(&link).unwrap().ids().len(), 2);
    }

    #[test]
    fn a_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Keyring::in_data_dir(folder.path()).unwrap().seal("p", &Secret::new("t"));
        assert_eq!(Keyring::in_data_dir(folder.path()).unwrap().open("p", &sealed).unwrap().expose(), "t");
    }
}
