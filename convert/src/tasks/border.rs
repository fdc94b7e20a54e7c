//! `border`: a frame of one colour around the image.

use super::{Task, blend};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::{RgbaImage, imageops};

/// Puts a frame around an image, which grows by it.
#[derive(Debug)]
struct Border {
    /// In pixels, on each side.
    width: u32,
    color: Color,
    /// What lies beneath the image, if it is transparent.
    background: Option<Color>,
}

/// `width` in pixels (2 unless said), `color` (black unless said), `background` (what was transparent stays so unless said).
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let width = arguments.pixels("width", 0..=1000)?.unwrap_or(2);
    let color = arguments.color("color")?.unwrap_or(Color::BLACK);
    let background = arguments.color("background")?;
    arguments.finish()?;
    Ok(Box::new(Border { width, color, background }))
}

impl Task for Border {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let grown = |side: u32| side.saturating_add(2 * self.width);
        let size = picture.size();
        let size = Size { width: grown(size.width), height: grown(size.height) };
        work.check_size(size, picture.frames.len())?;
        picture.map(|mut image| {
            work.check_time()?;
            if let Some(background) = self.background {
                blend::ground(&mut image, background);
            }
            let mut framed = RgbaImage::from_pixel(size.width, size.height, self.color.0);
            imageops::replace(&mut framed, &image, self.width.into(), self.width.into());
            Ok(framed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, image, refused};
    use super::*;
    use crate::{Format, Limits};
    use serde_json::json;
    use std::collections::HashMap;

    const BLACK: [u8; 4] = [0, 0, 0, 255];

    #[test]
    fn the_frame_is_outside_and_the_image_stays_as_it_is() {
        let faint = [9, 8, 7, 6];
        let made = apply("border", json!({"width": 1}), image([faint], 1));
        let expected = [BLACK, BLACK, BLACK, BLACK, faint, BLACK, BLACK, BLACK, BLACK];
        assert_eq!(made, image(expected, 3));
        assert_eq!(apply("border", json!({"width": 0}), image([faint], 1)), image([faint], 1));
        assert_eq!(apply("border", json!({}), image([faint], 1)).dimensions(), (5, 5));
        assert!(refused("border", json!({"width": 1001})).contains("0 to 1000"));
    }

    #[test]
    fn colour_and_ground_are_taken() {
        let border = Border { width: 1, color: Color::WHITE, background: Some(Color::BLACK) };
        let (limits, files) = (Limits::default(), HashMap::new());
        let picture = Picture::still(image([[0; 4]], 1), Format::Png);
        let made = border.apply(picture, &Work::new(&limits, &files)).unwrap();
        assert_eq!((made.frames[0].image.get_pixel(1, 1).0, made.frames[0].image.get_pixel(0, 0).0), (BLACK, [255; 4]));
    }
}
