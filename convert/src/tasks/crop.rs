//! `crop`: a rectangle of the image.

use super::{Task, blend};
use crate::{Arguments, ConvertError, Picture, RecipeError, Size, Work};

/// The largest number in `dim`.
const MAX: i64 = 100_000;

/// Cuts a rectangle out; what of it lies outside of the image is left out.
#[derive(Debug)]
enum Crop {
    /// Left, top, width and height in pixels.
    Pixels([u32; 4]),
    /// The same as shares of the image's width and height.
    Shares([f64; 4]),
}

/// `dim`, which is left, top, width and height in pixels, or `area`, which is the same in shares of the image from 0 to 1, for those who do not
/// know its size.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let dim = arguments.integers("dim", [0..=MAX, 0..=MAX, 1..=MAX, 1..=MAX])?;
    let area = arguments.numbers("area", 0.0..=1.0)?;
    arguments.finish()?;
    Ok(Box::new(match (dim, area) {
        (Some(dim), None) => Crop::Pixels(dim.map(|number| number as u32)),
        (None, Some(area)) => Crop::Shares(area),
        _ => {
            let takes =
                "it takes `dim`: [x,y,width,height], in pixels, or `area`: the same in shares of the image, 0 to 1";
            return Err(arguments.wrong(takes));
        }
    }))
}

impl Crop {
    fn pixels(&self, full: Size) -> [u32; 4] {
        match self {
            Self::Pixels(pixels) => *pixels,
            Self::Shares([left, top, width, height]) => {
                let along = |start: f64, length: f64, side: u32| {
                    let pixels = |share: f64| (share * f64::from(side)).round() as u32;
                    let start = pixels(start).min(side - 1);
                    (start, pixels(length).clamp(1, side - start))
                };
                let (x, width) = along(*left, *width, full.width);
                let (y, height) = along(*top, *height, full.height);
                [x, y, width, height]
            }
        }
    }
}

impl Task for Crop {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let full = picture.size();
        let [x, y, width, height] = self.pixels(full);
        if x >= full.width || y >= full.height {
            let text = format!("crop: a rectangle at [{x},{y}] lies outside of the image, which is {full}");
            return Err(ConvertError::Unfit(text));
        }
        let size = Size { width: width.min(full.width - x), height: height.min(full.height - y) };
        picture.map(|image| {
            work.check_time()?;
            Ok(blend::cut(&image, (x, y), size))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, apply_to, refused};
    use super::*;
    use crate::Format;
    use image::{Rgba, RgbaImage};
    use serde_json::json;

    #[test]
    fn what_lies_inside_is_kept() {
        let image = RgbaImage::from_fn(40, 30, |x, y| Rgba([x as u8, y as u8, 0, 255]));
        for (dim, size, corner) in [
            (json!([10, 5, 20, 10]), (20, 10), [10, 5]),
            (json!([39, 29, 500, 500]), (1, 1), [39, 29]),
            (json!(["0", "28", "100000", "100000"]), (40, 2), [0, 28]),
        ]
        .map(|(dim, size, corner)| (json!({"dim": dim}), size, corner))
        .into_iter()
        .chain([
            (json!({"area": [0.25, "0.5", 0.5, 0.3334]}), (20, 10), [10, 15]),
            (json!({"area": [1, 1, 1, 1]}), (1, 1), [39, 29]),
            (json!({"area": [0, 0.9, 1, 0]}), (40, 1), [0, 27]),
        ]) {
            let made = apply("crop", dim, image.clone());
            let last = made.get_pixel(size.0 - 1, size.1 - 1).0;
            assert_eq!((made.dimensions(), &made.get_pixel(0, 0).0[..2]), (size, &corner[..]));
            assert_eq!(last[..2], [corner[0] + size.0 as u8 - 1, corner[1] + size.1 as u8 - 1]);
        }
    }

    #[test]
    fn what_lies_outside_does_not_fit() {
        let picture = Picture::still(RgbaImage::new(40, 30), Format::Png);
        let error = apply_to("crop", json!({"dim": [40, 0, 5, 5]}), picture).unwrap_err();
        assert_eq!(error.to_string(), "crop: a rectangle at [40,0] lies outside of the image, which is 40 by 30");
        assert!(matches!(error, ConvertError::Unfit(_)));
    }

    #[test]
    fn four_numbers_are_asked_for() {
        assert!(
            refused("crop", json!({})).starts_with("crop: it takes `dim`: [x,y,width,height], in pixels, or `area`")
        );
        assert!(refused("crop", json!({"dim": [0, 0, 0, 5]})).contains("1 to 100000"));
        assert!(refused("crop", json!({"dim": [0, 0, 5]})).starts_with("crop: `dim`"));
        assert!(refused("crop", json!({"area": [0, 0, 1.1, 1]})).contains("a list of 4 numbers from 0 to 1"));
        assert!(refused("crop", json!({"area": [0, 0, 1]})).starts_with("crop: `area`"));
        assert!(refused("crop", json!({"area": [0, 0, 1, 1], "dim": [0, 0, 5, 5]})).contains("or `area`"));
    }
}
