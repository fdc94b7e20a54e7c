//! `oil_paint`: each pixel takes the mean colour of the commonest brightness around it.

use super::{Task, tones::luma};
use crate::{Arguments, ConvertError, Picture, RecipeError, Work};
use image::RgbaImage;

/// Steps of brightness. Fewer make broader strokes, and each pixel costs as much as there are.
const BINS: usize = 32;

/// What a window holds: of each bin the opacity of its pixels, then red, green and blue times opacity. No sum of the largest window's
/// 201² pixels is too large for it.
type Histogram = [[u32; BINS]; 4];

#[derive(Debug)]
struct OilPaint {
    radius: usize,
}

/// Reads `oil_paint`: `amount` is how far a stroke reaches to each side in pixels, 2 to 100, unless said 2.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let radius = arguments.pixels("amount", 2..=100)?.unwrap_or(2) as usize;
    arguments.finish()?;
    Ok(Box::new(OilPaint { radius }))
}

impl Task for OilPaint {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        picture.map(|image| paint(&image, self.radius, work))
    }
}

/// Keeps a histogram of each column of the window's height, and slides the window over them: the radius does not matter to the cost.
fn paint(image: &RgbaImage, radius: usize, work: &Work<'_>) -> Result<RgbaImage, ConvertError> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut painted = RgbaImage::new(image.width(), image.height());
    let mut columns = vec![[[0; BINS]; 4]; width];
    let row = |y: usize| image.chunks_exact(width * 4).nth(y).unwrap_or_default().chunks_exact(4);
    let add = |columns: &mut [Histogram], y| columns.iter_mut().zip(row(y)).for_each(|(one, pixel)| put(one, pixel));
    (0..radius.min(height)).for_each(|y| add(&mut columns, y));
    for (y, (out, from)) in painted.chunks_exact_mut(width * 4).zip(image.chunks_exact(width * 4)).enumerate() {
        work.check_time()?;
        if y + radius < height {
            add(&mut columns, y + radius);
        }
        if let Some(above) = y.checked_sub(radius + 1) {
            columns.iter_mut().zip(row(above)).for_each(|(column, pixel)| take(column, pixel));
        }
        let mut window = [[0; BINS]; 4];
        columns.iter().take(radius).for_each(|column| change(&mut window, column, u32::wrapping_add));
        for (x, (out, from)) in out.chunks_exact_mut(4).zip(from.chunks_exact(4)).enumerate() {
            if let Some(column) = columns.get(x + radius) {
                change(&mut window, column, u32::wrapping_add);
            }
            if let Some(column) = x.checked_sub(radius + 1).map(|left| &columns[left]) {
                change(&mut window, column, u32::wrapping_sub);
            }
            out.copy_from_slice(&commonest(&window, from[3]));
        }
    }
    Ok(painted)
}

fn put(column: &mut Histogram, pixel: &[u8]) {
    let (bin, values) = weighed(pixel);
    column.iter_mut().zip(values).for_each(|(sums, value)| sums[bin] += value);
}

fn take(column: &mut Histogram, pixel: &[u8]) {
    let (bin, values) = weighed(pixel);
    column.iter_mut().zip(values).for_each(|(sums, value)| sums[bin] -= value);
}

fn weighed(pixel: &[u8]) -> (usize, [u32; 4]) {
    let alpha = u32::from(pixel[3]);
    let bin = usize::from(luma(pixel)) * BINS / 256;
    (bin, [alpha, u32::from(pixel[0]) * alpha, u32::from(pixel[1]) * alpha, u32::from(pixel[2]) * alpha])
}

fn change(window: &mut Histogram, column: &Histogram, by: impl Fn(u32, u32) -> u32 + Copy) {
    for (sums, column) in window.iter_mut().zip(column) {
        sums.iter_mut().zip(column).for_each(|(sum, &value)| *sum = by(*sum, value));
    }
}

fn commonest([weights, red, green, blue]: &Histogram, alpha: u8) -> [u8; 4] {
    let most = weights.iter().copied().max().unwrap_or(0);
    let bin = weights.iter().position(|&weight| weight == most).unwrap_or(0);
    let mean = |sums: &[u32; BINS]| (sums[bin] / most.max(1)) as u8;
    [mean(red), mean(green), mean(blue), alpha]
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused};
    use super::*;
    use image::Rgba;
    use serde_json::json;

    fn noisy(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| {
            let bits = (x * 7919 + y * 104_729 + 13).wrapping_mul(2_654_435_761);
            Rgba([(bits >> 24) as u8, (bits >> 16) as u8, (bits >> 8) as u8, if bits & 7 == 0 { 0 } else { 255 }])
        })
    }

    /// The same without sliding.
    fn slowly(image: &RgbaImage, radius: i64) -> RgbaImage {
        RgbaImage::from_fn(image.width(), image.height(), |x, y| {
            let mut window = [[0; BINS]; 4];
            let around = |at: u32, length: u32| {
                (i64::from(at) - radius).max(0) as u32..(i64::from(at) + radius + 1).min(length.into()) as u32
            };
            for y in around(y, image.height()) {
                around(x, image.width()).for_each(|x| put(&mut window, &image.get_pixel(x, y).0));
            }
            Rgba(commonest(&window, image.get_pixel(x, y).0[3]))
        })
    }

    #[test]
    fn the_sliding_window_holds_what_lies_around() {
        for (width, height) in [(1, 1), (1, 40), (40, 1), (23, 17)] {
            let source = noisy(width, height);
            for radius in [2, 5, 100] {
                assert_eq!(apply("oil_paint", json!({"amount": radius}), source.clone()), slowly(&source, radius));
            }
        }
    }

    #[test]
    fn a_speck_is_painted_over() {
        let mut source = RgbaImage::from_pixel(9, 9, Rgba([10, 200, 30, 255]));
        source.put_pixel(4, 4, Rgba([255, 255, 255, 90]));
        let painted = apply("oil_paint", json!({}), source);
        assert_eq!(painted.get_pixel(4, 4).0, [10, 200, 30, 90]);
    }

    #[test]
    fn the_largest_window_overflows_nothing() {
        let white = RgbaImage::from_pixel(260, 260, Rgba([255; 4]));
        assert_eq!(apply("oil_paint", json!({"amount": 100}), white.clone()), white);
        assert!(refused("oil_paint", json!({"amount": 101})).contains("from 2 to 100"));
    }
}
