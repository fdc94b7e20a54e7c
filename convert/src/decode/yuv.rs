//! Luma and chroma into red, green and blue (ITU-T H.273).

use super::unreadable;
use crate::ConvertError;
use image::RgbaImage;

/// Samples of one kind, row by row.
pub(super) struct Plane<P> {
    /// The rows, with whatever lies between them.
    pub(super) bytes: P,
    /// Bytes from one row to the next.
    pub(super) stride: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// An image as codecs keep it.
pub(super) struct Planes<P> {
    pub(super) luma: Plane<P>,
    /// Blue's, then red's; without, it is grey.
    pub(super) chroma: Option<[Plane<P>; 2]>,
    /// Bits of a sample; above 8 it takes two bytes.
    pub(super) depth: usize,
    /// The numbers go from 0 to the highest, not only from 16 to 235 or 240 (as far as 8 bits are concerned).
    pub(super) full_range: bool,
    /// The matrix, by its number.
    pub(super) matrix: u16,
}

/// How chroma becomes colour.
#[derive(Clone, Copy)]
enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    YCgCo,
    /// By the shares that red and blue have in the luma.
    Shares(f32, f32),
}

impl<P: AsRef<[u8]>> Plane<P> {
    /// A row as numbers of 0 to the highest; beyond the last, the last again.
    fn read(&self, row: usize, depth: usize, samples: &mut [f32]) {
        let start = row.min(self.height - 1) * self.stride;
        let bytes = &self.bytes.as_ref()[start..];
        if depth == 8 {
            samples.iter_mut().zip(bytes).for_each(|(sample, byte)| *sample = f32::from(*byte));
        } else {
            let numbers = bytes.as_chunks().0.iter().map(|pair| u16::from_ne_bytes(*pair));
            samples.iter_mut().zip(numbers).for_each(|(sample, number)| *sample = f32::from(number));
        }
    }
}

impl<P: AsRef<[u8]>> Planes<P> {
    /// As sRGB channels without alpha, whatever the primaries are. Fails if the matrix is not known.
    pub(super) fn rgba(&self) -> Result<RgbaImage, ConvertError> {
        let matrix = match self.matrix {
            0 => Matrix::Identity,
            1 => Matrix::Shares(0.2126, 0.0722),
            // Nothing said is taken as BT.601, as libavif does.
            2 | 5 | 6 => Matrix::Shares(0.299, 0.114),
            4 => Matrix::Shares(0.30, 0.11),
            7 => Matrix::Shares(0.212, 0.087),
            8 => Matrix::YCgCo,
            9 => Matrix::Shares(0.2627, 0.0593),
            other => return Err(unreadable(format!("its colour matrix {other} is not known"))),
        };
        let (width, height) = (self.luma.width, self.luma.height);
        let top = ((1u32 << self.depth) - 1) as f32;
        let unit = (1u32 << (self.depth - 8)) as f32;
        let (black, white) = if self.full_range { (0.0, top) } else { (16.0 * unit, 219.0 * unit) };
        let (middle, reach) = if self.full_range { (128.0 * unit, top) } else { (128.0 * unit, 224.0 * unit) };
        // With the identity all three planes are scaled like luma.
        let (middle, reach) = if matches!(matrix, Matrix::Identity) { (black, white) } else { (middle, reach) };

        let mut image = RgbaImage::new(width as u32, height as u32);
        let mut luma = vec![0.0; width];
        let mut chroma = [vec![middle; width], vec![middle; width]];
        let mut scratch = [vec![0.0; width], vec![0.0; width]];
        for (row, pixels) in image.chunks_exact_mut(width * 4).enumerate() {
            self.luma.read(row, self.depth, &mut luma);
            if let Some(planes) = &self.chroma {
                for (plane, samples) in planes.iter().zip(&mut chroma) {
                    self.spread(plane, row, samples, &mut scratch);
                }
            }
            let pixels = pixels.as_chunks_mut::<4>().0.iter_mut();
            let [blues, reds] = &chroma;
            let samples = luma.iter().zip(blues.iter().zip(reds));
            let scaled = |(luma, (blue, red)): (&f32, (&f32, &f32))| {
                ((luma - black) / white, (blue - middle) / reach, (red - middle) / reach)
            };
            let samples = samples.map(scaled);
            match matrix {
                _ if self.chroma.is_none() => pixels.zip(samples).for_each(|(to, (y, ..))| *to = pixel(y, y, y)),
                Matrix::Identity => pixels.zip(samples).for_each(|(to, (y, u, v))| *to = pixel(v, y, u)),
                Matrix::YCgCo => {
                    pixels.zip(samples).for_each(|(to, (y, u, v))| *to = pixel(y - u + v, y + u, y - u - v));
                }
                Matrix::Shares(red, blue) => {
                    let green = 1.0 - red - blue;
                    let (from_red, from_blue) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
                    let (less_red, less_blue) = (from_red * red / green, from_blue * blue / green);
                    pixels.zip(samples).for_each(|(to, (y, u, v))| {
                        *to = pixel(y + from_red * v, y - less_blue * u - less_red * v, y + from_blue * u);
                    });
                }
            }
        }
        Ok(image)
    }

    /// A row of chroma at luma's width. What lies between samples is mixed from the nearer and the farther one, three to one.
    fn spread(&self, plane: &Plane<P>, row: usize, samples: &mut [f32], scratch: &mut [Vec<f32>; 2]) {
        if plane.width == self.luma.width && plane.height == self.luma.height {
            return plane.read(row, self.depth, samples);
        }
        let [near, far] = scratch.each_mut().map(|samples| &mut samples[..plane.width]);
        if plane.height == self.luma.height {
            plane.read(row, self.depth, near);
        } else {
            let nearer = row / 2;
            plane.read(nearer, self.depth, near);
            plane.read(if row % 2 == 1 { nearer + 1 } else { nearer.saturating_sub(1) }, self.depth, far);
            near.iter_mut().zip(&*far).for_each(|(near, far)| *near = (*near * 3.0 + *far) / 4.0);
        }
        if plane.width == self.luma.width {
            return samples.copy_from_slice(near);
        }
        let last = near.len() - 1;
        for (column, pair) in samples.chunks_mut(2).enumerate() {
            let here = near[column];
            pair[0] = (here * 3.0 + near[column.saturating_sub(1)]) / 4.0;
            if let [_, second] = pair {
                *second = (here * 3.0 + near[(column + 1).min(last)]) / 4.0;
            }
        }
    }
}

fn pixel(red: f32, green: f32, blue: f32) -> [u8; 4] {
    // `as` saturates.
    let byte = |light: f32| (light * 255.0 + 0.5) as u8;
    [byte(red), byte(green), byte(blue), 255]
}
