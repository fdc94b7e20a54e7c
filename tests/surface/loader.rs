//! The loader and the module in Chromium, with a stand-in for the glue: what they fetch and when, and what they do when it fails.

use super::{chunk, client, glue, integrity, package, script, versioned, wasm};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thirtyfour::prelude::*;

/// Answers `pick` with what it was made with and asked for.
const GLUE: &str = "export const chunks = {};
    export default async ({ module_or_path }) => { await (await module_or_path).arrayBuffer(); };
    let made = 0;
    export const client = (apikey, { url }) => {
        made += 1;
        return { pick: async what => ({ apikey, url, what: what ?? null, made }) };
    };";

/// A server of the package's files and of a page, and a browser that has the page open from another origin.
struct World {
    files: Arc<Files>,
    /// Where the files are; the page is at the same port of `localhost`.
    url: String,
    browser: WebDriver,
    _chromedriver: Chromedriver,
}

#[derive(Default)]
struct Files {
    fetched: Mutex<Vec<String>>,
    broken: Mutex<Option<String>>,
    /// A file that somebody has added something to.
    tampered: Mutex<Option<String>>,
}

impl World {
    async fn new() -> Self {
        // Makes the TLS provider known, without which no HTTP client can be built.
        bowerbird_companion::fetch::Fetcher::new(&Default::default()).unwrap();
        let files = Arc::new(Files::default());
        let router = Router::new()
            .route("/page", get(|| async { Html("<!doctype html><title>page</title><body></body>") }))
            .route("/{name}", get(serve))
            .with_state(files.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });

        let chromedriver = Chromedriver::start();
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] {
            capabilities.add_arg(argument).unwrap();
        }
        let browser = WebDriver::new(format!("http://{}", chromedriver.address), capabilities).await.unwrap();
        // Otherwise it would end its session when dropped, and on this thread that waits for itself.
        browser.clone().leak().unwrap();
        browser.goto(url.replace("127.0.0.1", "localhost") + "/page").await.unwrap();
        Self { files, url, browser, _chromedriver: chromedriver }
    }

    /// The value that the body of an async function returns in the page; `{error}` when it throws.
    async fn run(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const files = '{}';
             const include = () => new Promise((resolve, reject) => document.head.append(Object.assign(
                 document.createElement('script'), {{ src: files + '/bowerbird.js', onload: resolve, onerror: reject }})));
             (async () => {{ {body} }})().then(done, error => done({{ error: error.message }}));",
            self.url
        );
        self.browser.execute_async(script, vec![]).await.unwrap().json().clone()
    }

    fn fetched(&self) -> Vec<String> {
        self.files.fetched.lock().unwrap().clone()
    }

    fn break_file(&self, name: Option<String>) {
        *self.files.broken.lock().unwrap() = name;
    }
}

/// A driver on a port of its own. It takes its browsers with it when it goes.
struct Chromedriver {
    process: Child,
    address: String,
}

impl Chromedriver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver, which `cargo xtask test tools` installs");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned())
        });
        // Read on, or the driver waits for somebody to do so.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: format!("127.0.0.1:{}", port.expect("chromedriver says its port")) }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // A driver that is killed leaves its browsers running; one that is asked to shut down closes them.
        if let Ok(mut stream) = TcpStream::connect(&self.address) {
            let _ = write!(stream, "GET /shutdown HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn serve(State(files): State<Arc<Files>>, Path(name): Path<String>) -> Response {
    let is_of_the_package = name.starts_with("bowerbird");
    if is_of_the_package {
        files.fetched.lock().unwrap().push(name.clone());
    }
    if files.broken.lock().unwrap().as_ref() == Some(&name) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let read = |name: &str| std::fs::read(package().join(name));
    let bytes = if name == glue() {
        Ok(GLUE.as_bytes().to_vec())
    } else if name == "bowerbird.js" {
        // It takes no other glue than its own.
        Ok(super::text(&name).replace(&integrity(&read(&glue()).unwrap()), &integrity(GLUE.as_bytes())).into_bytes())
    } else {
        read(&name)
    };
    let is_tampered = files.tampered.lock().unwrap().as_ref() == Some(&name);
    let bytes = bytes.map(|bytes| if is_tampered { [&bytes[..], b"\n//"].concat() } else { bytes });
    let kind = if name.ends_with(".wasm") { "application/wasm" } else { "text/javascript" };
    match bytes {
        Ok(bytes) if is_of_the_package => {
            let headers = [(header::CONTENT_TYPE, kind), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
            (headers, bytes).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test]
async fn loading_draws_and_fetches_nothing_until_init() {
    let world = World::new().await;
    let before = "await include();
        await new Promise(resolve => setTimeout(resolve, 600));
        return { nodes: document.body.childNodes.length, names: Object.keys(bowerbird), version: bowerbird.version };";
    let expected = json!({ "nodes": 0, "names": ["init", "pick", "version"], "version": env!("CARGO_PKG_VERSION") });
    assert_eq!(world.run(before).await, expected);
    assert_eq!(world.fetched(), ["bowerbird.js"]);

    let init = "const client = bowerbird.init('demo');
        return { synchronous: typeof client.pick, nodes: document.body.childNodes.length };";
    assert_eq!(world.run(init).await, json!({ "synchronous": "function", "nodes": 0 }));
    // When the page is idle, without a pick.
    for _ in 0..100 {
        if world.fetched().len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut fetched = world.fetched();
    fetched.sort();
    let mut expected = ["bowerbird.js".to_owned(), glue(), wasm()];
    expected.sort();
    assert_eq!(fetched, expected);
}

#[tokio::test]
async fn whoever_comes_near_a_button_has_the_picker_fetched_at_once() {
    for event in ["pointerover", "focusin"] {
        let world = World::new().await;
        let near = format!(
            "window.requestIdleCallback = () => {{}};
            await include();
            bowerbird.init('demo');
            const at = (name) => document.body.appendChild(document.createElement(name)).dispatchEvent(new Event('{event}', {{ bubbles: true }}));
            const fetched = async () => {{
                await new Promise(resolve => setTimeout(resolve, 300));
                return performance.getEntriesByType('resource').filter(entry => entry.name.includes('bowerbird_bg')).length;
            }};
            at('p');
            const before = await fetched();
            at('button');
            at('button');
            return [before, await fetched()];"
        );
        assert_eq!(world.run(&near).await, json!([0, 1]), "{event}");
    }
}

#[tokio::test]
async fn a_pick_goes_through_with_the_scripts_origin_or_the_given_one() {
    let world = World::new().await;
    let picks = "await include();
        const client = bowerbird.init('demo');
        const answers = [await client.pick('facebook'), await bowerbird.pick({ maxFiles: 2 })];
        bowerbird.init('other', { url: 'https://companion.example' });
        return [...answers, await bowerbird.pick(), await client.pick()];";
    let expected = json!([
        { "apikey": "demo", "url": world.url, "what": "facebook", "made": 1 },
        { "apikey": "demo", "url": world.url, "what": { "maxFiles": 2 }, "made": 1 },
        { "apikey": "other", "url": "https://companion.example", "what": null, "made": 2 },
        { "apikey": "demo", "url": world.url, "what": null, "made": 2 },
    ]);
    assert_eq!(world.run(picks).await, expected);
    assert_eq!(world.fetched().len(), 3, "each file once: {:?}", world.fetched());
}

#[tokio::test]
async fn a_failed_load_names_its_url_and_is_tried_again() {
    for broken in [glue(), wasm()] {
        let world = World::new().await;
        world.break_file(Some(broken.clone()));
        // An early fetch that begins while the file is broken would be what the second pick waits for.
        let failing = "window.requestIdleCallback = () => {};
            await include(); bowerbird.init('demo'); return bowerbird.pick();";
        let answer = world.run(failing).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.starts_with("bowerbird: ") && error.contains(&format!("{}/{broken}", world.url)), "{answer}");
        world.break_file(None);
        let answer = world.run("return bowerbird.pick('instagram');").await;
        assert_eq!(answer["what"], "instagram", "{answer}");
    }
}

#[tokio::test]
async fn a_file_that_was_tampered_with_is_refused() {
    for tampered in [glue(), wasm(), client()] {
        let world = World::new().await;
        *world.files.tampered.lock().unwrap() = Some(tampered.clone());
        let uses = if tampered == client() {
            "metadata('').catch(error => ({ error: error.message }))"
        } else {
            "pick('facebook')"
        };
        let answer = world.run(&format!("await include(); return bowerbird.init('demo').{uses};")).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.starts_with("bowerbird: ") && error.contains(&format!("{}/{tampered}", world.url)), "{answer}");
        *world.files.tampered.lock().unwrap() = None;
        let answer = world.run(&format!("return bowerbird.init('demo').{uses};")).await;
        assert!(!answer["error"].as_str().is_some_and(|error| error.contains(&tampered)), "{answer}");
        assert_eq!(world.run("return document.querySelectorAll('link').length").await, 0);
    }
}

#[tokio::test]
async fn a_page_takes_no_other_script_than_it_names() {
    let world = World::new().await;
    let hashes: Value = serde_json::from_str(&super::text("sri.json")).unwrap();
    let script = format!(
        "return await new Promise(resolve => document.head.append(Object.assign(document.createElement('script'), {{
            src: files + '/{}', integrity: {}, crossOrigin: '', onload: () => resolve(typeof bowerbird), onerror: () => resolve('refused'),
        }})));",
        versioned(),
        hashes[versioned()]
    );
    *world.files.tampered.lock().unwrap() = Some(versioned());
    assert_eq!(world.run(&script).await, "refused");
    *world.files.tampered.lock().unwrap() = None;
    assert_eq!(world.run(&script).await, "object");
}

#[tokio::test]
async fn included_twice_it_keeps_the_client_and_without_one_it_says_so() {
    let world = World::new().await;
    let answer = world.run("await include(); return bowerbird.pick();").await;
    assert!(answer["error"].as_str().is_some_and(|error| error.contains("init")), "{answer}");
    let twice = "bowerbird.init('demo'); await include(); await include(); return bowerbird.pick();";
    assert_eq!(world.run(twice).await["apikey"], "demo");
}

#[tokio::test]
async fn the_module_does_the_same_and_needs_no_document() {
    let world = World::new().await;
    let module = "const { init, pick, version } = await import(files + '/bowerbird.mjs');
        init('demo');
        const { chunks } = await import(`${files}/%GLUE%`);
        return { ...await pick('facebook'), version, global: typeof bowerbird, chunks };";
    let answer = world.run(&module.replace("%GLUE%", &glue())).await;
    for name in ["later", "own", "editor", "outward"] {
        assert_eq!(answer["chunks"][name], format!("{}/{}", world.url, chunk(name)));
    }
    assert_eq!(answer["chunks"]["script"], format!("{}/{}", world.url, script()));
    assert_eq!(
        (&answer["url"], &answer["what"], &answer["global"]),
        (&json!(world.url), &json!("facebook"), &json!("undefined"))
    );
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
    // A worker has neither window nor document, as a server that renders pages has not.
    let worker = "const source = `import('${files}/bowerbird.mjs').then(({ init }) => postMessage([typeof init('demo').pick, typeof document]),
            error => postMessage(error.message))`;
        const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' });
        return new Promise(resolve => { worker.onmessage = ({ data }) => resolve(data); });";
    assert_eq!(world.run(worker).await, json!(["function", "undefined"]));
}

#[tokio::test]
async fn the_calls_that_draw_nothing_come_with_the_first_of_them() {
    let world = World::new().await;
    let made = world.run("await include(); return Object.keys(bowerbird.init('demo')).sort();").await;
    let names = "download export logout metadata multiupload off on pick picker prefetch remove removeMetadata retrieve returning session \
        setSecurity storeURL transform upload";
    assert_eq!(made, json!(names.split_whitespace().collect::<Vec<_>>()));
    let calls = "const client = bowerbird.init('demo');
        const call = () => client.metadata('').catch(error => error.message);
        return [await client.pick('facebook') && client.transform('a1B2c3D4e5F6g7H8i9J0', { flip: true }), await call(), await call()];";
    world.break_file(Some(client()));
    let answers = world.run(calls).await;
    let address = format!("{}/{}", world.url, client());
    assert_eq!(answers[0], format!("{}/demo/flip/a1B2c3D4e5F6g7H8i9J0", world.url));
    assert!(answers[1].as_str().is_some_and(|error| error.contains(&address)), "{answers}");
    world.break_file(None);
    let answers = world.run(calls).await;
    assert_eq!(answers[1], "bowerbird: metadata takes a file's handle");
    assert_eq!(answers[1], answers[2]);
    let wrong = "return bowerbird.init('demo', { security: { policy: 'p' } });";
    assert!(world.run(wrong).await["error"].as_str().is_some_and(|error| error.contains("{policy, signature}")));
}

/// As a server that renders pages does.
#[test]
fn a_server_imports_the_module_and_has_a_client() {
    let module = package().join("bowerbird.mjs");
    let program = format!(
        "const {{ init }} = await import({module:?});
        const client = init('demo', {{ url: 'https://companion.example/' }});
        console.log(client.transform('a1B2c3D4e5F6g7H8i9J0', {{ resize: {{ width: 9 }} }}), client.returning, typeof client.pick);"
    );
    let said = Command::new("node").args(["--input-type=module", "--eval", &program]).output().expect("Node.js");
    let expected = "https://companion.example/demo/resize=width:9/a1B2c3D4e5F6g7H8i9J0 false function\n";
    assert_eq!(String::from_utf8_lossy(&said.stdout), expected, "{}", String::from_utf8_lossy(&said.stderr));
}
