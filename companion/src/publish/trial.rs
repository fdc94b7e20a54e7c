//! Videos for tests, by the names that the table has.

use super::rows::{Codec, Container};

pub use bowerbird_services::film::{FILM, Film, boxed};

pub fn four(codec: Codec) -> &'static [u8; 4] {
    match codec {
        Codec::H264 => b"avc1",
        Codec::H265 => b"hvc1",
        Codec::Vp9 => b"vp09",
        Codec::Av1 => b"av01",
        _ => b"jpeg",
    }
}

pub fn brand(container: Container) -> &'static [u8; 4] {
    if container == Container::Mov { b"qt  " } else { b"isom" }
}
