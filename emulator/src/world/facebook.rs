//! Facebook's people, their albums and their photos.

use super::captions::Voice;
use super::ids::{Kind, Slot, mix};
use super::shapes::Shape;
use crate::clock::Unix;

/// Somebody who has an account.
pub struct FacebookAccount {
    /// How tests and the login page call them.
    pub key: &'static str,
    /// The app-scoped user id.
    pub id: &'static str,
    /// The whole name.
    pub name: &'static str,
    /// The given name.
    pub first_name: &'static str,
    /// The family name.
    pub last_name: &'static str,
    /// Whether they are a developer or tester of the app, and so may sign in while it is in development mode.
    pub has_role: bool,
    /// One line for the login page.
    pub about: &'static str,
    /// Their albums.
    pub albums: &'static [Album],
    /// How many photos of other people they are tagged in.
    pub tagged: usize,
}

/// An album.
pub struct Album {
    /// Its title.
    pub name: &'static str,
    /// `normal`, `profile`, `mobile`, `cover` or `wall`.
    pub kind: &'static str,
    /// What it says about itself, if anything.
    pub description: Option<&'static str>,
    /// Where it was taken, if that is known.
    pub location: Option<&'static str>,
    /// How many items it holds.
    pub photos: usize,
    /// The places of its videos.
    pub videos: &'static [usize],
    /// How much `count` is off: Meta calls it approximate.
    pub count_error: usize,
    /// When its first photo was taken.
    pub begins: Unix,
    /// Seconds from one photo to the next.
    pub step: Unix,
    voice: Voice,
    shapes: Shapes,
}

/// Which shapes an album's photos have.
#[derive(Clone, Copy)]
enum Shapes {
    Mixed,
    Square,
    Small,
}

const DAY: Unix = 86_400;

const NOTHING: Album = Album {
    name: "",
    kind: "normal",
    description: None,
    location: None,
    photos: 0,
    videos: &[],
    count_error: 0,
    begins: 0,
    step: DAY,
    voice: Voice::Silent,
    shapes: Shapes::Mixed,
};

/// A photo a day, as `clara` has ten thousand of.
const DIARY: Album = Album { voice: Voice::Diarist, shapes: Shapes::Small, ..NOTHING };

/// Every account of Facebook. The order is part of the ids: add at the end.
pub const FACEBOOK: &[FacebookAccount] = &[
    FacebookAccount {
        key: "alice",
        id: "10158274930112345",
        name: "Alice Ferreira",
        first_name: "Alice",
        last_name: "Ferreira",
        has_role: true,
        about: "Albums of every kind",
        tagged: 7,
        albums: &[
            Album {
                name: "Holidays in Lisbon",
                description: Some("Four days in May."),
                location: Some("Lisbon, Portugal"),
                photos: 24,
                begins: 1_715_328_000,
                step: 9_400,
                voice: Voice::Traveller,
                ..NOTHING
            },
            Album {
                name: "Profile pictures",
                kind: "profile",
                photos: 6,
                begins: 1_420_106_400,
                step: 400 * DAY,
                shapes: Shapes::Square,
                ..NOTHING
            },
            Album {
                name: "Mobile uploads",
                kind: "mobile",
                photos: 134,
                count_error: 2,
                begins: 1_546_350_000,
                step: 11 * DAY + 4_321,
                voice: Voice::Sparse,
                ..NOTHING
            },
            Album { name: "Someday", description: Some("Nothing here yet."), begins: 1_600_000_000, ..NOTHING },
            Album {
                name: "A day at the lake",
                photos: 12,
                videos: &[3],
                begins: 1_689_408_000,
                step: 1_800,
                voice: Voice::Sparse,
                ..NOTHING
            },
            Album { name: "Cover photos", kind: "cover", photos: 3, begins: 1_500_000_000, step: 700 * DAY, ..NOTHING },
        ],
    },
    FacebookAccount {
        key: "ben",
        id: "10159930471200417",
        name: "Ben Okafor",
        first_name: "Ben",
        last_name: "Okafor",
        has_role: true,
        about: "No albums at all",
        tagged: 0,
        albums: &[],
    },
    FacebookAccount {
        key: "clara",
        id: "10160017742093681",
        name: "Clara Lindqvist",
        first_name: "Clara",
        last_name: "Lindqvist",
        has_role: true,
        about: "One album of 10,000 photos",
        tagged: 0,
        albums: &[Album {
            name: "Every day since 1997",
            description: Some("One photo a day."),
            photos: 10_000,
            begins: 852_120_000,
            voice: Voice::Diarist,
            // Nobody had twelve megapixels in 1997, and ten thousand photos should not ask for any.
            shapes: Shapes::Small,
            ..NOTHING
        }],
    },
    FacebookAccount {
        key: "dalia",
        id: "10161128830574923",
        name: "داليا الحداد",
        first_name: "داليا",
        last_name: "الحداد",
        has_role: true,
        about: "Captions long, right-to-left, or missing",
        tagged: 2,
        albums: &[
            Album {
                name: "عطلة الصيف على شاطئ البحر",
                description: Some("كل الصور من رحلتنا"),
                location: Some("صور، لبنان"),
                photos: 20,
                begins: 1_722_500_000,
                step: 5_000,
                voice: Voice::Polyglot,
                ..NOTHING
            },
            Album {
                name: "An album whose title goes on and on, because somebody wanted the whole story to be in it, from \
                       the first morning to the last evening",
                photos: 5,
                begins: 1_690_000_000,
                voice: Voice::Polyglot,
                ..NOTHING
            },
            Album { name: "חופשה", photos: 4, begins: 1_660_000_000, voice: Voice::Polyglot, ..NOTHING },
        ],
    },
    FacebookAccount {
        key: "eve",
        id: "10162239017465577",
        name: "Eve Marchetti",
        first_name: "Eve",
        last_name: "Marchetti",
        has_role: false,
        about: "A stranger while the app is in development mode",
        tagged: 0,
        albums: &[Album { name: "Garden", photos: 5, begins: 1_650_000_000, voice: Voice::Sparse, ..NOTHING }],
    },
    FacebookAccount {
        key: "frida",
        id: "10163451190226108",
        name: "Frida Halvorsen",
        first_name: "Frida",
        last_name: "Halvorsen",
        has_role: true,
        about: "Albums of 100, 1,000 and 2,000 photos",
        tagged: 0,
        albums: &[
            Album { name: "A hundred birds", photos: 100, begins: 1_580_000_000, ..DIARY },
            Album { name: "A thousand walks", photos: 1_000, begins: 1_400_000_000, ..DIARY },
            Album { name: "Two thousand mornings", photos: 2_000, begins: 1_200_000_000, ..DIARY },
        ],
    },
];

/// The group of the photos in which an account is tagged; they are in no album of theirs.
pub const ALBUMLESS_GROUP: usize = 900;

/// The account that the login page calls by this key.
pub fn facebook_by_key(key: &str) -> Option<&'static FacebookAccount> {
    FACEBOOK.iter().find(|account| account.key == key)
}

impl FacebookAccount {
    /// The account's place in the list, which is part of the ids of what it owns.
    pub fn place(&self) -> usize {
        FACEBOOK.iter().position(|account| account.key == self.key).unwrap_or_default()
    }

    /// The id of the album at a place.
    pub fn album_id(&self, group: usize) -> String {
        Slot { kind: Kind::Album, account: self.place(), group, index: 0 }.id()
    }

    /// How many photos a group has: an album's, or those the person is tagged in.
    pub fn photos_in(&self, group: usize) -> usize {
        if group == ALBUMLESS_GROUP { self.tagged } else { self.albums.get(group).map_or(0, |album| album.photos) }
    }
}

/// A photo, or a video among photos.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Its place in the world.
    pub slot: Slot,
    /// Its id.
    pub id: String,
    /// The number that is printed on it, its own within the account.
    pub number: u32,
    /// When it was uploaded.
    pub created: Unix,
    /// What is written under it.
    pub caption: Option<String>,
    /// Whether it is a video.
    pub video: bool,
    /// Decides what it looks like.
    pub seed: u64,
    /// Its sizes.
    pub shape: Shape,
}

impl Photo {
    /// The photo with this id.
    pub fn find(id: &str) -> Option<Photo> {
        let slot = Slot::of(id)?;
        (slot.kind == Kind::Photo).then_some(())?;
        Photo::at(slot.account, slot.group, slot.index)
    }

    /// All photos of an album, in its order.
    pub fn all_of(account: usize, group: usize) -> impl Iterator<Item = Photo> {
        let count = FACEBOOK.get(account).map_or(0, |account| account.photos_in(group));
        (0..count).filter_map(move |index| Photo::at(account, group, index))
    }

    /// The photo at a place.
    pub fn at(account: usize, group: usize, index: usize) -> Option<Photo> {
        let owner = FACEBOOK.get(account)?;
        (index < owner.photos_in(group)).then_some(())?;
        let slot = Slot { kind: Kind::Photo, account, group, index };
        let seed = mix(((account as u64) << 48) | ((group as u64) << 32) | index as u64);
        let before: usize = owner.albums.iter().take(group).map(|album| album.photos).sum();
        let number = (before + index + 1) as u32;
        let Some(album) = owner.albums.get(group) else {
            let created = 1_700_000_000 + index as Unix * 3 * DAY;
            let shape = Shapes::Mixed.pick(seed);
            return Some(Photo { slot, id: slot.id(), number, created, caption: None, video: false, seed, shape });
        };
        Some(Photo {
            slot,
            id: slot.id(),
            number,
            created: album.begins + index as Unix * album.step,
            caption: album.voice.caption(index),
            video: album.videos.contains(&index),
            seed,
            shape: album.shapes.pick(seed),
        })
    }

    /// The account whose albums or tags it is in.
    pub fn account(&self) -> &'static FacebookAccount {
        &FACEBOOK[self.slot.account]
    }

    /// The album it is in, unless the account is only tagged in it.
    pub fn album(&self) -> Option<&'static Album> {
        self.account().albums.get(self.slot.group)
    }
}

impl Shapes {
    fn pick(self, seed: u64) -> Shape {
        let chance = (seed >> 7) % 12;
        match self {
            Shapes::Square => Shape::Square,
            Shapes::Small if chance < 4 => Shape::Portrait,
            Shapes::Small => Shape::Landscape,
            Shapes::Mixed => match chance {
                0 => Shape::LandscapeLarge,
                1 => Shape::PortraitLarge,
                2..=4 => Shape::Portrait,
                5 => Shape::Square,
                _ => Shape::Landscape,
            },
        }
    }
}
