//! What Meta remembers: the apps and their redirect URIs, who granted what, and which codes and tokens are out.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::apps::{App, Network};
use crate::clock::Unix;

/// A code that the login pages gave out.
#[derive(Clone, Debug)]
pub struct Code {
    /// The id of the app that it was given to.
    pub app: String,
    /// Where it was given out.
    pub network: Network,
    /// Who signed in.
    pub user: &'static str,
    /// Where it was sent; the exchange must name the same, byte for byte.
    pub redirect_uri: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The hash of the verifier that the exchange must bring (PKCE).
    pub challenge: Option<String>,
    /// When it is worth nothing any more.
    pub expires_at: Unix,
    /// Whether it was exchanged.
    pub used: bool,
}

/// When a token expires that does not.
pub const NEVER: Unix = Unix::MAX;

/// An access token of a person, or of a Page by leave of a person.
#[derive(Clone, Debug)]
pub struct Token {
    /// Counts up; later tokens have higher numbers.
    pub number: u64,
    /// The id of the app that it was issued to.
    pub app: String,
    /// Where it is good.
    pub network: Network,
    /// Whose it is: the account's key.
    pub user: &'static str,
    /// The id of the Page that it speaks for, if it is a Page's.
    pub page: Option<String>,
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

/// What one person answered to one app, permission by permission.
pub type Answers = BTreeMap<String, Answer>;

/// Everything that changes while the emulator runs, but for faults and counters.
pub struct Registry {
    apps: Vec<App>,
    redirect_uris: Vec<String>,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
    last_token: u64,
    answers: HashMap<String, HashMap<&'static str, Answers>>,
    deleted: HashSet<String>,
}

impl Registry {
    /// The two built-in apps with these redirect URIs, and nobody who ever signed in.
    pub fn new(redirect_uris: &[String]) -> Registry {
        Registry {
            apps: App::built_in(redirect_uris),
            redirect_uris: Vec::new(),
            codes: HashMap::new(),
            tokens: HashMap::new(),
            last_token: 0,
            answers: HashMap::new(),
            deleted: HashSet::new(),
        }
    }

    /// Registers an app. One with the same id is replaced; what it was granted and its tokens stay.
    pub fn register_app(&mut self, app: App) {
        match self.app_mut(&app.id) {
            Some(known) => *known = app,
            None => self.apps.push(app),
        }
    }

    /// All apps.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// The app with this id.
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    /// The app with this id.
    pub fn app_mut(&mut self, id: &str) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.id == id)
    }

    /// The app of Facebook's whose own token this is.
    pub fn app_of_token(&self, text: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.network == Network::Facebook && app.owns_token(text))
    }

    /// Registers a redirect URI for all apps, those to come included.
    pub fn allow_redirect_uri(&mut self, uri: &str) {
        if !self.redirect_uris.iter().any(|known| known == uri) {
            self.redirect_uris.push(uri.to_owned());
        }
    }

    /// Whether a redirect URI is registered for an app, byte for byte: Meta forces strict mode on every app.
    /// <https://developers.facebook.com/docs/facebook-login/security#strict_mode>
    pub fn allows_redirect_uri(&self, app: &App, uri: &str) -> bool {
        app.redirect_uris.iter().chain(&self.redirect_uris).any(|known| known == uri)
    }

    /// All that the built-in apps have registered.
    pub fn redirect_uris(&self) -> Vec<String> {
        let own = self.apps.iter().filter(|app| app.is_built_in()).flat_map(|app| &app.redirect_uris);
        let mut seen = HashSet::new();
        own.chain(&self.redirect_uris).filter(|uri| seen.insert(*uri)).cloned().collect()
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
        app: &App,
        user: &'static str,
        scopes: Vec<String>,
        now: Unix,
        expires_in: Unix,
        long_lived: bool,
    ) -> String {
        let head = match app.network {
            Network::Facebook => "EAAOewZB",
            Network::Instagram => "IGAAOewZ",
        };
        let text = format!("{head}{}", random_letters(150));
        self.last_token += 1;
        let token = Token {
            number: self.last_token,
            app: app.id.clone(),
            network: app.network,
            user,
            page: None,
            scopes,
            issued_at: now,
            expires_at: now + expires_in,
            long_lived,
            revoked: false,
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// The token with which a person's app speaks for a Page: the same as long as the person's own stays the same. From
    /// a token that lives for weeks it never expires, from another one it expires with it.
    pub fn page_token(&mut self, person: &Token, page: &str) -> String {
        const WEEKS: Unix = 30 * 86_400;
        let lives_long = person.long_lived || person.expires_at - person.issued_at >= WEEKS;
        let expires_at = if lives_long { NEVER } else { person.expires_at };
        let known = self.tokens.iter().find(|(_, token)| {
            token.page.as_deref() == Some(page)
                && (&token.app, token.user, token.expires_at) == (&person.app, person.user, expires_at)
                && token.scopes == person.scopes
                && !token.revoked
        });
        if let Some((text, _)) = known {
            return text.clone();
        }
        let text = format!("EAAOewZB{}", random_letters(170));
        self.last_token += 1;
        let token = Token { number: self.last_token, page: Some(page.to_owned()), expires_at, ..person.clone() };
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

    /// What a person answered to an app so far.
    pub fn answers(&self, app: &str, user: &str) -> Answers {
        self.answers.get(app).and_then(|people| people.get(user)).cloned().unwrap_or_default()
    }

    /// The permissions that a token has and the person still grants.
    pub fn granted(&self, token: &Token) -> Vec<String> {
        let answers = self.answers(&token.app, token.user);
        let granted =
            answers.into_iter().filter(|(name, answer)| *answer == Answer::Granted && token.scopes.contains(name));
        granted.map(|(name, _)| name).collect()
    }

    /// Remembers an answer.
    pub fn answer(&mut self, app: &str, user: &'static str, permission: &str, answer: Answer) {
        let people = self.answers.entry(app.to_owned()).or_default();
        people.entry(user).or_default().insert(permission.to_owned(), answer);
    }

    /// The person removes an app: every answer is forgotten, and every token and code is dead.
    pub fn remove_app(&mut self, app: &str, user: &'static str) {
        if let Some(people) = self.answers.get_mut(app) {
            people.remove(user);
        }
        self.codes.retain(|_, code| code.app != app || code.user != user);
        for token in self.tokens.values_mut().filter(|token| token.app == app && token.user == user) {
            token.revoked = true;
        }
    }

    /// Takes a photo or media away.
    pub fn delete_photo(&mut self, id: &str) -> bool {
        self.deleted.insert(id.to_owned())
    }

    /// Whether any was.
    pub fn has_deleted(&self) -> bool {
        !self.deleted.is_empty()
    }

    /// Whether a photo or media was taken away.
    pub fn is_deleted(&self, id: &str) -> bool {
        self.deleted.contains(id)
    }
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
    use crate::apps::FACEBOOK_APP_ID;

    #[test]
    fn removing_an_app_kills_the_tokens_of_that_person_and_that_app_only() {
        let mut registry = Registry::new(&[]);
        let app = registry.app(FACEBOOK_APP_ID).unwrap().clone();
        let other = App::new(Network::Facebook, "3000000000000003", "secret", "Other");
        registry.register_app(other.clone());
        let alice = registry.issue_token(&app, "alice", vec![], 0, 60, false);
        let ben = registry.issue_token(&app, "ben", vec![], 0, 60, false);
        let elsewhere = registry.issue_token(&other, "alice", vec![], 0, 60, false);
        registry.answer(&app.id, "alice", "user_photos", Answer::Granted);
        registry.answer(&other.id, "alice", "user_photos", Answer::Granted);
        registry.remove_app(&app.id, "alice");
        assert!(registry.token(&alice).unwrap().revoked);
        assert!(!registry.token(&ben).unwrap().revoked);
        assert!(!registry.token(&elsewhere).unwrap().revoked);
        assert!(registry.answers(&app.id, "alice").is_empty());
        assert!(!registry.answers(&other.id, "alice").is_empty());
    }

    #[test]
    fn redirect_uris_are_compared_byte_for_byte() {
        let mut registry = Registry::new(&["http://127.0.0.1:8787/own".to_owned()]);
        registry.allow_redirect_uri("http://127.0.0.1:8787/back");
        let app = registry.app(FACEBOOK_APP_ID).unwrap();
        assert!(registry.allows_redirect_uri(app, "http://127.0.0.1:8787/back"));
        assert!(registry.allows_redirect_uri(app, "http://127.0.0.1:8787/own"));
        for other in ["http://127.0.0.1:8787/back/", "http://127.0.0.1:8787/Back", "http://127.0.0.1:8787/back?x=1"] {
            assert!(!registry.allows_redirect_uri(app, other), "{other}");
        }
        let stranger = App::new(Network::Facebook, "3000000000000003", "secret", "Other");
        assert!(registry.allows_redirect_uri(&stranger, "http://127.0.0.1:8787/back"));
        assert!(!registry.allows_redirect_uri(&stranger, "http://127.0.0.1:8787/own"));
        assert_eq!(registry.redirect_uris(), ["http://127.0.0.1:8787/own", "http://127.0.0.1:8787/back"]);
    }
}
