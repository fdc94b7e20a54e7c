//! Whether a publication fits, before any of it is sent.

use super::fit::{Fitting, Shaping};
use super::media::{Image, Media};
use super::rows::{Codec, ImageRow, Kind, Row, VideoRow};
use super::table::{amount, list, megabytes, name};
use super::video::Video;
use bowerbird_convert::Format;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::publish::tags;
use serde::Serialize;
use std::fmt::Display;
use url::Url;

/// How far a video's shape may be from what is taken, in thousandths: a pixel or two, as encoders round sides to even numbers.
const VIDEO_ROUNDING: u64 = 10;
/// How much the rate of pictures may exceed what is taken: clocks of cameras are not exact.
const RATE_ROUNDING: f64 = 0.05;

/// What is to be published.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// Message or caption; may be empty.
    pub text: &'a str,
    /// The address that a link is about.
    pub link: Option<&'a str>,
    /// Images and videos, in their order.
    pub media: &'a [Media],
    /// What the account has published within the quota's time, if that is known.
    pub used: Option<Used>,
}

/// How much of a quota is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// So many were published.
    pub posts: u32,
    /// So many may be, as the account says; the table's figure counts where it says nothing.
    pub of: Option<u32>,
}

/// What a caller lets be done to images that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Nothing: they are refused.
    Nothing,
    /// They are converted and scaled; where their shape is not taken, padded.
    Pad,
    /// The same, but cropped.
    Crop,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It may be sent as it is.
    Fits {
        /// What would make images what is preferred too. Empty if the caller allows no fitting.
        better: Vec<Change>,
    },
    /// It may be sent once these images have been fitted.
    Fitted {
        /// For each image that does not fit.
        changes: Vec<Change>,
    },
    /// It is not to be sent.
    Refused {
        /// Everything that is wrong.
        reasons: Vec<Reason>,
    },
}

/// How one image is made to fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Which of the media, from 0.
    pub media: usize,
    /// What about it does not fit, or is not preferred.
    pub why: Vec<Reason>,
    /// What is to be done.
    pub fitting: Fitting,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which of the media, from 0, if it is one of them.
    pub media: Option<usize>,
    /// The limit.
    pub limit: Limit,
    /// A plain English sentence with the limit's figure.
    pub text: String,
}

/// The columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are named as the columns")]
pub enum Limit {
    Media,
    Text,
    Hashtags,
    Mentions,
    Link,
    Quota,
    Format,
    Bytes,
    Shape,
    Width,
    Height,
    Seconds,
    Rate,
    Codec,
    Sound,
    BitRate,
    IndexFirst,
}

impl Reason {
    /// The code of the error that an answer tells it by.
    pub fn code(&self) -> ProblemCode {
        match self.limit {
            Limit::Bytes => ProblemCode::TooLarge,
            Limit::Format | Limit::Codec | Limit::Sound | Limit::IndexFirst => ProblemCode::NotAccepted,
            Limit::Quota => ProblemCode::RateLimited,
            _ => ProblemCode::BadRequest,
        }
    }
}

/// Compares what is to be published with the table.
pub fn check(kind: Kind, post: &Post<'_>, allowed: Allowed) -> Verdict {
    let row = kind.row();
    let mut reasons = Reasons { kind, media: None, found: Vec::new() };
    words(row, post, post.media.len(), &mut reasons);
    let (mut changes, mut better) = (Vec::new(), Vec::new());
    for (at, media) in post.media.iter().enumerate() {
        reasons.media = Some((at, post.media.len()));
        match (media, row.image, row.video) {
            (Media::Image(image), Some(limits), _) => {
                let (must, should) = (reasons.of_image(limits, image), reasons.preferred(limits, image));
                let shaping = match allowed {
                    Allowed::Nothing => {
                        reasons.found.extend(must);
                        continue;
                    }
                    Allowed::Pad => Shaping::Pad,
                    Allowed::Crop => Shaping::Crop,
                };
                let into = if must.is_empty() { &mut better } else { &mut changes };
                let why: Vec<Reason> = must.into_iter().chain(should).collect();
                if !why.is_empty() {
                    into.push(Change { media: at, why, fitting: Fitting::new(limits, image, shaping) });
                }
            }
            (Media::Video(video), _, Some(limits)) => reasons.of_video(limits, video),
            (Media::Image(_), None, Some(_)) => reasons.add(Limit::Format, "is an image", "a video"),
            (Media::Video(_), Some(_), None) => reasons.add(Limit::Format, "is a video", "an image"),
            // It takes neither, which the number of media has told.
            (_, None, None) => {}
        }
    }
    match (reasons.found, changes) {
        (reasons, _) if !reasons.is_empty() => Verdict::Refused { reasons },
        (_, changes) if !changes.is_empty() => Verdict::Fitted { changes },
        _ => Verdict::Fits { better },
    }
}

/// Compares only what needs no media to be there: text, link and how many media there are to be.
pub fn check_words(kind: Kind, text: &str, link: Option<&str>, media: usize) -> Vec<Reason> {
    let mut reasons = Reasons { kind, media: None, found: Vec::new() };
    words(kind.row(), &Post { text, link, media: &[], used: None }, media, &mut reasons);
    reasons.found
}

/// Text, link, quota and the number of media.
fn words(row: &Row, post: &Post<'_>, count: usize, reasons: &mut Reasons) {
    let media = row.media.is;
    if !media.has(&count) {
        let takes = if media.most == 0 { "none".to_owned() } else { amount(media) };
        reasons.add(Limit::Media, format_args!("{count} images and videos are too many or too few"), takes);
    }
    let text = row.text.is;
    let length = post.text.trim().encode_utf16().count();
    if !text.has(&length) {
        let takes = if text.most == 0 { "none".to_owned() } else { amount(text) };
        reasons.add(Limit::Text, format_args!("The text has {length} characters"), takes);
    }
    let marks = [(Limit::Hashtags, '#', "hashtags", row.hashtags), (Limit::Mentions, '@', "mentions", row.mentions)];
    for (limit, mark, name, most) in marks {
        let count = tags(post.text, mark);
        if let Some(most) = most.filter(|most| count > most.is) {
            reasons.add(limit, format_args!("The text has {count} {name}"), format_args!("at most {}", most.is));
        }
    }
    let is_web = |link: &str| Url::parse(link).is_ok_and(|link| ["http", "https"].contains(&link.scheme()));
    match post.link {
        None if row.link => reasons.add(Limit::Link, "The link is missing", "an address that begins with https://"),
        Some(_) if !row.link => reasons.add(Limit::Link, "There is a link", "none but in its text"),
        Some(link) if !is_web(link) => {
            reasons.add(Limit::Link, "The link is no address of the web", "one that begins with https:// or http://");
        }
        _ => {}
    }
    if let Some(used) = post.used
        && let Some(most) = used.of.or(row.quota.map(|quota| quota.is))
        && used.posts >= most
    {
        let fact = format_args!("The account has published {} times in 24 hours", used.posts);
        reasons.add(Limit::Quota, fact, format_args!("at most {most}"));
    }
}

struct Reasons {
    kind: Kind,
    /// Which of how many.
    media: Option<(usize, usize)>,
    found: Vec<Reason>,
}

impl Reasons {
    /// Of media the fact follows what it is about.
    fn add(&mut self, limit: Limit, fact: impl Display, takes: impl Display) {
        let reason = self.one(limit, "file", fact, takes);
        self.found.push(reason);
    }

    fn one(&self, limit: Limit, what: &str, fact: impl Display, takes: impl Display) -> Reason {
        let subject = match self.media {
            None => String::new(),
            Some((_, 1)) => format!("The {what} "),
            Some((at, _)) => format!("The {what} at place {} ", at + 1),
        };
        let text = format!("{subject}{fact}; {} takes {takes}.", self.kind.english());
        Reason { media: self.media.map(|(at, _)| at), limit, text }
    }

    fn of_image(&self, row: &ImageRow, image: &Image) -> Vec<Reason> {
        let mut found = Vec::new();
        let mut add = |limit, fact: String, takes: String| found.push(self.one(limit, "image", fact, takes));
        if !row.formats.is.contains(&image.format) {
            add(Limit::Format, format!("is {}", name(image.format)), list(row.formats.is, |format| name(*format)));
        }
        if image.animated {
            add(Limit::Format, "moves".to_owned(), "still images".to_owned());
        }
        if image.extended && !row.extended.is {
            add(Limit::Format, "has further pictures in it (MPO)".to_owned(), "plain JPEG".to_owned());
        }
        if image.bytes > row.bytes.is {
            add(
                Limit::Bytes,
                format!("has {}", megabytes(image.bytes)),
                format!("at most {}", megabytes(row.bytes.is)),
            );
        }
        if let Some(shapes) = row.shapes.filter(|shapes| !shapes.is.have(image.size, 0)) {
            add(Limit::Shape, format!("is {} pixels", image.size), format!("{} (width to height)", shapes.is));
        }
        found
    }

    /// What Meta advises, or does itself.
    fn preferred(&self, row: &ImageRow, image: &Image) -> Vec<Reason> {
        let mut found = Vec::new();
        let mut add = |limit, fact: String, takes: String| {
            let mut reason = self.one(limit, "image", fact, takes);
            reason.text = reason.text.replace(" takes ", " had better have ");
            found.push(reason);
        };
        let png = row.better_png_bytes.filter(|_| image.format == Format::Png);
        for better in [row.better_bytes, png].into_iter().flatten().filter(|better| image.bytes > better.is) {
            add(Limit::Bytes, format!("has {}", megabytes(image.bytes)), format!("at most {}", megabytes(better.is)));
        }
        let sides = [
            (Limit::Width, "wide", image.size.width, row.better_width),
            (Limit::Height, "high", image.size.height, row.better_height),
        ];
        for (limit, word, side, range) in sides {
            if let Some(range) = range.filter(|range| !range.is.has(&side)) {
                add(limit, format!("is {side} pixels {word}"), format!("{} pixels", amount(range.is)));
            }
        }
        found
    }

    fn of_video(&mut self, row: &VideoRow, video: &Video) {
        let mut add = |limit, fact: String, takes: String| {
            let reason = self.one(limit, "video", fact, takes);
            self.found.push(reason);
        };
        let codecs = |codecs: &[Codec]| list(codecs, |codec| codec.english());
        if !row.containers.is.contains(&video.container) {
            let takes = list(row.containers.is, |container| container.english());
            add(Limit::Format, format!("is {}", video.container.english()), takes);
        }
        if let Some(most) = row.bytes.filter(|most| video.bytes > most.is) {
            add(Limit::Bytes, format!("has {}", megabytes(video.bytes)), format!("at most {}", megabytes(most.is)));
        }
        if !row.seconds.is.has(&video.seconds) {
            let fact = format!("lasts {} seconds", trimmed(video.seconds));
            add(Limit::Seconds, fact, format!("{} seconds", amount(row.seconds.is)));
        }
        if let Some(shapes) = row.shapes.filter(|shapes| !shapes.is.have(video.size, VIDEO_ROUNDING)) {
            add(Limit::Shape, format!("is {} pixels", video.size), format!("{} (width to height)", shapes.is));
        }
        if let Some(most) = row.width.filter(|most| video.size.width > most.is) {
            let fact = format!("is {} pixels wide", video.size.width);
            add(Limit::Width, fact, format!("at most {} pixels", most.is));
        }
        let (shorter, longer) = (video.size.width.min(video.size.height), video.size.width.max(video.size.height));
        if let Some((short, long)) =
            row.sides.map(|sides| sides.is).filter(|least| shorter < least.0 || longer < least.1)
        {
            add(Limit::Height, format!("is {} pixels", video.size), format!("at least {short} by {long}"));
        }
        let within = |least: f64, most: f64| video.rate >= least - RATE_ROUNDING && video.rate <= most + RATE_ROUNDING;
        if let Some(rate) = row.rate.filter(|rate| !within(rate.is.least, rate.is.most)) {
            let fact = format!("has {} pictures a second", trimmed(video.rate));
            add(Limit::Rate, fact, amount(rate.is));
        }
        if let Some(taken) = row.codecs.filter(|taken| !taken.is.contains(&video.codec)) {
            add(Limit::Codec, format!("is encoded as {}", video.codec.english()), codecs(taken.is));
        }
        if let Some(sound) = &video.sound {
            if let Some(taken) = row.sound.filter(|taken| !taken.is.contains(&sound.codec)) {
                add(Limit::Sound, format!("has sound in {}", sound.codec.english()), codecs(taken.is));
            }
            if let Some(most) = row.sample_rate.filter(|most| sound.sample_rate > most.is) {
                let fact = format!("has sound of {} Hz", sound.sample_rate);
                add(Limit::Sound, fact, format!("at most {} Hz", most.is));
            }
            if let Some(most) = row.channels.filter(|most| sound.channels > most.is) {
                let fact = format!("has {} channels of sound", sound.channels);
                add(Limit::Sound, fact, format!("at most {}", most.is));
            }
        }
        let bit_rate = video.bytes as f64 * 8.0 / video.seconds;
        if let Some(most) = row.bit_rate.filter(|most| bit_rate > most.is as f64) {
            let fact = format!("has {} Mbit a second", trimmed((bit_rate / 1e4).ceil() / 100.0));
            add(Limit::BitRate, fact, format!("at most {}", most.is / MB_BITS));
        }
        if row.index_first.is_some_and(|first| first.is) && !video.index_first {
            let takes = "one whose index is first (“fast start”)".to_owned();
            add(Limit::IndexFirst, "has its index (`moov`) at its end".to_owned(), takes);
        }
    }
}

/// A million bits.
const MB_BITS: u64 = 1_000_000;

/// With three decimals at most, and no zeros at the end.
fn trimmed(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
