//! What an MP4 or MOV says of itself.
//!
//! Boxes and what they hold are read by `mp4-atom`. The way to them is walked here, along the few boxes that count: what phones write
//! into the others differs from standard to standard and is none of our concern, and nesting without end leads nowhere.

use super::rows::{Codec, Container};
use bowerbird_convert::Size;
use mp4_atom::{Atom as _, Audio, Decode as _, Esds, FourCC, Ftyp, Hdlr, Header, Mdhd, Mvhd, Stts, Tkhd, Visual};
use std::io::{self, Read, Seek, SeekFrom};

/// The largest index that is read, in bytes: that of some hours.
const MAX_INDEX: u64 = 32_000_000;
/// The most boxes of a level: more than any camera or editor writes.
const MAX_BOXES: usize = 10_000;
/// The largest description of sound that is read, in bytes.
const MAX_ESDS: usize = 256;
/// What `esds` calls AAC: MPEG-4's, and the three profiles of MPEG-2's.
const AAC_TYPES: [u8; 4] = [0x40, 0x66, 0x67, 0x68];

/// A video, as measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    /// What its first bytes say that it is.
    pub container: Container,
    /// How many.
    pub bytes: u64,
    /// In seconds.
    pub seconds: f64,
    /// In pixels, when turned as its header says.
    pub size: Size,
    /// By how many degrees, clockwise, it is turned for that.
    pub rotation: u16,
    /// Pictures a second, on the average.
    pub rate: f64,
    /// How the picture is encoded.
    pub codec: Codec,
    /// Its sound, if it has some.
    pub sound: Option<Sound>,
    /// Whether its index lies before its data.
    pub index_first: bool,
}

/// Sound, as measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// How it is encoded.
    pub codec: Codec,
    /// Samples a second; 0 if it is not said.
    pub sample_rate: u32,
    /// 1 is mono, 2 is stereo.
    pub channels: u16,
}

/// Why a video could not be measured: in plain words, for a developer.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// It is damaged, cut off, or none.
    #[error("the video cannot be read: {0}")]
    Unreadable(String),
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl From<mp4_atom::Error> for VideoError {
    fn from(error: mp4_atom::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Whether a file that begins so is measured by [`measure`]. AVIF and HEIC begin alike, and are images.
pub fn is_video(head: &[u8]) -> bool {
    let begins = matches!(head.get(4..8), Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip"));
    begins && bowerbird_convert::Format::of(head).is_none()
}

/// Measures a video of so many bytes. Reads its index and, of the rest, only where each piece begins.
///
/// # Errors
/// It is damaged, cut off, in fragments, or has no moving picture; or reading fails.
pub fn measure(file: &mut (impl Read + Seek), bytes: u64) -> Result<Video, VideoError> {
    // QuickTime of before 2002 does not say what it is.
    let (mut at, mut container, mut index, mut data_first) = (0, Container::Mov, None, false);
    for _ in 0..MAX_BOXES {
        if bytes - at < 8 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        let known = head.len().min(usize::try_from(bytes - at).unwrap_or(usize::MAX));
        file.read_exact(&mut head[..known])?;
        let mut rest = &head[..known];
        let header = Header::decode(&mut rest)?;
        let begins = at + (known - rest.len()) as u64;
        let size = header.size.map_or(bytes - begins, |size| size as u64);
        at = begins.checked_add(size).filter(|ends| *ends <= bytes).ok_or_else(|| unreadable("its end is missing"))?;
        match &kind(&header) {
            b"ftyp" => {
                let brand = Ftyp::decode_body(&mut &read(file, begins, size)?[..])?.major_brand;
                container = if brand == FourCC::new(b"qt  ") { Container::Mov } else { Container::Mp4 };
            }
            b"moov" => index = Some(read(file, begins, size)?),
            b"mdat" => data_first |= index.is_none(),
            _ => {}
        }
    }
    let index = index.ok_or_else(|| unreadable("it has no index (`moov`)"))?;
    read_index(&index, Video { container, bytes, index_first: !data_first, ..EMPTY })
}

/// A video of which nothing is known yet.
const EMPTY: Video = Video {
    container: Container::Mp4,
    bytes: 0,
    seconds: 0.0,
    size: Size { width: 0, height: 0 },
    rotation: 0,
    rate: 0.0,
    codec: Codec::Other,
    sound: None,
    index_first: false,
};

fn read_index(index: &[u8], mut video: Video) -> Result<Video, VideoError> {
    let (mut has_picture, mut length) = (false, 0.0);
    for (name, body) in boxes(index)? {
        if &name == b"mvhd" {
            let head = Mvhd::decode_body(&mut &*body)?;
            video.seconds = seconds(head.duration, head.timescale);
        }
        if &name != b"trak" {
            continue;
        }
        let media = one(body, b"mdia")?;
        match &u32::from(Hdlr::decode_body(&mut one(media, b"hdlr")?)?.handler).to_be_bytes() {
            b"vide" if !has_picture => {
                has_picture = true;
                length = read_picture(body, media, &mut video)?;
            }
            b"soun" if video.sound.is_none() => video.sound = Some(read_sound(media)?),
            _ => {}
        }
    }
    if !has_picture {
        return Err(unreadable("it has no moving picture"));
    }
    if video.seconds == 0.0 {
        video.seconds = length;
    }
    Ok(video)
}

/// Reads a track's picture, and tells for how many seconds there is one.
fn read_picture(track: &[u8], media: &[u8], video: &mut Video) -> Result<f64, VideoError> {
    let matrix = Tkhd::decode_body(&mut one(track, b"tkhd")?)?.matrix;
    let turned = |value: i32| value.signum();
    video.rotation = match [matrix.a, matrix.b, matrix.c, matrix.d].map(turned) {
        [0, 1, -1, 0] => 90,
        [-1, 0, 0, -1] => 180,
        [0, -1, 1, 0] => 270,
        _ => 0,
    };
    let table = one(one(media, b"minf")?, b"stbl")?;
    let (name, mut entry) = description(table)?;
    video.codec = match &name {
        b"avc1" | b"avc3" => Codec::H264,
        b"hvc1" | b"hev1" => Codec::H265,
        b"vp09" => Codec::Vp9,
        b"av01" => Codec::Av1,
        _ => Codec::Other,
    };
    let picture = Visual::decode(&mut entry)?;
    let size = Size::new(picture.width.into(), picture.height.into());
    video.size = if video.rotation % 180 == 90 { size.turned() } else { size };
    if picture.width == 0 || picture.height == 0 {
        return Err(unreadable("it has no pixels"));
    }
    let times = Stts::decode_body(&mut one(table, b"stts")?)?.entries;
    let pictures: u64 = times.iter().map(|time| u64::from(time.sample_count)).sum();
    let units = |time: &mp4_atom::SttsEntry| u128::from(time.sample_count) * u128::from(time.sample_delta);
    let units: u128 = times.iter().map(units).sum();
    let scale = Mdhd::decode_body(&mut one(media, b"mdhd")?)?.timescale;
    if pictures == 0 || units == 0 || scale == 0 {
        return Err(unreadable("its header does not say how long it is, as in streams, which come in fragments"));
    }
    let length = units as f64 / f64::from(scale);
    video.rate = pictures as f64 / length;
    Ok(length)
}

fn read_sound(media: &[u8]) -> Result<Sound, VideoError> {
    let (name, mut entry) = description(one(one(media, b"minf")?, b"stbl")?)?;
    let sound = Audio::decode(&mut entry)?;
    let codec = if &name == b"mp4a" && is_aac(entry) { Codec::Aac } else { Codec::Other };
    Ok(Sound { codec, sample_rate: sound.sample_rate.integer().into(), channels: sound.channel_count })
}

/// MP3 is `mp4a` too; in QuickTime what tells them apart lies one box deeper.
fn is_aac(mut entry: &[u8]) -> bool {
    for _ in 0..2 {
        let Ok(found) = boxes(entry) else { return false };
        let body = |wanted: &[u8; 4]| found.iter().find(|(name, _)| name == wanted).map(|(_, body)| *body);
        if let Some(mut esds) = body(b"esds").filter(|esds| esds.len() <= MAX_ESDS) {
            let told = Esds::decode_body(&mut esds).map(|esds| esds.es_desc.dec_config.object_type_indication);
            return told.is_ok_and(|told| AAC_TYPES.contains(&told));
        }
        entry = body(b"wave").unwrap_or_default();
    }
    false
}

/// A box's name, and what is in it.
type Named<'a> = ([u8; 4], &'a [u8]);

/// The first entry of `stsd`: how all samples are encoded, unless somebody joined two files.
fn description(table: &[u8]) -> Result<Named<'_>, VideoError> {
    // Version, flags and how many there are.
    let entries = one(table, b"stsd")?.get(8..).unwrap_or_default();
    boxes(entries)?.into_iter().next().ok_or_else(|| unreadable("it does not say how it is encoded"))
}

fn one<'a>(body: &'a [u8], wanted: &[u8; 4]) -> Result<&'a [u8], VideoError> {
    let found = boxes(body)?.into_iter().find(|(name, _)| name == wanted);
    let text = || format!("it has no `{}`", String::from_utf8_lossy(wanted));
    found.map(|(_, body)| body).ok_or_else(|| VideoError::Unreadable(text()))
}

/// The boxes of a level. A few bytes at its end that are none are let pass, as QuickTime ends some with zeros.
fn boxes(mut level: &[u8]) -> Result<Vec<Named<'_>>, VideoError> {
    let mut found = Vec::new();
    while level.len() >= 8 && found.len() < MAX_BOXES {
        let header = Header::decode(&mut level)?;
        let size = header.size.unwrap_or(level.len());
        let (body, rest) = level.split_at_checked(size).ok_or_else(|| unreadable("a box is larger than its place"))?;
        found.push((kind(&header), body));
        level = rest;
    }
    Ok(found)
}

fn read(file: &mut (impl Read + Seek), begins: u64, size: u64) -> Result<Vec<u8>, VideoError> {
    if size > MAX_INDEX {
        return Err(unreadable("its index is larger than that of any video of some hours"));
    }
    file.seek(SeekFrom::Start(begins))?;
    let mut body = Vec::new();
    file.take(size).read_to_end(&mut body)?;
    Ok(body)
}

fn seconds(duration: u64, scale: u32) -> f64 {
    // A header without a length says all ones.
    if scale == 0 || duration == u64::from(u32::MAX) || duration == u64::MAX {
        return 0.0;
    }
    duration as f64 / f64::from(scale)
}

fn kind(header: &Header) -> [u8; 4] {
    u32::from(header.kind).to_be_bytes()
}

fn unreadable(text: &str) -> VideoError {
    VideoError::Unreadable(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::trial::{FILM, Film, boxed, brand, four};
    use super::*;
    use std::io::Cursor;

    fn measured(bytes: &[u8]) -> Result<Video, VideoError> {
        measure(&mut Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn a_film_is_measured() {
        let bytes = FILM().bytes();
        let expected = Video {
            container: Container::Mp4,
            bytes: bytes.len() as u64,
            seconds: 10.0,
            size: Size::new(1080, 1920),
            rotation: 0,
            rate: 30.0,
            codec: Codec::H264,
            sound: Some(Sound { codec: Codec::Aac, sample_rate: 48_000, channels: 2 }),
            index_first: true,
        };
        assert!(is_video(&bytes[..64]));
        assert_eq!(measured(&bytes).unwrap(), expected);
    }

    #[test]
    fn each_thing_that_is_said_is_read() {
        let of = |change: &dyn Fn(&mut Film)| {
            let mut film = FILM();
            change(&mut film);
            measured(&film.bytes()).unwrap()
        };
        for codec in [Codec::H264, Codec::H265, Codec::Vp9, Codec::Av1, Codec::Other] {
            assert_eq!(of(&|film| film.codec = four(codec)).codec, codec);
        }
        for container in [Container::Mp4, Container::Mov] {
            assert_eq!(of(&|film| film.brand = brand(container)).container, container);
        }
        for (rotation, size) in [(90, (1920, 1080)), (180, (1080, 1920)), (270, (1920, 1080))] {
            let video = of(&|film| film.rotation = rotation);
            assert_eq!((video.rotation, video.size), (rotation, Size::new(size.0, size.1)));
        }
        let ntsc = of(&|film| film.times = vec![(200, 1001), (100, 1001)]);
        assert!((ntsc.rate - 29.97).abs() < 0.01 && (ntsc.seconds - 10.01).abs() < 0.001, "{ntsc:?}");
        assert_eq!(of(&|film| film.sound = None).sound, None);
        assert_eq!(of(&|film| film.sound = Some((44_100, 1, 0x6B))).sound.unwrap().codec, Codec::Other);
        assert_eq!(of(&|film| film.sound = Some((44_100, 1, 0x67))).sound.unwrap().sample_rate, 44_100);
        assert!(!of(&|film| film.index_first = false).index_first);
    }

    #[test]
    fn what_cannot_be_measured_is_named() {
        let text = |bytes: &[u8]| measured(bytes).unwrap_err().to_string();
        assert!(text(&boxed(b"mdat", &[&[0; 9]])).contains("no index"));
        assert!(text(&boxed(b"moov", &[])).contains("no moving picture"));
        let streamed = Film { times: vec![], ..FILM() };
        assert!(text(&streamed.bytes()).contains("fragments"));
        let cut = Film { index_first: false, ..FILM() }.bytes();
        assert!(text(&cut[..500]).contains("its end is missing"));
        let huge = [&u32::MAX.to_be_bytes()[..], b"moov", &[0; 8]].concat();
        assert!(measure(&mut Cursor::new(huge), u64::MAX / 2).unwrap_err().to_string().contains("larger"));
    }

    /// Of what is hostile nothing is asked but an end: no panic (an overflow is one in tests), no loop, no memory without measure.
    #[test]
    fn hostile_files_come_to_an_end() {
        let film = FILM().bytes();
        for length in 0..film.len() {
            drop(measured(&film[..length]));
        }
        let head = film.len() - 1008;
        for at in 0..head {
            for value in [0, 1, 7, 8, 0x7F, 0x80, 0xFF, film[at] ^ 1] {
                let mut bytes = film.clone();
                bytes[at] = value;
                drop(measured(&bytes));
            }
            for word in [0, 1, u32::MAX, i32::MAX as u32] {
                let mut bytes = film.clone();
                bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
                drop(measured(&bytes));
            }
        }
        // Boxes in boxes, and boxes without number.
        for name in [b"moov", b"trak", b"stsd", b"mp4a", b"wave", b"esds"] {
            let nested = (0..2000).fold(Vec::new(), |inner, _| boxed(name, &[&inner]));
            drop(measured(&boxed(b"moov", &[&nested])));
        }
        let many = boxed(b"free", &[]).repeat(100_000);
        drop(measured(&many));
        drop(measured(&boxed(b"moov", &[&many])));
    }
}
