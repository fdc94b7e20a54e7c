//! Writes images.
//!
//! The same picture always becomes the same bytes, whatever the machine has to do besides: results are kept by what was asked for.

mod avif;
mod gif;
mod jpeg;
mod palette;
mod png;
#[cfg(test)]
mod samples;
mod webp;

use crate::{Color, ConvertError, Converted, Format, Picture, Size, Work};
use image::RgbaImage;

/// How a result is written. What is not said is chosen by what the image was and has become.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoding {
    /// The format; unless said, the source's, or the nearest that can be written (and that can show what is transparent).
    pub format: Option<Format>,
    /// 1 to 100, as each format counts; unless said, one that is hard to tell from the original at the size that it is seen in. PNG
    /// and GIF have none.
    pub quality: Option<u8>,
    /// A JPEG that comes in passes.
    pub progressive: bool,
    /// As small as it can be made without being seen, at the cost of time.
    pub compress: bool,
    /// What lies beneath a transparent image where the format knows no transparency; white unless said.
    pub background: Option<Color>,
}

/// Larger images are not compressed further: that would take as long as a whole conversion may.
const MAX_COMPRESSED: u64 = 25_000_000;

impl Encoding {
    /// Writes the picture. Only GIF and WebP keep an animation; others show its first frame.
    pub fn write(&self, mut picture: Picture, work: &Work<'_>) -> Result<Converted, ConvertError> {
        let format = self.format_for(&picture)?;
        let size = picture.size();
        check_size(format, size)?;
        if !matches!(format, Format::Gif | Format::Webp) {
            picture.frames.truncate(1);
        }
        let compress = self.compress && u64::from(size.width) * u64::from(size.height) <= MAX_COMPRESSED;
        let encoding = &Self { compress, ..self.clone() };
        let first = picture.frames.first_mut().ok_or_else(|| unwritable("it has no frame"))?;
        let bytes = match format {
            Format::Png => png::write(&first.image, compress)?,
            Format::Avif => avif::write(&first.image, encoding)?,
            Format::Webp => webp::write(&picture, encoding, work)?,
            Format::Gif => gif::write(&picture, work)?,
            _ => {
                if !is_opaque(&first.image) {
                    flatten(&mut first.image, self.background.unwrap_or(Color::WHITE));
                }
                jpeg::write(&first.image, encoding)?
            }
        };
        Ok(Converted { bytes, format, size })
    }

    fn format_for(&self, picture: &Picture) -> Result<Format, ConvertError> {
        match self.format {
            Some(format @ (Format::Bmp | Format::Tiff | Format::Heic)) => {
                let name = format.mimetype();
                Err(ConvertError::Unfit(format!("{name} is read, not written; write JPEG, PNG, WebP, AVIF or GIF")))
            }
            Some(format) => Ok(format),
            None => Ok(match picture.format {
                Format::Jpeg | Format::Bmp | Format::Tiff | Format::Heic if picture.is_transparent() => Format::Png,
                Format::Bmp | Format::Tiff | Format::Heic => Format::Jpeg,
                format => format,
            }),
        }
    }

    /// The quality that was asked for, or this one.
    fn quality_or(&self, default: u8) -> f32 {
        f32::from(self.quality.unwrap_or(default).clamp(1, 100))
    }
}

/// Refuses what the format cannot hold.
fn check_size(format: Format, size: Size) -> Result<(), ConvertError> {
    let (name, side) = match format {
        Format::Webp => ("WebP", 16_383),
        // libjpeg's own bound, a little below the format's.
        Format::Jpeg => ("JPEG", 65_500),
        Format::Avif => ("AVIF", avif::MAX_SIDE),
        Format::Gif => ("GIF", 65_535),
        _ => return Ok(()),
    };
    if size.width > side || size.height > side {
        let text = format!("an image of {size} is larger than the {side} pixels that a side of {name} may have");
        return Err(ConvertError::TooLarge(text));
    }
    if format == Format::Avif && u64::from(size.width) * u64::from(size.height) > avif::MAX_PIXELS {
        let text = format!("an image of {size} has more than the {} pixels that AVIF may have", avif::MAX_PIXELS);
        return Err(ConvertError::TooLarge(text));
    }
    Ok(())
}

fn unwritable(reason: impl std::fmt::Display) -> ConvertError {
    ConvertError::Unwritable(reason.to_string())
}

/// The pixels of an image.
fn pixels(image: &RgbaImage) -> &[[u8; 4]] {
    image.as_raw().as_chunks().0
}

/// Whether nothing shows through.
pub(crate) fn is_opaque(image: &RgbaImage) -> bool {
    // Blocks without a branch inside are what the compiler makes vector code of.
    pixels(image).chunks(1024).all(|block| block.iter().fold(255, |all, pixel| all & pixel[3]) == 255)
}

/// Whether it has no colour.
fn is_grey(image: &RgbaImage) -> bool {
    let tint = |[red, green, blue, _]: &[u8; 4]| (red ^ green) | (green ^ blue);
    pixels(image).chunks(1024).all(|block| block.iter().fold(0, |all, pixel| all | tint(pixel)) == 0)
}

/// Lays it on a colour. What that lets through is white.
fn flatten(image: &mut RgbaImage, Color(ground): Color) {
    let mix = |top: u8, alpha: u8, below: u8| {
        let (top, alpha, below) = (u32::from(top), u32::from(alpha), u32::from(below));
        ((top * alpha + below * (255 - alpha) + 127) / 255) as u8
    };
    let ground = [0, 1, 2].map(|channel| mix(ground[channel], ground[3], 255));
    for pixel in image.as_chunks_mut().0 {
        let [red, green, blue, alpha] = *pixel;
        *pixel = [mix(red, alpha, ground[0]), mix(green, alpha, ground[1]), mix(blue, alpha, ground[2]), 255];
    }
}

/// The rectangle in which an image differs from the one before, as left, top and size: all of it if there is none, one pixel if it
/// does nowhere.
fn changed(before: Option<&RgbaImage>, image: &RgbaImage) -> (u32, u32, Size) {
    let size = Size::new(image.width(), image.height());
    let Some(before) = before else { return (0, 0, size) };
    let width = size.width as usize;
    let rows = || pixels(image).chunks(width).zip(pixels(before).chunks(width));
    let differs = |(now, before): (&[[u8; 4]], &[[u8; 4]])| now != before;
    let Some(top) = rows().position(differs) else { return (0, 0, Size::new(1, 1)) };
    let bottom = rows().rposition(differs).unwrap_or(top);
    let (mut left, mut right) = (width, 0);
    for (now, before) in rows().skip(top).take(bottom + 1 - top) {
        let differs = |at: &usize| now[*at] != before[*at];
        left = (0..left).find(differs).unwrap_or(left);
        right = (right..width).rev().find(differs).unwrap_or(right);
    }
    (left as u32, top as u32, Size::new((right + 1 - left) as u32, (bottom + 1 - top) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use image::{Rgba, load_from_memory};

    fn write(encoding: &Encoding, picture: Picture) -> Result<Converted, ConvertError> {
        encoding.write(picture, &Work::new(&Limits::default(), &Default::default()))
    }

    #[test]
    fn unless_said_the_format_is_the_nearest_that_can_be_written() {
        use Format::{Avif, Bmp, Gif, Heic, Jpeg, Png, Tiff, Webp};
        for (from, opaque, transparent) in [
            (Jpeg, Jpeg, Png),
            (Bmp, Jpeg, Png),
            (Tiff, Jpeg, Png),
            (Heic, Jpeg, Png),
            (Png, Png, Png),
            (Webp, Webp, Webp),
            (Gif, Gif, Gif),
            (Avif, Avif, Avif),
        ] {
            for (image, expected) in [(samples::photo(20, 9), opaque), (samples::round(20, 9), transparent)] {
                let written = write(&Encoding::default(), Picture::still(image, from)).unwrap();
                assert_eq!((written.format, written.size), (expected, Size::new(20, 9)), "{from:?}");
                assert_eq!(Format::of(&written.bytes), Some(expected));
            }
        }
    }

    #[test]
    fn a_jpeg_that_is_asked_for_lies_on_the_background() {
        let clear = || Picture::still(RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0])), Format::Png);
        let red = Color(Rgba([255, 0, 0, 255]));
        for (background, expected) in
            [(None, [255, 255, 255]), (Some(red), [254, 0, 0]), (Some(Color::TRANSPARENT), [255; 3])]
        {
            let encoding = Encoding { format: Some(Format::Jpeg), background, ..Encoding::default() };
            let written = write(&encoding, clear()).unwrap();
            assert_eq!(load_from_memory(&written.bytes).unwrap().into_rgb8().get_pixel(8, 8).0, expected);
        }
        let mut half = RgbaImage::from_pixel(1, 1, Rgba([100, 0, 200, 51]));
        flatten(&mut half, Color::WHITE);
        assert_eq!(half.get_pixel(0, 0).0, [224, 204, 244, 255]);
    }

    #[test]
    fn only_gif_and_webp_keep_the_animation() {
        for (format, frames) in
            [(Format::Gif, 3), (Format::Webp, 3), (Format::Png, 1), (Format::Avif, 1), (Format::Jpeg, 1)]
        {
            let encoding = Encoding { format: Some(format), ..Encoding::default() };
            let bytes = write(&encoding, samples::animation()).unwrap().bytes;
            assert_eq!(samples::frames(&bytes).map_or(1, |frames| frames.len()), frames, "{format:?}");
        }
    }

    #[test]
    fn the_same_picture_becomes_the_same_bytes() {
        for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Avif, Format::Gif] {
            for compress in [false, true] {
                let encoding = Encoding { format: Some(format), compress, ..Encoding::default() };
                let [one, other] = [(), ()].map(|()| write(&encoding, samples::animation()).unwrap().bytes);
                assert!(one == other, "{format:?}");
            }
        }
    }

    #[test]
    fn what_a_format_cannot_hold_is_refused() {
        for (format, width, height, says) in [
            (Format::Webp, 16_384, 1, "16383"),
            (Format::Jpeg, 1, 65_501, "65500"),
            (Format::Gif, 65_536, 1, "65535"),
            (Format::Avif, 16_385, 1, "16384"),
            (Format::Bmp, 1, 1, "image/bmp is read, not written"),
        ] {
            let encoding = Encoding { format: Some(format), ..Encoding::default() };
            let error = write(&encoding, Picture::still(RgbaImage::new(width, height), Format::Png)).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
        assert!(check_size(Format::Avif, Size::new(6_000, 6_000)).is_err());
        assert!(check_size(Format::Avif, Size::new(16_000, 2_000)).is_ok());
        assert!(check_size(Format::Png, Size::new(70_000, 1)).is_ok());
    }

    #[test]
    fn narrow_images_are_written() {
        for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Avif, Format::Gif] {
            for (width, height) in [(1, 1), (1, 10_000), (10_000, 1), (7, 3)] {
                let encoding = Encoding { format: Some(format), ..Encoding::default() };
                let written = write(&encoding, Picture::still(samples::round(width, height), Format::Png)).unwrap();
                assert_eq!(samples::read(&written.bytes).dimensions(), (width, height), "{format:?}");
            }
        }
    }

    #[test]
    fn an_animation_is_ended_when_its_time_is_over() {
        let limits = Limits { time: std::time::Duration::ZERO, ..Limits::default() };
        for format in [Format::Gif, Format::Webp] {
            let encoding = Encoding { format: Some(format), ..Encoding::default() };
            let files = Default::default();
            let result = encoding.write(samples::animation(), &Work::new(&limits, &files));
            assert!(matches!(result, Err(ConvertError::TooSlow)), "{format:?}");
        }
    }

    #[test]
    fn transparency_is_found_wherever_it_is() {
        for at in [0, 1_023, 1_024, 4_999] {
            let mut image = samples::photo(100, 50);
            assert!(is_opaque(&image));
            image.get_pixel_mut(at % 100, at / 100).0[3] = 254;
            assert!(!is_opaque(&image), "pixel {at}");
        }
    }

    #[test]
    fn what_changes_is_the_smallest_rectangle() {
        let before = RgbaImage::new(10, 8);
        let mut image = before.clone();
        assert_eq!(changed(None, &image), (0, 0, Size::new(10, 8)));
        assert_eq!(changed(Some(&before), &image), (0, 0, Size::new(1, 1)));
        image.get_pixel_mut(3, 2).0[0] = 1;
        assert_eq!(changed(Some(&before), &image), (3, 2, Size::new(1, 1)));
        image.get_pixel_mut(9, 5).0[0] = 1;
        image.get_pixel_mut(2, 3).0[0] = 1;
        assert_eq!(changed(Some(&before), &image), (2, 2, Size::new(8, 4)));
    }
}
