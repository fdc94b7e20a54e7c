//! The widget in a real browser, against a companion that is nothing but a replaced `fetch`: mount, click, read the dialog.
//! What crosses the network for real is told in `tests/stories`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod grid;
mod storing;

use bowerbird::api::client;
use bowerbird::{PickOptions, PickResponse, Picker};
use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, ShadowRoot};

wasm_bindgen_test_configure!(run_in_browser);

/// The companion as these tests have it: answers by path, in order, the last one for ever; and what it was asked.
struct Companion {
    asked: Rc<RefCell<Vec<(String, Value)>>>,
    before: JsValue,
    _fetch: Closure<dyn FnMut(web_sys::Request) -> Promise>,
}

impl Companion {
    fn answering(answers: Vec<(&'static str, u16, Value)>) -> Self {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let answers = Rc::new(RefCell::new(answers));
        let fetch = Closure::new({
            let asked = asked.clone();
            move |request: web_sys::Request| {
                let (asked, answers) = (asked.clone(), answers.clone());
                wasm_bindgen_futures::future_to_promise(async move {
                    let path = web_sys::Url::new(&request.url())?.pathname();
                    let body = JsFuture::from(request.text()?).await?.as_string().unwrap_or_default();
                    asked.borrow_mut().push((path.clone(), serde_json::from_str(&body).unwrap_or_default()));
                    // No network answers at once, and what is seen meanwhile should be seen here too.
                    gloo_timers::future::TimeoutFuture::new(30).await;
                    let found = answers.borrow().iter().position(|(wanted, ..)| *wanted == path);
                    let index = found.ok_or_else(|| JsValue::from(js_sys::TypeError::new("Failed to fetch")))?;
                    let last = answers.borrow().iter().filter(|(wanted, ..)| *wanted == path).count() == 1;
                    let (_, status, body) =
                        if last { answers.borrow()[index].clone() } else { answers.borrow_mut().remove(index) };
                    let init = web_sys::ResponseInit::new();
                    init.set_status(status);
                    // A string is a whole event stream, anything else a JSON reply.
                    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                    Ok(web_sys::Response::new_with_opt_str_and_init(Some(&text), &init)?.into())
                })
            }
        });
        let global = js_sys::global();
        let before = Reflect::get(&global, &"fetch".into()).unwrap();
        Reflect::set(&global, &"fetch".into(), fetch.as_ref()).unwrap();
        Self { asked, before, _fetch: fetch }
    }

    /// The bodies that were sent to a path.
    fn asked(&self, path: &str) -> Vec<Value> {
        self.asked.borrow().iter().filter(|(asked, _)| asked == path).map(|(_, body)| body.clone()).collect()
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"fetch".into(), &self.before).unwrap();
    }
}

fn photo(number: usize) -> Value {
    json!({"name": format!("{number}.jpg"), "path": format!("/1/{number}.jpg"), "folder": false, "mimetype": "image/jpeg",
        "thumbnail": "", "size": "", "bytes": 0, "caption": format!("Caption {number}")})
}

fn photos(count: usize) -> Value {
    let contents: Vec<_> = (1..=count).map(photo).collect();
    json!({"token": "t1", "facebook": {"contents": contents, "next": "", "account": "Alice"}})
}

fn signed_out() -> Value {
    let auth = |source: &str| json!({"auth": {"redirect_url": format!("about:blank#{source}"), "attempt": "a1"}});
    json!({"token": "t1", "facebook": auth("facebook"), "instagram": auth("instagram")})
}

fn stored(number: usize) -> String {
    let path = format!("/1/{number}.jpg");
    let file = json!({"url": format!("https://files/{number}"), "handle": format!("handle{number}"), "filename": "x.jpg",
        "mimetype": "image/jpeg", "size": 7, "client": "facebook"});
    let event = json!({"event": "stored", "source": "facebook", "path": path, "file": file});
    format!("event: stored\ndata: {event}\n\n")
}

const DONE: &str = "event: done\ndata: {\"event\":\"done\"}\n\n";

/// Calls `pick` as a page does.
fn pick(options: Value) -> Promise {
    pick_js(&js_sys::JSON::parse(&options.to_string()).unwrap())
}

fn pick_js(options: &JsValue) -> Promise {
    let init = js_sys::JSON::parse(r#"{"url": "https://companion.test"}"#).unwrap();
    client("demo", &init).unwrap().pick(options, JsValue::UNDEFINED)
}

async fn outcome(promise: Promise) -> Value {
    let result = JsFuture::from(promise).await.expect("the pick resolves");
    serde_json::from_str(&js_sys::JSON::stringify(&result).unwrap().as_string().unwrap()).unwrap()
}

async fn refusal(promise: Promise) -> String {
    let error = JsFuture::from(promise).await.expect_err("the pick is refused");
    error.unchecked_into::<js_sys::Error>().message().into()
}

fn document() -> web_sys::Document {
    web_sys::window().unwrap().document().unwrap()
}

fn dialog() -> Option<ShadowRoot> {
    document().query_selector("[data-bowerbird]").unwrap()?.shadow_root()
}

/// The elements that a selector finds in the dialog.
fn all(selector: &str) -> Vec<HtmlElement> {
    let Some(root) = dialog() else { return Vec::new() };
    let list = root.query_selector_all(selector).unwrap();
    (0..list.length()).filter_map(|index| list.item(index)).map(|node| node.unchecked_into()).collect()
}

/// Waits until the dialog has such an element, at most two seconds.
async fn see(selector: &str) -> HtmlElement {
    for _ in 0..200 {
        if let Some(element) = all(selector).into_iter().next() {
            return element;
        }
        gloo_timers::future::TimeoutFuture::new(10).await;
    }
    let shown = dialog().and_then(|root| root.first_element_child()).map(|root| root.inner_html());
    panic!("there is no {selector} in {}", shown.unwrap_or_else(|| "a closed dialog".to_owned()));
}

async fn click(selector: &str) {
    see(&format!("{selector}:not(:disabled)")).await.click();
}

async fn settle() {
    gloo_timers::future::TimeoutFuture::new(50).await;
}

fn words(element: &HtmlElement) -> String {
    element.text_content().unwrap_or_default().trim().to_owned()
}

#[wasm_bindgen_test]
async fn a_page_picks_two_photos_in_the_order_of_choosing() {
    let events = stored(3) + &stored(1) + DONE;
    let companion = Companion::answering(vec![("/folder/list", 200, photos(3)), ("/store/", 200, json!(events))]);
    let promise = pick(json!({"fromSources": "facebook", "maxFiles": 5, "storeTo": {"path": "/p/"}}));
    click("[data-path='/1/3.jpg']").await;
    click("[data-path='/1/1.jpg']").await;
    settle().await;
    assert_eq!(words(&see(".count").await), "2 of 5 selected");
    assert_eq!(see("[data-path='/1/1.jpg']").await.get_attribute("aria-selected").as_deref(), Some("true"));
    click("[data-action='confirm']").await;
    let result = outcome(promise).await;
    let handles: Vec<_> = result["filesUploaded"].as_array().unwrap().iter().map(|file| &file["handle"]).collect();
    assert_eq!(handles, ["handle3", "handle1"]);
    assert_eq!(result["filesFailed"], json!([]));
    let sent = &companion.asked("/store/")[0];
    assert_eq!(sent["token"], "t1");
    assert_eq!(sent["clouds"]["facebook"]["paths"], json!(["/1/3.jpg", "/1/1.jpg"]));
    assert_eq!(sent["clouds"]["facebook"]["store"]["path"], "/p/");
}

#[wasm_bindgen_test]
async fn closing_leaves_the_page_as_it_was() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(3))]);
    let body = document().body().unwrap();
    body.set_attribute("style", "color: red").unwrap();
    let button: HtmlElement = document().create_element("button").unwrap().unchecked_into();
    body.append_child(&button).unwrap();
    button.focus().unwrap();
    let root = document().document_element().unwrap();
    let style = root.get_attribute("style");
    let nodes = document().query_selector_all("*").unwrap().length();
    for _ in 0..3 {
        let promise = pick(json!("facebook"));
        see(".photo").await;
        let window = web_sys::window().unwrap();
        let style = window.get_computed_style(&root).unwrap().unwrap();
        assert_eq!(style.get_property_value("overflow").unwrap(), "hidden", "the page behind stays where it is");
        click("[aria-label='Close']").await;
        assert_eq!(outcome(promise).await, json!({"filesUploaded": [], "filesFailed": []}));
        settle().await;
    }
    assert!(dialog().is_none());
    assert_eq!(document().query_selector_all("*").unwrap().length(), nodes);
    assert_eq!(body.get_attribute("style").as_deref(), Some("color: red"));
    assert_eq!(root.get_attribute("style"), style);
    assert_eq!(document().active_element().as_ref(), Some(button.as_ref()), "the focus is given back");
    button.remove();
    body.remove_attribute("style").unwrap();
}

#[wasm_bindgen_test]
async fn the_back_button_closes_and_tells_the_page_once() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(1))]);
    let calls = Array::new();
    let options = Object::new();
    Reflect::set(&options, &"fromSources".into(), &"facebook".into()).unwrap();
    let mut closures = Vec::new();
    for name in ["onOpen", "onCancel", "onClose", "onUploadDone"] {
        let calls = calls.clone();
        let closure = Closure::<dyn FnMut()>::new(move || {
            calls.push(&name.into());
        });
        Reflect::set(&options, &name.into(), closure.as_ref()).unwrap();
        closures.push(closure);
    }
    let promise = pick_js(&options);
    see(".photo").await;
    web_sys::window().unwrap().history().unwrap().back().unwrap();
    outcome(promise).await;
    settle().await;
    assert_eq!(calls.join(",").as_string().unwrap(), "onOpen,onCancel,onClose");
    assert!(dialog().is_none());
}

#[wasm_bindgen_test]
async fn an_abort_signal_cancels() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(1))]);
    let controller = web_sys::AbortController::new().unwrap();
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), &controller.signal()).unwrap();
    let promise = pick_js(&options);
    see(".dialog").await;
    controller.abort();
    assert_eq!(outcome(promise).await["filesUploaded"], json!([]));
    assert!(dialog().is_none());
    let aborted_before = pick_js(&options);
    assert_eq!(outcome(aborted_before).await["filesUploaded"], json!([]));
    assert!(dialog().is_none());
}

#[wasm_bindgen_test]
async fn wrong_options_are_refused_in_words_and_open_nothing() {
    for (options, expected) in [
        (json!({"maxfiles": 2}), "bowerbird: there is no option 'maxfiles'; did you mean 'maxFiles'?"),
        (json!({"maxFiles": 0}), "bowerbird: maxFiles takes a whole number from 1 to 1000000; it got 0"),
        (json!({"minFiles": 2}), "bowerbird: minFiles (2) is more than maxFiles (1, which is 1 unless given)"),
        (
            json!(["myspace"]),
            "bowerbird: fromSources leaves no source to pick from; there are: local_file_system, facebook, instagram, url",
        ),
        (
            json!({"accept": "im age/*"}),
            "bowerbird: accept: 'im age/*' is no type; use 'image/png', 'image/*' or '.png'",
        ),
        (json!(7), "bowerbird: pick takes an object of options, a source's name or an array of them"),
        (json!({"onOpen": "x"}), "bowerbird: onOpen takes a function; it got \"x\""),
    ] {
        assert_eq!(refusal(pick(options)).await, expected);
        assert!(dialog().is_none());
    }
}

#[wasm_bindgen_test]
async fn a_second_pick_is_refused_while_one_is_open() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(1))]);
    let first = pick(json!("facebook"));
    assert!(refusal(pick(json!("facebook"))).await.contains("open already"));
    click("[aria-label='Close']").await;
    outcome(first).await;
}

#[wasm_bindgen_test]
async fn a_companion_that_cannot_be_reached_is_said_and_tried_again() {
    let companion = Companion::answering(vec![]);
    let promise = pick(json!("facebook"));
    let trouble = see("[data-problem='unreachable']").await;
    assert!(words(&trouble).contains("There is no connection at the moment."));
    drop(companion);
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(1))]);
    click(".trouble .primary").await;
    see(".photo").await;
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn an_unknown_key_is_said_in_a_visitors_words() {
    let refused = json!({"error": {"text": "no such key", "code": "unknown_key"}});
    let _companion = Companion::answering(vec![("/folder/list", 403, refused)]);
    let promise = pick(json!("facebook"));
    assert!(words(&see("[data-problem='unknown_key']").await).contains("not set up correctly"));
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

/// A message to the page, as a window of that origin sends it.
fn message(origin: &str, attempt: &str) {
    let data = format!("{{bowerbird: {{attempt: '{attempt}', code: 'the-code'}}}}");
    let event = format!("new MessageEvent('message', {{origin: '{origin}', data: {data}}})");
    js_sys::eval(&format!("window.dispatchEvent({event})")).unwrap();
}

#[wasm_bindgen_test]
async fn a_code_is_taken_from_the_companions_window_and_for_its_own_sign_in_only() {
    let connected = json!({"token": "t1", "facebook": {"state": "connected"}});
    let companion = Companion::answering(vec![
        ("/folder/list", 200, signed_out()),
        ("/folder/list", 200, photos(2)),
        ("/auth/complete", 200, connected),
    ]);
    let window = web_sys::window().unwrap();
    let open = Reflect::get(&window, &"open".into()).unwrap();
    Reflect::set(&window, &"open".into(), &Function::new_no_args("return null")).unwrap();
    let promise = pick(json!({"fromSources": "facebook"}));
    click("[data-action='connect']").await;
    see("a[data-action='open']").await;
    message("https://evil.test", "a1");
    message("https://companion.test.evil.test", "a1");
    message("https://companion.test", "another");
    js_sys::eval("window.dispatchEvent(new MessageEvent('message', {origin: 'https://companion.test', data: 7}))")
        .unwrap();
    gloo_timers::future::TimeoutFuture::new(100).await;
    assert_eq!(companion.asked("/auth/complete"), Vec::<Value>::new());
    message("https://companion.test", "a1");
    see(".photo").await;
    let asked = companion.asked("/auth/complete");
    assert_eq!(asked[0]["clouds"]["facebook"], json!({"attempt": "a1", "code": "the-code"}));
    assert_eq!((asked.len(), &asked[0]["token"]), (1, &json!("t1")));
    Reflect::set(&window, &"open".into(), &open).unwrap();
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn a_blocked_window_leaves_a_link_and_the_sign_in_goes_on() {
    let connected = json!({"token": "t1", "facebook": {"state": "connected"}});
    let waiting = json!({"token": "t1", "facebook": {"state": "waiting"}});
    let companion = Companion::answering(vec![
        ("/folder/list", 200, signed_out()),
        ("/folder/list", 200, photos(2)),
        ("/auth/wait", 200, waiting.clone()),
        ("/auth/wait", 200, waiting.clone()),
        ("/auth/wait", 200, waiting),
        ("/auth/wait", 200, connected),
    ]);
    let window = web_sys::window().unwrap();
    let open = Reflect::get(&window, &"open".into()).unwrap();
    Reflect::set(&window, &"open".into(), &Function::new_no_args("return null")).unwrap();
    let promise = pick(json!({"fromSources": ["facebook", "instagram"]}));
    click(".service[data-source='facebook']").await;
    click("[data-action='connect']").await;
    let link = see("a[data-action='open']").await;
    assert_eq!(link.get_attribute("href").as_deref(), Some("about:blank#facebook"));
    see(".photo").await;
    assert_eq!(companion.asked("/auth/wait")[0]["clouds"]["facebook"]["attempt"], "a1");
    Reflect::set(&window, &"open".into(), &open).unwrap();
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn two_sign_ins_at_once_both_end_well() {
    let of_both = |member: Value| json!({"token": "t1", "facebook": member, "instagram": member});
    let contents = json!({"contents": [photo(1)], "next": ""});
    let waiting = of_both(json!({"state": "waiting"}));
    let mut answers = vec![("/folder/list", 200, signed_out()), ("/folder/list", 200, of_both(contents))];
    answers.extend((0..8).map(|_| ("/auth/wait", 200, waiting.clone())));
    answers.push(("/auth/wait", 200, of_both(json!({"state": "connected"}))));
    let _companion = Companion::answering(answers);
    let window = web_sys::window().unwrap();
    let open = Reflect::get(&window, &"open".into()).unwrap();
    Reflect::set(&window, &"open".into(), &Function::new_no_args("return window")).unwrap();
    let promise = pick(json!({"fromSources": ["facebook", "instagram"]}));
    for source in ["facebook", "instagram"] {
        click(&format!(".service[data-source='{source}']")).await;
        click(&format!(".connect[data-source='{source}'] [data-action='connect']")).await;
        see(&format!(".connect[data-source='{source}'] .spinner")).await;
    }
    see(".photo").await;
    click(".service[data-source='facebook']").await;
    see(".photo").await;
    Reflect::set(&window, &"open".into(), &open).unwrap();
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn an_album_opens_at_its_top_and_the_list_is_where_it_was_left() {
    let album = |number: usize| json!({"name": format!("A{number}"), "path": format!("/{number}/"), "folder": true});
    let albums: Vec<_> = (1..=60).map(album).collect();
    let root = json!({"token": "t1", "facebook": {"contents": albums, "next": ""}});
    let _companion = Companion::answering(vec![("/folder/list", 200, root), ("/folder/list", 200, photos(80))]);
    let promise = pick(json!("facebook"));
    see("[data-path='/1/']").await;
    let scroller = || see("div.folder");
    scroller().await.set_scroll_top(900);
    settle().await;
    click("[data-path='/16/']").await;
    see(".photo").await;
    assert_eq!(scroller().await.scroll_top(), 0);
    click(".back").await;
    see("[data-path='/16/']").await;
    settle().await;
    assert_eq!(scroller().await.scroll_top(), 900);
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn a_failed_photo_can_be_tried_again_or_left_out() {
    let failed = json!({"event": "failed", "source": "facebook", "path": "/1/2.jpg",
        "error": {"text": "cut", "code": "photo_incomplete"}});
    let first = format!("{}event: failed\ndata: {failed}\n\n{DONE}", stored(1));
    let companion = Companion::answering(vec![
        ("/folder/list", 200, photos(2)),
        ("/store/", 200, json!(first.clone())),
        ("/store/", 200, json!(format!("event: failed\ndata: {failed}\n\n{DONE}"))),
    ]);
    let promise = pick(json!({"fromSources": "facebook", "maxFiles": 2}));
    click("[data-path='/1/1.jpg']").await;
    click("[data-path='/1/2.jpg']").await;
    click("[data-action='confirm']").await;
    let row = see(".row[data-state='failed']").await;
    assert!(words(&row).contains("The photo did not arrive whole."));
    click("[data-action='retry']").await;
    settle().await;
    assert_eq!(companion.asked("/store/")[1]["clouds"]["facebook"]["paths"], json!(["/1/2.jpg"]), "only what failed");
    click("[data-action='continue']").await;
    let result = outcome(promise).await;
    assert_eq!(result["filesUploaded"][0]["handle"], "handle1");
    assert_eq!(result["filesFailed"][0]["error"]["code"], "photo_incomplete");
}

#[wasm_bindgen_test]
async fn leaving_the_page_asks_while_photos_are_being_copied_and_only_then() {
    let moving = json!({"event": "progress", "source": "facebook", "path": "/1/1.jpg", "received": 1, "total": 9});
    let _companion = Companion::answering(vec![
        ("/folder/list", 200, photos(1)),
        ("/store/", 200, json!(format!("event: progress\ndata: {moving}\n\n"))),
    ]);
    let asks = || {
        let init = web_sys::EventInit::new();
        init.set_cancelable(true);
        let leaving = web_sys::Event::new_with_event_init_dict("beforeunload", &init).unwrap();
        !web_sys::window().unwrap().dispatch_event(&leaving).unwrap()
    };
    let promise = pick(json!("facebook"));
    click("[data-path='/1/1.jpg']").await;
    assert!(!asks());
    click("[data-action='confirm']").await;
    see(".row[data-state='moving']").await;
    assert!(asks());
    click("[aria-label='Close']").await;
    click("[data-action='stop-copying']").await;
    assert_eq!(outcome(promise).await, json!({"filesUploaded": [], "filesFailed": []}));
    assert!(!asks());
}

#[wasm_bindgen_test]
async fn a_stream_that_breaks_is_taken_up_again() {
    let companion = Companion::answering(vec![
        ("/folder/list", 200, photos(2)),
        ("/store/", 200, json!(stored(1))),
        ("/store/", 200, json!(stored(2) + DONE)),
    ]);
    let promise = pick(json!({"fromSources": "facebook", "maxFiles": 2}));
    click("[data-path='/1/1.jpg']").await;
    click("[data-path='/1/2.jpg']").await;
    click("[data-action='confirm']").await;
    assert_eq!(outcome(promise).await["filesUploaded"].as_array().unwrap().len(), 2);
    assert_eq!(companion.asked("/store/")[1]["clouds"]["facebook"]["paths"], json!(["/1/2.jpg"]));
}

#[wasm_bindgen_test]
async fn a_video_is_shown_and_cannot_be_chosen() {
    let video = json!({"name": "9.mp4", "path": "/1/9.mp4", "folder": false, "mimetype": "video/mp4", "thumbnail": "",
        "size": "", "bytes": 0});
    let list = json!({"token": "t", "facebook": {"contents": [video, photo(1)], "next": ""}});
    let _companion = Companion::answering(vec![("/folder/list", 200, list)]);
    let promise = pick(json!({"fromSources": "facebook", "accept": ["video/*", "image/*"]}));
    let tile = see(".refused[data-path='/1/9.mp4']").await;
    assert_eq!(words(&tile), "Videos cannot be chosen");
    tile.click();
    settle().await;
    assert_eq!(words(&see(".count").await), "Choose a photo");
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn an_empty_album_says_so() {
    let list = json!({"token": "t", "facebook": {"contents": [], "next": ""}});
    let _companion = Companion::answering(vec![("/folder/list", 200, list)]);
    let promise = pick(json!("facebook"));
    assert_eq!(words(&see(".empty").await), "There are no albums in this account.");
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn the_page_may_refuse_a_photo_and_word_the_dialog() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(2))]);
    let options = js_sys::eval(
        "({fromSources: 'facebook', maxFiles: 2, customText: {'Close': 'Shut', 'Use {count} photos': 'Take {count}'},
           onFileSelected: file => { if (file.filename === '2.jpg') throw new Error('Not that one') }})",
    )
    .unwrap();
    let promise = pick_js(&options);
    click("[data-path='/1/2.jpg']").await;
    settle().await;
    assert_eq!(words(&see(".count").await), "Not that one");
    assert_eq!(all(".photo[aria-selected='true']").len(), 0);
    click("[data-path='/1/1.jpg']").await;
    settle().await;
    assert_eq!(all(".photo[aria-selected='true']").len(), 1);
    click("[aria-label='Shut']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn a_leptos_app_mounts_and_unmounts_the_dialog() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(1))]);
    let responses = Rc::new(RefCell::new(Vec::<PickResponse>::new()));
    let shown = ArcRwSignal::new(true);
    let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    let mounted = leptos::mount::mount_to(place.clone(), {
        let (shown, responses) = (shown.clone(), StoredValue::new_local(responses.clone()));
        move || {
            let on_done = move |response| responses.get_value().borrow_mut().push(response);
            let options = PickOptions { max_files: 3, ..PickOptions::default() };
            move || {
                let options = options.clone();
                shown.get().then(|| view! { <Picker apikey="demo" url="https://companion.test" options on_done /> })
            }
        }
    });
    see(".service").await;
    assert_eq!(place.text_content().unwrap_or_default(), "", "nothing is drawn in its own place");
    shown.set(false);
    settle().await;
    assert!(dialog().is_none());
    assert_eq!(*responses.borrow(), [PickResponse::default()]);
    drop(mounted);
    place.remove();
}
