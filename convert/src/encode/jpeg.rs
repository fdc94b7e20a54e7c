//! JPEG, by mozjpeg.

use super::{Encoding, is_grey, unwritable};
use crate::ConvertError;
use image::RgbaImage;
use mozjpeg::{ColorSpace, Compress};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The quality unless said.
const QUALITY: u8 = 82;

/// From this quality on colour is kept at full resolution. Whoever asks for so much looks at edges; below, the eye does not miss it.
const FULL_COLOR: f32 = 90.0;

/// Writes an image whose alpha does not count.
pub fn write(image: &RgbaImage, encoding: &Encoding) -> Result<Vec<u8>, ConvertError> {
    // libjpeg has no other way to fail, and the library promises that unwinding leaves nothing behind.
    catch_unwind(AssertUnwindSafe(|| compress(image, encoding)))
        .unwrap_or_else(|cause| {
            let text = cause.downcast_ref::<String>().map_or("libjpeg failed", String::as_str);
            Err(std::io::Error::other(text.to_owned()))
        })
        .map_err(unwritable)
}

fn compress(image: &RgbaImage, encoding: &Encoding) -> std::io::Result<Vec<u8>> {
    let quality = encoding.quality_or(QUALITY);
    let mut jpeg = Compress::new(ColorSpace::JCS_EXT_RGBX);
    jpeg.set_size(image.width() as usize, image.height() as usize);
    // The library's own defaults are the smallest and slowest way. Codes of an image's own (`set_optimize_coding`) save a few per cent
    // and more than double the time, so that they too are left to `compress`.
    if !encoding.compress {
        jpeg.set_fastest_defaults();
        if encoding.progressive {
            jpeg.set_progressive_mode();
        }
    }
    jpeg.set_quality(quality);
    if is_grey(image) {
        jpeg.set_color_space(ColorSpace::JCS_GRAYSCALE);
    } else if quality >= FULL_COLOR {
        jpeg.set_chroma_sampling_pixel_sizes((1, 1), (1, 1));
    } else {
        jpeg.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
    }
    let mut started = jpeg.start_compress(Vec::with_capacity(image.as_raw().len() / 16))?;
    started.write_scanlines(image.as_raw())?;
    started.finish()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use image::{Rgba, load_from_memory};

    /// The marker of a frame: how it is coded, and the sampling of its first component, which are both in its header.
    fn frame(bytes: &[u8]) -> (u8, u8, u8) {
        let mut at = 2;
        loop {
            let (marker, length) = (bytes[at + 1], u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
            if (0xC0..=0xC2).contains(&marker) {
                return (marker, bytes[at + 9], bytes[at + 11]);
            }
            at += 2 + usize::from(length);
        }
    }

    #[test]
    fn how_it_is_coded() {
        const BASELINE: u8 = 0xC0;
        const PROGRESSIVE: u8 = 0xC2;
        let photo = samples::photo(90, 70);
        let grey = RgbaImage::from_fn(90, 70, |x, _| Rgba([x as u8, x as u8, x as u8, 255]));
        let with = |quality, progressive, compress| Encoding { quality, progressive, compress, ..Encoding::default() };
        for (image, encoding, expected) in [
            (&photo, with(None, false, false), (BASELINE, 3, 0x22)),
            (&photo, with(Some(90), false, false), (BASELINE, 3, 0x11)),
            (&photo, with(None, true, false), (PROGRESSIVE, 3, 0x22)),
            (&photo, with(Some(95), false, true), (PROGRESSIVE, 3, 0x11)),
            (&grey, with(None, false, false), (BASELINE, 1, 0x11)),
        ] {
            let bytes = write(image, &encoding).unwrap();
            assert_eq!(frame(&bytes), expected, "{encoding:?}");
            let difference = samples::difference(&load_from_memory(&bytes).unwrap().into_rgba8(), image);
            assert!(difference < 4.0, "{difference}");
        }
    }

    #[test]
    fn quality_and_compressing_count() {
        let photo = samples::photo(200, 160);
        let length =
            |quality, compress| write(&photo, &Encoding { quality, compress, ..Encoding::default() }).unwrap().len();
        assert!(length(Some(30), false) < length(Some(60), false));
        assert!(length(Some(60), false) < length(None, false));
        assert!(length(None, true) < length(None, false));
    }

    #[test]
    fn what_the_library_refuses_is_an_error() {
        assert!(matches!(write(&RgbaImage::new(0, 0), &Encoding::default()), Err(ConvertError::Unwritable(_))));
    }
}
