//! How alike two images look.

use image::{Rgba, RgbaImage, imageops};
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

/// SSIMULACRA 2 of two images: 100 is the same, 90 is hardly told apart, 70 is seen when looking closely. Laid over white and over
/// black, so that transparency counts; the worse of both is told. Images of other sizes are as unlike as can be.
pub fn score(one: &RgbaImage, other: &RgbaImage) -> f64 {
    if one.dimensions() != other.dimensions() {
        return f64::MIN;
    }
    [[255; 4], [0, 0, 0, 255]].map(|ground| over(one, other, Rgba(ground))).into_iter().fold(f64::MAX, f64::min)
}

fn over(one: &RgbaImage, other: &RgbaImage, ground: Rgba<u8>) -> f64 {
    let frame = |image: &RgbaImage| {
        // The measure takes no image of less than eight pixels a side.
        let (width, height) = (image.width().max(8), image.height().max(8));
        let mut laid = RgbaImage::from_pixel(width, height, ground);
        imageops::overlay(&mut laid, image, 0, 0);
        let pixels = laid.pixels().map(|pixel| [0, 1, 2].map(|channel| f32::from(pixel.0[channel]) / 255.0)).collect();
        let rgb =
            Rgb::new(pixels, width as usize, height as usize, TransferCharacteristic::SRGB, ColorPrimaries::BT709);
        rgb.expect("an image of the size that it has")
    };
    let frames = (frame(one), frame(other));
    compute_frame_ssimulacra2(frames.0, frames.1).expect("two images of one size")
}
