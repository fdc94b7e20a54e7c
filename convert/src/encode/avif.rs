//! AVIF, by rav1e.

use super::{Encoding, pixels, unwritable};
use crate::ConvertError;
use image::RgbaImage;
use ravif::{BitDepth, Encoder, Img, RGBA8};

/// The most pixels that the format's Advanced profile knows, and a bound of the memory that the encoder takes.
pub const MAX_PIXELS: u64 = 35_651_584;

/// The longest side that it knows.
pub const MAX_SIDE: u32 = 16_384;

/// The quality unless said.
const QUALITY: u8 = 72;

/// Up to here time is taken for small files; beyond, the encoder, which cannot be stopped, is made faster.
const SMALL: u64 = 2_000_000;
const MIDDLE: u64 = 8_000_000;

/// Writes an image, with its alpha if it has any.
pub fn write(image: &RgbaImage, encoding: &Encoding) -> Result<Vec<u8>, ConvertError> {
    let quality = encoding.quality_or(QUALITY);
    let size = u64::from(image.width()) * u64::from(image.height());
    let speed = match encoding.compress {
        _ if size > MIDDLE => 10,
        _ if size > SMALL => 9,
        true => 4,
        // Below 7 files become 3 % smaller in half as much time again, from 9 on they become larger fast.
        false => 8,
    };
    let encoder = Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(speed)
        // Ten make a file 3 % smaller at the same quality, in twice the time.
        .with_bit_depth(if encoding.compress { BitDepth::Ten } else { BitDepth::Eight })
        // More threads divide the image, which makes other bytes of it on another machine.
        .with_num_threads(Some(1));
    let pixels: Vec<_> = pixels(image).iter().map(|&[r, g, b, a]| RGBA8::new(r, g, b, a)).collect();
    let image = Img::new(pixels.as_slice(), image.width() as usize, image.height() as usize);
    encoder.encode_rgba(image).map(|image| image.avif_file).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn alpha_is_there_if_something_shows_through() {
        for image in [samples::photo(70, 40), samples::round(70, 40)] {
            let bytes = write(&image, &Encoding::default()).unwrap();
            let read = samples::read(&bytes);
            assert_eq!(super::super::is_opaque(&read), super::super::is_opaque(&image));
            let difference = samples::difference(&read, &image);
            assert!(difference < 5.0, "{difference}");
        }
    }

    #[test]
    fn quality_counts() {
        let photo = samples::photo(200, 160);
        let length = |quality| write(&photo, &Encoding { quality, ..Encoding::default() }).unwrap().len();
        assert!(length(Some(30)) < length(None));
    }
}
