//! What is seen: one component a file. Reads the state, tells the picker, and calls nobody else.

mod account;
mod browse;
mod connect;
mod dialog;
mod folder;
mod footer;
mod services;
mod storing;
mod tile;
mod trouble;

pub use dialog::dialog;

use crate::picker::{Action, Picker};
use crate::sources::Source;
use crate::state::State;
use crate::text::Text;
use leptos::prelude::*;

/// Every sheet of the dialog, in the order of the screens.
pub const STYLE: &str = concat!(
    include_str!("../../style/tokens.css"),
    include_str!("../../style/dialog.css"),
    include_str!("../../style/services.css"),
    include_str!("../../style/connect.css"),
    include_str!("../../style/folder.css"),
    include_str!("../../style/tile.css"),
    include_str!("../../style/storing.css"),
    include_str!("../../style/trouble.css"),
    include_str!("../../style/footer.css"),
);

/// What every component needs: the state to read, the picker to tell, the words to say it in.
#[derive(Clone, Copy)]
struct Ui {
    state: RwSignal<State>,
    picker: StoredValue<Picker, LocalStorage>,
    text: StoredValue<Text, LocalStorage>,
    /// Whether the account's menu is open.
    menu: RwSignal<bool>,
    /// How far down each folder was scrolled when it was left, by source and path.
    places: StoredValue<Vec<(String, i32)>, LocalStorage>,
}

impl Ui {
    fn new(picker: Picker) -> Self {
        Self {
            state: picker.state().into(),
            text: StoredValue::new_local(Text::english(&picker.options().custom_text)),
            picker: StoredValue::new_local(picker),
            menu: RwSignal::new(false),
            places: StoredValue::new_local(Vec::new()),
        }
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
        self.text.try_with_value(|text| text.get(key, count, fill)).unwrap_or_default()
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

/// An icon from its path in a box of 24 by 24.
fn icon(path: &'static str) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=path /></svg> }
}

/// Shapes that are used more than once or say little by themselves.
mod shape {
    pub const CLOSE: &str = "M6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z";
    pub const BACK: &str = "M15.5 4.5 8 12l7.5 7.5 1.4-1.4-6-6.1 6-6.1z";
    pub const CHECK: &str = "M9.5 17.6 4 12.1l1.4-1.4 4.1 4 9.1-9.1L20 7z";
    pub const STACK: &str =
        "M7 3h12a2 2 0 0 1 2 2v12h-2V5H7V3zM5 7h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V9c0-1.1.9-2 2-2z";
    pub const VIDEO: &str =
        "M4 6h10a2 2 0 0 1 2 2v2.5l4-2.5v8l-4-2.5V16a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8c0-1.1.9-2 2-2z";
    pub const PHOTO: &str = "M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6c0-1.1.9-2 2-2zm1 13h14l-4.5-6-3.5 4.5-2.5-3zM8 8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z";
    pub const ALERT: &str = "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 5v7h2V7zm0 9v2h2v-2z";
    pub const PERSON: &str = "M12 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10zm0 12c5 0 9 2.2 9 5v1H3v-1c0-2.8 4-5 9-5z";
    pub const DOWN: &str = "M12 15.5 5.5 9 7 7.6l5 5 5-5L18.5 9z";
}
