//! Code that comes when it is wanted. In what customers download it is chunks of wasm of their own, so that a page loads no more than what
//! its visitors see; everywhere else it is simply there.

use super::{Ui, folder, trouble};
use crate::error::Trouble;
use futures_util::future::LocalBoxFuture;
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{CssStyleSheet, HtmlElement, ShadowRoot};

/// What a chunk brings.
#[derive(Clone, Copy)]
pub(super) struct Brings<T> {
    /// The ways into its code. All that only they reach is in it.
    pub parts: T,
    /// Its sheets.
    pub style: fn() -> &'static str,
}

/// A chunk, as the macro `chunk` makes it.
#[derive(Clone, Copy)]
pub(super) struct Chunk<T: 'static> {
    /// What it brings, once it is here.
    pub here: fn() -> Option<Brings<T>>,
    /// Loads it, unless it is here, and answers whether it is.
    pub fetch: fn() -> LocalBoxFuture<'static, bool>,
}

/// Makes `CHUNK` and `fetch` of what a chunk brings, a constant. Where there are chunks, `arrive` is run in it when it is here.
macro_rules! chunk {
    ($name:ident: $parts:ty = $brings:expr $(, $arrive:expr)?) => {
        #[cfg(not(split))]
        const BUILT_IN: Option<$crate::ui::chunk::Brings<$parts>> = Some($brings);
        #[cfg(split)]
        const BUILT_IN: Option<$crate::ui::chunk::Brings<$parts>> = None;

        thread_local! {
            static HERE: std::cell::Cell<Option<$crate::ui::chunk::Brings<$parts>>> =
                const { std::cell::Cell::new(BUILT_IN) };
        }

        /// The chunk.
        pub(super) const CHUNK: $crate::ui::chunk::Chunk<$parts> =
            $crate::ui::chunk::Chunk { here: || HERE.get(), fetch: || Box::pin(fetch()) };

        /// Loads the chunk, unless it is here. Answers whether it is.
        pub async fn fetch() -> bool {
            #[cfg(split)]
            if HERE.get().is_none() {
                HERE.set(split::load().await.ok());
            }
            HERE.get().is_some()
        }

        #[cfg(split)]
        #[allow(
            unsafe_code,
            reason = "the attribute exports the function under a name of its own, by which the splitting finds it"
        )]
        mod split {
            use super::*;
            use leptos::wasm_split::{SplitLoaderError, wasm_split};

            #[wasm_split($name, wasm_split_path = leptos::wasm_split, fallible)]
            pub(super) fn load() -> Result<$crate::ui::chunk::Brings<$parts>, SplitLoaderError> {
                $($arrive;)?
                Ok($brings)
            }
        }
    };
}
pub(super) use chunk;

/// Has the shadow root that `element` lies in wear a sheet more. It is adopted rather than written as `<style>`: pages whose policy
/// forbids inline style allow that.
pub fn wear(element: &HtmlElement, style: &str) {
    if let (Ok(root), Ok(sheet)) = (element.get_root_node().dyn_into::<ShadowRoot>(), CssStyleSheet::new())
        && sheet.replace_sync(style).is_ok()
    {
        let sheets = Array::from(&root.adopted_style_sheets());
        sheets.push(&sheet);
        root.set_adopted_style_sheets(&sheets);
    }
}

/// A chunk as one dialog waits for it.
pub(super) struct Arriving<T: 'static> {
    chunk: StoredValue<Chunk<T>>,
    here: RwSignal<bool>,
    missing: RwSignal<bool>,
}

impl<T> Clone for Arriving<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Arriving<T> {}

impl<T: Copy + Send + Sync + 'static> Arriving<T> {
    /// One that nobody has asked for yet.
    pub(super) fn new(chunk: Chunk<T>) -> Self {
        Self { chunk: StoredValue::new(chunk), here: RwSignal::new(false), missing: RwSignal::new(false) }
    }

    /// Loads it, unless it is here.
    pub(super) fn load(self) {
        let chunk = self.chunk.get_value();
        if (chunk.here)().is_some() {
            return self.here.set(true);
        }
        self.missing.set(false);
        spawn_local(async move {
            let arrived = (chunk.fetch)().await;
            // The dialog may be closed by now, and with it what these are part of.
            self.here.try_set(arrived);
            self.missing.try_set(!arrived);
        });
    }

    /// What it brings, once it is here; followed.
    pub(super) fn parts(self) -> Option<T> {
        Some(self.brings()?.parts)
    }

    fn brings(self) -> Option<Brings<T>> {
        if self.here.get() { (self.chunk.get_value().here)() } else { None }
    }

    /// Has the dialog wear its sheets as soon as it is here.
    pub(super) fn is_worn(self, ui: Ui) {
        Effect::new(move |_| {
            if let Some(brings) = self.brings() {
                ui.root.with_value(|root| wear(root, (brings.style)()));
            }
        });
    }

    /// What is seen in the place of it: where it will be, or that it did not come.
    pub(super) fn instead(self, ui: Ui) -> AnyView {
        match self.missing.get() {
            true => trouble::trouble(ui, Trouble::Unreachable, move || self.load()).into_any(),
            false => folder::skeleton(ui).into_any(),
        }
    }
}
