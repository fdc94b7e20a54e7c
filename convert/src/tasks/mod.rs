//! What can be done to an image; one task a file.

mod blend;
mod blur;
mod border;
mod circle;
mod collage;
mod crop;
mod enhance;
mod flip;
mod mask;
mod oil_paint;
mod partial;
mod pixelate;
mod polaroid;
mod resize;
mod rotate;
mod rounded_corners;
mod shadow;
mod smart_crop;
mod tones;
mod torn_edges;
#[cfg(test)]
pub(crate) mod trial;
mod upscale;
mod vignette;
mod watermark;

use crate::{Arguments, ConvertError, Picture, RecipeError, Size, Work};
use std::fmt::Debug;

/// A step of a recipe, with its arguments read and judged.
pub trait Task: Debug + Send + Sync {
    /// Carries it out.
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError>;

    /// The smallest size at which an image of this full size may be read if this is the first step, so that the result is as sharp
    /// as from the whole. `None` if every pixel is needed.
    fn enough(&self, _full: Size) -> Option<Size> {
        None
    }

    /// Other files that it draws from, by handle or address, as the call names them.
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads a task's arguments.
type Reader = fn(&mut Arguments) -> Result<Box<dyn Task>, RecipeError>;

/// Every task that changes an image.
const TASKS: &[(&str, Reader)] = &[
    ("blackwhite", tones::blackwhite),
    ("blur", blur::blur),
    ("border", border::read),
    ("circle", circle::read),
    ("collage", collage::read),
    ("crop", crop::read),
    ("enhance", enhance::read),
    ("flip", flip::flip),
    ("flop", flip::flop),
    ("modulate", tones::modulate),
    ("monochrome", tones::monochrome),
    ("negative", tones::negative),
    ("oil_paint", oil_paint::read),
    ("partial_blur", partial::blur),
    ("partial_pixelate", partial::pixelate),
    ("pixelate", pixelate::read),
    ("polaroid", polaroid::read),
    ("resize", resize::read),
    ("rotate", rotate::read),
    ("rounded_corners", rounded_corners::read),
    ("sepia", tones::sepia),
    ("shadow", shadow::read),
    ("sharpen", blur::sharpen),
    ("smart_crop", smart_crop::read),
    ("torn_edges", torn_edges::read),
    ("upscale", upscale::read),
    ("vignette", vignette::read),
    ("watermark", watermark::read),
];

/// The task by that name with these arguments; `None` if no task that changes an image is called so.
pub fn read(name: &str, arguments: &mut Arguments) -> Result<Option<Box<dyn Task>>, RecipeError> {
    let Some((_, reader)) = TASKS.iter().find(|(task, _)| *task == name) else { return Ok(None) };
    reader(arguments).map(Some)
}

/// The names of all tasks that change an image.
pub fn names() -> impl Iterator<Item = &'static str> {
    TASKS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::trial::{apply, apply_to};
    use crate::{ConvertError, Format, Limits, Picture, Work};
    use image::{Rgba, RgbaImage};
    use serde_json::{Value, json};
    use std::collections::HashMap;
    use std::time::Duration;

    /// Each effect with its amounts at both ends.
    fn effects() -> Vec<(&'static str, Value)> {
        let objects = json!([[0, 0, 1, 1], [0, 0, 10_000, 10_000], [9_999, 10_000, 5, 5], [3, 0, 7, 9]]);
        let mut effects: Vec<_> = ["monochrome", "negative"].map(|name| (name, json!({}))).into();
        for (name, argument, ends) in [
            ("blackwhite", "threshold", [0, 100]),
            ("blur", "amount", [1, 20]),
            ("modulate", "brightness", [0, 10_000]),
            ("modulate", "saturation", [0, 10_000]),
            ("modulate", "hue", [0, 359]),
            ("oil_paint", "amount", [2, 100]),
            ("pixelate", "amount", [2, 100]),
            ("polaroid", "rotate", [0, 359]),
            ("sepia", "tone", [0, 100]),
            ("shadow", "blur", [0, 20]),
            ("sharpen", "amount", [1, 20]),
            ("vignette", "amount", [0, 100]),
        ] {
            effects.extend(ends.map(|end| (name, json!({argument: end}))));
        }
        for (shape, blur) in [("rect", 0), ("oval", 0), ("rect", 20), ("oval", 20)] {
            for (name, amount) in
                [("partial_blur", 0), ("partial_blur", 20), ("partial_pixelate", 2), ("partial_pixelate", 100)]
            {
                effects.push((name, json!({"objects": objects, "type": shape, "blur": blur, "amount": amount})));
            }
        }
        let presets = "auto vivid beautify beautify_plus fix_dark fix_noise fix_tint outdoor fireworks".split(' ');
        effects.extend(presets.map(|preset| ("enhance", json!({"preset": preset}))));
        effects.push(("vignette", json!({"blurmode": "linear", "amount": 100})));
        effects.push(("shadow", json!({"vector": [-1000, 1000], "opacity": 0})));
        effects.extend([[1, 1], [10_000, 1], [10_000, 10_000]].map(|spread| ("torn_edges", json!({"spread": spread}))));
        effects
    }

    #[test]
    fn effects_take_images_of_any_size_and_transparency() {
        for (name, arguments) in effects() {
            let grows = matches!(name, "shadow" | "polaroid");
            for (width, height) in [(1, 1), (1, 2_000), (2_000, 1), (2, 3), (33, 17)] {
                for alpha in [0, 1, 255] {
                    let source =
                        RgbaImage::from_fn(width, height, |x, y| Rgba([x as u8, y as u8, (x * y) as u8, alpha]));
                    let result = apply(name, arguments.clone(), source);
                    let same = result.dimensions() == (width, height);
                    assert!(same || grows, "{name} {arguments} of {width} by {height}");
                    if alpha == 0 && !grows {
                        assert!(result.pixels().all(|pixel| pixel.0[3] == 0), "{name} {arguments}");
                    }
                }
            }
        }
    }

    #[test]
    fn effects_end_when_the_time_is_over() {
        let limits = Limits { time: Duration::ZERO, ..Limits::default() };
        let files = HashMap::new();
        for (name, arguments) in effects() {
            let work = Work::new(&limits, &files);
            std::thread::sleep(Duration::from_millis(1));
            let task = super::trial::task(name, arguments.clone()).unwrap();
            let result = task.apply(Picture::still(RgbaImage::new(20, 20), Format::Png), &work);
            assert!(matches!(result, Err(ConvertError::TooSlow)), "{name} {arguments}");
        }
    }

    #[test]
    fn effects_say_the_new_size_as_the_full_one() {
        for (name, arguments) in effects() {
            let picture = apply_to(name, arguments, Picture::still(RgbaImage::new(20, 10), Format::Png)).unwrap();
            assert_eq!(picture.full, picture.size(), "{name}");
        }
    }
}
