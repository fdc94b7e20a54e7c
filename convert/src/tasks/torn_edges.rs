//! `torn_edges`: as if the image had been torn out of a page. The same image is always torn alike.

use super::{Task, blend, mask};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::GrayImage;

#[derive(Debug)]
struct TornEdges {
    spread: [i64; 2],
    background: Color,
}

/// Reads `torn_edges`: `spread` is the least and the most that is torn away in pixels, each 1 to 10000, unless said `[1,10]`, and never
/// more than a quarter of the image's shorter side; `background` is transparent unless said.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let spread = arguments.integers("spread", [1..=10_000, 1..=10_000])?.unwrap_or([1, 10]);
    let background = arguments.color("background")?.unwrap_or(Color::TRANSPARENT);
    arguments.finish()?;
    Ok(Box::new(TornEdges { spread, background }))
}

impl Task for TornEdges {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let page = page(picture.size(), self.spread);
        picture.map(|mut image| {
            work.check_time()?;
            mask::cut(&mut image, &page);
            blend::ground(&mut image, self.background);
            Ok(image)
        })
    }
}

/// What is left of a page of this size.
fn page(size: Size, spread: [i64; 2]) -> GrayImage {
    let most = f64::from(size.width.min(size.height)) / 4.0;
    let [from, to] = [spread[0].min(spread[1]), spread[0].max(spread[1])].map(|depth| (depth as f64).min(most));
    // Depths along each edge, in pixels.
    let edge = |length: u32, seed: u32| -> Vec<f64> {
        (0..length).map(|place| from + (to - from) * roughness(f64::from(place), to, seed)).collect()
    };
    let (top, bottom) = (edge(size.width, 1), edge(size.width, 2));
    let (left, right) = (edge(size.height, 3), edge(size.height, 4));
    let mut page = mask::empty(size);
    for (y, row) in page.chunks_exact_mut(size.width as usize).enumerate() {
        let above = y as f64 + 0.5;
        let below = f64::from(size.height) - above;
        for (x, part) in row.iter_mut().enumerate() {
            let before = x as f64 + 0.5;
            let after = f64::from(size.width) - before;
            let inside = (above - top[x]).min(below - bottom[x]).min(before - left[y]).min(after - right[y]);
            *part = ((inside + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8;
        }
    }
    page
}

/// 0 to 1 along an edge: long waves, shorter ones on them, and fibres.
fn roughness(place: f64, deepest: f64, seed: u32) -> f64 {
    let wave = 4.0 * deepest + 8.0;
    0.6 * noise(place / wave, seed) + 0.32 * noise(place * 4.0 / wave, seed + 10) + 0.08 * noise(place / 2.0, seed + 20)
}

/// Smooth between numbers that look random at each whole place. It takes nothing but plain arithmetic, so every machine tears alike.
fn noise(place: f64, seed: u32) -> f64 {
    let whole = place.floor();
    let part = place - whole;
    let part = part * part * (3.0 - 2.0 * part);
    let (here, next) = (random(whole as u32, seed), random(whole as u32 + 1, seed));
    here + (next - here) * part
}

/// The finalizer of MurmurHash3.
fn random(place: u32, seed: u32) -> f64 {
    let mut bits = place ^ seed.wrapping_mul(0x9E37_79B9);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x85EB_CA6B);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xC2B2_AE35);
    f64::from(bits ^ (bits >> 16)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused};
    use image::{Rgba, RgbaImage};
    use serde_json::json;

    fn torn(arguments: serde_json::Value) -> RgbaImage {
        apply("torn_edges", arguments, RgbaImage::from_pixel(160, 120, Rgba([90, 80, 70, 255])))
    }

    #[test]
    fn as_much_is_torn_away_as_is_said() {
        let page = torn(json!({"spread": [4, 20]}));
        for (x, y, pixel) in page.enumerate_pixels() {
            let depth = x.min(y).min(159 - x).min(119 - y);
            if depth < 4 {
                assert_eq!(pixel.0[3], 0, "{x}, {y}");
            }
            if depth > 20 {
                assert_eq!(pixel.0, [90, 80, 70, 255], "{x}, {y}");
            }
        }
        // The edge wanders: between 4 and 20 it is found near and far.
        let depths: Vec<_> = (30..130).map(|x| (0..30).find(|&y| page.get_pixel(x, y).0[3] > 127).unwrap()).collect();
        assert!(depths.iter().max().unwrap() - depths.iter().min().unwrap() > 5, "{depths:?}");
    }

    #[test]
    fn the_same_image_is_torn_alike_and_each_edge_in_its_own_way() {
        assert_eq!(torn(json!({})), torn(json!({"spread": [1, 10]})));
        assert_eq!(torn(json!({"spread": [10, 1]})), torn(json!({})));
        let page = torn(json!({}));
        let row = |y: u32| (0..160).map(|x| page.get_pixel(x, y).0[3]).collect::<Vec<_>>();
        assert_ne!(row(3), row(116));
    }

    #[test]
    fn something_is_left_of_any_image() {
        assert_eq!(torn(json!({"spread": [10_000, 10_000]})).get_pixel(80, 60).0[3], 255);
        assert!(refused("torn_edges", json!({"spread": [0, 10]})).contains("[1 to 10000, 1 to 10000]"));
    }
}
