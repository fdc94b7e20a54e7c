//! The outward direction: a stored file is published to Pages and Instagram accounts. Loaded when a page asks for that.

mod compose;
mod destinations;
mod hold;
mod progress;

use super::chunk::{Arriving, Brings, chunk};
use super::{Draw, Part, Ui, part, take_lost_focus};
use crate::sheet::sheet;
use hold::{Outward, Step};
use leptos::html;
use leptos::prelude::*;

const OUTWARD: Brings<Draw> = Brings { parts: outward, style: || sheet!("outward.css") };

/// In English; the other languages have them among theirs.
const WORDS: &str = include_str!("words.json");

chunk!(outward: Draw = OUTWARD);

/// The screens, once they are here. Their chunk is waited for here and not with the others, so that no page loads even that before its
/// first sight.
pub(super) fn screens(ui: Ui) -> Part {
    let screens = Arriving::new(CHUNK);
    screens.is_worn(ui);
    screens.load();
    part(move || match screens.parts() {
        Some(draw) => draw(ui),
        None => screens.instead(ui),
    })
}

fn outward(ui: Ui) -> AnyView {
    ui.text.update_value(|text| text.iter_mut().for_each(|text| text.learn(WORDS)));
    let Some(out) = Outward::new(ui) else { return ().into_any() };
    let pane = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<()>| {
        // Each step takes the button with it that led there.
        out.step.track();
        if let (Some(()), Some(pane)) = (before, pane.get()) {
            take_lost_focus(pane.into());
        }
    });
    let step = part(move || match out.step.get() {
        Step::Choose => destinations::destinations(out),
        Step::Compose => compose::compose(out),
        Step::Progress => progress::progress(out),
    });
    view! {
        <div class="outward" node_ref=pane tabindex="-1" data-step=move || out.step.get().name()>
            {step}
        </div>
    }
    .into_any()
}
