//! Sites with settings and apps of their own, and the command that manages them.

use crate::app::{Does, ORIGIN, TestApp, Visitor, ends, eventually, handed_over, items, program};
use crate::logs::log;
use bowerbird_companion::config::{AppConfig, Config, OwnApp};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::{App, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, Network};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::Row as _;
use std::process::Output;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

const OWN_ID: &str = "3000000000000003";
const OWN_SECRET: &str = "own-facebook-secret-of-the-shop";

fn shop() -> AppConfig {
    let addresses = vec![format!("{ORIGIN}/prints")];
    AppConfig { origins: vec![ORIGIN.to_owned()], addresses, ..AppConfig::open("shop") }
}

fn with_own_app() -> AppConfig {
    AppConfig { facebook: Some(OwnApp { id: OWN_ID.to_owned(), secret: Secret::new(OWN_SECRET) }), ..shop() }
}

fn register(app: &TestApp) {
    let own = App::new(Network::Facebook, OWN_ID, OWN_SECRET, "Print Shop");
    app.emulator.register_app(own);
}

fn two_keys(config: &mut Config) {
    config.apps = vec![AppConfig::open("demo"), with_own_app()];
}

/// The code of a request of a key, `ok` when it is served.
async fn asked(app: &TestApp, key: &str) -> String {
    let (status, reply) = app.post("/folder/list", &json!({"apikey": key, "clouds": {}})).await;
    if status == StatusCode::OK { "ok".to_owned() } else { reply["error"]["code"].as_str().unwrap().to_owned() }
}

async fn becomes(app: &TestApp, key: &str, code: &str) {
    eventually(&format!("{key} is {code}"), async || asked(app, key).await == code).await;
}

#[tokio::test]
async fn each_key_asks_with_its_own_app_or_with_the_companions() {
    let app = TestApp::start_with(two_keys).await;
    register(&app);
    let mut ids = Vec::new();
    for key in ["demo", "shop"] {
        let mut visitor = app.visitor_of(key);
        let offer = visitor.is_offered("facebook").await;
        let dialog = visitor.opens(&offer).await;
        let client = url::Url::parse(&dialog).unwrap();
        let client = client.query_pairs().find(|(name, _)| name == "client_id").unwrap().1.into_owned();
        visitor.signs_in("facebook", "alice").await;
        assert!(!items(&visitor.lists("facebook", "/").await).is_empty());
        // A service for which the key has no app of its own.
        visitor.signs_in("instagram", "alice.pro").await;
        ids.push(client);
    }
    assert_eq!(ids, [FACEBOOK_APP_ID, OWN_ID]);
    let query = "SELECT app_key, client_id FROM connections WHERE source = 'facebook' ORDER BY app_key";
    let rows = sqlx::query(query).fetch_all(&app.database().await).await.unwrap();
    let rows: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [("demo", FACEBOOK_APP_ID), ("shop", OWN_ID)].map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert!(!log().contains(OWN_SECRET));
}

/// Takes a parameter's value from one address into another.
fn with_parameter_of(address: &str, name: &str, other: &str) -> String {
    let other = url::Url::parse(other).unwrap();
    let value = other.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned();
    let mut address = url::Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let pairs = pairs.into_iter().map(|(found, old)| if found == name { (found, value.clone()) } else { (found, old) });
    let query: Vec<(String, String)> = pairs.collect();
    address.query_pairs_mut().clear().extend_pairs(query);
    address.into()
}

#[tokio::test]
async fn a_code_of_one_app_is_worth_nothing_with_the_state_of_another() {
    let app = TestApp::start_with(two_keys).await;
    register(&app);
    let (mut demo, mut shop) = (app.visitor_of("demo"), app.visitor_of("shop"));
    let (of_demo, of_shop) = (demo.is_offered("facebook").await, shop.is_offered("facebook").await);
    let answered = demo.answers(&demo.opens(&of_demo).await, "alice", Does::Continue).await;
    let expected = shop.answers(&shop.opens(&of_shop).await, "ben", Does::Continue).await;
    let mixed = with_parameter_of(&expected, "code", &answered);
    let page = app.http.get(mixed).send().await.unwrap();
    assert_eq!(handed_over(&page.text().await.unwrap())["code"], "", "nothing is handed over");
    let ended = shop.waits("facebook", &of_shop).await;
    assert_eq!(ended["error"]["code"], "sign_in_refused", "{ended}");
    assert_eq!(app.count("connections").await, 0);
    // The other sign-in goes on, with its own code and state.
    let page = app.http.get(answered).send().await.unwrap().text().await.unwrap();
    assert_eq!(demo.completes("facebook", &page).await, json!({"state": "connected"}));
}

#[tokio::test]
async fn a_companion_that_runs_follows_the_command() {
    let app = TestApp::start().await;
    register(&app);
    assert_eq!(asked(&app, "shop").await, "unknown_key");
    let prints = format!("{ORIGIN}/prints");
    let own = ["--facebook-id", OWN_ID, "--facebook-secret-file", "-"];
    let add = [&["app", "add", "shop", "--origin", ORIGIN, "--address", &prints], &own[..]].concat();
    let add = app.program(&add);
    let (well, said) = ends(add, &format!("{OWN_SECRET}\n")).await;
    assert!(well && said.contains(&format!("its own app {OWN_ID}")) && !said.contains(OWN_SECRET), "{said}");
    becomes(&app, "shop", "ok").await;
    let mut visitor = app.visitor_of("shop");
    visitor.signs_in("facebook", "alice").await;
    let (well, said) = app.runs(&["app", "set", "shop", "--origin", "https://other.example"]).await;
    assert!(!well && said.contains("https://shop.example, which is not listed"), "{said}");
    let (well, said) =
        app.runs(&["app", "set", "shop", "--origin", "https://other.example", "--clear-addresses"]).await;
    assert!(well && said.contains("https://other.example"), "{said}");
    becomes(&app, "shop", "origin_not_allowed").await;
    let (well, _) = app.runs(&["app", "set", "shop", "--origin", ORIGIN, "--no-facebook"]).await;
    assert!(well);
    becomes(&app, "shop", "ok").await;
    // What its own app was given is worth nothing to the companion's.
    assert!(visitor.lists("facebook", "/").await["auth"].is_object());
    let (well, said) = app.runs(&["app", "remove", "shop"]).await;
    assert!(well && said.contains("0 stored files"), "{said}");
    becomes(&app, "shop", "unknown_key").await;
    assert_eq!((app.count("connections").await, app.count("app_credentials").await), (0, 0));
}

#[tokio::test]
async fn the_configuration_is_followed_until_the_command_takes_over() {
    let mut app = TestApp::start_with(|config| config.apps = vec![shop()]).await;
    app.stop().await;
    app.reconfigure(|config| config.apps = vec![with_own_app(), AppConfig::open("second")]);
    app.start_again().await;
    let (_, said) = app.runs(&["app", "show", "shop"]).await;
    assert!(said.contains("(of the configuration)") && said.contains(OWN_ID), "{said}");
    let (_, said) = app.runs(&["app", "set", "shop", "--name", "Prints & Co"]).await;
    assert!(said.contains("managed by `app`"), "{said}");
    app.stop().await;
    app.reconfigure(|config| config.apps = vec![AppConfig { name: Some("Else".to_owned()), ..shop() }]);
    app.start_again().await;
    let (_, said) = app.runs(&["app", "show", "shop"]).await;
    assert!(said.contains("Prints & Co") && said.contains(OWN_ID), "{said}");
    assert!(log().lines().any(|line| line.contains("wins over what `apps` says") && line.contains("shop")));
    assert_eq!(asked(&app, "second").await, "unknown_key", "the configuration no longer names it");
    assert_eq!(asked(&app, "demo").await, "unknown_key");
}

#[tokio::test]
async fn what_is_wrong_on_the_command_line_is_named() {
    let app = TestApp::start().await;
    let secret = app.data_dir().join("secret");
    std::fs::write(&secret, "a secret of two words").unwrap();
    let secret = secret.to_str().unwrap();
    let add = ["app", "add", "shop", "--origin", "https://shop.example"];
    let refused = [
        (vec!["app", "add", "shop"], "--origin"),
        (vec!["app", "add", "demo", "--origin", "https://shop.example"], "`app set demo` changes it"),
        (vec!["app", "add", "a b", "--origin", "https://shop.example"], "`a b` is no key"),
        (vec!["app", "add", "shop", "--origin", "shop.example/prints"], "write it as https://shop.example"),
        ([&add[..], &["--address", "https://other.example/x"]].concat(), "https://other.example, which is not listed"),
        ([&add[..], &["--privacy-url", "nowhere"]].concat(), "nowhere"),
        ([&add[..], &["--facebook-id", "12"]].concat(), "--facebook-secret-file"),
        ([&add[..], &["--instagram-secret-file", secret]].concat(), "needs --instagram-id"),
        ([&add[..], &["--facebook-id", "12", "--facebook-secret-file", secret]].concat(), "one word"),
        ([&add[..], &["--facebook-id", "12", "--facebook-secret-file", "no/file"]].concat(), "never given here"),
        ([&add[..], &["--facebook-id", "12", "--facebook-secret-file", "-"]].concat(), "there is no secret in it"),
        (
            [
                &add[..],
                &["--facebook-id", "12", "--facebook-secret-file", "-"],
                &["--pages-id", "1", "--pages-secret-file", "-"],
            ]
            .concat(),
            "only one secret",
        ),
        (vec!["app", "set", "demo"], "nothing to change"),
        (vec!["app", "set", "demo", "--name", "X", "--no-name"], "cannot be used with"),
        (vec!["app", "set", "nobody", "--name", "X"], "there is no key `nobody`"),
        (vec!["app", "show", "nobody"], "`app add nobody` adds it"),
        (vec!["app", "remove", "nobody"], "there is no key `nobody`"),
        (vec!["app", "test", "demo", "flickr"], "facebook"),
        (vec!["app", "list", "--data-dir", "no/such/folder"], "no/such/folder"),
    ];
    for (arguments, words) in refused {
        let mut command = program(&arguments);
        if !arguments.contains(&"--data-dir") {
            command.arg("--data-dir").arg(app.data_dir());
        }
        let (well, said) = ends(command, "").await;
        assert!(!well && said.contains(words), "{arguments:?}: {said}");
    }
    std::fs::write(secret, "12-secret\n").unwrap();
    let (well, said) =
        app.runs(&[&add[..], &["--facebook-id", "a12", "--facebook-secret-file", secret]].concat()).await;
    assert!(!well && said.contains("`a12` is no app id") && !said.contains("12-secret"), "{said}");
    let (_, said) = app.runs(&["app", "list"]).await;
    assert!(said.starts_with("demo  *  facebook, instagram") && !said.contains("shop"), "nothing was saved: {said}");
}

#[tokio::test]
async fn an_app_that_is_there_under_another_secret_is_warned_about() {
    let app = TestApp::start_with(two_keys).await;
    let add = async |key: &str, kind: &str, id: &str, secret: &str| {
        let (id_name, secret_name) = (format!("--{kind}-id"), format!("--{kind}-secret-file"));
        let add = ["app", "add", key, "--origin", ORIGIN, &id_name, id, &secret_name, "-"];
        let (well, said) = ends(app.program(&add), secret).await;
        assert!(well && !said.contains(secret), "{said}");
        said
    };
    let said = add("same", "facebook", OWN_ID, OWN_SECRET).await;
    assert!(!said.contains("warning"), "{said}");
    let said = add("elsewhere", "instagram", OWN_ID, "of-another-network").await;
    assert!(!said.contains("warning"), "{said}");
    let said = add("other", "facebook", OWN_ID, "another-secret").await;
    assert!(said.contains(&format!("warning: facebook: the app {OWN_ID} is there with the key `same` too")), "{said}");
    assert!(said.contains("believed of whoever knows either"), "{said}");
    let said = add("pages", "pages", FACEBOOK_APP_ID, "a-third-secret").await;
    assert!(said.contains(&format!("pages: the app {FACEBOOK_APP_ID} is there as the companion's default")), "{said}");
    // It is told again as long as it is so.
    let (_, said) = app.runs(&["app", "set", "other", "--name", "Other"]).await;
    assert!(said.contains("warning"), "{said}");
    let (_, said) = app.runs(&["app", "set", "other", "--no-facebook"]).await;
    assert!(!said.contains("warning"), "{said}");
}

#[tokio::test]
async fn a_site_is_shown_with_what_works_and_what_is_missing() {
    let app = TestApp::start_with(two_keys).await;
    let (well, said) = app.runs(&["app", "show", "shop"]).await;
    assert!(well);
    for words in [
        "origins    https://shop.example",
        "addresses  https://shop.example/prints",
        &format!("facebook   configured: its own app {OWN_ID}; it must have classic Facebook Login"),
        "instagram  configured: the companion's default app 2000000000000002, which is the emulator's",
        "Login for Business cannot grant user_photos",
        &format!("{}/api/client/facebook/authCallback/open", app.url),
        &format!("{}/api/client/facebook/deletion/{OWN_ID}", app.url),
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains(OWN_SECRET) && !said.contains("emulated-"), "{said}");
    let mut without = app.program(&["app", "show", "demo"]);
    without.env("BOWERBIRD_FACEBOOK_APP_ID", "");
    let (_, said) = ends(without, "").await;
    assert!(said.contains("facebook   not configured: give the key an app (app set demo --facebook-id"), "{said}");
    assert!(said.contains("addresses  every address"), "{said}");
}

/// A program that has printed the link of a sign-in.
struct Tested {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    said: String,
    link: String,
}

impl Tested {
    async fn begins(app: &TestApp, source: &str) -> Self {
        let mut child = app.program(&["app", "test", "demo", source]).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        loop {
            let line = out.next_line().await.unwrap().unwrap_or_else(|| panic!("no link in {said}"));
            said.push_str(&line);
            if let Some(link) = line.trim().strip_prefix("http") {
                return Self { child, out, said, link: format!("http{link}") };
            }
        }
    }

    async fn ends(mut self) -> (bool, String) {
        while let Some(line) = self.out.next_line().await.unwrap() {
            self.said.push_str(&line);
        }
        let Output { status, stderr, .. } = self.child.wait_with_output().await.unwrap();
        (status.success(), self.said + &String::from_utf8(stderr).unwrap())
    }
}

async fn tests(app: &TestApp, source: &str, account: &str, does: Does) -> (bool, String) {
    let tested = Tested::begins(app, source).await;
    let visitor: Visitor<'_> = app.visitor();
    let offer = crate::app::Offer { redirect_url: tested.link.clone(), attempt: String::new() };
    visitor.goes_through(&offer, account, does).await;
    tested.ends().await
}

#[tokio::test]
async fn an_operator_sees_step_by_step_whether_a_key_works() {
    let app = TestApp::start().await;
    for (source, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        let (well, said) = tests(&app, source, account, Does::Continue).await;
        for step in ["connecting   works", "permissions  granted", "listing      works", "works for `demo`"] {
            assert!(well && said.contains(step), "{step} in {said}");
        }
    }
    assert_eq!((app.count("connections").await, app.count("sessions").await), (0, 0), "nothing is kept");
    let (well, said) = tests(&app, "facebook", "alice", Does::UntickPhotos).await;
    assert!(!well && said.contains("permissions failed") && said.contains("what to do"), "{said}");
    let (well, said) = tests(&app, "facebook", "alice", Does::Cancel).await;
    assert!(!well && said.contains("connecting failed") && said.contains("sign_in_cancelled"), "{said}");
    // Another secret than the app has at Meta.
    app.emulator.register_app(App::new(Network::Facebook, FACEBOOK_APP_ID, "another", "Photo Picker"));
    let (well, said) = tests(&app, "facebook", "alice", Does::Continue).await;
    assert!(!well && said.contains("connecting failed") && !said.contains("another"), "{said}");
    let (well, said) = ends(app.program(&["app", "test", "demo", "facebook", "--wait", "0"]), "").await;
    assert!(!well && said.contains("was not opened") && said.contains(&app.url), "{said}");
}

#[tokio::test]
async fn a_copy_of_the_database_gives_no_secret_away() {
    let mut app = TestApp::start_with(|config| {
        // What is looked through is the database's file.
        config.database_url = Secret::default();
        two_keys(config);
    })
    .await;
    register(&app);
    let mut visitor = app.visitor_of("shop");
    visitor.signs_in("facebook", "alice").await;
    visitor.signs_in("instagram", "alice.pro").await;
    let sealed: Vec<(String, String)> =
        sqlx::query_as("SELECT id, access_token FROM connections").fetch_all(&app.database().await).await.unwrap();
    let keyring = Keyring::in_data_dir(app.data_dir()).unwrap();
    let mut secrets: Vec<String> = vec![OWN_SECRET.to_owned(), FACEBOOK_APP_SECRET.to_owned()];
    for (id, sealed) in &sealed {
        secrets.push(keyring.open(&format!("connection:{id}"), sealed).unwrap().expose().to_owned());
    }
    secrets.push(visitor.token.clone().unwrap());
    assert_eq!(secrets.len(), 5);
    let gives_away = |app: &TestApp| {
        let mut seen = 0;
        for file in std::fs::read_dir(app.data_dir()).unwrap().map(|entry| entry.unwrap().path()) {
            if !file.file_name().unwrap().to_str().unwrap().starts_with("companion.sqlite") {
                continue;
            }
            let bytes = std::fs::read(&file).unwrap();
            seen += bytes.windows(OWN_ID.len()).filter(|window| *window == OWN_ID.as_bytes()).count();
            for secret in &secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{} holds {secret}", file.display());
            }
        }
        assert!(seen > 0, "what is looked through is the database");
    };
    gives_away(&app);
    app.stop().await;
    gives_away(&app);
}
