//! What Meta remembers: the apps and their redirect URIs, who granted what, and which codes and tokens are out.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Unix;

/// The network that an app, a token or a person belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Facebook Login and graph.facebook.com.
    Facebook,
    /// Instagram Login and graph.instagram.com.
    Instagram,
}

/// An app of the developer's.
pub struct App {
    /// The id: `client_id`.
    pub id: &'static str,
    /// The secret: `client_secret`.
    pub secret: &'static str,
    /// What the consent page calls it.
    pub name: &'static str,
}

/// The app for Facebook Login.
pub const FACEBOOK_APP: App = App { id: "1000000000000001", secret: "emulated-facebook-secret", name: "Photo Picker" };

/// The app for Instagram Login; Meta gives it an id and a secret of its own.
pub const INSTAGRAM_APP: App =
    App { id: "2000000000000002", secret: "emulated-instagram-secret", name: "Photo Picker" };

/// A code that the login pages gave out.
#[derive(Clone, Debug)]
pub struct Code {
    /// Where it was given out.
    pub network: Network,
    /// Who signed in.
    pub user: &'static str,
    /// Where it was sent; the exchange must name the same, byte for byte.
    pub redirect_uri: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When it is worth nothing any more.
    pub expires_at: Unix,
    /// Whether it was exchanged.
    pub used: bool,
}

/// An access token of a person.
#[derive(Clone, Debug)]
pub struct Token {
    /// Counts up; later tokens have higher numbers.
    pub number: u64,
    /// Where it is good.
    pub network: Network,
    /// Whose it is: the account's key.
    pub user: &'static str,
    /// What was granted when it was issued.
    pub scopes: Vec<String>,
    /// When it was issued.
    pub issued_at: Unix,
    /// When it expires.
    pub expires_at: Unix,
    /// Whether it lives for sixty days.
    pub long_lived: bool,
    /// Whether the person removed the app since.
    pub revoked: bool,
}

/// Whether a permission was granted or declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Granted,
    /// No; the dialog does not ask again unless it is told to.
    Declined,
}

impl Answer {
    /// The word that `/me/permissions` uses.
    pub fn word(self) -> &'static str {
        match self {
            Answer::Granted => "granted",
            Answer::Declined => "declined",
        }
    }
}

/// Everything that changes while the emulator runs, but for faults and counters.
#[derive(Default)]
pub struct Registry {
    redirect_uris: Vec<String>,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
    last_token: u64,
    answers: HashMap<(Network, &'static str), BTreeMap<String, Answer>>,
    deleted: HashSet<String>,
}

impl Registry {
    /// Registers a redirect URI for both apps.
    pub fn allow_redirect_uri(&mut self, uri: &str) {
        if !self.allows_redirect_uri(uri) {
            self.redirect_uris.push(uri.to_owned());
        }
    }

    /// Whether a redirect URI is registered, byte for byte: Meta forces strict mode on every app.
    /// <https://developers.facebook.com/docs/facebook-login/security#strict_mode>
    pub fn allows_redirect_uri(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| known == uri)
    }

    /// All that are registered.
    pub fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// Gives out a code.
    pub fn issue_code(&mut self, code: Code) -> String {
        let text = format!("AQ{}", random_text(if code.network == Network::Facebook { 210 } else { 180 }));
        self.codes.insert(text.clone(), code);
        text
    }

    /// A code that was given out, used or not.
    pub fn code_mut(&mut self, text: &str) -> Option<&mut Code> {
        self.codes.get_mut(text)
    }

    /// Issues a token; `expires_in` in seconds.
    pub fn issue_token(
        &mut self,
        network: Network,
        user: &'static str,
        scopes: Vec<String>,
        now: Unix,
        expires_in: Unix,
        long_lived: bool,
    ) -> String {
        let head = match network {
            Network::Facebook => "EAAOewZB",
            Network::Instagram => "IGAAOewZ",
        };
        let text = format!("{head}{}", random_letters(150));
        self.last_token += 1;
        let token = Token {
            number: self.last_token,
            network,
            user,
            scopes,
            issued_at: now,
            expires_at: now + expires_in,
            long_lived,
            revoked: false,
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// A token that was issued, good or not.
    pub fn token(&self, text: &str) -> Option<&Token> {
        self.tokens.get(text)
    }

    /// The number of the newest token.
    pub fn last_token(&self) -> u64 {
        self.last_token
    }

    /// What a person answered so far.
    pub fn answers(&self, network: Network, user: &str) -> BTreeMap<String, Answer> {
        let found = self.answers.iter().find(|((at, who), _)| *at == network && *who == user);
        found.map(|(_, answers)| answers.clone()).unwrap_or_default()
    }

    /// Remembers an answer.
    pub fn answer(&mut self, network: Network, user: &'static str, permission: &str, answer: Answer) {
        self.answers.entry((network, user)).or_default().insert(permission.to_owned(), answer);
    }

    /// The person removes the app: every answer is forgotten and every token is dead.
    pub fn remove_app(&mut self, network: Network, user: &'static str) {
        self.answers.remove(&(network, user));
        for token in self.tokens.values_mut().filter(|token| token.network == network && token.user == user) {
            token.revoked = true;
        }
    }

    /// Takes a photo or media away.
    pub fn delete_photo(&mut self, id: &str) -> bool {
        self.deleted.insert(id.to_owned())
    }

    /// Whether a photo or media was taken away.
    pub fn is_deleted(&self, id: &str) -> bool {
        self.deleted.contains(id)
    }
}

/// HMAC-SHA256, raw.
pub fn hmac_sha256(key: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The app's own token as `client_credentials` hands it out. The same each time, as Meta's is.
pub fn app_token(app: &App) -> String {
    format!("{}|{}", app.id, &URL_SAFE_NO_PAD.encode(hmac_sha256(app.secret, "app token"))[..27])
}

/// Random letters, digits, `-` and `_`.
pub fn random_text(length: usize) -> String {
    let bytes: Vec<u8> = (0..length).map(|_| rand::random::<u8>()).collect();
    URL_SAFE_NO_PAD.encode(bytes).chars().take(length).collect()
}

/// Random letters and digits.
fn random_letters(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (0..length).map(|_| LETTERS[usize::from(rand::random::<u8>()) % LETTERS.len()] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_the_app_kills_the_tokens_of_that_person_only() {
        let mut registry = Registry::default();
        let alice = registry.issue_token(Network::Facebook, "alice", vec![], 0, 60, false);
        let ben = registry.issue_token(Network::Facebook, "ben", vec![], 0, 60, false);
        registry.answer(Network::Facebook, "alice", "user_photos", Answer::Granted);
        registry.remove_app(Network::Facebook, "alice");
        assert!(registry.token(&alice).unwrap().revoked);
        assert!(!registry.token(&ben).unwrap().revoked);
        assert!(registry.answers(Network::Facebook, "alice").is_empty());
    }

    #[test]
    fn redirect_uris_are_compared_byte_for_byte() {
        let mut registry = Registry::default();
        registry.allow_redirect_uri("http://127.0.0.1:8787/back");
        assert!(registry.allows_redirect_uri("http://127.0.0.1:8787/back"));
        for other in ["http://127.0.0.1:8787/back/", "http://127.0.0.1:8787/Back", "http://127.0.0.1:8787/back?x=1"] {
            assert!(!registry.allows_redirect_uri(other), "{other}");
        }
    }

    #[test]
    fn the_proof_is_the_hex_hmac_of_the_token() {
        // RFC 4231, test case 2.
        let proof = hex::encode(hmac_sha256("Jefe", "what do ya want for nothing?"));
        assert_eq!(proof, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
