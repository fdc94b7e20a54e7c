//! `circle`: a round image.

use super::{Task, blend};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};

/// Cuts out the largest circle around the middle. The image becomes a square.
#[derive(Debug)]
struct Circle {
    background: Option<Color>,
}

/// `background`: what lies around and beneath; transparent unless said.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let background = arguments.color("background")?;
    arguments.finish()?;
    Ok(Box::new(Circle { background }))
}

impl Task for Circle {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let full = picture.size();
        let side = full.width.min(full.height);
        let corner = ((full.width - side) / 2, (full.height - side) / 2);
        let radius = side as f32 / 2.0;
        picture.map(|image| {
            work.check_time()?;
            let mut image = blend::cut(&image, corner, Size { width: side, height: side });
            for (y, row) in image.chunks_exact_mut(side as usize * 4).enumerate() {
                let y = y as f32 + 0.5 - radius;
                // A pixel inside this half chord is covered wholly, as is its neighbour.
                let inside = ((radius - 1.0).max(0.0).powi(2) - y * y).max(0.0).sqrt();
                for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                    let x = x as f32 + 0.5 - radius;
                    if x.abs() >= inside {
                        blend::cover(pixel, coverage(radius, x.hypot(y)));
                    }
                }
            }
            if let Some(background) = self.background {
                blend::ground(&mut image, background);
            }
            Ok(image)
        })
    }
}

/// How much of a pixel, of 255, lies inside a circle of this radius around a point so far from its middle.
pub(super) fn coverage(radius: f32, distance: f32) -> u8 {
    // `as` saturates.
    ((radius - distance + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::super::trial::apply;
    use image::{Rgba, RgbaImage};
    use serde_json::json;

    #[test]
    fn the_middle_is_kept_and_as_much_as_a_circle_covers() {
        let image = RgbaImage::from_fn(300, 200, |x, _| Rgba(if x < 50 { [255, 0, 0, 255] } else { [0, 9, 0, 255] }));
        let made = apply("circle", json!({}), image);
        assert_eq!(made.dimensions(), (200, 200));
        assert!(made.pixels().all(|pixel| pixel.0[0] == 0));
        let covered = made.pixels().map(|pixel| f64::from(pixel.0[3]) / 255.0).sum::<f64>();
        let circle = std::f64::consts::PI * 100.0 * 100.0;
        assert!((covered / circle - 1.0).abs() < 0.001, "{covered} {circle}");
        assert_eq!(
            [(0, 0), (100, 0), (28, 28), (100, 100)].map(|(x, y)| made.get_pixel(x, y).0[3] > 127),
            [false, true, false, true]
        );
    }

    #[test]
    fn small_images_are_round_too() {
        for (width, height) in [(1, 1), (1, 500), (500, 1), (2, 3)] {
            let made = apply("circle", json!({}), RgbaImage::from_pixel(width, height, Rgba([255; 4])));
            let side = width.min(height);
            assert_eq!(made.dimensions(), (side, side));
            assert!(made.get_pixel(0, 0).0[3] > 100);
        }
    }
}
