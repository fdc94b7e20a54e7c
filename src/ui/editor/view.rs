//! The editor of one photo: what of it is kept, which way it is turned, and words for those who do not see it.

use super::hold::{Editor, PULLS, Shape, is_same};
use crate::device;
use crate::edit::Frame;
use crate::options::Transformations;
use crate::selection::Chosen;
use crate::sources::Kind;
use crate::state::Editing;
use crate::ui::grid::name_of;
use crate::ui::{Part, Ui, icon, part, preview, shape, words};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlImageElement, HtmlInputElement, KeyboardEvent, PointerEvent};

/// The most letters of a description.
const LETTERS: &str = "1000";
/// The shapes that are offered besides, for photos that are wider than high.
const RATIOS: [(&str, f64); 3] = [("1:1", 1.0), ("4:3", 4.0 / 3.0), ("16:9", 16.0 / 9.0)];

/// The editor of the photo that is edited, in this dialog.
pub(super) fn editor(ui: Ui, element: NodeRef<html::Dialog>) -> AnyView {
    let editing = ui.memo(|state| state.editing);
    part(move || {
        let editing = editing.get()?;
        let photo = ui.state.with_untracked(|state| state.selection.chosen().get(editing.place).cloned())?;
        Some(view(ui, element, editing, photo))
    })
    .into_any()
}

fn view(ui: Ui, element: NodeRef<html::Dialog>, editing: Editing, photo: Chosen) -> AnyView {
    let editor = Editor::new(ui, element, &photo);
    let describes = !ui.options(|options| options.disable_alt_text);
    let count = ui.state.with_untracked(|state| state.selection.chosen().len());
    let fill = [("place", &*ui.number(editing.place + 1)), ("total", &*ui.number(count))];
    let place = (count > 1).then(|| ui.words("preview.place", None, &fill));
    let name = name_of(ui, &photo.item);
    let save = StoredValue::new(photo.clone());
    view! {
            <div class="bar-above">
                <h2>{ui.say("editor.title")}</h2>
                <p class="place">{place}</p>
                <button type="button" class="plain round" data-action="close-editor" aria-label=ui.say("connect.cancel") on:click=move |_| editor.cancel()>
                    {icon(shape::CLOSE)}
                </button>
            </div>
            <div class="stage">{picture(editor, &photo, name)}</div>
            <div class="tools-of-editor">
                {part(move || (editor.size.get().is_some() && !editor.missing.get()).then(|| tools(editor)))}
                {describes.then(|| view! {
                    <label class="describe">
                        <span>{ui.say("editor.alt")}</span>
                        <input
                            type="text"
                            name="alt"
                            dir="auto"
                            maxlength=LETTERS
                            aria-describedby="editor-alt-hint"
                            prop:value=move || editor.alt.get()
                            on:input=move |event: Event| {
                                let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
                                editor.alt.set(input.map(|input| input.value()).unwrap_or_default());
                            }
                        />
                        <small id="editor-alt-hint">{ui.say("editor.alt_hint")}</small>
                    </label>
                })}
                <div class="ends">
                    <button type="button" class="plain" data-action="cancel-edit" on:click=move |_| editor.cancel()>{ui.say("connect.cancel")}</button>
                    <button
                        type="button"
                        class="primary"
                        data-action="save-edit"
                        disabled=move || editing.confirms && editor.size.get().is_none() && !editor.missing.get()
                        on:click=move |_| editor.save(editing, &save.get_value())
                    >
                        {ui.say("editor.done")}
                    </button>
                </div>
                <p class="unseen" role="status">{words(move || editor.told.get())}</p>
            </div>
    }
    .into_any()
}

/// The picture as it is turned, under the frame.
fn picture(editor: Editor, photo: &Chosen, name: String) -> AnyView {
    let ui = editor.ui;
    let source = match photo.source.kind {
        Kind::Device => {
            let address = device::picture(&photo.item.path).unwrap_or_default();
            let forgotten = address.clone();
            on_cleanup(move || device::forget_picture(&forgotten));
            address
        }
        Kind::Cloud | Kind::Address => preview::large(&photo.item),
    };
    let fresh = photo.changes.edit.is_none();
    let is_here = Memo::new(move |_| editor.size.get().is_some());
    let cannot = move || {
        let says = editor.missing.get() && editor.size.get().is_none();
        says.then(|| view! { <p class="why">{icon(shape::PHOTO)}<span>{ui.say("editor.cannot")}</span></p> })
    };
    view! {
        <div class="canvas" class:here=is_here style=("--ratio", move || format!("{:.5}", editor.ratio())) node_ref=editor.canvas>
            <img
                src=source
                alt=name
                draggable="false"
                class:aside=move || editor.turns.get() % 2 == 1
                style:transform=move || format!("translate(-50%, -50%) rotate({}deg)", u32::from(editor.turns.get()) * 90)
                on:load=move |event: Event| {
                    if let Some(image) = event.target().and_then(|target| target.dyn_into::<HtmlImageElement>().ok()) {
                        editor.arrived(&image, fresh);
                    }
                }
                on:error=move |_| editor.missing.set(true)
            />
            {part(move || (is_here.get() && !editor.missing.get() && editor.shape.get() != Shape::Whole).then(|| frame(editor)))}
        </div>
        {part(move || (!is_here.get() && !editor.missing.get()).then(|| view! { <div class="spinner" aria-hidden="true"></div> }))}
        {part(cannot)}
    }
    .into_any()
}

fn frame(editor: Editor) -> AnyView {
    let share = move |read: fn(&Frame) -> f64| move || format!("{:.4}%", editor.frame.with(read) * 100.0);
    // Where a shape is kept, corners are enough.
    let keeps = Memo::new(move |_| matches!(editor.shape.get(), Shape::Ratio(_) | Shape::Circle));
    view! {
        <div
            class="frame"
            class:circle=move || editor.shape.get() == Shape::Circle
            class:keeps=keeps
            tabindex="0"
            role="group"
            aria-label=editor.ui.say("editor.frame")
            style:left=share(|frame| frame.left)
            style:top=share(|frame| frame.top)
            style:width=share(|frame| frame.width)
            style:height=share(|frame| frame.height)
            on:keydown=move |event: KeyboardEvent| editor.press(&event)
            on:pointerdown=move |event: PointerEvent| editor.take(&event)
            on:pointermove=move |event: PointerEvent| editor.drag(&event)
            on:pointerup=move |_| editor.drag.set_value(None)
            on:pointercancel=move |_| editor.drag.set_value(None)
        >
            // As in the tray: by itself, for strict pages.
            {view! { <span class="thirds" aria-hidden="true"></span> }}
            {PULLS.iter().enumerate().map(|(place, pull)| {
                let corner = !pull.contains(&0);
                view! { <span class="pull" class:corner=corner data-pull=place.to_string() data-at=format!("{},{}", pull[0], pull[1]) aria-hidden="true"></span> }
            }).collect_view()}
        </div>
    }
    .into_any()
}

/// Shapes and turns.
fn tools(editor: Editor) -> AnyView {
    let ui = editor.ui;
    view! {
        <div class="row">
            {shapes(editor)}
            {editor.offer.rotate.then(|| [(false, "turn-left", "editor.turn_left"), (true, "turn-right", "editor.turn_right")].map(|(clockwise, name, key)| view! {
                <button type="button" class="plain round" class:mirror=clockwise data-action=name aria-label=ui.say(key) title=ui.say(key) on:click=move |_| editor.turn(clockwise)>
                    {icon(shape::TURN)}
                </button>
            }).collect_view())}
            <button type="button" class="plain" data-action="reset-edit" on:click=move |_| editor.reset()>{ui.say("editor.reset")}</button>
        </div>
    }
    .into_any()
}

fn shapes(editor: Editor) -> Part {
    let ui = editor.ui;
    let Transformations { crop, circle, aspect_ratio, .. } = editor.offer;
    part(move || {
        let portrait = editor.ratio() < 1.0;
        let mut offered: Vec<(String, Shape)> = Vec::new();
        match aspect_ratio {
            _ if !crop => offered.push((ui.say("editor.original"), Shape::Whole)),
            // The page's own shape, which needs no name while there is no other.
            Some(ratio) => offered.push((ui.say("editor.square"), Shape::Ratio(ratio))),
            None => {
                offered.push((ui.say("editor.free"), Shape::Free));
                offered.extend(RATIOS.iter().map(|(name, ratio)| match portrait {
                    true => (name.split(':').rev().collect::<Vec<_>>().join(":"), Shape::Ratio(1.0 / ratio)),
                    false => ((*name).to_owned(), Shape::Ratio(*ratio)),
                }));
            }
        }
        if circle {
            offered.push((ui.say("editor.circle"), Shape::Circle));
        }
        (offered.len() > 1).then(|| {
            view! {
                <div class="shapes" role="group" aria-label=ui.say("editor.shapes")>
                    {offered.into_iter().map(|(name, shape)| view! {
                        <button
                            type="button"
                            class="plain shape"
                            aria-pressed=words(move || is_same(editor.shape.get(), shape).to_string())
                            on:click=move |_| editor.choose(shape)
                        >
                            {name}
                        </button>
                    }).collect_view()}
                </div>
            }
        })
    })
}
