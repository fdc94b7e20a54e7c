//! What is seen: one component a file. Reads the state, tells the picker, and calls nobody else.

mod account;
mod address;
mod browse;
mod chunk;
mod connect;
mod device;
mod dialog;
mod editor;
mod find;
mod focus;
mod folder;
mod footer;
mod frame;
mod grid;
mod indicator;
mod menu;
mod outward;
mod own;
mod pane;
mod preview;
mod rows;
mod storing;
mod toolbar;
mod tray;
mod trouble;

pub use chunk::wear;
pub use dialog::dialog;
pub use frame::{Frame, Wish};
pub use own::fetch as fetch_own;
pub use pane::{Pane, STYLE as PANE_STYLE, pane};

use crate::options::PickOptions;
use crate::picker::{Action, Picker};
use crate::sheet::sheet;
use crate::sources::Source;
use crate::state::{Notice, Refused, State};
use crate::text::{self, Text};
use bowerbird_protocol::listing::{Item, TAGGED, UPLOADS};
use chunk::Arriving;
use leptos::prelude::*;
use own::Own;
use std::sync::Arc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ShadowRoot};

/// The sheets of the frame, behind the tokens, which a theme decides.
pub const STYLE: &str = sheet!("contrast.css", "dialog.css", "services.css", "waiting.css", "trouble.css");

/// What every component needs: the state to read, the picker to tell, the words to say it in.
#[derive(Clone, Copy)]
struct Ui {
    state: RwSignal<State>,
    picker: StoredValue<Picker, LocalStorage>,
    /// The words, once they are here: nothing is drawn that says any before.
    text: StoredValue<Option<Text>, LocalStorage>,
    /// Whether they are.
    speaks: RwSignal<bool>,
    /// The language of the dialog, by its code.
    language: RwSignal<&'static str>,
    /// The menu that is open, by its name.
    menu: RwSignal<Option<&'static str>>,
    /// What was announced last.
    said: RwSignal<String>,
    /// The photo at which the large view was closed: the grid brings it into sight and gives it the focus.
    left_at: RwSignal<Option<String>>,
    /// What the dialog lies in.
    root: StoredValue<HtmlElement, LocalStorage>,
    /// What shows the ways to bring files.
    own: Arriving<Own>,
    /// What shows the editor.
    editor: Arriving<editor::Draw>,
    /// How far down each folder was scrolled when it was left, by source and path.
    places: StoredValue<Vec<(String, i32)>, LocalStorage>,
    /// The width of the thumbnails that the grid asked for last.
    thumbnails: StoredValue<u32, LocalStorage>,
}

impl Ui {
    fn new(picker: Picker, root: &HtmlElement, frame: &Frame) -> Self {
        let ui = Self {
            state: picker.state().into(),
            text: StoredValue::new_local(None),
            speaks: RwSignal::new(false),
            language: RwSignal::new(text::Language::english().name),
            picker: StoredValue::new_local(picker.clone()),
            menu: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            left_at: RwSignal::new(None),
            root: StoredValue::new_local(root.clone()),
            own: Arriving::new(own::CHUNK),
            editor: Arriving::new(editor::CHUNK),
            places: StoredValue::new_local(Vec::new()),
            thumbnails: StoredValue::new_local(320),
        };
        let frame = frame.clone();
        picker.find_words(Box::new(move |text| {
            frame.speak(&text);
            ui.language.try_set(text.language());
            ui.text.try_set_value(Some(text));
            ui.speaks.try_set(true);
        }));
        ui
    }

    /// What the page asked for.
    fn options<T>(self, read: impl FnOnce(&PickOptions) -> T) -> T {
        self.picker.with_value(|picker| read(picker.options()))
    }

    fn send(self, action: Action) {
        // Cloned first, since the action may close the dialog and with it this very store.
        if let Some(picker) = self.picker.try_get_value() {
            picker.send(action);
        }
    }

    /// Sends this at every click.
    fn click(self, action: Action) -> Click {
        Box::new(move |_| self.send(action.clone()))
    }

    /// Tells those who do not see the screen, when they are done listening to something else. Everything that is announced goes
    /// through here: of two regions that speak at once, screen readers drop one.
    fn announce(self, words: String) {
        let again = self.said.try_with_untracked(|said| *said == words).unwrap_or_default();
        // The same words a second time are no change, and would not be read.
        self.said.try_set(if again { words + "\u{a0}" } else { words });
    }

    /// Part of the state, followed.
    fn memo<T: PartialEq + Send + Sync + 'static>(self, read: impl Fn(&State) -> T + Send + Sync + 'static) -> Memo<T> {
        Memo::new(move |_| self.state.with(&read))
    }

    /// A sentence.
    fn say(self, key: &str) -> String {
        self.words(key, None, &[])
    }

    /// A sentence about a number of things.
    fn say_count(self, key: &str, count: usize) -> String {
        self.words(key, Some(count), &[])
    }

    /// A sentence with words filled in.
    fn words(self, key: &str, count: Option<usize>, fill: &[(&str, &str)]) -> String {
        self.told(|text| text.get(key, count, fill))
    }

    /// A whole number.
    fn number(self, value: usize) -> String {
        self.told(|text| text.number(value as f64))
    }

    /// A number of bytes.
    fn bytes(self, count: u64) -> String {
        self.told(|text| text.bytes(count))
    }

    /// The day of a time in RFC 3339; empty for what is no time.
    fn date(self, time: &str) -> String {
        self.told(|text| text.date(time))
    }

    fn told(self, tell: impl FnOnce(&Text) -> String) -> String {
        self.text.try_with_value(|text| text.as_ref().map(tell)).flatten().unwrap_or_default()
    }

    /// The address of a photo's thumbnail outside of the grid: the one that the browser has, since the grid has asked for it.
    fn thumbnail(self, item: &Item) -> Option<String> {
        let width = self.thumbnails.try_get_value().unwrap_or(320);
        (!item.thumbnail.is_empty()).then(|| rendition(&item.thumbnail, width))
    }

    /// A folder as visitors call it: those that the provider makes itself have a name in every language.
    fn folder_name(self, item: &Item) -> String {
        match item.special.as_deref() {
            Some(TAGGED) => self.say("folder.tagged"),
            Some(UPLOADS) => self.say("folder.uploads"),
            _ => item.name.clone(),
        }
    }

    /// The same folder under that name, as which it is opened: the title and the result say it too.
    fn named(self, folder: Arc<Item>) -> Arc<Item> {
        match folder.special {
            Some(_) => Arc::new(Item { name: self.folder_name(&folder), ..(*folder).clone() }),
            None => folder,
        }
    }

    /// What has to be said in passing, if anything.
    fn notice(self, state: &State) -> Option<String> {
        Some(match state.notice.as_ref()? {
            Notice::Full => self.say_count("selection.full", state.selection.max()),
            Notice::Page(words) => words.clone(),
            Notice::Refused(name, why) => {
                let (types, most) = self.options(|options| (options.accept.rules().join(", "), options.max_size));
                let size = self.bytes(most.unwrap_or_default());
                let fill = [("displayName", name.as_str()), ("types", &types), ("roundFileSize", &size)];
                let key = match why {
                    Refused::Type => "refused.type",
                    Refused::Bytes => "refused.bytes",
                    Refused::Empty => "refused.empty",
                    Refused::TooSmall => "refused.too_small",
                    Refused::TooLarge => "refused.too_large",
                };
                self.words(key, None, &fill)
            }
        })
    }

    /// A source as visitors call it.
    fn source_name(self, source: &Source) -> String {
        self.say(&format!("source.{}", source.name))
    }

    /// A sentence that names the source as `{providerName}`.
    fn say_of(self, key: &str, source: &Source) -> String {
        self.words(key, None, &[("providerName", &self.source_name(source))])
    }
}

/// Whether lines run from right to left there, whichever way that was decided.
fn is_mirrored(element: &Element) -> bool {
    let style = web_sys::window().and_then(|window| window.get_computed_style(element).ok().flatten());
    style.and_then(|style| style.get_property_value("direction").ok()).as_deref() == Some("rtl")
}

/// The address of a thumbnail of this width.
fn rendition(thumbnail: &str, width: u32) -> String {
    // Of the device's and of the page's own pictures there is one.
    if !thumbnail.contains("/thumbnail?") {
        return thumbnail.to_owned();
    }
    let and = if thumbnail.contains('?') { '&' } else { '?' };
    format!("{thumbnail}{and}w={width}")
}

/// A part of a screen that follows the state. Parts, words and clicks are boxed so that each is one type: Leptos makes code
/// of its own for every other, some kilobytes of wasm each.
type Part = Box<dyn FnMut() -> AnyView + Send>;
/// Words that follow the state.
type Words = Box<dyn FnMut() -> String + Send>;
/// What a click does.
type Click = Box<dyn FnMut(web_sys::MouseEvent)>;

fn part<V: IntoView>(mut draw: impl FnMut() -> V + Send + 'static) -> Part {
    Box::new(move || draw().into_any())
}

fn words(say: impl FnMut() -> String + Send + 'static) -> Words {
    Box::new(say)
}

/// Gives the focus to an element if what had it goes away: otherwise the next Tab would begin at the top of the dialog. Where
/// the dialog is a part of the page, the focus may be anywhere on it, and is not ours to take.
fn take_lost_focus(element: HtmlElement) {
    let take = move || {
        if element.closest("dialog").is_ok_and(|dialog| dialog.is_none()) {
            return;
        }
        let root = element.get_root_node().dyn_into::<ShadowRoot>().ok();
        let at = root.and_then(|root| root.active_element());
        // The browser itself gives it to the dialog, or to nothing.
        if at.is_none_or(|at| at.tag_name() == "DIALOG") {
            let _ = element.focus();
        }
    };
    // Once everything that follows the same change is drawn.
    set_timeout(take, Duration::ZERO);
}

/// A part of the dialog that a chunk draws.
type Draw = fn(Ui) -> AnyView;

/// An icon from its path in a box of 24 by 24.
fn icon(path: &'static str) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=path /></svg> }
}

/// Shapes that are used more than once or say little by themselves.
mod shape {
    pub const CLOSE: &str = "M6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z";
    pub const BACK: &str = "M15.5 4.5 8 12l7.5 7.5 1.4-1.4-6-6.1 6-6.1z";
    pub const CHECK: &str = "M9.5 17.6 4 12.1l1.4-1.4 4.1 4 9.1-9.1L20 7z";
    pub const VIDEO: &str =
        "M4 6h10a2 2 0 0 1 2 2v2.5l4-2.5v8l-4-2.5V16a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8c0-1.1.9-2 2-2z";
    pub const PHOTO: &str = "M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6c0-1.1.9-2 2-2zm1 13h14l-4.5-6-3.5 4.5-2.5-3zM8 8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z";
    pub const ALERT: &str = "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 5v7h2V7zm0 9v2h2v-2z";
    pub const PERSON: &str = "M12 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10zm0 12c5 0 9 2.2 9 5v1H3v-1c0-2.8 4-5 9-5z";
    pub const RETRY: &str = "M12 4a8 8 0 0 1 6.9 4H16v2h6V4h-2v2.5A10 10 0 1 0 22 12h-2a8 8 0 1 1-8-8z";
    pub const SHRINK: &str = "M4 17h16v2H4z";
    pub const GROW: &str = "M14 4h6v6h-2V7.4l-4.3 4.3-1.4-1.4L16.6 6H14zM4 14h2v2.6l4.3-4.3 1.4 1.4L7.4 18H10v2H4z";
    pub const EARLIER: &str = "M10.5 5.5 4 12l6.5 6.5 1.4-1.4L7.8 13H20v-2H7.8l4.1-4.1z";
    pub const LATER: &str = "M13.5 5.5 20 12l-6.5 6.5-1.4-1.4 4.1-4.1H4v-2h12.2l-4.1-4.1z";
    pub const BIN: &str = "M9 3h6l1 2h4v2H4V5h4zM6 9h12l-1 12H7zm3 2v8h2v-8zm4 0v8h2v-8z";
    pub const EDIT: &str = "M7 2v3h10a2 2 0 0 1 2 2v10h3v2h-3v3h-2v-3H7a2 2 0 0 1-2-2V7H2V5h3V2zm0 5v10h10V7z";
    pub const TURN: &str = "M8 3 3 8l5 5V9.5h5a4.5 4.5 0 0 1 0 9H7v2h6a6.5 6.5 0 0 0 0-13H8z";
    pub const DOWN: &str = "M12 15.5 5.5 9 7 7.6l5 5 5-5L18.5 9z";
}
