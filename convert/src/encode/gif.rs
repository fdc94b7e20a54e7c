//! GIF: 256 colours a frame, which show through or do not.

use super::palette::{MAX_COLORS, Palette};
use super::{pixels, unwritable};
use crate::{ConvertError, Frame, Picture, Size, Work};
use color_quant::NeuQuant;
use gif::{DisposalMethod, Encoder, Repeat};
use image::{RgbaImage, imageops};

/// Below this alpha a pixel shows through.
const SOLID: u8 = 128;

/// What a pixel that shows through, or stays as it is, is while a frame is made.
const NOTHING: [u8; 4] = [0; 4];

/// Writes every frame.
pub fn write(picture: &Picture, work: &Work<'_>) -> Result<Vec<u8>, ConvertError> {
    let Size { width, height } = picture.size();
    let mut encoder = Encoder::new(Vec::new(), width as u16, height as u16, &[]).map_err(unwritable)?;
    if picture.frames.len() > 1 {
        // The format counts how often it is repeated; once is what no count at all says.
        match picture.loops {
            0 => encoder.set_repeat(Repeat::Infinite).map_err(unwritable)?,
            1 => {}
            runs => {
                let repeats = u16::try_from(runs - 1).unwrap_or(u16::MAX);
                encoder.set_repeat(Repeat::Finite(repeats)).map_err(unwritable)?;
            }
        }
    }
    let (mut before, mut clock) = (None, Clock::default());
    for (at, frame) in picture.frames.iter().enumerate() {
        work.check_time()?;
        let next = picture.frames.get(at + 1);
        // What has become transparent can only be had by clearing all of the frame before.
        let clears = next.is_some_and(|next| uncovers(&frame.image, &next.image));
        let (left, top, size) = if clears { (0, 0, picture.size()) } else { super::changed(before, &frame.image) };
        let (colors, indices, transparent) = indexed(&part(&frame.image, before, left, top, size), size.width as usize);
        let mut written =
            gif::Frame::from_palette_pixels(size.width as u16, size.height as u16, indices, colors, transparent);
        (written.left, written.top, written.delay) = (left as u16, top as u16, clock.hundredths(frame));
        written.dispose = if clears { DisposalMethod::Background } else { DisposalMethod::Keep };
        encoder.write_frame(&written).map_err(unwritable)?;
        before = (!clears).then_some(&frame.image);
    }
    encoder.into_inner().map_err(unwritable)
}

/// Whether a pixel that can be seen cannot in the next frame.
fn uncovers(image: &RgbaImage, next: &RgbaImage) -> bool {
    pixels(image).iter().zip(pixels(next)).any(|(now, next)| now[3] >= SOLID && next[3] < SOLID)
}

/// Delays as the format counts them, in hundredths of a second. What rounding takes from one frame the next gets.
#[derive(Default)]
struct Clock {
    end_ms: u64,
    told: u64,
}

impl Clock {
    fn hundredths(&mut self, frame: &Frame) -> u16 {
        self.end_ms += u64::from(frame.delay_ms);
        let delay = u16::try_from((self.end_ms + 5) / 10 - self.told).unwrap_or(u16::MAX);
        self.told += u64::from(delay);
        delay
    }
}

/// A part of an image: [`NOTHING`] where it shows through or is as before, else opaque.
fn part(image: &RgbaImage, before: Option<&RgbaImage>, left: u32, top: u32, size: Size) -> Vec<[u8; 4]> {
    let crop = |image| imageops::crop_imm(image, left, top, size.width, size.height).to_image();
    let solid = |&[red, green, blue, alpha]: &[u8; 4]| if alpha < SOLID { NOTHING } else { [red, green, blue, 255] };
    let mut part: Vec<_> = pixels(&crop(image)).iter().map(solid).collect();
    if let Some(before) = before {
        for (pixel, before) in part.iter_mut().zip(pixels(&crop(before))) {
            if *pixel == solid(before) {
                *pixel = NOTHING;
            }
        }
    }
    part
}

/// The palette, the index of each pixel, and the one that is [`NOTHING`].
fn indexed(pixels: &[[u8; 4]], width: usize) -> (Vec<u8>, Vec<u8>, Option<u8>) {
    if let Some(palette) = Palette::of(pixels.iter().copied(), MAX_COLORS) {
        let colors = palette.colors().iter().flat_map(|color| [color[0], color[1], color[2]]).collect();
        let nothing = palette.colors().iter().position(|color| *color == NOTHING);
        let indices = pixels.iter().map(|pixel| palette.index(*pixel)).collect();
        return (colors, indices, nothing.map(|index| index as u8));
    }
    let solid: Vec<u8> = pixels.iter().filter(|pixel| **pixel != NOTHING).flatten().copied().collect();
    // One index is kept for what shows through. Large images are sampled, so that learning their colours takes no longer.
    let count = if solid.len() < pixels.len() * 4 { MAX_COLORS - 1 } else { MAX_COLORS };
    let sampled = (solid.len() / 4 / 65_536).clamp(1, 30) as i32;
    let quantizer = NeuQuant::new(sampled, count, &solid);
    let mut colors = quantizer.color_map_rgb();
    colors.resize(count * 3, 0);
    let indices = dithered(pixels, width, &quantizer, &colors, count as u8);
    let transparent = (count < MAX_COLORS).then_some(count as u8);
    if transparent.is_some() {
        colors.extend([0; 3]);
    }
    (colors, indices, transparent)
}

/// The nearest colour of each pixel, its error handed on to those around (Floyd and Steinberg).
fn dithered(pixels: &[[u8; 4]], width: usize, quantizer: &NeuQuant, colors: &[u8], nothing: u8) -> Vec<u8> {
    const UNKNOWN: u16 = u16::MAX;
    // Searching is slow; colours that differ by less than the dithering share what was found.
    let mut nearest = vec![UNKNOWN; 1 << 16];
    let mut find = |[red, green, blue]: [u8; 3]| {
        let key = usize::from(red >> 3) << 11 | usize::from(green >> 2) << 5 | usize::from(blue >> 3);
        if nearest[key] == UNKNOWN {
            nearest[key] = quantizer.index_of(&[red, green, blue, 255]) as u16;
        }
        nearest[key] as u8
    };
    // Sixteenths, with a pixel more at both ends so that no edge is a case of its own.
    let (mut below, mut errors) = (vec![[0_i32; 3]; width + 2], vec![[0_i32; 3]; width + 2]);
    let mut indices = Vec::with_capacity(pixels.len());
    for row in pixels.chunks(width.max(1)) {
        std::mem::swap(&mut errors, &mut below);
        below.fill([0; 3]);
        for (x, pixel) in row.iter().enumerate() {
            if *pixel == NOTHING {
                indices.push(nothing);
                continue;
            }
            let wanted = [0, 1, 2].map(|c| (i32::from(pixel[c]) + ((errors[x + 1][c] + 8) >> 4)).clamp(0, 255));
            let index = find(wanted.map(|value| value as u8));
            indices.push(index);
            for c in 0..3 {
                let error = wanted[c] - i32::from(colors[usize::from(index) * 3 + c]);
                errors[x + 2][c] += error * 7;
                below[x][c] += error * 3;
                below[x + 1][c] += error * 5;
                below[x + 2][c] += error;
            }
        }
    }
    indices
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::{Format, Limits};
    use image::{Rgba, load_from_memory};

    fn written(picture: &Picture) -> Vec<u8> {
        write(picture, &Work::new(&Limits::default(), &Default::default())).unwrap()
    }

    #[test]
    fn few_colours_are_exact() {
        let image =
            RgbaImage::from_fn(64, 8, |x, y| Rgba([(x * 4) as u8, (y / 2) as u8, 0, if x == 3 { 0 } else { 255 }]));
        let mut cleared = image.clone();
        cleared.pixels_mut().filter(|pixel| pixel.0[3] == 0).for_each(|pixel| pixel.0 = NOTHING);
        let read = load_from_memory(&written(&Picture::still(image, Format::Gif))).unwrap().into_rgba8();
        assert!(read == cleared);
    }

    #[test]
    fn many_colours_are_close_and_edges_are_cut() {
        let image = samples::round(300, 200);
        let read = load_from_memory(&written(&Picture::still(image.clone(), Format::Gif))).unwrap().into_rgba8();
        let mut cut = image;
        cut.pixels_mut().for_each(|pixel| pixel.0[3] = if pixel.0[3] < SOLID { 0 } else { 255 });
        assert!(read.pixels().zip(cut.pixels()).all(|(read, cut)| read.0[3] == cut.0[3]));
        let difference = samples::difference(&read, &cut);
        assert!(difference < 6.0, "{difference}");
    }

    #[test]
    fn an_animation_keeps_frames_times_and_runs() {
        let picture = samples::animation();
        let bytes = written(&picture);
        let frames = samples::frames(&bytes).unwrap();
        // 1,150 ms in all; the odd five go to the frame after.
        assert_eq!(frames.iter().map(|frame| frame.1).collect::<Vec<_>>(), [100, 50, 1_000]);
        for ((read, _), frame) in frames.iter().zip(&picture.frames) {
            assert!(read.pixels().zip(frame.image.pixels()).all(|(read, frame)| read.0[3] == frame.0[3]));
            let difference = samples::difference(read, &frame.image);
            assert!(difference < 6.0, "{difference}");
        }
    }

    #[test]
    fn runs_are_told_as_repeats() {
        for (loops, expected) in [(0, Some(0_u16)), (1, None), (2, Some(1)), (1 << 20, Some(u16::MAX))] {
            let bytes = written(&Picture { loops, ..samples::animation() });
            let found = bytes.windows(11).position(|window| window == b"NETSCAPE2.0");
            assert_eq!(found.map(|at| u16::from_le_bytes([bytes[at + 13], bytes[at + 14]])), expected);
        }
    }

    #[test]
    fn what_stays_as_it_is_takes_no_room() {
        let one = Picture::still(samples::photo(300, 200), Format::Gif);
        let alone = written(&one).len();
        let ten = Picture { frames: vec![one.frames[0].clone(); 10], ..one };
        assert!(written(&ten).len() < alone + 1_000);
    }
}
