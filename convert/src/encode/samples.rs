//! Pictures for the tests, and what independent readers make of the bytes.

use crate::decode::{Wish, decode};
use crate::{Format, Frame, Picture, Work};
use image::codecs::{gif::GifDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Rgba, RgbaImage};
use std::io::Cursor;

/// Smooth areas with an edge and a little noise: more than 256 colours, if it is large enough.
pub fn photo(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let noise = (x.wrapping_mul(73) ^ y.wrapping_mul(151)) % 8;
        let edge = if x > y { 40 } else { 0 };
        Rgba([(x * 180 / width + noise + edge) as u8, (y * 180 / height + noise) as u8, (90 + noise * 3) as u8, 255])
    })
}

/// The same, seen through a soft circle.
pub fn round(width: u32, height: u32) -> RgbaImage {
    let mut image = photo(width, height);
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let away = ((x as f32 - middle_x) / middle_x).hypot((y as f32 - middle_y) / middle_y);
        pixel.0[3] = ((1.1 - away) * 1000.0).clamp(0.0, 255.0) as u8;
    }
    image
}

/// Three frames: a photo, the photo with a blue square, and one with a hole in it.
pub fn animation() -> Picture {
    let first = photo(60, 40);
    let mut second = first.clone();
    let mut third = first.clone();
    for (x, y) in (0..10).flat_map(|x| (0..10).map(move |y| (x, y))) {
        second.put_pixel(x + 31, y + 11, Rgba([0, 0, 255, 255]));
        third.put_pixel(x + 5, y + 25, Rgba([0; 4]));
    }
    let frame = |(image, delay_ms)| Frame { image, delay_ms };
    let frames = [(first, 100), (second, 45), (third, 1_005)].map(frame).into();
    Picture { frames, loops: 3, ..Picture::still(RgbaImage::new(60, 40), Format::Gif) }
}

/// Each frame as it is seen, and for how many milliseconds; `None` if it is no animation.
pub fn frames(bytes: &[u8]) -> Option<Vec<(RgbaImage, u32)>> {
    let frames = match Format::of(bytes)? {
        Format::Gif => GifDecoder::new(Cursor::new(bytes)).unwrap().into_frames(),
        Format::Webp => {
            let decoder = WebPDecoder::new(Cursor::new(bytes)).unwrap();
            if !decoder.has_animation() {
                return None;
            }
            decoder.into_frames()
        }
        _ => return None,
    };
    let frames = frames.collect_frames().unwrap().into_iter();
    Some(frames.map(|frame| (frame.buffer().clone(), frame.delay().numer_denom_ms().0)).collect())
}

/// The first frame. Of AVIF no other reader is at hand than ours.
pub fn read(bytes: &[u8]) -> RgbaImage {
    if Format::of(bytes) != Some(Format::Avif) {
        return image::load_from_memory(bytes).unwrap().into_rgba8();
    }
    let (limits, files) = Default::default();
    decode(bytes, &Wish::default(), &Work::new(&limits, &files)).unwrap().frames.remove(0).image
}

/// The mean difference of their channels, each laid on grey so that hidden colours do not count.
pub fn difference(one: &RgbaImage, other: &RgbaImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let over = |pixel: &Rgba<u8>| {
        let alpha = f64::from(pixel.0[3]) / 255.0;
        [0, 1, 2].map(|channel| f64::from(pixel.0[channel]) * alpha + 128.0 * (1.0 - alpha))
    };
    let pairs = one.pixels().zip(other.pixels());
    let sum: f64 = pairs.map(|(one, other)| (0..3).map(|c| (over(one)[c] - over(other)[c]).abs()).sum::<f64>()).sum();
    sum / f64::from(one.width() * one.height() * 3)
}
