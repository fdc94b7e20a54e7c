//! Everything after the list of services.

use super::{Ui, account, connect, folder, icon, outward, part, shape, storing, take_lost_focus, trouble};
use crate::picker::Action;
use crate::state::{Access, Direction, State};
use leptos::html;
use leptos::prelude::*;

#[derive(Clone, Copy, PartialEq)]
enum Screen {
    Welcome,
    Asking,
    Connect,
    Folder,
    Failed,
    Removing,
    Storing,
    Outward,
}

fn screen(state: &State) -> Screen {
    if state.storing.is_some() {
        return Screen::Storing;
    }
    if state.removing {
        return Screen::Removing;
    }
    match state.shelf().map(|shelf| &shelf.access) {
        None => Screen::Welcome,
        Some(Access::Asking) => Screen::Asking,
        Some(Access::SignedOut(_)) => Screen::Connect,
        Some(Access::Open) if state.direction == Direction::Export => Screen::Outward,
        Some(Access::Open) => Screen::Folder,
        Some(Access::Failed(_)) => Screen::Failed,
    }
}

/// The screen that the state asks for.
pub(super) fn browse(ui: Ui) -> impl IntoView {
    let screen = ui.memo(screen);
    let failed = move || {
        ui.state.with(|state| match state.shelf().map(|shelf| &shelf.access) {
            Some(Access::Failed(trouble)) => Some(trouble.clone()),
            _ => None,
        })
    };
    let pane = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<()>| {
        screen.track();
        if let (Some(()), Some(pane)) = (before, pane.get()) {
            take_lost_focus(pane.into());
        }
    });
    view! {
        <div class="browse" node_ref=pane tabindex="-1">
            {part(move || ui.own.parts().map(|own| (own.catch)(ui, pane)))}
            {part(move || match screen.get() {
                Screen::Welcome => welcome(ui).into_any(),
                Screen::Asking => folder::skeleton(ui).into_any(),
                Screen::Connect => connect::connect(ui).into_any(),
                Screen::Folder => folder::folder(ui).into_any(),
                Screen::Failed => {
                    failed().map(|trouble| trouble::trouble(ui, trouble, move || ui.send(Action::Reload))).into_any()
                }
                Screen::Removing => account::removing(ui).into_any(),
                Screen::Outward => outward::screens(ui).into_any(),
                Screen::Storing => storing::storing(ui).into_any(),
            })}
        </div>
    }
}

/// Beside the services, while none is open; only there is room for it on wide screens.
fn welcome(ui: Ui) -> impl IntoView {
    view! {
        <div class="message welcome">
            {icon(shape::PHOTO)}
            <p>{ui.say("services.hint")}</p>
        </div>
    }
}
