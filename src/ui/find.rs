//! Looking for something in what is loaded of a folder: words, days, the order, and what came of it.

use super::menu::{Choice, Menu, menu};
use super::toolbar::Seen;
use super::{Click, Ui, icon, part, shape, words};
use crate::picker::Action;
use crate::state::{Day, Find, Order, Rest};
use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

const LENS: &str = "M10.5 3a7.5 7.5 0 0 1 5.9 12.1l4.7 4.7-1.4 1.4-4.7-4.7A7.5 7.5 0 1 1 10.5 3zm0 2a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z";
const FUNNEL: &str = "M4 6h16v2H4zm3 5h10v2H7zm3 5h4v2h-4z";
const ORDER: &str = "M7 4 3 8.5h3V20h2V8.5h3zm10 16 4-4.5h-3V4h-2v11.5h-3z";

const ORDERS: [(Order, &str, &str); 4] = [
    (Order::AsListed, "sort-as-listed", "sort.as_listed"),
    (Order::NewestFirst, "sort-newest", "sort.newest"),
    (Order::OldestFirst, "sort-oldest", "sort.oldest"),
    (Order::ByName, "sort-by-name", "sort.by_name"),
];

fn current(ui: Ui) -> Find {
    ui.state.with_untracked(|state| state.folder().map(|folder| folder.find.clone())).unwrap_or_default()
}

fn clear(ui: Ui) -> Click {
    Box::new(move |_| ui.send(Action::Find(current(ui).cleared())))
}

/// Where words are typed.
pub(super) fn field(ui: Ui, key: &str) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let typed = ui.memo(|state| state.folder().map(|folder| folder.find.words.clone()).unwrap_or_default());
    let type_in = move |words: String| ui.send(Action::Find(Find { words, ..current(ui) }));
    let empty = Memo::new(move |_| typed.with(String::is_empty));
    let keys = move |event: KeyboardEvent| {
        // Escape empties the field, and closes the dialog only when there is nothing in it.
        if event.key() == "Escape" && !empty.get_untracked() {
            event.prevent_default();
            event.stop_propagation();
            type_in(String::new());
        }
    };
    let erase = move || -> Click {
        Box::new(move |_| {
            type_in(String::new());
            if let Some(input) = input.get_untracked() {
                let _ = input.focus();
            }
        })
    };
    let label = ui.say(key);
    view! {
        <div class="seek" role="search">
            {icon(LENS)}
            <input
                type="search"
                class="words"
                enterkeyhint="search"
                autocomplete="off"
                spellcheck="false"
                aria-label=label.clone()
                placeholder=label
                dir="auto"
                node_ref=input
                prop:value=typed
                on:input=move |event| type_in(event_target_value(&event))
                on:keydown=keys
            />
            {part(move || (!empty.get()).then(|| view! {
                <button type="button" class="plain erase" data-action="erase" aria-label=ui.say("find.erase") on:click=erase()>
                    {icon(shape::CLOSE)}
                </button>
            }))}
        </div>
    }
    .into_any()
}

/// Opens what there is no room for: the days, and on phones the words.
pub(super) fn toggle(ui: Ui, filtering: RwSignal<bool>, seen: Memo<Seen>) -> AnyView {
    let press: Click = Box::new(move |_| filtering.update(|open| *open = !*open));
    let active = Memo::new(move |_| seen.with(|seen| seen.leaves_out));
    let label = ui.say("toolbar.filter");
    view! {
        <button
            type="button"
            class="plain toggle"
            class:active=active
            data-action="filter"
            aria-label=ui.say("toolbar.filter")
            aria-expanded=words(move || filtering.get().to_string())
            on:click=press
        >
            {icon(FUNNEL)}
            <span class="face">{label}</span>
        </button>
    }
    .into_any()
}

/// The first day and the last.
pub(super) fn days(ui: Ui) -> AnyView {
    let [from, to] = [|find: &Find| find.from.clone(), |find: &Find| find.to.clone()].map(|read| {
        ui.memo(move |state| {
            state.folder().and_then(|folder| read(&folder.find)).map(|day| day.name).unwrap_or_default()
        })
    });
    let set = move |last: bool, day: String| {
        let (find, day) = (current(ui), of_visitor(day));
        ui.send(Action::Find(if last { Find { to: day, ..find } } else { Find { from: day, ..find } }));
    };
    let day = move |last: bool, key: &str, name: &'static str, value: Memo<String>| {
        view! {
            <label class="day">
                <span>{ui.say(key)}</span>
                <input type="date" name=name prop:value=value on:input=move |event| set(last, event_target_value(&event)) />
            </label>
        }
    };
    view! {
        <div class="days" role="group" aria-label=ui.say("find.days")>
            {day(false, "find.from", "from", from)}
            {day(true, "find.to", "to", to)}
        </div>
    }
    .into_any()
}

/// A day as a date field gives it, from midnight to midnight of the visitor's clock. `None` for an empty field.
fn of_visitor(name: String) -> Option<Day> {
    let mut parts = name.splitn(3, '-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let midnight = |day: i32| {
        let date = js_sys::Date::new_with_year_month_day(0, month - 1, day);
        // Given to the constructor, the years up to 99 are those of the twentieth century.
        date.set_full_year_with_month_date(year as u32, month - 1, day);
        // Beyond the year 275,760 there is no time.
        let time = (!date.get_time().is_nan()).then(|| date.to_iso_string().as_string()).flatten()?;
        Some(format!("{}Z", time.get(..19)?))
    };
    Some(Day { begins: midnight(day)?, ends: midnight(day + 1)?, name })
}

/// The order.
pub(super) fn sort(ui: Ui) -> AnyView {
    let order = ui.memo(|state| state.folder().map(|folder| folder.find.order).unwrap_or_default());
    let face = move || {
        let now = order.get();
        ORDERS.iter().find(|(order, ..)| *order == now).map(|(.., key)| ui.say(key)).unwrap_or_default()
    };
    let choice = move |&(order_of, name, key): &(Order, &'static str, &str)| Choice {
        name,
        words: ui.say(key),
        holds: Some(order_of == order.get_untracked()),
        then: Action::Find(Find { order: order_of, ..current(ui) }),
    };
    menu(
        ui,
        Menu {
            name: "sort",
            label: Signal::derive(move || ui.words("sort.label", None, &[("order", &face())])),
            face: view! { {icon(ORDER)}<span class="face">{words(face)}</span> }.into_any(),
            head: None,
            choices: Box::new(move || ORDERS.iter().map(choice).collect()),
        },
    )
}

/// How much of what is loaded was found.
pub(super) fn sentence(ui: Ui, seen: &Seen) -> String {
    let loaded = ui.number(seen.loaded);
    let key = match (seen.found, seen.more) {
        (0, true) => return ui.words("find.none_yet", Some(seen.loaded), &[]),
        (0, false) => return ui.words("find.none", Some(seen.loaded), &[]),
        (_, true) => "find.found_yet",
        (_, false) => "find.found",
    };
    ui.words(key, Some(seen.found), &[("loaded", &loaded)])
}

/// What came of it, and how to go on: under the toolbar, or in the middle where nothing was found.
pub(super) fn outcome(ui: Ui, seen: Memo<Seen>) -> impl IntoView {
    let all = RwSignal::new(false);
    let rest = ui.memo(|state| state.folder().map(|folder| folder.rest.clone()));
    Effect::new(move |_| {
        // One page after the other, until there is none, one fails, or nobody wants them any more.
        match rest.get() {
            Some(Rest::More(_)) if all.get() => ui.send(Action::LoadMore),
            Some(Rest::Failed(..) | Rest::End) => all.set(false),
            _ => {}
        }
    });
    let shows = Memo::new(move |_| {
        seen.with(|seen| seen.loaded > 0 && (seen.leaves_out || (seen.order != Order::AsListed && seen.more)))
    });
    let nothing = Memo::new(move |_| seen.with(|seen| seen.leaves_out && seen.found == 0));
    let say = move || {
        seen.with(|seen| match seen.leaves_out {
            true => sentence(ui, seen),
            false => ui.say_count("find.sorted", seen.loaded),
        })
    };
    part(move || {
        shows.get().then(|| {
            view! {
                <div class="outcome" class:message=nothing class:nothing=nothing>
                    {part(move || nothing.get().then(|| icon(LENS)))}
                    <p>{words(say)}</p>
                    <div class="ways">{go_on(ui, seen, all)}{undo(ui, seen)}</div>
                </div>
            }
        })
    })
}

/// The buttons stay while a page is on its way, so that the focus does too.
fn go_on(ui: Ui, seen: Memo<Seen>, all: RwSignal<bool>) -> impl IntoView {
    let more = Memo::new(move |_| seen.with(|seen| seen.more));
    let busy = move || words(move || seen.with(|seen| seen.loading).to_string());
    part(move || {
        more.get().then(|| {
            let press: Click = Box::new(move |_| all.update(|all| *all = !*all));
            view! {
                <button type="button" class="plain" data-action="load-more" aria-disabled=busy() on:click=ui.click(Action::LoadMore)>
                    {ui.say("folder.more")}
                </button>
                <button type="button" class="plain" data-action="load-all" on:click=press>
                    {words(move || ui.say(if all.get() { "toolbar.stop" } else { "find.load_all" }))}
                </button>
                {part(move || seen.with(|seen| seen.loading).then(|| view! { <span class="spinner" aria-hidden="true"></span> }))}
            }
        })
    })
}

fn undo(ui: Ui, seen: Memo<Seen>) -> impl IntoView {
    let leaves_out = Memo::new(move |_| seen.with(|seen| seen.leaves_out));
    part(move || {
        leaves_out.get().then(|| {
            view! {
                <button type="button" class="plain" data-action="clear-filter" on:click=clear(ui)>
                    {ui.say("find.clear")}
                </button>
            }
        })
    })
}
