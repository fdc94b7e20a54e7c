//! WebP, by libwebp: lossy, still or animated.

use super::{Encoding, unwritable};
use crate::{ConvertError, Picture, Size, Work};
use image::{RgbaImage, imageops};
use webp::{Encoder, PixelLayout, WebPConfig};

/// The quality unless said.
const QUALITY: u8 = 80;

/// The longest that a frame can be shown, in milliseconds: 24 bits.
const MAX_DELAY: u32 = 0xFF_FFFF;

/// Writes every frame.
pub fn write(picture: &Picture, encoding: &Encoding, work: &Work<'_>) -> Result<Vec<u8>, ConvertError> {
    let mut config = WebPConfig::new().map_err(|()| unwritable("libwebp is of another version"))?;
    config.quality = encoding.quality_or(QUALITY);
    // From 3 on the encoder optimises what eyes do not see: by SSIMULACRA 2 a file of the same quality is no smaller with 4, the
    // library's default, and takes more than twice the time. 6 is the smallest.
    config.method = if encoding.compress { 6 } else { 2 };
    match picture.frames.as_slice() {
        [only] => still(&only.image, &config),
        _ => animation(picture, &config, work),
    }
}

fn still(image: &RgbaImage, config: &WebPConfig) -> Result<Vec<u8>, ConvertError> {
    let encoder = Encoder::new(image.as_raw(), PixelLayout::Rgba, image.width(), image.height());
    let bytes = encoder.encode_advanced(config).map_err(|error| unwritable(format!("{error:?}")))?;
    Ok(bytes.to_vec())
}

/// A file of one chunk a frame. libwebp's own writer of animations would hold all of them once more, cannot be stopped, and gives the
/// last frame a time of its own choice. <https://developers.google.com/speed/webp/docs/riff_container>
fn animation(picture: &Picture, config: &WebPConfig, work: &Work<'_>) -> Result<Vec<u8>, ConvertError> {
    const ANIMATED: u8 = 0x02;
    const ALPHA: u8 = 0x10;
    /// Replaces what was there, rather than being laid over it.
    const REPLACE: u8 = 0x02;
    let Size { width, height } = picture.size();

    let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
    let flags = if picture.is_transparent() { ANIMATED | ALPHA } else { ANIMATED };
    chunk(&mut file, b"VP8X", |data| {
        data.extend([flags, 0, 0, 0]);
        data.extend(three_bytes(width - 1));
        data.extend(three_bytes(height - 1));
    });
    chunk(&mut file, b"ANIM", |data| {
        data.extend([0; 4]);
        data.extend(u16::try_from(picture.loops).unwrap_or(u16::MAX).to_le_bytes());
    });
    let mut before = None;
    for frame in &picture.frames {
        work.check_time()?;
        let (left, top, size) = changed(before, &frame.image);
        before = Some(&frame.image);
        let part = imageops::crop_imm(&frame.image, left, top, size.width, size.height).to_image();
        let bytes = still(&part, config)?;
        chunk(&mut file, b"ANMF", |data| {
            for number in [left / 2, top / 2, size.width - 1, size.height - 1, frame.delay_ms.min(MAX_DELAY)] {
                data.extend(three_bytes(number));
            }
            data.push(REPLACE);
            data.extend(image_chunks(&bytes));
        });
    }
    let length =
        u32::try_from(file.len() - 8).map_err(|_| ConvertError::TooLarge("an animation beyond 4 GB".to_owned()))?;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(file)
}

/// The rectangle that differs from the frame before, its corner at even pixels as the format wants it; one pixel if nothing does.
fn changed(before: Option<&RgbaImage>, image: &RgbaImage) -> (u32, u32, Size) {
    let (left, top, size) = super::changed(before, image);
    let (x, y) = (left & !1, top & !1);
    (x, y, Size::new(size.width + left - x, size.height + top - y))
}

fn three_bytes(number: u32) -> [u8; 3] {
    let [low, middle, high, _] = number.to_le_bytes();
    [low, middle, high]
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
    file.extend(name);
    let start = file.len();
    file.extend([0; 4]);
    write(file);
    let length = file.len() - start - 4;
    file[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
    if length % 2 == 1 {
        file.push(0);
    }
}

/// The chunks of a still image's file that are its pixels and their alpha.
fn image_chunks(file: &[u8]) -> &[u8] {
    let start = match file.get(12..16) {
        // Its header of eight bytes and ten of data.
        Some(b"VP8X") => 30,
        _ => 12,
    };
    file.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::{Format, Limits};
    use image::{ImageDecoder, codecs::webp::WebPDecoder, load_from_memory};
    use std::io::Cursor;

    fn written(picture: &Picture, encoding: &Encoding) -> Vec<u8> {
        write(picture, encoding, &Work::new(&Limits::default(), &Default::default())).unwrap()
    }

    #[test]
    fn a_still_image_looks_the_same_and_keeps_its_alpha_exactly() {
        for (image, color) in
            [(samples::photo(90, 70), image::ColorType::Rgb8), (samples::round(90, 70), image::ColorType::Rgba8)]
        {
            let bytes = written(&Picture::still(image.clone(), Format::Webp), &Encoding::default());
            assert_eq!(WebPDecoder::new(Cursor::new(&bytes)).unwrap().color_type(), color);
            let read = load_from_memory(&bytes).unwrap().into_rgba8();
            assert!(read.pixels().zip(image.pixels()).all(|(read, image)| read.0[3] == image.0[3]));
            let difference = samples::difference(&read, &image);
            assert!(difference < 4.0, "{difference}");
        }
    }

    #[test]
    fn an_animation_keeps_frames_times_and_runs() {
        let picture = samples::animation();
        let bytes = written(&picture, &Encoding::default());
        assert_eq!(bytes.len() as u32 - 8, u32::from_le_bytes(bytes[4..8].try_into().unwrap()));
        assert_eq!(bytes[42..44], 3_u16.to_le_bytes(), "runs");
        let frames = samples::frames(&bytes).unwrap();
        assert_eq!(frames.iter().map(|frame| frame.1).collect::<Vec<_>>(), [100, 45, 1_005]);
        for ((read, _), frame) in frames.iter().zip(&picture.frames) {
            let difference = samples::difference(read, &frame.image);
            assert!(difference < 5.0, "{difference}");
        }
        let libwebp = webp::AnimDecoder::new(&bytes).decode().unwrap();
        assert_eq!((libwebp.len(), libwebp.loop_count), (3, 3));
        assert_eq!(libwebp.get_frame(2).unwrap().get_image()[(26 * 60 + 6) * 4 + 3], 0, "the hole");
    }

    #[test]
    fn quality_and_compressing_count() {
        let photo = Picture::still(samples::photo(200, 160), Format::Webp);
        let length = |quality, compress| written(&photo, &Encoding { quality, compress, ..Encoding::default() }).len();
        assert!(length(Some(40), false) < length(None, false));
        assert!(length(None, true) < length(None, false));
    }
}
