//! `flip` turns an image upside down, `flop` is its mirror image.

use super::Task;
use crate::{Arguments, ConvertError, Picture, RecipeError, Work};
use image::{RgbaImage, imageops};

/// One of the two.
#[derive(Debug)]
struct Mirror(fn(&mut RgbaImage));

/// Upside down. It takes no argument.
pub(super) fn flip(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    arguments.finish()?;
    Ok(Box::new(Mirror(imageops::flip_vertical_in_place)))
}

/// Left becomes right. It takes no argument.
pub(super) fn flop(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    arguments.finish()?;
    Ok(Box::new(Mirror(imageops::flip_horizontal_in_place)))
}

impl Task for Mirror {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        picture.map(|mut image| {
            work.check_time()?;
            (self.0)(&mut image);
            Ok(image)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, image, refused};
    use serde_json::json;

    #[test]
    fn one_turns_rows_round_the_other_columns() {
        let [a, b, c, d] = [[1; 4], [2; 4], [3; 4], [4; 4]];
        assert_eq!(apply("flip", json!({}), image([a, b, c, d], 2)), image([c, d, a, b], 2));
        assert_eq!(apply("flop", json!({}), image([a, b, c, d], 2)), image([b, a, d, c], 2));
        assert_eq!(refused("flop", json!({"x": 1})), "flop: it takes no argument; it was given `x`");
    }
}
