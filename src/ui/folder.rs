//! An open folder: its entries as a grid, and what comes after them.

use super::grid::Grid;
use super::{Ui, icon, part, preview, shape, toolbar, trouble};
use crate::picker::Action;
use crate::sources::Kind;
use crate::state::Rest;
use leptos::html;
use leptos::prelude::*;
use std::rc::Rc;

/// The open folder.
pub(super) fn folder(ui: Ui) -> impl IntoView {
    let kind = ui.memo(|state| state.shelf().map(|shelf| shelf.source.kind));
    view! {
        {part(move || match kind.get() {
            None | Some(Kind::Cloud) => ().into_any(),
            Some(kind) => match ui.own.parts() {
                Some(own) if kind == Kind::Device => (own.device)(ui),
                Some(own) => (own.address)(ui),
                None => ui.own.instead(ui),
            },
        })}
        {toolbar::toolbar(ui)}
        {contents(ui)}
        {preview::preview(ui)}
    }
}

fn contents(ui: Ui) -> impl IntoView {
    let (scroller, host) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let grid = StoredValue::new_local(None::<Rc<Grid>>);
    Effect::new(move |_| {
        ui.state.track();
        let Some((scroller, host)) = scroller.get().zip(host.get()) else { return };
        if grid.with_value(Option::is_none) {
            grid.set_value(Grid::new(ui, scroller.into(), &host));
        }
        // Cloned first, since what it sends may close the dialog and with it this very store.
        if let Some(grid) = grid.get_value() {
            grid.sync();
        }
    });
    Effect::new(move |_| {
        if let (Some(path), Some(grid)) = (ui.left_at.get(), grid.get_value()) {
            grid.return_to(&path);
        }
    });
    on_cleanup(move || {
        grid.try_update_value(Option::take);
    });
    let rest = ui.memo(|state| state.folder().map(|folder| folder.rest.clone()));
    let none = ui.memo(|state| state.folder().is_some_and(|folder| folder.items.is_empty()));
    let albums = ui.memo(|state| state.shelf().is_some_and(|shelf| shelf.source.albums && shelf.trail.len() == 1));
    let first = Memo::new(move |_| none.get() && matches!(rest.get(), Some(Rest::Loading(_))));
    let listed = ui.memo(|state| state.shelf().is_some_and(|shelf| shelf.source.kind == Kind::Cloud));
    let empty = Memo::new(move |_| listed.get() && none.get() && rest.get() == Some(Rest::End));
    let more = Memo::new(move |_| !none.get() && matches!(rest.get(), Some(Rest::More(_) | Rest::Loading(Some(_)))));
    let failed = Memo::new(move |_| match rest.get() {
        Some(Rest::Failed(_, failure)) => Some(failure),
        _ => None,
    });
    view! {
        <div class="folder" tabindex="-1" node_ref=scroller>
            <div class="rows" node_ref=host></div>
            {part(move || first.get().then(|| skeleton(ui)))}
            {part(move || empty.get().then(|| nothing(ui, albums.get_untracked())))}
            // For those who do not scroll; for all others the next page comes before they see this.
            {part(move || more.get().then(|| view! {
                <button type="button" class="secondary more" on:click=ui.click(Action::LoadMore)>{ui.say("folder.more")}</button>
            }))}
            {part(move || failed.get().map(|failure| trouble::trouble(ui, failure, move || ui.send(Action::LoadMore))))}
        </div>
    }
}

fn nothing(ui: Ui, albums: bool) -> impl IntoView {
    view! {
        <div class="message empty">
            {icon(shape::PHOTO)}
            <p>{ui.say(if albums { "folder.no_albums" } else { "folder.empty" })}</p>
        </div>
    }
}

/// What stands for photos or albums until they are here.
pub(super) fn bones() -> impl IntoView {
    (0..12).map(|_| view! { <div class="bone"></div> }).collect_view()
}

/// Where photos will be.
pub(super) fn skeleton(ui: Ui) -> impl IntoView {
    view! {
        <div class="grid skeleton" role="status" aria-label=ui.say("folder.loading")>
            {bones()}
        </div>
    }
}
