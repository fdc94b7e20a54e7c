//! Choosing from one photo to another: with Shift, with the mouse held down, with a finger that stays.

use std::collections::BTreeSet;

/// A range that is being chosen. It grows and shrinks, and gives back only what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    anchor: usize,
    end: usize,
    /// Places that were not chosen before this reached them.
    taken: BTreeSet<usize>,
}

impl Sweep {
    /// A range that begins here and holds nothing yet.
    pub fn from(anchor: usize) -> Self {
        Self { anchor, end: anchor, taken: BTreeSet::new() }
    }

    /// Extends it to `place`, or takes it back to there. Answers what is to be chosen, from the anchor on, and what is to be let
    /// go of. `can_take` says of a place whether it can be chosen and is not.
    pub fn reach(&mut self, place: usize, can_take: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<usize>) {
        self.end = place;
        let (first, last) = (self.anchor.min(place), self.anchor.max(place));
        let left: Vec<usize> = self.taken.iter().copied().filter(|it| !(first..=last).contains(it)).collect();
        self.taken.retain(|it| (first..=last).contains(it));
        let mut found: Vec<usize> = (first..=last).filter(|it| !self.taken.contains(it) && can_take(*it)).collect();
        if place < self.anchor {
            found.reverse();
        }
        self.taken.extend(&found);
        (found, left)
    }

    /// Where it ends now.
    pub fn end(&self) -> usize {
        self.end
    }

    /// All that it took.
    pub fn taken(self) -> Vec<usize> {
        self.taken.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_from_its_anchor_and_gives_back_what_it_took() {
        let mut sweep = Sweep::from(5);
        assert_eq!(sweep.reach(8, |it| it != 6), (vec![5, 7, 8], vec![]));
        assert_eq!(sweep.reach(7, |it| it == 6), (vec![6], vec![8]));
        assert_eq!(sweep.reach(3, |_| true), (vec![4, 3], vec![6, 7]));
        assert_eq!(sweep.end(), 3);
        assert_eq!(sweep.taken(), [3, 4, 5]);
    }

    #[test]
    fn what_was_chosen_before_stays_so() {
        let mut sweep = Sweep::from(0);
        assert_eq!(sweep.reach(4, |it| it > 2), (vec![3, 4], vec![]));
        assert_eq!(sweep.reach(0, |_| false), (vec![], vec![3, 4]));
    }
}
