//! HEIC, as phones write it.

use super::color::{self, Conversion};
use super::{size_of, unreadable};
use crate::{ConvertError, Format, Picture, Size, Work};
use heic_decoder::probe;
use image::RgbaImage;

/// Always upright: the turning is not EXIF data's but the container's, and the decoder leaves it out only together with the cropping,
/// without which the codec's padding shows.
pub(super) fn decode(bytes: &[u8], work: &Work<'_>) -> Result<Picture, ConvertError> {
    let info = probe(bytes).map_err(unreadable)?;
    work.check_size(size(info.coded_width, info.coded_height)?, 1)?;
    let decoded = heic_decoder::decode(bytes).map_err(unreadable)?;
    work.check_size(size(decoded.width, decoded.height)?, 1)?;
    let pixels = decoded.to_rgba8().map_err(unreadable)?;
    let conversion = match (&decoded.metadata.icc_profile, &decoded.color_info) {
        (Some(icc), _) => Conversion::of_icc(icc),
        (None, Some(colors)) => Conversion::of_cicp(colors.color_primaries, colors.transfer_characteristics),
        (None, None) => None,
    };
    let mut image = RgbaImage::from_raw(pixels.width as u32, pixels.height as u32, pixels.data)
        .ok_or_else(|| unreadable("its decoder told a wrong size"))?;
    if pixels.premultiplied {
        color::unmultiply(&mut image);
    }
    if let Some(conversion) = conversion {
        conversion.convert(&mut image);
    }
    Ok(Picture::still(image, Format::Heic))
}

pub(super) fn measure(bytes: &[u8]) -> Result<Size, ConvertError> {
    let info = probe(bytes).map_err(unreadable)?;
    size(info.width, info.height)
}

fn size(width: usize, height: usize) -> Result<Size, ConvertError> {
    size_of(u32::try_from(width).unwrap_or(u32::MAX), u32::try_from(height).unwrap_or(u32::MAX))
}
