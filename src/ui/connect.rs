//! Signing in: what will happen, the button, the waiting, and the link for browsers that open no window.

use super::{Ui, icon, part, take_lost_focus};
use crate::options::AuthText;
use crate::picker::Action;
use crate::sources::{Source, pages};
use crate::state::{Access, SignIn, SignInStep};
use bowerbird_protocol::problem::ProblemCode;
use leptos::html;
use leptos::prelude::*;

/// The Connect screen of the open source.
pub(super) fn connect(ui: Ui) -> impl IntoView {
    let shown = ui.memo(|state| match state.shelf().map(|shelf| (shelf.source, &shelf.access)) {
        Some((source, Access::SignedOut(sign_in))) => Some((source, sign_in.clone())),
        _ => None,
    });
    let heading = NodeRef::<html::H2>::new();
    Effect::new(move |before: Option<()>| {
        // Each step takes the button with it that led there.
        shown.track();
        if let (Some(()), Some(heading)) = (before, heading.get()) {
            take_lost_focus(heading.into());
        }
    });
    part(move || {
        shown.get().map(|(source, sign_in)| {
            let trouble = sign_in.trouble.as_ref().map(|trouble| {
                let declined = trouble.is(ProblemCode::PermissionDeclined) && *source == pages::SOURCE;
                let sentence =
                    if declined { ui.say("connect.declined") } else { ui.say_of(&trouble.sentence(), source) };
                ui.announce(sentence.clone());
                view! { <p class="remark" data-problem=trouble.code_name()>{sentence}</p> }
            });
            let title = if *source == pages::SOURCE { "connect.button" } else { "connect.title" };
            let step = match (&sign_in.code, sign_in.step) {
                (_, SignInStep::Ready) => ready(ui, source, &sign_in).into_any(),
                (Some(code), _) => typing(ui, source, code.clone()).into_any(),
                (None, step) => away(ui, source, &sign_in, step).into_any(),
            };
            view! {
                <div class="message connect" data-source=source.name>
                    <span class="badge large">{icon(source.icon)}</span>
                    <h2 node_ref=heading tabindex="-1">{ui.say_of(title, source)}</h2>
                    {trouble}
                    {step}
                </div>
            }
        })
    })
}

fn ready(ui: Ui, source: &Source, sign_in: &SignIn) -> impl IntoView {
    let declined = sign_in.trouble.as_ref().is_some_and(|trouble| trouble.is(ProblemCode::PermissionDeclined));
    let label = if declined { ui.say("connect.ask_again") } else { ui.say_of("connect.button", source) };
    let site = sign_in.auth.site.clone().unwrap_or_else(|| ui.say("connect.this_site"));
    let fill = [("siteName", site.as_str()), ("providerName", &ui.source_name(source))];
    let outward = *source == pages::SOURCE;
    let reads = match source.albums {
        _ if outward => "connect.publishes",
        true => "connect.reads_albums",
        false => "connect.reads",
    };
    let reads = ui.words(reads, None, &fill);
    let privacy = sign_in.auth.privacy_url.clone().map(|url| {
        let words = ui.words("connect.privacy", None, &fill);
        view! { <a class="hint" data-action="privacy" href=url target="_blank" rel="noopener noreferrer">{words}</a> }
    });
    // The page's own lines, those for this source before those for all.
    let own = |read: fn(&AuthText) -> &Vec<String>, class: &'static str| {
        let lines = ui.options(|options| {
            let of =
                |name: &str| options.custom_auth_text.get(name).map(read).filter(|lines| !lines.is_empty()).cloned();
            of(source.name).or_else(|| of("default")).unwrap_or_default()
        });
        lines.into_iter().map(|line| view! { <p class=class>{line}</p> }).collect_view()
    };
    view! {
        {own(|text| &text.top, "own top")}
        <p class="hint">{reads}</p>
        {(!outward).then(|| view! { <p class="hint">{ui.say("connect.promise")}</p> })}
        {(sign_in.auth.links && !outward).then(|| view! { <p class="hint">{ui.words("connect.links", None, &fill)}</p> })}
        {privacy}
        <button type="button" class="primary" data-action="connect" on:click=ui.click(Action::Connect)>{label}</button>
        <p class="hint">{ui.say("connect.window")}</p>
        {own(|text| &text.bottom, "own bottom")}
    }
}

/// While the visitor is in the other window, or should be. The link is a true one, so that it works where scripts may
/// open nothing; `opener` lets that window hand the sign-in over.
fn away(ui: Ui, source: &Source, sign_in: &SignIn, step: SignInStep) -> impl IntoView {
    let blocked = step == SignInStep::Blocked;
    let (words, link) = match step {
        SignInStep::Blocked => ("connect.blocked", "connect.link"),
        SignInStep::OutOfSight => ("connect.out_of_sight", "connect.again"),
        _ => ("connect.away", "connect.again"),
    };
    let here = (blocked && sign_in.auth.full_page).then(|| {
        view! {
            <button type="button" class="secondary" data-action="here" on:click=ui.click(Action::ConnectHere)>
                {ui.say("connect.here")}
            </button>
        }
    });
    let words = ui.say_of(words, source);
    ui.announce(words.clone());
    view! {
        <p>{words}</p>
        <div class="spinner" aria-hidden="true"></div>
        <a class="secondary" data-action="open" href=sign_in.auth.redirect_url.clone() target="_blank" rel="opener">
            {ui.say_of(link, source)}
        </a>
        {here}
        {cancel(ui)}
        {(step == SignInStep::OutOfSight).then(|| view! { <p class="hint">{ui.say_of("connect.stuck", source)}</p> })}
    }
}

/// While the window asks for a code.
fn typing(ui: Ui, source: &Source, code: String) -> impl IntoView {
    let words = ui.say_of("connect.type", source);
    ui.announce(format!("{words} {code}"));
    view! {
        <p>{words}</p>
        <p class="code" dir="ltr">{code}</p>
        <p class="hint">{ui.say("connect.type_hint")}</p>
        {cancel(ui)}
    }
}

fn cancel(ui: Ui) -> impl IntoView {
    view! {
        <button type="button" class="plain" data-action="stop" on:click=ui.click(Action::StopConnecting)>
            {ui.say("connect.cancel")}
        </button>
    }
}
