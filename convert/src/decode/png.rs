//! PNG. Of a photo that is to become much narrower, only some rows are ever in memory at their full width.

use super::still::{limits, read_by, rgba};
use super::{Wish, unreadable};
use crate::{ConvertError, Format, Picture, Work};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::codecs::png::PngDecoder;
use image::{ImageDecoder as _, RgbaImage};
use png::{BitDepth, ColorType, Reader, Transformations};
use std::io::Cursor;

/// Rows that are made narrower together.
const ROWS: usize = 64;

pub(super) fn decode(bytes: &[u8], wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    let decoder = decoder(bytes)?;
    read_by(decoder, Format::Png, wish, work, |decoder, enough| {
        match enough.filter(|to| *to <= decoder.dimensions().0 / 2) {
            Some(to) => narrower(bytes, to, work)?.map_or_else(|| rgba(decoder), Ok),
            None => rgba(decoder),
        }
    })
}

pub(super) fn decoder(bytes: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, ConvertError> {
    Ok(PngDecoder::with_limits(Cursor::new(bytes), limits(0))?)
}

/// The image at this width and its full height, by the filter that `resize` has, which then finds its work across done. `None` if
/// rows do not come whole, or are not three bytes a pixel; what is transparent would have to be weighed.
fn narrower(bytes: &[u8], to: u32, work: &Work<'_>) -> Result<Option<RgbaImage>, ConvertError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND);
    let mut rows = decoder.read_info().map_err(unreadable)?;
    if rows.info().interlaced || rows.output_color_type() != (ColorType::Rgb, BitDepth::Eight) {
        return Ok(None);
    }
    let (width, height) = rows.info().size();
    let mut image = RgbaImage::new(to, height);
    let mut band = vec![255; width as usize * 4 * ROWS];
    let mut resizer = Resizer::new();
    for narrow in image.chunks_mut(to as usize * 4 * ROWS) {
        work.check_time()?;
        let count = narrow.len() / (to as usize * 4);
        let band = &mut band[..width as usize * 4 * count];
        for row in band.chunks_exact_mut(width as usize * 4) {
            read_row(&mut rows, row)?;
        }
        let source = ImageRef::new(width, count as u32, band, PixelType::U8x4).map_err(unreadable)?;
        let mut narrow = Image::from_slice_u8(to, count as u32, narrow, PixelType::U8x4).map_err(unreadable)?;
        resizer.resize(&source, &mut narrow, &ResizeOptions::new().use_alpha(false)).map_err(unreadable)?;
    }
    Ok(Some(image))
}

/// Reads a row into pixels whose alpha is there already.
fn read_row(rows: &mut Reader<Cursor<&[u8]>>, row: &mut [u8]) -> Result<(), ConvertError> {
    let read = rows.next_row().map_err(unreadable)?.ok_or_else(|| unreadable("rows are missing"))?;
    for (pixel, read) in row.as_chunks_mut::<4>().0.iter_mut().zip(read.data().as_chunks::<3>().0) {
        pixel[..3].copy_from_slice(read);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks;
    use crate::{Limits, Size};
    use image::codecs::png::PngEncoder;
    use image::{ExtendedColorType, ImageEncoder as _, Rgba};
    use serde_json::json;
    use std::collections::HashMap;

    #[test]
    fn a_photo_is_narrowed_on_the_way_in_and_nobody_sees_it() {
        let wave = |x: u32, y: u32, long: f64| {
            (128.0 + 110.0 * (f64::from(x) / long).sin() * (f64::from(y) / 9.0).cos()) as u8
        };
        let pixel = |x, y| [wave(x, y, 3.0), wave(x, y, 7.0), wave(y, x, 19.0)];
        let (width, height) = (301, 203);
        let data: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes).write_image(&data, width, height, ExtendedColorType::Rgb8).unwrap();
        let (limits, files) = (Limits::default(), HashMap::new());
        let work = Work::new(&limits, &files);
        for said in [
            json!({"width": 100}),
            json!({"width": 90, "height": 90, "fit": "crop", "align": "left"}),
            json!({"width": 150, "height": 10, "fit": "scale"}),
        ] {
            let task = tasks::trial::task("resize", said.clone()).unwrap();
            let read =
                |enough: Option<&dyn tasks::Task>| decode(&bytes, &Wish { enough, ..Wish::default() }, &work).unwrap();
            let (narrow, whole) = (read(Some(task.as_ref())), read(None));
            assert!(narrow.size().width < width && narrow.size().height == height, "{said}: {}", narrow.size());
            assert_eq!((narrow.full, whole.size()), (Size::new(width, height), Size::new(width, height)));
            let [narrow, whole] = [narrow, whole].map(|picture| task.apply(picture, &work).unwrap());
            let (narrow, whole) = (&narrow.frames[0].image, &whole.frames[0].image);
            assert_eq!(narrow.dimensions(), whole.dimensions(), "{said}");
            let apart = |(one, other): (&Rgba<u8>, &Rgba<u8>)| (0..4).map(|at| one[at].abs_diff(other[at])).max();
            assert!(narrow.pixels().zip(whole.pixels()).filter_map(apart).all(|apart| apart <= 2), "{said}");
        }
    }
}
