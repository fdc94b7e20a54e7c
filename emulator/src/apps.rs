//! The apps that were registered: what they are called, where they may be led back to, and whom they know by which id.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use crate::clock::Unix;
use crate::world::{facebook_by_key, instagram_by_key};

/// The id of the built-in app for Facebook Login.
pub const FACEBOOK_APP_ID: &str = "1000000000000001";
/// The secret of the built-in app for Facebook Login.
pub const FACEBOOK_APP_SECRET: &str = "emulated-facebook-secret";
/// The id of the built-in app for Instagram Login; Meta gives it an id and a secret of its own.
pub const INSTAGRAM_APP_ID: &str = "2000000000000002";
/// The secret of the built-in app for Instagram Login.
pub const INSTAGRAM_APP_SECRET: &str = "emulated-instagram-secret";

/// What the built-in apps are called.
const BUILT_IN_NAME: &str = "Photo Picker";

/// How long a signed request says that it is good: an hour, as in the documentation's example.
const SIGNED_REQUEST_LIFETIME: Unix = 3600;

/// The network that an app, a token or a person belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Facebook Login and graph.facebook.com.
    Facebook,
    /// Instagram Login and graph.instagram.com.
    Instagram,
}

/// An app of a developer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Which network's people sign in to it.
    pub network: Network,
    /// The id: `client_id`.
    pub id: String,
    /// The secret: `client_secret`.
    pub secret: String,
    /// What the consent page calls it.
    pub name: String,
    /// Its own redirect URIs, compared byte for byte.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Whether it is in development mode: only people with a role can sign in.
    #[serde(default)]
    pub development: bool,
    /// Where Meta posts when a person removes the app.
    #[serde(default)]
    pub deauthorize_url: Option<String>,
    /// Where Meta posts when a person asks for their data to be deleted.
    #[serde(default)]
    pub data_deletion_url: Option<String>,
}

impl App {
    /// A live app with neither redirect URIs nor callbacks.
    pub fn new(network: Network, id: &str, secret: &str, name: &str) -> App {
        App {
            network,
            id: id.to_owned(),
            secret: secret.to_owned(),
            name: name.to_owned(),
            redirect_uris: Vec::new(),
            development: false,
            deauthorize_url: None,
            data_deletion_url: None,
        }
    }

    /// The two that are there from the start.
    pub(crate) fn built_in(redirect_uris: &[String]) -> Vec<App> {
        let mut apps = vec![
            App::new(Network::Facebook, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, BUILT_IN_NAME),
            App::new(Network::Instagram, INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET, BUILT_IN_NAME),
        ];
        for app in &mut apps {
            app.redirect_uris = redirect_uris.to_vec();
        }
        apps
    }

    /// Whether it is one of the two that are there from the start.
    pub(crate) fn is_built_in(&self) -> bool {
        [FACEBOOK_APP_ID, INSTAGRAM_APP_ID].contains(&self.id.as_str())
    }

    /// The app-scoped id of somebody whom the built-in apps know by `id`: each app knows the same person by another
    /// one, so that two apps cannot compare notes. <https://developers.facebook.com/docs/apps/for-business>
    pub(crate) fn user_id(&self, id: &str) -> String {
        if self.is_built_in() {
            return id.to_owned();
        }
        let mac = hmac_sha256(&self.id, id);
        let number =
            mac.iter().take(7).fold(0u64, |number, byte| number << 8 | u64::from(*byte)) % 1_000_000_000_000_000;
        // An odd number beyond 2^53 is one that a double cannot hold.
        format!("{}{:015}", &id[..2], number | 1)
    }

    /// Somebody of this app's network: the account's key, and the id by which this app knows them.
    pub(crate) fn person(&self, account: &str) -> Option<(&'static str, String)> {
        let (key, id) = match self.network {
            Network::Facebook => facebook_by_key(account).map(|person| (person.key, person.id)),
            Network::Instagram => instagram_by_key(account).map(|person| (person.key, person.id)),
        }?;
        Some((key, self.user_id(id)))
    }

    /// The app's own token as `client_credentials` hands it out. The same each time, as Meta's is.
    pub(crate) fn token(&self) -> String {
        format!("{}|{}", self.id, &URL_SAFE_NO_PAD.encode(hmac_sha256(&self.secret, "app token"))[..27])
    }

    /// Whether this is its token, in the form with the secret or in the one that was handed out.
    pub(crate) fn owns_token(&self, text: &str) -> bool {
        text == self.token() || text == format!("{}|{}", self.id, self.secret)
    }

    /// What a callback is posted: a signature over the encoded payload, and the payload.
    /// <https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback/>
    pub(crate) fn signed_request(&self, user_id: &str, issued_at: Unix) -> String {
        let payload = json!({
            "algorithm": "HMAC-SHA256",
            "expires": issued_at + SIGNED_REQUEST_LIFETIME,
            "issued_at": issued_at,
            "user_id": user_id,
        });
        let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
        let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(&self.secret, &payload));
        format!("{signature}.{payload}")
    }
}

/// HMAC-SHA256, raw.
pub(crate) fn hmac_sha256(key: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::world::{FACEBOOK, INSTAGRAM};

    #[test]
    fn each_app_knows_a_person_by_an_id_of_its_own() {
        let apps = App::built_in(&[]);
        assert_eq!(apps[0].person("alice").unwrap(), ("alice", FACEBOOK[0].id.to_owned()));
        assert_eq!(apps[0].person("alice.pro"), None);
        let mut seen = HashSet::new();
        for id in ["3000000000000003", "4000000000000004"] {
            let app = App::new(Network::Facebook, id, "secret", "Other");
            for base in FACEBOOK.iter().map(|person| person.id).chain(INSTAGRAM.iter().map(|person| person.id)) {
                let scoped = app.user_id(base);
                let number: u64 = scoped.parse().unwrap();
                assert!(number > 1 << 53 && scoped.len() == 17 && scoped != base, "{scoped}");
                assert_ne!(number as f64 as u64, number, "a double would have kept it");
                assert_eq!(scoped, app.user_id(base));
                assert!(seen.insert(scoped));
            }
        }
    }

    #[test]
    fn the_proof_is_the_hex_hmac_of_the_token() {
        // RFC 4231, test case 2.
        let proof = hex::encode(hmac_sha256("Jefe", "what do ya want for nothing?"));
        assert_eq!(proof, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_signed_request_signs_its_encoded_payload() {
        let app = App::new(Network::Facebook, "3", "secret", "Other");
        let text = app.signed_request("218471", 1_291_836_800);
        let (signature, payload) = text.split_once('.').unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap(), hmac_sha256("secret", payload));
        let payload: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(
            payload,
            json!({
                "algorithm": "HMAC-SHA256", "expires": 1_291_840_400, "issued_at": 1_291_836_800, "user_id": "218471",
            })
        );
    }
}
