//! How the picker lives in a customer's page: in a strict one, in a hostile one, in a part of one, in a form, behind a pane; and
//! that nothing on the page moves.

use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{arrived_whole, tell};
use serde_json::{Value, json};
use std::time::Duration;
use thirtyfour::Key;

/// What a page may do to those who put something into it: by rules that fit our element,
const TRESPASSING: &str = "<style>
    * { all: unset !important; }
    @layer reset { * { all: unset !important; } }
    * { --accent: hotpink; --surface: hotpink !important; --radius: 90px; letter-spacing: 1em !important; color: hotpink !important; }
    div { display: none !important; float: right !important; }
    dialog, section, header, main, footer, nav { display: block !important; position: static !important; width: 90px !important; }
    button { width: 400px !important; border: 20px solid hotpink !important; }
    img, svg { display: none !important; filter: invert(1) !important; }
    ::backdrop { background: hotpink !important; }
    [data-bowerbird] { opacity: 0.2 !important; transform: rotate(9deg) !important; filter: blur(9px) !important; }
    :focus-visible { outline: 30px solid hotpink !important; }
    #pick { visibility: visible !important; pointer-events: auto !important; display: block !important; }
</style>";

/// and by what elements inherit.
const INHERITED: &str = "<style>
    body > div { display: none; }
    html { font-size: 60px !important; zoom: 1.5 !important; overflow: hidden; }
    html, body { line-height: 3 !important; letter-spacing: 1em !important; word-spacing: 2em !important; text-transform: uppercase !important;
        text-indent: 3em !important; color: hotpink !important; visibility: hidden; cursor: wait; font: italic 900 50px/4 cursive !important;
        text-align: right; white-space: pre; direction: rtl; list-style: square; pointer-events: none; -webkit-text-stroke: 2px red;
        text-shadow: 3px 3px red; writing-mode: vertical-rl; tab-size: 40; hyphens: auto; word-break: break-all; quotes: '>' '<'; zoom: 1.25;
        --accent: hotpink; --surface: hotpink; --ink: hotpink; --space: 40px; --font: cursive; }
    #pick { visibility: visible; pointer-events: auto; }
</style>";

/// How a dozen elements of the dialog look, and where they are.
const LOOKS: &str = "const root = document.querySelector('[data-bowerbird]').shadowRoot;
    const seen = ['.dialog', '.header', '.title', '.header .round', '.header .icon', '.services', '.services h2', '.service', '.badge',
        '.browse', '.message', '.message h2', '.hint', '.primary', '.footer', '.count', '.tile', '.picture', '.picture img', '.mark',
        '.caption .name', '.grid'];
    const of = ['color', 'backgroundColor', 'fontSize', 'fontFamily', 'fontStyle', 'fontWeight', 'lineHeight', 'letterSpacing',
        'wordSpacing', 'textTransform', 'textIndent', 'textAlign', 'textShadow', 'direction', 'writingMode', 'whiteSpace', 'cursor',
        'visibility', 'display', 'position', 'borderRadius', 'borderTopWidth', 'opacity', 'transform', 'filter', 'pointerEvents',
        'boxShadow', 'listStyleType', 'padding', 'animationName', 'outlineStyle'];
    const looks = {};
    for (const selector of seen) {
        const element = root.querySelector(selector);
        if (!element) continue;
        const style = getComputedStyle(element), box = element.getBoundingClientRect();
        looks[selector] = Object.fromEntries(of.map(name => [name, style[name]]));
        looks[selector].box = ['x', 'y', 'width', 'height'].map(side => Math.round(box[side])).join(' ');
    }
    const dialog = root.querySelector('.dialog');
    looks.backdrop = getComputedStyle(dialog, '::backdrop').backgroundColor;
    looks.onTop = root.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('.dialog') === dialog;
    return looks";

/// Waits until nothing moves any more.
async fn rests(visitor: &Visitor) {
    // Told as a word: "10" has a 0 in it too.
    let rests = "return String([...document.querySelectorAll('[data-bowerbird]')].flatMap(host => host.shadowRoot.getAnimations())
        .every(one => one.effect.getTiming().iterations === Infinity || one.playState !== 'running'))";
    visitor.until_it_says(rests, "true").await;
}

async fn presses(visitor: &Visitor, key: Key) {
    visitor.driver().action_chain().send_keys(key).perform().await.expect("a key");
}

/// Every look on the way into an album.
async fn looks(visitor: &Visitor, stage: &Stage) -> Vec<Value> {
    let mut looks = Vec::new();
    visitor.opens(&stage.page, json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5})).await;
    visitor.runs("document.getElementById('pick').click()").await;
    visitor.sees("[data-action='connect']").await;
    rests(visitor).await;
    looks.push(visitor.runs(LOOKS).await);
    visitor.connects_as("alice").await;
    visitor.sees(".tile.folder").await;
    visitor.runs("document.querySelector('[data-bowerbird]').shadowRoot.activeElement?.blur()").await;
    rests(visitor).await;
    looks.push(visitor.runs(LOOKS).await);
    visitor.opens_folder("Holidays in Lisbon").await;
    visitor.picks(&[0]).await;
    visitor.sees(".photo[aria-selected='true'] .mark[data-order]").await;
    rests(visitor).await;
    looks.push(visitor.runs(LOOKS).await);
    looks
}

#[tokio::test]
async fn nothing_of_the_pages_style_gets_in_and_nothing_of_ours_out() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        // The hostile page has no scroll bar, for want of anything to scroll.
        stage.dress("<style>main > div { display: none }</style>");
        let on_a_plain_page = looks(&visitor, &stage).await;
        assert!(on_a_plain_page[0]["onTop"].as_bool().unwrap(), "{}", on_a_plain_page[0]);
        for (way, hostile) in [("trespassing", TRESPASSING), ("inherited", INHERITED)] {
            stage.dress(hostile);
            let on_a_hostile_page = looks(&visitor, &stage).await;
            visitor.photographs(&format!("embedding-{way}")).await;
            for (plain, hostile) in on_a_plain_page.iter().zip(&on_a_hostile_page) {
                for (part, look) in plain.as_object().unwrap() {
                    assert_eq!(&hostile[part], look, "{way}: {part} looks another way on a hostile page");
                }
            }
        }
        // The page itself looks as if nobody were there.
        stage.dress("");
        visitor.opens(&stage.page, json!({})).await;
        let style = "const style = getComputedStyle(document.querySelector('h1'));
            return JSON.stringify([...style].map(name => [name, style[name]]).filter(([name]) => !/^(height|width|.*-size|perspective-origin|transform-origin)$/.test(name)))";
        let before = visitor.runs(style).await;
        visitor.starts_picking().await;
        assert_eq!(visitor.runs(style).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_strict_page_forbids_nothing_that_a_pick_needs() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor
            .opens(
                &stage.strict_page(),
                json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5, "hideModalWhenUploading": true}),
            )
            .await;
        assert_eq!(visitor.runs("return window.crossOriginIsolated").await, json!(false));
        visitor.starts_picking().await;
        visitor.chooses_service("facebook").await;
        visitor.starts_connecting().await;
        visitor.goes_back_to_the_page().await;
        visitor.reads("Finish signing in").await;
        visitor.goes_to_the_new_window().await;
        visitor.signs_in("alice", &["#continue"]).await;
        visitor.sees(".tile.folder img").await;
        visitor.chooses_for_the_account("remove-access").await;
        visitor.clicks("[data-action='keep']").await;
        visitor.opens_folder("Someday").await;
        visitor.reads("There are no photos here.").await;
        visitor.clicks(".back").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        let drawn =
            "const images = document.querySelector('[data-bowerbird]').shadowRoot.querySelectorAll('.photo img');
            return String([...images].filter(image => image.naturalWidth > 0).length >= 2)";
        visitor.until_it_says(drawn, "true").await;
        visitor.clicks("[data-action='tray']").await;
        visitor.sees(".slot img").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        arrived_whole(&stage, &result["filesUploaded"]).await;
        assert_eq!(visitor.runs("return window.violations").await, json!([]));
        // A policy that were not there would not be broken either.
        visitor.runs("document.body.setAttribute('style', 'color: red')").await;
        visitor.until_it_says("return window.violations.join()", "style-src").await;
    })
    .await;
}

#[tokio::test]
async fn nothing_on_the_page_moves_when_the_dialog_opens_and_closes() {
    // Headless browsers hide their scroll bars unless a page draws its own.
    const BARS: &str = "<style>::-webkit-scrollbar { width: 15px; background: #ddd; } ::-webkit-scrollbar-thumb { background: #888; }</style>";
    const PARTS: &str = "<style>
        .bar { position: fixed; inset: 0 0 auto; height: 40px; background: gold; }
        .sticky { position: sticky; top: 40px; height: 30px; background: pink; }
        body > :last-child { margin-bottom: 7px; }
    </style>";
    const BOXES: &str =
        "return [scrollX, scrollY, ...[document.documentElement, document.body].map(it => it.hasAttribute('style') + it.style.cssText),
        ...[...document.querySelectorAll('html, body, body *')].map(element => {
            const { x, y, width, height } = element.getBoundingClientRect();
            return [element.tagName, x, y, width, height].join(' ');
        })].join('\\n')";
    for scroller in [
        "",
        "<style>body { overflow-y: scroll; }</style>",
        "<style>html { scroll-behavior: smooth; height: 100%; } body { min-height: 100%; display: grid; gap: 20px; }</style>",
    ] {
        tell(Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
            stage.dress(&[BARS, PARTS, scroller].concat());
            visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
            visitor
                .runs("const add = name => document.body.append(Object.assign(document.createElement('div'), { className: name, textContent: name }));
                    add('bar'); add('sticky'); add('end'); document.getElementById('pick').style.marginTop = '900px';
                    window.shifts = [];
                    scrollTo({ top: 700, behavior: 'instant' }); document.getElementById('pick').focus({ preventScroll: true });
                    const observer = new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry =>
                        entry.sources.map(({ node, previousRect, currentRect }) => [node?.id || node?.className || node?.nodeName, JSON.stringify([previousRect, currentRect])].join()).join())));
                    const frame = () => new Promise(requestAnimationFrame);
                    frame().then(frame).then(frame).then(() => { observer.observe({ type: 'layout-shift' }); window.watching = 'yes'; })")
                .await;
            visitor.until_it_says("return window.watching", "yes").await;
            let before = visitor.runs(BOXES).await;
            assert!(visitor.runs("return innerWidth - document.documentElement.clientWidth").await.as_f64() > Some(0.0), "no scroll bar");
            visitor.runs("document.getElementById('pick').click()").await;
            visitor.sees(".dialog[open]").await;
            visitor.sees("[data-action='connect']").await;
            let geometry = |boxes: &Value| boxes.as_str().unwrap().split('\n').enumerate().filter(|(line, _)| ![2, 3].contains(line)).map(|(_, it)| it.to_owned()).collect::<Vec<_>>();
            assert_eq!(geometry(&visitor.runs(BOXES).await), geometry(&before), "while it is open, with «{scroller}»");
            visitor.clicks("[aria-label='Close']").await;
            visitor.receives().await;
            assert_eq!(visitor.runs(BOXES).await, before, "after it has closed, with «{scroller}»");
            assert_eq!(visitor.runs("return document.activeElement.id").await, "pick");
            rests(&visitor).await;
            assert_eq!(visitor.runs("return shifts").await, json!([]), "with «{scroller}»");
        })
        .await;
    }
}

/// Adds an element of this size to the page, and picks into it.
async fn picks_inline(visitor: &Visitor, id: &str, size: &str, options: &Value) {
    let script = format!(
        "const place = document.createElement('div');
        place.id = '{id}'; place.style.cssText = '{size}';
        document.getElementById('pick').before(place);
        window.handles ??= {{}};
        client.pick({{ container: '{id}', displayMode: 'inline', ...{options}, onOpen(handle) {{ handles['{id}'] = handle; }} }})
            .then(result => window.outcome = {{ result }}, error => window.outcome = {{ error: error.message }})"
    );
    visitor.runs(&script).await;
}

#[tokio::test]
async fn inline_in_a_part_of_the_page() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let length = visitor.runs("return history.length").await;
        picks_inline(&visitor, "narrow", "width: 400px; height: 640px", &json!({"maxFiles": 2})).await;
        visitor.sees("section.dialog[aria-labelledby]").await;
        rests(&visitor).await;
        visitor.photographs("embedding-inline-narrow").await;
        // As on a phone: the services alone, though the window is wide.
        let drawn = "const root = document.querySelector('[data-bowerbird]').shadowRoot;
            const shown = selector => root.querySelector(selector)?.getClientRects().length > 0;
            return { services: shown('.services'), browse: shown('.browse'), box: (({ width, height }) => [width, height])(root.querySelector('.dialog').getBoundingClientRect()) }";
        assert_eq!(visitor.runs(drawn).await, json!({"services": true, "browse": false, "box": [400, 640]}));
        let page = "return [getComputedStyle(document.documentElement).overflow, history.length, document.activeElement.tagName]";
        assert_eq!(visitor.runs(page).await, json!(["visible", length, "BODY"]));
        visitor.clicks(".service[data-source='facebook']").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.photographs("embedding-inline-photos").await;
        presses(&visitor, Key::Escape).await;
        visitor.reads("2 of 2 selected").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        assert_eq!(visitor.runs("return document.querySelectorAll('[data-bowerbird]').length").await, json!(0));

        // In a wide part without a height of its own it is as on a desk, and takes the least that is of use.
        visitor.runs("window.outcome = undefined").await;
        picks_inline(&visitor, "wide", "width: 900px", &json!({"maxFiles": 2})).await;
        visitor.sees("[data-action='choose-files']").await;
        assert_eq!(visitor.runs(drawn).await, json!({"services": true, "browse": true, "box": [900, 480]}));
        // Two at once, each with an id of its own; without one the second is refused, and says what to do.
        picks_inline(&visitor, "third", "width: 400px", &json!({})).await;
        visitor.until_it_says("return window.outcome?.error", "rootId").await;
        visitor.runs("window.outcome = undefined").await;
        picks_inline(&visitor, "fourth", "width: 400px", &json!({"rootId": "mine"})).await;
        visitor.until_it_says("return String(document.querySelectorAll('[data-bowerbird]').length)", "2").await;
        visitor.photographs("embedding-inline-two").await;
        visitor.runs("handles.wide.close(); handles.fourth.close(); handles.fourth.close()").await;
        visitor.until_it_says("return String(document.querySelectorAll('[data-bowerbird]').length)", "0").await;
    })
    .await;
}

#[tokio::test]
async fn a_pane_opens_the_dialog_and_shows_the_copying() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let script = "const place = document.createElement('div');
            place.id = 'place'; place.style.cssText = 'width: 480px';
            document.getElementById('pick').before(place);
            window.told = [];
            const tell = name => what => told.push(name + (typeof what === 'number' ? ' ' + what : Array.isArray(what) ? ' ' + what.length : ''));
            const dropPane = Object.fromEntries(['onClick', 'onDragEnter', 'onDragOver', 'onDragLeave', 'onDrop', 'onProgress', 'onSuccess', 'onError']
                .map(name => [name, tell(name)]));
            client.pick({ displayMode: 'dropPane', container: place, maxFiles: 3, fromSources: 'facebook', dropPane,
                onOpen: tell('onOpen'), onClose: tell('onClose'), onUploadDone: tell('onUploadDone') })
                .then(result => window.outcome = { result }, error => window.outcome = { error: error.message })";
        visitor.runs(script).await;
        visitor.sees(".pane .invite").await;
        visitor.photographs("embedding-pane").await;
        // What it will show of the copying, which has a sheet of its own.
        let bar = "const pane = document.querySelector('#place > div').shadowRoot.querySelector('.pane');
            const bar = Object.assign(document.createElement('progress'), { className: 'bar whole' });
            pane.append(bar);
            const { height, appearance } = getComputedStyle(bar);
            bar.remove();
            return height + ' ' + appearance";
        assert_eq!(visitor.runs(bar).await, json!("8px none"));
        // By keyboard, as a button.
        visitor.runs("document.querySelector('#place > div').shadowRoot.querySelector('.invite').focus()").await;
        presses(&visitor, Key::Enter).await;
        visitor.sees(".dialog[open]").await;
        // Leaving without photos leaves the pane.
        presses(&visitor, Key::Escape).await;
        visitor.until_it_says("return String(document.querySelectorAll('[data-bowerbird]').length)", "1").await;
        assert_eq!(visitor.runs("return window.outcome ?? null").await, Value::Null);
        // A file of the device cannot be taken, and that is said.
        visitor
            .runs("const transfer = new DataTransfer();
                transfer.items.add(new File(['x'], 'x.jpg'));
                const event = name => new DragEvent(name, { dataTransfer: transfer, bubbles: true, composed: true, cancelable: true });
                const button = document.querySelector('#place > div').shadowRoot.querySelector('.invite');
                for (const name of ['dragenter', 'dragover', 'drop']) window.prevented = !button.dispatchEvent(event(name))")
            .await;
        assert_eq!(visitor.runs("return prevented").await, json!(true), "the browser must not open the file");
        let said = "return document.querySelector('#place > div').shadowRoot.querySelector('.said').textContent";
        visitor.until_it_says(said, "takes no files of this device").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        assert_eq!(visitor.runs("return document.querySelectorAll('[data-bowerbird]').length").await, json!(0));
        let told = visitor.runs("return told").await;
        let told: Vec<&str> = told.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let first = ["onOpen", "onClick", "onDragEnter", "onDragOver", "onDrop", "onProgress 0"];
        assert_eq!(told[..first.len()], first, "{told:?}");
        let last = ["onProgress 100", "onSuccess 2", "onClose", "onUploadDone"];
        assert_eq!(told[told.len() - last.len()..], last, "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn the_element_is_a_field_of_its_form() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let form = format!(
            "document.getElementById('pick').insertAdjacentHTML('beforebegin', `<form id='form'>
                <label for='field'>Your photos</label>
                <bowerbird-picker id='field' apikey='demo' url='{}' name='photo' from-sources='facebook' max-files='3' required>Add photos</bowerbird-picker>
                <fieldset id='set'><bowerbird-picker name='other' value='one, two'></bowerbird-picker></fieldset>
            </form>`);
            window.heard = [];
            const form = document.getElementById('form');
            for (const name of ['pick', 'change', 'cancel', 'error']) form.addEventListener(name, event => heard.push(name));
            window.entries = () => JSON.stringify([...new FormData(form)]);",
            stage.companion
        );
        visitor.runs(&form).await;
        // What the element is made of is fetched when there is one.
        visitor.until_it_says("return String(customElements.get('bowerbird-picker'))", "formAssociated").await;
        assert_eq!(visitor.runs("return entries()").await, r#"[["other","one"],["other","two"]]"#);
        visitor.photographs("embedding-element").await;
        let validity = "return [form.checkValidity(), field.validity.valueMissing, field.validationMessage.length > 1]";
        assert_eq!(visitor.runs(validity).await, json!([false, true, true]));
        visitor.runs("set.disabled = true").await;
        assert_eq!(visitor.runs("return entries()").await, "[]");
        // Who leaves chooses nothing.
        visitor.clicks_outside("label").await;
        visitor.sees("[data-action='connect']").await;
        presses(&visitor, Key::Escape).await;
        visitor.until_it_says("return heard.join()", "cancel").await;
        assert_eq!(visitor.runs("return entries()").await, "[]");
        visitor.clicks_outside("#field").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.confirms().await;
        visitor.until_it_says("return heard.join()", "cancel,pick,change").await;
        let sent = "return String(entries() === JSON.stringify(field.files.map(file => ['photo', file.handle])) && field.files.length)";
        assert_eq!(visitor.runs(sent).await, "2");
        assert_eq!(visitor.runs("return [form.checkValidity(), field.value.split(',').length]").await, json!([true, 2]));
        visitor.runs("form.reset()").await;
        assert_eq!(visitor.runs("return [entries(), field.value, form.checkValidity()]").await, json!(["[]", "", false]));
        // A wrong option is an event, and does not reach the window as an error that nobody caught.
        let wrong = "window.uncaught = 0; addEventListener('error', () => uncaught += 1);
            field.addEventListener('error', event => { event.preventDefault(); heard.push(event.detail.message); });
            field.setAttribute('max-files', 'many'); field.click()";
        visitor.runs(wrong).await;
        visitor.until_it_says("return heard.join()", "maxFiles takes a whole number").await;
        assert_eq!(visitor.runs("return uncaught").await, json!(0));
    })
    .await;
}

#[tokio::test]
async fn the_size_and_the_colours_are_the_pages_to_say() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let seen = "const root = document.querySelector('[data-bowerbird]').shadowRoot, dialog = root.querySelector('.dialog');
            return [dialog.offsetWidth, dialog.offsetHeight, getComputedStyle(dialog).backgroundColor, getComputedStyle(dialog).colorScheme]";
        stage.dress("<style>:root { --bowerbird-surface: light-dark(rgb(1, 2, 3), rgb(4, 5, 6)); }</style>");
        for (theme, colour) in [("dark", "rgb(4, 5, 6)"), ("light", "rgb(1, 2, 3)")] {
            let options = json!({"fromSources": "facebook", "modalSize": [800, 500], "theme": theme});
            visitor.opens(&stage.page, options).await;
            visitor.starts_picking().await;
            assert_eq!(visitor.runs(seen).await, json!([800, 500, colour, theme]));
        }
        visitor.has_a_screen_of(979, 700).await;
        // The window's width but for a margin and a scroll bar.
        let width = visitor.runs(seen).await[0].as_f64().unwrap();
        assert!((900.0..=979.0 - 48.0).contains(&width), "modalSize is for wide windows: {width}");
    })
    .await;
}
