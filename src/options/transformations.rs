//! What visitors may make of their images.

use super::files::{flag, members};
use super::{Warn, wants};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

/// What the editor offers, and what it insists on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transformations {
    /// Whether parts can be cut off.
    pub crop: bool,
    /// Width by height of what is kept; `None` leaves it to the visitor.
    pub aspect_ratio: Option<f64>,
    /// How much of each side the first frame takes, 0 to 1.
    pub auto_crop_area: f64,
    /// Whether images can be made round. Never where `aspect_ratio` is not 1.
    pub circle: bool,
    /// Whether images can be turned.
    pub rotate: bool,
    /// Whether every image goes through the editor before it is stored.
    pub force: bool,
}

impl Default for Transformations {
    fn default() -> Self {
        Self { crop: true, aspect_ratio: None, auto_crop_area: 1.0, circle: true, rotate: true, force: false }
    }
}

impl Transformations {
    /// Whether the editor has nothing to offer.
    pub fn is_none(&self) -> bool {
        !(self.crop || self.circle || self.rotate)
    }
}

pub(super) fn read_transformations(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Transformations, String> {
    let mut read = Transformations::default();
    let mut forced = false;
    members(name, value, &mut |member, value| match member {
        "crop" if value.is_object() => Some(
            members("crop", value, &mut |member, value| match member {
                "aspectRatio" => {
                    read.aspect_ratio = value.as_f64().filter(|ratio| (0.01..=100.0).contains(ratio));
                    let is_free = value.is_null() || value.as_f64().is_some_and(f64::is_nan);
                    Some(if read.aspect_ratio.is_some() || is_free { Ok(()) } else { Err("a number from 0.01 to 100") })
                }
                "autoCropArea" => {
                    let share = value.as_f64().filter(|share| (0.1..=1.0).contains(share));
                    Some(share.map(|share| read.auto_crop_area = share).ok_or("a number from 0.1 to 1"))
                }
                "force" => flag(&mut forced, value),
                _ => None,
            })
            .map_err(|_| "true, false or {aspectRatio, autoCropArea, force}, two numbers and a flag"),
        ),
        "crop" => flag(&mut read.crop, value),
        "circle" => flag(&mut read.circle, value),
        "rotate" => flag(&mut read.rotate, value),
        "force" => flag(&mut read.force, value),
        _ => None,
    })?;
    read.force |= forced;
    read.circle &= read.aspect_ratio.is_none_or(|ratio| (ratio - 1.0).abs() < 1e-6);
    if read.force && read.is_none() {
        return Err(wants(name, "at least one of crop, circle and rotate where force is set", value));
    }
    Ok(read)
}

/// An image that is to be cropped.
#[derive(Debug, Clone)]
pub enum CropFile {
    /// One of the device.
    File(File),
    /// One at a web address, which the browser shows and the companion fetches.
    Address(String),
}

pub(super) fn read_crop_files(name: &str, value: &JsValue, _: Warn<'_>) -> Result<Vec<CropFile>, String> {
    let file = |file: JsValue| match file.as_string() {
        Some(address) => Some(CropFile::Address(address)),
        None => file.dyn_into().ok().map(CropFile::File),
    };
    let files = value.dyn_ref::<Array>().and_then(|files| files.iter().map(file).collect::<Option<Vec<_>>>());
    files
        .filter(|files| !files.is_empty())
        .ok_or_else(|| wants(name, "an array of at least one File or address", value))
}
