//! A smaller JPEG of an image.

use super::ConvertError;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};
use std::io::Cursor;

/// Sides beyond this are refused before anything is decoded.
const MAX_SIDE: u32 = 20_000;
/// Memory that decoding may take: an image of about 100 megapixels.
const MAX_ALLOC: u64 = 400 * 1024 * 1024;
/// A very tall image does not become a tower.
const TALLEST: u32 = 4;
const QUALITY: u8 = 82;

/// Makes a JPEG, upright, at most `width` pixels wide and four times as high, never larger than the image itself. What is transparent
/// becomes white.
pub fn shrink(bytes: &[u8], width: u32) -> Result<Vec<u8>, ConvertError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(image::ImageError::from)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    if image.width() > width || image.height() > width * TALLEST {
        image = image.thumbnail(width, width * TALLEST);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&on_white(image))?;
    Ok(jpeg)
}

fn on_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return DynamicImage::ImageRgb8(image.into_rgb8());
    }
    let source = image.into_rgba8();
    let blend = |channel: u8, alpha: u8| {
        let (channel, alpha) = (u16::from(channel), u16::from(alpha));
        ((channel * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let opaque = image::RgbImage::from_fn(source.width(), source.height(), |x, y| {
        let [r, g, b, a] = source.get_pixel(x, y).0;
        image::Rgb([blend(r, a), blend(g, a), blend(b, a)])
    });
    DynamicImage::ImageRgb8(opaque)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    fn png(width: u32, height: u32, pixel: [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(width, height, Rgba(pixel)).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn shrunk(bytes: &[u8], width: u32) -> DynamicImage {
        image::load_from_memory_with_format(&shrink(bytes, width).unwrap(), ImageFormat::Jpeg).unwrap()
    }

    #[test]
    fn it_keeps_the_shape_and_never_grows() {
        let size = |image: DynamicImage| (image.width(), image.height());
        assert_eq!(size(shrunk(&png(1000, 500, [9, 9, 9, 255]), 320)), (320, 160));
        assert_eq!(size(shrunk(&png(100, 50, [9, 9, 9, 255]), 320)), (100, 50));
        assert_eq!(size(shrunk(&png(100, 5000, [9, 9, 9, 255]), 160)), (13, 640));
    }

    #[test]
    fn what_is_transparent_becomes_white() {
        assert!(
            shrunk(&png(8, 8, [0, 0, 0, 0]), 320).into_rgb8().pixels().all(|pixel| pixel.0.iter().all(|&c| c > 250))
        );
    }

    #[test]
    fn what_is_no_image_is_an_error() {
        assert!(shrink(b"<html>", 320).is_err());
        assert!(shrink(&png(64, 64, [1, 2, 3, 255])[..60], 320).is_err());
    }
}
