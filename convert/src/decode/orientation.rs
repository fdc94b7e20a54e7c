//! Turns images upright.

use crate::Size;
use image::RgbaImage;
use image::metadata::Orientation;

/// What EXIF data says: with or without the words that JPEG, and some writers of WebP, put before it.
pub(super) fn of_exif(exif: &[u8]) -> Orientation {
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)).unwrap_or(Orientation::NoTransforms)
}

/// The size of an image once it is turned.
pub(super) fn turned(size: Size, orientation: Orientation) -> Size {
    if parts(orientation).0 { size.turned() } else { size }
}

/// Turns an image.
pub(super) fn turn(mut image: RgbaImage, orientation: Orientation) -> RgbaImage {
    let (transposed, reversed, mirrored) = parts(orientation);
    if transposed {
        image = transpose(&image);
    }
    let width = image.width().max(1) as usize;
    let (pixels, _) = image.as_chunks_mut::<4>();
    if reversed {
        pixels.reverse();
    }
    if mirrored {
        pixels.chunks_exact_mut(width).for_each(<[_]>::reverse);
    }
    image
}

/// Each orientation is made of these three, done one after the other: columns for rows, the last pixel first, each row backwards.
fn parts(orientation: Orientation) -> (bool, bool, bool) {
    match orientation {
        Orientation::NoTransforms => (false, false, false),
        Orientation::FlipHorizontal => (false, false, true),
        Orientation::Rotate180 => (false, true, false),
        Orientation::FlipVertical => (false, true, true),
        Orientation::Rotate90FlipH => (true, false, false),
        Orientation::Rotate90 => (true, false, true),
        Orientation::Rotate270FlipH => (true, true, false),
        Orientation::Rotate270 => (true, true, true),
    }
}

fn transpose(image: &RgbaImage) -> RgbaImage {
    // So many rows at once stay in the fastest cache while their columns are walked.
    const ROWS: usize = 32;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut turned = RgbaImage::new(image.height(), image.width());
    let (from, _) = image.as_chunks::<4>();
    let (to, _) = turned.as_chunks_mut::<4>();
    for (band, rows) in from.chunks(width * ROWS).enumerate() {
        for (column, row) in to.chunks_exact_mut(height).enumerate() {
            for (to, from) in row[band * ROWS..].iter_mut().zip(rows[column..].iter().step_by(width)) {
                *to = *from;
            }
        }
    }
    turned
}
