//! Masks: how far an effect, or the image itself, shows at each pixel; 255 is wholly.

use crate::Size;
use image::{GrayImage, RgbaImage};

/// What lies within, in pixels of the mask; parts of pixels count at the left and right edges of an oval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
    /// An ellipse, not the rectangle around it.
    pub oval: bool,
}

/// Nothing yet.
pub(super) fn empty(size: Size) -> GrayImage {
    GrayImage::new(size.width, size.height)
}

/// Adds the area, as far as it lies in the mask.
pub(super) fn fill(mask: &mut GrayImage, area: Area) {
    let Area { x, y, width, height, oval } = area;
    let columns = mask.width() as usize;
    // Saturating, so that what lies outside is cut off.
    let (top, bottom) = (y.floor().max(0.0) as usize, (y + height).ceil().max(0.0) as usize);
    let rows = mask.chunks_exact_mut(columns).enumerate().take(bottom).skip(top);
    for (row, line) in rows {
        let half = if oval {
            let down = (row as f64 + 0.5 - y - height / 2.0) / (height / 2.0);
            (1.0 - down * down).max(0.0).sqrt() * width / 2.0
        } else {
            width / 2.0
        };
        let (left, right) = (x + width / 2.0 - half, x + width / 2.0 + half);
        let (first, end) = (left.floor().max(0.0) as usize, (right.ceil().max(0.0) as usize).min(columns));
        let (inner, inner_end) = (left.ceil().max(0.0) as usize, (right.floor().max(0.0) as usize).min(end));
        let mut touch = |column: usize| {
            let covered = (right.min(column as f64 + 1.0) - left.max(column as f64)).clamp(0.0, 1.0);
            line[column] = line[column].max((covered * 255.0).round() as u8);
        };
        (first..inner.min(end)).for_each(&mut touch);
        (inner_end.max(inner)..end).for_each(&mut touch);
        if inner < inner_end {
            line[inner..inner_end].fill(255);
        }
    }
}

/// The mask of an image's own opacity, so many pixels larger on every side.
pub(super) fn of_alpha(image: &RgbaImage, margin: u32) -> GrayImage {
    let mut mask = GrayImage::new(image.width() + 2 * margin, image.height() + 2 * margin);
    let (row, margin) = (mask.width() as usize, margin as usize);
    let pixels = image.chunks_exact(image.width() as usize * 4);
    for (line, pixels) in mask.chunks_exact_mut(row).skip(margin).zip(pixels) {
        line[margin..].iter_mut().zip(pixels.chunks_exact(4)).for_each(|(part, pixel)| *part = pixel[3]);
    }
    mask
}

/// Lays the mask's part of `top` over `bottom`; both have the mask's size. Opacity is mixed like colour, weighted by it.
pub(super) fn mix(bottom: &mut RgbaImage, top: &RgbaImage, mask: &GrayImage) {
    let pixels = bottom.chunks_exact_mut(4).zip(top.chunks_exact(4)).zip(mask.iter());
    for ((bottom, top), &part) in pixels {
        match part {
            0 => {}
            255 => bottom.copy_from_slice(top),
            _ => {
                let part = u32::from(part);
                let weights = (u32::from(bottom[3]) * (255 - part), u32::from(top[3]) * part);
                let sum = weights.0 + weights.1;
                for (bottom, &top) in bottom[..3].iter_mut().zip(top) {
                    let mixed = u32::from(*bottom) * weights.0 + u32::from(top) * weights.1;
                    *bottom = ((mixed + sum / 2) / sum.max(1)) as u8;
                }
                bottom[3] = ((sum + 127) / 255) as u8;
            }
        }
    }
}

/// Takes away what the mask does not show.
pub(super) fn cut(image: &mut RgbaImage, mask: &GrayImage) {
    for (pixel, &part) in image.chunks_exact_mut(4).zip(mask.iter()) {
        pixel[3] = ((u32::from(pixel[3]) * u32::from(part) + 127) / 255) as u8;
    }
}
