//! Something went wrong: a sentence, and a way on.

use super::{Ui, icon, shape};
use crate::error::Trouble;
use leptos::prelude::*;

/// A failure that takes the place of what was asked for.
pub(super) fn trouble(ui: Ui, trouble: Trouble, again: impl Fn() + 'static) -> impl IntoView {
    let source = ui.state.with_untracked(|state| state.shelf().map(|shelf| ui.source_name(shelf.source)));
    let fill = [("providerName", source.as_deref().unwrap_or_default())];
    let sentence = ui.words(&trouble.sentence(), None, &fill);
    ui.announce(sentence.clone());
    view! {
        <div class="message trouble" data-problem=trouble.code_name()>
            {icon(shape::ALERT)}
            <p>{sentence}</p>
            {support(ui)}
            <button type="button" class="primary" data-action="try-again" on:click=move |_| again()>{ui.say("trouble.retry")}</button>
        </div>
    }
}

/// Whom to write to, where the page names somebody.
pub(super) fn support(ui: Ui) -> Option<impl IntoView> {
    let email = ui.options(|options| options.support_email.clone())?;
    let words = ui.words("trouble.support", None, &[("email", &email)]);
    Some(view! { <p class="support"><a href=format!("mailto:{email}")>{words}</a></p> })
}
