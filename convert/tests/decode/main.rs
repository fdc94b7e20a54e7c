//! Each format, read and compared with what others read. How the files were made is told beside them.

// A test that cannot read its file has failed.
#![allow(clippy::unwrap_used)]

mod formats;
mod hostile;

use bowerbird_convert::decode::{Measured, Wish, decode, measure};
use bowerbird_convert::tasks::Task;
use bowerbird_convert::{ConvertError, Format, Limits, Picture, Size, Work};
use image::RgbaImage;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decode/files")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn read_with(bytes: &[u8], wish: &Wish<'_>, limits: &Limits) -> Result<Picture, ConvertError> {
    decode(bytes, wish, &Work::new(limits, &HashMap::new()))
}

fn read(name: &str) -> Picture {
    read_with(&file(name), &Wish::default(), &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn reference(name: &str) -> RgbaImage {
    image::open(folder().join(name)).unwrap().into_rgba8()
}

/// How far two images are apart: on average, and where it is worst. What is fully transparent has no colour.
fn distance(one: &RgbaImage, other: &RgbaImage) -> (f64, u8) {
    assert_eq!(one.dimensions(), other.dimensions());
    let pairs = one.pixels().zip(other.pixels()).filter(|(one, other)| one.0[3] != 0 || other.0[3] != 0);
    let apart: Vec<u8> =
        pairs.flat_map(|(one, other)| [0, 1, 2, 3].map(|at| one.0[at].abs_diff(other.0[at]))).collect();
    let sum: f64 = apart.iter().copied().map(f64::from).sum();
    (sum / apart.len().max(1) as f64, apart.into_iter().max().unwrap_or(0))
}

/// The frames below each other.
fn stack(picture: &Picture) -> RgbaImage {
    let size = picture.size();
    let mut stacked = RgbaImage::new(size.width, size.height * picture.frames.len() as u32);
    for (at, frame) in picture.frames.iter().enumerate() {
        image::imageops::replace(&mut stacked, &frame.image, 0, i64::from(size.height) * at as i64);
    }
    stacked
}

/// A first step for which a size is enough.
#[derive(Debug)]
struct Enough(Size);

impl Task for Enough {
    fn apply(&self, picture: Picture, _work: &Work<'_>) -> Result<Picture, ConvertError> {
        Ok(picture)
    }

    fn enough(&self, _full: Size) -> Option<Size> {
        Some(self.0)
    }
}

fn size(width: u32, height: u32) -> Size {
    Size { width, height }
}

fn measured(format: Format, width: u32, height: u32, animated: bool) -> Measured {
    Measured { format, size: size(width, height), animated }
}
