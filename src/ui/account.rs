//! Who is signed in, and what they can do about it: another account, signing out, taking the site's access back.

use super::menu::{Choice, Menu, menu};
use super::{Ui, icon, part, shape};
use crate::picker::Action;
use crate::sources::Kind;
use crate::state::Access;
use leptos::html;
use leptos::prelude::*;

/// The account in the header, with its menu.
pub(super) fn account(ui: Ui) -> impl IntoView {
    let account = ui.memo(|state| {
        let shelf = state.shelf().filter(|shelf| shelf.access == Access::Open && state.storing.is_none())?;
        if shelf.source.kind != Kind::Cloud {
            return None;
        }
        // Further in, the album's name needs the room.
        (state.is_at_root() && !state.removing).then(|| shelf.account.clone().unwrap_or_default())
    });
    part(move || {
        ui.menu.set(None);
        account.get().map(|name| view! { <div class="account">{of(ui, name)}</div> })
    })
}

fn of(ui: Ui, name: String) -> AnyView {
    let label = ui.words("account.signed_in", None, &[("displayName", &name)]);
    let choice =
        move |name: &'static str, key: &str, then: Action| Choice { name, words: ui.say(key), holds: None, then };
    menu(
        ui,
        Menu {
            name: "account",
            label: Signal::stored(label.clone()),
            face: view! { {icon(shape::PERSON)}<span class="name">{name}</span> }.into_any(),
            head: Some(label),
            choices: Box::new(move || {
                vec![
                    choice("switch-account", "account.switch", Action::SwitchAccount),
                    choice("sign-out", "account.sign_out", Action::SignOut),
                    choice("remove-access", "account.remove", Action::ConsiderRemoving(true)),
                ]
            }),
        },
    )
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
