//! What can be done with a folder as a whole: choose all of it, look for something, put it in order, lay it out.

use super::menu::{Choice, Menu, menu};
use super::{Part, Ui, find, icon, part, words};
use crate::picker::Action;
use crate::sources::Kind;
use crate::state::{Folder, Order, Rest, State, View};
use leptos::prelude::*;
use std::time::Duration;

const ALL: &str = "M3 5h2V3a2 2 0 0 0-2 2zm0 8h2v-2H3zm4 8h2v-2H7zM3 9h2V7H3zm10-6h-2v2h2zm6 0v2h2a2 2 0 0 0-2-2zM5 21v-2H3a2 2 0 0 0 2 2zm-2-4h2v-2H3zM9 3H7v2h2zm2 18h2v-2h-2zm8-8h2v-2h-2zm0 8a2 2 0 0 0 2-2h-2zm0-12h2V7h-2zm0 8h2v-2h-2zm-4 4h2v-2h-2zm0-16h2V3h-2zM7.5 12.2l1.4-1.4 2.3 2.3 4-4 1.4 1.4-5.4 5.4z";
const GRID: &str = "M4 4h7v7H4zm9 0h7v7h-7zM4 13h7v7H4zm9 0h7v7h-7z";
const LIST: &str = "M4 5h4v4H4zm6 1h10v2H10zM4 10h4v4H4zm6 1h10v2H10zm-6 4h4v4H4zm6 1h10v2H10z";

/// Files of the device, or of addresses, that need no toolbar.
const FEW: usize = 13;

/// How long a count has to stand before it is announced: someone who types changes it with every key.
const PAUSE: Duration = Duration::from_millis(300);

/// What the toolbar knows of the open folder.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Seen {
    /// How much of it is loaded.
    pub loaded: usize,
    /// How much of that is seen.
    pub found: usize,
    /// How many of those can be chosen.
    choosable: usize,
    /// Whether something is looked for.
    pub leaves_out: bool,
    /// In which order.
    pub order: Order,
    /// Whether there is more.
    pub more: bool,
    /// Whether it is on its way.
    pub loading: bool,
    /// How many the provider says that there are: about, and videos count.
    about: Option<usize>,
}

/// The toolbar above the open folder.
pub(super) fn toolbar(ui: Ui) -> impl IntoView {
    let of = ui.memo(|state| {
        let (shelf, folder) = (state.shelf()?, state.folder()?);
        // What visitors have put there themselves they find without help, as long as it is little.
        if shelf.source.kind != Kind::Cloud && folder.items.len() < FEW {
            return None;
        }
        let nothing = folder.items.is_empty() && matches!(folder.rest, Rest::End | Rest::Failed(..));
        (!nothing)
            .then(|| (format!("{}{}", shelf.source.name, folder.path), shelf.source.albums && shelf.trail.len() == 1))
    });
    part(move || of.get().map(|(_, albums)| bar(ui, albums)))
}

fn bar(ui: Ui, albums: bool) -> AnyView {
    let seen = seen(ui);
    announce(ui, seen, albums);
    if albums {
        return view! {
            <div class="toolbar for-albums">{find::field(ui, "find.albums")}</div>
            {find::outcome(ui, seen)}
        }
        .into_any();
    }
    let filtering =
        RwSignal::new(ui.state.with_untracked(|state| state.folder().is_some_and(|it| it.find.leaves_out())));
    view! {
        <div class="toolbar" class:filtering=filtering>
            {find::field(ui, "find.photos")}
            {find::toggle(ui, filtering, seen)}
            {find::sort(ui)}
            {views(ui)}
            {choose_all(ui, seen)}
            {find::days(ui)}
        </div>
        {find::outcome(ui, seen)}
    }
    .into_any()
}

/// In two steps, so that ten thousand photos are gone through when the folder changes and not with every photo that is chosen.
fn seen(ui: Ui) -> Memo<Seen> {
    let folder = ui.memo(|state| state.folder().cloned());
    let about = ui.memo(about);
    Memo::new(move |_| {
        folder.with(|folder| {
            let Some(folder) = folder else { return Seen::default() };
            let shown = folder.shown();
            let choosable = ui.state.with_untracked(|state| {
                shown.iter().filter(|it| !it.item.folder && state.refusal(&it.item).is_none()).count()
            });
            Seen {
                loaded: folder.items.len(),
                found: shown.iter().filter(|it| !it.unfolded).count(),
                choosable,
                leaves_out: folder.find.leaves_out(),
                order: folder.find.order,
                more: folder.rest != Rest::End,
                loading: matches!(folder.rest, Rest::Loading(_)),
                about: about.get(),
            }
        })
    })
}

/// What the folder above tells of the open one.
fn about(state: &State) -> Option<usize> {
    let [.., above, open] = state.shelf()?.trail.as_slice() else { return None };
    let count = |folder: &Folder| folder.items.iter().find(|item| item.path == open.path)?.count;
    count(above).map(|count| count as usize)
}

/// Says how many are loaded or found, once that stands for a moment.
fn announce(ui: Ui, seen: Memo<Seen>, albums: bool) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    let sentence = Memo::new(move |_| {
        seen.with(|seen| match seen {
            Seen { loaded: 0, .. } => String::new(),
            seen if seen.leaves_out => find::sentence(ui, seen),
            seen if albums => ui.say_count("albums.loaded", seen.loaded),
            seen => ui.say_count("folder.loaded", seen.loaded),
        })
    });
    Effect::new(move |_| {
        let sentence = sentence.get();
        stop();
        if !sentence.is_empty() {
            timer.set_value(set_timeout_with_handle(move || ui.announce(sentence), PAUSE).ok());
        }
    });
    on_cleanup(stop);
}

fn views(ui: Ui) -> impl IntoView {
    let view = ui.memo(|state| state.view);
    let button = move |of: View, name: &'static str, key: &str, shape: &'static str| {
        let label = ui.say(key);
        view! {
            <button
                type="button"
                class="plain round"
                data-action=name
                aria-label=label.clone()
                title=label
                aria-pressed=words(move || (view.get() == of).to_string())
                on:click=ui.click(Action::View(of))
            >
                {icon(shape)}
            </button>
        }
    };
    view! {
        <div class="views" role="group" aria-label=ui.say("toolbar.view")>
            {button(View::Grid, "view-grid", "toolbar.grid", GRID)}
            {button(View::List, "view-list", "toolbar.list", LIST)}
        </div>
    }
}

/// One button where there is one thing to choose, a menu where there are two: what is loaded, and the rest with it.
fn choose_all(ui: Ui, seen: Memo<Seen>) -> Part {
    let max = ui.state.with_untracked(|state| state.selection.max());
    let gathering = ui.memo(|state| state.gathering);
    let several = Memo::new(move |_| seen.with(|seen| seen.more && !seen.leaves_out));
    let found = Memo::new(move |_| seen.with(|seen| seen.leaves_out.then_some(seen.choosable)));
    let none = Memo::new(move |_| seen.with(|seen| seen.choosable == 0));
    part(move || {
        if max == 1 {
            return None;
        }
        if gathering.get() {
            return Some(gathered(ui, seen));
        }
        if several.get() {
            return Some(choices(ui, seen, max));
        }
        let say = move || match found.get() {
            Some(found) if found > 0 => ui.say_count("toolbar.select_found", found),
            _ => ui.say("toolbar.select_all"),
        };
        Some(
            view! {
                <button
                    type="button"
                    class="plain all"
                    data-action="select-all"
                    disabled=none
                    on:click=ui.click(Action::ChooseAll { whole: false })
                >
                    {icon(ALL)}
                    <span>{words(say)}</span>
                </button>
            }
            .into_any(),
        )
    })
}

fn choices(ui: Ui, seen: Memo<Seen>, max: usize) -> AnyView {
    let choice = move |name: &'static str, words: String, whole: bool| Choice {
        name,
        words,
        holds: None,
        then: Action::ChooseAll { whole },
    };
    let label = ui.say("toolbar.select_all");
    menu(
        ui,
        Menu {
            name: "select-all",
            label: Signal::stored(label.clone()),
            face: view! { {icon(ALL)}<span>{label}</span> }.into_any(),
            head: Some(ui.say_count("selection.full", max)),
            choices: Box::new(move || {
                let seen = seen.get_untracked();
                let whole = match seen.about.filter(|about| *about > seen.loaded) {
                    Some(about) => ui.say_count("toolbar.select_album", about),
                    None => ui.say("toolbar.select_rest"),
                };
                vec![
                    choice("select-loaded", ui.say_count("toolbar.select_loaded", seen.choosable), false),
                    choice("select-whole", whole, true),
                ]
            }),
        },
    )
}

fn gathered(ui: Ui, seen: Memo<Seen>) -> AnyView {
    view! {
        <div class="gathering">
            {view! { <span class="spinner" aria-hidden="true"></span> }}
            <span>{words(move || ui.say_count("toolbar.gathering", seen.with(|seen| seen.loaded)))}</span>
            <button type="button" class="plain" data-action="stop-gathering" on:click=ui.click(Action::StopGathering)>
                {ui.say("toolbar.stop")}
            </button>
        </div>
    }
    .into_any()
}
