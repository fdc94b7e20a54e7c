//! Opens and closes the dialog in a shadow root of its own.

mod page;

use crate::companion::{Companion, Site};
use crate::listener::Listener;
use crate::options::PickOptions;
use crate::picker::{Action, Ending, Picker as Pick};
use crate::result::PickResponse;
use crate::ui;
use futures_util::future::LocalBoxFuture;
use leptos::mount::mount_to;
use leptos::prelude::*;
use page::Page;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortSignal;

thread_local! {
    static OPEN: Cell<bool> = const { Cell::new(false) };
}

/// The photo picker for Leptos apps: the dialog is open for as long as this is mounted.
///
/// It draws nothing in its own place: the dialog lies over the page, in a shadow root that the app's styles do not reach.
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
    let site = Site { url, apikey, session_cache, app_url };
    let opened = open(Companion::new(site), options, {
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

/// A dialog that is on the screen. Dropping it does not close it.
pub struct Opened(Pick);

impl Opened {
    /// Closes the dialog as the visitor could; the result is given as ever.
    pub fn cancel(&self) {
        self.0.send(Action::Cancel);
    }
}

/// Opens the dialog over the page. `on_done` is called once, after the dialog is gone.
///
/// The error says, in English, why it cannot be opened.
pub fn open(
    companion: Companion,
    options: PickOptions,
    on_done: impl FnOnce(PickResponse) + 'static,
) -> Result<Opened, String> {
    if OPEN.get() {
        return Err("a picker is open already; wait for its result, or abort it through its signal".to_owned());
    }
    let page = Page::enter(ui::STYLE).ok_or("this page has no document to open a dialog in")?;
    OPEN.set(true);
    let is_wide = page.is_wide();
    let signal = options.signal.clone();
    let mounted = Rc::new(RefCell::new(None::<Mounted>));
    let close = {
        let mounted = mounted.clone();
        move || -> LocalBoxFuture<'static, ()> {
            let closing = mounted.take().map(Mounted::close);
            Box::pin(async move {
                if let Some(closing) = closing {
                    closing.await;
                }
            })
        }
    };
    let pick = Pick::new(companion, options, Ending { close: Box::new(close), on_done: Box::new(on_done) });

    let view = mount_to(page.root().clone(), {
        let pick = pick.clone();
        move || ui::dialog(pick)
    });
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
    let mut listeners = vec![page.warn_before_leaving(busy), page.at_its_end(end)];
    listeners.extend(page.back_button(cancel.clone()));
    if let Some(signal) = &signal {
        listeners.push(Listener::new(signal, "abort", move |_| cancel()));
    }
    mounted.replace(Some(Mounted { page, view: Box::new(view), _listeners: listeners }));
    let comes_back = pick.begin();
    if is_wide && !comes_back {
        // Beside the services there is room for the first of them; a phone shows the list alone.
        pick.send(Action::Choose(0));
    }
    if signal.as_ref().is_some_and(AbortSignal::aborted) {
        pick.send(Action::Cancel);
    }
    Ok(Opened(pick))
}

/// What has to be undone when the dialog closes. View and listeners end by being dropped.
struct Mounted {
    page: Page,
    view: Box<dyn Any>,
    _listeners: Vec<Listener>,
}

impl Mounted {
    /// Takes the dialog away at once. The future is ready when the page is as it was, and another dialog can be opened.
    fn close(self) -> impl Future<Output = ()> {
        let Self { page, view, _listeners: listeners } = self;
        let settled = page.leave();
        async move {
            // Both own the event handler that may be closing the dialog just now, and it has returned by now.
            drop((view, listeners));
            settled.await;
            OPEN.set(false);
        }
    }
}
