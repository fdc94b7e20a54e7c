//! What the dialog can open without: the screens behind the list of services. In what customers download they are a chunk of
//! wasm of their own, so that a page loads the half that the first sight takes; everywhere else they are simply there.

use super::{Part, Ui, account, browse, editor, folder, footer, indicator, part, tray, trouble};
use crate::error::Trouble;
use js_sys::Array;
use leptos::html;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{CssStyleSheet, ShadowRoot};

/// The sheets of the screens, in their order.
const STYLE: &str = concat!(
    include_str!("../../style/device.css"),
    include_str!("../../style/toolbar.css"),
    include_str!("../../style/tile.css"),
    include_str!("../../style/preview.css"),
    include_str!("../../style/editor.css"),
    include_str!("../../style/tray.css"),
    include_str!("../../style/storing.css"),
    include_str!("../../style/indicator.css"),
    include_str!("../../style/footer.css"),
);

/// A part of the dialog that the chunk draws.
type Draw = fn(Ui) -> AnyView;

/// The ways into the chunk. All that only they reach is in it.
#[derive(Clone, Copy)]
struct Screens {
    account: Draw,
    browse: Draw,
    footer: Draw,
    indicator: Draw,
    style: fn() -> &'static str,
}

const SCREENS: Screens = Screens {
    account: |ui| account::account(ui).into_any(),
    browse: |ui| browse::browse(ui).into_any(),
    footer: |ui| (tray::tray(ui).into_any(), footer::footer(ui).into_any(), editor::editor(ui).into_any()).into_any(),
    indicator: |ui| indicator::indicator(ui).into_any(),
    style: || STYLE,
};

#[cfg(not(split))]
const BUILT_IN: Option<Screens> = Some(SCREENS);
#[cfg(split)]
const BUILT_IN: Option<Screens> = None;

thread_local! {
    static HERE: Cell<Option<Screens>> = const { Cell::new(BUILT_IN) };
}

/// The screens of one dialog, which may still be on their way.
#[derive(Clone, Copy)]
pub(super) struct Later {
    ui: Ui,
    here: RwSignal<bool>,
    missing: RwSignal<bool>,
}

impl Later {
    /// Begins to load what is not there yet.
    pub(super) fn new(ui: Ui) -> Self {
        let later = Self { ui, here: RwSignal::new(false), missing: RwSignal::new(false) };
        later.load();
        later
    }

    fn load(self) {
        if HERE.get().is_some() {
            self.here.set(true);
            return;
        }
        self.missing.set(false);
        spawn_local(async move {
            let arrived = fetch().await;
            // The dialog may be closed by now, and with it what these are part of.
            self.here.try_set(arrived);
            self.missing.try_set(!arrived);
        });
    }

    /// Has the shadow root around this element wear the sheets of the screens, as soon as they are here.
    pub(super) fn dresses(self, within: NodeRef<html::Div>) {
        Effect::new(move |_| {
            let (Some(screens), Some(element)) = (self.screens(), within.get()) else { return };
            let root = element.get_root_node();
            if let (Ok(root), Ok(sheet)) = (root.dyn_into::<ShadowRoot>(), CssStyleSheet::new())
                && sheet.replace_sync((screens.style)()).is_ok()
            {
                let sheets = Array::from(&root.adopted_style_sheets());
                sheets.push(&sheet);
                root.set_adopted_style_sheets(&sheets);
            }
        });
    }

    /// Who is signed in.
    pub(super) fn account(self) -> Part {
        part(move || self.screens().map(|screens| (screens.account)(self.ui)))
    }

    /// The screen that the state asks for; until it is here, where it will be.
    pub(super) fn browse(self) -> Part {
        part(move || match self.screens() {
            Some(screens) => (screens.browse)(self.ui),
            None => {
                let instead = match self.missing.get() {
                    true => trouble::trouble(self.ui, Trouble::Unreachable, move || self.load()).into_any(),
                    false => folder::skeleton(self.ui).into_any(),
                };
                view! { <div class="browse">{instead}</div> }.into_any()
            }
        })
    }

    /// The tray, how many are chosen, and the button that confirms.
    pub(super) fn footer(self) -> Part {
        part(move || self.screens().map(|screens| (screens.footer)(self.ui)))
    }

    /// What is left of the dialog while it makes way.
    pub(super) fn indicator(self) -> Part {
        part(move || self.screens().map(|screens| (screens.indicator)(self.ui)))
    }

    fn screens(self) -> Option<Screens> {
        self.here.get().then(|| HERE.get()).flatten()
    }
}

/// Loads the screens while nobody waits for them. A failure is nobody's business yet: the dialog tries again.
#[cfg(split)]
pub fn fetch_ahead() {
    spawn_local(async {
        fetch().await;
    });
}

/// Loads the screens, unless they are here. Answers whether they are.
pub async fn fetch() -> bool {
    if HERE.get().is_some() {
        return true;
    }
    #[cfg(split)]
    HERE.set(chunk::screens().await.ok());
    HERE.get().is_some()
}

#[cfg(split)]
#[allow(
    unsafe_code,
    reason = "the attribute exports the function under a name of its own, by which the splitting finds it"
)]
mod chunk {
    use super::{SCREENS, Screens};
    use leptos::wasm_split::{SplitLoaderError, wasm_split};

    /// Loads the chunk, unless it is here.
    #[wasm_split(later, wasm_split_path = leptos::wasm_split, fallible)]
    pub(super) fn screens() -> Result<Screens, SplitLoaderError> {
        crate::picker::deeds::arrive();
        Ok(SCREENS)
    }
}
