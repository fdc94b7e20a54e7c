//! AVIF: AV1 by rav1d, in the boxes of HEIF.

use super::boxes::{Items, Kind, Reader};
use super::color::{self, Conversion};
use super::yuv::{Plane, Planes};
use super::{Wish, orientation, size_of, unreadable};
use crate::{ConvertError, Format, Picture, Size, Work};
use image::RgbaImage;
use image::metadata::Orientation;
use re_rav1d::dav1d;

/// How often the AV1 decoder is asked for the one image: it takes some data at a time.
const TURNS: usize = 64;

/// Tiles of one image; larger images are made of several.
const TILES: usize = 1024;

pub(super) fn decode(bytes: &[u8], wish: &Wish<'_>, work: &Work<'_>) -> Result<Picture, ConvertError> {
    let items = items(bytes)?;
    let primary = items.primary;
    work.check_size(size(&items, primary)?, 1)?;
    let mut image = read(&items, primary, work)?;
    if let Some(alpha) = items.referring(b"auxl", primary).find(|item| is_alpha(&items, *item)) {
        add_alpha(&mut image, &read(&items, alpha, work)?)?;
        if items.referred(b"prem", primary).any(|item| item == alpha) {
            color::unmultiply(&mut image);
        }
    }
    let conversion = match (icc(&items, primary), nclx(&items, primary)) {
        (Some(icc), _) => Conversion::of_icc(icc),
        (None, Some(colors)) => Conversion::of_cicp(colors.primaries, colors.transfer),
        (None, None) => None,
    };
    if let Some(conversion) = conversion {
        conversion.convert(&mut image);
    }
    if !wish.as_it_lies {
        image = turns(&items, primary).fold(image, orientation::turn);
    }
    Ok(Picture::still(image, Format::Avif))
}

pub(super) fn measure(bytes: &[u8]) -> Result<Size, ConvertError> {
    let items = items(bytes)?;
    Ok(turns(&items, items.primary).fold(size(&items, items.primary)?, orientation::turned))
}

fn items(bytes: &[u8]) -> Result<Items<'_>, ConvertError> {
    Items::read(bytes).ok_or_else(|| unreadable("the AVIF has no still image, or its boxes break off"))
}

/// The size that the boxes tell.
fn size(items: &Items<'_>, item: u32) -> Result<Size, ConvertError> {
    let numbers = || {
        let mut reader = Reader::new(items.property(item, b"ispe")?.get(4..)?);
        Some((reader.u32()?, reader.u32()?))
    };
    let (width, height) = numbers().ok_or_else(|| unreadable("the AVIF does not tell its size"))?;
    size_of(width, height)
}

/// How the image is turned, step by step.
fn turns(items: &Items<'_>, item: u32) -> impl Iterator<Item = Orientation> {
    items.properties(item).filter_map(|(kind, body)| {
        Some(match (&kind, body.first()?) {
            // Against the clock, by so many right angles.
            (b"irot", turns) => match turns & 3 {
                1 => Orientation::Rotate270,
                2 => Orientation::Rotate180,
                3 => Orientation::Rotate90,
                _ => Orientation::NoTransforms,
            },
            (b"imir", axis) if axis & 1 == 0 => Orientation::FlipVertical,
            (b"imir", _) => Orientation::FlipHorizontal,
            _ => return None,
        })
    })
}

fn is_alpha(items: &Items<'_>, item: u32) -> bool {
    items.property(item, b"auxC").and_then(|body| body.get(4..)).is_some_and(|name| {
        name.starts_with(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
            || name.starts_with(b"urn:mpeg:hevc:2015:auxid:1\0")
    })
}

fn add_alpha(image: &mut RgbaImage, alpha: &RgbaImage) -> Result<(), ConvertError> {
    if image.dimensions() != alpha.dimensions() {
        return Err(unreadable("the AVIF's transparency has another size than its colours"));
    }
    for (pixel, alpha) in image.as_chunks_mut::<4>().0.iter_mut().zip(alpha.as_chunks::<4>().0) {
        pixel[3] = alpha[0];
    }
    Ok(())
}

/// What a `colr` box says by numbers.
struct Colors {
    primaries: u16,
    transfer: u16,
    matrix: u16,
    full_range: bool,
}

fn colr<'a>(items: &Items<'a>, item: u32, kinds: &[&Kind]) -> Option<&'a [u8]> {
    items.properties(item).filter(|(kind, _)| kind == b"colr").find_map(|(_, body)| {
        let (kind, body) = body.split_first_chunk()?;
        kinds.contains(&kind).then_some(body)
    })
}

fn icc<'a>(items: &Items<'a>, item: u32) -> Option<&'a [u8]> {
    colr(items, item, &[b"prof", b"rICC"])
}

fn nclx(items: &Items<'_>, item: u32) -> Option<Colors> {
    let mut reader = Reader::new(colr(items, item, &[b"nclx"])?);
    Some(Colors {
        primaries: reader.u16()?,
        transfer: reader.u16()?,
        matrix: reader.u16()?,
        full_range: reader.number(1)? & 0x80 != 0,
    })
}

/// Reads an item, of one piece or of tiles.
fn read(items: &Items<'_>, item: u32, work: &Work<'_>) -> Result<RgbaImage, ConvertError> {
    let data = || items.bytes(item).ok_or_else(|| unreadable("the AVIF breaks off"));
    match items.kind(item).as_ref() {
        Some(b"av01") => read_av1(data()?.into_owned(), nclx(items, item), work),
        Some(b"grid") => read_grid(items, item, &data()?, work),
        _ => Err(unreadable("the AVIF is made of other things than AV1 images and grids of them")),
    }
}

fn read_grid(items: &Items<'_>, item: u32, data: &[u8], work: &Work<'_>) -> Result<RgbaImage, ConvertError> {
    let header = || {
        let (&[_, flags, rows, columns], rest) = data.split_first_chunk()?;
        let mut reader = Reader::new(rest);
        let length = if flags & 1 == 0 { 2 } else { 4 };
        let (width, height) = (reader.number(length)? as u32, reader.number(length)? as u32);
        Some((usize::from(rows) + 1, usize::from(columns) + 1, width, height))
    };
    let (rows, columns, width, height) = header().ok_or_else(|| unreadable("the AVIF's grid breaks off"))?;
    let whole = size_of(width, height)?;
    work.check_size(whole, 1)?;
    let tiles: Vec<u32> = items.referred(b"dimg", item).collect();
    if tiles.len() != rows * columns || tiles.len() > TILES {
        return Err(unreadable(format!("the AVIF has {} tiles for {rows} rows of {columns}", tiles.len())));
    }
    let mut image = RgbaImage::new(width, height);
    let mut first = None;
    for (at, tile) in tiles.into_iter().enumerate() {
        work.check_time()?;
        // A grid of grids is not allowed, and could have no end.
        if items.kind(tile) != Some(*b"av01") {
            return Err(unreadable("a tile of the AVIF is no AV1 image"));
        }
        let tile = read(items, tile, work)?;
        let (wide, high) = *first.get_or_insert(tile.dimensions());
        let covers = u64::from(wide) * columns as u64 >= width.into() && u64::from(high) * rows as u64 >= height.into();
        if tile.dimensions() != (wide, high) || !covers {
            return Err(unreadable("the AVIF's tiles do not fit together"));
        }
        let (left, top) = ((at % columns) as u32 * wide, (at / columns) as u32 * high);
        image::imageops::replace(&mut image, &tile, left.into(), top.into());
    }
    Ok(image)
}

fn read_av1(data: Vec<u8>, colors: Option<Colors>, work: &Work<'_>) -> Result<RgbaImage, ConvertError> {
    let picture = first_picture(data, work)?;
    let size = size_of(picture.width(), picture.height())?;
    work.check_size(size, 1)?;
    let (width, height) = (size.width as usize, size.height as usize);
    let plane = |component, width, height| Plane {
        bytes: picture.plane(component),
        stride: picture.stride(component) as usize,
        width,
        height,
    };
    let chroma = match picture.pixel_layout() {
        dav1d::PixelLayout::I400 => None,
        dav1d::PixelLayout::I420 => Some((width.div_ceil(2), height.div_ceil(2))),
        dav1d::PixelLayout::I422 => Some((width.div_ceil(2), height)),
        dav1d::PixelLayout::I444 => Some((width, height)),
    };
    let colors = colors.unwrap_or_else(|| Colors {
        primaries: 2,
        transfer: 2,
        matrix: picture.matrix_coefficients() as u16,
        full_range: picture.color_range() == dav1d::pixel::YUVRange::Full,
    });
    let planes = Planes {
        luma: plane(dav1d::PlanarImageComponent::Y, width, height),
        chroma: chroma.map(|(width, height)| {
            [dav1d::PlanarImageComponent::U, dav1d::PlanarImageComponent::V]
                .map(|component| plane(component, width, height))
        }),
        depth: picture.bit_depth(),
        full_range: colors.full_range,
        matrix: colors.matrix,
    };
    planes.rgba()
}

fn first_picture(data: Vec<u8>, work: &Work<'_>) -> Result<dav1d::Picture, ConvertError> {
    let mut settings = dav1d::Settings::new();
    // The server converts several images at once, each on a thread of its own.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(work.limits.pixels).unwrap_or(u32::MAX));
    let mut decoder = dav1d::Decoder::with_settings(&settings).map_err(unreadable)?;
    let mut sent = decoder.send_data(data, None, None, None);
    for _ in 0..TURNS {
        match sent {
            Ok(()) | Err(dav1d::Error::Again) => {}
            Err(error) => return Err(unreadable(error)),
        }
        match decoder.get_picture() {
            Ok(picture) => return Ok(picture),
            Err(dav1d::Error::Again) => {}
            Err(error) => return Err(unreadable(error)),
        }
        sent = decoder.send_pending_data();
    }
    Err(unreadable("the AVIF's data ends before its image does"))
}
