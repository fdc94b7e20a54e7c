//! Demo or production. A demonstration runs on anything; in earnest the companion refuses to start with what would give visitors'
//! tokens away, and names all of it at once.

use crate::config::{AppConfig, Config, is_emulated};
use crate::seal::Keyring;
use crate::secrets::Secret;
use serde::Deserialize;
use std::str::FromStr;
use url::Url;

/// How much the companion takes on trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// For trying out: it makes keys of its own, and the emulator's apps will do.
    Demo,
    /// For visitors.
    Production,
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "demo" => Ok(Self::Demo),
            "production" => Ok(Self::Production),
            _ => Err("must be demo or production"),
        }
    }
}

/// The shortest that the key which signs may be, and how many different characters it has at least.
const SIGNING_KEY: usize = 32;
const DIFFERENT: usize = 10;

/// What keeps these settings from production, but for their sites, each with what to do.
pub fn problems(config: &Config, keyring: &anyhow::Result<Keyring>) -> Vec<String> {
    let mut problems = Vec::new();
    match keyring {
        Ok(keyring) => problems.extend(keyring.weak().iter().map(|id| {
            format!(
                "encryption_keys: the key `{id}` is an example or was thought up; replace it with one that \
                 `bowerbird-companion keys new` makes"
            )
        })),
        Err(error) => problems.push(format!("{error:#}")),
    }
    if config.secret.expose().len() < SIGNING_KEY {
        problems.push(format!(
            "secret: must have at least {SIGNING_KEY} random characters; `openssl rand -hex 32` makes them"
        ));
    } else if different(&config.secret) < DIFFERENT {
        problems.push("secret: is hardly random; `openssl rand -hex 32` makes one that is".to_owned());
    }
    if config.public_url.scheme() != "https" {
        problems.push(format!("public_url: {} is not https; set the address that browsers use", config.public_url));
    }
    let defaults = [
        ("facebook", &config.facebook_app_id, &config.facebook_app_secret),
        ("instagram", &config.instagram_app_id, &config.instagram_app_secret),
    ];
    for (source, id, secret) in defaults {
        if !id.is_empty() && (is_emulated(secret) || secret.is_empty()) {
            problems.push(format!(
                "{source}_app_secret: is {}; set {source}_app_id and {source}_app_secret to those of your app, or \
                 {source}_app_id to nothing",
                if secret.is_empty() { "empty" } else { "the emulator's" }
            ));
        }
    }
    let bases: [(&str, &Url, &str); 5] = [
        ("facebook_dialog_url", &config.facebook_dialog_url, "https://www.facebook.com"),
        ("facebook_graph_url", &config.facebook_graph_url, "https://graph.facebook.com"),
        ("instagram_authorize_url", &config.instagram_authorize_url, "https://www.instagram.com"),
        ("instagram_api_url", &config.instagram_api_url, "https://api.instagram.com"),
        ("instagram_graph_url", &config.instagram_graph_url, "https://graph.instagram.com"),
    ];
    let insecure = bases.into_iter().filter(|(_, url, _)| url.scheme() != "https");
    problems.extend(insecure.map(|(name, url, meta)| format!("{name}: {url} is not https; set {meta}")));
    problems
}

/// What keeps a site from production, each with what to do.
pub fn app_problems(app: &AppConfig) -> Vec<String> {
    let key = &app.key;
    let mut problems = Vec::new();
    if app.origins.iter().any(|origin| origin == "*") {
        problems.push(format!(
            "apps: the key `{key}` may be used from every origin; give it its site's (`bowerbird-companion app set {key} \
             --origin https://…`), or take it out of `apps`"
        ));
    }
    let emulated = app.own_apps().filter(|(_, own)| is_emulated(&own.secret));
    problems.extend(
        emulated.map(|(kind, _)| format!("apps: the {kind} app of the key `{key}` is the emulator's; set its own")),
    );
    problems
}

fn different(secret: &Secret) -> usize {
    let mut bytes = secret.expose().as_bytes().to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len()
}

/// The words with which the companion refuses to start.
pub fn refusal(problems: &[String]) -> String {
    format!("this companion does not start in production mode:\n- {}", problems.join("\n- "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::new_key;

    fn ready() -> Config {
        let https = |host: &str| Url::parse(&format!("https://{host}")).unwrap();
        Config {
            mode: Mode::Production,
            encryption_keys: new_key(),
            secret: Secret::new("0123456789abcdef0123456789abcdef"),
            public_url: https("photos.example"),
            facebook_app_secret: Secret::new("real"),
            instagram_app_id: String::new(),
            facebook_dialog_url: https("www.facebook.com"),
            facebook_graph_url: https("graph.facebook.com"),
            instagram_authorize_url: https("www.instagram.com"),
            instagram_api_url: https("api.instagram.com"),
            instagram_graph_url: https("graph.instagram.com"),
            apps: Vec::new(),
            ..Config::default()
        }
    }

    fn found(config: &Config) -> Vec<String> {
        problems(config, &Keyring::of(config))
    }

    #[test]
    fn each_problem_is_named_and_what_is_ready_starts() {
        assert_eq!(found(&ready()), Vec::<String>::new());
        let problem = |change: fn(&mut Config), name: &str| {
            let mut config = ready();
            change(&mut config);
            let found = found(&config);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(name), "{found:?}");
        };
        problem(|c| c.encryption_keys = Secret::default(), "encryption_keys: no key");
        problem(|c| c.encryption_keys = Secret::new("a:c2hvcnQ="), "encryption_keys: key `a` has 5 bytes");
        let example = "example:ZXhhbXBsZS1leGFtcGxlLWV4YW1wbGUtZXhhbXBsZS0=";
        assert_eq!(Keyring::read(&Secret::new(example)).unwrap().weak(), ["example"]);
        problem(
            |c| c.encryption_keys = Secret::new("example:ZXhhbXBsZS1leGFtcGxlLWV4YW1wbGUtZXhhbXBsZS0="),
            "encryption_keys: the key `example`",
        );
        problem(|c| c.secret = Secret::default(), "secret");
        problem(|c| c.secret = Secret::new("a".repeat(40)), "secret");
        problem(|c| c.public_url = Url::parse("http://photos.example").unwrap(), "public_url");
        problem(|c| c.facebook_app_secret = Secret::new("emulated-facebook-secret"), "facebook_app_secret");
        problem(|c| c.facebook_app_secret = Secret::default(), "facebook_app_secret");
        problem(|c| c.instagram_api_url = Url::parse("http://127.0.0.1:8788/x").unwrap(), "instagram_api_url");
        let all = found(&Config { mode: Mode::Production, ..Config::default() });
        assert_eq!(all.len(), 10, "{all:#?}");
        assert!(app_problems(&AppConfig::open("shop"))[0].starts_with("apps: the key `shop`"));
    }
}
