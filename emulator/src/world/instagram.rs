//! Instagram's people and their media.

use super::captions::Voice;
use super::ids::{Kind, Slot, mix};
use super::shapes::Shape;
use crate::clock::Unix;

/// Somebody who has an account.
pub struct InstagramAccount {
    /// How tests and the login page call them.
    pub key: &'static str,
    /// The app-scoped id: `id` of `/me`, and `user_id` of the token answer. Larger than 2^53 and not a multiple of
    /// four, so that whoever reads it as a double gets another number.
    pub id: &'static str,
    /// The id of the professional account, as webhooks name it: `user_id` of `/me`.
    pub user_id: &'static str,
    /// The handle.
    pub username: &'static str,
    /// The name shown on the profile.
    pub name: &'static str,
    /// Business or Creator. Meta has no API for personal accounts since 2024-12-04.
    pub professional: bool,
    /// `BUSINESS`, `MEDIA_CREATOR` or `PERSONAL`.
    pub account_type: &'static str,
    /// Whether they are a tester of the app, and so may sign in while it is in development mode.
    pub has_role: bool,
    /// One line for the login page.
    pub about: &'static str,
    /// How many media they have published.
    pub media: usize,
}

/// Every account of Instagram. The order is part of the ids: add at the end.
pub const INSTAGRAM: &[InstagramAccount] = &[
    InstagramAccount {
        key: "alice.pro",
        id: "27640875392278831",
        user_id: "17841405822304915",
        username: "alice.pro",
        name: "Alice Ferreira Photography",
        professional: true,
        account_type: "BUSINESS",
        has_role: true,
        about: "A professional account",
        media: 72,
    },
    InstagramAccount {
        key: "ben.personal",
        id: "26118340577190263",
        user_id: "17841460193827743",
        username: "ben.personal",
        name: "Ben",
        professional: false,
        account_type: "PERSONAL",
        has_role: false,
        about: "A personal account, which Meta refuses",
        media: 9,
    },
];

/// The account that the login page calls by this key.
pub fn instagram_by_key(key: &str) -> Option<&'static InstagramAccount> {
    INSTAGRAM.iter().find(|account| account.key == key)
}

/// What a media is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// An album of two to ten pictures and videos.
    Carousel,
}

impl MediaType {
    /// The word that the API uses.
    pub fn word(self) -> &'static str {
        match self {
            MediaType::Image => "IMAGE",
            MediaType::Video => "VIDEO",
            MediaType::Carousel => "CAROUSEL_ALBUM",
        }
    }
}

/// A media, or a child of a carousel.
#[derive(Clone, Debug)]
pub struct Media {
    /// Its place in the world.
    pub slot: Slot,
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: MediaType,
    /// The number that is printed on it.
    pub number: u32,
    /// When it was published.
    pub created: Unix,
    /// What is written under it; children have no caption of their own.
    pub caption: Option<String>,
    /// Whether `media_url` is given: Meta leaves it out for media with copyrighted material.
    pub has_url: bool,
    /// Decides what it looks like.
    pub seed: u64,
    /// Its size.
    pub shape: Shape,
}

/// The media that has no `media_url`; an image, and on the first page.
const WITHOUT_URL: usize = 4;

impl Media {
    /// The media, or child, with this id.
    pub fn find(id: &str) -> Option<Media> {
        let slot = Slot::of(id)?;
        (slot.kind == Kind::Media).then_some(())?;
        let media = Media::at(slot.account, slot.index)?;
        if slot.group == 0 { Some(media) } else { media.children().nth(slot.group - 1) }
    }

    /// All media of an account, the newest first.
    #[cfg(test)]
    pub fn all_of(account: usize) -> impl Iterator<Item = Media> {
        let count = INSTAGRAM.get(account).map_or(0, |account| account.media);
        (0..count).filter_map(move |index| Media::at(account, index))
    }

    /// The media at a place.
    pub fn at(account: usize, index: usize) -> Option<Media> {
        let owner = INSTAGRAM.get(account)?;
        (index < owner.media).then_some(())?;
        let slot = Slot { kind: Kind::Media, account, group: 0, index };
        let seed = mix((0x0100 + account as u64) << 48 | index as u64);
        let kind = match index {
            index if index % 6 == 2 => MediaType::Carousel,
            index if index % 8 == 3 => MediaType::Video,
            _ => MediaType::Image,
        };
        Some(Media {
            slot,
            id: slot.id(),
            kind,
            number: index as u32 + 1,
            created: 1_760_000_000 - index as Unix * 310_007,
            caption: Voice::Traveller.caption(index).filter(|_| index % 4 != 1),
            has_url: index != WITHOUT_URL,
            seed,
            shape: shape(seed),
        })
    }

    /// The account that published it.
    pub fn account(&self) -> &'static InstagramAccount {
        &INSTAGRAM[self.slot.account]
    }

    /// Whether it is a child of a carousel.
    pub fn is_child(&self) -> bool {
        self.slot.group > 0
    }

    /// What a carousel holds; nothing for all others.
    pub fn children(&self) -> impl Iterator<Item = Media> + use<> {
        let parent = self.clone();
        let is_carousel = self.kind == MediaType::Carousel && !self.is_child();
        let count = if is_carousel { 2 + (self.slot.index + 2) % 9 } else { 0 };
        (1..=count).map(move |group| {
            let slot = Slot { group, ..parent.slot };
            let seed = mix(parent.seed ^ group as u64);
            Media {
                slot,
                id: slot.id(),
                kind: if group == 3 { MediaType::Video } else { MediaType::Image },
                number: parent.number * 100 + group as u32,
                created: parent.created,
                caption: None,
                has_url: true,
                seed,
                // Instagram crops what a carousel holds to the proportions of its first picture.
                shape: parent.shape,
            }
        })
    }

    /// The letters in its address on instagram.com.
    pub fn shortcode(&self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut rest = self.seed;
        let tail: String = (0..10)
            .map(|_| {
                let letter = LETTERS[(rest % 64) as usize];
                rest /= 64;
                letter as char
            })
            .collect();
        format!("C{tail}")
    }
}

fn shape(seed: u64) -> Shape {
    match (seed >> 9) % 5 {
        0 | 1 => Shape::InstagramSquare,
        2 => Shape::InstagramWide,
        _ => Shape::InstagramPortrait,
    }
}
