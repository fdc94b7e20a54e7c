//! Tasks as a call has them, for tests.

use super::Task;
use crate::{Arguments, ConvertError, Format, Limits, Picture, RecipeError, Work};
use image::{Rgba, RgbaImage};
use serde_json::Value;
use std::collections::HashMap;

/// The task of this name with these arguments, an object of JSON.
pub fn task(name: &str, arguments: Value) -> Result<Box<dyn Task>, RecipeError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    Ok(super::read(name, &mut Arguments::new(name, arguments))?.expect("a task of that name"))
}

/// What becomes of an image.
pub fn apply(name: &str, arguments: Value, image: RgbaImage) -> RgbaImage {
    let mut picture = apply_to(name, arguments, Picture::still(image, Format::Png)).expect("it fits");
    picture.frames.remove(0).image
}

/// What becomes of a picture.
pub fn apply_to(name: &str, arguments: Value, picture: Picture) -> Result<Picture, ConvertError> {
    let (limits, files) = (Limits::default(), HashMap::new());
    task(name, arguments).expect("arguments that it takes").apply(picture, &Work::new(&limits, &files))
}

/// Why the arguments are refused.
pub fn refused(name: &str, arguments: Value) -> String {
    task(name, arguments).expect_err("arguments that it does not take").to_string()
}

/// Pixels of one row, or of rows of so many.
pub fn image<const N: usize>(pixels: [[u8; 4]; N], width: u32) -> RgbaImage {
    RgbaImage::from_fn(width, N as u32 / width, |x, y| Rgba(pixels[(y * width + x) as usize]))
}
