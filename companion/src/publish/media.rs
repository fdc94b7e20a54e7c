//! What is known of a file that is to be published.

use super::video::{self, Video, VideoError};
use bowerbird_convert::{ConvertError, Format, Size, decode};
use std::io::{self, Read, Seek, SeekFrom};

/// How many bytes tell images from videos.
const HEAD: u64 = 64;

/// A file, as measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Media {
    /// An image.
    Image(Image),
    /// A video.
    Video(Video),
}

/// An image, as measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Image {
    /// What its first bytes say that it is.
    pub format: Format,
    /// How many.
    pub bytes: u64,
    /// In pixels, when upright.
    pub size: Size,
    /// Whether it has more than one frame.
    pub animated: bool,
    /// Whether it is a JPEG with further pictures in it (MPO, JPS; also the brightness that phones add).
    pub extended: bool,
}

/// Why a file could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// It is neither an image that is read here nor an MP4 or MOV.
    #[error("the file is neither an image (JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF, BMP) nor a video in MP4 or MOV")]
    Neither,
    /// The image has more bytes than are read; how many those are.
    #[error("the image has more than the {0} bytes that are read")]
    TooLarge(u64),
    /// The image is damaged.
    #[error("{0}")]
    Image(#[from] ConvertError),
    /// The video is damaged, or of a kind that cannot be measured.
    #[error("{0}")]
    Video(#[from] VideoError),
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Measures a file, of images no more than so many bytes. Blocks.
///
/// # Errors
/// It is neither image nor video, damaged, or an image of more bytes; or reading fails.
pub fn measure(file: &mut (impl Read + Seek), most: u64) -> Result<Media, Unmeasured> {
    let bytes = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    if video::is_video(&head) {
        return Ok(Media::Video(video::measure(file, bytes)?));
    }
    if Format::of(&head).is_none() {
        return Err(Unmeasured::Neither);
    }
    if bytes > most {
        return Err(Unmeasured::TooLarge(most));
    }
    file.take(most).read_to_end(&mut head)?;
    Ok(Media::Image(measure_image(&head)?))
}

/// Measures an image.
///
/// # Errors
/// It is none, or damaged.
pub fn measure_image(bytes: &[u8]) -> Result<Image, ConvertError> {
    let seen = decode::measure(bytes)?;
    let extended = seen.format == Format::Jpeg && is_extended(bytes);
    Ok(Image { format: seen.format, bytes: bytes.len() as u64, size: seen.size, animated: seen.animated, extended })
}

/// Looks for the segments of MPO (`MPF`, in APP2) and JPS (in APP3) before the pixels.
fn is_extended(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let [0xFF, marker @ 0xC0..=0xFE, high, low, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let body = rest.get(4..2 + length).unwrap_or_default();
        match marker {
            0xE2 if body.starts_with(b"MPF\0") => return true,
            0xE3 if body.starts_with(b"_JPSJPS_") => return true,
            // The pixels begin.
            0xDA => return false,
            _ => rest = rest.get(2 + length..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::trial::FILM;
    use super::*;
    use image::{ImageFormat, RgbImage};
    use std::io::Cursor;

    fn jpeg() -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::new(30, 20).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    fn measured(bytes: &[u8]) -> Result<Media, Unmeasured> {
        measure(&mut Cursor::new(bytes), 100_000)
    }

    #[test]
    fn images_and_videos_are_told_apart() {
        let bytes = jpeg();
        let size = Size::new(30, 20);
        let image = Image { format: Format::Jpeg, bytes: bytes.len() as u64, size, animated: false, extended: false };
        assert_eq!(measured(&bytes).unwrap(), Media::Image(image));
        assert!(matches!(measured(&FILM().bytes()).unwrap(), Media::Video(_)));
        assert!(matches!(measured(b"%PDF-1.7"), Err(Unmeasured::Neither)));
        assert!(matches!(measured(b""), Err(Unmeasured::Neither)));
        assert!(matches!(measured(&bytes[..40]), Err(Unmeasured::Image(_))));
        let large = [bytes, vec![0; 100_000]].concat();
        assert!(matches!(measured(&large), Err(Unmeasured::TooLarge(100_000))));
    }

    #[test]
    fn a_jpeg_with_more_in_it_is_known() {
        for (marker, body, is) in [
            (0xE2, &b"MPF\0...."[..], true),
            (0xE3, b"_JPSJPS_..", true),
            (0xE2, b"ICC_PROFILE\0", false),
            (0xE1, b"MPF\0", false),
        ] {
            let mut bytes = jpeg();
            let segment = [&[0xFF, marker, 0, body.len() as u8 + 2], body].concat();
            bytes.splice(2..2, segment);
            assert_eq!(measure_image(&bytes).unwrap().extended, is, "{marker:X} {body:?}");
        }
        for length in 0..jpeg().len() {
            is_extended(&jpeg()[..length]);
        }
    }
}
