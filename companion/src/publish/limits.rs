//! The table: what each kind of publication takes, and whose figure that is.
//!
//! `MB` is a million bytes here, the stricter of the two that Meta may mean: what is refused without need is seen, and what is sent in
//! vain counts towards Meta's limits.

use super::ratio::Shapes;
use super::rows::{Codec, Container, Figure, ImageRow, Kind, Range, Row, Source, VideoRow, range, says};
use bowerbird_convert::Format;

/// A million bytes.
pub const MB: u64 = 1_000_000;

use Source::{MetaFeedVideo, MetaInstagram, MetaPhoto, MetaReel, MetaStory, Nature, Observed, Outstand};

const MP4_AND_MOV: &[Container] = &[Container::Mp4, Container::Mov];
const ALL_CODECS: &[Codec] = &[Codec::H264, Codec::H265, Codec::Vp9, Codec::Av1];
const H26X: &[Codec] = &[Codec::H264, Codec::H265];
const AAC: &[Codec] = &[Codec::Aac];
const STILL: &[Format] = &[Format::Jpeg, Format::Bmp, Format::Png, Format::Gif, Format::Tiff];
const ONE: Figure<Range<usize>> = says(Nature, range(1, 1));
const NO_TEXT: Figure<Range<usize>> = says(Nature, range(0, 0));
const POST_TEXT: Figure<Range<usize>> = says(Observed, range(0, 63_206));
const CAPTION: Figure<Range<usize>> = says(MetaInstagram, range(0, 2200));

const PAGE_IMAGE: ImageRow = ImageRow {
    formats: says(MetaPhoto, STILL),
    extended: says(Observed, true),
    bytes: says(MetaPhoto, 10 * MB),
    shapes: None,
    better_bytes: Some(says(Source::MetaStoryOlder, 4 * MB)),
    better_png_bytes: Some(says(MetaPhoto, MB)),
    better_width: Some(says(Outstand, range(100, 4096))),
    better_height: Some(says(Outstand, range(100, 4096))),
};

const STORY_IMAGE: ImageRow = ImageRow {
    formats: says(MetaStory, STILL),
    bytes: says(MetaStory, 10 * MB),
    better_png_bytes: Some(says(MetaStory, MB)),
    ..PAGE_IMAGE
};

const INSTAGRAM_STORY_IMAGE: ImageRow = ImageRow {
    formats: says(MetaInstagram, &[Format::Jpeg]),
    extended: says(MetaInstagram, false),
    bytes: says(MetaInstagram, 8 * MB),
    shapes: None,
    better_bytes: None,
    better_png_bytes: None,
    better_width: None,
    better_height: None,
};

const INSTAGRAM_IMAGE: ImageRow = ImageRow {
    shapes: Some(says(MetaInstagram, Shapes::new((4, 5), (191, 100)))),
    better_width: Some(says(MetaInstagram, range(320, 1440))),
    ..INSTAGRAM_STORY_IMAGE
};

const PAGE_VIDEO: VideoRow = VideoRow {
    containers: says(Outstand, MP4_AND_MOV),
    bytes: Some(says(Outstand, 4000 * MB)),
    seconds: says(Outstand, range(1.0, 14_400.0)),
    shapes: None,
    width: None,
    sides: None,
    rate: None,
    codecs: None,
    sound: None,
    sample_rate: None,
    channels: None,
    bit_rate: None,
    index_first: None,
};

const PAGE_REEL: VideoRow = VideoRow {
    containers: says(MetaReel, MP4_AND_MOV),
    bytes: None,
    seconds: says(MetaReel, range(3.0, 90.0)),
    shapes: Some(says(MetaReel, Shapes::new((9, 16), (16, 9)))),
    sides: Some(says(MetaReel, (540, 960))),
    rate: Some(says(MetaReel, range(24.0, 60.0))),
    codecs: Some(says(MetaReel, ALL_CODECS)),
    sound: Some(says(MetaReel, AAC)),
    sample_rate: Some(says(MetaReel, 48_000)),
    channels: Some(says(MetaReel, 2)),
    ..PAGE_VIDEO
};

const VIDEO_STORY: VideoRow = VideoRow {
    containers: says(MetaStory, MP4_AND_MOV),
    seconds: says(MetaStory, range(3.0, 60.0)),
    shapes: Some(says(MetaStory, Shapes::new((9, 16), (9, 16)))),
    sides: Some(says(MetaStory, (540, 960))),
    rate: Some(says(MetaStory, range(24.0, 60.0))),
    codecs: Some(says(MetaStory, ALL_CODECS)),
    sound: Some(says(MetaStory, AAC)),
    sample_rate: Some(says(MetaStory, 48_000)),
    channels: Some(says(MetaStory, 2)),
    ..PAGE_REEL
};

const INSTAGRAM_REEL: VideoRow = VideoRow {
    containers: says(MetaInstagram, MP4_AND_MOV),
    bytes: Some(says(MetaInstagram, 300 * MB)),
    seconds: says(MetaInstagram, range(3.0, 900.0)),
    shapes: Some(says(MetaInstagram, Shapes::new((1, 100), (10, 1)))),
    width: Some(says(MetaInstagram, 1920)),
    sides: None,
    rate: Some(says(MetaInstagram, range(23.0, 60.0))),
    codecs: Some(says(MetaInstagram, H26X)),
    sound: Some(says(MetaInstagram, AAC)),
    sample_rate: Some(says(MetaInstagram, 48_000)),
    channels: Some(says(MetaInstagram, 2)),
    bit_rate: Some(says(MetaInstagram, 25_000_000)),
    index_first: Some(says(MetaInstagram, true)),
};

const INSTAGRAM_STORY: VideoRow = VideoRow {
    bytes: Some(says(MetaInstagram, 100 * MB)),
    seconds: says(MetaInstagram, range(3.0, 60.0)),
    shapes: Some(says(MetaInstagram, Shapes::new((1, 10), (10, 1)))),
    ..INSTAGRAM_REEL
};

const CAROUSEL_VIDEO: VideoRow = VideoRow {
    bytes: Some(says(MetaFeedVideo, 100 * MB)),
    seconds: says(MetaFeedVideo, range(3.0, 60.0)),
    shapes: Some(says(MetaFeedVideo, Shapes::new((4, 5), (16, 9)))),
    ..INSTAGRAM_REEL
};

const PAGE: Row = Row {
    kind: Kind::PageText,
    media: says(Nature, range(0, 0)),
    text: POST_TEXT,
    hashtags: None,
    mentions: None,
    link: false,
    image: None,
    video: None,
    quota: None,
    others: "",
};

const INSTAGRAM: Row = Row {
    kind: Kind::InstagramImage,
    media: ONE,
    text: CAPTION,
    hashtags: Some(says(MetaInstagram, 30)),
    mentions: Some(says(MetaInstagram, 20)),
    quota: Some(says(MetaInstagram, 100)),
    ..PAGE
};

const QUOTA: &str = "quota: 50 on another page of Meta's, 25 in recordings of 2021: the account is asked";

/// The table.
pub const TABLE: &[Row] = &[
    Row { text: says(Observed, range(1, 63_206)), ..PAGE },
    Row { kind: Kind::PageLink, link: true, ..PAGE },
    Row {
        kind: Kind::PagePhoto,
        media: ONE,
        image: Some(&PAGE_IMAGE),
        others: "bytes: OneAll 5 MB (2017), Meta's error texts 4 MB; formats: Outstand WebP too",
        ..PAGE
    },
    Row {
        kind: Kind::PagePhotos,
        media: says(Observed, range(2, 10)),
        image: Some(&PAGE_IMAGE),
        others: "as one photo; Meta states no most",
        ..PAGE
    },
    Row {
        kind: Kind::PageVideo,
        media: ONE,
        video: Some(&PAGE_VIDEO),
        others: "formats: Outstand AVI, WMV, FLV and WebM too, which are not measured here",
        ..PAGE
    },
    Row {
        kind: Kind::PageReel,
        media: ONE,
        video: Some(&PAGE_REEL),
        quota: Some(says(MetaReel, 30)),
        others: "shape: the page says 9:16, its list of errors 16:9 to 9:16",
        ..PAGE
    },
    Row {
        kind: Kind::PagePhotoStory,
        media: ONE,
        text: NO_TEXT,
        image: Some(&STORY_IMAGE),
        others: "bytes: Meta's page of v21.0 4 MB",
        ..PAGE
    },
    Row {
        kind: Kind::PageVideoStory,
        media: ONE,
        text: NO_TEXT,
        video: Some(&VIDEO_STORY),
        others: "seconds: the page says 3 to 90, and 60 for what is a story",
        ..PAGE
    },
    Row { image: Some(&INSTAGRAM_IMAGE), others: QUOTA, ..INSTAGRAM },
    Row {
        kind: Kind::InstagramCarousel,
        media: says(MetaInstagram, range(2, 10)),
        image: Some(&INSTAGRAM_IMAGE),
        video: Some(&CAROUSEL_VIDEO),
        others: "quota: as one image; counts once",
        ..INSTAGRAM
    },
    Row {
        kind: Kind::InstagramReel,
        video: Some(&INSTAGRAM_REEL),
        others: "bytes: Meta's page until 2025 1 GB; quota: as one image",
        ..INSTAGRAM
    },
    Row {
        kind: Kind::InstagramStory,
        text: NO_TEXT,
        hashtags: None,
        mentions: None,
        image: Some(&INSTAGRAM_STORY_IMAGE),
        video: Some(&INSTAGRAM_STORY),
        others: "quota: as one image",
        ..INSTAGRAM
    },
];

impl Kind {
    /// Its row.
    pub fn row(self) -> &'static Row {
        // A test holds that every kind has one, in their order.
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!((row.kind as usize, row.kind.row().kind), (at, row.kind));
        }
        assert_eq!(TABLE.len(), Kind::InstagramStory as usize + 1);
    }
}
