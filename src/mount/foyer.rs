//! The first sight: a pick that is asked for before all of the picker is here. The frame is on the screen at once, and what a visitor
//! does with it is done when the rest has arrived.

use super::rest::{self, Asked, Entry};
use super::stage::Stage;
use crate::listener::Listener;
use crate::options::PickOptions;
use crate::text;
use crate::ui::Wish;
use futures_channel::oneshot;
use futures_util::FutureExt;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// Opens the picker: when this returns there is something to see, or there will be when the rest has arrived. The promise behind `asked`
/// is settled when it is over.
pub fn pick(asked: Asked) {
    match rest::here() {
        Some(open) => open(asked, Entry::default()),
        None => {
            let foyer = Foyer::enter(&asked);
            spawn_local(foyer.wait(asked));
        }
    }
}

/// The frame on the screen, and what was done with it.
#[derive(Clone, Default)]
struct Foyer(Rc<Inner>);

#[derive(Default)]
struct Inner {
    stage: RefCell<Option<Stage>>,
    /// The service that is to be opened.
    chosen: Cell<Option<usize>>,
    left: Cell<bool>,
    /// The language that the page asks for.
    lang: Option<String>,
    /// Ends the waiting for a visitor who was told that the rest did not come.
    goes_on: RefCell<Option<oneshot::Sender<()>>>,
    abort: RefCell<Option<Listener>>,
}

impl Foyer {
    /// With the frame on the screen where its options can be read, and nothing to see otherwise.
    fn enter(asked: &Asked) -> Self {
        let options = PickOptions::glance(&asked.options).filter(|_| asked.publish.is_undefined());
        let Some((stage, options)) = options.and_then(|options| Some((Stage::enter(&options).ok()?, options))) else {
            return Self::default();
        };
        let foyer = Self(Rc::new(Inner { lang: options.lang, ..Inner::default() }));
        let hears = foyer.clone();
        stage.frame().hear(move |wish| hears.hear(wish));
        if let Some(signal) = &options.signal {
            let leaves = foyer.clone();
            foyer.0.abort.replace(Some(Listener::new(signal, "abort", move |_| leaves.leave())));
        }
        if stage.is_wide() {
            // Beside the services there is room for the first of them; a phone shows the list alone.
            stage.frame().visit(Some(0));
        }
        // What the page words itself is read with the rest.
        if js_sys::Reflect::get(&asked.options, &"customText".into()).map_or(true, |words| words.is_undefined()) {
            let (frame, home, lang) = (stage.frame().clone(), asked.site.url.clone(), foyer.0.lang.clone());
            let mut speaking = Box::pin(async move { frame.speak(&text::find(&home, lang.as_deref()).await) });
            if speaking.as_mut().now_or_never().is_none() {
                spawn_local(speaking);
            }
        }
        stage.frame().show();
        foyer.0.stage.replace(Some(stage));
        foyer
    }

    fn hear(&self, wish: Wish) {
        match wish {
            Wish::Choose(index) => self.choose(Some(index)),
            Wish::GoBack => self.choose(None),
            Wish::Leave | Wish::Escape | Wish::Back => self.leave(),
        }
    }

    fn choose(&self, index: Option<usize>) {
        self.0.chosen.set(index);
        if let Some(stage) = &*self.0.stage.borrow() {
            stage.frame().visit(index);
        }
    }

    /// Closes at once; the page hears of it when the rest is here to tell it.
    fn leave(&self) {
        if let Some(stage) = self.0.stage.take() {
            self.0.left.set(true);
            self.0.goes_on.take();
            spawn_local(stage.leave(()));
        }
    }

    /// Waits for the rest, and hands over to it.
    async fn wait(self, asked: Asked) {
        let arrived = loop {
            match rest::fetch().await {
                Some(open) => break Some(open),
                None if self.0.stage.borrow().is_none() => break None,
                None => self.say_missing(&asked.site.url).await,
            }
        };
        self.0.abort.take();
        let Some(open) = arrived else {
            let error = js_sys::Error::new("bowerbird: the rest of the picker could not be loaded");
            let _ = asked.reject.call1(&JsValue::NULL, &error);
            return;
        };
        open(asked, Entry { stage: self.0.stage.take(), chosen: self.0.chosen.get(), left: self.0.left.get() });
    }

    /// Says that the rest did not come, and waits until the visitor wants it tried again, or leaves.
    async fn say_missing(&self, home: &str) {
        let text = text::find(home, self.0.lang.as_deref()).await;
        let frame = self.0.stage.borrow().as_ref().map(|stage| stage.frame().clone());
        let Some((frame, button)) = frame.and_then(|frame| Some((frame.clone(), frame.say_missing(&text)?))) else {
            return;
        };
        let (goes_on, going_on) = oneshot::channel();
        self.0.goes_on.replace(Some(goes_on));
        let foyer = self.clone();
        let _listener = Listener::new(&button, "click", move |_| drop(foyer.0.goes_on.take()));
        // Whatever ends it drops the sender.
        let _ = going_on.await;
        frame.wait();
    }
}
