//! The copying of what was confirmed: each photo's way, and all of them together.

use super::State;
use crate::error::Trouble;
use crate::selection::Chosen;
use crate::sources::{Kind, Source};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::{StoreEvent, StoredFile};
use std::collections::HashMap;

/// The copying of what was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storing {
    /// In the order of the choice. Changed through [`Storing::set`] only, which keeps count.
    photos: Vec<Photo>,
    /// Where each photo stands, by its source and path: with a thousand of them each event looks for one.
    places: HashMap<(&'static str, String), usize>,
    tally: Tally,
    /// Whether the companion is not heard at the moment, and is asked again and again.
    pub lost: bool,
    /// Whether the visitor is asked if the copying is to stop.
    pub leaving: bool,
    /// Whether it began with the choice, before that was confirmed.
    pub early: bool,
}

/// One photo on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Which.
    pub chosen: Chosen,
    /// How far.
    pub progress: Progress,
}

/// How far a photo is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of it has been heard.
    Waiting,
    /// So many bytes have arrived at the companion.
    Moving {
        /// Bytes so far.
        received: u64,
        /// Bytes in all, once known.
        total: Option<u64>,
    },
    /// It is stored.
    Stored(Box<StoredFile>),
    /// It is not.
    Failed(Trouble),
    /// The visitor no longer wants it. It is stored all the same where the companion was faster, and then says so.
    Cancelled,
}

/// How the photos stand together, kept up to date so that no event has to count them all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are.
    pub photos: usize,
    /// How many are stored.
    pub stored: usize,
    /// How many have failed.
    pub failed: usize,
    /// How many the visitor has cancelled.
    pub cancelled: usize,
    /// Bytes that have arrived, of those that have neither failed nor been cancelled.
    pub received: u64,
    /// Bytes in all of the same photos, as far as known.
    pub total: u64,
    /// How many of the same photos have a size that is not known yet.
    pub unknown: usize,
    /// The progress of each in thousandths, summed up.
    thousandths: usize,
}

impl Tally {
    /// Whether nothing is on its way any more.
    pub fn has_ended(&self) -> bool {
        self.ended() == self.photos
    }

    /// How many are no longer on their way.
    pub fn ended(&self) -> usize {
        self.stored + self.failed + self.cancelled
    }

    /// How many are copied unless they are cancelled or fail.
    pub fn wanted(&self) -> usize {
        self.photos - self.cancelled
    }

    /// How much of all has arrived, in thousandths. Each photo counts the same, since sizes are not known beforehand.
    pub fn thousandths(&self) -> usize {
        self.thousandths / self.wanted().max(1)
    }
}

impl Photo {
    fn waiting(chosen: &Chosen) -> Self {
        Self { chosen: chosen.clone(), progress: Progress::Waiting }
    }

    /// Whether it is no longer on its way.
    pub fn has_ended(&self) -> bool {
        matches!(self.progress, Progress::Stored(_) | Progress::Failed(_) | Progress::Cancelled)
    }

    /// How much of it has arrived, in thousandths.
    pub fn thousandths(&self) -> usize {
        match &self.progress {
            Progress::Moving { received, total: Some(total) } if *total > 0 => {
                usize::try_from(received.saturating_mul(1000) / total).unwrap_or_default().min(1000)
            }
            Progress::Waiting | Progress::Moving { .. } | Progress::Cancelled => 0,
            Progress::Stored(_) | Progress::Failed(_) => 1000,
        }
    }

    /// Bytes that have arrived, and bytes in all, once known.
    pub fn bytes(&self) -> (u64, Option<u64>) {
        let listed = Some(self.chosen.item.bytes).filter(|bytes| *bytes > 0);
        match &self.progress {
            Progress::Waiting => (0, listed),
            Progress::Moving { received, total } => (*received, total.or(listed)),
            Progress::Stored(file) => (file.size, Some(file.size)),
            Progress::Failed(_) | Progress::Cancelled => (0, Some(0)),
        }
    }

    /// Whether it may be asked for once more by itself.
    pub fn can_retry(&self) -> bool {
        match &self.progress {
            Progress::Failed(trouble) => trouble.worth_retrying(),
            Progress::Cancelled => true,
            Progress::Waiting | Progress::Moving { .. } | Progress::Stored(_) => false,
        }
    }
}

impl Storing {
    /// Nothing of these is copied yet.
    pub fn of(chosen: &[Chosen]) -> Self {
        let place = |(place, photo): (usize, &Chosen)| ((photo.source.name, photo.item.path.clone()), place);
        let places = chosen.iter().enumerate().map(place).collect();
        let mut storing = Self {
            photos: chosen.iter().map(Photo::waiting).collect(),
            places,
            tally: Tally { photos: chosen.len(), ..Tally::default() },
            lost: false,
            leaving: false,
            early: false,
        };
        for photo in &storing.photos {
            count(&mut storing.tally, photo, true);
        }
        storing
    }

    /// These, as far on their way as they are here.
    fn of_same(&self, chosen: &[Chosen]) -> Self {
        let mut storing = Self { lost: self.lost, early: self.early, ..Self::of(chosen) };
        for photo in &self.photos {
            let place = storing.places.get(&(photo.chosen.source.name, photo.chosen.item.path.clone())).copied();
            // One that was let go of and chosen again is another.
            if let Some(place) = place.filter(|place| storing.photos[*place].chosen.id == photo.chosen.id) {
                storing.set(place, photo.progress.clone());
            }
        }
        storing
    }

    /// In the order of the choice.
    pub fn photos(&self) -> &[Photo] {
        &self.photos
    }

    /// How the photos stand together.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Where a photo stands.
    pub fn place(&self, source: &str, path: &str) -> Option<usize> {
        let source = crate::sources::find(source)?.name;
        self.places.get(&(source, path.to_owned())).copied()
    }

    /// Whether nothing is on its way any more.
    pub fn has_ended(&self) -> bool {
        self.tally.has_ended()
    }

    /// The source that the visitor has to connect again before it gives what failed.
    pub fn signed_out_source(&self) -> Option<&'static Source> {
        let lost = |photo: &&Photo| matches!(&photo.progress, Progress::Failed(it) if it.needs_sign_in());
        self.photos.iter().find(lost).map(|photo| photo.chosen.source)
    }

    /// Whether trying again may help with at least one that failed.
    pub fn can_retry(&self) -> bool {
        self.photos.iter().any(has_failed_for_now)
    }

    /// What is worth to be asked for.
    pub fn pending(&self) -> Vec<Chosen> {
        self.photos.iter().filter(|photo| !photo.has_ended()).map(|photo| photo.chosen.clone()).collect()
    }

    /// The places of those that could not be copied or were cancelled.
    pub fn missing(&self) -> Vec<usize> {
        let missing = |photo: &Photo| matches!(photo.progress, Progress::Failed(_) | Progress::Cancelled);
        self.photos.iter().enumerate().filter(|(_, photo)| missing(photo)).map(|(place, _)| place).collect()
    }

    /// What went wrong, each once, with the source and the number of photos, in the order of the choice.
    pub fn troubles(&self) -> Vec<(Trouble, &'static Source, usize)> {
        let mut troubles: Vec<(Trouble, &'static Source, usize)> = Vec::new();
        for photo in &self.photos {
            let Progress::Failed(trouble) = &photo.progress else { continue };
            let source = photo.chosen.source;
            match troubles.iter_mut().find(|(known, of, _)| known.sentence() == trouble.sentence() && *of == source) {
                Some((.., count)) => *count += 1,
                None => troubles.push((trouble.clone(), source, 1)),
            }
        }
        troubles
    }

    fn set(&mut self, place: usize, progress: Progress) {
        if let Some(photo) = self.photos.get_mut(place) {
            count(&mut self.tally, photo, false);
            photo.progress = progress;
            count(&mut self.tally, photo, true);
        }
    }

    fn set_where(&mut self, which: impl Fn(&Photo) -> bool, progress: &Progress) {
        for place in 0..self.photos.len() {
            if which(&self.photos[place]) {
                self.set(place, progress.clone());
            }
        }
    }
}

fn has_failed_for_now(photo: &Photo) -> bool {
    matches!(&photo.progress, Progress::Failed(trouble) if trouble.worth_retrying())
}

/// Adds a photo to the tally, or takes it out.
fn count(tally: &mut Tally, photo: &Photo, add: bool) {
    let change = |number: &mut usize, by: usize| *number = if add { *number + by } else { number.saturating_sub(by) };
    let change_bytes = |number: &mut u64, by: u64| *number = if add { *number + by } else { number.saturating_sub(by) };
    match &photo.progress {
        Progress::Stored(_) => change(&mut tally.stored, 1),
        Progress::Failed(_) => change(&mut tally.failed, 1),
        Progress::Cancelled => change(&mut tally.cancelled, 1),
        Progress::Waiting | Progress::Moving { .. } => {}
    }
    let (received, total) = photo.bytes();
    change_bytes(&mut tally.received, received);
    match total {
        Some(total) => change_bytes(&mut tally.total, total),
        None => change(&mut tally.unknown, 1),
    }
    change(&mut tally.thousandths, photo.thousandths());
}

impl State {
    pub(super) fn copying_mut(&mut self) -> Option<&mut Storing> {
        self.storing.as_mut().or(self.early.as_mut())
    }

    /// Copying that begins with the choice: what of it is chosen no longer.
    pub fn let_go(&self) -> Vec<Photo> {
        let photos = self.early.iter().flat_map(Storing::photos);
        let stays = |chosen: &Chosen| {
            let place = self.selection.position(chosen.source, &chosen.item.path);
            place.is_some_and(|place| self.selection.chosen()[place].id == chosen.id)
        };
        photos.filter(|photo| !stays(&photo.chosen)).cloned().collect()
    }

    pub(super) fn follow_choice(&mut self) {
        let early = self.early.take().unwrap_or_else(|| Storing { early: true, ..Storing::of(&[]) });
        self.early = Some(early.of_same(self.selection.chosen()));
    }

    /// Copying begins, or begins again for all that failed and may yet succeed.
    pub(super) fn confirm(&mut self) {
        match &mut self.storing {
            None => {
                self.tray = false;
                let chosen = self.selection.chosen();
                // As far as it has begun already, and in the order that the choice has by now.
                let mut storing = self.early.take().map_or_else(|| Storing::of(chosen), |early| early.of_same(chosen));
                storing.set_where(Photo::can_retry, &Progress::Waiting);
                self.storing = Some(storing);
            }
            Some(storing) => storing.set_where(has_failed_for_now, &Progress::Waiting),
        }
    }

    /// Back to choosing. Where copying begins with that, what is stored stays so for as long as it is chosen.
    pub(super) fn reconsider(&mut self) {
        self.early = self.storing.take().filter(|storing| storing.early).map(|mut storing| {
            storing.lost = false;
            let goes_on = |photo: &&Photo| !matches!(photo.progress, Progress::Failed(_) | Progress::Cancelled);
            let chosen: Vec<_> = storing.photos.iter().filter(goes_on).map(|photo| photo.chosen.clone()).collect();
            storing.of_same(&chosen)
        });
    }

    /// These are wanted once more.
    pub(super) fn retry(&mut self, places: &[usize]) {
        let Some(storing) = &mut self.storing else { return };
        for &place in places {
            if storing.photos.get(place).is_some_and(Photo::can_retry) {
                storing.set(place, Progress::Waiting);
            }
        }
    }

    /// These are no longer wanted, as far as they are still on their way.
    pub(super) fn cancel(&mut self, places: &[usize]) {
        let Some(storing) = &mut self.storing else { return };
        for &place in places {
            if storing.photos.get(place).is_some_and(|photo| !photo.has_ended()) {
                storing.set(place, Progress::Cancelled);
            }
        }
    }

    /// What the companion fetches and has not ended has failed.
    pub(super) fn lose(&mut self, trouble: Trouble) {
        if let Some(storing) = self.copying_mut() {
            let lost = |photo: &Photo| !photo.has_ended() && photo.chosen.source.kind != Kind::Device;
            storing.set_where(lost, &Progress::Failed(trouble));
        }
    }

    /// Takes in what the companion says of a photo.
    pub(super) fn store(&mut self, event: StoreEvent) {
        let Some(storing) = self.copying_mut() else { return };
        let (source, path, progress) = match event {
            StoreEvent::Progress { source, path, received, total } => {
                (source, path, Progress::Moving { received, total })
            }
            StoreEvent::Stored { source, path, file } => (source, path, Progress::Stored(file)),
            StoreEvent::Failed { source, path, error } if error.code == ProblemCode::Cancelled => {
                (source, path, Progress::Cancelled)
            }
            StoreEvent::Failed { source, path, error } => (source, path, Progress::Failed(error.into())),
            StoreEvent::Done => return,
        };
        let Some(place) = storing.place(&source, &path) else { return };
        match (&storing.photos[place].progress, &progress) {
            // Its end is its end.
            (Progress::Stored(_), _) => {}
            // What was said before the companion heard of the cancelling.
            (Progress::Cancelled, Progress::Moving { .. } | Progress::Failed(_)) => {}
            _ => storing.set(place, progress),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Changes;
    use crate::sources::ALL;
    use crate::state::Event;
    use bowerbird_protocol::accept::Accept;
    use bowerbird_protocol::listing::Item;
    use bowerbird_protocol::problem::Problem;

    fn chosen(path: &str, id: &str) -> Chosen {
        let item = Item { path: path.to_owned(), ..Item::default() };
        Chosen {
            source: &ALL[1],
            item: item.into(),
            folder: "/".to_owned(),
            id: id.to_owned(),
            changes: Changes::default(),
        }
    }

    fn choosing(paths: &[&str]) -> State {
        let mut state = State::new(&[&ALL[1]], Accept::default(), 1, 5);
        state.apply(Event::ChoseMany(paths.iter().map(|path| chosen(path, path)).collect()));
        state
    }

    fn copying(paths: &[&str]) -> State {
        let mut state = choosing(paths);
        state.apply(Event::Confirmed);
        state
    }

    /// Of which copying begins with the choice.
    fn early(paths: &[&str]) -> State {
        let mut state = choosing(paths);
        state.apply(Event::Followed);
        state
    }

    fn standings(storing: Option<&Storing>) -> Vec<(String, &'static str)> {
        let name = |photo: &Photo| match photo.progress {
            Progress::Waiting => "waiting",
            Progress::Moving { .. } => "moving",
            Progress::Stored(_) => "stored",
            Progress::Failed(_) => "failed",
            Progress::Cancelled => "cancelled",
        };
        let photos = storing.into_iter().flat_map(Storing::photos);
        photos.map(|photo| (photo.chosen.item.path.clone(), name(photo))).collect()
    }

    fn these(all: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        all.iter().map(|(path, name)| ((*path).to_owned(), *name)).collect()
    }

    fn let_go(path: &str) -> Event {
        Event::LetGo(vec![(&ALL[1], path.to_owned())])
    }

    #[test]
    fn what_was_copied_before_it_is_confirmed_stands_as_far_as_it_is_and_in_the_order_of_the_choice() {
        let mut state = early(&["a", "b", "c", "d"]);
        assert!(state.storing.is_none(), "nothing is seen of it");
        state.apply(stored("a", 10));
        state.apply(moving("b", 4, Some(8)));
        state.apply(failed("c", ProblemCode::PhotoIncomplete));
        state.apply(failed("d", ProblemCode::PhotoGone));
        state.apply(Event::Heard(false));
        state.apply(Event::Moved(0, 3));
        state.apply(Event::ChoseMany(vec![chosen("e", "e")]));
        state.apply(Event::Confirmed);
        let all = [("b", "moving"), ("c", "waiting"), ("d", "failed"), ("a", "stored"), ("e", "waiting")];
        assert_eq!(standings(state.storing.as_ref()), these(&all), "what failed for now is tried again");
        assert!(state.early.is_none() && state.storing.as_ref().is_some_and(|storing| storing.lost));
        let counted = tally(&state);
        assert_eq!((counted.photos, counted.stored, counted.failed, counted.received), (5, 1, 1, 14));
    }

    #[test]
    fn all_that_is_copied_early_may_be_there_at_the_button() {
        let mut state = early(&["a"]);
        state.apply(stored("a", 1));
        state.apply(Event::Confirmed);
        assert!(state.storing.as_ref().is_some_and(Storing::has_ended));
    }

    #[test]
    fn what_is_let_go_of_is_copied_no_longer_and_chosen_again_it_is_another() {
        let mut state = early(&["a", "b"]);
        state.apply(stored("a", 1));
        state.apply(let_go("a"));
        state.apply(Event::ChoseMany(vec![chosen("a", "a2")]));
        let gone: Vec<_> = state.let_go().into_iter().map(|photo| photo.chosen.id).collect();
        assert_eq!(gone, ["a"]);
        state.apply(Event::Followed);
        assert_eq!(standings(state.copying()), these(&[("b", "waiting"), ("a", "waiting")]));
        assert!(state.let_go().is_empty());
        state.apply(Event::Cleared);
        assert_eq!(state.let_go().len(), 2);
    }

    #[test]
    fn after_a_second_thought_what_is_stored_stays_so_while_it_is_chosen() {
        let mut state = early(&["a", "b", "c"]);
        state.apply(Event::Confirmed);
        state.apply(stored("a", 1));
        state.apply(failed("b", ProblemCode::SignInAgain));
        state.apply(Event::Cancelled(vec![2]));
        state.apply(Event::Reconsidered);
        assert!(state.storing.is_none());
        assert_eq!(standings(state.early.as_ref()), these(&[("a", "stored")]));
        state.apply(Event::Confirmed);
        assert_eq!(standings(state.storing.as_ref()), these(&[("a", "stored"), ("b", "waiting"), ("c", "waiting")]));

        let mut plain = copying(&["a"]);
        plain.apply(Event::Reconsidered);
        assert!(plain.copying().is_none(), "where it does not begin early, it begins anew");
    }

    #[test]
    fn a_remark_stays_while_photos_are_copied_early() {
        let mut state = early(&["a", "b", "c", "d", "e"]);
        state.apply(Event::ChoseMany(vec![chosen("f", "f")]));
        state.apply(Event::Followed);
        state.apply(moving("a", 1, None));
        assert_eq!(state.notice, Some(crate::state::Notice::Full));
    }

    fn moving(path: &str, received: u64, total: Option<u64>) -> Event {
        Event::Store(StoreEvent::Progress { source: "facebook".to_owned(), path: path.to_owned(), received, total })
    }

    fn stored(path: &str, size: u64) -> Event {
        let file = Box::new(StoredFile { size, ..StoredFile::default() });
        Event::Store(StoreEvent::Stored { source: "facebook".to_owned(), path: path.to_owned(), file })
    }

    fn failed(path: &str, code: ProblemCode) -> Event {
        let error = Problem::new(code);
        Event::Store(StoreEvent::Failed { source: "facebook".to_owned(), path: path.to_owned(), error })
    }

    fn tally(state: &State) -> Tally {
        let storing = state.storing.as_ref().expect("storing");
        let mut counted = Tally { photos: storing.photos.len(), ..Tally::default() };
        for photo in &storing.photos {
            count(&mut counted, photo, true);
        }
        assert_eq!(counted, storing.tally, "what is kept is what would be counted");
        counted
    }

    #[test]
    fn bytes_are_summed_up_and_those_that_fail_no_longer_count() {
        let mut state = copying(&["a", "b", "c"]);
        assert_eq!((tally(&state).unknown, tally(&state).thousandths()), (3, 0));
        state.apply(moving("a", 50, Some(100)));
        state.apply(moving("b", 10, None));
        assert_eq!((tally(&state).received, tally(&state).total, tally(&state).unknown), (60, 100, 2));
        state.apply(moving("a", 20, Some(100)));
        assert_eq!(tally(&state).received, 30, "a transfer may start over");
        state.apply(stored("a", 100));
        state.apply(failed("b", ProblemCode::PhotoIncomplete));
        state.apply(stored("c", 300));
        let end = tally(&state);
        assert_eq!((end.received, end.total, end.unknown), (400, 400, 0));
        assert!(end.has_ended());
        assert_eq!((end.stored, end.failed, end.thousandths()), (2, 1, 1000));
    }

    #[test]
    fn one_that_is_cancelled_stays_so_unless_it_was_stored_before() {
        let mut state = copying(&["a", "b", "c"]);
        state.apply(stored("c", 1));
        state.apply(Event::Cancelled(vec![0, 1, 2]));
        assert_eq!((tally(&state).cancelled, tally(&state).stored), (2, 1), "what is stored stays stored");
        state.apply(moving("a", 5, Some(9)));
        state.apply(failed("a", ProblemCode::PhotoIncomplete));
        state.apply(failed("a", ProblemCode::Cancelled));
        assert_eq!(tally(&state).cancelled, 2);
        state.apply(stored("b", 7));
        assert_eq!((tally(&state).cancelled, tally(&state).stored, tally(&state).wanted()), (1, 2, 2));
        let storing = state.storing.as_ref().expect("storing");
        assert_eq!((storing.pending().len(), storing.missing()), (0, vec![0]));
    }

    #[test]
    fn one_is_tried_again_while_the_others_stay_as_they_are() {
        let mut state = copying(&["a", "b", "c"]);
        state.apply(failed("a", ProblemCode::PhotoGone));
        state.apply(failed("b", ProblemCode::PhotoIncomplete));
        state.apply(Event::Cancelled(vec![2]));
        state.apply(Event::Retried(vec![0, 1, 2]));
        let pending: Vec<_> =
            state.storing.iter().flat_map(Storing::pending).map(|chosen| chosen.item.path.clone()).collect();
        assert_eq!(pending, ["b", "c"], "what is gone is not asked for again");
    }

    #[test]
    fn each_reason_is_told_once() {
        let mut state = copying(&["a", "b", "c"]);
        state.apply(failed("a", ProblemCode::PhotoIncomplete));
        state.apply(failed("b", ProblemCode::TooLarge));
        state.apply(failed("c", ProblemCode::PhotoIncomplete));
        let troubles = state.storing.as_ref().expect("storing").troubles();
        let counts: Vec<_> = troubles.iter().map(|(trouble, _, count)| (trouble.code_name(), *count)).collect();
        assert_eq!(counts, [("photo_incomplete", 2), ("too_large", 1)]);
    }
}
