//! JPEG, by libjpeg.

use super::color::Conversion;
use super::{Wish, orientation, size_of, unreadable, upright};
use crate::{ConvertError, Format, Frame, Picture, Size, Work};
use image::RgbaImage;
use image::metadata::Orientation;
use mozjpeg::{ColorSpace, Decompress};

/// A photo that is read at a reduced size may have so many times the pixels that are allowed, because only a few rows of it are
/// ever in memory. That does not hold for those that come in several passes.
const REDUCED: u64 = 4;

/// So many passes over the largest image that is allowed take some seconds. Cameras and editors write ten or so.
const PASSES: u64 = 20;

/// Rows that are read between two looks at the clock.
const ROWS: usize = 128;

pub(super) fn decode(bytes: &[u8], wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    let markers = Markers::read(bytes)?;
    let full = size_of(markers.width, markers.height)?;
    let turn = upright(markers.orientation, wish);
    let full_upright = orientation::turned(full, turn);
    let enough = wish.enough.and_then(|task| task.enough(full_upright));
    let (eighths, size) = reduced(full, enough.map(|size| orientation::turned(size, turn)));
    work.check_size(size, 1)?;
    check_full(&markers, full, work)?;

    let mut header = Decompress::new_mem(bytes).map_err(unreadable)?;
    header.scale(eighths);
    let inks = matches!(header.color_space(), ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK);
    let space = if inks { ColorSpace::JCS_CMYK } else { ColorSpace::JCS_EXT_RGBA };
    let mut rows = header.to_colorspace(space).map_err(unreadable)?;
    if (rows.width(), rows.height()) != (size.width as usize, size.height as usize) {
        return Err(unreadable("its headers contradict each other"));
    }
    let mut image = RgbaImage::new(size.width, size.height);
    // Where the data ends too early libjpeg only warns, and fills the rest with grey: as browsers do, it shows what there is.
    for band in image.chunks_mut(size.width as usize * 4 * ROWS) {
        work.check_time()?;
        rows.read_scanlines_into(band).map_err(unreadable)?;
    }
    if inks {
        print(&mut image, &markers);
    } else if let Some(conversion) = Conversion::of_icc(&markers.icc()) {
        conversion.convert(&mut image);
    }
    let frames = vec![Frame { image: orientation::turn(image, turn), delay_ms: 0 }];
    Ok(Picture { frames, loops: 0, format: Format::Jpeg, full: full_upright })
}

pub(super) fn measure(bytes: &[u8]) -> Result<Size, ConvertError> {
    let markers = Markers::read(bytes)?;
    Ok(orientation::turned(size_of(markers.width, markers.height)?, markers.orientation))
}

/// The eighths at which an image is read to be at least so large, and its size then.
fn reduced(full: Size, enough: Option<Size>) -> (u8, Size) {
    let enough = enough.unwrap_or(full);
    [1, 2, 4]
        .map(|eighths| {
            let side = |side: u32| (u64::from(side) * u64::from(eighths)).div_ceil(8) as u32;
            (eighths, Size { width: side(full.width), height: side(full.height) })
        })
        .into_iter()
        .find(|(_, size)| size.width >= enough.width && size.height >= enough.height)
        .unwrap_or((8, full))
}

fn check_full(markers: &Markers<'_>, full: Size, work: &Work<'_>) -> Result<(), ConvertError> {
    let pixels = u64::from(full.width) * u64::from(full.height);
    let allowed = work.limits.pixels.saturating_mul(if markers.in_passes { 1 } else { REDUCED });
    if pixels > allowed {
        return Err(ConvertError::TooLarge(format!(
            "a JPEG of {full} has more pixels than the {allowed} that are allowed"
        )));
    }
    if markers.in_passes {
        let passes = markers.data.array_windows().filter(|pair| **pair == [0xFF, 0xDA]).count() as u64 + 1;
        if passes.saturating_mul(pixels) > work.limits.pixels.saturating_mul(PASSES) {
            return Err(ConvertError::TooLarge(format!("a JPEG of {full} has too many passes, {passes} of them")));
        }
    }
    Ok(())
}

/// Turns inks into light.
fn print(image: &mut RgbaImage, markers: &Markers<'_>) {
    if markers.adobe {
        // Adobe's programs, and with them all others, write how much ink is missing.
        image.iter_mut().for_each(|ink| *ink = !*ink);
    }
    if let Some(conversion) = Conversion::of_inks(&markers.icc()) {
        return conversion.convert(image);
    }
    for pixel in image.as_chunks_mut::<4>().0 {
        let [cyan, magenta, yellow, black] = pixel.map(|ink| 255 - u32::from(ink));
        let light = |ink: u32| ((ink * black + 127) / 255) as u8;
        *pixel = [light(cyan), light(magenta), light(yellow), 255];
    }
}

/// What comes before the pixels.
struct Markers<'a> {
    width: u32,
    height: u32,
    /// Every pass is over the whole image, so all of it is in memory at once.
    in_passes: bool,
    orientation: Orientation,
    /// Written by Adobe's programs, or as they write.
    adobe: bool,
    /// Pieces of the profile, each with its number.
    icc: Vec<(u8, &'a [u8])>,
    /// The pixels.
    data: &'a [u8],
}

impl<'a> Markers<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ConvertError> {
        Self::walk(bytes).ok_or_else(|| unreadable("the JPEG ends before its pixels begin"))
    }

    fn walk(bytes: &'a [u8]) -> Option<Self> {
        let mut markers = Self {
            width: 0,
            height: 0,
            in_passes: false,
            orientation: Orientation::NoTransforms,
            adobe: false,
            icc: Vec::new(),
            data: &[],
        };
        let mut components = 0;
        let mut rest = bytes.get(2..)?;
        loop {
            let start = rest.iter().position(|byte| *byte == 0xFF)?;
            rest = &rest[start..];
            rest = &rest[rest.iter().position(|byte| *byte != 0xFF)?..];
            let marker = rest[0];
            rest = &rest[1..];
            // These stand alone: nothing, the restarts, and the start.
            if matches!(marker, 0 | 1 | 0xD0..=0xD8) {
                continue;
            }
            let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
            let segment = rest.get(2..length)?;
            rest = &rest[length..];
            match marker {
                0xC4 | 0xC8 | 0xCC => {}
                0xC0..=0xCF => {
                    let &[_, high, low, wide, narrow, count, ..] = segment else { return None };
                    markers.height = u16::from_be_bytes([high, low]).into();
                    markers.width = u16::from_be_bytes([wide, narrow]).into();
                    markers.in_passes = matches!(marker, 0xC2 | 0xC6 | 0xCA | 0xCE);
                    components = count;
                }
                0xDA => {
                    markers.in_passes |= *segment.first()? < components;
                    markers.data = rest;
                    // Without any of it nothing would be shown but grey.
                    return (rest.len() > 2 && components > 0).then_some(markers);
                }
                0xE1 if segment.starts_with(b"Exif\0\0") => markers.orientation = orientation::of_exif(segment),
                0xE2 => {
                    if let Some([number, _, piece @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0") {
                        markers.icc.push((*number, piece));
                    }
                }
                0xEE => markers.adobe |= segment.starts_with(b"Adobe"),
                _ => {}
            }
        }
    }

    fn icc(&self) -> Vec<u8> {
        let mut pieces = self.icc.clone();
        pieces.sort_by_key(|(number, _)| *number);
        pieces.into_iter().flat_map(|(_, piece)| piece).copied().collect()
    }
}
