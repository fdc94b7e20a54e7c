//! Reads images of every format, upright and in sRGB.

mod animation;
mod avif;
mod boxes;
mod color;
mod heic;
mod jpeg;
mod orientation;
mod png;
mod still;
mod yuv;

use crate::tasks::Task;
use crate::{ConvertError, Format, Picture, Size, Work};
use image::metadata::Orientation;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How an image is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The first step, which knows what size is enough for it; `None` reads every pixel.
    pub enough: Option<&'a dyn Task>,
    /// Does not turn it as its EXIF data (in AVIF: its container) says. HEIC is always turned.
    pub as_it_lies: bool,
}

/// What an image's first bytes say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// What the bytes are.
    pub format: Format,
    /// The size when upright.
    pub size: Size,
    /// Whether [`decode`] finds more than one frame. Of an animated PNG it reads the first.
    pub animated: bool,
}

/// Reads an image, whatever its format.
///
/// A JPEG whose end is missing, and an animation of which some frames can be read, are read as far as they go, as browsers do.
/// Fails with [`ConvertError::Unreadable`] if the bytes are no image or broken, and with [`ConvertError::TooLarge`] before memory
/// is taken for more pixels than the limits allow.
pub fn decode(bytes: &[u8], wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    let format = format(bytes)?;
    unwound(|| match format {
        Format::Jpeg => jpeg::decode(bytes, wish, work),
        Format::Png => png::decode(bytes, wish, work),
        Format::Bmp | Format::Tiff => still::decode(bytes, format, wish, work),
        Format::Gif => animation::gif(bytes, wish, work),
        Format::Webp => animation::webp(bytes, wish, work),
        Format::Avif => avif::decode(bytes, wish, work),
        Format::Heic => heic::decode(bytes, work),
    })
}

/// Tells format and size without reading pixels, so no limits apply. Fails with [`ConvertError::Unreadable`].
pub fn measure(bytes: &[u8]) -> Result<Measured, ConvertError> {
    let format = format(bytes)?;
    let (size, animated) = unwound(|| match format {
        Format::Jpeg => jpeg::measure(bytes).map(|size| (size, false)),
        Format::Png | Format::Bmp | Format::Tiff => still::measure(bytes, format).map(|size| (size, false)),
        Format::Gif => animation::measure_gif(bytes),
        Format::Webp => animation::measure_webp(bytes),
        Format::Avif => avif::measure(bytes).map(|size| (size, false)),
        Format::Heic => heic::measure(bytes).map(|size| (size, false)),
    })?;
    Ok(Measured { format, size, animated })
}

fn format(bytes: &[u8]) -> Result<Format, ConvertError> {
    Format::of(bytes).ok_or_else(|| {
        ConvertError::Unreadable(
            "it is none of JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF and BMP by its first bytes".to_owned(),
        )
    })
}

/// libjpeg leaves by unwinding, and no foreign decoder is trusted not to panic at some broken file.
fn unwound<T>(read: impl FnOnce() -> Result<T, ConvertError>) -> Result<T, ConvertError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
        Err(ConvertError::Unreadable(text.unwrap_or("its decoder gave up").to_owned()))
    })
}

fn unreadable(cause: impl ToString) -> ConvertError {
    ConvertError::Unreadable(cause.to_string())
}

/// A size as a file says it, which may be nothing.
fn size_of(width: u32, height: u32) -> Result<Size, ConvertError> {
    if width == 0 || height == 0 { Err(unreadable("it has no pixels")) } else { Ok(Size { width, height }) }
}

/// What turns an image upright.
fn upright(orientation: Orientation, wish: &Wish<'_>) -> Orientation {
    if wish.as_it_lies { Orientation::NoTransforms } else { orientation }
}
