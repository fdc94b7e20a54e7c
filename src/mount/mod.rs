//! Opens and closes the picker in a shadow root of its own: over the page, in a part of it, or behind a pane.

mod foyer;
mod handle;
mod host;
mod look;
mod page;
mod pane;
mod rest;
mod stage;

pub use foyer::pick;
pub use rest::Asked;
#[cfg(split)]
pub use rest::fetch;

use crate::companion::{Companion, Site};
use crate::listener::Listener;
use crate::options::{DisplayMode, PickOptions};
use crate::picker::{Action, Ending, Picker as Pick};
use crate::result::PickResponse;
use crate::ui;
use futures_util::future::LocalBoxFuture;
use handle::Handle;
use leptos::prelude::*;
use rest::Entry;
use stage::Stage;
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// From how many pixels across services and photos stand side by side; the style sheets say the same.
const WIDE: f64 = 720.0;

thread_local! {
    /// The pickers of this page, by their `rootId`, and whether each lies over the page.
    static OPEN: RefCell<Vec<(String, bool)>> = const { RefCell::new(Vec::new()) };
}

/// The photo picker for Leptos apps: the dialog is open for as long as this is mounted.
///
/// It draws nothing in its own place: the dialog lies over the page, or where `options.container` says, in a shadow root that
/// the app's styles do not reach.
/// Unmounting it cancels the pick. `on_done` runs once, when the visitor has confirmed or left; unmount it then. Where the
/// dialog cannot be opened, because another one is open, the reason is on the console and `on_done` receives an empty
/// response.
///
/// ```no_run
/// use bowerbird::{PickOptions, Picker};
/// use leptos::prelude::*;
///
/// #[component]
/// fn Album() -> impl IntoView {
///     let choosing = RwSignal::new(false);
///     let urls = RwSignal::new(Vec::<String>::new());
///     let options = PickOptions { max_files: 5, ..PickOptions::default() };
///     view! {
///         <button on:click=move |_| choosing.set(true)>"Add photos"</button>
///         {move || choosing.get().then(|| view! {
///             <Picker
///                 apikey="demo"
///                 url="http://127.0.0.1:8787"
///                 options=options.clone()
///                 on_done=move |response: bowerbird::PickResponse| {
///                     urls.set(response.files_uploaded.into_iter().map(|file| file.url).collect());
///                     choosing.set(false);
///                 }
///             />
///         })}
///         <For each=move || urls.get() key=String::clone let:url><img src=url /></For>
///     }
/// }
/// ```
#[component]
pub fn Picker(
    /// The site's API key.
    #[prop(into)]
    apikey: String,
    /// The companion's base URL.
    #[prop(into)]
    url: String,
    /// What to pick, and how many.
    #[prop(optional)]
    options: PickOptions,
    /// Whether the visitor stays signed in after a reload, as `sessionCache` of `init`.
    #[prop(optional)]
    session_cache: bool,
    /// An address of this site at which a sign-in may end, as `appUrl` of `init`.
    #[prop(optional, into)]
    app_url: Option<String>,
    /// Receives the outcome, once.
    on_done: impl Fn(PickResponse) + 'static,
) -> impl IntoView {
    let on_done = Rc::new(on_done);
    let site = Site { url, apikey, session_cache, app_url, security: None };
    let opened = open(Companion::new(site), options, Entry::default(), {
        let on_done = on_done.clone();
        move |response| on_done(response)
    });
    match opened {
        Ok(opened) => {
            let opened = StoredValue::new_local(opened);
            on_cleanup(move || {
                opened.try_with_value(Opened::cancel);
            });
        }
        Err(reason) => {
            web_sys::console::error_1(&format!("bowerbird: {reason}").into());
            spawn_local(async move { on_done(PickResponse::default()) });
        }
    }
}

/// A picker that is on the screen. Dropping it does not close it.
pub struct Opened(Handle);

impl Opened {
    /// Closes it as the visitor could; the result is given as ever.
    pub fn cancel(&self) {
        self.0.close();
    }
}

/// A picker's place in the list of those that are open.
struct Place(String);

impl Place {
    /// Refused where another picker has it, or has the window.
    fn take(id: &str, modal: bool) -> Result<Self, String> {
        OPEN.with_borrow_mut(|open| {
            if modal && open.iter().any(|(_, modal)| *modal) {
                return Err("a picker is open already; wait for its result, or abort it through its signal".to_owned());
            }
            if open.iter().any(|(other, _)| other == id) {
                return Err(format!(
                    "a picker with the rootId '{id}' is open already; give this one a rootId of its own"
                ));
            }
            open.push((id.to_owned(), modal));
            Ok(Self(id.to_owned()))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.retain(|(id, _)| *id != self.0));
    }
}

/// Opens the picker in the mode that the options ask for. `on_done` is called once, after it is gone.
///
/// The error says, in English, why it cannot be opened.
fn open(
    companion: Companion,
    options: PickOptions,
    entry: Entry,
    on_done: impl FnOnce(PickResponse) + 'static,
) -> Result<Opened, String> {
    let handle = Handle::new(options.signal.as_ref());
    match options.display_mode {
        DisplayMode::DropPane => pane::open(companion, options, handle.clone(), Box::new(on_done))?,
        _ => drop(dialog(companion, options, handle.clone(), entry, Box::new(on_done))?),
    }
    Ok(Opened(handle))
}

/// What receives the outcome of a pick.
type OnDone = Box<dyn FnOnce(PickResponse)>;

/// Opens the dialog, over the page or in its container, or moves into the frame that is there.
fn dialog(
    companion: Companion,
    options: PickOptions,
    handle: Handle,
    entry: Entry,
    on_done: OnDone,
) -> Result<Pick, String> {
    let stage = match entry.stage {
        Some(stage) => stage,
        None => Stage::enter(&options)?,
    };
    let (frame, wide) = (stage.frame().clone(), stage.is_wide());
    let root = stage.host().root().clone();
    let mounted = Rc::new(RefCell::new(None::<Mounted>));
    let close = {
        let mounted = mounted.clone();
        move || -> LocalBoxFuture<'static, ()> {
            let closing = mounted.take().map(|Mounted { stage, rest }| stage.leave(rest));
            Box::pin(async move {
                if let Some(closing) = closing {
                    closing.await;
                }
            })
        }
    };
    let step_aside = {
        let mounted = mounted.clone();
        move |aside| {
            if let Some(mounted) = &*mounted.borrow() {
                mounted.stage.step_aside(aside);
            }
        }
    };
    let ending = Ending { close: Box::new(close), step_aside: Box::new(step_aside), on_done };
    let pick = Pick::new(companion, options, ending);

    let view = ui::dialog(pick.clone(), &frame, &root);
    frame.show();
    let cancel = {
        let pick = pick.clone();
        move || pick.send(Action::Cancel)
    };
    let busy = {
        let state = pick.state();
        move || state.with_untracked(|state| state.storing.as_ref().is_some_and(|storing| !storing.has_ended()))
    };
    let end = {
        let pick = pick.clone();
        move || pick.release()
    };
    let mut listeners = handle.listen(cancel);
    listeners.extend([page::warn_before_leaving(busy), page::at_its_end(end)].into_iter().flatten());
    mounted.replace(Some(Mounted { stage, rest: (view, listeners) }));
    let comes_back = pick.begin(handle.object());
    let chosen = match entry.chosen {
        // Beside the services there is room for the first of them; a phone shows the list alone.
        None if wide && !comes_back => Some(0),
        chosen => chosen,
    };
    if let Some(chosen) = chosen {
        pick.send(Action::Choose(chosen));
    }
    if !pick.options().crop_files.is_empty() {
        let pick = pick.clone();
        spawn_local(async move {
            ui::fetch_own().await;
            pick.crop();
        });
    }
    if handle.is_closed() {
        pick.send(Action::Cancel);
    }
    Ok(pick)
}

/// What has to be undone when the picker closes. View and listeners end by being dropped.
struct Mounted {
    stage: Stage,
    rest: (Box<dyn Any>, Vec<Listener>),
}
