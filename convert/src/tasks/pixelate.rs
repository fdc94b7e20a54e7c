//! `pixelate`: blocks of one colour.

use super::Task;
use crate::{Arguments, ConvertError, Picture, RecipeError, Work};
use image::RgbaImage;

#[derive(Debug)]
struct Pixelate {
    block: u32,
}

/// Reads `pixelate`: `amount` is the side of a block in pixels, 2 to 100, unless said 2.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let block = arguments.pixels("amount", 2..=100)?.unwrap_or(2);
    arguments.finish()?;
    Ok(Box::new(Pixelate { block }))
}

impl Task for Pixelate {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        picture.map(|mut image| {
            work.check_time()?;
            pixelate(&mut image, self.block);
            Ok(image)
        })
    }
}

/// Gives each block its mean, each pixel weighing by its opacity. Blocks begin at the upper left; the last ones may be smaller.
pub(super) fn pixelate(image: &mut RgbaImage, block: u32) {
    let row_bytes = image.width() as usize * 4;
    let block = block.max(1) as usize;
    for rows in image.chunks_mut(row_bytes * block) {
        // Sums of colour times opacity, and of opacity.
        let mut sums = vec![[0_u64; 4]; row_bytes.div_ceil(block * 4)];
        for row in rows.chunks_exact(row_bytes) {
            for (sum, pixels) in sums.iter_mut().zip(row.chunks(block * 4)) {
                for pixel in pixels.chunks_exact(4) {
                    let alpha = u64::from(pixel[3]);
                    sum[0] += u64::from(pixel[0]) * alpha;
                    sum[1] += u64::from(pixel[1]) * alpha;
                    sum[2] += u64::from(pixel[2]) * alpha;
                    sum[3] += alpha;
                }
            }
        }
        let height = (rows.len() / row_bytes) as u64;
        let Some((first, others)) = rows.split_at_mut_checked(row_bytes) else { return };
        for (sum, pixels) in sums.iter().zip(first.chunks_mut(block * 4)) {
            let count = height * (pixels.len() / 4) as u64;
            let alpha = sum[3];
            let color = |sum: u64| ((sum + alpha / 2) / alpha.max(1)) as u8;
            let mean = [color(sum[0]), color(sum[1]), color(sum[2]), ((alpha + count / 2) / count) as u8];
            pixels.chunks_exact_mut(4).for_each(|pixel| pixel.copy_from_slice(&mean));
        }
        others.chunks_exact_mut(row_bytes).for_each(|row| row.copy_from_slice(first));
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, image, refused};
    use serde_json::json;

    #[test]
    fn blocks_take_the_mean_of_what_is_seen() {
        let (grey, black) = ([100, 100, 100, 255], [0, 0, 0, 255]);
        let hidden = [0, 255, 0, 0];
        let (mean, half) = ([50, 50, 50, 255], [100, 100, 100, 128]);
        let source = image([grey, black, hidden, grey, black], 5);
        assert_eq!(apply("pixelate", json!({}), source), image([mean, mean, half, half, black], 5));
    }

    #[test]
    fn blocks_reach_over_rows_and_may_be_cut_off() {
        let value = |value| [value, 0, 0, 255];
        let source =
            image([value(0), value(40), value(80), value(10), value(30), value(90), value(1), value(3), value(200)], 3);
        let mean = image(
            [value(20), value(20), value(85), value(20), value(20), value(85), value(2), value(2), value(200)],
            3,
        );
        assert_eq!(apply("pixelate", json!({"amount": 2}), source), mean);
    }

    #[test]
    fn a_block_has_two_to_a_hundred_pixels() {
        assert!(refused("pixelate", json!({"amount": 1})).contains("a whole number from 2 to 100"));
    }
}
