//! Every cell of the table: what is just inside fits, what is just outside does not.

use super::check::{Allowed, Limit, Post, Used, Verdict, check};
use super::limits::TABLE;
use super::media::{Image, Media};
use super::rows::{Codec, Container, Kind, Range, Row};
use super::video::{Sound, Video};
use bowerbird_convert::{Format, Size};

/// The figures by hand, from the pages: which is in and which is out. `tallest` is a width at a height of 1600, `widest` the other way
/// round; of bytes and bits there is no more than one between in and out.
const BY_HAND: &str = include_str!("cells.txt");

const IMAGE: Image = Image {
    format: Format::Jpeg,
    bytes: 100_000,
    size: Size { width: 1000, height: 1000 },
    animated: false,
    extended: false,
};

fn video(kind: Kind) -> Video {
    let height = if kind == Kind::PageVideoStory { 1920 } else { 1080 };
    Video {
        container: Container::Mp4,
        bytes: 1_000_000,
        seconds: 10.0,
        size: Size::new(1080, height),
        rotation: 0,
        rate: 30.0,
        codec: Codec::H264,
        sound: Some(Sound { codec: Codec::Aac, sample_rate: 48_000, channels: 2 }),
        index_first: true,
    }
}

/// A post that fits, in parts.
struct Draft {
    kind: Kind,
    text: String,
    link: Option<&'static str>,
    media: Vec<Media>,
    used: Option<Used>,
}

impl Draft {
    fn new(row: &Row, of_video: bool) -> Self {
        let media = if of_video { Media::Video(video(row.kind)) } else { Media::Image(IMAGE) };
        Self {
            kind: row.kind,
            text: "x".repeat(row.text.is.most.min(1)),
            link: row.link.then_some("https://shop.example.com/"),
            media: vec![media; row.media.is.least],
            used: None,
        }
    }

    fn check(&self, allowed: Allowed) -> Verdict {
        let Self { kind, text, link, media, used } = self;
        check(*kind, &Post { text, link: *link, media, used: *used }, allowed)
    }

    fn vary(&mut self, cell: &str, value: f64) {
        let whole = value as u64;
        let side = whole as u32;
        match (cell, self.media.first_mut()) {
            ("media", first) => {
                let one = first.map_or(Media::Image(IMAGE), |first| first.clone());
                self.media = vec![one; whole as usize];
            }
            ("text", _) => self.text = "x".repeat(whole as usize),
            ("hashtags", _) => self.text = "#a ".repeat(whole as usize),
            ("mentions", _) => self.text = "@a ".repeat(whole as usize),
            ("quota", _) => self.used = Some(Used { posts: side, of: None }),
            ("image bytes" | "better bytes", Some(Media::Image(image))) => image.bytes = whole,
            ("better png", Some(Media::Image(image))) => (image.format, image.bytes) = (Format::Png, whole),
            ("better width", Some(Media::Image(image))) => image.size = Size::new(side, side),
            ("better height", Some(Media::Image(image))) => image.size.height = side,
            ("image tallest", Some(Media::Image(image))) => image.size = Size::new(side, 1600),
            ("image widest", Some(Media::Image(image))) => image.size = Size::new(1600, side),
            ("video bytes", Some(Media::Video(video))) => {
                (video.bytes, video.seconds) = (whole, self.kind.row().video.unwrap().seconds.is.most);
            }
            ("seconds", Some(Media::Video(video))) => video.seconds = value,
            ("video tallest", Some(Media::Video(video))) => video.size = Size::new(side, 1600),
            ("video widest", Some(Media::Video(video))) => video.size = Size::new(1600, side),
            ("video width", Some(Media::Video(video))) => video.size = Size::new(side, 1920),
            ("short side", Some(Media::Video(video))) => video.size = Size::new(side, 960),
            ("long side", Some(Media::Video(video))) => video.size = Size::new(540, side),
            ("rate", Some(Media::Video(video))) => video.rate = value,
            ("hertz", Some(Media::Video(video))) => video.sound.as_mut().unwrap().sample_rate = side,
            ("channels", Some(Media::Video(video))) => video.sound.as_mut().unwrap().channels = side as u16,
            ("bits", Some(Media::Video(video))) => video.bytes = (value * video.seconds / 8.0).ceil() as u64,
            other => panic!("{other:?}"),
        }
    }
}

/// The edges of a row: the cell, what is in and what is out.
fn edges(row: &Row) -> Vec<(&'static str, f64, f64)> {
    let mut edges = Vec::new();
    let mut whole = |cell, range: Range<f64>| {
        if range.least > 0.0 {
            edges.push((cell, range.least, range.least - 1.0));
        }
        edges.push((cell, range.most, range.most + 1.0));
    };
    let range = |least: f64, most: f64| Range { least, most };
    whole("media", range(row.media.is.least as f64, row.media.is.most as f64));
    whole("text", range(row.text.is.least as f64, row.text.is.most as f64));
    for (cell, most) in [("hashtags", row.hashtags), ("mentions", row.mentions)] {
        most.into_iter().for_each(|most| whole(cell, range(0.0, most.is as f64)));
    }
    row.quota.into_iter().for_each(|quota| whole("quota", range(0.0, f64::from(quota.is) - 1.0)));
    if let Some(image) = row.image {
        whole("image bytes", range(0.0, image.bytes.is as f64));
        for (cell, most) in [("better bytes", image.better_bytes), ("better png", image.better_png_bytes)] {
            most.into_iter().for_each(|most| whole(cell, range(0.0, most.is as f64)));
        }
        for (cell, sides) in [("better width", image.better_width), ("better height", image.better_height)] {
            sides.into_iter().for_each(|sides| whole(cell, range(sides.is.least.into(), sides.is.most.into())));
        }
        if let Some(shapes) = image.shapes {
            let [tallest, widest] =
                [shapes.is.tallest, shapes.is.widest].map(|shape| f64::from(shape.width) / f64::from(shape.height));
            let [tallest, widest] = [(tallest * 1600.0).ceil(), (1600.0 / widest).ceil()];
            edges.push(("image tallest", tallest, tallest - 1.0));
            edges.push(("image widest", widest, widest - 1.0));
        }
    }
    if let Some(video) = row.video {
        let mut whole = |cell, most: Option<f64>| edges.extend(most.map(|most| (cell, most, most + 1.0)));
        whole("video bytes", video.bytes.map(|most| most.is as f64));
        whole("hertz", video.sample_rate.map(|most| most.is.into()));
        whole("channels", video.channels.map(|most| most.is.into()));
        whole("bits", video.bit_rate.map(|most| most.is as f64));
        whole("video width", video.width.map(|most| most.is.into()));
        let seconds = video.seconds.is;
        edges.extend([("seconds", seconds.least, seconds.least - 0.5), ("seconds", seconds.most, seconds.most + 0.5)]);
        if let Some(rate) = video.rate {
            edges.extend([("rate", rate.is.least, rate.is.least - 0.5), ("rate", rate.is.most, rate.is.most + 0.5)]);
        }
        if let Some((short, long)) = video.sides.map(|sides| sides.is) {
            // Two, which encoders round to, and the shape still passes.
            edges.extend([
                ("short side", short.into(), f64::from(short - 2)),
                ("long side", long.into(), f64::from(long - 2)),
            ]);
        }
        if let Some(shapes) = video.shapes {
            let [tallest, widest] =
                [shapes.is.tallest, shapes.is.widest].map(|shape| f64::from(shape.width) / f64::from(shape.height));
            let [tallest, widest] = [(tallest * 1600.0).ceil(), (1600.0 / widest).ceil()];
            let beyond = |side: f64| (side * 0.95).floor();
            edges.extend([("video tallest", tallest, beyond(tallest)), ("video widest", widest, beyond(widest))]);
        }
    }
    edges
}

fn limit(cell: &str) -> Limit {
    match cell {
        "media" => Limit::Media,
        "text" => Limit::Text,
        "hashtags" => Limit::Hashtags,
        "mentions" => Limit::Mentions,
        "quota" => Limit::Quota,
        "better width" | "video width" => Limit::Width,
        "better height" | "short side" | "long side" => Limit::Height,
        "seconds" => Limit::Seconds,
        "rate" => Limit::Rate,
        "hertz" | "channels" => Limit::Sound,
        "bits" => Limit::BitRate,
        cell if cell.ends_with("est") => Limit::Shape,
        _ => Limit::Bytes,
    }
}

fn is_of_video(row: &Row, cell: &str) -> bool {
    let of_image = row.image.is_some() && (cell.starts_with("image") || cell.starts_with("better"));
    row.video.is_some() && !of_image
}

#[test]
fn the_edges_are_those_of_the_pages() {
    let told: Vec<String> = TABLE
        .iter()
        .flat_map(|row| {
            let kind = serde_json::to_value(row.kind).unwrap();
            let line =
                move |(cell, inside, outside)| format!("{}: {cell} {inside} not {outside}", kind.as_str().unwrap());
            edges(row).into_iter().map(line).collect::<Vec<_>>()
        })
        .collect();
    let by_hand: Vec<&str> = BY_HAND.lines().collect();
    assert_eq!(told, by_hand, "{}", told.join("\n"));
}

#[test]
fn what_is_inside_fits_and_what_is_outside_does_not() {
    for row in TABLE {
        for (cell, inside, outside) in edges(row) {
            let verdict = |value| {
                let mut draft = Draft::new(row, is_of_video(row, cell));
                draft.vary(cell, value);
                (draft.check(Allowed::Pad), draft.check(Allowed::Nothing))
            };
            let (what, limit) = (format!("{:?} {cell} {inside} {outside}", row.kind), limit(cell));
            let (fits, strictly) = verdict(inside);
            let of_this = |better: &[super::check::Change]| {
                better.iter().flat_map(|change| &change.why).any(|reason| reason.limit == limit)
            };
            // An image at a hard limit may still have a better one.
            let is_better = cell.starts_with("better");
            assert!(matches!(&fits, Verdict::Fits { better } if !is_better || !of_this(better)), "{what}: {fits:?}");
            assert!(matches!(&strictly, Verdict::Fits { better } if better.is_empty()), "{what}: {strictly:?}");
            let (with_fitting, strictly) = verdict(outside);
            match (is_better, &with_fitting, &strictly) {
                (true, Verdict::Fits { better }, Verdict::Fits { .. }) => {
                    assert!(of_this(better), "{what}: {better:?}")
                }
                (false, _, Verdict::Refused { reasons }) => {
                    assert!(reasons.iter().all(|reason| reason.limit == limit), "{what}: {reasons:?}");
                    let is_image = cell.starts_with("image");
                    assert_eq!(is_image, matches!(with_fitting, Verdict::Fitted { .. }), "{what}: {with_fitting:?}");
                }
                _ => panic!("{what}: {with_fitting:?} {strictly:?}"),
            }
        }
    }
}

#[test]
fn formats_and_codecs_fit_that_the_row_names() {
    use Format::{Avif, Bmp, Gif, Heic, Jpeg, Png, Tiff, Webp};
    for row in TABLE {
        let is_fine = |change: &dyn Fn(&mut Draft), of_video| {
            let mut draft = Draft::new(row, of_video);
            change(&mut draft);
            matches!(draft.check(Allowed::Nothing), Verdict::Fits { .. })
        };
        let image = |format, animated, extended| {
            let change =
                |draft: &mut Draft| draft.media[0] = Media::Image(Image { format, animated, extended, ..IMAGE });
            is_fine(&change, row.video.is_some() && row.image.is_none())
        };
        if row.media.is.most == 0 {
            continue;
        }
        for format in [Jpeg, Png, Webp, Avif, Gif, Bmp, Tiff, Heic] {
            let taken = row.image.is_some_and(|image| image.formats.is.contains(&format));
            assert_eq!(image(format, false, false), taken, "{:?} {format:?}", row.kind);
            assert!(!image(format, true, false), "{:?} {format:?} moves", row.kind);
        }
        assert_eq!(image(Jpeg, false, true), row.image.is_some_and(|image| image.extended.is), "{:?} MPO", row.kind);
        let video = |change: &dyn Fn(&mut Video)| {
            let mut video = video(row.kind);
            change(&mut video);
            is_fine(&|draft: &mut Draft| draft.media[0] = Media::Video(video.clone()), row.image.is_none())
        };
        for codec in [Codec::H264, Codec::H265, Codec::Vp9, Codec::Av1, Codec::Other] {
            let taken = row.video.is_some_and(|video| video.codecs.is_none_or(|codecs| codecs.is.contains(&codec)));
            assert_eq!(video(&|video| video.codec = codec), taken, "{:?} {codec:?}", row.kind);
        }
        let Some(limits) = row.video else { continue };
        assert!(
            video(&|video| video.container = Container::Mov) && video(&|video| video.sound = None),
            "{:?}",
            row.kind
        );
        let other = |video: &mut Video| video.sound.as_mut().unwrap().codec = Codec::Other;
        assert_eq!(video(&other), limits.sound.is_none(), "{:?} sound", row.kind);
        assert_eq!(video(&|video| video.index_first = false), limits.index_first.is_none(), "{:?} index", row.kind);
    }
}

#[test]
fn a_reason_names_the_limit_and_the_figure() {
    let first = |kind: Kind, of_video, change: &dyn Fn(&mut Draft)| {
        let mut draft = Draft::new(kind.row(), of_video);
        change(&mut draft);
        match draft.check(Allowed::Nothing) {
            Verdict::Refused { reasons } => reasons[0].text.clone(),
            other => panic!("{other:?}"),
        }
    };
    let bytes = |draft: &mut Draft| draft.vary("image bytes", 12_000_001.0);
    assert_eq!(
        first(Kind::PagePhotoStory, false, &bytes),
        "The image has 12.01 MB; a photo story of a Page takes at most 10 MB."
    );
    assert_eq!(
        first(Kind::InstagramCarousel, false, &bytes),
        "The image at place 1 has 12.01 MB; a carousel on Instagram takes at most 8 MB."
    );
    assert_eq!(
        first(Kind::PageVideoStory, true, &|draft| draft.vary("seconds", 95.2)),
        "The video lasts 95.2 seconds; a video story of a Page takes 3 to 60 seconds."
    );
    assert_eq!(
        first(Kind::InstagramImage, false, &|draft| draft.used = Some(Used { posts: 25, of: Some(25) })),
        "The account has published 25 times in 24 hours; an image on Instagram takes at most 25."
    );
    assert_eq!(
        first(Kind::PageLink, false, &|draft| draft.link = Some("javascript:alert(1)")),
        "The link is no address of the web; a link on a Page takes one that begins with https:// or http://."
    );
    assert_eq!(
        first(Kind::PagePhoto, false, &|draft| draft.media[0] = Media::Video(video(Kind::PageVideo))),
        "The file is a video; a photo on a Page takes an image."
    );
    assert_eq!(
        first(Kind::PageText, false, &|draft| draft.text = " \n".into()),
        "The text has 0 characters; a text on a Page takes 1 to 63206."
    );
}

#[test]
fn addresses_of_mail_are_no_mentions_and_numbers_of_places_no_hashtags() {
    let count = |text: &str| {
        let mut draft = Draft::new(Kind::InstagramImage.row(), false);
        draft.text = text.repeat(31);
        matches!(draft.check(Allowed::Pad), Verdict::Fits { .. })
    };
    assert!(count("me@example.com ") && count("a#b ") && count("# @ "));
    assert!(!count("#tag ") && !count("(@you) ") && !count("#tag#"));
}
