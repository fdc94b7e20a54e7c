//! `blackwhite`, `monochrome`, `sepia`, `negative`, `modulate`: each pixel for itself, its opacity kept.

use super::Task;
use crate::{Arguments, ConvertError, Picture, RecipeError, Work};
use std::array;
use std::f32::consts::PI;

#[derive(Debug)]
enum Tone {
    /// White above this brightness in parts of 255, else black.
    BlackWhite {
        threshold: f32,
    },
    Monochrome,
    /// The colour of each brightness.
    Sepia(Box<[[u8; 3]; 256]>),
    Negative,
    /// Factors of lightness and saturation, and a turn of the hue in sixths of the circle.
    Modulate {
        brightness: f32,
        saturation: f32,
        hue: f32,
    },
}

/// Reads `blackwhite`: white is what is brighter than `threshold` percent, 0 to 100, unless said 50.
pub(super) fn blackwhite(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let threshold = arguments.integer("threshold", 0..=100)?.unwrap_or(50);
    finish(arguments, Tone::BlackWhite { threshold: threshold as f32 * 2.55 })
}

/// Reads `monochrome`, which takes nothing: shades of grey.
pub(super) fn monochrome(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    finish(arguments, Tone::Monochrome)
}

/// Reads `sepia`: `tone` is the brightness in percent that becomes the palest brown, 0 to 100, unless said 80. Lower is paler.
pub(super) fn sepia(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let tone = arguments.integer("tone", 0..=100)?.unwrap_or(80);
    finish(arguments, Tone::Sepia(Box::new(browns(tone as f32 * 2.55))))
}

/// Reads `negative`, which takes nothing.
pub(super) fn negative(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    finish(arguments, Tone::Negative)
}

/// Reads `modulate`: `brightness` and `saturation` in percent, 0 to 10000, unless said 100; `hue` in degrees, 0 to 359, unless said 0.
/// They are those of HSL.
pub(super) fn modulate(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let mut percent = |name| Ok(arguments.integer(name, 0..=10_000)?.unwrap_or(100) as f32 / 100.0);
    let (brightness, saturation) = (percent("brightness")?, percent("saturation")?);
    let hue = arguments.integer("hue", 0..=359)?.unwrap_or(0) as f32 / 60.0;
    finish(arguments, Tone::Modulate { brightness, saturation, hue })
}

fn finish(arguments: &Arguments, tone: Tone) -> Result<Box<dyn Task>, RecipeError> {
    arguments.finish()?;
    Ok(Box::new(tone))
}

impl Task for Tone {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        match self {
            Self::BlackWhite { threshold } => {
                recolor(picture, work, |pixel| [if f32::from(luma(pixel)) > *threshold { 255 } else { 0 }; 3])
            }
            Self::Monochrome => recolor(picture, work, |pixel| [luma(pixel); 3]),
            Self::Sepia(shades) => recolor(picture, work, |pixel| shades[usize::from(luma(pixel))]),
            Self::Negative => recolor(picture, work, |pixel| [255 - pixel[0], 255 - pixel[1], 255 - pixel[2]]),
            Self::Modulate { brightness, saturation, hue } => {
                recolor(picture, work, |pixel| modulated(pixel, *brightness, *saturation, *hue))
            }
        }
    }
}

/// Puts another colour in the place of each.
pub(super) fn recolor(
    picture: Picture,
    work: &Work<'_>,
    change: impl Fn(&[u8]) -> [u8; 3],
) -> Result<Picture, ConvertError> {
    picture.map(|mut image| {
        work.check_time()?;
        image.chunks_exact_mut(4).for_each(|pixel| {
            let color = change(pixel);
            pixel[..3].copy_from_slice(&color);
        });
        Ok(image)
    })
}

/// Brightness as ITU-R BT.709 weighs it, of the values as they are stored.
pub(super) fn luma(pixel: &[u8]) -> u8 {
    ((13_933 * u32::from(pixel[0]) + 46_871 * u32::from(pixel[1]) + 4_732 * u32::from(pixel[2]) + 32_768) >> 16) as u8
}

/// The sepia of each grey: red and green are full from the tone on, blue is dimmed, and the whole is stretched from black to white with
/// some contrast, as ImageMagick does.
fn browns(tone: f32) -> [[u8; 3]; 256] {
    let brown = |grey: f32| {
        let floor = tone / 7.0;
        let green = (grey + 255.0 - tone * 7.0 / 6.0).max(floor);
        [grey + 255.0 - tone, green, (grey - tone / 6.0).max(floor)].map(|value| value.clamp(0.0, 255.0))
    };
    let brightness = |[red, green, blue]: [f32; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let (black, white) = (brightness(brown(0.0)), brightness(brown(255.0)));
    array::from_fn(|grey| {
        let stretched = brown(grey as f32).map(|value| ((value - black) / (white - black).max(1.0)).clamp(0.0, 1.0));
        let most = stretched.into_iter().fold(0.0, f32::max);
        let curved = (most + ((PI * (most - 0.5)).sin() + 1.0) / 2.0) / 2.0;
        stretched.map(|value| (value * curved / most.max(0.001) * 255.0).round() as u8)
    })
}

fn modulated(pixel: &[u8], brightness: f32, saturation: f32, turn: f32) -> [u8; 3] {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(|value| f32::from(value) / 255.0);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let (chroma, lightness) = (most - least, (most + least) / 2.0);
    // How much chroma each lightness has room for.
    let room = |lightness: f32| 1.0 - (2.0 * lightness - 1.0).abs();
    let hue = if chroma == 0.0 {
        0.0
    } else if most == red {
        (green - blue) / chroma
    } else if most == green {
        (blue - red) / chroma + 2.0
    } else {
        (red - green) / chroma + 4.0
    };
    // Between -1 and 11; a remainder would take longer than all else here.
    let hue = hue + turn;
    let hue = if hue >= 6.0 { hue - 6.0 } else { hue };
    let raised = (lightness * brightness).min(1.0);
    // Grey has no hue to saturate. The room is 0 only for black and white, which are grey.
    let chroma = if chroma == 0.0 { 0.0 } else { chroma / room(lightness) * saturation * room(raised) };
    // Each primary falls from full to none within two sixths of the circle from its own hue, after one sixth of full.
    let value = |primary: f32| {
        let away = (hue - primary).abs();
        let share = (2.0 - away.min(6.0 - away)).clamp(0.0, 1.0);
        ((raised + chroma * (share - 0.5)) * 255.0 + 0.5) as u8
    };
    [value(0.0), value(2.0), value(4.0)]
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, image, refused};
    use serde_json::{Value, json};

    /// What becomes of one colour.
    fn of(name: &str, arguments: Value, color: [u8; 3]) -> [u8; 3] {
        let [red, green, blue] = color;
        let [red, green, blue, alpha] = apply(name, arguments, image([[red, green, blue, 77]], 1)).get_pixel(0, 0).0;
        assert_eq!(alpha, 77, "the opacity is kept");
        [red, green, blue]
    }

    #[test]
    fn black_and_white_part_at_the_threshold() {
        for (arguments, white, black) in
            [(json!({}), 128, 127), (json!({"threshold": 30}), 77, 76), (json!({"threshold": 0}), 1, 0)]
        {
            assert_eq!(of("blackwhite", arguments.clone(), [white; 3]), [255; 3]);
            assert_eq!(of("blackwhite", arguments, [black; 3]), [0; 3]);
        }
        assert_eq!(of("blackwhite", json!({"threshold": 100}), [255; 3]), [0; 3]);
    }

    #[test]
    fn grey_is_as_bright_as_the_colour() {
        assert_eq!(of("monochrome", json!({}), [255, 0, 0]), [54; 3]);
        assert_eq!(of("monochrome", json!({}), [0, 255, 0]), [182; 3]);
        assert_eq!(of("monochrome", json!({}), [0, 0, 255]), [18; 3]);
        assert_eq!(of("monochrome", json!({}), [93; 3]), [93; 3]);
    }

    #[test]
    fn sepia_is_brown_and_keeps_the_order_of_brightness() {
        let shades: Vec<_> = (0..=255).map(|grey| of("sepia", json!({}), [grey; 3])).collect();
        assert!(shades.iter().all(|[red, green, blue]| red >= green && green >= blue));
        assert!(shades.windows(2).all(|pair| (0..3).all(|channel| pair[0][channel] <= pair[1][channel])));
        assert_eq!([shades[0], shades[100], shades[255]], [[12, 0, 0], [139, 99, 38], [255, 255, 218]]);
        assert_eq!(of("sepia", json!({"tone": 80}), [9, 80, 200]), of("sepia", json!({}), [9, 80, 200]));
    }

    #[test]
    fn a_negative_turns_values_round() {
        assert_eq!(of("negative", json!({}), [0, 100, 255]), [255, 155, 0]);
    }

    #[test]
    fn modulating_is_done_in_hsl() {
        let color = [200, 100, 50];
        assert_eq!(of("modulate", json!({}), color), color);
        assert_eq!(of("modulate", json!({"hue": 120}), color), [50, 200, 100]);
        assert_eq!(of("modulate", json!({"hue": 240}), color), [100, 50, 200]);
        assert_eq!(of("modulate", json!({"hue": 180}), [255, 0, 0]), [0, 255, 255]);
        assert_eq!(of("modulate", json!({"saturation": 0}), color), [125; 3]);
        assert_eq!(of("modulate", json!({"brightness": 50}), color), [100, 50, 25]);
        assert_eq!(of("modulate", json!({"brightness": 0}), color), [0; 3]);
        assert_eq!(of("modulate", json!({"brightness": 10_000, "saturation": 10_000, "hue": 359}), color), [255; 3]);
        assert_eq!(of("modulate", json!({"saturation": 10_000}), [90; 3]), [90; 3]);
    }

    #[test]
    fn every_colour_stays_where_nothing_is_to_change() {
        for bits in (0..0x0100_0000_u32).step_by(1_237) {
            let [_, red, green, blue] = bits.to_be_bytes();
            assert_eq!(of("modulate", json!({}), [red, green, blue]), [red, green, blue]);
        }
    }

    #[test]
    fn other_arguments_are_refused() {
        assert!(refused("modulate", json!({"hue": 360})).contains("from 0 to 359"));
        assert!(refused("sepia", json!({"tone": -1})).contains("from 0 to 100"));
        assert!(refused("negative", json!({"amount": 1})).contains("it takes no argument"));
    }
}
