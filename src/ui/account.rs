//! Who is signed in, and what they can do about it: another account, signing out, taking the site's access back.

use super::{Ui, icon, part, shape};
use crate::picker::Action;
use crate::state::Access;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The account in the header, with its menu.
pub(super) fn account(ui: Ui) -> impl IntoView {
    let account = ui.memo(|state| {
        let shelf = state.shelf().filter(|shelf| shelf.access == Access::Open && state.storing.is_none())?;
        // Further in, the album's name needs the room.
        (state.is_at_root() && !state.removing).then(|| shelf.account.clone().unwrap_or_default())
    });
    part(move || {
        ui.menu.set(false);
        account.get().map(|name| menu(ui, name))
    })
}

fn menu(ui: Ui, name: String) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    let label = ui.words("account.signed_in", None, &[("displayName", &name)]);
    let close_when_left = move |event: web_sys::FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if !element.get_untracked().is_some_and(|element| element.contains(to.as_ref())) {
            ui.menu.set(false);
        }
    };
    view! {
        <div class="account" node_ref=element on:focusout=close_when_left>
            <button
                type="button"
                class="plain who"
                data-action="account"
                aria-label=label.clone()
                aria-expanded=move || ui.menu.get().to_string()
                on:click=move |_| ui.menu.update(|open| *open = !*open)
            >
                {icon(shape::PERSON)}
                <span class="name">{name}</span>
                {icon(shape::DOWN)}
            </button>
            {part(move || ui.menu.get().then(|| choices(ui, label.clone())))}
        </div>
    }
}

fn choices(ui: Ui, label: String) -> impl IntoView {
    let choice = move |name: &'static str, key: &str, action: Action| {
        view! {
            <button type="button" class="plain" data-action=name on:click=ui.click(action)>{ui.say(key)}</button>
        }
    };
    view! {
        <div class="menu">
            <p class="as">{label}</p>
            {choice("switch-account", "account.switch", Action::SwitchAccount)}
            {choice("sign-out", "account.sign_out", Action::SignOut)}
            {choice("remove-access", "account.remove", Action::ConsiderRemoving(true))}
        </div>
    }
}

/// Says what stops when the site's access is removed, and asks.
pub(super) fn removing(ui: Ui) -> impl IntoView {
    let source = ui.state.with_untracked(|state| state.shelf().map(|shelf| shelf.source));
    let keep = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        // The menu that had the focus is gone.
        if let Some(button) = keep.get() {
            let _ = button.focus();
        }
    });
    source.map(|source| {
        view! {
            <div class="message removing" role="alertdialog" aria-labelledby="removing">
                {icon(shape::ALERT)}
                <h2 id="removing">{ui.say_of("remove.title", source)}</h2>
                <p>{ui.say_of("remove.stops", source)}</p>
                <p>{ui.say_of("remove.stays", source)}</p>
                <div class="choices">
                    <button type="button" class="primary" data-action="remove" on:click=ui.click(Action::RemoveAccess)>
                        {ui.say("remove.confirm")}
                    </button>
                    <button type="button" class="secondary" data-action="keep" node_ref=keep on:click=ui.click(Action::ConsiderRemoving(false))>
                        {ui.say("remove.keep")}
                    </button>
                </div>
            </div>
        }
    })
}
