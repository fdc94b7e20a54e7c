//! `vignette`: an oval of the image that fades into the background.

use super::mask::{self, Area};
use super::{Task, blend, blur};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Work};

#[derive(Debug)]
struct Vignette {
    sigma: f64,
    linear: bool,
    background: Color,
}

/// Reads `vignette`: `amount` is the sigma of the fading edge in pixels, 0 to 100, unless said 20, and never more than a quarter of the
/// image's shorter side; `blurmode` is how it fades, `gaussian` (unless said) or `linear`; `background` is transparent unless said.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let sigma = f64::from(arguments.pixels("amount", 0..=100)?.unwrap_or(20));
    let linear = arguments.choice("blurmode", &[("gaussian", false), ("linear", true)])?.unwrap_or(false);
    let background = arguments.color("background")?.unwrap_or(Color::TRANSPARENT);
    arguments.finish()?;
    Ok(Box::new(Vignette { sigma, linear, background }))
}

impl Task for Vignette {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let size = picture.size();
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let mut oval = mask::empty(size);
        // The oval leaves a tenth of the image on each side, as ImageMagick's does.
        mask::fill(
            &mut oval,
            Area { x: width * 0.1, y: height * 0.1, width: width * 0.8, height: height * 0.8, oval: true },
        );
        let sigma = self.sigma.min(width.min(height) / 4.0);
        let oval = if self.linear { blur::soften_linearly(oval, sigma) } else { blur::soften(oval, sigma) }?;
        picture.map(|mut image| {
            work.check_time()?;
            mask::cut(&mut image, &oval);
            blend::ground(&mut image, self.background);
            Ok(image)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused};
    use image::{Rgba, RgbaImage};
    use serde_json::json;

    fn grey() -> RgbaImage {
        RgbaImage::from_pixel(200, 100, Rgba([120, 120, 120, 255]))
    }

    #[test]
    fn the_middle_stays_and_the_corners_go() {
        for mode in ["gaussian", "linear"] {
            let faded = apply("vignette", json!({"amount": 8, "blurmode": mode}), grey());
            assert_eq!(faded.dimensions(), (200, 100));
            assert_eq!(faded.get_pixel(100, 50).0, [120, 120, 120, 255]);
            assert_eq!(faded.get_pixel(0, 0).0[3], 0);
            // Half of it is left where the oval ends, a tenth from the edge.
            assert!(faded.get_pixel(20, 50).0[3].abs_diff(115) < 15, "{:?}", faded.get_pixel(20, 50));
        }
    }

    #[test]
    fn without_blur_the_oval_is_sharp() {
        let faded = apply("vignette", json!({"amount": 0}), grey());
        assert_eq!((faded.get_pixel(22, 50).0[3], faded.get_pixel(18, 50).0[3]), (255, 0));
    }

    #[test]
    fn the_whole_fades_at_most() {
        let thumbnail = RgbaImage::from_pixel(20, 20, Rgba([9, 9, 9, 255]));
        assert!(apply("vignette", json!({"amount": 100}), thumbnail).get_pixel(10, 10).0[3] > 150);
    }

    #[test]
    fn other_arguments_are_refused() {
        assert!(refused("vignette", json!({"amount": 101})).contains("from 0 to 100"));
        assert!(refused("vignette", json!({"blurmode": "box"})).contains("one of `gaussian`, `linear`"));
    }
}
