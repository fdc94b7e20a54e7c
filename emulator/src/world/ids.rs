//! Ids that look like Meta's and can be read back: nothing has to be kept for ten thousand photos.
//!
//! A thing's place in the world is a small number; multiplied modulo 10^14 by a number that shares no factor with it,
//! it turns into fourteen digits that look random, and multiplying by the inverse leads back.

const MODULUS: u128 = 100_000_000_000_000;
const MULTIPLIER: u128 = 61_803_398_874_989;
const SHIFT: u128 = 27_182_818_284_590;

/// What an id stands for. The number is part of the id, so an order once given must stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An album of a Facebook account.
    Album = 1,
    /// A photo, or a video, of a Facebook album.
    Photo = 2,
    /// A media of an Instagram account, or a child of one.
    Media = 3,
    /// A Page.
    Page = 4,
}

/// Where a thing is: the account's place in its list, the group (an album; for Instagram 0, or the child's place
/// counted from 1) and the place in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// What it is.
    pub kind: Kind,
    /// The account's place in the list of its network.
    pub account: usize,
    /// The album, or the child of a carousel.
    pub group: usize,
    /// The place in the group.
    pub index: usize,
}

/// The first digits: ids of Facebook's photos begin with 10, those of Instagram's media with 17 or 18.
fn prefix(kind: Kind) -> u128 {
    match kind {
        Kind::Album | Kind::Photo => 101,
        Kind::Media => 179,
        Kind::Page => 104,
    }
}

/// The multiplier's inverse: the number whose product with it leaves 1 (extended Euclid).
fn inverse() -> u128 {
    let (mut old_rest, mut rest) = (MULTIPLIER as i128, MODULUS as i128);
    let (mut old_factor, mut factor) = (1i128, 0i128);
    while rest != 0 {
        let quotient = old_rest / rest;
        (old_rest, rest) = (rest, old_rest - quotient * rest);
        (old_factor, factor) = (factor, old_factor - quotient * factor);
    }
    old_factor.rem_euclid(MODULUS as i128) as u128
}

impl Slot {
    /// The id, seventeen digits: more than 2^53, which JavaScript numbers and doubles cannot hold.
    pub fn id(self) -> String {
        let place = ((self.kind as u128 * 100 + self.account as u128) * 1000 + self.group as u128) * 1_000_000
            + self.index as u128;
        (prefix(self.kind) * MODULUS + (place * MULTIPLIER + SHIFT) % MODULUS).to_string()
    }

    /// The place that an id stands for, if it could be one of ours. Whether something is there is for the world to say.
    pub fn of(id: &str) -> Option<Slot> {
        if id.len() != 17 || !id.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: u128 = id.parse().ok()?;
        let scrambled = number % MODULUS;
        let place = (scrambled + MODULUS - SHIFT) % MODULUS * inverse() % MODULUS;
        let index = (place % 1_000_000) as usize;
        let group = (place / 1_000_000 % 1000) as usize;
        let account = (place / 1_000_000_000 % 100) as usize;
        let kind = match place / 100_000_000_000 {
            1 => Kind::Album,
            2 => Kind::Photo,
            3 => Kind::Media,
            4 => Kind::Page,
            _ => return None,
        };
        (number / MODULUS == prefix(kind)).then_some(Slot { kind, account, group, index })
    }
}

/// A number that looks random and is always the same for the same input (the mixing steps of SplitMix64).
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_place() {
        for kind in [Kind::Album, Kind::Photo, Kind::Media, Kind::Page] {
            for (account, group, index) in [(0, 0, 0), (2, 0, 9_999), (3, 17, 128), (99, 999, 999_999)] {
                let slot = Slot { kind, account, group, index };
                let id = slot.id();
                assert_eq!(id.len(), 17, "{id}");
                assert!(id.parse::<u64>().unwrap() > 1 << 53);
                assert_eq!(Slot::of(&id), Some(slot));
            }
        }
    }

    #[test]
    fn other_numbers_stand_for_nothing() {
        for id in ["1", "me", "10100000000000001", "17900000000000000", "99999999999999999", "101000000000000000"] {
            assert_eq!(Slot::of(id), None, "{id}");
        }
    }
}
