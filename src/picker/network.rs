//! The network: when the browser says that it is gone, and what is taken up again when it is back.

use super::Picker;
use crate::listener::Listener;
use crate::state::{Event, State};

impl Picker {
    /// Listens to the browser for as long as the pick lasts.
    pub(super) fn watch_network(&self) {
        let Some(window) = web_sys::window() else { return };
        if !window.navigator().on_line() {
            self.apply(Event::Offline(true));
        }
        let (gone, back) = (self.clone(), self.clone());
        self.0.listening.replace(vec![
            Listener::new(&window, "offline", move |_| gone.apply(Event::Offline(true))),
            Listener::new(&window, "online", move |_| back.come_back()),
        ]);
    }

    /// Goes on at once, rather than when the next pause is over.
    fn come_back(&self) {
        if !self.is_open() {
            return;
        }
        self.apply(Event::Offline(false));
        self.0.nudge.give();
        for request in self.read(State::unreached) {
            self.load(vec![request]);
        }
    }
}
