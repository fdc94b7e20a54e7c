//! The grid of an open folder: few elements for many photos, keys, ranges, order and limit.

use super::*;
use web_sys::Element;

/// A page of a source whose root holds photos.
fn page(range: std::ops::RangeInclusive<usize>, next: &str) -> Value {
    let contents: Vec<_> = range.map(photo).collect();
    json!({"token": "t1", "instagram": {"contents": contents, "next": next}})
}

fn photos(count: usize) -> Value {
    page(1..=count, "")
}

/// Waits until something is so, at most two seconds.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_so() {
            return;
        }
        gloo_timers::future::TimeoutFuture::new(10).await;
    }
    panic!("it is never so that {what}");
}

fn path(number: usize) -> String {
    format!("[data-path='/1/{number}.jpg']")
}

fn focused() -> Option<Element> {
    dialog()?.active_element()
}

fn focused_path() -> String {
    focused().and_then(|element| element.get_attribute("data-path")).unwrap_or_default()
}

/// Has the browser make an event of these properties, and gives it to the element. `false` where that was prevented.
fn happens(target: &Element, kind: &str, name: &str, of: &Value) -> bool {
    let body = format!(
        "return element.dispatchEvent(new {kind}('{name}', {{bubbles: true, cancelable: true, composed: true, ...{of}}}))"
    );
    Function::new_with_args("element", &body).call1(&JsValue::NULL, target).unwrap().as_bool().unwrap()
}

/// Presses a key at what has the focus. `with` names the keys held down.
fn press(key: &str, with: &str) {
    let of = json!({"key": key, "shiftKey": with.contains("Shift"), "ctrlKey": with.contains("Ctrl")});
    happens(&focused().expect("a focus"), "KeyboardEvent", "keydown", &of);
}

fn click_with_shift(element: &HtmlElement) {
    happens(element, "MouseEvent", "click", &json!({"shiftKey": true}));
}

/// Left, top, right, bottom.
fn place(element: &Element) -> [f64; 4] {
    let body = "const it = element.getBoundingClientRect(); return [it.left, it.top, it.right, it.bottom]";
    let found = Function::new_with_args("element", body).call1(&JsValue::NULL, element).unwrap();
    let found: Vec<f64> = Array::from(&found).iter().map(|it| it.as_f64().unwrap()).collect();
    found.try_into().unwrap()
}

/// The middle of an element.
fn middle(element: &Element) -> (i32, i32) {
    let [left, top, right, bottom] = place(element);
    (((left + right) / 2.0) as i32, ((top + bottom) / 2.0) as i32)
}

fn point(target: &Element, name: &str, kind: &str, (x, y): (i32, i32)) {
    let of = json!({"pointerId": 1, "pointerType": kind, "clientX": x, "clientY": y, "buttons": 1});
    happens(target, "PointerEvent", name, &of);
}

/// The paths of what is chosen among the tiles that exist, in the order of choosing.
fn chosen() -> Vec<String> {
    let mut marked: Vec<(usize, String)> = all(".photo[aria-selected='true']")
        .iter()
        .map(|tile| {
            let mark = tile.query_selector(".mark").unwrap().unwrap().get_attribute("data-order").unwrap();
            (mark.parse().unwrap(), tile.get_attribute("data-path").unwrap())
        })
        .collect();
    marked.sort();
    marked.into_iter().map(|(_, path)| path.trim_start_matches("/1/").trim_end_matches(".jpg").to_owned()).collect()
}

async fn close(promise: Promise) {
    click("[aria-label='Close']").await;
    outcome(promise).await;
}

#[wasm_bindgen_test]
async fn a_thousand_photos_are_few_elements_and_what_stays_in_sight_stays_as_it_is() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(1_000))]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 5}));
    see(".photo").await;
    let scroller = see("div.folder").await;
    let height = scroller.scroll_height();
    let first = see(&path(1)).await;
    for top in [0, 40, 5_000, height / 2, height] {
        scroller.set_scroll_top(top);
        settle().await;
        assert!(all("*").len() <= 600, "{} elements at {top}", all("*").len());
        assert!(!all(".photo").is_empty() && all(".photo").len() <= 80);
        assert_eq!(scroller.scroll_height(), height, "nothing moves at {top}");
    }
    assert!(!all(&path(1_000)).is_empty());
    assert_eq!(see("[role='grid']").await.get_attribute("aria-rowcount"), {
        let columns: usize = see("[role='grid']").await.get_attribute("aria-colcount").unwrap().parse().unwrap();
        Some(1_000_usize.div_ceil(columns).to_string())
    });
    scroller.set_scroll_top(0);
    settle().await;
    assert!(see(&path(1)).await.is_same_node(Some(&first)), "the tile at which Tab stops is kept");
    let second_row = all("[aria-rowindex='3']").remove(0);
    scroller.set_scroll_top(30);
    settle().await;
    assert!(all("[aria-rowindex='3']")[0].is_same_node(Some(&second_row)));
    close(promise).await;
}

#[wasm_bindgen_test]
async fn pages_come_ahead_of_the_thumb_and_move_nothing() {
    let companion = Companion::answering(vec![
        ("/folder/list", 200, page(1..=100, "p2")),
        ("/folder/list", 200, page(101..=200, "p3")),
        ("/folder/list", 200, page(201..=300, "p4")),
        ("/folder/list", 200, page(301..=400, "")),
    ]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 5}));
    see(".photo").await;
    let scroller = see("div.folder").await;
    let grid = see("[role='grid']").await;
    assert_eq!(grid.get_attribute("aria-rowcount").as_deref(), Some("-1"), "nobody knows yet");
    settle().await;
    settle().await;
    let asked = companion.asked("/folder/list").len();
    assert!(asked < 4, "{asked} pages for somebody who has not scrolled");
    // To the very end, again and again, until there is no more.
    for _ in 0..100 {
        scroller.set_scroll_top(scroller.scroll_height());
        if grid.get_attribute("data-loaded").as_deref() == Some("400") {
            break;
        }
        let top = scroller.scroll_top();
        settle().await;
        // With the last page goes the button below all, which may have been in sight.
        let now = scroller.scroll_top();
        assert!(now == top || (top - 100..top).contains(&now), "from {top} to {now}");
    }
    until("the end is seen", || !all(&path(400)).is_empty()).await;
    let cursors: Vec<_> =
        companion.asked("/folder/list").iter().map(|it| it["clouds"]["instagram"]["next"].clone()).collect();
    assert_eq!(cursors, [json!(null), json!("p2"), json!("p3"), json!("p4")], "each page once");
    assert_ne!(grid.get_attribute("aria-rowcount").as_deref(), Some("-1"));
    close(promise).await;
}

#[wasm_bindgen_test]
async fn the_grid_is_one_stop_of_the_tab_key_and_keys_go_through_it() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(300))]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 5}));
    see(".photo").await;
    assert_eq!(all(".tile[tabindex='0']").len(), 1);
    assert_eq!(all(".tile button:not([tabindex='-1'])").len(), 0);
    let columns: usize = see("[role='grid']").await.get_attribute("aria-colcount").unwrap().parse().unwrap();
    see(&path(1)).await.focus().unwrap();
    for (key, with, number) in [
        ("ArrowRight", "", 2),
        ("ArrowDown", "", 2 + columns),
        ("Home", "", 1 + columns),
        ("End", "", 2 * columns),
        ("End", "Ctrl", 300),
        ("ArrowRight", "", 300),
        ("Home", "Ctrl", 1),
        ("ArrowUp", "", 1),
    ] {
        press(key, with);
        assert_eq!(focused_path(), format!("/1/{number}.jpg"), "{with} {key}");
        assert_eq!(all(".tile[tabindex='0']").len(), 1);
        let [_, top, _, bottom] = place(&focused().unwrap());
        let [_, above, _, below] = place(see("div.folder").await.as_ref());
        assert!(
            top >= above - 1.0 && bottom <= below + 1.0,
            "{key} leads out of sight: {top} to {bottom}, not {above} to {below}"
        );
    }
    press("PageDown", "");
    assert_ne!(focused_path(), "/1/1.jpg");
    press("PageUp", "");
    assert_eq!(focused_path(), "/1/1.jpg");
    press("Enter", "");
    settle().await;
    assert_eq!(chosen(), ["1"]);
    // Far away the tile with the focus is still there, and goes on from its place.
    see("div.folder").await.set_scroll_top(3_000);
    settle().await;
    assert_eq!(focused_path(), "/1/1.jpg");
    press("ArrowRight", "");
    assert_eq!(focused_path(), "/1/2.jpg");
    settle().await;
    assert!(see("div.folder").await.scroll_top() < 100);
    // In a dialog that runs from right to left the arrows do too.
    all(".dialog")[0].set_attribute("dir", "rtl").unwrap();
    press("ArrowRight", "");
    assert_eq!(focused_path(), "/1/1.jpg");
    press("a", "Ctrl");
    settle().await;
    assert_eq!(words(&see(".count").await), "You can choose up to 5 photos.");
    assert_eq!(chosen(), ["1", "2", "3", "4", "5"]);
    close(promise).await;
}

#[wasm_bindgen_test]
async fn shift_chooses_a_range_and_takes_back_only_what_it_took() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(60))]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 50}));
    click(&path(5)).await;
    click(&path(3)).await;
    settle().await;
    click_with_shift(&see(&path(7)).await);
    settle().await;
    assert_eq!(chosen(), ["5", "3", "4", "6", "7"], "in the order of the folder, and what was chosen keeps its place");
    click_with_shift(&see(&path(4)).await);
    settle().await;
    assert_eq!(chosen(), ["5", "3", "4"]);
    see(&path(8)).await.focus().unwrap();
    press("ArrowRight", "Shift");
    press("ArrowRight", "Shift");
    settle().await;
    assert_eq!(chosen(), ["5", "3", "4", "8", "9", "10"]);
    press("ArrowLeft", "Shift");
    settle().await;
    assert_eq!(chosen(), ["5", "3", "4", "8", "9"]);
    let name = see(&path(9)).await.get_attribute("aria-label").unwrap();
    assert_eq!(name, "Caption 9, selected, 5");
    close(promise).await;
}

#[wasm_bindgen_test]
async fn dragging_chooses_what_lies_between_and_escape_gives_it_back() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(60))]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 50}));
    let (one, three) = (see(&path(1)).await, see(&path(3)).await);
    let drag = || {
        point(&one, "pointerdown", "mouse", middle(&one));
        point(&one, "pointermove", "mouse", (middle(&one).0 + 12, middle(&one).1));
        point(&three, "pointermove", "mouse", middle(&three));
    };
    drag();
    until("three are chosen", || chosen() == ["1", "2", "3"]).await;
    point(&three, "pointerup", "mouse", middle(&three));
    three.click();
    settle().await;
    assert_eq!(chosen(), ["1", "2", "3"], "the click at the end of a drag is none");
    click("button.clear").await;
    click(&path(2)).await;
    drag();
    until("three are chosen", || chosen() == ["2", "1", "3"]).await;
    press("Escape", "");
    settle().await;
    assert_eq!(chosen(), ["2"]);
    assert!(dialog().is_some(), "Escape ended the drag and not the pick");
    point(&three, "pointerup", "mouse", middle(&three));
    close(promise).await;
}

#[wasm_bindgen_test]
async fn a_finger_that_stays_chooses_and_one_that_moves_scrolls() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(60))]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 50}));
    let (one, two) = (see(&path(1)).await, see(&path(2)).await);
    point(&one, "pointerdown", "touch", middle(&one));
    point(&one, "pointermove", "touch", (middle(&one).0, middle(&one).1 + 30));
    gloo_timers::future::TimeoutFuture::new(450).await;
    assert_eq!(chosen(), [""; 0]);
    point(&one, "pointerup", "touch", middle(&one));
    point(&one, "pointerdown", "touch", middle(&one));
    until("the photo under the finger is chosen", || chosen() == ["1"]).await;
    point(&two, "pointermove", "touch", middle(&two));
    until("the next one is too", || chosen() == ["1", "2"]).await;
    assert!(!happens(&two, "Event", "touchmove", &json!({})), "the finger that chooses does not scroll");
    point(&two, "pointerup", "touch", middle(&two));
    assert!(happens(&two, "Event", "touchmove", &json!({})), "and the next one does");
    close(promise).await;
}

#[wasm_bindgen_test]
async fn at_the_limit_the_others_say_that_they_cannot_be_chosen() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(20))]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 2}));
    click(&path(4)).await;
    click(&path(2)).await;
    settle().await;
    assert_eq!(see(&path(1)).await.get_attribute("aria-disabled").as_deref(), Some("true"));
    assert_eq!(see(&path(4)).await.get_attribute("aria-disabled"), None);
    assert_eq!(words(&see(".count").await), "2 of 2 selected");
    click(&path(1)).await;
    settle().await;
    assert_eq!(chosen(), ["4", "2"]);
    assert_eq!(words(&see(".count").await), "You can choose up to 2 photos.");
    click(&path(4)).await;
    settle().await;
    assert_eq!(see(&path(1)).await.get_attribute("aria-disabled"), None);
    close(promise).await;
}

#[wasm_bindgen_test]
async fn the_page_is_asked_about_each_of_many_and_may_take_its_time() {
    let _companion = Companion::answering(vec![("/folder/list", 200, photos(6))]);
    let options = js_sys::eval(
        "({fromSources: 'instagram', maxFiles: 10, onFileSelected: file => {
            const number = parseInt(file.filename);
            if (number === 2) throw new Error('Not the second');
            if (number === 4) return Promise.reject(new Error('Not the fourth'));
            if (number === 5) return new Promise(done => setTimeout(done, 30));
        }})",
    )
    .unwrap();
    let promise = pick_js(&options);
    see(&path(1)).await.focus().unwrap();
    press("a", "Ctrl");
    until("those without objection are chosen", || chosen() == ["1", "3", "6", "5"]).await;
    assert_eq!(words(&see(".count").await), "4 of 10 selected");
    close(promise).await;
}

#[wasm_bindgen_test]
async fn a_carousel_is_opened_in_its_place_and_closed_again() {
    let carousel = json!({"name": "Post", "path": "/c/", "folder": true, "mimetype": "", "thumbnail": "", "count": 2,
        "size": "", "bytes": 0});
    let list = json!({"token": "t", "instagram": {"contents": [photo(1), carousel, photo(2)], "next": ""}});
    let inner = json!({"token": "t", "instagram": {"contents": [photo(11), photo(12)], "next": ""}});
    let companion = Companion::answering(vec![("/folder/list", 200, list), ("/folder/list", 200, inner)]);
    let promise = pick(json!({"fromSources": "instagram", "maxFiles": 5}));
    let paths = || all(".tile").iter().map(|tile| tile.get_attribute("data-path").unwrap()).collect::<Vec<_>>();
    assert_eq!(see(".tile.folder").await.get_attribute("aria-label").as_deref(), Some("Post, 2 photos"));
    see(".tile.folder").await.focus().unwrap();
    press("Enter", "");
    see(&path(12)).await;
    assert_eq!(paths(), ["/1/1.jpg", "/c/", "/1/11.jpg", "/1/12.jpg", "/1/2.jpg"]);
    assert_eq!(see(".tile.folder").await.get_attribute("aria-expanded").as_deref(), Some("true"));
    assert_eq!(focused_path(), "/c/", "the focus stays");
    assert_eq!(companion.asked("/folder/list")[1]["clouds"]["instagram"]["path"], "/c/");
    click(&path(12)).await;
    settle().await;
    assert_eq!(chosen(), ["12"]);
    click(".tile.folder").await;
    until("it is closed", || paths() == ["/1/1.jpg", "/c/", "/1/2.jpg"]).await;
    assert_eq!(words(&see(".count").await), "1 of 5 selected", "what was chosen in it stays so");
    close(promise).await;
}

#[wasm_bindgen_test]
async fn going_into_an_album_and_back_the_keyboard_finds_its_place() {
    let album = |number: usize| json!({"name": format!("A{number}"), "path": format!("/{number}/"), "folder": true});
    let albums: Vec<_> = (1..=30).map(album).collect();
    let root = json!({"token": "t1", "facebook": {"contents": albums, "next": ""}});
    let _companion = Companion::answering(vec![("/folder/list", 200, root), ("/folder/list", 200, super::photos(80))]);
    let promise = pick(json!("facebook"));
    see("[data-path='/1/']").await.focus().unwrap();
    press("ArrowRight", "");
    press("Enter", "");
    until("the first photo has the focus", || focused_path() == "/1/1.jpg").await;
    click(".back").await;
    until("the album that was left has it", || focused_path() == "/2/").await;
    close(promise).await;
}

#[wasm_bindgen_test]
async fn a_photo_that_was_stored_before_carries_a_mark() {
    let file = json!({"url": "https://files/77", "handle": "h77", "filename": "x.jpg", "mimetype": "image/jpeg", "size": 7,
        "client": "instagram"});
    let event = json!({"event": "stored", "source": "instagram", "path": "/1/77.jpg", "file": file});
    let events = format!("event: stored\ndata: {event}\n\n{DONE}");
    let list = page(77..=78, "");
    let _companion = Companion::answering(vec![("/folder/list", 200, list), ("/store/", 200, json!(events))]);
    let promise = pick(json!("instagram"));
    click(&path(77)).await;
    click("[data-action='confirm']").await;
    outcome(promise).await;
    settle().await;
    let promise = pick(json!("instagram"));
    see(&format!("{} .known", path(77))).await;
    assert_eq!(see(&path(77)).await.get_attribute("aria-label").as_deref(), Some("Caption 77, Added before"));
    assert_eq!(all(".known").len(), 1);
    close(promise).await;
}
