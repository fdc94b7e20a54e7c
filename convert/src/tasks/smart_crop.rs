//! `smart_crop`: a box filled with the part of the image that draws the eye.

use super::Task;
use super::resize::{self, Fit, Plan, Resize, resample};
use crate::{Align, Arguments, ConvertError, Picture, RecipeError, Size, Work};
use image::RgbaImage;

/// The longer side at which an image is judged: what draws the eye does so from afar.
const JUDGED_AT: f64 = 128.0;

/// Fills a box as `resize` does with `fit:crop`, and chooses what is kept by edges, strong colours and the colours of skin.
#[derive(Debug)]
pub(super) struct SmartCrop(pub(super) Resize);

/// `width` and `height` (with one alone nothing is cut), `mode` (`auto`).
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let (width, height) = resize::sides(arguments)?;
    let faces = arguments.choice("mode", &[("auto", false), ("face", true)])?;
    arguments.finish()?;
    if faces == Some(true) {
        return Err(arguments.wrong("finding faces takes a trained model, which is not offered; use `mode:auto`"));
    }
    Ok(Box::new(SmartCrop(Resize { width, height, fit: Fit::Crop, align: Align::default() })))
}

impl Task for SmartCrop {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let plan = self.0.plan(picture.full);
        // An animation does not jump about: its first frame chooses for all.
        let share = match (picture.frames.first(), plan.room()) {
            (None, _) | (_, (0, 0)) => 0.0,
            (Some(frame), _) => best_share(&frame.image, plan)?,
        };
        let (room_x, room_y) = plan.room();
        plan.carry_out(picture, ((room_x as f64 * share).round(), (room_y as f64 * share).round()), work)
    }

    fn enough(&self, full: Size) -> Option<Size> {
        self.0.enough(full)
    }
}

/// Where in the room there is the best part begins, from 0 to 1. There is room one way only, as one side of the box is filled.
fn best_share(image: &RgbaImage, plan: Plan) -> Result<f64, ConvertError> {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let size = Size::new(image.width(), image.height()).scaled((JUDGED_AT / width.max(height)).min(1.0));
    let small = resample(image, [0.0, 0.0, width, height], size)?;
    let across = plan.room().0 > 0;
    let (kept, whole) =
        if across { (plan.kept.width, plan.whole.width) } else { (plan.kept.height, plan.whole.height) };
    let interest = interest(&small, across);
    let length = (interest.len() as f64 * f64::from(kept) / f64::from(whole)).round().max(1.0) as usize;
    let last = interest.len().saturating_sub(length);
    if last == 0 {
        return Ok(0.5);
    }
    // What lies in the middle of the part counts most, and where nothing is better the middle of the image is kept.
    let weight = |place: f64| 1.0 - 0.7 * (2.0 * place - 1.0).powi(2);
    let worth = |begin: usize| {
        let part = interest[begin..begin + length].iter().enumerate();
        let sum: f64 = part.map(|(at, interest)| interest * weight((at as f64 + 0.5) / length as f64)).sum();
        (sum + f64::EPSILON) * (1.0 - 0.05 * (2.0 * begin as f64 / last as f64 - 1.0).abs())
    };
    let best = (0..=last).max_by(|one, other| worth(*one).total_cmp(&worth(*other)));
    Ok(best.map_or(0.5, |best| best as f64 / last as f64))
}

/// How much each column (or row) draws the eye.
fn interest(image: &RgbaImage, columns: bool) -> Vec<f64> {
    let (width, height) = image.dimensions();
    let light = |x: u32, y: u32| {
        let [red, green, blue, _] = image.get_pixel(x.min(width - 1), y.min(height - 1)).0.map(f64::from);
        (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255.0
    };
    let mut sums = vec![0.0; if columns { width } else { height } as usize];
    for (x, y, pixel) in image.enumerate_pixels() {
        let around = light(x.saturating_sub(1), y) + light(x + 1, y) + light(x, y.saturating_sub(1)) + light(x, y + 1);
        let edge = (4.0 * light(x, y) - around).abs();
        let alpha = f64::from(pixel.0[3]) / 255.0;
        let interest = (2.0 * edge + saturation(pixel.0) + skin(pixel.0)) * alpha;
        sums[if columns { x } else { y } as usize] += interest;
    }
    sums
}

/// How strong a colour is, from 0 to 1; next to none where it is too dark to be seen.
fn saturation([red, green, blue, _]: [u8; 4]) -> f64 {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    if most < 32 { 0.0 } else { f64::from(most - least) / 255.0 }
}

/// How like skin a colour is, from 0 to 1, whatever its lightness.
fn skin([red, green, blue, _]: [u8; 4]) -> f64 {
    // The direction in which skin lies from black: that of smartcrop.js and, by another space, libvips.
    const SKIN: [f64; 3] = [0.78, 0.57, 0.44];
    let color = [red, green, blue].map(f64::from);
    let length = |color: [f64; 3]| color.iter().map(|part| part * part).sum::<f64>().sqrt();
    if !(50.0..=420.0).contains(&length(color)) {
        return 0.0;
    }
    let along: f64 = color.iter().zip(SKIN).map(|(part, skin)| part * skin).sum();
    let likeness = along / length(color) / length(SKIN);
    ((likeness - 0.98) / 0.02).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused, task};
    use super::*;
    use image::Rgba;
    use serde_json::json;

    /// Grey, with a checked square of 40 at that place.
    fn image(width: u32, height: u32, left: u32, top: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| {
            let inside = (left..left + 40).contains(&x) && (top..top + 40).contains(&y);
            Rgba(if inside && (x / 8 + y / 8) % 2 == 0 { [255, 0, 0, 255] } else { [128, 128, 128, 255] })
        })
    }

    #[test]
    fn what_stands_out_is_kept_wherever_it_is() {
        for (left, top, width, height) in
            [(0, 30, 400, 100), (350, 30, 400, 100), (200, 30, 400, 100), (30, 330, 100, 400)]
        {
            let source = image(width, height, left, top);
            let made = apply("smart_crop", json!({"width": 50, "height": 50}), source.clone());
            assert_eq!(made.dimensions(), (50, 50));
            let red = |image: &RgbaImage| image.pixels().filter(|pixel| pixel.0[0] > 200).count();
            // The square is halved with the rest.
            assert!(red(&made) * 4 > red(&source) * 8 / 10, "{left} {top}: {} of {}", red(&made), red(&source));
        }
    }

    #[test]
    fn where_nothing_stands_out_the_middle_is_kept() {
        let plan = Resize::filling(Size::new(50, 50)).plan(Size::new(400, 100));
        for alpha in [0, 255] {
            let share = best_share(&RgbaImage::from_pixel(400, 100, Rgba([90, 90, 90, alpha])), plan).unwrap();
            assert!((share - 0.5).abs() < 0.02, "{share}");
        }
    }

    #[test]
    fn sizes_are_those_of_resize() {
        for (full, said, becomes) in [
            ((300, 200), json!({"width": 30}), (30, 20)),
            ((1, 1), json!({"width": 30, "height": 2}), (30, 2)),
            ((1, 9000), json!({"width": 3, "height": 2}), (3, 2)),
            ((9000, 1), json!({"width": 1, "height": 200, "mode": "auto"}), (1, 200)),
        ] {
            assert_eq!(apply("smart_crop", said, RgbaImage::new(full.0, full.1)).dimensions(), becomes);
        }
        let enough = task("smart_crop", json!({"width": 100, "height": 100})).unwrap().enough(Size::new(4000, 2000));
        assert_eq!(enough, Some(Size::new(200, 100)));
        assert!(refused("smart_crop", json!({"width": 9, "mode": "face"})).contains("trained model"));
    }
}
