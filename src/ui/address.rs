//! What is at a web address: typed, looked up, added.

use super::{Ui, part, words};
use crate::error::Trouble;
use bowerbird_protocol::problem::ProblemCode;
use leptos::html;
use leptos::prelude::*;
use web_sys::SubmitEvent;

/// The field for an address, above what was added.
pub(super) fn address(ui: Ui) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<Trouble>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = field.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        let url = input.value();
        let Some(picker) = ui.picker.try_get_value().filter(|_| !url.trim().is_empty()) else { return };
        busy.set(true);
        trouble.set(None);
        picker.add_address(&url, move |looked_up| {
            busy.try_set(false);
            match looked_up {
                Ok(()) => {
                    input.set_value("");
                    let _ = input.focus();
                }
                Err(reason) => {
                    trouble.try_set(Some(reason));
                }
            }
        });
    };
    let sentence = move || trouble.with(|trouble| trouble.as_ref().map(|trouble| why(ui, trouble)).unwrap_or_default());
    view! {
        <form class="address" novalidate on:submit=submit>
            <label for="address">{ui.say("address.label")}</label>
            <div class="ways-in">
                <input
                    id="address"
                    type="url"
                    inputmode="url"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    dir="ltr"
                    placeholder="https://"
                    node_ref=field
                    aria-describedby="address-trouble"
                    aria-invalid=words(move || trouble.with(Option::is_some).to_string())
                />
                <button type="submit" class="primary" data-action="add-address" aria-busy=words(move || busy.get().to_string())>
                    {part(move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> }))}
                    {ui.say("address.add")}
                </button>
            </div>
            <p id="address-trouble" class="notice" role="status">{words(sentence)}</p>
        </form>
    }
}

fn why(ui: Ui, trouble: &Trouble) -> String {
    let nothing = trouble.is(ProblemCode::SourceUnavailable) || trouble.is(ProblemCode::BadRequest);
    if nothing { ui.say("address.nothing") } else { ui.say(&trouble.sentence()) }
}
