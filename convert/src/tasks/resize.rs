//! `resize`: another size, by Lanczos' filter on the sRGB values, as sharp does.

use super::Task;
use crate::{Align, Arguments, ConvertError, Picture, RecipeError, Size, Work};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::RgbaImage;

/// The longest side that can be asked for, in pixels.
pub(super) const MAX_SIDE: u32 = 10_000;

/// What becomes of an image whose shape is not that of the box it is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// As large as it fits into the box, enlarged if need be.
    Clip,
    /// As `Clip`, but never enlarged.
    Max,
    /// Exactly the box, distorted.
    Scale,
    /// Exactly the box, filled, and cut.
    Crop,
}

/// Brings an image to another size. With one side only, the other follows from the image's shape.
#[derive(Debug)]
pub(super) struct Resize {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) fit: Fit,
    pub(super) align: Align,
}

/// The size that the whole image is brought to, and the size of the part of it that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) whole: Size,
    pub(super) kept: Size,
}

/// `width` and `height` (one may be left out; 0 is left out), `fit` (`clip` unless said), `align` (the middle unless said; for `crop`).
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let (width, height) = sides(arguments)?;
    let fits = [("clip", Fit::Clip), ("max", Fit::Max), ("scale", Fit::Scale), ("crop", Fit::Crop)];
    let fit = arguments.choice("fit", &fits)?.unwrap_or(Fit::Clip);
    let align = arguments.align("align")?.unwrap_or_default();
    arguments.finish()?;
    Ok(Box::new(Resize { width, height, fit, align }))
}

/// Reads `width` and `height`, of which at least one is said.
pub(super) fn sides(arguments: &mut Arguments) -> Result<(Option<u32>, Option<u32>), RecipeError> {
    let mut side = |name| Ok(arguments.pixels(name, 0..=MAX_SIDE)?.filter(|side| *side > 0));
    match (side("width")?, side("height")?) {
        (None, None) => Err(arguments.wrong(format!("it takes `width`, `height` or both, from 1 to {MAX_SIDE}"))),
        sides => Ok(sides),
    }
}

impl Resize {
    /// Fills a box of this size, and cuts what is beyond it.
    pub(super) fn filling(size: Size) -> Self {
        Self { width: Some(size.width), height: Some(size.height), fit: Fit::Crop, align: Align::default() }
    }

    /// What becomes of an image of this full size.
    pub(super) fn plan(&self, full: Size) -> Plan {
        let by_width = self.width.map(|width| f64::from(width) / f64::from(full.width));
        let by_height = self.height.map(|height| f64::from(height) / f64::from(full.height));
        let (smaller, larger) = match (by_width, by_height) {
            (Some(one), Some(other)) => (one.min(other), one.max(other)),
            (Some(by), None) | (None, Some(by)) => (by, by),
            (None, None) => (1.0, 1.0),
        };
        let by = match self.fit {
            Fit::Clip => smaller,
            Fit::Max => smaller.min(1.0),
            Fit::Scale | Fit::Crop => larger,
        };
        let whole = full.scaled(by);
        let (Some(width), Some(height)) = (self.width, self.height) else { return Plan { whole, kept: whole } };
        let asked = Size { width, height };
        match self.fit {
            Fit::Clip | Fit::Max => Plan { whole, kept: whole },
            Fit::Scale => Plan { whole: asked, kept: asked },
            Fit::Crop => Plan { whole, kept: asked },
        }
    }
}

impl Task for Resize {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let plan = self.plan(picture.full);
        let (room_x, room_y) = plan.room();
        let (x, y) = self.align.offset(room_x, room_y);
        plan.carry_out(picture, (x as f64, y as f64), work)
    }

    fn enough(&self, full: Size) -> Option<Size> {
        Some(self.plan(full).enough(full))
    }
}

impl Plan {
    /// How many pixels are cut, across and down.
    pub(super) fn room(self) -> (i64, i64) {
        let room = |whole, kept| i64::from(whole) - i64::from(kept);
        (room(self.whole.width, self.kept.width), room(self.whole.height, self.kept.height))
    }

    /// What it is brought to: a decoder that reads at a reduced size halves well enough, and Lanczos does the rest.
    pub(super) fn enough(self, full: Size) -> Size {
        Size::new(self.whole.width.min(full.width), self.whole.height.min(full.height))
    }

    /// Makes each frame the part of the whole that begins so many pixels from the left and the top.
    pub(super) fn carry_out(
        self,
        picture: Picture,
        (x, y): (f64, f64),
        work: &Work<'_>,
    ) -> Result<Picture, ConvertError> {
        work.check_size(self.kept, picture.frames.len())?;
        let size = picture.size();
        let across = f64::from(size.width) / f64::from(self.whole.width);
        let down = f64::from(size.height) / f64::from(self.whole.height);
        let (width, height) = (f64::from(self.kept.width) * across, f64::from(self.kept.height) * down);
        let part = [x * across, y * down, width, height];
        if size == self.kept && size == self.whole {
            return picture.map(Ok);
        }
        picture.map(|image| {
            work.check_time()?;
            resample(&image, part, self.kept)
        })
    }
}

/// A part of an image (left, top, width, height; may lie between pixels) at another size.
pub(super) fn resample(image: &RgbaImage, part: [f64; 4], size: Size) -> Result<RgbaImage, ConvertError> {
    let (width, height) = image.dimensions();
    let [left, top, across, down] = part;
    // What was reckoned in floating point may end a billionth beyond the edge, which the library refuses.
    let (left, top) = (left.clamp(0.0, f64::from(width)), top.clamp(0.0, f64::from(height)));
    let (across, down) = (across.min(f64::from(width) - left), down.min(f64::from(height) - top));
    let opaque = image.as_raw().chunks_exact(4).all(|pixel| pixel[3] == 255);
    let options = ResizeOptions::new().crop(left, top, across, down).use_alpha(!opaque);
    let failed = |error: &dyn std::fmt::Display| ConvertError::Unfit(format!("resize: {error}"));
    let source = ImageRef::new(width, height, image.as_raw(), PixelType::U8x4).map_err(|error| failed(&error))?;
    let mut result = Image::new(size.width, size.height, PixelType::U8x4);
    Resizer::new().resize(&source, &mut result, &options).map_err(|error| failed(&error))?;
    RgbaImage::from_raw(size.width, size.height, result.into_vec()).ok_or_else(|| failed(&"a buffer of another size"))
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, apply_to, refused, task};
    use super::*;
    use crate::{Format, Frame};
    use image::Rgba;
    use serde_json::json;

    #[test]
    fn each_fit_gives_its_size() {
        for (full, said, becomes) in [
            ((300, 200), json!({"width": 150}), (150, 100)),
            ((300, 200), json!({"height": "100", "width": "0"}), (150, 100)),
            ((300, 200), json!({"width": 100, "height": 100}), (100, 67)),
            ((300, 200), json!({"width": 600, "height": 900, "fit": "clip"}), (600, 400)),
            ((300, 200), json!({"width": 600, "height": 900, "fit": "max"}), (300, 200)),
            ((300, 200), json!({"width": 100, "height": 900, "fit": "max"}), (100, 67)),
            ((300, 200), json!({"width": 50, "height": 80, "fit": "scale"}), (50, 80)),
            ((300, 200), json!({"width": 50, "height": 80, "fit": "crop"}), (50, 80)),
            ((300, 200), json!({"width": 900, "fit": "crop"}), (900, 600)),
            ((1, 1), json!({"width": 7, "height": 5, "fit": "crop"}), (7, 5)),
            ((1, 10_000), json!({"width": 100, "height": 100}), (1, 100)),
            ((1, 10_000), json!({"width": 30, "height": 20, "fit": "crop"}), (30, 20)),
            ((10_000, 1), json!({"width": 20, "height": 30, "fit": "crop"}), (20, 30)),
            ((10_000, 1), json!({"width": 1, "height": 1, "fit": "scale"}), (1, 1)),
        ] {
            let image = RgbaImage::from_pixel(full.0, full.1, Rgba([9, 99, 199, 255]));
            let made = apply("resize", said.clone(), image);
            assert_eq!(made.dimensions(), becomes, "{full:?} {said}");
            assert!(made.pixels().all(|pixel| pixel.0 == [9, 99, 199, 255]), "{full:?} {said}");
        }
    }

    #[test]
    fn sizes_are_reckoned_from_the_size_before_reduced_reading() {
        let left_is_red = |x, width| Rgba(if x * 2 < width { [255, 0, 0, 255] } else { [0, 0, 255, 255] });
        let mut picture = Picture::still(RgbaImage::from_fn(126, 84, |x, _| left_is_red(x, 126)), Format::Jpeg);
        picture.full = Size::new(1001, 667);
        let made =
            apply_to("resize", json!({"width": 50, "height": 60, "fit": "crop", "align": "left"}), picture.clone());
        let made = made.unwrap();
        assert_eq!((made.size(), made.full), (Size::new(50, 60), Size::new(50, 60)));
        assert!(made.frames[0].image.pixels().take(40).all(|pixel| pixel.0 == [255, 0, 0, 255]));
        let made = apply_to("resize", json!({"width": 800, "height": 1000, "fit": "max"}), picture).unwrap();
        assert_eq!(made.size(), Size::new(800, 533));
    }

    #[test]
    fn the_size_of_the_result_is_enough_to_read() {
        let enough = |said, full| task("resize", said).unwrap().enough(full);
        assert_eq!(enough(json!({"width": 100}), Size::new(4000, 3000)), Some(Size::new(100, 75)));
        assert_eq!(
            enough(json!({"width": 100, "height": 100, "fit": "crop"}), Size::new(4000, 2000)),
            Some(Size::new(200, 100))
        );
        assert_eq!(enough(json!({"width": 9000}), Size::new(4000, 3000)), Some(Size::new(4000, 3000)));
    }

    #[test]
    fn what_is_transparent_lends_its_neighbours_no_colour() {
        let image = RgbaImage::from_fn(64, 64, |x, _| Rgba(if x < 32 { [255, 0, 0, 255] } else { [0, 255, 0, 0] }));
        let made = apply("resize", json!({"width": 9}), image);
        assert!(made.pixels().all(|pixel| pixel.0[3] < 8 || pixel.0[1] < 8), "green shows");
        assert!(made.pixels().any(|pixel| (64..192).contains(&pixel.0[3])));
    }

    #[test]
    fn every_frame_is_resized() {
        let frame = |value| Frame { image: RgbaImage::from_pixel(8, 8, Rgba([value; 4])), delay_ms: value.into() };
        let still = Picture::still(RgbaImage::new(8, 8), Format::Gif);
        let picture = Picture { frames: vec![frame(100), frame(255)], loops: 3, ..still };
        let made = apply_to("resize", json!({"width": 4}), picture).unwrap();
        let seen: Vec<_> = made.frames.iter().map(|frame| (frame.image.dimensions(), frame.delay_ms)).collect();
        assert_eq!((seen, made.loops), (vec![((4, 4), 100), ((4, 4), 255)], 3));
    }

    #[test]
    fn what_becomes_too_large_is_refused() {
        let tall = Picture::still(RgbaImage::new(1, 100), Format::Png);
        let error = apply_to("resize", json!({"width": 10_000}), tall).unwrap_err();
        assert!(matches!(error, ConvertError::TooLarge(_)), "{error}");
    }

    #[test]
    fn a_size_is_asked_for() {
        let wrong = "resize: it takes `width`, `height` or both, from 1 to 10000";
        assert_eq!(refused("resize", json!({"fit": "crop"})), wrong);
        assert_eq!(refused("resize", json!({"width": 0})), wrong);
        assert!(refused("resize", json!({"width": 10_001})).contains("0 to 10000"));
        assert!(refused("resize", json!({"width": 1, "fit": "fill"})).contains("`max`"));
        assert!(refused("resize", json!({"width": 1, "heigth": 1})).contains("`heigth`"));
    }
}
