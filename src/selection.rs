//! What is chosen: toggling, limits, order. Pure.

use crate::sources::Source;
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::listing::Item;
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
}

impl Chosen {
    /// Whether it is this photo.
    pub fn is(&self, source: &Source, path: &str) -> bool {
        self.source.name == source.name && self.item.path == path
    }
}

/// The chosen photos, in the order of choosing, which is the order of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    chosen: Vec<Chosen>,
    min: usize,
    max: usize,
}

/// What a toggle did.
#[derive(Debug, PartialEq, Eq)]
pub enum Toggled {
    /// It is chosen now.
    Added,
    /// It was chosen.
    Removed,
    /// It is not chosen, since the limit is reached.
    Full,
}

impl Selection {
    /// Nothing chosen yet; the limits are those of `minFiles` and `maxFiles`.
    pub fn new(min: usize, max: usize) -> Self {
        Self { chosen: Vec::new(), min, max }
    }

    /// Chooses a photo, or lets go of it. Where only one may be chosen, the new one takes the place of the old.
    pub fn toggle(&mut self, photo: Chosen) -> Toggled {
        if let Some(index) = self.position(photo.source, &photo.item.path) {
            self.chosen.remove(index);
            return Toggled::Removed;
        }
        if self.max == 1 {
            self.chosen.clear();
        }
        if self.is_full() {
            return Toggled::Full;
        }
        self.chosen.push(photo);
        Toggled::Added
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.chosen.clear();
    }

    /// Lets go of what comes from this source.
    pub fn forget(&mut self, source: &Source) {
        self.chosen.retain(|photo| photo.source.name != source.name);
    }

    /// The place in the order of choosing, from 0; `None` when it is not chosen.
    pub fn position(&self, source: &Source, path: &str) -> Option<usize> {
        self.chosen.iter().position(|photo| photo.is(source, path))
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

/// Whether a listed file may be chosen at all. Only images may, whatever `accept` says; a type that is not
/// known before the bytes are read may too, and is judged again by the companion.
pub fn refusal(item: &Item, accept: &Accept) -> Option<Refusal> {
    if !item.mimetype.is_empty() && !item.mimetype.starts_with("image/") {
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
        Chosen { source: &ALL[0], item, folder: "/".to_owned(), id: path.to_owned() }
    }

    fn paths(selection: &Selection) -> Vec<&str> {
        selection.chosen().iter().map(|photo| photo.item.path.as_str()).collect()
    }

    #[test]
    fn the_order_is_the_order_of_choosing() {
        let mut selection = Selection::new(1, 3);
        for path in ["b", "a", "c"] {
            assert_eq!(selection.toggle(photo(path)), Toggled::Added);
        }
        assert_eq!(selection.toggle(photo("d")), Toggled::Full);
        assert_eq!(paths(&selection), ["b", "a", "c"]);
        assert_eq!(selection.toggle(photo("a")), Toggled::Removed);
        assert_eq!(selection.toggle(photo("a")), Toggled::Added);
        assert_eq!(paths(&selection), ["b", "c", "a"]);
    }

    #[test]
    fn one_of_one_is_replaced() {
        let mut selection = Selection::new(1, 1);
        selection.toggle(photo("a"));
        assert_eq!(selection.toggle(photo("b")), Toggled::Added);
        assert_eq!(paths(&selection), ["b"]);
    }

    #[test]
    fn a_minimum_is_asked_for() {
        let mut selection = Selection::new(2, 5);
        selection.toggle(photo("a"));
        assert!(!selection.is_enough());
        assert_eq!(selection.missing(), 1);
        selection.toggle(photo("b"));
        assert!(selection.is_enough());
    }

    #[test]
    fn the_same_path_of_another_source_is_another_photo() {
        let mut selection = Selection::new(1, 5);
        selection.toggle(photo("a"));
        assert_eq!(selection.position(&ALL[1], "a"), None);
        selection.forget(&ALL[1]);
        assert_eq!(paths(&selection), ["a"]);
        selection.forget(&ALL[0]);
        assert!(selection.chosen().is_empty());
    }

    #[test]
    fn only_accepted_images_may_be_chosen() {
        let accept = Accept::parse(&["image/png", "video/*"]).unwrap();
        let item = |mimetype: &str| Item { mimetype: mimetype.to_owned(), name: "x".to_owned(), ..Item::default() };
        assert_eq!(refusal(&item("video/mp4"), &accept), Some(Refusal::Video));
        assert_eq!(refusal(&item("image/jpeg"), &accept), Some(Refusal::NotAccepted));
        assert_eq!(refusal(&item("image/png"), &accept), None);
        assert_eq!(refusal(&item(""), &accept), None);
    }
}
