//! The invented people and what they have: a pure function of the seeds below, so that every run tells the same story
//! and ten thousand photos cost nothing until somebody looks at one.

mod captions;
mod facebook;
mod ids;
mod instagram;
mod pages;
mod shapes;

pub use facebook::{ALBUMLESS_GROUP, Album, FACEBOOK, FacebookAccount, Photo, facebook_by_key};
pub use ids::{Kind, Slot, mix};
pub use instagram::{INSTAGRAM, InstagramAccount, Media, MediaType, instagram_by_key};
pub use pages::{FacebookPage, PAGES};
pub use shapes::{Rendition, Shape};

/// Finds what a picture's id stands for: its number, its seed and its shape, whichever network it is on.
pub fn picture(id: &str) -> Option<Picture> {
    if let Some(photo) = Photo::find(id) {
        return Some(Picture { number: photo.number, seed: photo.seed, shape: photo.shape });
    }
    if let Some(media) = Media::find(id) {
        return Some(Picture { number: media.number, seed: media.seed, shape: media.shape });
    }
    // Portraits have the id of the person they show.
    let facebook = FACEBOOK.iter().map(|account| account.id);
    let instagram = INSTAGRAM.iter().map(|account| account.id);
    let place = facebook.chain(instagram).position(|known| known == id)?;
    Some(Picture { number: 0, seed: mix(0x0070_0000 + place as u64), shape: Shape::Square })
}

/// What the picture service has to know in order to print a picture.
pub struct Picture {
    /// The number that is printed on it; 0 prints none.
    pub number: u32,
    /// Decides which photograph it is, how it is cropped and how it is coloured.
    pub seed: u64,
    /// Its sizes.
    pub shape: Shape,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_people_that_tests_rely_on_are_there() {
        let alice = facebook_by_key("alice").unwrap();
        let names: Vec<&str> = alice.albums.iter().map(|album| album.name).collect();
        assert!(
            names.starts_with(&["Holidays in Lisbon", "Profile pictures", "Mobile uploads", "Someday"]),
            "{names:?}"
        );
        assert_eq!(alice.albums[0].photos, 24);
        assert!(alice.albums[2].photos >= 130);
        assert_eq!(alice.albums[3].photos, 0);
        assert!(alice.albums.iter().any(|album| !album.videos.is_empty()));
        assert!(facebook_by_key("ben").unwrap().albums.is_empty());
        assert_eq!(facebook_by_key("clara").unwrap().albums[0].photos, 10_000);
        assert!(!facebook_by_key("eve").unwrap().has_role);
        assert!(instagram_by_key("alice.pro").unwrap().media >= 60);
        assert!(!instagram_by_key("ben.personal").unwrap().professional);
    }

    #[test]
    fn every_photo_of_an_account_has_its_own_number_and_id() {
        for (place, account) in FACEBOOK.iter().enumerate() {
            let mut numbers = HashSet::new();
            let mut ids = HashSet::new();
            let groups = (0..account.albums.len()).chain([ALBUMLESS_GROUP]);
            for photo in groups.flat_map(|group| Photo::all_of(place, group)) {
                assert!(numbers.insert(photo.number), "{} twice", photo.number);
                assert_eq!(Photo::find(&photo.id).unwrap().number, photo.number);
                assert!(ids.insert(photo.id));
            }
        }
    }

    #[test]
    fn dalia_writes_long_in_two_directions_and_nothing_at_all() {
        let place = FACEBOOK.iter().position(|account| account.key == "dalia").unwrap();
        let captions: Vec<Option<String>> = Photo::all_of(place, 0).map(|photo| photo.caption).collect();
        assert!(captions.iter().any(Option::is_none));
        let written: Vec<&String> = captions.iter().flatten().collect();
        assert!(written.iter().any(|caption| caption.chars().count() > 1500));
        assert!(written.iter().any(|caption| caption.chars().any(|c| ('\u{0600}'..='\u{06ff}').contains(&c))));
        assert!(written.iter().any(|caption| caption.chars().any(|c| ('\u{0590}'..='\u{05ff}').contains(&c))));
        assert!(written.iter().any(|caption| caption.contains('🏖')));
    }

    #[test]
    fn instagram_shows_every_media_type_and_one_without_a_url() {
        let media: Vec<Media> = Media::all_of(0).collect();
        for kind in [MediaType::Image, MediaType::Video, MediaType::Carousel] {
            assert!(media.iter().any(|m| m.kind == kind), "{kind:?}");
        }
        assert_eq!(media.iter().filter(|m| !m.has_url).count(), 1);
        let carousel = media.iter().find(|m| m.kind == MediaType::Carousel).unwrap();
        let children: Vec<Media> = carousel.children().collect();
        assert!(children.len() >= 2);
        let found = Media::find(&children[1].id).unwrap();
        assert_eq!((found.number, found.kind), (children[1].number, children[1].kind));
    }

    #[test]
    fn pictures_are_found_for_photos_media_and_portraits() {
        assert!(picture(&Photo::all_of(0, 0).next().unwrap().id).is_some());
        assert!(picture(&Media::all_of(0).next().unwrap().id).is_some());
        assert_eq!(picture(FACEBOOK[0].id).unwrap().number, 0);
        assert!(picture("12345").is_none());
    }
}
