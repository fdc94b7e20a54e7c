//! The description of the API, and what clients that do not keep to it are answered.

use crate::app::{ORIGIN, TestApp, text};
use bowerbird_protocol::problem::ProblemCode;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tokio::process::Command;

/// Read in a window, or posted by Meta; and the other way to write `/store/`.
const NOT_DESCRIBED: [&str; 10] = [
    "/store",
    "/link",
    "/api/client/{source}/auth/open",
    "/api/client/{source}/auth/code",
    "/api/client/{source}/auth/lost",
    "/api/client/{source}/authCallback/open",
    "/deletion/{code}",
    "/api/client/{source}/deauthorize/{client_id}",
    "/api/client/{source}/deletion/{client_id}",
    // Meta's, with addresses that the companion signs.
    "/offered/{publication}/{at}/{until}/{signature}",
];

#[tokio::test]
async fn the_document_has_every_route_and_every_code() {
    let app = TestApp::start().await;
    let served = app.get("/openapi.json").await;
    assert_eq!(served.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(served.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let document: Value = served.json().await.unwrap();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    // axum does not say which routes it has.
    let table = include_str!("../../src/routes.rs");
    let routes: BTreeSet<(&str, String)> = table
        .split(".route(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once("\", "))
        .flat_map(|(path, handlers)| {
            let handlers = handlers.lines().next().unwrap();
            let has = |method: &str| {
                let (first, chained) = (format!("{method}("), format!(".{method}("));
                handlers.starts_with(&first) || handlers.contains(&chained)
            };
            ["get", "post", "put", "delete"]
                .into_iter()
                .filter(move |method| has(method))
                .map(move |method| (path, method.to_owned()))
        })
        .filter(|(path, _)| !NOT_DESCRIBED.contains(path))
        // What the fallback has.
        .chain([("/{handle}", "get".to_owned())])
        .collect();
    assert!(routes.len() > 15, "{routes:?}");
    let described: BTreeSet<(&str, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (path.as_str(), method.clone()))
        })
        .filter(|(_, method)| method != "parameters" && method != "head")
        .collect();
    assert_eq!(described, routes);
    let codes = ProblemCode::ALL.iter().copied().chain([ProblemCode::Other]).map(ProblemCode::as_str);
    assert_eq!(document["components"]["schemas"]["ProblemCode"]["enum"], codes.collect::<Value>());
}

#[tokio::test]
async fn what_no_route_takes_is_refused_as_everything_else_is() {
    let app = TestApp::start().await;
    for (method, path, status, allow) in [
        (Method::GET, "/folder/list", 405, Some("POST")),
        (Method::PUT, "/api/file/abcdefghijABCDEFGHIJ", 405, Some("GET,HEAD,POST,DELETE")),
        (Method::DELETE, "/abcdefghijABCDEFGHIJ", 405, Some("GET,HEAD")),
        (Method::POST, "/healthz", 405, Some("GET,HEAD")),
        (Method::GET, "/api/nothing", 404, None),
        (Method::POST, "/api/nothing", 404, None),
        (Method::GET, "/a%00b", 400, None),
        (Method::GET, "/thumbnail?x=%00", 400, None),
        (Method::GET, "/api/file/%00/metadata", 400, None),
        (Method::DELETE, "/api/file/x?policy=%00", 400, None),
        (Method::GET, "/api/file/%FF/metadata", 400, None),
        (Method::PUT, "/multipart/part/x/1", 400, None),
        (Method::PUT, "/multipart/part/x/one?size=1&expires=1&md5=&key=&sign=", 400, None),
    ] {
        let answer = app.http.request(method.clone(), format!("{}{path}", app.url)).send().await.unwrap();
        let told = answer.headers().get(header::ALLOW).map(|allow| allow.to_str().unwrap().to_owned());
        assert_eq!((answer.status().as_u16(), told.as_deref()), (status, allow), "{method} {path}");
        let reply: Value = answer.json().await.unwrap();
        assert!(reply["error"]["text"].is_string() && reply["error"]["code"].is_string(), "{method} {path}: {reply}");
    }
    // Twice encoded it is three characters.
    assert_eq!(app.get("/a%2500b").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_so() {
    let app = TestApp::start().await;
    let (status, reply) = app.post("/prefetch", &json!({"apikey": "x".repeat(300 * 1024)})).await;
    assert_eq!((status, &reply["error"]["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("too_large")));
}

/// schemathesis with its arguments, where `cargo xtask test tools` has put it.
fn schemathesis() -> Option<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let folder = std::path::absolute(target.join("tools/schemathesis")).unwrap();
    if !folder.join("schemathesis.txt").is_file() {
        assert!(std::env::var_os("CI").is_none(), "CI is set, and there is no schemathesis in {}", folder.display());
        println!(
            "!!! NOT TESTED: whether the companion keeps to its document, because `cargo xtask test tools` has not run"
        );
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-m", "schemathesis.cli"]).env("PYTHONPATH", folder).env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// The document, with values that are good for something in place of any text: of this key, this session and these files.
fn narrowed(mut document: Value, token: &str, other_token: &str, handles: [&str; 2], path: &str) -> Value {
    let one = |value: &str| json!({"type": "string", "enum": [value]});
    let schemas = &mut document["components"]["schemas"];
    for request in schemas.as_object_mut().unwrap().values_mut() {
        let Some(members) = request.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        if !members.contains_key("apikey") {
            continue;
        }
        members.insert("apikey".to_owned(), one("demo"));
        if members.contains_key("token") {
            members.insert("token".to_owned(), one(token));
        }
        if let Some(clouds) = members.get_mut("clouds") {
            let clouds = if clouds.get("anyOf").is_some() { &mut clouds["anyOf"][0] } else { clouds };
            clouds["propertyNames"] = json!({"enum": ["facebook", "instagram", "url", "nothing"]});
        }
    }
    // This one ends its session.
    schemas["LogoutRequest"]["properties"]["token"] = one(other_token);
    schemas["StoreCloud"]["properties"]["path"] = json!({"type": "string", "enum": [path, "/1/2.jpg"]});
    schemas["ListCloud"]["properties"]["path"] = json!({"type": "string", "enum": ["/", path]});
    // Nothing outside of this machine is asked.
    let nowhere = one("http://127.0.0.1:1/photo.jpg");
    schemas["MetadataRequest"]["properties"]["url"] = nowhere.clone();
    schemas["ProcessRequest"]["properties"]["sources"]["items"] = nowhere;
    document["components"]["parameters"]["handle"]["schema"] = one(handles[0]);
    let of = |handle: &str| json!({"name": "handle", "in": "path", "required": true, "schema": one(handle)});
    let paths = &mut document["paths"];
    for (path, method) in [("/api/file/{handle}", "delete"), ("/api/file/{handle}/remove", "post")] {
        paths[path][method]["parameters"].as_array_mut().unwrap().push(of(handles[1]));
    }
    let storing = &mut paths["/api/store/{location}"];
    storing["parameters"][1]["schema"] = one("demo");
    let form = &mut storing["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"];
    form["schema"]["properties"]["url"] = one("http://127.0.0.1:1/photo.jpg");
    document
}

#[tokio::test]
async fn the_companion_keeps_to_its_document_whatever_it_is_asked() {
    let Some(mut schemathesis) = schemathesis() else { return };
    let app = TestApp::start_with(|config| {
        for rate in [
            &mut config.rate_per_address,
            &mut config.rate_per_key,
            &mut config.rate_per_session,
            &mut config.rate_thumbnails,
        ] {
            *rate = 0;
        }
        config.apps[0].max_stores = 1_000_000;
        config.fetch_total_timeout = 2;
    })
    .await;
    let (mut visitor, mut other) = (app.visitor(), app.visitor());
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let mut handles = Vec::new();
    for photo in &photos[..2] {
        handles.push(text(&visitor.stores("facebook", photo).await, "handle"));
    }
    other.lists("facebook", "/").await;
    let tokens = [&visitor, &other].map(|visitor| visitor.token.clone().unwrap());
    let document = app.get("/openapi.json").await.json().await.unwrap();
    let document = narrowed(document, &tokens[0], &tokens[1], [&handles[0], &handles[1]], &photos[0]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("document.json"), document.to_string()).unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), SETTINGS).unwrap();
    schemathesis.args([
        "run",
        "document.json",
        "--url",
        &app.url,
        "--header",
        &format!("Authorization:Bearer {}", tokens[0]),
    ]);
    schemathesis.args(["--header", &format!("Origin:{ORIGIN}")]);
    let output = schemathesis.current_dir(folder.path()).kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The answers that say that an address gives nothing, or that a task is not offered, are no faults of the companion's.
const SETTINGS: &str = r#"
seed = 7
continue-on-failure = true
color = false

[phases]
stateful.enabled = false

[generation]
max-examples = 15
database = "none"

[checks]
positive_data_acceptance.enabled = false
negative_data_rejection.enabled = false
missing_required_header.enabled = false
ignored_auth.enabled = false
use_after_free.enabled = false
ensure_resource_availability.enabled = false
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501, 502, 503]
"#;
