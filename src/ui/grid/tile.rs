//! One item of a folder as elements: an album's card, a photo to choose, or a file that cannot be chosen and why.
//!
//! Tiles come and go by the hundred while somebody scrolls, so they are made by hand and of few elements: icons and
//! placeholders are drawn by the sheet.

use super::super::{Ui, rendition};
use super::window::Arrangement;
use crate::selection::Refusal;
use crate::state::{Rest, Shown, State};
use bowerbird_protocol::listing::Item;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlImageElement};

/// A tile on the screen.
pub struct Tile {
    /// The grid's cell.
    pub element: HtmlElement,
    shown: Shown,
    name: String,
    image: Option<HtmlImageElement>,
    mark: Option<Element>,
    face: Face,
    /// Whether its picture has been asked for.
    asked: bool,
}

/// What of a tile changes while it is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Face {
    /// Its place in the folder as it is shown.
    pub index: usize,
    /// Whether it is where the Tab key stops.
    pub stop: bool,
    /// Its place in the order of choosing.
    chosen: Option<usize>,
    /// Whether it cannot be chosen, since the limit is reached.
    blocked: bool,
    /// Whether this page has stored it before.
    known: bool,
    /// Whether this carousel is open, and how it stands.
    unfolded: Option<Unfolding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfolding {
    Loading,
    Failed,
    Open,
}

/// What a tile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    Photo,
    Refused(Refusal),
}

impl Tile {
    /// Makes the elements. They say nothing yet of what [`Face`] tells.
    pub fn new(ui: Ui, document: &Document, shown: &Shown, arrangement: Arrangement, state: &State) -> Option<Self> {
        let item = &shown.item;
        let kind = match (item.folder, state.refusal(item)) {
            (true, _) => Kind::Folder,
            (false, None) => Kind::Photo,
            (false, Some(reason)) => Kind::Refused(reason),
        };
        let element: HtmlElement = make(document, "div", "")?.unchecked_into();
        let add = |tag: &str, class: &str, words: &str| -> Option<Element> {
            let part = make(document, tag, class)?;
            if !words.is_empty() {
                part.set_text_content(Some(words));
                // Not seen between the parts; whoever reads the text as one finds words that are apart.
                element.append_with_str_1(" ").ok()?;
            }
            element.append_child(&part).ok()?;
            Some(part)
        };
        let mut image = None;
        if !item.thumbnail.is_empty() {
            let picture: HtmlImageElement = add("img", "", "")?.unchecked_into();
            picture.set_alt("");
            picture.set_decoding("async");
            picture.set_draggable(false);
            image = Some(picture);
        }
        let mut name = name_of(ui, item);
        let mut mark = None;
        let count = item.count.map(|count| ui.say_count("albums.count", count as usize)).unwrap_or_default();
        let mut said = count.clone();
        // Only where it is shown: browsers take their time over a date.
        let date = || item.date.as_deref().map(|date| ui.date(date)).unwrap_or_default();
        let listed = arrangement == Arrangement::List;
        let class = match kind {
            Kind::Folder if arrangement == Arrangement::Photos => {
                add("span", "name", &count)?;
                "tile folder carousel"
            }
            Kind::Folder => {
                let below = [count.clone(), date()].into_iter().filter(|it| !it.is_empty());
                let below = below.collect::<Vec<_>>().join(" · ");
                add("span", "name", &name)?;
                add("small", "", &below)?;
                said = below;
                "tile folder"
            }
            Kind::Photo => {
                if listed {
                    let date = date();
                    add("span", "name", &name)?;
                    add("small", "", &date)?;
                    if !date.is_empty() {
                        name = [name, date].join(", ");
                    }
                } else if image.is_none() {
                    // Nothing else tells it from the next one.
                    add("span", "file", &name)?;
                }
                mark = add("span", "mark", "");
                let look = add("button", "look", "")?;
                set(&look, "type", "button");
                set(&look, "tabindex", "-1");
                set(&look, "aria-label", &ui.say("photo.look"));
                "tile photo"
            }
            Kind::Refused(reason) => {
                let key = match reason {
                    Refusal::Video => "photo.video",
                    Refusal::NotAccepted => "photo.not_accepted",
                };
                let reason = ui.words(key, None, &[("displayName", &item.name)]);
                if listed {
                    add("span", "name", &name)?;
                }
                add(if listed { "small" } else { "span" }, "reason", &reason)?;
                name = [name, reason].join(", ");
                set(&element, "aria-disabled", "true");
                "tile refused"
            }
        };
        if kind == Kind::Folder && !said.is_empty() {
            name = [name, said].join(", ");
        }
        element.set_class_name(class);
        let classes = element.class_list();
        let _ = classes.toggle_with_force("inside", shown.unfolded);
        let _ = classes.toggle_with_force("bare", image.is_none());
        set(&element, "role", "gridcell");
        set(&element, "tabindex", "-1");
        set(&element, "data-path", &item.path);
        set(&element, "aria-label", &name);
        if kind == Kind::Photo {
            set(&element, "aria-selected", "false");
            set(&element, "title", &name);
        }
        // A place that no tile has, so that the first face is put on whole.
        let face = Face { index: usize::MAX, ..Face::default() };
        Some(Self { element, shown: shown.clone(), name, image, mark, face, asked: false })
    }

    /// Whether it is the tile of this entry.
    pub fn is_of(&self, shown: &Shown) -> bool {
        Arc::ptr_eq(&self.shown.item, &shown.item) && self.shown.unfolded == shown.unfolded
    }

    /// Puts on what has changed.
    pub fn show(&mut self, ui: Ui, state: &State, index: usize, stop: bool) {
        let item = &self.shown.item;
        let mut face = Face { index, stop, ..Face::default() };
        if self.mark.is_some()
            && let Some(shelf) = state.shelf()
        {
            face.chosen = state.selection.position(shelf.source, &item.path);
            face.blocked = face.chosen.is_none() && state.selection.is_full() && state.selection.max() > 1;
            face.known = !state.known.is_empty() && state.known.contains(&State::mark_of(shelf.source, &item.path));
        } else if item.folder {
            let opened = state.folder().and_then(|folder| folder.opened.iter().find(|it| it.path == item.path));
            face.unfolded = opened.map(|folder| match folder.rest {
                Rest::Loading(_) if folder.items.is_empty() => Unfolding::Loading,
                Rest::Failed(..) => Unfolding::Failed,
                _ => Unfolding::Open,
            });
        }
        if face != self.face {
            self.put_on(ui, face, state.selection.max() > 1);
        }
    }

    fn put_on(&mut self, ui: Ui, face: Face, several: bool) {
        let before = std::mem::replace(&mut self.face, face);
        let (element, face) = (&self.element, &self.face);
        if face.index != before.index {
            set(element, "data-place", &face.index.to_string());
        }
        if face.stop != before.stop {
            set(element, "tabindex", if face.stop { "0" } else { "-1" });
        }
        if face.blocked != before.blocked {
            if face.blocked {
                set(element, "aria-disabled", "true")
            } else {
                drop(element.remove_attribute("aria-disabled"))
            }
        }
        if face.unfolded != before.unfolded {
            match face.unfolded {
                Some(_) => set(element, "aria-expanded", "true"),
                None => drop(element.remove_attribute("aria-expanded")),
            }
            let busy = face.unfolded == Some(Unfolding::Loading);
            let _ = element.class_list().toggle_with_force("busy", busy);
        }
        if face.known
            && !before.known
            && let Some(known) = element.owner_document().and_then(|it| make(&it, "span", "known"))
        {
            set(&known, "title", &ui.say("photo.known"));
            let _ = element.append_child(&known);
        }
        if face.chosen != before.chosen
            && let Some(mark) = &self.mark
        {
            set(element, "aria-selected", if face.chosen.is_some() { "true" } else { "false" });
            let place = face.chosen.filter(|_| several).map(|place| ui.number(place + 1));
            match place {
                Some(place) => set(mark, "data-order", &place),
                None => drop(mark.remove_attribute("data-order")),
            }
        }
        if (face.chosen, face.known, face.unfolded) != (before.chosen, before.known, before.unfolded) {
            let mut words = vec![self.name.clone()];
            words.extend(face.known.then(|| ui.say("photo.known")));
            words.extend(face.chosen.map(|place| match several {
                true => ui.words("photo.selected", None, &[("place", &ui.number(place + 1))]),
                false => ui.say("photo.selected_one"),
            }));
            words.extend((face.unfolded == Some(Unfolding::Failed)).then(|| ui.say("problem.other")));
            set(element, "aria-label", &words.join(", "));
        }
    }

    /// Asks for the picture, so many pixels wide, if it has not been asked for.
    pub fn ask(&mut self, width: u32, broken: &BTreeSet<String>) {
        if std::mem::replace(&mut self.asked, true) {
            return;
        }
        let Some(image) = &self.image else { return };
        let source = rendition(&self.shown.item.thumbnail, width);
        if broken.contains(&source) {
            self.give_up();
            return;
        }
        image.set_src(&source);
        if image.complete() {
            // The browser had it: it is there at once, and nothing fades in.
            image.set_class_name("here");
        }
    }

    /// The picture's address could not be had.
    pub fn give_up(&mut self) -> Option<String> {
        let image = self.image.take()?;
        image.remove();
        let _ = self.element.class_list().add_1("bare");
        image.get_attribute("src")
    }

    /// Whether this is its picture.
    pub fn has(&self, element: &Element) -> bool {
        self.image.as_ref().is_some_and(|image| image.is_same_node(Some(element)))
    }
}

/// What a photo or an album is called.
pub fn name_of(ui: Ui, item: &Item) -> String {
    if item.folder {
        return ui.folder_name(item);
    }
    let dated = || {
        let date = ui.date(item.date.as_deref()?);
        (!date.is_empty()).then(|| ui.words("photo.dated", None, &[("date", &date)]))
    };
    item.caption.clone().filter(|caption| !caption.is_empty()).or_else(dated).unwrap_or_else(|| item.name.clone())
}

/// An element of this class.
pub fn make(document: &Document, tag: &str, class: &str) -> Option<Element> {
    let element = document.create_element(tag).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    Some(element)
}

/// Sets an attribute.
pub fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}
