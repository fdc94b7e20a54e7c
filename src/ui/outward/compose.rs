//! What it will look like, the text, and when.

use super::hold::{Outward, Step, Wish, counts, local_time, network};
use crate::error::Trouble;
use crate::ui::{Part, icon, part, rendition, shape, words};
use bowerbird_protocol::publish::{CheckReply, Fit, Form, Verdict};
use js_sys::Date;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement, HtmlTextAreaElement};

/// The screen.
pub(super) fn compose(out: Outward) -> AnyView {
    let ui = out.ui;
    let wishes = out.wishes.get_untracked();
    let has_post = wishes.iter().any(|wish| wish.form == Form::Feed);
    let previews = wishes.into_iter().map(|wish| preview(out, wish)).collect_view();
    view! {
        <div class="inside composing">
            <div class="fields">
                <h2>{ui.say("outward.publish")}</h2>
                {has_post.then(|| text(out))}
                {fits(out)}
                {when(out)}
            </div>
            <div class="previews" role="group" aria-label=ui.say("outward.preview")>{previews}</div>
        </div>
        <div class="ends">
            <button type="button" class="plain" data-action="destinations" on:click=move |_| out.step.set(Step::Choose)>
                {ui.say("dialog.back")}
            </button>
            <button type="button" class="primary" data-action="publish" disabled=move || !out.can_publish() on:click=move |_| out.publish()>
                {ui.say("outward.publish")}
            </button>
        </div>
    }
    .into_any()
}

fn text(out: Outward) -> AnyView {
    let ui = out.ui;
    let over = Memo::new(move |_| counts(&out.text.get(), out.limits()).is_over());
    let counted = move || {
        let one = |(key, used, most): (&str, usize, usize)| {
            ui.words(key, None, &[("used", &ui.number(used)), ("most", &ui.number(most))])
        };
        counts(&out.text.get(), out.limits()).0.into_iter().map(one).collect::<Vec<_>>().join(" · ")
    };
    Effect::new(move |before: Option<bool>| {
        let is_over = over.get();
        if is_over && before == Some(false) {
            ui.announce(untrack(counted));
        }
        is_over
    });
    view! {
        <label class="field">
            <span>{ui.say("outward.text")}</span>
            <textarea
                name="text"
                rows="5"
                dir="auto"
                aria-describedby="outward-counts"
                aria-invalid=words(move || over.get().to_string())
                prop:value=move || out.text.get()
                on:input=move |event: Event| {
                    let field = event.target().and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok());
                    out.text.set(field.map(|field| field.value()).unwrap_or_default());
                }
            ></textarea>
            <small id="outward-counts" class="counts" class:over=over>{words(counted)}</small>
        </label>
    }
    .into_any()
}

/// A choice of one.
fn radio(
    name: &'static str,
    value: &'static str,
    label: String,
    on: Signal<bool>,
    choose: impl Fn() + 'static,
) -> AnyView {
    view! {
        <label class="pick">
            <input type="radio" name=name value=value prop:checked=move || on.get() on:change=move |_| choose() />
            {label}
        </label>
    }
    .into_any()
}

/// Whether the picture is padded or cropped, where its shape is not taken somewhere.
fn fits(out: Outward) -> Part {
    let ui = out.ui;
    let reshaped = Memo::new(move |_| {
        let is_shaped = |said: CheckReply| {
            said.verdict == Verdict::Fitted && (said.width, said.height) != (said.shown_width, said.shown_height)
        };
        out.wishes.get().iter().any(|wish| out.said(wish).and_then(Result::ok).is_some_and(is_shaped))
    });
    // While the other way is asked for, the choice stays.
    let offered = Memo::new(move |before: Option<&bool>| before == Some(&true) || reshaped.get());
    part(move || {
        let choice = move |value: &'static str, fit: Fit, key: &str| {
            radio("fit", value, ui.say(key), Signal::derive(move || out.fit.get() == fit), move || out.fit.set(fit))
        };
        offered.get().then(|| {
            view! {
                <fieldset class="field">
                    <legend>{ui.say("outward.fit")}</legend>
                    {choice("pad", Fit::Pad, "outward.pad")}
                    {choice("crop", Fit::Crop, "outward.crop")}
                </fieldset>
            }
        })
    })
}

fn when(out: Outward) -> AnyView {
    let ui = out.ui;
    let later = Memo::new(move |_| out.at.with(Option::is_some));
    // In an hour, which the visitor changes.
    let soon = move || out.at.set(Some(local_time(Date::now() + 3_600_000.0)));
    let field = part(move || {
        later.get().then(|| {
            view! {
                <input
                    type="datetime-local"
                    name="at"
                    aria-label=ui.say("outward.time")
                    min=local_time(Date::now())
                    prop:value=move || out.at.get().unwrap_or_default()
                    on:input=move |event: Event| {
                        let field = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
                        out.at.set(Some(field.map(|field| field.value()).unwrap_or_default()));
                    }
                />
            }
        })
    });
    view! {
        <fieldset class="field">
            <legend>{ui.say("outward.when")}</legend>
            {radio("when", "now", ui.say("outward.now"), Signal::derive(move || !later.get()), move || out.at.set(None))}
            {radio("when", "later", ui.say("outward.later"), later.into(), soon)}
            {field}
        </fieldset>
    }
    .into_any()
}

/// A post or a story as it will be seen.
fn preview(out: Outward, wish: Wish) -> AnyView {
    let ui = out.ui;
    let (is_post, is_instagram) = (wish.form == Form::Feed, wish.is_instagram());
    let form = if is_post { "feed" } else { "story" };
    let label = format!("{}, {}", wish.item.name, ui.say(if is_post { "outward.post" } else { "outward.story" }));
    let face = (!wish.item.thumbnail.is_empty())
        .then(|| view! { <img class="portrait" src=rendition(&wish.item.thumbnail, 160) alt="" /> });
    let message = move || {
        let words = words(move || out.text.get());
        is_post.then(|| view! { <p class="message-of" dir="auto">{words}</p> })
    };
    let network = network(&wish.item);
    let name = wish.item.name.clone();
    let asked = wish.clone();
    let picture = part(move || match out.said(&wish) {
        None => {
            // Apart, or Leptos would make both of text, which pages with Trusted Types forbid.
            let spinner = view! { <span class="spinner" aria-hidden="true"></span> };
            view! { <div class="media awaits">{spinner}</div> }.into_any()
        }
        Some(said) => pictured(out, said),
    });
    let remarks = part(move || remarks(out, &asked));
    view! {
        <figure class="sight" data-form=form data-network=network>
            <figcaption>{face}<span class="name" aria-label=label>{name}</span></figcaption>
            {(!is_instagram).then(message)}
            {picture}
            {is_instagram.then(message)}
            {remarks}
        </figure>
    }
    .into_any()
}

fn pictured(out: Outward, said: Result<CheckReply, Trouble>) -> AnyView {
    let said = said.unwrap_or_default();
    let address = out.ui.picker.with_value(|picker| {
        let site = picker.companion().site();
        let handle = out.asked.with_value(|asked| asked.handle.clone());
        let shown = site.security().0.zip(site.security().1);
        let query = shown.map(|(policy, signature)| {
            format!("?policy={}&signature={signature}", String::from(js_sys::encode_uri_component(&policy)))
        });
        format!("{}/{handle}{}", site.url, query.unwrap_or_default())
    });
    let ratio = f64::from(said.shown_width.max(1)) / f64::from(said.shown_height.max(1));
    let crops = out.fit.get_untracked() == Fit::Crop;
    let alt = out.asked.with_value(|asked| asked.alt.clone()).unwrap_or_default();
    let inside = if said.video {
        view! { <video src=address muted playsinline controls></video> }.into_any()
    } else {
        view! { <img src=address alt=alt /> }.into_any()
    };
    view! { <div class="media" class:crops=crops style=("--ratio", format!("{ratio:.4}"))>{inside}</div> }.into_any()
}

/// Why it cannot be published there. The reasons are the companion's, in English.
fn remarks(out: Outward, wish: &Wish) -> Option<AnyView> {
    let ui = out.ui;
    let reasons: Vec<String> = match out.said(wish)? {
        Ok(CheckReply { unavailable: Some(problem), .. }) => vec![problem.text],
        Ok(CheckReply { verdict: Verdict::Refused, reasons, .. }) => reasons.into_iter().map(|it| it.text).collect(),
        Ok(_) => return None,
        Err(trouble) => {
            let sentence = ui.say(&trouble.sentence());
            return Some(view! { <p class="remark" data-problem=trouble.code_name()>{sentence}</p> }.into_any());
        }
    };
    let refused = ui.say("outward.refused");
    ui.announce(refused.clone());
    let reasons = reasons.into_iter().map(|reason| view! { <p class="remark" lang="en" dir="ltr">{reason}</p> });
    Some(
        view! {
            <div class="why" data-problem="refused">
                {icon(shape::ALERT)}
                <p class="remark">{refused}</p>
                {reasons.collect_view()}
            </div>
        }
        .into_any(),
    )
}
