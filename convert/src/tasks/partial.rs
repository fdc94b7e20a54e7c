//! `partial_blur` and `partial_pixelate`: parts of an image made unrecognisable.

use super::mask::{self, Area};
use super::{Task, blur as blurring, pixelate as blocks};
use crate::{Arguments, ConvertError, Picture, RecipeError, Size, Work};
use image::{RgbaImage, imageops};

/// The most rectangles that one call names.
const MAX_OBJECTS: usize = 50;

#[derive(Debug)]
struct Partial {
    /// Left, top, width and height of each, in the full image's pixels.
    objects: Vec<[i64; 4]>,
    oval: bool,
    /// How far the effect fades beyond an object, in the full image's pixels.
    fade: f64,
    effect: Effect,
}

/// Amounts are in the full image's pixels.
#[derive(Debug, Clone, Copy)]
enum Effect {
    Blur(f64),
    Pixelate(f64),
}

/// Reads `partial_blur`: `objects` as `[[x,y,width,height],…]`, 1 to 50 of them; `amount` is the sigma of the blur in pixels, 0 to 20,
/// unless said 10; `blur` is how far it fades beyond the objects' edges in pixels, 0 to 20, unless said 4; `type` is their shape,
/// `rect` (unless said) or `oval`.
pub(super) fn blur(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let amount = arguments.number("amount", 0.0..=20.0)?.unwrap_or(10.0);
    read(arguments, Effect::Blur(amount))
}

/// Reads `partial_pixelate`: as `partial_blur`, but `amount` is the side of a block in pixels, 2 to 100, unless said 10.
pub(super) fn pixelate(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let amount = arguments.number("amount", 2.0..=100.0)?.unwrap_or(10.0);
    read(arguments, Effect::Pixelate(amount))
}

fn read(arguments: &mut Arguments, effect: Effect) -> Result<Box<dyn Task>, RecipeError> {
    let ranges = [0..=10_000, 0..=10_000, 1..=10_000, 1..=10_000];
    let objects = arguments.rectangles("objects", ranges, MAX_OBJECTS)?;
    let fade = arguments.number("blur", 0.0..=20.0)?.unwrap_or(4.0);
    let oval = arguments.choice("type", &[("rect", false), ("oval", true)])?.unwrap_or(false);
    arguments.finish()?;
    let objects = objects.ok_or_else(|| arguments.wrong("`objects` is missing: [[x,y,width,height],…]"))?;
    Ok(Box::new(Partial { objects, oval, fade, effect }))
}

impl Task for Partial {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let size = picture.size();
        let scale = f64::from(size.width) / f64::from(picture.full.width);
        let fade = self.fade * scale;
        // Grown by the fading edge, so that all of an object is covered.
        let areas: Vec<Area> = self
            .objects
            .iter()
            .map(|object| object.map(|number| number as f64 * scale))
            .map(|[x, y, width, height]| Area {
                x: x - fade,
                y: y - fade,
                width: width + 2.0 * fade,
                height: height + 2.0 * fade,
                oval: self.oval,
            })
            .collect();
        // What a blur draws from beyond the areas.
        let reach = match self.effect {
            Effect::Blur(sigma) => 3.0 * sigma * scale,
            Effect::Pixelate(_) => 0.0,
        };
        let Some(part) = Part::around(&areas, fade + reach, size) else { return Ok(picture) };
        let mut shown = mask::empty(Size::new(part.width, part.height));
        for area in areas {
            mask::fill(&mut shown, Area { x: area.x - f64::from(part.x), y: area.y - f64::from(part.y), ..area });
        }
        let shown = blurring::soften(shown, fade / 2.0)?;
        picture.map(|mut image| {
            work.check_time()?;
            let mut below = imageops::crop_imm(&image, part.x, part.y, part.width, part.height).to_image();
            let changed = self.changed(below.clone(), scale)?;
            mask::mix(&mut below, &changed, &shown);
            imageops::replace(&mut image, &below, part.x.into(), part.y.into());
            Ok(image)
        })
    }
}

impl Partial {
    fn changed(&self, mut image: RgbaImage, scale: f64) -> Result<RgbaImage, ConvertError> {
        match self.effect {
            Effect::Blur(sigma) => blurring::gaussian(image, sigma * scale),
            Effect::Pixelate(side) => {
                blocks::pixelate(&mut image, (side * scale).round() as u32);
                Ok(image)
            }
        }
    }
}

/// The part of the image that is worked on, so that a small object in a large image costs little.
struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Part {
    /// Around all areas and so much more; `None` if none of them lies in the image.
    fn around(areas: &[Area], more: f64, size: Size) -> Option<Self> {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let within = |area: &&Area| area.x < width && area.y < height;
        let least = |side: fn(&Area) -> f64| areas.iter().filter(within).map(side).fold(f64::MAX, f64::min);
        let most = |side: fn(&Area) -> f64| areas.iter().filter(within).map(side).fold(0.0, f64::max);
        let (left, top) =
            ((least(|area| area.x) - more).floor().max(0.0), (least(|area| area.y) - more).floor().max(0.0));
        let right = (most(|area| area.x + area.width) + more).ceil().min(width);
        let bottom = (most(|area| area.y + area.height) + more).ceil().min(height);
        (left < right && top < bottom).then_some(Self {
            x: left as u32,
            y: top as u32,
            width: (right - left) as u32,
            height: (bottom - top) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, apply_to, refused};
    use super::*;
    use crate::Format;
    use image::Rgba;
    use serde_json::{Value, json};

    fn checked(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| Rgba(if (x + y) % 2 == 0 { [255; 4] } else { [0, 0, 0, 255] }))
    }

    /// The box around what differs: left, top, right and bottom, the last two excluded.
    fn changed(name: &str, arguments: Value, source: RgbaImage) -> Option<[u32; 4]> {
        let result = apply(name, arguments, source.clone());
        assert_eq!(result.dimensions(), source.dimensions());
        let unlike = source.enumerate_pixels().filter(|&(x, y, pixel)| result.get_pixel(x, y) != pixel);
        unlike.map(|(x, y, _)| [x, y, x + 1, y + 1]).reduce(|one, other| {
            [one[0].min(other[0]), one[1].min(other[1]), one[2].max(other[2]), one[3].max(other[3])]
        })
    }

    #[test]
    fn only_the_objects_change() {
        let objects = json!({"objects": [[10, 20, 30, 12], [50, 40, 4, 4]], "blur": 0});
        for name in ["partial_blur", "partial_pixelate"] {
            assert_eq!(changed(name, objects.clone(), checked(100, 80)), Some([10, 20, 54, 44]), "{name}");
            let result = apply(name, objects.clone(), checked(100, 80));
            assert!(
                result.get_pixel(25, 26).0[0].abs_diff(127) < 8 && [0, 255].contains(&result.get_pixel(45, 35).0[0])
            );
        }
    }

    #[test]
    fn an_oval_leaves_the_corners() {
        let result = apply(
            "partial_pixelate",
            json!({"objects": [[10, 10, 40, 20]], "type": "oval", "blur": 0}),
            checked(64, 40),
        );
        assert!(result.get_pixel(30, 20).0[0].abs_diff(127) < 3);
        assert_eq!(result.get_pixel(11, 11).0, checked(64, 40).get_pixel(11, 11).0);
    }

    #[test]
    fn a_soft_edge_covers_all_of_an_object() {
        let objects = json!({"objects": [[30, 30, 20, 20]], "blur": 6});
        let result = apply("partial_blur", objects, checked(100, 80));
        let unlike = |x: u32, y: u32| result.get_pixel(x, y).0[0].abs_diff(127);
        assert!(unlike(30, 40) < 12 && unlike(49, 40) < 12, "{} {}", unlike(30, 40), unlike(49, 40));
        assert!((30..100).contains(&unlike(24, 40)) && unlike(10, 40) > 120);
    }

    #[test]
    fn what_lies_outside_is_cut_off_or_ignored() {
        let cut = json!({"objects": [[90, 70, 10_000, 10_000], [500, 500, 5, 5]], "blur": 0});
        assert_eq!(changed("partial_pixelate", cut, checked(100, 80)), Some([90, 70, 100, 80]));
        let beyond = json!({"objects": [[100, 0, 10, 10], [0, 10_000, 1, 1]], "blur": 0});
        assert_eq!(changed("partial_blur", beyond, checked(100, 80)), None);
    }

    #[test]
    fn objects_are_reckoned_in_the_full_image() {
        let mut picture = Picture::still(checked(50, 40), Format::Png);
        picture.full = Size::new(200, 160);
        let objects = json!({"objects": [[40, 80, 80, 40]], "blur": 0, "amount": 40});
        let reduced = apply_to("partial_pixelate", objects, picture).unwrap().frames.remove(0).image;
        let same = json!({"objects": [[10, 20, 20, 10]], "blur": 0, "amount": 10});
        assert_eq!(reduced, apply("partial_pixelate", same, checked(50, 40)));
    }

    #[test]
    fn other_arguments_are_refused() {
        assert!(refused("partial_blur", json!({"amount": 3})).contains("`objects` is missing"));
        assert!(
            refused("partial_blur", json!({"objects": [[0, 0, 0, 5]]})).contains("`objects` takes a list of 1 to 50")
        );
        assert!(refused("partial_pixelate", json!({"objects": [[0, 0, 1, 5]], "amount": 1})).contains("from 2 to 100"));
    }
}
