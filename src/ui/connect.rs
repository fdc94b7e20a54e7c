//! Signing in: what will happen, the button, the waiting, and the link for browsers that open no window.

use super::{Ui, icon, part};
use crate::picker::Action;
use crate::state::{Access, SignIn, SignInStep};
use bowerbird_protocol::problem::ProblemCode;
use leptos::prelude::*;

/// The Connect screen of the open source.
pub(super) fn connect(ui: Ui) -> impl IntoView {
    let shown = ui.memo(|state| match state.shelf().map(|shelf| (shelf.source, &shelf.access)) {
        Some((source, Access::SignedOut(sign_in))) => Some((source, sign_in.clone())),
        _ => None,
    });
    part(move || {
        shown.get().map(|(source, sign_in)| {
            let trouble = sign_in.trouble.as_ref().map(|trouble| {
                view! { <p class="remark" role="alert" data-problem=trouble.code_name()>{ui.say(&trouble.sentence())}</p> }
            });
            let step = match sign_in.step {
                SignInStep::Ready => ready(ui, source, &sign_in).into_any(),
                SignInStep::Away => away(ui, ui.say_of("connect.away", source), &sign_in, ui.say("connect.again")).into_any(),
                SignInStep::Blocked => {
                    away(ui, ui.say("connect.blocked"), &sign_in, ui.say_of("connect.link", source)).into_any()
                }
            };
            view! {
                <div class="message connect" data-source=source.name>
                    <span class="badge large">{icon(source.icon)}</span>
                    <h2>{ui.say_of("connect.title", source)}</h2>
                    {trouble}
                    {step}
                </div>
            }
        })
    })
}

fn ready(ui: Ui, source: &crate::sources::Source, sign_in: &SignIn) -> impl IntoView {
    let declined = sign_in.trouble.as_ref().is_some_and(|trouble| trouble.is(ProblemCode::PermissionDeclined));
    let label = if declined { ui.say("connect.ask_again") } else { ui.say_of("connect.button", source) };
    view! {
        <button type="button" class="primary" data-action="connect" on:click=ui.click(Action::Connect)>{label}</button>
        <p class="hint">{ui.say("connect.window")}</p>
        <p class="hint">{ui.say("connect.promise")}</p>
    }
}

/// While the visitor is in the other window, or should be. The link is a true one, so that it works where scripts may
/// open nothing.
fn away(ui: Ui, words: String, sign_in: &SignIn, link: String) -> impl IntoView {
    view! {
        <p role="status">{words}</p>
        <div class="spinner" aria-hidden="true"></div>
        <a class="secondary" data-action="open" href=sign_in.auth.redirect_url.clone() target="_blank">{link}</a>
        <button type="button" class="plain" on:click=ui.click(Action::StopConnecting)>{ui.say("connect.cancel")}</button>
    }
}
