//! `polaroid`: an instant photo with a broad lower edge and a shadow, turned if wished.

use super::shadow::Shadow;
use super::{Task, blend, rotate};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::{Rgba, RgbaImage};

#[derive(Debug)]
struct Polaroid {
    color: Color,
    /// Clockwise, in degrees.
    rotate: f64,
    background: Color,
}

/// The colour of the frame where none is said: CSS's snow.
const SNOW: Color = Color(Rgba([255, 250, 250, 255]));

/// Reads `polaroid`: `color` is the frame's, unless said snow; `rotate` is degrees clockwise, 0 to 359, unless said 0; `background` is
/// transparent unless said.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let color = arguments.color("color")?.unwrap_or(SNOW);
    let rotate = arguments.integer("rotate", 0..=359)?.unwrap_or(0) as f64;
    let background = arguments.color("background")?.unwrap_or(Color::TRANSPARENT);
    arguments.finish()?;
    Ok(Box::new(Polaroid { color, rotate, background }))
}

impl Task for Polaroid {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let frames = picture.frames.len();
        let size = picture.size();
        // A real one's frame is a sixteenth of the image at the sides, and four times as broad below.
        let border = (size.width.max(size.height) / 16).clamp(1, 1000);
        let framed = Size::new(size.width + 2 * border, size.height + 5 * border);
        work.check_size(framed, frames)?;
        let shadow = Shadow {
            blur: (f64::from(border) / 4.0).min(20.0),
            opacity: 0.6,
            vector: [i64::from(border) / 4; 2],
            color: Color::BLACK,
            background: self.background,
        };
        picture.map(|image| {
            let mut card = RgbaImage::from_pixel(framed.width, framed.height, self.color.0);
            blend::lay(&mut card, &image, (i64::from(border), i64::from(border)));
            let card = rotate::turned(card, self.rotate, Color::TRANSPARENT, frames, work)?;
            shadow.cast(&card, frames, work)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused};
    use super::*;
    use serde_json::json;

    fn blue() -> RgbaImage {
        RgbaImage::from_pixel(160, 80, Rgba([0, 0, 200, 255]))
    }

    #[test]
    fn the_frame_is_snow_and_broad_below() {
        let card = apply("polaroid", json!({}), blue());
        // 10 of frame, 40 below, and a shadow that reaches 3 to the left and 7 to the right.
        assert_eq!(card.dimensions(), (3 + 180 + 7, 3 + 130 + 7));
        let at = |x: u32, y: u32| card.get_pixel(x, y).0;
        assert_eq!([at(3, 3), at(12, 12), at(182, 132), at(90, 93)], [SNOW.0.0; 4]);
        assert_eq!([at(13, 13), at(172, 92)], [[0, 0, 200, 255]; 2]);
        assert!(at(184, 70)[3] > 50 && at(184, 70)[..3] == [0; 3]);
    }

    #[test]
    fn it_turns_clockwise() {
        let mut source = blue();
        source.put_pixel(0, 0, Rgba([255, 0, 0, 255]));
        let red = |card: &RgbaImage| {
            card.enumerate_pixels().find(|(_, _, p)| p.0[0] > 150 && p.0[1] < 100).map(|(x, y, _)| (x, y))
        };
        assert_eq!(red(&apply("polaroid", json!({}), source.clone())), Some((13, 13)));
        assert_eq!(red(&apply("polaroid", json!({"rotate": 90}), source.clone())), Some((3 + 130 - 11, 13)));
        assert_eq!(red(&apply("polaroid", json!({"rotate": 180}), source.clone())), Some((3 + 180 - 11, 3 + 130 - 11)));
        assert_eq!(red(&apply("polaroid", json!({"rotate": 270}), source.clone())), Some((13, 3 + 180 - 11)));
    }

    #[test]
    fn what_is_turned_keeps_its_colour_to_the_edge() {
        let (limits, files) = Default::default();
        let card = RgbaImage::from_pixel(60, 40, Rgba([250, 200, 100, 255]));
        let turned = rotate::turned(card, 30.0, Color::TRANSPARENT, 1, &Work::new(&limits, &files)).unwrap();
        assert_eq!(turned.dimensions(), (72, 65));
        assert_eq!((turned.get_pixel(36, 32).0, turned.get_pixel(0, 0).0), ([250, 200, 100, 255], [0; 4]));
        let seen: Vec<_> = turned.pixels().filter(|pixel| pixel.0[3] > 60).collect();
        assert!(seen.iter().all(|p| p.0[0].abs_diff(250) < 4 && p.0[1].abs_diff(200) < 4 && p.0[2].abs_diff(100) < 4));
        let covered: f64 = turned.pixels().map(|pixel| f64::from(pixel.0[3]) / 255.0).sum();
        assert!((covered - 2400.0).abs() < 5.0, "{covered}");
    }

    #[test]
    fn a_whole_turn_is_refused() {
        assert!(refused("polaroid", json!({"rotate": 360})).contains("from 0 to 359"));
    }
}
