//! `crop`: a rectangle of the image.

use super::{Task, blend};
use crate::{Arguments, ConvertError, Picture, RecipeError, Size, Work};

/// The largest number in `dim`.
const MAX: i64 = 100_000;

/// Cuts a rectangle out; what of it lies outside of the image is left out.
#[derive(Debug)]
struct Crop {
    /// From the left and the top, in pixels.
    corner: (u32, u32),
    size: Size,
}

/// `dim`, which is left, top, width and height in pixels.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let dim = arguments.integers("dim", [0..=MAX, 0..=MAX, 1..=MAX, 1..=MAX])?;
    arguments.finish()?;
    let Some(dim) = dim else { return Err(arguments.wrong("it takes `dim`: [x,y,width,height], in pixels")) };
    let [x, y, width, height] = dim.map(|number| number as u32);
    Ok(Box::new(Crop { corner: (x, y), size: Size { width, height } }))
}

impl Task for Crop {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let (full, (x, y)) = (picture.size(), self.corner);
        if x >= full.width || y >= full.height {
            let text = format!("crop: a rectangle at [{x},{y}] lies outside of the image, which is {full}");
            return Err(ConvertError::Unfit(text));
        }
        let size = Size { width: self.size.width.min(full.width - x), height: self.size.height.min(full.height - y) };
        picture.map(|image| {
            work.check_time()?;
            Ok(blend::cut(&image, self.corner, size))
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
        ] {
            let made = apply("crop", json!({"dim": dim}), image.clone());
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
        assert_eq!(refused("crop", json!({})), "crop: it takes `dim`: [x,y,width,height], in pixels");
        assert!(refused("crop", json!({"dim": [0, 0, 0, 5]})).contains("1 to 100000"));
        assert!(refused("crop", json!({"dim": [0, 0, 5]})).starts_with("crop: `dim`"));
    }
}
