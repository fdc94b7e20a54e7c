//! PNG: with no more channels and bits than the image needs.

use super::palette::{MAX_COLORS, Palette};
use super::{is_grey, is_opaque, pixels, unwritable};
use crate::ConvertError;
use image::RgbaImage;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};
use std::borrow::Cow;

/// Writes an image, always without loss. `compress` takes the time for the smallest file.
pub fn write(image: &RgbaImage, compress: bool) -> Result<Vec<u8>, ConvertError> {
    let (width, height) = image.dimensions();
    let mut bytes = Vec::with_capacity(image.as_raw().len() / 4);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    let pixels = pixels(image);
    let (grey, opaque) = (is_grey(image), is_opaque(image));
    // Grey needs no palette, unless that takes less than a byte a pixel.
    let most = if grey && opaque { 16 } else { MAX_COLORS };
    let palette = Palette::of(pixels.iter().copied(), most);
    let (color, data) = match (&palette, grey, opaque) {
        (Some(palette), ..) => {
            let depth = set_palette(&mut encoder, palette);
            (ColorType::Indexed, Cow::from(indices(image, palette, depth)))
        }
        (None, true, true) => (ColorType::Grayscale, pixels.iter().map(|pixel| pixel[0]).collect()),
        (None, true, false) => {
            (ColorType::GrayscaleAlpha, pixels.iter().flat_map(|pixel| [pixel[0], pixel[3]]).collect())
        }
        (None, false, true) => {
            (ColorType::Rgb, pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect())
        }
        (None, false, false) => (ColorType::Rgba, Cow::from(image.as_raw())),
    };
    encoder.set_color(color);
    let (deflate, filter) = match (compress, &palette) {
        // Beyond 6 photos take six times as long and are no smaller.
        (true, None) => (DeflateCompression::Level(6), Filter::Adaptive),
        (true, Some(_)) => (DeflateCompression::Level(9), Filter::NoFilter),
        (false, None) => (DeflateCompression::FdeflateUltraFast, Filter::Adaptive),
        // Neighbouring indices have nothing to do with one another, so that filters only do harm.
        (false, Some(_)) => (DeflateCompression::Level(6), Filter::NoFilter),
    };
    encoder.set_deflate_compression(deflate);
    encoder.set_filter(filter);
    let mut writer = encoder.write_header().map_err(unwritable)?;
    writer.write_image_data(&data).map_err(unwritable)?;
    writer.finish().map_err(unwritable)?;
    Ok(bytes)
}

/// Sets the colours, and the fewest bits that name them.
fn set_palette(encoder: &mut Encoder<'_, &mut Vec<u8>>, palette: &Palette) -> BitDepth {
    let colors = palette.colors();
    let depth = match colors.len() {
        0..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    encoder.set_depth(depth);
    encoder.set_palette(colors.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect::<Vec<_>>());
    let alphas: Vec<_> = colors.iter().map(|color| color[3]).take_while(|alpha| *alpha < 255).collect();
    if !alphas.is_empty() {
        encoder.set_trns(alphas);
    }
    depth
}

/// Each row's indices, packed from the high bits down; a row begins with a byte of its own.
fn indices(image: &RgbaImage, palette: &Palette, depth: BitDepth) -> Vec<u8> {
    let bits = depth as usize;
    let mut packed = Vec::with_capacity((image.width() as usize * bits).div_ceil(8) * image.height() as usize);
    for row in pixels(image).chunks(image.width().max(1) as usize) {
        packed.extend(row.chunks(8 / bits).map(|group| {
            let place = |(at, pixel): (usize, &[u8; 4])| palette.index(*pixel) << (8 - bits * (at + 1));
            group.iter().enumerate().map(place).fold(0, |byte, index| byte | index)
        }));
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use image::{Rgba, load_from_memory};

    fn color_type(bytes: &[u8]) -> (ColorType, BitDepth) {
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let reader = decoder.read_info().unwrap();
        (reader.info().color_type, reader.info().bit_depth)
    }

    #[test]
    fn no_more_channels_and_bits_than_needed_and_no_loss() {
        let photo = samples::photo(61, 37);
        let grey =
            RgbaImage::from_fn(61, 37, |x, y| Rgba([(x * 4) as u8, (x * 4) as u8, (x * 4) as u8, 255 - (y % 2) as u8]));
        let mut solid_grey = grey.clone();
        solid_grey.pixels_mut().for_each(|pixel| pixel.0[3] = 255);
        let few = |count: u32| {
            RgbaImage::from_fn(61, 37, |x, y| {
                Rgba([((x + y) % count) as u8, 9, 0, if x % count == 0 { 0 } else { 255 }])
            })
        };
        let plain = RgbaImage::from_pixel(1, 1, Rgba([1, 2, 3, 4]));
        for (image, expected) in [
            (samples::round(61, 37), (ColorType::Rgba, BitDepth::Eight)),
            (photo, (ColorType::Rgb, BitDepth::Eight)),
            (solid_grey, (ColorType::Grayscale, BitDepth::Eight)),
            (grey, (ColorType::Indexed, BitDepth::Eight)),
            (few(2), (ColorType::Indexed, BitDepth::Two)),
            (few(7), (ColorType::Indexed, BitDepth::Four)),
            (few(60), (ColorType::Indexed, BitDepth::Eight)),
            (plain, (ColorType::Indexed, BitDepth::One)),
            (samples::photo(1, 10_000), (ColorType::Rgb, BitDepth::Eight)),
        ] {
            for compress in [false, true] {
                let bytes = write(&image, compress).unwrap();
                assert_eq!(color_type(&bytes), expected);
                assert!(load_from_memory(&bytes).unwrap().into_rgba8() == image, "{expected:?} is as it was");
            }
        }
    }

    #[test]
    fn compressing_makes_it_smaller() {
        let photo = samples::photo(200, 200);
        let (fast, small) = (write(&photo, false).unwrap(), write(&photo, true).unwrap());
        assert!(small.len() < fast.len(), "{} {}", small.len(), fast.len());
    }
}
