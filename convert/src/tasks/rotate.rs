//! `rotate`: an image turned clockwise.

use super::{Task, blend};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::{RgbaImage, imageops};

/// Turns an image clockwise. The canvas grows, so that nothing is cut.
#[derive(Debug)]
struct Rotate {
    /// 0 to 360.
    degrees: f64,
    /// What the corners are filled with.
    background: Color,
}

/// `deg` (clockwise), `background` of the corners (white unless said). `deg:exif` and `exif` ask for an upright image, as all are here.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let upright = arguments.flag("exif")?.is_some();
    let degrees = match arguments.clone().text("deg") {
        Ok(Some(text)) if text == "exif" => arguments.value("deg").map(|_| 0.0),
        _ => arguments.number("deg", 0.0..=360.0)?.or(upright.then_some(0.0)),
    };
    let background = arguments.color("background")?.unwrap_or(Color::WHITE);
    arguments.finish()?;
    let Some(degrees) = degrees else { return Err(arguments.wrong("it takes `deg`, 0 to 360, or `exif`")) };
    Ok(Box::new(Rotate { degrees, background }))
}

impl Task for Rotate {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let frames = picture.frames.len();
        picture.map(|image| {
            work.check_time()?;
            turned(image, self.degrees, self.background, frames, work)
        })
    }
}

/// Turned clockwise by degrees, on a canvas that holds all of it; one of so many frames.
pub(super) fn turned(
    mut image: RgbaImage,
    degrees: f64,
    background: Color,
    frames: usize,
    work: &Work<'_>,
) -> Result<RgbaImage, ConvertError> {
    let canvas = canvas(Size::new(image.width(), image.height()), degrees);
    work.check_size(canvas, frames)?;
    match degrees {
        0.0 | 360.0 => Ok(image),
        90.0 => Ok(quarter(&image, true)),
        180.0 => {
            imageops::rotate180_in_place(&mut image);
            Ok(image)
        }
        270.0 => Ok(quarter(&image, false)),
        degrees => turn(image, degrees, canvas, background, work),
    }
}

/// The smallest canvas that holds an image of this size, turned.
fn canvas(size: Size, degrees: f64) -> Size {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let across = width * cosine.abs() + height * sine.abs();
    let down = width * sine.abs() + height * cosine.abs();
    Size::new(across.round() as u32, down.round() as u32)
}

/// Turned by a right angle, clockwise or the other way. Blocks of rows and columns stay in the processor's cache.
fn quarter(image: &RgbaImage, clockwise: bool) -> RgbaImage {
    const BLOCK: usize = 32;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut turned = RgbaImage::new(image.height(), image.width());
    let (from, _) = image.as_raw().as_chunks::<4>();
    let (into, _) = turned.as_chunks_mut::<4>();
    for block_x in (0..width).step_by(BLOCK) {
        for block_y in (0..height).step_by(BLOCK) {
            for x in block_x..width.min(block_x + BLOCK) {
                let row = if clockwise { x } else { width - 1 - x };
                let into = &mut into[row * height..][..height];
                for y in block_y..height.min(block_y + BLOCK) {
                    into[if clockwise { height - 1 - y } else { y }] = from[y * width + x];
                }
            }
        }
    }
    turned
}

/// Turned by any angle around its middle: bilinear, the edges smoothed into the background.
fn turn(
    mut image: RgbaImage,
    degrees: f64,
    canvas: Size,
    background: Color,
    work: &Work<'_>,
) -> Result<RgbaImage, ConvertError> {
    let transparent = background.0.0[3] != 255 || image.as_raw().chunks_exact(4).any(|pixel| pixel[3] != 255);
    let mut background = background.0.0;
    if transparent {
        blend::premultiply(&mut image);
        blend::premultiply(&mut background);
    }
    let mut turned = RgbaImage::new(canvas.width, canvas.height);
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = (i64::from(image.width()), i64::from(image.height()));
    let pixel = |x: i64, y: i64| {
        if (0..width).contains(&x) && (0..height).contains(&y) {
            let at = (y * width + x) as usize * 4;
            [0, 1, 2, 3].map(|channel| image.as_raw()[at + channel])
        } else {
            background
        }
    };
    // Places are reckoned in 2^-32 of a pixel: as many rows and columns as there may be do not add up to an error that is seen.
    let fixed = |number: f64| (number * f64::from(2u32.pow(16)).powi(2)) as i64;
    let (step_x, step_y) = (fixed(cosine), fixed(-sine));
    for (y, row) in turned.chunks_exact_mut(canvas.width as usize * 4).enumerate() {
        if y % 256 == 0 {
            work.check_time()?;
        }
        let (right, down) = (0.5 - f64::from(canvas.width) / 2.0, y as f64 + 0.5 - f64::from(canvas.height) / 2.0);
        let mut from_x = fixed(right * cosine + down * sine + width as f64 / 2.0 - 0.5);
        let mut from_y = fixed(down * cosine - right * sine + height as f64 / 2.0 - 0.5);
        for into in row.chunks_exact_mut(4) {
            let (left, top) = (from_x >> 32, from_y >> 32);
            if left < -1 || top < -1 || left >= width || top >= height {
                into.copy_from_slice(&background);
            } else {
                let part = |place: i64| ((place >> 24) & 255) as u32;
                let (part_x, part_y) = (part(from_x), part(from_y));
                let upper = (pixel(left, top), pixel(left + 1, top));
                let lower = (pixel(left, top + 1), pixel(left + 1, top + 1));
                for (channel, into) in into.iter_mut().enumerate() {
                    let between = |(left, right): ([u8; 4], [u8; 4])| {
                        u32::from(left[channel]) * (256 - part_x) + u32::from(right[channel]) * part_x
                    };
                    let sum = between(upper) * (256 - part_y) + between(lower) * part_y;
                    *into = ((sum + (1 << 15)) >> 16) as u8;
                }
            }
            from_x += step_x;
            from_y += step_y;
        }
    }
    if transparent {
        blend::unpremultiply(&mut turned);
    }
    Ok(turned)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, apply_to, image, refused};
    use super::*;
    use crate::Format;
    use image::Rgba;
    use serde_json::json;

    #[test]
    fn right_angles_are_exact() {
        let [a, b, c, d, e, f] = [[1; 4], [2; 4], [3; 4], [4; 4], [5; 4], [6; 4]];
        let source = image([a, b, c, d, e, f], 3);
        let made = |degrees: &str| apply("rotate", json!({"deg": degrees}), source.clone());
        assert_eq!(made("0"), source);
        assert_eq!(made("exif"), source);
        assert_eq!(made("90"), image([d, a, e, b, f, c], 2));
        assert_eq!(made("180"), image([f, e, d, c, b, a], 3));
        assert_eq!(made("270"), image([c, f, b, e, a, d], 2));
        let large = RgbaImage::from_fn(77, 45, |x, y| Rgba([x as u8, y as u8, 0, 255]));
        let turned = apply("rotate", json!({"deg": 90}), large.clone());
        assert!(large.enumerate_pixels().all(|(x, y, pixel)| turned.get_pixel(44 - y, x) == pixel));
    }

    #[test]
    fn the_canvas_grows_around_the_whole_image() {
        let red = RgbaImage::from_pixel(100, 60, Rgba([255, 0, 0, 255]));
        for (degrees, width, height) in [(30, 117, 102), (150, 117, 102), (1, 101, 62), (45, 113, 113)] {
            let made = apply("rotate", json!({"deg": degrees}), red.clone());
            assert_eq!(made.dimensions(), (width, height), "{degrees}");
            let covered: f64 = made.pixels().map(|pixel| 1.0 - f64::from(pixel.0[1]) / 255.0).sum();
            assert!((covered - 6000.0).abs() < 60.0, "{degrees}: {covered}");
            assert!(made.pixels().all(|pixel| pixel.0[0] == 255 && pixel.0[3] == 255), "{degrees}");
        }
    }

    #[test]
    fn it_turns_clockwise_and_transparency_has_no_colour() {
        let image = RgbaImage::from_fn(90, 90, |x, _| Rgba(if x < 45 { [0, 0, 255, 255] } else { [0, 255, 0, 0] }));
        let made = apply("rotate", json!({"deg": 80}), image);
        // The left half is above now.
        assert_eq!([made.get_pixel(50, 20).0[3], made.get_pixel(50, 85).0[3]], [255, 0]);
        assert!(made.pixels().all(|pixel| pixel.0[3] < 8 || pixel.0[1] < 8 || pixel.0[0] > 8));
    }

    #[test]
    fn thin_images_and_too_large_ones() {
        for (width, height) in [(1, 1), (1, 10_000), (10_000, 1)] {
            let made = apply("rotate", json!({"deg": 0.5}), RgbaImage::new(width, height));
            assert!(made.width() >= width.min(10_000) && made.height() >= height.min(10_000));
        }
        let error =
            apply_to("rotate", json!({"deg": 45}), Picture::still(RgbaImage::new(15_000, 15_000 / 30), Format::Png));
        assert!(matches!(error, Err(ConvertError::TooLarge(_))));
    }

    #[test]
    fn an_angle_is_asked_for() {
        assert_eq!(refused("rotate", json!({})), "rotate: it takes `deg`, 0 to 360, or `exif`");
        assert!(refused("rotate", json!({"deg": -90})).contains("0 to 360"));
        assert!(refused("rotate", json!({"deg": "left"})).contains("0 to 360"));
    }
}
