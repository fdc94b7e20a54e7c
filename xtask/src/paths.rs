//! Where things are in the repository.

use std::path::{Path, PathBuf};

/// The repository's root folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository")
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// What customers download.
pub fn package() -> PathBuf {
    root().join("pkg")
}

/// Where `cargo xtask test` installs tools, so that they neither meet nor disturb those of the machine.
pub fn tools() -> PathBuf {
    target().join("tools")
}
