//! Image bytes in, image bytes out; one task a file. Nothing here waits: call it where blocking is allowed.

mod shrink;

pub use shrink::shrink;

/// Why bytes were not converted.
#[derive(Debug, thiserror::Error)]
#[error("the image cannot be read: {0}")]
pub struct ConvertError(#[from] image::ImageError);
