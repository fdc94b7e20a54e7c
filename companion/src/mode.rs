//! Demo or production. A demonstration runs on anything; in earnest the companion refuses to start with what would give visitors'
//! tokens away, and names all of it at once.

use crate::config::{AppConfig, Config, is_emulated};
use crate::fetch::is_on_this_machine;
use crate::seal::Keyring;
use crate::secrets::Secret;
use serde::Deserialize;
use std::path::Path;
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
    if let Some(file) = config.encryption_keys_file.as_ref().filter(|file| others_may(file, WRITE)) {
        problems.push(format!(
            "encryption_keys_file: every user of this machine may change {0}; `chmod o= {0}` keeps them out",
            file.display()
        ));
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
    let bases: [(&str, &Url, &str); 6] = [
        ("facebook_dialog_url", &config.facebook_dialog_url, "https://www.facebook.com"),
        ("facebook_graph_url", &config.facebook_graph_url, "https://graph.facebook.com"),
        ("facebook_upload_url", &config.facebook_upload_url, "https://rupload.facebook.com"),
        ("instagram_authorize_url", &config.instagram_authorize_url, "https://www.instagram.com"),
        ("instagram_api_url", &config.instagram_api_url, "https://api.instagram.com"),
        ("instagram_graph_url", &config.instagram_graph_url, "https://graph.instagram.com"),
    ];
    let insecure = bases.into_iter().filter(|(_, url, _)| url.scheme() != "https");
    problems.extend(insecure.map(|(name, url, meta)| format!("{name}: {url} is not https; set {meta}")));
    let here = config.image_hosts.iter().filter(|entry| is_on_this_machine(entry));
    problems.extend(here.map(|entry| {
        format!(
            "image_hosts: `{entry}` is on this machine, as the emulator is; take it out, or set Meta's only: .fbcdn.net, \
             .cdninstagram.com, .fbsbx.com"
        )
    }));
    problems
}

/// What an operator should look at before visitors come, though the companion starts with it.
pub fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.mode != Mode::Production {
        return warnings;
    }
    if others_may(&config.data_dir, READ | WRITE | ENTER) {
        warnings.push(format!(
            "data_dir: every user of this machine may look into {0}, where visitors' tokens and photos lie; `chmod o= {0}` \
             keeps them out",
            config.data_dir.display()
        ));
    }
    // In a container, where secrets are mounted so, there may be no other user.
    if let Some(file) = config.encryption_keys_file.as_ref().filter(|file| others_may(file, READ)) {
        warnings.push(format!(
            "encryption_keys_file: every user of this machine may read {0}; `chmod o= {0}` keeps them out",
            file.display()
        ));
    }
    warnings
}

/// The rights of others in a Unix mode; to enter is to use what is inside a folder.
const READ: u32 = 0o4;
const WRITE: u32 = 0o2;
const ENTER: u32 = 0o1;

/// Whether users who are neither the owner nor in the group have one of these rights. What is not there gives none.
#[cfg(unix)]
fn others_may(path: &Path, rights: u32) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.permissions().mode() & rights != 0)
}

/// Elsewhere rights are no such bits.
#[cfg(not(unix))]
fn others_may(_: &Path, _: u32) -> bool {
    false
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
    let insecure = |url: &&String| *url != "*" && !url.starts_with("https://");
    problems.extend(app.origins.iter().filter(insecure).map(|origin| {
        format!(
            "apps: the origin {origin} of the key `{key}` is not https, so whoever is on the way can speak in its name"
        )
    }));
    problems.extend(app.addresses.iter().filter(insecure).map(|address| {
        format!(
            "apps: the address {address} of the key `{key}` is not https, so whoever is on the way sees sign-ins end"
        )
    }));
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
            facebook_upload_url: https("rupload.facebook.com"),
            instagram_authorize_url: https("www.instagram.com"),
            instagram_api_url: https("api.instagram.com"),
            instagram_graph_url: https("graph.instagram.com"),
            apps: Vec::new(),
            image_hosts: [".fbcdn.net", "10.0.0.1:80"].map(str::to_owned).to_vec(),
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
        problem(|c| c.image_hosts = Config::default().image_hosts, "image_hosts: `127.0.0.1:8788` is on this machine");
        let all = found(&Config { mode: Mode::Production, ..Config::default() });
        assert_eq!(all.len(), 12, "{all:#?}");
        assert!(app_problems(&AppConfig::open("shop"))[0].starts_with("apps: the key `shop`"));
    }

    #[test]
    fn a_site_lives_at_https() {
        let app = |origin: &str, address: &str| {
            let app = AppConfig { origins: vec![origin.to_owned()], ..AppConfig::open("shop") };
            app_problems(&AppConfig { addresses: vec![address.to_owned()], ..app })
        };
        assert_eq!(app("https://shop.example", "https://shop.example/prints"), Vec::<String>::new());
        let found = app("http://shop.example", "http://shop.example/prints");
        assert!(found.len() == 2 && found[0].contains("origin") && found[1].contains("/prints"), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn what_others_may_read_is_named() {
        use std::fs::{self, Permissions};
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let file = folder.path().join("keys");
        fs::write(&file, new_key().expose()).unwrap();
        let allow = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let encryption_keys_file = Some(file.clone());
        let data = data_dir.clone();
        let config = Config { encryption_keys: Secret::default(), encryption_keys_file, data_dir: data, ..ready() };
        allow(&file, 0o600);
        assert_eq!(warnings(&config), Vec::<String>::new(), "the folder is not there yet");
        fs::create_dir(&data_dir).unwrap();
        allow(&data_dir, 0o750);
        allow(&file, 0o602);
        assert!(found(&config)[0].starts_with("encryption_keys_file: every user"), "{:?}", found(&config));
        allow(&file, 0o644);
        assert_eq!(found(&config), Vec::<String>::new());
        assert!(warnings(&config)[0].starts_with("encryption_keys_file: every user"));
        allow(&file, 0o640);
        assert_eq!(warnings(&config), Vec::<String>::new());
        allow(&data_dir, 0o755);
        assert!(warnings(&config)[0].starts_with("data_dir: every user"));
        assert_eq!(warnings(&Config { mode: Mode::Demo, ..config.clone() }), Vec::<String>::new());
        allow(&data_dir, 0o750);
        assert_eq!(warnings(&config), Vec::<String>::new());
    }
}
