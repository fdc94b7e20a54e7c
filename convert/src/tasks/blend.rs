//! Laying pixels over others, and parts of images cut and put.

use crate::{Color, Size};
use image::RgbaImage;

/// `value / 255`, rounded, of two bytes' product.
pub(super) fn over_255(product: u32) -> u8 {
    ((product + 127) / 255) as u8
}

/// Lays a pixel over another, neither with its alpha multiplied in.
fn over(below: &mut [u8], above: &[u8]) {
    let (alpha, beneath) = (u32::from(above[3]), u32::from(below[3]));
    match (alpha, beneath) {
        (0, _) => {}
        (255, _) | (_, 0) => below.copy_from_slice(above),
        _ => {
            let shows = beneath * (255 - alpha);
            let total = alpha * 255 + shows;
            for (below, above) in below.iter_mut().zip(above).take(3) {
                let sum = u32::from(*above) * alpha * 255 + u32::from(*below) * shows;
                *below = ((sum + total / 2) / total) as u8;
            }
            below[3] = over_255(total);
        }
    }
}

/// Lays an image over a canvas, its corner so far from the canvas' left and top; what is beyond the canvas is left out.
pub(super) fn lay(canvas: &mut RgbaImage, image: &RgbaImage, (x, y): (i64, i64)) {
    let common = |at: i64, length: u32, room: u32| {
        let begin = at.clamp(0, i64::from(room));
        let end = (at + i64::from(length)).clamp(begin, i64::from(room));
        (begin as usize, (begin - at) as usize, (end - begin) as usize)
    };
    let (into_x, from_x, width) = common(x, image.width(), canvas.width());
    let (into_y, from_y, height) = common(y, image.height(), canvas.height());
    if width == 0 || height == 0 {
        return;
    }
    let (into_row, from_row) = (canvas.width() as usize * 4, image.width() as usize * 4);
    let below = canvas.chunks_exact_mut(into_row).skip(into_y).take(height);
    for (below, above) in below.zip(image.as_raw().chunks_exact(from_row).skip(from_y)) {
        let below = below[into_x * 4..][..width * 4].chunks_exact_mut(4);
        for (below, above) in below.zip(above[from_x * 4..].chunks_exact(4)) {
            over(below, above);
        }
    }
}

/// Lays an image on a ground of one colour. Nothing changes if that is transparent.
pub(super) fn ground(image: &mut RgbaImage, color: Color) {
    if color.0.0[3] == 0 {
        return;
    }
    for pixel in image.chunks_exact_mut(4) {
        let mut below = color.0.0;
        over(&mut below, pixel);
        pixel.copy_from_slice(&below);
    }
}

/// Lets so much of a pixel be seen, of 255.
pub(super) fn cover(pixel: &mut [u8], coverage: u8) {
    pixel[3] = over_255(u32::from(pixel[3]) * u32::from(coverage));
}

/// A part that lies inside an image.
pub(super) fn cut(image: &RgbaImage, (x, y): (u32, u32), size: Size) -> RgbaImage {
    let (x, width) = (x as usize * 4, size.width as usize * 4);
    let mut part = RgbaImage::new(size.width, size.height);
    let rows = image.as_raw().chunks_exact(image.width() as usize * 4).skip(y as usize);
    for (into, from) in part.chunks_exact_mut(width).zip(rows) {
        into.copy_from_slice(&from[x..x + width]);
    }
    part
}

/// Multiplies each colour by its opacity.
pub(super) fn premultiply(pixels: &mut [u8]) {
    for pixel in pixels.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        if alpha != 255 {
            pixel[..3].iter_mut().for_each(|value| *value = ((u32::from(*value) * alpha + 127) / 255) as u8);
        }
    }
}

/// Takes that back.
pub(super) fn unpremultiply(pixels: &mut [u8]) {
    for pixel in pixels.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        if (1..255).contains(&alpha) {
            for value in &mut pixel[..3] {
                *value = ((u32::from(*value) * 255 + alpha / 2) / alpha).min(255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn half_red_over_half_blue_is_more_red_than_blue() {
        let mut below = [0, 0, 255, 128];
        over(&mut below, &[255, 0, 0, 128]);
        assert_eq!(below, [170, 0, 85, 192]);
    }

    #[test]
    fn what_is_beyond_the_canvas_is_left_out() {
        let red = RgbaImage::from_pixel(3, 3, Rgba([255, 0, 0, 255]));
        for (place, seen) in [((-1, -2), 2), ((3, 3), 1), ((4, 0), 0), ((-3, 0), 0), ((-9, 99), 0)] {
            let mut canvas = RgbaImage::new(4, 4);
            lay(&mut canvas, &red, place);
            assert_eq!(canvas.pixels().filter(|pixel| pixel.0[0] == 255).count(), seen, "{place:?}");
        }
        let mut canvas = RgbaImage::new(4, 4);
        lay(&mut canvas, &red, (3, 2));
        assert_eq!([canvas.get_pixel(3, 2).0[3], canvas.get_pixel(2, 2).0[3]], [255, 0]);
    }
}
