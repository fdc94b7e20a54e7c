//! BMP, TIFF and WebP that stands still, and what PNG has in common with them.

use super::color::Conversion;
use super::{Wish, orientation, png, size_of, unreadable, upright};
use crate::{ConvertError, Format, Picture, Size, Work};
use image::codecs::{bmp::BmpDecoder, tiff::TiffDecoder};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, Limits, RgbaImage};
use std::io::Cursor;

/// What metadata may unpack to: a profile of a few megabytes is large, and one of gigabytes an attack.
const METADATA: u64 = 32 << 20;

pub(super) fn decode(bytes: &[u8], format: Format, wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    read(decoder(bytes, format)?, format, wish, work)
}

/// Reads by any decoder.
pub(super) fn read(
    decoder: impl ImageDecoder,
    format: Format,
    wish: &Wish<'_>,
    work: &Work<'_>,
) -> Result<Picture, ConvertError> {
    read_by(decoder, format, wish, work, |decoder, _| rgba(decoder))
}

/// Reads by any decoder; `pixels` takes what it gives, as it lies, and is told what width is enough.
pub(super) fn read_by<D: ImageDecoder>(
    mut decoder: D,
    format: Format,
    wish: &Wish<'_>,
    work: &Work<'_>,
    pixels: impl FnOnce(D, Option<u32>) -> Result<RgbaImage, ConvertError>,
) -> Result<Picture, ConvertError> {
    let (width, height) = decoder.dimensions();
    let size = size_of(width, height)?;
    work.check_size(size, 1)?;
    decoder.set_limits(limits(work.limits.pixels))?;
    let turn = upright(orientation_of(&mut decoder), wish);
    let full = orientation::turned(size, turn);
    let conversion = decoder.icc_profile().ok().flatten().and_then(|icc| Conversion::of_icc(&icc));
    let enough = wish.enough.and_then(|task| task.enough(full));
    let mut image = pixels(decoder, enough.map(|size| orientation::turned(size, turn).width))?;
    if let Some(conversion) = conversion {
        conversion.convert(&mut image);
    }
    Ok(Picture { full, ..Picture::still(orientation::turn(image, turn), format) })
}

/// The pixels, four bytes each. Those of three bytes are read into the place of the result and spread there: with a copy of them a large
/// image would take nearly twice the memory.
pub(super) fn rgba(decoder: impl ImageDecoder) -> Result<RgbaImage, ConvertError> {
    if decoder.color_type() != ColorType::Rgb8 {
        return Ok(DynamicImage::from_decoder(decoder)?.into_rgba8());
    }
    let (width, height) = decoder.dimensions();
    let mut image = RgbaImage::new(width, height);
    let pixels = width as usize * height as usize;
    let bytes: &mut [u8] = &mut image;
    decoder.read_image(&mut bytes[..pixels * 3])?;
    for at in (0..pixels).rev() {
        let [red, green, blue] = [0, 1, 2].map(|channel| bytes[at * 3 + channel]);
        bytes[at * 4..][..4].copy_from_slice(&[red, green, blue, 255]);
    }
    Ok(image)
}

pub(super) fn measure(bytes: &[u8], format: Format) -> Result<Size, ConvertError> {
    upright_size(&mut decoder(bytes, format)?)
}

pub(super) fn upright_size(decoder: &mut impl ImageDecoder) -> Result<Size, ConvertError> {
    let (width, height) = decoder.dimensions();
    Ok(orientation::turned(size_of(width, height)?, orientation_of(decoder)))
}

pub(super) fn orientation_of(decoder: &mut impl ImageDecoder) -> Orientation {
    match decoder.exif_metadata() {
        Ok(Some(exif)) => orientation::of_exif(&exif),
        // TIFF says it in a field of its own.
        _ => decoder.orientation().unwrap_or(Orientation::NoTransforms),
    }
}

/// Memory for so many pixels of the deepest kind, and for what surrounds them.
pub(super) fn limits(pixels: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels.saturating_mul(16).saturating_add(METADATA));
    limits
}

fn decoder(bytes: &[u8], format: Format) -> Result<Box<dyn ImageDecoder + '_>, ConvertError> {
    let reader = Cursor::new(bytes);
    Ok(match format {
        Format::Png => Box::new(png::decoder(bytes)?),
        Format::Bmp => Box::new(BmpDecoder::new(reader)?),
        Format::Tiff => Box::new(TiffDecoder::new(reader)?),
        other => return Err(unreadable(format!("{} is read elsewhere", other.mimetype()))),
    })
}
