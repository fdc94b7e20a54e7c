//! Something went wrong: a sentence, and a way on.

use super::{Ui, icon, shape};
use crate::error::Trouble;
use leptos::prelude::*;

/// A failure that takes the place of what was asked for.
pub(super) fn trouble(ui: Ui, trouble: Trouble, again: impl Fn() + 'static) -> impl IntoView {
    view! {
        <div class="message trouble" role="alert" data-problem=trouble.code_name()>
            {icon(shape::ALERT)}
            <p>{ui.say(&trouble.sentence())}</p>
            <button type="button" class="primary" on:click=move |_| again()>{ui.say("trouble.retry")}</button>
        </div>
    }
}
