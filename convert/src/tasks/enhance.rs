//! `enhance`: plain corrections, reckoned from the image's own histogram. Filestack's presets are trained models; these carry their names
//! and do the same kind of thing, not the same.

use super::tones::luma;
use super::{Task, blur};
use crate::{Arguments, ConvertError, Picture, RecipeError, Work};
use image::RgbaImage;

/// What a preset does, in this order.
#[derive(Debug, Clone, Copy)]
struct Enhance {
    /// How much of the colour cast is taken out, 0 to 1: the mean of what is nearly grey becomes grey.
    balance: f32,
    /// The share of the darkest and of the brightest pixels that become black and white; `None` leaves the range alone.
    clip: Option<f32>,
    /// Brings the mean of a dark image up to this brightness, 0 to 1; a bright one stays.
    brightness: f32,
    /// How much of an S-shaped curve, 0 to 1.
    contrast: f32,
    /// A factor.
    saturation: f32,
    smoothing: Option<Smoothing>,
}

/// Takes out what differs little from its surroundings: noise, and wrinkles; edges stay.
#[derive(Debug, Clone, Copy)]
struct Smoothing {
    /// The sigma of the surroundings, in thousandths of the image's longer side.
    reach: f64,
    /// The difference from which on all of it stays, in steps of 255.
    edge: f32,
}

const NOTHING: Enhance =
    Enhance { balance: 0.0, clip: None, brightness: 0.0, contrast: 0.0, saturation: 1.0, smoothing: None };

const AUTO: Enhance = Enhance { clip: Some(0.005), brightness: 0.3, contrast: 0.1, saturation: 1.1, ..NOTHING };

const PRESETS: &[(&str, Enhance)] = &[
    ("auto", AUTO),
    ("vivid", Enhance { contrast: 0.3, saturation: 1.4, ..AUTO }),
    ("beautify", Enhance { clip: Some(0.001), smoothing: Some(Smoothing { reach: 3.0, edge: 24.0 }), ..AUTO }),
    ("beautify_plus", Enhance { brightness: 0.45, smoothing: Some(Smoothing { reach: 5.0, edge: 40.0 }), ..AUTO }),
    ("fix_dark", Enhance { clip: Some(0.002), brightness: 0.45, saturation: 1.15, ..NOTHING }),
    ("fix_noise", Enhance { smoothing: Some(Smoothing { reach: 1.5, edge: 40.0 }), ..NOTHING }),
    ("fix_tint", Enhance { balance: 1.0, ..NOTHING }),
    ("outdoor", Enhance { balance: 0.3, clip: Some(0.01), contrast: 0.2, saturation: 1.3, ..NOTHING }),
    (
        "fireworks",
        Enhance {
            clip: Some(0.01),
            contrast: 0.6,
            saturation: 1.6,
            smoothing: Some(Smoothing { reach: 1.0, edge: 20.0 }),
            ..NOTHING
        },
    ),
];

/// Reads `enhance`: `preset` is one of `auto` (unless said), `vivid`, `beautify`, `beautify_plus`, `fix_dark`, `fix_noise`, `fix_tint`,
/// `outdoor`, `fireworks`.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let preset = arguments.choice("preset", PRESETS)?.unwrap_or(AUTO);
    arguments.finish()?;
    Ok(Box::new(preset))
}

impl Task for Enhance {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        // The first frame decides for all, or an animation would flicker.
        let Some(curves) = picture.frames.first().map(|frame| self.curves(&frame.image)) else { return Ok(picture) };
        let saturation = (self.saturation * 256.0) as i32;
        picture.map(|mut image| {
            work.check_time()?;
            for pixel in image.chunks_exact_mut(4) {
                for (value, curve) in pixel.iter_mut().zip(&curves) {
                    *value = curve[usize::from(*value)];
                }
                let grey = i32::from(luma(pixel));
                for value in &mut pixel[..3] {
                    *value = (grey + (((i32::from(*value) - grey) * saturation + 128) >> 8)).clamp(0, 255) as u8;
                }
            }
            self.smoothing.map_or(Ok(()), |smoothing| smoothing.apply(&mut image))?;
            Ok(image)
        })
    }
}

impl Enhance {
    /// What becomes of each value of red, green and blue.
    fn curves(&self, image: &RgbaImage) -> [[u8; 256]; 3] {
        let seen = || image.chunks_exact(4).filter(|pixel| pixel[3] != 0);
        let mut sums = [0_u64; 3];
        let mut histogram = [0_u64; 256];
        for pixel in seen() {
            // What is strongly coloured is so by itself, not by the light.
            let (most, least) = (pixel[0].max(pixel[1]).max(pixel[2]), pixel[0].min(pixel[1]).min(pixel[2]));
            if most - least <= most / 3 {
                sums.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += u64::from(value));
            }
            histogram[usize::from(luma(pixel))] += 1;
        }
        let count = histogram.iter().sum::<u64>().max(1) as f32;
        let grey = sums.iter().sum::<u64>() as f32 / 3.0;
        let gains = sums.map(|sum| 1.0 + self.balance * (grey.max(1.0) / (sum as f32).max(1.0) - 1.0));

        let (black, white) = self.clip.map_or((0.0, 1.0), |share| range(&histogram, share * count));
        let level = |value: f32| ((value - black) / (white - black)).clamp(0.0, 1.0);
        let total = (0..256).map(|value| level(value as f32 / 255.0) * histogram[value] as f32).sum::<f32>();
        let mean = (total / count).clamp(0.01, 0.99);
        let gamma = if mean < self.brightness { (self.brightness.ln() / mean.ln()).max(0.4) } else { 1.0 };
        gains.map(|gain| {
            std::array::from_fn(|value| {
                let value = level(value as f32 / 255.0 * gain).powf(gamma);
                let curved = value * value * (3.0 - 2.0 * value);
                ((value + self.contrast * (curved - value)) * 255.0).round() as u8
            })
        })
    }
}

/// Black and white, 0 to 1: what is darker or brighter than all but so many pixels. Never nearer than 96 steps of 255, for a hazy image
/// would become coarse; where the range is widened for that, an image of a single colour keeps it.
fn range(histogram: &[u64; 256], outside: f32) -> (f32, f32) {
    let beyond = |mut values: Box<dyn Iterator<Item = usize>>| {
        let mut passed = 0;
        values
            .find(|&value| {
                passed += histogram[value];
                passed as f32 > outside
            })
            .unwrap_or(0) as f32
    };
    let (black, white) = (beyond(Box::new(0..256)), beyond(Box::new((0..256).rev())));
    let missing = (96.0 - (white - black)).max(0.0);
    let black = black - missing * black / (255.0 - (white - black)).max(1.0);
    (black / 255.0, white.max(black + 96.0) / 255.0)
}

impl Smoothing {
    fn apply(self, image: &mut RgbaImage) -> Result<(), ConvertError> {
        let sigma = (f64::from(image.width().max(image.height())) * self.reach / 1000.0).clamp(1.0, 8.0);
        let blurred = blur::gaussian(image.clone(), sigma)?;
        // How much of a difference stays, in parts of 256.
        let kept: [i32; 256] = std::array::from_fn(|step| ((step as f32 / self.edge).powi(2).min(1.0) * 256.0) as i32);
        for (pixel, blurred) in image.chunks_exact_mut(4).zip(blurred.chunks_exact(4)) {
            let most = pixel[..3].iter().zip(blurred).map(|(one, &other)| one.abs_diff(other)).max().unwrap_or(0);
            let kept = kept[usize::from(most)];
            for (value, &blurred) in pixel[..3].iter_mut().zip(blurred) {
                let blurred = i32::from(blurred);
                *value = (blurred + (((i32::from(*value) - blurred) * kept + 128) >> 8)).clamp(0, 255) as u8;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, apply_to, refused};
    use super::*;
    use crate::{Format, Frame};
    use image::Rgba;
    use serde_json::json;

    fn with(preset: &str, image: RgbaImage) -> RgbaImage {
        apply("enhance", json!({"preset": preset}), image)
    }

    fn ramp(color: impl Fn(u8) -> [u8; 3]) -> RgbaImage {
        RgbaImage::from_fn(256, 8, |x, _| {
            let [red, green, blue] = color(x as u8);
            Rgba([red, green, blue, 255])
        })
    }

    fn means(image: &RgbaImage) -> [f64; 3] {
        let count = f64::from(image.width() * image.height());
        [0, 1, 2].map(|channel| image.pixels().map(|pixel| f64::from(pixel.0[channel])).sum::<f64>() / count)
    }

    /// A patch of noise on grey, and an edge.
    fn noisy() -> RgbaImage {
        RgbaImage::from_fn(80, 60, |x, y| {
            let noise = ((x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 28) as u8;
            Rgba([if x < 40 { 60 } else { 180 } + noise, 100 + noise, 100 + noise, 255])
        })
    }

    #[test]
    fn a_dull_image_gets_the_whole_range_and_a_whole_one_keeps_it() {
        let dull = with("auto", ramp(|value| [70 + value / 2; 3]));
        assert_eq!((dull.get_pixel(0, 0).0[0], dull.get_pixel(255, 0).0[0]), (0, 255));
        let whole = with("auto", ramp(|value| [value; 3]));
        assert!((0..256).all(|x| whole.get_pixel(x, 0).0[0].abs_diff(x as u8) < 8));
    }

    #[test]
    fn a_single_colour_stays() {
        for value in [0, 1, 60, 128, 200, 255] {
            for (preset, look) in PRESETS.iter().filter(|(_, look)| look.brightness == 0.0 && look.contrast == 0.0) {
                let image = RgbaImage::from_pixel(5, 5, Rgba([value, value, value, 255]));
                assert_eq!(with(preset, image.clone()), image, "{preset} {look:?}");
            }
        }
    }

    #[test]
    fn a_cast_is_taken_out() {
        let [red, green, blue] =
            means(&with("fix_tint", ramp(|value| [value / 2 + 80, value / 2 + 70, value / 2 + 60])));
        assert!((red - green).abs() < 2.0 && (green - blue).abs() < 2.0, "{red} {green} {blue}");
    }

    #[test]
    fn a_dark_image_becomes_brighter_and_a_bright_one_does_not() {
        let dark = ramp(|value| [if value > 250 { 255 } else { value / 5 }; 3]);
        let before = means(&dark)[0];
        assert!(means(&with("fix_dark", dark))[0] > before + 40.0);
        let bright = ramp(|value| [value / 2 + 127; 3]);
        let bright =
            RgbaImage::from_fn(256, 8, |x, y| if x == 0 { Rgba([0, 0, 0, 255]) } else { *bright.get_pixel(x, y) });
        assert!((means(&with("fix_dark", bright.clone()))[0] - means(&bright)[0]).abs() < 3.0);
    }

    #[test]
    fn noise_goes_and_edges_stay() {
        let smooth = with("fix_noise", noisy());
        let spread = |image: &RgbaImage| {
            let values = (5..30).flat_map(|x| (5..55).map(move |y| (x, y))).map(|(x, y)| image.get_pixel(x, y).0[1]);
            values.clone().max().unwrap() - values.min().unwrap()
        };
        assert!(spread(&smooth) * 2 < spread(&noisy()), "{} {}", spread(&smooth), spread(&noisy()));
        assert!(smooth.get_pixel(41, 30).0[0] - smooth.get_pixel(38, 30).0[0] > 100);
    }

    #[test]
    fn vivid_is_more_colourful_than_auto() {
        let chroma = |image: RgbaImage| image.pixels().map(|p| u32::from(p.0[0].abs_diff(p.0[2]))).sum::<u32>();
        let source = || ramp(|value| [value, value / 2 + 60, 255 - value]);
        assert!(chroma(with("vivid", source())) > chroma(with("auto", source())));
        assert!(chroma(with("auto", source())) > chroma(source()));
        assert_eq!(apply("enhance", json!({}), source()), with("auto", source()));
    }

    #[test]
    fn all_frames_are_changed_alike_and_opacity_is_kept() {
        let frame = |value: u8| Frame {
            image: RgbaImage::from_fn(9, 9, |x, _| Rgba([value, 90, x as u8 * 9, x as u8])),
            delay_ms: 5,
        };
        let animated =
            Picture { frames: vec![frame(10), frame(200), frame(10)], ..Picture::still(noisy(), Format::Gif) };
        let frames = apply_to("enhance", json!({}), animated).unwrap().frames;
        assert_eq!(frames[0].image, frames[2].image);
        assert!(frames[1].image.pixels().enumerate().all(|(at, pixel)| usize::from(pixel.0[3]) == at % 9));
    }

    #[test]
    fn other_presets_are_refused() {
        assert!(refused("enhance", json!({"preset": "sunset"})).contains("`preset` takes one of `auto`, `vivid`"));
    }
}
