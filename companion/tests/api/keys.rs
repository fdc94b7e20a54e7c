//! The keys that secrets are sealed with, and what production asks for.

use crate::app::{Does, TestApp, ends, eventually, items, program};
use bowerbird_companion::config::{AppConfig, OwnApp};
use bowerbird_companion::db::{AppRow, Db};
use bowerbird_companion::seal::{Keyring, new_key};
use bowerbird_companion::secrets::Secret;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

const OWN_SECRET: &str = "the-secret-of-an-own-app";

fn own(key: &str) -> AppRow {
    let facebook = Some(OwnApp { id: "12".to_owned(), secret: Secret::new(OWN_SECRET) });
    let settings = AppConfig { facebook, origins: vec!["https://shop.example".to_owned()], ..AppConfig::open(key) };
    AppRow { settings, seeded: false, updated_ms: 0, locked: Vec::new() }
}

async fn database(app: &TestApp) -> Db {
    Db::open(app.config().database_url.expose(), app.data_dir(), Keyring::in_data_dir(app.data_dir()).unwrap())
        .await
        .unwrap()
}

fn key_file(app: &TestApp) -> String {
    std::fs::read_to_string(Keyring::file_in(app.data_dir())).unwrap()
}

#[tokio::test]
async fn keys_rotate_while_the_companion_runs_and_the_old_one_can_go() {
    let mut app = TestApp::start().await;
    // More than are sealed anew at a time.
    let db = database(&app).await;
    for number in 0..250 {
        db.put_app(&own(&format!("shop-{number}"))).await.unwrap();
    }
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    // One who is at the provider's page: the verifier is sealed too.
    let mut away = app.visitor();
    let offer = away.is_offered("facebook").await;
    let dialog = away.opens(&offer).await;
    let old = db.keyring().ids().remove(0);
    let (well, said) = app.runs(&["keys", "list"]).await;
    assert!(well && said.starts_with(&format!("{old}  seals 252  current")), "{said}");

    let (well, said) = app.runs(&["keys", "rotate", "--new"]).await;
    assert!(well && said.starts_with("sealed 252 secrets"), "{said}");
    assert!(said.contains(&format!("{old}  seals 0  seals nothing; its line can be removed")), "{said}");
    assert!(!said.contains(OWN_SECRET));
    let mut token = visitor.token.clone();
    assert!(!items(&visitor.lists("facebook", "/").await).is_empty(), "the companion that runs has the new key");
    let (_, said) = app.runs(&["keys", "rotate"]).await;
    assert!(said.starts_with("sealed 0 secrets"), "{said}");
    // What it seals from now on is sealed with the new one.
    let callback = away.answers(&dialog, "ben", Does::Continue).await;
    let page = app.http.get(callback).send().await.unwrap().text().await.unwrap();
    assert_eq!(away.completes("facebook", &page).await, json!({"state": "connected"}));
    let (_, said) = app.runs(&["keys", "list"]).await;
    assert!(said.contains("seals 252  current") && said.contains(&format!("{old}  seals 0")), "{said}");

    app.stop().await;
    let kept = key_file(&app).lines().filter(|line| !line.starts_with(&old)).collect::<Vec<_>>().join("\n");
    std::fs::write(Keyring::file_in(app.data_dir()), kept).unwrap();
    app.start_again().await;
    let mut visitor = app.visitor();
    visitor.token = token.take();
    assert!(!items(&visitor.lists("facebook", "/").await).is_empty());
    let apps = database(&app).await.apps().await.unwrap();
    assert!(apps.iter().all(|row| row.locked.is_empty()));
    assert_eq!(apps[1].settings.facebook.as_ref().unwrap().secret.expose(), OWN_SECRET);
}

#[tokio::test]
async fn a_key_that_is_missing_is_named_and_no_other_app_steps_in() {
    let mut app = TestApp::start().await;
    let db = database(&app).await;
    db.put_app(&own("shop")).await.unwrap();
    let old = db.keyring().ids().remove(0);
    app.stop().await;
    let line = key_file(&app);
    std::fs::write(Keyring::file_in(app.data_dir()), new_key().expose()).unwrap();
    app.start_again().await;
    let mut visitor = app.visitor_of("shop");
    assert_eq!(visitor.lists("facebook", "/").await["error"]["code"], "unknown_source");
    let (_, said) = app.runs(&["app", "show", "shop"]).await;
    assert!(said.contains("its own app 12 does not work"), "{said}");
    let (_, said) = app.runs(&["keys", "list"]).await;
    assert!(said.contains(&format!("{old}  seals 1  not there")), "{said}");
    let (well, said) = app.runs(&["keys", "rotate"]).await;
    assert!(!well && said.contains("1 secrets could not be opened"), "{said}");
    // Changing something else loses nothing, and the key can come back while the companion runs.
    let (well, _) = app.runs(&["app", "set", "shop", "--name", "Shop"]).await;
    assert!(well);
    let file = Keyring::file_in(app.data_dir());
    std::fs::write(&file, format!("{}\n{line}", key_file(&app))).unwrap();
    let (well, said) = app.runs(&["keys", "rotate"]).await;
    assert!(well && said.starts_with("sealed 1 secrets"), "{said}");
    let (_, said) = app.runs(&["app", "show", "shop"]).await;
    assert!(said.contains("configured: its own app 12") && said.contains("Shop"), "{said}");
    eventually("the source is offered again", async || visitor.lists("facebook", "/").await["auth"].is_object()).await;
}

#[tokio::test]
async fn what_keys_cannot_do_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| {
        let mut command = program(arguments);
        command.arg("--data-dir").arg(folder.path());
        command
    };
    let (well, said) = ends(command(&["keys", "list"]), "").await;
    assert!(!well && said.contains("there is no database"), "{said}");
    let (well, said) = ends(command(&["keys", "new"]), "").await;
    assert!(well && Keyring::read(&Secret::new(said.as_str())).is_ok_and(|keys| keys.weak().is_empty()), "{said}");
    ends(command(&["app", "add", "shop", "--origin", "https://shop.example"]), "").await;
    let mut configured = command(&["keys", "rotate", "--new"]);
    configured.env("BOWERBIRD_ENCRYPTION_KEYS", said);
    let (well, said) = ends(configured, "").await;
    assert!(!well && said.contains("first there"), "{said}");
    let mut both = command(&["keys", "list"]);
    both.env("BOWERBIRD_ENCRYPTION_KEYS", new_key().expose()).env("BOWERBIRD_ENCRYPTION_KEYS_FILE", "keys");
    let (well, said) = ends(both, "").await;
    assert!(!well && said.contains("both are set"), "{said}");
}

fn in_production(folder: &Path) -> Command {
    let mut command = program(&["--listen", "127.0.0.1:0", "--public-url", "https://photos.example"]);
    command.arg("--data-dir").arg(folder);
    for (name, value) in [
        ("MODE", "production"),
        ("SECRET", "0123456789abcdef0123456789abcdef"),
        ("APPS", r#"[{"key":"shop","origins":["https://shop.example"]}]"#),
        ("IMAGE_HOSTS", ".fbcdn.net,.cdninstagram.com,.fbsbx.com"),
        ("FACEBOOK_APP_ID", "12"),
        ("FACEBOOK_APP_SECRET", "a-secret-of-ours"),
        ("FACEBOOK_DIALOG_URL", "https://www.facebook.com"),
        ("FACEBOOK_GRAPH_URL", "https://graph.facebook.com"),
        ("INSTAGRAM_APP_ID", ""),
        ("INSTAGRAM_AUTHORIZE_URL", "https://www.instagram.com"),
        ("INSTAGRAM_API_URL", "https://api.instagram.com"),
        ("FACEBOOK_UPLOAD_URL", "https://rupload.facebook.com"),
        ("INSTAGRAM_GRAPH_URL", "https://graph.instagram.com"),
    ] {
        command.env(format!("BOWERBIRD_{name}"), value);
    }
    command.env("BOWERBIRD_ENCRYPTION_KEYS", new_key().expose());
    command
}

/// Whether it starts: what it says until it is ready or ends.
async fn starts(mut command: Command) -> (bool, String) {
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push_str(&line);
        said.push('\n');
        if line.contains("companion is ready") {
            child.kill().await.unwrap();
            return (true, said);
        }
    }
    (false, said)
}

#[tokio::test]
async fn production_starts_with_nothing_that_only_a_demonstration_may_have() {
    let folder = tempfile::tempdir().unwrap();
    let mut bare = program(&["--listen", "127.0.0.1:0"]);
    bare.arg("--data-dir").arg(folder.path()).env("BOWERBIRD_MODE", "production");
    let (started, said) = starts(bare).await;
    assert!(!started);
    for problem in [
        "encryption_keys: no key is configured",
        "secret: must have at least 32",
        "public_url: http://127.0.0.1:8787/ is not https",
        "facebook_app_secret: is the emulator's",
        "instagram_app_secret: is the emulator's",
        "facebook_upload_url",
        "instagram_graph_url",
        "image_hosts: `127.0.0.1:8788` is on this machine",
        "the key `demo` may be used from every origin",
    ] {
        assert!(said.contains(problem), "{problem} in {said}");
    }
    assert!(!folder.path().join("encryption.key").exists(), "it makes no key");

    let (started, said) = starts(in_production(folder.path())).await;
    assert!(started, "{said}");
    assert!(!said.contains("demo mode"), "{said}");

    let mut example = in_production(folder.path());
    example.env("BOWERBIRD_ENCRYPTION_KEYS", "example:ZXhhbXBsZS1leGFtcGxlLWV4YW1wbGUtZXhhbXBsZS0=");
    let (started, said) = starts(example).await;
    assert!(!started && said.contains("the key `example` is an example") && !said.contains("ZXhh"), "{said}");

    // A site of the database counts as one of the configuration.
    let mut wide = in_production(folder.path());
    wide.args(["app", "add", "wide", "--origin", "*"]);
    let (well, said) = ends(wide, "").await;
    assert!(!well && said.contains("nothing was saved"), "{said}");
    let mut wide = in_production(folder.path());
    wide.env("BOWERBIRD_MODE", "demo").args(["app", "add", "wide", "--origin", "*"]);
    let (well, said) = ends(wide, "").await;
    assert!(well, "{said}");
    let (started, said) = starts(in_production(folder.path())).await;
    assert!(!started && said.contains("the key `wide` may be used from every origin"), "{said}");
    let mut keyless = in_production(folder.path());
    keyless.env("BOWERBIRD_ENCRYPTION_KEYS", "").env("BOWERBIRD_SECRET", "");
    let (started, said) = starts(keyless).await;
    assert!(!started && said.contains("no key") && said.contains("secret:") && said.contains("`wide`"), "{said}");
    // What the refusal advises helps, whatever the configuration says of the key.
    let mut narrow = in_production(folder.path());
    narrow.args(["app", "set", "wide", "--origin", "https://shop.example"]);
    assert!(ends(narrow, "").await.0);
    let mut corrected = in_production(folder.path());
    corrected.env("BOWERBIRD_APPS", r#"[{"key":"wide","origins":["*"]}]"#);
    let (started, said) = starts(corrected).await;
    assert!(started, "{said}");
}

#[tokio::test]
async fn a_site_that_is_not_for_visitors_is_not_served_by_a_production_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = in_production(folder.path());
    let keys = new_key();
    let mut child = command.env("BOWERBIRD_ENCRYPTION_KEYS", keys.expose()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said_of = async |words: &str| {
        let mut said = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(words) {
                return line;
            }
            assert!(!line.contains("the sites have changed"), "before {words}: {line}");
            said.push_str(&line);
        }
        panic!("no {words} in {said}");
    };
    said_of("companion is ready").await;
    // As an operator does in a shell without the settings of the service.
    let mut wide = program(&["app", "add", "wide", "--origin", "*"]);
    wide.arg("--data-dir").arg(folder.path()).env("BOWERBIRD_ENCRYPTION_KEYS", keys.expose());
    let (well, said) = ends(wide, "").await;
    assert!(well, "{said}");
    let told = said_of("is not served in production mode").await;
    assert!(told.contains("ERROR") && told.contains("the key `wide` may be used from every origin"), "{told}");
    said_of("the sites have changed").await;
    child.kill().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn other_users_of_the_machine_read_nothing() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, new_key().expose()).unwrap();
    let with_file = |mode| {
        set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let mut command = in_production(folder.path());
        command.env_remove("BOWERBIRD_ENCRYPTION_KEYS").env("BOWERBIRD_ENCRYPTION_KEYS_FILE", &file);
        command
    };
    let (started, said) = starts(with_file(0o602)).await;
    assert!(!started && said.contains("encryption_keys_file: every user of this machine may change"), "{said}");
    let (started, said) = starts(with_file(0o644)).await;
    assert!(started && said.contains("WARN") && said.contains("data_dir: every user of this machine"), "{said}");
    assert!(said.contains("encryption_keys_file: every user of this machine may read"), "{said}");
    // What SQLite puts beside it has its rights.
    for name in ["companion.sqlite", "companion.sqlite-wal", "companion.sqlite-shm"] {
        let mode = metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_demonstration_makes_its_keys_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&["--listen", "127.0.0.1:0"]);
    command.arg("--data-dir").arg(folder.path());
    let (started, said) = starts(command).await;
    assert!(started && said.matches("demo mode").count() == 1, "{said}");
    assert!(folder.path().join("encryption.key").exists());
}
