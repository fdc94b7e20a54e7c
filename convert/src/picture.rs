//! An image in memory.

use crate::ConvertError;
use image::RgbaImage;
use std::fmt;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// At least one pixel each way.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width: width.max(1), height: height.max(1) }
    }

    /// Multiplied and rounded, at least one pixel each way.
    pub fn scaled(self, by: f64) -> Self {
        // `as` saturates, and no limit lets a side near that.
        Self::new((f64::from(self.width) * by).round() as u32, (f64::from(self.height) * by).round() as u32)
    }

    /// The other way round.
    pub fn turned(self) -> Self {
        Self { width: self.height, height: self.width }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} by {}", self.width, self.height)
    }
}

/// Formats that are read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, still or animated.
    Webp,
    /// AVIF, still.
    Avif,
    /// GIF, still or animated.
    Gif,
    /// Windows bitmap: read only.
    Bmp,
    /// TIFF: read only.
    Tiff,
    /// HEIC, as phones write it: read only.
    Heic,
}

impl Format {
    /// Told by the first bytes; names and announced types may be wrong.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let brand = |brands: &[&[u8]]| {
            bytes.get(4..8) == Some(b"ftyp")
                && bytes.get(8..bytes.len().min(64)).is_some_and(|head| {
                    head.chunks_exact(4).enumerate().any(|(at, name)| at != 1 && brands.contains(&name))
                })
        };
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'B', b'M', ..] => Some(Self::Bmp),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            _ if brand(&[b"avif", b"avis"]) => Some(Self::Avif),
            _ if brand(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"]) => Some(Self::Heic),
            _ => None,
        }
    }

    /// The media type.
    pub fn mimetype(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Heic => "image/heic",
        }
    }

    /// The ending of a file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tif",
            Self::Heic => "heic",
        }
    }
}

/// One image of an animation, or the only one.
#[derive(Debug, Clone)]
pub struct Frame {
    /// sRGB, 8 bits, the alpha not multiplied in.
    pub image: RgbaImage,
    /// How long it is shown, in milliseconds; 0 for a still image.
    pub delay_ms: u32,
}

/// An image in memory, upright and in sRGB: one frame or more, all of one size.
#[derive(Debug, Clone)]
pub struct Picture {
    /// At least one.
    pub frames: Vec<Frame>,
    /// How often an animation runs; 0 is for ever.
    pub loops: u32,
    /// What its bytes were.
    pub format: Format,
    /// The size before it was read at a reduced one. Tasks that take pixels reckon in it.
    pub full: Size,
}

impl Picture {
    /// A still image of full size.
    pub fn still(image: RgbaImage, format: Format) -> Self {
        let full = Size::new(image.width(), image.height());
        Self { frames: vec![Frame { image, delay_ms: 0 }], loops: 0, format, full }
    }

    /// The size of its frames.
    pub fn size(&self) -> Size {
        self.frames.first().map_or(Size::new(1, 1), |frame| Size::new(frame.image.width(), frame.image.height()))
    }

    /// Whether any pixel lets something through.
    pub fn is_transparent(&self) -> bool {
        self.frames.iter().any(|frame| !crate::encode::is_opaque(&frame.image))
    }

    /// Puts another image in the place of each frame. The full size is that of the new frames.
    pub fn map(
        mut self,
        mut change: impl FnMut(RgbaImage) -> Result<RgbaImage, ConvertError>,
    ) -> Result<Self, ConvertError> {
        for frame in &mut self.frames {
            frame.image = change(std::mem::take(&mut frame.image))?;
        }
        self.full = self.size();
        Ok(self)
    }
}
