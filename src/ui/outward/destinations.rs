//! Where it is to be published: Pages and accounts, each in the feed, as a story or both.

use super::hold::{Outward, Step, Wish, network};
use crate::state::Rest;
use crate::ui::{icon, part, rendition, shape};
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::publish::Form;
use leptos::prelude::*;
use std::sync::Arc;

/// The screen.
pub(super) fn destinations(out: Outward) -> AnyView {
    let ui = out.ui;
    let items = out.items();
    let loading = ui.memo(|state| state.folder().is_some_and(|folder| matches!(folder.rest, Rest::Loading(_))));
    let list = part(move || {
        let items = items.get();
        if loading.get() {
            return view! { <div class="spinner" aria-hidden="true"></div> }.into_any();
        }
        if items.is_empty() {
            return view! { <p class="hint">{ui.say("outward.none")}</p> }.into_any();
        }
        items.into_iter().map(|item| destination(out, item)).collect_view().into_any()
    });
    let empty = move || out.wishes.with(Vec::is_empty);
    view! {
        <div class="inside">
            <h2>{ui.say("outward.choose")}</h2>
            <div class="destinations">{list}</div>
        </div>
        <div class="ends">
            <button type="button" class="primary" data-action="compose" disabled=empty on:click=move |_| out.step.set(Step::Compose)>
                {ui.say("outward.next")}
            </button>
        </div>
    }
    .into_any()
}

/// What a Page or an account shows as its picture.
pub(super) fn face(item: &Item) -> AnyView {
    match item.thumbnail.as_str() {
        "" => icon(shape::PERSON).into_any(),
        address => view! { <img src=rendition(address, 160) alt="" decoding="async" /> }.into_any(),
    }
}

fn destination(out: Outward, item: Arc<Item>) -> AnyView {
    let ui = out.ui;
    let network = network(&item);
    let kind = ui.say(if network == "instagram" { "outward.account" } else { "outward.page" });
    let forms = [(Form::Feed, "feed", "outward.post"), (Form::Story, "story", "outward.story")].map(|(form, name, key)| {
        let wish = StoredValue::new(Wish { item: item.clone(), form });
        let chosen = move || out.wishes.with(|wishes| wish.with_value(|wish| wishes.contains(wish)));
        view! {
            <label class="pick">
                <input type="checkbox" data-form=name prop:checked=chosen on:change=move |_| out.toggle(wish.get_value()) />
                {ui.say(key)}
            </label>
        }
    });
    let label = format!("{}, {kind}", item.name);
    view! {
        <fieldset class="destination" data-network=network aria-label=label>
            <span class="thumb">{face(&item)}</span>
            <span class="what">
                <span class="name">{item.name.clone()}</span>
                <small>{kind}</small>
            </span>
            <span class="forms">{forms}</span>
        </fieldset>
    }
    .into_any()
}
