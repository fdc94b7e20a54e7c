//! What the table is made of: its rows, and whose a figure is.

use super::ratio::Shapes;
use bowerbird_convert::Format;
use serde::{Deserialize, Serialize};

/// What is published, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text on a Facebook Page.
    PageText,
    /// A link on a Page, with or without text.
    PageLink,
    /// One photo on a Page.
    PagePhoto,
    /// Several photos in one post of a Page.
    PagePhotos,
    /// A video on a Page.
    PageVideo,
    /// A reel of a Page.
    PageReel,
    /// A photo as a story of a Page.
    PagePhotoStory,
    /// A video as a story of a Page.
    PageVideoStory,
    /// One image in the feed of Instagram.
    InstagramImage,
    /// Several images and videos in one post of Instagram.
    InstagramCarousel,
    /// A reel of Instagram, which every video in its feed is.
    InstagramReel,
    /// An image or a video as a story of Instagram.
    InstagramStory,
}

impl Kind {
    /// Whether it is one of Instagram's.
    pub fn is_instagram(self) -> bool {
        matches!(self, Self::InstagramImage | Self::InstagramCarousel | Self::InstagramReel | Self::InstagramStory)
    }
}

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Meta's reference of photos.
    MetaPhoto,
    /// Meta's page on stories of Pages.
    MetaStory,
    /// The same page as it was, which is also what some of Meta's error texts say.
    MetaStoryOlder,
    /// Meta's page on reels of Pages.
    MetaReel,
    /// Meta's reference of Instagram's media, and its guide to publishing there.
    MetaInstagram,
    /// What that reference said of videos in the feed, as long as there were some.
    MetaFeedVideo,
    /// Outstand's page on Facebook.
    Outstand,
    /// Observed; nobody states it.
    Observed,
    /// What follows from what it is.
    Nature,
}

impl Source {
    /// Every source.
    pub const ALL: &[Self] = &[
        Self::MetaPhoto,
        Self::MetaStory,
        Self::MetaStoryOlder,
        Self::MetaReel,
        Self::MetaInstagram,
        Self::MetaFeedVideo,
        Self::Outstand,
        Self::Observed,
        Self::Nature,
    ];

    /// A letter or two for tables.
    pub fn mark(self) -> &'static str {
        match self {
            Self::MetaPhoto => "P",
            Self::MetaStory => "S",
            Self::MetaStoryOlder => "V",
            Self::MetaReel => "R",
            Self::MetaInstagram => "I",
            Self::MetaFeedVideo => "F",
            Self::Outstand => "O",
            Self::Observed => "X",
            Self::Nature => "N",
        }
    }

    /// Who, where and as of when.
    pub fn english(self) -> &'static str {
        match self {
            Self::MetaPhoto => "Meta, Graph API reference of Photo and of a Page's photos (v18 to v26, read 2026)",
            Self::MetaStory => "Meta, Page stories (v25.0, May 2026)",
            Self::MetaStoryOlder => {
                "Meta, Page stories (v21.0), and its error texts: then the most, now what is safe everywhere"
            }
            Self::MetaReel => "Meta, Page reels (v25.0, May 2026), and its list of their errors",
            Self::MetaInstagram => "Meta, IG User Media and content publishing of Instagram (v25.0, 2026)",
            Self::MetaFeedVideo => {
                "Meta, IG User Media until 2023 (videos in the feed); of videos in a carousel nothing newer is stated"
            }
            Self::Outstand => "Outstand's page on Facebook (v24.0): its own figures, as Meta states none",
            Self::Observed => "Observed, stated by nobody",
            Self::Nature => "What the publication is",
        }
    }
}

/// A figure, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure<T> {
    /// The figure.
    pub is: T,
    /// Whose it is.
    pub of: Source,
}

pub(super) const fn says<T: Copy>(of: Source, is: T) -> Figure<T> {
    Figure { is, of }
}

/// From the least to the most, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range<T> {
    /// The least.
    pub least: T,
    /// The most.
    pub most: T,
}

impl<T: PartialOrd> Range<T> {
    /// Whether it is neither less nor more.
    pub fn has(&self, value: &T) -> bool {
        *value >= self.least && *value <= self.most
    }
}

pub(super) const fn range<T: Copy>(least: T, most: T) -> Range<T> {
    Range { least, most }
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it is about.
    pub kind: Kind,
    /// How many images and videos.
    pub media: Figure<Range<usize>>,
    /// Characters of the text, as JavaScript counts them (UTF-16).
    pub text: Figure<Range<usize>>,
    /// The most `#` in the text.
    pub hashtags: Option<Figure<usize>>,
    /// The most `@` in the text.
    pub mentions: Option<Figure<usize>>,
    /// Whether a link is the point of it.
    pub link: bool,
    /// What of images, if they are taken.
    pub image: Option<&'static ImageRow>,
    /// What of videos, if they are taken.
    pub video: Option<&'static VideoRow>,
    /// How often within 24 hours, unless the account says otherwise when asked.
    pub quota: Option<Figure<u32>>,
    /// What other pages say, where they differ.
    pub others: &'static str,
}

/// What an image has to be, and what it should.
#[derive(Debug, Clone, Copy)]
pub struct ImageRow {
    /// Of which formats. None of them moves.
    pub formats: Figure<&'static [Format]>,
    /// Whether a JPEG may carry further pictures (MPO, JPS).
    pub extended: Figure<bool>,
    /// The most bytes.
    pub bytes: Figure<u64>,
    /// Its shape.
    pub shapes: Option<Figure<Shapes>>,
    /// Better no more bytes than these.
    pub better_bytes: Option<Figure<u64>>,
    /// Better no more bytes than these, as PNG.
    pub better_png_bytes: Option<Figure<u64>>,
    /// Better so wide, in pixels; what is not will be scaled by Meta.
    pub better_width: Option<Figure<Range<u32>>>,
    /// Better so high.
    pub better_height: Option<Figure<Range<u32>>>,
}

/// What a video has to be.
#[derive(Debug, Clone, Copy)]
pub struct VideoRow {
    /// In which files.
    pub containers: Figure<&'static [Container]>,
    /// The most bytes.
    pub bytes: Option<Figure<u64>>,
    /// In seconds.
    pub seconds: Figure<Range<f64>>,
    /// Its shape when upright.
    pub shapes: Option<Figure<Shapes>>,
    /// The most pixels across, when upright.
    pub width: Option<Figure<u32>>,
    /// The least pixels of its shorter and of its longer side.
    pub sides: Option<Figure<(u32, u32)>>,
    /// Pictures a second.
    pub rate: Option<Figure<Range<f64>>>,
    /// How the picture is encoded.
    pub codecs: Option<Figure<&'static [Codec]>>,
    /// How the sound is encoded, if there is some.
    pub sound: Option<Figure<&'static [Codec]>>,
    /// The most samples of sound a second.
    pub sample_rate: Option<Figure<u32>>,
    /// The most channels of sound.
    pub channels: Option<Figure<u16>>,
    /// The most bits a second, on the average.
    pub bit_rate: Option<Figure<u64>>,
    /// Whether its index has to lie before its data.
    pub index_first: Option<Figure<bool>>,
}

/// A file that videos are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// MPEG-4 part 14, and what is like it.
    Mp4,
    /// QuickTime.
    Mov,
}

/// How picture or sound is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// H.264.
    H264,
    /// H.265, which is HEVC.
    H265,
    /// VP9.
    Vp9,
    /// AV1.
    Av1,
    /// AAC.
    Aac,
    /// Another.
    Other,
}

impl Kind {
    /// In a sentence: "a Page's photo".
    pub fn english(self) -> &'static str {
        match self {
            Self::PageText => "a text on a Page",
            Self::PageLink => "a link on a Page",
            Self::PagePhoto => "a photo on a Page",
            Self::PagePhotos => "a post of several photos on a Page",
            Self::PageVideo => "a video on a Page",
            Self::PageReel => "a reel of a Page",
            Self::PagePhotoStory => "a photo story of a Page",
            Self::PageVideoStory => "a video story of a Page",
            Self::InstagramImage => "an image on Instagram",
            Self::InstagramCarousel => "a carousel on Instagram",
            Self::InstagramReel => "a reel on Instagram",
            Self::InstagramStory => "a story on Instagram",
        }
    }
}

impl Container {
    /// Its name.
    pub fn english(self) -> &'static str {
        match self {
            Self::Mp4 => "MP4",
            Self::Mov => "MOV",
        }
    }
}

impl Codec {
    /// Its name.
    pub fn english(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::H265 => "H.265",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::Aac => "AAC",
            Self::Other => "another codec",
        }
    }
}
