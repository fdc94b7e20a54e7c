//! `blur` and `sharpen`, and the Gaussian blur that other tasks soften with.

use super::{Task, blend};
use crate::{Arguments, ConvertError, Picture, RecipeError, Work};
use image::{GrayImage, RgbaImage};
use libblur::{
    BlurError, BlurImage, BlurImageMut, BoxBlurParameters, CLTParameters, ConvolutionMode, EdgeMode, EdgeMode2D,
    FastBlurChannels, GaussianBlurParams, ThreadingPolicy,
};

/// The sigma in pixels where nothing is said.
const DEFAULT_AMOUNT: u32 = 2;

#[derive(Debug)]
struct Blur {
    sigma: f64,
}

/// Reads `blur`: `amount` is the sigma of a Gaussian blur in pixels, 0 to 20, unless said 2.
pub(super) fn blur(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    Ok(Box::new(Blur { sigma: amount(arguments)? }))
}

#[derive(Debug)]
struct Sharpen {
    sigma: f64,
}

/// Reads `sharpen`: `amount` is the sigma of an unsharp mask of full strength in pixels, 0 to 20, unless said 2.
pub(super) fn sharpen(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    Ok(Box::new(Sharpen { sigma: amount(arguments)? }))
}

fn amount(arguments: &mut Arguments) -> Result<f64, RecipeError> {
    let amount = arguments.pixels("amount", 0..=20)?.unwrap_or(DEFAULT_AMOUNT);
    arguments.finish()?;
    Ok(f64::from(amount))
}

impl Task for Blur {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        picture.map(|image| {
            work.check_time()?;
            gaussian(image, self.sigma)
        })
    }
}

impl Task for Sharpen {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        picture.map(|mut image| {
            work.check_time()?;
            let blurred = gaussian(image.clone(), self.sigma)?;
            for (pixel, blurred) in image.chunks_exact_mut(4).zip(blurred.chunks_exact(4)) {
                for (value, &blurred) in pixel[..3].iter_mut().zip(blurred) {
                    *value = (2 * i16::from(*value) - i16::from(blurred)).clamp(0, 255) as u8;
                }
            }
            Ok(image)
        })
    }
}

/// Blurred by this sigma in pixels; not at all by 0. What cannot be seen lends no colour to what can.
pub(super) fn gaussian(mut image: RgbaImage, sigma: f64) -> Result<RgbaImage, ConvertError> {
    if sigma <= 0.0 {
        return Ok(image);
    }
    let transparent = image.chunks_exact(4).any(|pixel| pixel[3] != 255);
    if transparent {
        blend::premultiply(&mut image);
    }
    let mut blurred = RgbaImage::new(image.width(), image.height());
    convolve(&image, &mut blurred, image.dimensions(), FastBlurChannels::Channels4, sigma)?;
    if transparent {
        blend::unpremultiply(&mut blurred);
    }
    Ok(blurred)
}

/// The same of a mask.
pub(super) fn soften(mask: GrayImage, sigma: f64) -> Result<GrayImage, ConvertError> {
    if sigma <= 0.0 {
        return Ok(mask);
    }
    let mut blurred = GrayImage::new(mask.width(), mask.height());
    convolve(&mask, &mut blurred, mask.dimensions(), FastBlurChannels::Plane, sigma)?;
    Ok(blurred)
}

/// Softened as evenly as can be, over the width that a Gaussian blur of this sigma has.
pub(super) fn soften_linearly(mask: GrayImage, sigma: f64) -> Result<GrayImage, ConvertError> {
    // A box has the variance of a Gaussian curve if it is √12 sigmas wide.
    let kernel = 2 * (sigma * 3.0_f64.sqrt()).round() as u32 + 1;
    let mut blurred = GrayImage::new(mask.width(), mask.height());
    let from = BlurImage::borrow(&mask, mask.width(), mask.height(), FastBlurChannels::Plane);
    let mut to = BlurImageMut::borrow(&mut blurred, mask.width(), mask.height(), FastBlurChannels::Plane);
    libblur::box_blur(&from, &mut to, BoxBlurParameters::new(kernel), THREADS).map_err(failed)?;
    Ok(blurred)
}

/// A server does several conversions at once, so each takes one thread.
const THREADS: ThreadingPolicy = ThreadingPolicy::Single;

fn failed(error: BlurError) -> ConvertError {
    ConvertError::Unfit(format!("the image cannot be blurred: {error}"))
}

/// Above this sigma three box blurs, whose cost does not grow with it, are as good.
const MAX_CONVOLVED: f64 = 20.0;

fn convolve(
    from: &[u8],
    to: &mut [u8],
    (width, height): (u32, u32),
    channels: FastBlurChannels,
    sigma: f64,
) -> Result<(), ConvertError> {
    let from = BlurImage::borrow(from, width, height, channels);
    let mut to = BlurImageMut::borrow(to, width, height, channels);
    let done = if sigma > MAX_CONVOLVED {
        libblur::gaussian_box_blur(&from, &mut to, CLTParameters::new(sigma as f32), THREADS)
    } else {
        // Beyond three sigmas nothing is left that eight bits could show.
        let kernel = 2 * (3.0 * sigma).ceil() as u32 + 1;
        let parameters = GaussianBlurParams::new(kernel, sigma);
        let edges = EdgeMode2D::new(EdgeMode::Clamp);
        // Whole numbers are faster, but too coarse for the few weights of a narrow curve.
        let mode = if sigma < 2.0 { ConvolutionMode::Exact } else { ConvolutionMode::FixedPoint };
        libblur::gaussian_blur(&from, &mut to, parameters, edges, THREADS, mode)
    };
    done.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, image, refused};
    use super::*;
    use image::Rgba;
    use serde_json::json;

    const RED: [u8; 4] = [255, 0, 0, 255];
    /// Green that nobody sees.
    const HIDDEN: [u8; 4] = [0, 255, 0, 0];

    fn photo(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| Rgba([(x * 7) as u8, (y * 5) as u8, (x * y) as u8, 255]))
    }

    #[test]
    fn a_blur_spreads_a_point_as_the_curve_says() {
        let mut point = RgbaImage::from_pixel(41, 41, Rgba([0, 0, 0, 255]));
        point.put_pixel(20, 20, Rgba([255; 4]));
        let blurred = apply("blur", json!({"amount": 1}), point);
        // 255 / 2π in the middle, e^-½ and e^-1 of it beside and diagonally.
        let around = [(20, 20), (21, 20), (21, 21), (20, 26)].map(|(x, y)| blurred.get_pixel(x, y).0[0]);
        assert!(around.iter().zip([41_u8, 25, 15, 0]).all(|(is, meant)| is.abs_diff(meant) <= 1), "{around:?}");
    }

    #[test]
    fn an_edge_becomes_as_soft_as_the_curve_says() {
        let step = RgbaImage::from_fn(160, 3, |x, _| Rgba(if x < 80 { [0, 0, 0, 255] } else { [255; 4] }));
        for sigma in [2, 3, 5, 8, 12, 20] {
            let blurred = apply("blur", json!({"amount": sigma}), step.clone());
            // The normal distribution at half a sigma, one and two.
            for (sigmas, share) in [(0.5, 0.6915), (1.0, 0.8413), (2.0, 0.9772)] {
                let place = 79.5 + sigmas * f64::from(sigma);
                let [before, after] =
                    [place.floor(), place.ceil()].map(|x| f64::from(blurred.get_pixel(x as u32, 1).0[0]));
                let value = before + (after - before) * place.fract();
                assert!((value - 255.0 * share).abs() < 5.0, "{sigma}: {value} at {sigmas} sigmas");
            }
        }
    }

    #[test]
    fn nothing_said_is_two_pixels_and_nought_is_nothing() {
        let source = photo(30, 20);
        assert_eq!(apply("blur", json!({}), source.clone()), apply("blur", json!({"amount": "2"}), source.clone()));
        assert_eq!(apply("sharpen", json!({}), source.clone()), apply("sharpen", json!({"amount": 2}), source.clone()));
        assert_ne!(apply("blur", json!({}), source.clone()), apply("blur", json!({"amount": 3}), source.clone()));
        assert_eq!(apply("blur", json!({"amount": 0}), source.clone()), source);
        assert_eq!(apply("sharpen", json!({"amount": 0}), source.clone()), source);
    }

    #[test]
    fn what_is_not_seen_lends_no_colour() {
        let source = image([RED, RED, RED, RED, HIDDEN, HIDDEN, HIDDEN, HIDDEN], 8);
        let blurred = apply("blur", json!({}), source.clone());
        assert!(blurred.pixels().all(|pixel| pixel.0[3] == 0 || pixel.0[..3] == [255, 0, 0]), "{blurred:?}");
        assert!(blurred.get_pixel(4, 0).0[3] > 90 && blurred.get_pixel(3, 0).0[3] < 170);
        assert_eq!(apply("sharpen", json!({}), source).get_pixel(3, 0).0, RED);
    }

    #[test]
    fn sharpening_raises_the_contrast_of_an_edge_and_nothing_else() {
        let source =
            RgbaImage::from_fn(60, 8, |x, _| Rgba(if x < 30 { [100, 100, 100, 255] } else { [150, 150, 150, 200] }));
        let sharp = apply("sharpen", json!({}), source.clone());
        assert!(sharp.get_pixel(29, 4).0[0] < 90 && sharp.get_pixel(30, 4).0[0] > 160);
        assert_eq!((sharp.get_pixel(5, 4), sharp.get_pixel(55, 4)), (source.get_pixel(5, 4), source.get_pixel(55, 4)));
        assert!(sharp.pixels().zip(source.pixels()).all(|(one, other)| one.0[3] == other.0[3]));
    }

    #[test]
    fn a_linear_edge_has_the_width_of_a_gaussian_one() {
        let step = GrayImage::from_fn(100, 5, |x, _| image::Luma([if x < 50 { 0 } else { 255 }]));
        let row = |mask: GrayImage| (0..100).map(|x| f64::from(mask.get_pixel(x, 2).0[0])).collect::<Vec<_>>();
        let (soft, linear) = (row(soften(step.clone(), 8.0).unwrap()), row(soften_linearly(step, 8.0).unwrap()));
        // The variance of the slope is the square of the sigma.
        for row in [&soft, &linear] {
            let slope = || row.windows(2).enumerate().map(|(x, pair)| (x as f64 - 49.0, (pair[1] - pair[0]) / 255.0));
            let variance: f64 = slope().map(|(x, rise)| x * x * rise).sum();
            assert!((variance - 64.0).abs() < 8.0, "{variance}");
        }
        assert!((linear[55] - linear[54] - (linear[51] - linear[50])).abs() <= 1.0, "{linear:?}");
    }

    #[test]
    fn other_amounts_are_refused() {
        assert_eq!(
            refused("blur", json!({"amount": 21})),
            "blur: `amount` takes a whole number from 0 to 20; it was given 21"
        );
        assert!(refused("sharpen", json!({"radius": 1})).contains("there is no argument `radius`; there is `amount`"));
    }
}
