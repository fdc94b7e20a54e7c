//! What is chosen: toggling, limits, order. Pure.

use crate::edit::Edit;
use crate::sources::{Kind, Source};
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::listing::Item;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// A chosen photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Where it comes from.
    pub source: &'static Source,
    /// What the listing told of it.
    pub item: Arc<Item>,
    /// The names of the folders that lead to it, as the visitor saw them: `/Holidays in Lisbon/`.
    pub folder: String,
    /// Names this choice in callbacks and in the result (`uploadId`).
    pub id: String,
    /// What was changed of it since.
    pub changes: Changes,
}

/// What page and visitor changed of a chosen photo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Whether the page gave it another name than the source has.
    pub renamed: bool,
    /// What the visitor made of it; `None` where the editor was not used.
    pub edit: Option<Edit>,
    /// The visitor's words for those who do not see it.
    pub alt: Option<String>,
}

impl Chosen {
    /// Whether it is an image that this picker can show and change.
    pub fn is_editable(&self) -> bool {
        let mimetype = self.item.mimetype.as_str();
        match self.source.kind {
            // Those that a browser writes again, or shows at least.
            Kind::Device => matches!(mimetype, "image/jpeg" | "image/png" | "image/webp" | "image/bmp"),
            Kind::Cloud | Kind::Address => !self.item.thumbnail.is_empty(),
        }
    }

    /// What becomes of it on its way, if anything.
    pub fn edit(&self) -> Edit {
        self.changes.edit.unwrap_or_default()
    }
}

/// The chosen photos, in the order of choosing, which is the order of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    chosen: Vec<Chosen>,
    /// By source and path, where in `chosen`: thousands may be chosen, and every tile in sight asks at every change.
    places: HashMap<&'static str, HashMap<String, usize>>,
    min: usize,
    max: usize,
}

impl Selection {
    /// Nothing chosen yet; the limits are those of `minFiles` and `maxFiles`.
    pub fn new(min: usize, max: usize) -> Self {
        Self { chosen: Vec::new(), places: HashMap::new(), min, max }
    }

    /// Chooses a photo; `false` where the limit is reached. One that is chosen stays where it is in the order. Where only one
    /// may be chosen, the new one takes the place of the old.
    pub fn choose(&mut self, photo: Chosen) -> bool {
        if self.position(photo.source, &photo.item.path).is_some() {
            return true;
        }
        if self.max == 1 {
            self.clear();
        }
        if self.is_full() {
            return false;
        }
        self.chosen.push(photo);
        self.number(self.chosen.len() - 1);
        true
    }

    /// Lets go of these, by source and path.
    pub fn remove(&mut self, photos: &[(&'static Source, String)]) {
        for (source, path) in photos {
            self.places.get_mut(source.name).and_then(|places| places.remove(path));
        }
        let places = &self.places;
        let stays = |photo: &Chosen| places.get(photo.source.name).is_some_and(|it| it.contains_key(&photo.item.path));
        self.chosen.retain(stays);
        self.number(0);
    }

    /// Moves a photo to another place in the order.
    pub fn move_to(&mut self, from: usize, to: usize) {
        if from < self.chosen.len() && to < self.chosen.len() {
            let photo = self.chosen.remove(from);
            self.chosen.insert(to, photo);
            self.number(from.min(to));
        }
    }

    /// Notes what was changed of the photo at this place, and its size in pixels where the source told none.
    pub fn change(&mut self, place: usize, changes: Changes, size: Option<[u32; 2]>) {
        let Some(photo) = self.chosen.get_mut(place) else { return };
        photo.changes = changes;
        if let Some([width, height]) = size.filter(|_| photo.item.width.is_none()) {
            photo.item = Arc::new(Item { width: Some(width), height: Some(height), ..(*photo.item).clone() });
        }
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.chosen.clear();
        self.places.clear();
    }

    /// Lets go of what comes from this source.
    pub fn forget(&mut self, source: &Source) {
        self.chosen.retain(|photo| photo.source.name != source.name);
        self.places.remove(source.name);
        self.number(0);
    }

    /// Notes the places from this one on.
    fn number(&mut self, from: usize) {
        for (place, photo) in self.chosen.iter().enumerate().skip(from) {
            let places = self.places.entry(photo.source.name).or_default();
            match places.get_mut(&photo.item.path) {
                Some(known) => *known = place,
                None => drop(places.insert(photo.item.path.clone(), place)),
            }
        }
    }

    /// The place in the order of choosing, from 0; `None` when it is not chosen.
    pub fn position(&self, source: &Source, path: &str) -> Option<usize> {
        self.places.get(source.name)?.get(path).copied()
    }

    /// How many more may be chosen.
    pub fn room(&self) -> usize {
        self.max.saturating_sub(self.chosen.len())
    }

    /// Whether no further photo can be chosen.
    pub fn is_full(&self) -> bool {
        self.chosen.len() >= self.max
    }

    /// Whether what is chosen can be confirmed.
    pub fn is_enough(&self) -> bool {
        self.chosen.len() >= self.min
    }

    /// How many more it takes to confirm.
    pub fn missing(&self) -> usize {
        self.min.saturating_sub(self.chosen.len())
    }

    /// How many may be chosen.
    pub fn max(&self) -> usize {
        self.max
    }

    /// The chosen photos.
    pub fn chosen(&self) -> &[Chosen] {
        &self.chosen
    }
}

/// Why an item cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// These sources give photos only.
    Video,
    /// The page's `accept` leaves this type out.
    NotAccepted,
}

/// Whether a listed file may be chosen at all. Of what providers list only images may, whatever `accept` says; a type that is not
/// known before the bytes are read may too, and is judged again by the companion.
pub fn refusal(source: &Source, item: &Item, accept: &Accept) -> Option<Refusal> {
    if source.kind == Kind::Cloud && !item.mimetype.is_empty() && !item.mimetype.starts_with("image/") {
        Some(Refusal::Video)
    } else if accept.takes(&item.mimetype, &item.name) {
        None
    } else {
        Some(Refusal::NotAccepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::ALL;

    fn photo(path: &str) -> Chosen {
        let item = Arc::new(Item { path: path.to_owned(), ..Item::default() });
        Chosen { source: &ALL[1], item, folder: "/".to_owned(), id: path.to_owned(), changes: Changes::default() }
    }

    fn paths(selection: &Selection) -> Vec<&str> {
        selection.chosen().iter().map(|photo| photo.item.path.as_str()).collect()
    }

    #[test]
    fn the_order_is_the_order_of_choosing() {
        let mut selection = Selection::new(1, 3);
        for path in ["b", "a", "c"] {
            assert!(selection.choose(photo(path)));
        }
        assert!(!selection.choose(photo("d")), "the limit is reached");
        assert_eq!(paths(&selection), ["b", "a", "c"]);
        selection.remove(&[(&ALL[1], "a".to_owned())]);
        assert!(selection.choose(photo("a")));
        assert_eq!(paths(&selection), ["b", "c", "a"]);
    }

    #[test]
    fn places_follow_every_change() {
        let mut selection = Selection::new(1, 9);
        for path in ["a", "b", "c", "d", "e"] {
            selection.choose(photo(path));
        }
        selection.move_to(4, 1);
        selection.remove(&[(&ALL[1], "b".to_owned())]);
        selection.remove(&[(&ALL[1], "c".to_owned()), (&ALL[1], "unknown".to_owned()), (&ALL[2], "a".to_owned())]);
        assert_eq!(paths(&selection), ["a", "e", "d"]);
        assert!(selection.choose(photo("e")));
        assert_eq!(paths(&selection), ["a", "e", "d"], "it stays where it is");
        for (place, path) in paths(&selection).into_iter().enumerate() {
            assert_eq!(selection.position(&ALL[1], path), Some(place));
        }
        for gone in ["b", "c"] {
            assert_eq!(selection.position(&ALL[1], gone), None);
        }
        assert_eq!(selection.room(), 6);
        selection.clear();
        assert_eq!(selection.position(&ALL[1], "a"), None);
    }

    #[test]
    fn one_of_one_is_replaced() {
        let mut selection = Selection::new(1, 1);
        selection.choose(photo("a"));
        assert!(selection.choose(photo("b")));
        assert_eq!(paths(&selection), ["b"]);
        assert_eq!(selection.position(&ALL[1], "a"), None);
    }

    #[test]
    fn a_minimum_is_asked_for() {
        let mut selection = Selection::new(2, 5);
        selection.choose(photo("a"));
        assert!(!selection.is_enough());
        assert_eq!(selection.missing(), 1);
        selection.choose(photo("b"));
        assert!(selection.is_enough());
    }

    #[test]
    fn the_same_path_of_another_source_is_another_photo() {
        let mut selection = Selection::new(1, 5);
        selection.choose(photo("a"));
        assert_eq!(selection.position(&ALL[2], "a"), None);
        selection.forget(&ALL[2]);
        assert_eq!(paths(&selection), ["a"]);
        selection.forget(&ALL[1]);
        assert!(selection.chosen().is_empty());
    }

    #[test]
    fn only_accepted_images_may_be_chosen() {
        let accept = Accept::parse(&["image/png", "video/*"]).unwrap();
        let item = |mimetype: &str| Item { mimetype: mimetype.to_owned(), name: "x".to_owned(), ..Item::default() };
        let [cloud, device] = ["facebook", "local_file_system"].map(|name| crate::sources::find(name).unwrap());
        assert_eq!(refusal(cloud, &item("video/mp4"), &accept), Some(Refusal::Video));
        assert_eq!(refusal(device, &item("video/mp4"), &accept), None);
        assert_eq!(refusal(cloud, &item("image/jpeg"), &accept), Some(Refusal::NotAccepted));
        assert_eq!(refusal(cloud, &item("image/png"), &accept), None);
        assert_eq!(refusal(cloud, &item(""), &accept), None);
    }
}
