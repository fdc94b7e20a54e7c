//! `rounded_corners`: an image without sharp corners.

use super::circle::coverage;
use super::{Task, blend};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::GrayImage;
use libblur::{
    BlurImage, BlurImageMut, ConvolutionMode, EdgeMode, EdgeMode2D, FastBlurChannels, GaussianBlurParams,
    ThreadingPolicy, gaussian_blur,
};

/// Rounds the corners.
#[derive(Debug)]
struct RoundedCorners {
    /// In pixels; `None` is half of the shorter side, as is any that is longer.
    radius: Option<u32>,
    /// The standard deviation of the edge's blur, in pixels.
    blur: f32,
    background: Option<Color>,
}

/// `radius` in pixels or `max` (10 unless said), `blur` of the round edges (0.3 unless said), `background` (transparent unless said).
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let radius = match arguments.clone().text("radius") {
        Ok(Some(text)) if text == "max" => {
            arguments.value("radius");
            None
        }
        _ => Some(arguments.pixels("radius", 1..=10_000)?.unwrap_or(10)),
    };
    let blur = arguments.number("blur", 0.0..=20.0)?.unwrap_or(0.3) as f32;
    let background = arguments.color("background")?;
    arguments.finish()?;
    Ok(Box::new(RoundedCorners { radius, blur, background }))
}

impl RoundedCorners {
    /// What is seen of the upper left corner. The others are its mirror images.
    fn corner(&self, size: Size) -> Result<GrayImage, ConvertError> {
        let most = size.width.min(size.height) as f32 / 2.0;
        let radius = self.radius.map_or(most, |radius| (radius as f32).min(most));
        // Beyond three standard deviations nothing is blurred.
        let reach = (radius + 3.0 * self.blur).ceil() as u32;
        let mask = GrayImage::from_fn(reach.min(size.width.div_ceil(2)), reach.min(size.height.div_ceil(2)), |x, y| {
            let (x, y) = (radius - x as f32 - 0.5, radius - y as f32 - 0.5);
            image::Luma([if x > 0.0 && y > 0.0 { coverage(radius, x.hypot(y)) } else { 255 }])
        });
        if self.blur < 0.2 {
            return Ok(mask);
        }
        let (width, height) = mask.dimensions();
        let sharp = BlurImage::borrow(&mask, width, height, FastBlurChannels::Plane);
        let mut soft = BlurImageMut::alloc(width, height, FastBlurChannels::Plane);
        let edges = EdgeMode2D::new(EdgeMode::Clamp);
        let blur = GaussianBlurParams::new_from_sigma(self.blur.into());
        gaussian_blur(&sharp, &mut soft, blur, edges, ThreadingPolicy::Single, ConvolutionMode::Exact)
            .map_err(|error| ConvertError::Unfit(format!("rounded_corners: {error}")))?;
        GrayImage::from_raw(width, height, soft.data.borrow().to_vec())
            .ok_or_else(|| ConvertError::Unfit("rounded_corners: a mask of another size".to_owned()))
    }
}

impl Task for RoundedCorners {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let size = picture.size();
        let corner = self.corner(size)?;
        let (width, height) = (size.width as usize, size.height as usize);
        let (across, down) = (corner.width() as usize, corner.height() as usize);
        picture.map(|mut image| {
            work.check_time()?;
            for (y, row) in image.chunks_exact_mut(width * 4).enumerate() {
                let from_edge = y.min(height - 1 - y);
                if from_edge >= down {
                    continue;
                }
                let mask = &corner.as_raw()[from_edge * across..][..across];
                for x in (0..across).chain(across.max(width - across)..width) {
                    blend::cover(&mut row[x * 4..][..4], mask[x.min(width - 1 - x)]);
                }
            }
            if let Some(background) = self.background {
                blend::ground(&mut image, background);
            }
            Ok(image)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused};
    use super::*;
    use crate::{Format, Limits};
    use image::{Rgba, RgbaImage};
    use serde_json::json;
    use std::collections::HashMap;

    fn white(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_pixel(width, height, Rgba([255; 4]))
    }

    /// How many pixels are gone.
    fn gone(image: &RgbaImage) -> f64 {
        image.pixels().map(|pixel| 1.0 - f64::from(pixel.0[3]) / 255.0).sum()
    }

    #[test]
    fn four_corners_go_and_no_more() {
        for (said, radius) in [
            (json!({"radius": 40, "blur": 0}), 40.0),
            (json!({"radius": 40}), 40.0),
            (json!({"blur": 0}), 10.0),
            (json!({"radius": "max", "blur": 0}), 50.5),
            (json!({"radius": 9999, "blur": 0}), 50.5),
        ] {
            let made = apply("rounded_corners", said.clone(), white(151, 101));
            let expected = (4.0 - std::f64::consts::PI) * radius * radius;
            assert!((gone(&made) / expected - 1.0).abs() < 0.02, "{said}: {} {expected}", gone(&made));
            let corners = [(0, 0), (150, 0), (0, 100), (150, 100)].map(|(x, y)| made.get_pixel(x, y).0[3]);
            assert_eq!(corners, [0; 4], "{said}");
            assert_eq!(made.get_pixel(75, 0).0[3], 255, "{said}");
        }
    }

    #[test]
    fn blur_softens_the_round_edge_and_not_the_straight_ones() {
        let made = apply("rounded_corners", json!({"radius": 30, "blur": 6}), white(200, 200));
        let soft = |x| (1..255).contains(&made.get_pixel(x, x).0[3]);
        assert!((0..30).filter(|x| soft(*x)).count() > 12);
        assert_eq!([made.get_pixel(100, 0).0[3], made.get_pixel(0, 100).0[3]], [255; 2]);
    }

    #[test]
    fn small_images_do_not_fail() {
        for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 2), (3, 2)] {
            for blur in [0.0, 0.3, 20.0] {
                let made = apply("rounded_corners", json!({"radius": 10_000, "blur": blur}), white(width, height));
                assert_eq!(made.dimensions(), (width, height));
            }
        }
    }

    #[test]
    fn the_ground_shows_in_the_corners() {
        let task = RoundedCorners { radius: Some(5), blur: 0.0, background: Some(Color::BLACK) };
        let (limits, files) = (Limits::default(), HashMap::new());
        let made = task.apply(Picture::still(white(20, 20), Format::Png), &Work::new(&limits, &files)).unwrap();
        assert_eq!(made.frames[0].image.get_pixel(19, 19).0, [0, 0, 0, 255]);
        assert!(refused("rounded_corners", json!({"radius": "most"})).contains("1 to 10000"));
    }
}
