//! GIF and WebP, frame by frame.

use super::color::Conversion;
use super::{Wish, orientation, size_of, still, unreadable, upright};
use crate::{ConvertError, Format, Frame, Picture, Size, Work};
use image::codecs::{gif::GifDecoder, webp::WebPDecoder};
use image::metadata::LoopCount;
use image::{AnimationDecoder, ImageDecoder};
use std::io::Cursor;

pub(super) fn gif(bytes: &[u8], wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    let mut picture = read(GifDecoder::new(Cursor::new(bytes))?, Format::Gif, wish, work)?;
    // A GIF says how often it is repeated once it has run.
    picture.loops = match (Blocks::of(bytes).loops, picture.loops) {
        (false, _) => 1,
        (true, 0) => 0,
        (true, repeated) => repeated + 1,
    };
    Ok(picture)
}

pub(super) fn measure_gif(bytes: &[u8]) -> Result<(Size, bool), ConvertError> {
    let (width, height) = GifDecoder::new(Cursor::new(bytes))?.dimensions();
    Ok((size_of(width, height)?, Blocks::of(bytes).images > 1))
}

pub(super) fn webp(bytes: &[u8], wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes))?;
    if !decoder.has_animation() {
        return still::read(decoder, Format::Webp, wish, work);
    }
    // What is not drawn upon is transparent, whatever ground the file names: browsers overlook it.
    decoder.set_background_color(image::Rgba([0; 4]))?;
    read(decoder, Format::Webp, wish, work)
}

pub(super) fn measure_webp(bytes: &[u8]) -> Result<(Size, bool), ConvertError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes))?;
    Ok((still::upright_size(&mut decoder)?, decoder.has_animation()))
}

fn read<'a>(
    mut decoder: impl ImageDecoder + AnimationDecoder<'a>,
    format: Format,
    wish: &Wish<'_>,
    work: &Work<'_>,
) -> Result<Picture, ConvertError> {
    let (width, height) = decoder.dimensions();
    let size = size_of(width, height)?;
    work.check_size(size, 1)?;
    decoder.set_limits(still::limits(work.limits.pixels))?;
    let turn = upright(still::orientation_of(&mut decoder), wish);
    let conversion = decoder.icc_profile().ok().flatten().and_then(|icc| Conversion::of_icc(&icc));
    let loops = match decoder.loop_count() {
        LoopCount::Infinite => 0,
        LoopCount::Finite(times) => times.get(),
    };
    let mut frames: Vec<Frame> = Vec::new();
    for frame in decoder.into_frames().take(work.limits.frames.max(1)) {
        work.check_time()?;
        let frame = match frame {
            Ok(frame) => frame,
            // What came before the broken place is shown.
            Err(_) if !frames.is_empty() => break,
            Err(error) => return Err(error.into()),
        };
        work.check_size(size, frames.len() + 1)?;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let mut image = frame.into_buffer();
        if let Some(conversion) = &conversion {
            conversion.convert(&mut image);
        }
        frames.push(Frame { image: orientation::turn(image, turn), delay_ms: numerator / denominator.max(1) });
    }
    match frames.as_mut_slice() {
        [] => return Err(unreadable("it has no frames")),
        [only] => only.delay_ms = 0,
        _ => {}
    }
    Ok(Picture { frames, loops, format, full: orientation::turned(size, turn) })
}

/// What the blocks of a GIF are, told without unpacking them.
struct Blocks {
    /// Frames.
    images: usize,
    /// Whether it says how often it runs. One that does not runs once.
    loops: bool,
}

impl Blocks {
    fn of(bytes: &[u8]) -> Self {
        let mut blocks = Self { images: 0, loops: false };
        // Whatever is missing ends it.
        let _ = blocks.walk(bytes);
        blocks
    }

    fn walk(&mut self, bytes: &[u8]) -> Option<()> {
        let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
        let mut rest = bytes.get(13 + table(*bytes.get(10)?)..)?;
        loop {
            rest = match rest.first()? {
                b'!' => {
                    let named = rest.get(3..14)?;
                    self.loops |= rest[1] == 0xFF && (named == b"NETSCAPE2.0" || named == b"ANIMEXTS1.0");
                    rest.get(2..)?
                }
                b',' => {
                    self.images += 1;
                    rest.get(11 + table(*rest.get(9)?)..)?
                }
                _ => return None,
            };
            while let Some(length @ 1..) = rest.first() {
                rest = rest.get(1 + usize::from(*length)..)?;
            }
            rest = rest.get(1..)?;
        }
    }
}
