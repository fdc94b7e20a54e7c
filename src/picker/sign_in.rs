//! The visitor's sign-ins and sign-outs during a pick.

use super::Picker;
use crate::error::Trouble;
use crate::memory::Way;
use crate::session::{self, Handover};
use crate::sources::Source;
use crate::state::{Access, Event, PageRequest, SignInStep};
use futures_util::future::{Either, pending, select};
use gloo_timers::future::TimeoutFuture;

/// How often it is looked whether a sign-out can go on.
const PATIENCE_MS: u32 = 40;

impl Picker {
    /// Begins the sign-in that is due, in a window or, where that cannot be had, on this page itself.
    pub(super) fn connect(&self, here: bool) {
        let Some((index, source, sign_in)) = self.read(|state| {
            let shelf = state.shelf()?;
            let Access::SignedOut(sign_in) = &shelf.access else { return None };
            Some((state.open?, shelf.source, sign_in.clone()))
        }) else {
            return;
        };
        let attempt = sign_in.auth.attempt.clone().unwrap_or_default();
        if here && sign_in.auth.full_page && self.leave(source, &attempt, &sign_in.auth.redirect_url) {
            return;
        }
        let window = session::open_window(&sign_in.auth.redirect_url);
        let step = if window.is_some() { SignInStep::Away } else { SignInStep::Blocked };
        self.apply(Event::SignInBegan(index, step));
        let (handover, handed) = Handover::new(self.0.companion.site().origin(), attempt.clone());
        self.0.handovers.borrow_mut().push(handover);
        let picker = self.clone();
        let waiting = self.spawn(async move {
            let watch = async {
                session::out_of_sight(window).await;
                picker.apply(Event::OutOfSight(index));
                pending::<()>().await
            };
            let on_code = |code| picker.apply(Event::CodeWanted(index, code));
            let ended = session::wait(&picker.0.companion, source.name, &attempt, handed, on_code);
            if let Either::Left((ended, _)) = select(Box::pin(ended), Box::pin(watch)).await {
                picker.go_on(index, ended);
            }
        });
        self.stop_waiting(index);
        self.0.sign_ins.borrow_mut().push((index, waiting));
    }

    /// Leaves the page for a sign-in, having noted the way back.
    fn leave(&self, source: &Source, attempt: &str, url: &str) -> bool {
        let Some(location) = web_sys::window().map(|window| window.location()) else { return false };
        let way = self.read(|state| Way {
            site: self.0.companion.site().name(),
            token: self.0.companion.session().token().unwrap_or_default(),
            attempt: attempt.to_owned(),
            source: source.name.to_owned(),
            href: location.href().unwrap_or_default(),
            trail: state
                .shelf()
                .into_iter()
                .flat_map(|it| &it.trail)
                .map(|it| (it.path.clone(), it.name.clone()))
                .collect(),
            chosen: Way::chosen_of(state.selection.chosen()),
            code: None,
        });
        // The page that comes back chooses anew, and knows nothing of these copies.
        self.discard_all(true);
        self.0.leaving.set(way.note() && location.assign(url).is_ok());
        self.0.leaving.get()
    }

    /// Goes on after a sign-in, well ended or not.
    pub(super) fn go_on(&self, shelf: usize, ended: Result<(), Trouble>) {
        match ended {
            // After a sign-in in the middle of a pick the visitor is back in the folders that were open.
            Ok(()) => {
                let mut trail: Vec<PageRequest> = self.read(|state| {
                    let folders = state.shelves[shelf].trail.iter();
                    folders.filter(|it| it.items.is_empty()).map(|it| PageRequest::first(shelf, &it.path)).collect()
                });
                let open = self.read(|state| state.shelves[shelf].trail.last().map(|folder| folder.path.clone()));
                let open = PageRequest::first(shelf, open.as_deref().unwrap_or("/"));
                trail.retain(|folder| *folder != open);
                // Those above only serve the way back, so what is seen comes first.
                for folder in [open].into_iter().chain(trail) {
                    self.load(vec![folder]);
                }
            }
            Err(trouble) => {
                let picker = self.clone();
                self.apply(Event::SignInEnded(shelf, Some(trouble.clone())));
                // The link that was used is spent; the root's listing brings a new one.
                self.spawn(async move {
                    picker.load_now(vec![PageRequest::root(shelf)]).await;
                    picker.apply(Event::SignInEnded(shelf, Some(trouble)));
                });
            }
        }
    }

    pub(super) fn connect_again(&self) {
        let source = self.read(|state| state.storing.as_ref()?.signed_out_source());
        let shelf = source.and_then(|source| {
            self.read(|state| state.shelves.iter().position(|shelf| shelf.source.name == source.name))
        });
        self.apply(Event::Reconsidered);
        if let Some(shelf) = shelf {
            self.apply(Event::Chose(shelf));
            self.load(vec![PageRequest::root(shelf)]);
        }
    }

    /// Gives up the sign-in that a shelf waits for, if there is one.
    pub(super) fn stop_waiting(&self, shelf: usize) {
        self.0.sign_ins.borrow_mut().retain(|(of, waiting)| {
            if *of == shelf {
                waiting.abort();
            }
            *of != shelf
        });
    }

    pub(super) fn sign_out(&self, revoke: bool, switch_account: bool) {
        let Some((shelf, source)) = self.read(|state| Some((state.open?, state.shelf()?.source))) else { return };
        self.apply_choice(Event::SignedOut(shelf));
        let picker = self.clone();
        self.spawn(async move {
            // With the account goes what may take back what is copied of its photos.
            while picker.0.cancelling.get() > 0 {
                TimeoutFuture::new(PATIENCE_MS).await;
            }
            // Where signing out fails, the listing shows the account again, which says it better than a message.
            let left = picker.0.companion.logout(source.name, revoke).await;
            picker.load_now(vec![PageRequest { switch_account, ..PageRequest::root(shelf) }]).await;
            picker.apply(Event::SignInEnded(shelf, left.err()));
        });
    }
}
