//! The list of services.

use super::{Ui, icon};
use crate::picker::Action;
use crate::sources::Source;
use crate::state::Access;
use leptos::prelude::*;

/// One button a source; the open one is marked.
pub(super) fn services(ui: Ui) -> impl IntoView {
    let sources: Vec<_> =
        ui.state.with_untracked(|state| state.shelves.iter().map(|shelf| shelf.source).enumerate().collect());
    let service = move |(index, source): (usize, &'static Source)| {
        let open = ui.memo(move |state| state.open == Some(index));
        let account = ui.memo(move |state| {
            let shelf = state.shelves.get(index).filter(|shelf| shelf.access == Access::Open);
            shelf.and_then(|shelf| shelf.account.clone())
        });
        view! {
            <li>
                <button
                    type="button"
                    class="service"
                    data-source=source.name
                    aria-current=move || open.get().then_some("true")
                    on:click=ui.click(Action::Choose(index))
                >
                    <span class="badge">{icon(source.icon)}</span>
                    <span class="names">
                        <span>{ui.source_name(source)}</span>
                        <small>{account}</small>
                    </span>
                </button>
            </li>
        }
    };
    view! {
        <nav class="services" aria-labelledby="services-title">
            <h2 id="services-title">{ui.say("services.title")}</h2>
            <ul>{sources.into_iter().map(service).collect_view()}</ul>
        </nav>
    }
}
