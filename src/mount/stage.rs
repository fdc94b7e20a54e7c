//! What a picker takes of the page before anything moves into it: its place among the others, its element, the window's scrolling and
//! Back button, and the frame.

use super::host::Host;
use super::page::{self, Page};
use super::{Place, WIDE};
use crate::listener::Listener;
use crate::options::{DisplayMode, PickOptions};
use crate::ui::{Frame, Wish};
use std::rc::Rc;

/// A frame on the page.
pub struct Stage {
    place: Place,
    host: Host,
    page: Option<Rc<Page>>,
    frame: Frame,
    /// Whether services and photos stand side by side.
    wide: bool,
    _listeners: Vec<Listener>,
}

impl Stage {
    /// Puts the frame over the page, or into its container. The error says, in English, why it cannot be opened.
    pub fn enter(options: &PickOptions) -> Result<Self, String> {
        const NOWHERE: &str = "this page has no document to open a dialog in";
        let modal = options.display_mode == DisplayMode::Overlay;
        let place = Place::take(&options.root_id, modal)?;
        // The page is asked for its measures before anything of it changes: after that the browser would reckon all of it anew.
        let width = modal.then(|| width_of_dialog(options.modal_size));
        let page = if modal { Page::hold().map(Rc::new) } else { None };
        let Some(host) = Host::enter(options, &options.root_id, if modal { "overlay" } else { "inline" }) else {
            page.iter().for_each(|page| page.step_aside(true));
            return Err(NOWHERE.to_owned());
        };
        let wide = width.unwrap_or_else(|| host.width()) >= WIDE;
        let frame = Frame::new(host.root(), options).ok_or(NOWHERE)?;
        let mut listeners = frame.listen();
        listeners.extend(page.as_ref().map(|page| {
            let (behind, frame) = (Rc::downgrade(page), frame.clone());
            page.back_button(move || {
                frame.send(Wish::Back);
                // Something else was uppermost, or the visitor is asked first, and Back has taken our entry.
                if let Some(page) = behind.upgrade().filter(|page| page.is_held()) {
                    page.stay();
                }
            })
        }));
        Ok(Self { place, host, page, frame, wide, _listeners: listeners })
    }

    /// The frame.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// What the picker lies in.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether services and photos stand side by side.
    pub fn is_wide(&self) -> bool {
        self.wide
    }

    /// Gives the page back to the visitor while the dialog stays, out of sight; or takes it again.
    pub fn step_aside(&self, aside: bool) {
        self.host.step_aside(aside);
        self.page.iter().for_each(|page| page.step_aside(aside));
    }

    /// Takes the picker away at once, and what moved into it. The future is ready when the page is as it was, and another one can be
    /// opened.
    pub fn leave(self, moved_in: impl Sized + 'static) -> impl Future<Output = ()> {
        let Self { place, host, page, frame, _listeners: listeners, .. } = self;
        frame.fall_deaf();
        host.leave();
        let settled = page.map(|page| page.let_go());
        async move {
            // Both own the event handler that may be closing the dialog just now, and it has returned by now.
            drop((moved_in, listeners));
            if let Some(settled) = settled {
                settled.await;
            }
            drop(place);
        }
    }
}

/// How wide a dialog over the page is going to be; the style sheet says the same.
fn width_of_dialog(modal_size: Option<[u32; 2]>) -> f64 {
    let (window, free) = page::widths().unwrap_or_default();
    match modal_size {
        _ if window < WIDE => free,
        Some([width, _]) if window >= 980.0 => (free - 48.0).min(width.into()),
        _ => free - 48.0,
    }
}
