//! What is known while the editor is open, and what each press and pull makes of it.

use super::end;
use crate::edit::{Edit, Frame};
use crate::options::Transformations;
use crate::picker::Action;
use crate::selection::{Changes, Chosen};
use crate::sources::Kind;
use crate::state::Editing;
use crate::ui::Ui;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlImageElement, KeyboardEvent, PointerEvent};

/// How far an arrow key moves an edge, as a share of a side.
const STEP: f64 = 0.01;
/// The edges and corners that can be pulled.
pub(super) const PULLS: [[i8; 2]; 8] = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];

/// What is kept of a photo.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// All of it.
    Whole,
    /// Any rectangle.
    Free,
    /// A rectangle so wide by its height, in pixels.
    Ratio(f64),
    /// A circle.
    Circle,
}

/// A frame that is being pulled or moved.
#[derive(Clone, Copy)]
pub(super) struct Drag {
    /// The edges that are pulled; `None` moves it all.
    pull: Option<[i8; 2]>,
    /// Where the pointer was at first.
    from: [i32; 2],
    /// And the frame.
    frame: Frame,
}

/// What is known while it is open.
#[derive(Clone, Copy)]
pub(super) struct Editor {
    pub(super) ui: Ui,
    pub(super) offer: Transformations,
    pub(super) turns: RwSignal<u8>,
    pub(super) shape: RwSignal<Shape>,
    pub(super) frame: RwSignal<Frame>,
    /// The picture's width and height before it is turned, once it is here.
    pub(super) size: RwSignal<Option<[u32; 2]>>,
    /// Whether it cannot be shown.
    pub(super) missing: RwSignal<bool>,
    pub(super) alt: RwSignal<String>,
    pub(super) told: RwSignal<String>,
    pub(super) drag: StoredValue<Option<Drag>>,
    pub(super) element: NodeRef<html::Dialog>,
    pub(super) canvas: NodeRef<html::Div>,
}

impl Editor {
    pub(super) fn new(ui: Ui, element: NodeRef<html::Dialog>, photo: &Chosen) -> Self {
        let edit = photo.edit();
        let offer = ui.options(|options| Transformations {
            crop: options.transformations.crop && !options.disable_transformer,
            circle: options.transformations.circle && !options.disable_transformer,
            rotate: options.transformations.rotate && !options.disable_transformer,
            ..options.transformations
        });
        let shape = match offer.aspect_ratio {
            _ if edit.circle => Shape::Circle,
            _ if !offer.crop => Shape::Whole,
            Some(ratio) => Shape::Ratio(ratio),
            None => Shape::Free,
        };
        let alt = photo.changes.alt.clone().or_else(|| photo.item.caption.clone()).unwrap_or_default();
        Self {
            ui,
            offer,
            turns: RwSignal::new(edit.turns),
            shape: RwSignal::new(shape),
            frame: RwSignal::new(Frame::of(&edit)),
            size: RwSignal::new(None),
            missing: RwSignal::new(!photo.is_editable() || !ui.options(|options| options.transforms())),
            alt: RwSignal::new(alt),
            told: RwSignal::new(String::new()),
            drag: StoredValue::new(None),
            element,
            canvas: NodeRef::new(),
        }
    }

    /// Width by height of the turned picture.
    pub(super) fn ratio(self) -> f64 {
        let Some(size) = self.size.get() else { return 1.0 };
        let [width, height] = Edit { turns: self.turns.get(), ..Edit::default() }.turned(size);
        f64::from(width) / f64::from(height.max(1))
    }

    /// Width by height of the frame, in shares of the picture's; `None` where it has no shape to keep.
    pub(super) fn kept(self) -> Option<f64> {
        match self.shape.get_untracked() {
            Shape::Ratio(ratio) => Some(ratio / untrack(|| self.ratio())),
            Shape::Circle => Some(1.0 / untrack(|| self.ratio())),
            Shape::Free | Shape::Whole => None,
        }
    }

    /// The picture is here: now its sides are known, and the frame can be drawn.
    pub(super) fn arrived(self, image: &HtmlImageElement, fresh: bool) {
        let size = [image.natural_width(), image.natural_height()];
        if size.contains(&0) {
            return self.missing.set(true);
        }
        self.size.set(Some(size));
        if fresh && self.shape.get_untracked() != Shape::Whole {
            self.frame.set(Frame::ALL.fitted(self.kept(), self.offer.auto_crop_area));
        }
    }

    pub(super) fn choose(self, shape: Shape) {
        self.shape.set(shape);
        self.frame.update(|frame| {
            *frame = match shape {
                Shape::Whole => Frame::ALL,
                Shape::Free => *frame,
                Shape::Ratio(_) | Shape::Circle => frame.shaped(self.kept()),
            };
        });
    }

    pub(super) fn turn(self, clockwise: bool) {
        self.turns.update(|turns| *turns = (*turns + if clockwise { 1 } else { 3 }) % 4);
        self.frame.update(|frame| *frame = frame.turned(clockwise));
        // A shape of the visitor's turns with the picture; the page's stays.
        match (self.shape.get_untracked(), self.offer.aspect_ratio) {
            (Shape::Ratio(ratio), None) => self.shape.set(Shape::Ratio(1.0 / ratio)),
            (Shape::Ratio(_), Some(_)) => self.frame.update(|frame| *frame = frame.shaped(self.kept())),
            _ => {}
        }
    }

    pub(super) fn reset(self) {
        self.turns.set(0);
        if self.shape.get_untracked() == Shape::Circle || self.offer.aspect_ratio.is_none() {
            self.shape.set(if self.offer.crop { Shape::Free } else { Shape::Whole });
        }
        self.frame.set(Frame::ALL.fitted(self.kept(), self.offer.auto_crop_area));
    }

    pub(super) fn take(self, event: &PointerEvent) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        if event.button() != 0 {
            return;
        }
        let pull = target.get_attribute("data-pull").and_then(|place| place.parse::<usize>().ok());
        let pull = pull.and_then(|place| PULLS.get(place).copied());
        let from = [event.client_x(), event.client_y()];
        self.drag.set_value(Some(Drag { pull, from, frame: self.frame.get_untracked() }));
        if let Some(frame) = target.closest(".frame").ok().flatten() {
            let _ = frame.set_pointer_capture(event.pointer_id());
        }
    }

    pub(super) fn drag(self, event: &PointerEvent) {
        let (Some(Drag { pull, from, frame }), Some(canvas)) = (self.drag.get_value(), self.canvas.get_untracked())
        else {
            return;
        };
        let canvas = canvas.get_bounding_client_rect();
        let x = f64::from(event.client_x() - from[0]) / canvas.width().max(1.0);
        let y = f64::from(event.client_y() - from[1]) / canvas.height().max(1.0);
        self.frame.set(match pull {
            Some(pull) => frame.pulled(pull, [x, y], self.kept()),
            None => frame.moved(x, y),
        });
    }

    pub(super) fn press(self, event: &KeyboardEvent) {
        let (x, y) = match event.key().as_str() {
            "ArrowLeft" => (-STEP, 0.0),
            "ArrowRight" => (STEP, 0.0),
            "ArrowUp" => (0.0, -STEP),
            "ArrowDown" => (0.0, STEP),
            _ => return,
        };
        event.prevent_default();
        let pull = if y == 0.0 { [1, 0] } else { [0, 1] };
        self.frame.update(|frame| {
            *frame = if event.shift_key() { frame.pulled(pull, [x, y], self.kept()) } else { frame.moved(x, y) };
        });
        let Frame { left, top, width, height } = self.frame.get_untracked();
        let shares = [("left", left), ("top", top), ("width", width), ("height", height)]
            .map(|(name, share)| (name, self.ui.number((share * 100.0).round() as usize)));
        let shares = shares.each_ref().map(|(name, share)| (*name, share.as_str()));
        self.told.set(self.ui.words("editor.frame_at", None, &shares));
    }

    /// What was made of the photo, and the size of the image as it was.
    pub(super) fn edit(self) -> Edit {
        let shape = self.shape.get();
        let area = if shape == Shape::Whole { None } else { self.frame.get().area() };
        Edit { turns: self.turns.get(), area, circle: shape == Shape::Circle }
    }

    pub(super) fn save(self, editing: Editing, photo: &Chosen) {
        let edit = untrack(|| self.edit());
        let alt = self.alt.get_untracked().trim().to_owned();
        let before = photo.changes.alt.clone().or_else(|| photo.item.caption.clone()).unwrap_or_default();
        let shown = self.size.get_untracked();
        let kept = (editing.confirms || edit != Edit::default()).then_some(edit);
        let changes = Changes {
            edit: if shown.is_some() || editing.confirms { kept } else { photo.changes.edit },
            alt: if alt == before { photo.changes.alt.clone() } else { Some(alt) },
            ..photo.changes.clone()
        };
        // What a provider shows is a smaller picture of the same photo.
        let size = shown.filter(|_| photo.source.kind != Kind::Cloud);
        end(self.ui, self.element, Action::Edited(Box::new(changes), size));
    }

    pub(super) fn cancel(self) {
        end(self.ui, self.element, Action::StopEditing);
    }
}

/// Whether both are the same, as far as numbers can tell.
pub(super) fn is_same(one: Shape, other: Shape) -> bool {
    match (one, other) {
        (Shape::Ratio(one), Shape::Ratio(other)) => (one - other).abs() < 1e-6,
        _ => one == other,
    }
}
