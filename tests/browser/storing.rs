//! Copying and the tray: what is seen and told of many photos, of bytes, of a change of mind.

use super::*;

fn progress(number: usize, received: u64, total: Value) -> String {
    let event = json!({"event": "progress", "source": "facebook", "path": format!("/1/{number}.jpg"),
        "received": received, "total": total});
    format!("event: progress\ndata: {event}\n\n")
}

/// A page that comes back from a sign-in with so many photos chosen, which is the quickest way to choose them.
fn comes_back_with(count: usize) {
    let chosen: Vec<_> =
        (1..=count).map(|number| json!(["facebook", photo(number), "/", format!("u{number}"), {}])).collect();
    let way = json!({"site": "https://companion.test demo", "token": "t1", "attempt": "a1", "source": "facebook",
        "href": "", "trail": [["/", ""]], "chosen": chosen, "code": "the-code"});
    let storage = web_sys::window().unwrap().session_storage().unwrap().unwrap();
    storage.set_item("bowerbird", &way.to_string()).unwrap();
}

fn connected() -> Value {
    json!({"token": "t1", "facebook": {"state": "connected"}})
}

#[wasm_bindgen_test]
async fn bytes_are_told_for_each_and_for_all() {
    let first = progress(1, 3_200_000, json!(8_000_000)) + &progress(2, 500_000, Value::Null);
    let second = progress(2, 1_000_000, json!(2_000_000));
    let companion = Companion::answering(vec![
        ("/folder/list", 200, photos(2)),
        ("/store/", 200, json!(first)),
        ("/store/", 200, json!(second)),
        ("/store/", 200, json!(stored(1) + &stored(2) + DONE)),
    ]);
    let promise = pick(json!({"fromSources": "facebook", "maxFiles": 2}));
    click("[data-path='/1/1.jpg']").await;
    click("[data-path='/1/2.jpg']").await;
    click("[data-action='confirm']").await;
    let row = see(".row:first-child[data-state='moving']").await;
    assert!(words(&row).contains("3.2 MB of 8 MB"), "{}", words(&row));
    assert_eq!(words(&see(".row:nth-child(2) small").await), "500 kB");
    assert_eq!(words(&see(".sum").await), "0 of 2 copied · 3.7 MB so far");
    while companion.asked("/store/").len() < 2 {
        settle().await;
    }
    settle().await;
    assert_eq!(words(&see(".sum").await), "0 of 2 copied · 4.2 MB of 10 MB");
    let all = see(".bar.whole").await.unchecked_into::<web_sys::Element>();
    assert_eq!(Reflect::get(&all, &"value".into()).unwrap(), 450.0, "each photo counts the same");
    assert_eq!(outcome(promise).await["filesUploaded"].as_array().unwrap().len(), 2);
}

#[wasm_bindgen_test]
async fn a_thousand_photos_are_copied_in_few_elements() {
    let _companion = Companion::answering(vec![
        ("/folder/list", 200, photos(1)),
        ("/auth/complete", 200, connected()),
        ("/store/", 200, json!(progress(500, 1, json!(9)))),
        ("/store/cancel", 200, json!({"token": "t1", "facebook": {}})),
    ]);
    comes_back_with(1000);
    let promise = pick(json!({"fromSources": "facebook", "maxFiles": 1000}));
    click("[data-action='tray']").await;
    see(".slot:nth-child(5)").await;
    assert!(all("*").len() < 600, "{} elements with a tray of 1000", all("*").len());
    click("[data-action='close-tray']").await;
    click("[data-action='confirm']").await;
    see(".row[data-state='moving'][aria-posinset='500']").await;
    settle().await;
    assert!(all("*").len() < 600, "{} elements while 1000 are copied", all("*").len());
    let list = see(".storing").await;
    list.set_scroll_top(100_000);
    see(".row[aria-posinset='1000']").await;
    assert!(all("*").len() < 600, "{} elements at the end", all("*").len());
    assert!(all(".row").len() < 40);
    click("[aria-label='Close']").await;
    click("[data-action='stop-copying']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn the_page_hears_once_of_a_photo_that_is_cancelled() {
    let cancelled = json!({"event": "failed", "source": "facebook", "path": "/1/1.jpg",
        "error": {"text": "cancelled", "code": "cancelled"}});
    let companion = Companion::answering(vec![
        ("/folder/list", 200, photos(2)),
        ("/store/", 200, json!(progress(1, 1, json!(9)))),
        ("/store/", 200, json!(format!("event: failed\ndata: {cancelled}\n\n{}{DONE}", stored(2)))),
        ("/store/cancel", 200, json!({"token": "t1", "facebook": {}})),
    ]);
    let options = js_sys::eval(
        "window.heard = [];
        ({fromSources: 'facebook', maxFiles: 2, onFileUploadCancel: file => window.heard.push('cancel ' + file.uploadId.length),
          onFileUploadFailed: file => window.heard.push('failed')})",
    )
    .unwrap();
    let promise = pick_js(&options);
    click("[data-path='/1/1.jpg']").await;
    click("[data-path='/1/2.jpg']").await;
    click("[data-action='confirm']").await;
    see(".row[data-state='moving']").await;
    let button = see(".row:first-child [data-action='cancel-photo']").await;
    button.focus().unwrap();
    button.click();
    let row = see(".row:first-child[data-state='cancelled']").await;
    assert!(words(&row).contains("Cancelled"));
    let again = see(".row:first-child [data-action='retry-photo']").await;
    assert_eq!(dialog().unwrap().active_element().as_ref(), Some(again.as_ref()), "the focus stays in the row");
    click("[data-action='continue']").await;
    let result = outcome(promise).await;
    assert_eq!(result["filesUploaded"][0]["handle"], "handle2");
    assert_eq!(result["filesFailed"], json!([]));
    assert_eq!(companion.asked("/store/cancel")[0]["clouds"], json!({"facebook": {"paths": ["/1/1.jpg"]}}));
    assert_eq!(companion.asked("/store/")[1]["clouds"]["facebook"]["paths"], json!(["/1/2.jpg"]));
    let heard = js_sys::eval("window.heard.length").unwrap();
    assert_eq!(heard, 1.0, "{:?}", js_sys::eval("window.heard"));
}

#[wasm_bindgen_test]
async fn the_tray_moves_and_removes_by_keys_and_closes_by_itself() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(3))]);
    let promise = pick(json!({"fromSources": "facebook", "maxFiles": 5}));
    for number in 1..=3 {
        click(&format!("[data-path='/1/{number}.jpg']")).await;
    }
    click("[data-action='tray']").await;
    let names = || all(".slot .name").iter().map(words).collect::<Vec<_>>();
    let press = async |key: &str, control: bool| {
        let slot = see(".slot:focus").await;
        let init = format!("{{key: '{key}', ctrlKey: {control}, bubbles: true, cancelable: true}}");
        let event = js_sys::eval(&format!("new KeyboardEvent('keydown', {init})")).unwrap();
        slot.dispatch_event(&event.unchecked_into()).unwrap();
        settle().await;
    };
    see(".slot:first-child:focus").await;
    press("ArrowRight", false).await;
    press("ArrowRight", true).await;
    assert_eq!(names(), ["Caption 1", "Caption 3", "Caption 2"]);
    assert_eq!(words(&see(".tray .live").await), "Moved to 3 of 3");
    assert_eq!(see(".slot:focus").await.get_attribute("aria-label").unwrap(), "Caption 2, 3 of 3");
    assert_eq!(all(".slot[tabindex='0']").len(), 1, "one tab stop");
    click("[data-action='earlier']").await;
    settle().await;
    assert_eq!(names(), ["Caption 1", "Caption 2", "Caption 3"]);
    for left in [2, 1] {
        press("Delete", false).await;
        assert_eq!(all(".slot").len(), left);
    }
    press("Delete", false).await;
    assert_eq!(all(".tray").len(), 0);
    assert_eq!(words(&see(".count").await), "Choose up to 5 photos");
    click("[aria-label='Close']").await;
    outcome(promise).await;
}
