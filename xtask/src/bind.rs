//! Takes the wasm apart, binds it to JavaScript, and moves what only chunks need to the first of them.

use crate::imports::{self, Moved};
use crate::{names, paths, split};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// The glue and the parts of the wasm.
pub struct Bound {
    /// JavaScript, as wasm-bindgen makes it.
    pub glue: String,
    /// The part of it that comes with the first chunk.
    pub script: String,
    /// The module that the glue loads.
    pub wasm: Vec<u8>,
    /// Those that are loaded after it, in the order of [`split::CHUNKS`].
    pub chunks: [Vec<u8>; split::CHUNKS.len()],
}

/// Whether the wasm says what its functions are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Kept,
    Removed,
}

/// Splits what rustc made, and binds it.
pub fn bind(wasm: &Path, names: Names) -> Result<Bound> {
    let folder = paths::target().join("dist-bindgen");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let parts = split::split(wasm, &folder, names == Names::Kept)?;
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(&parts.main)
        .out_name("bowerbird")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        // The chunks share memory and table with the first part.
        .keep_lld_exports(true)
        // What is to be moved is known by its name.
        .remove_name_section(false)
        .remove_producers_section(true)
        .generate(&folder)
        .context("wasm-bindgen cannot bind the wasm")?;
    ensure!(
        !folder.join("snippets").exists(),
        "a crate brings JavaScript files of its own, which the loader does not know of"
    );
    let glue = fs::read_to_string(folder.join("bowerbird.js")).context("wasm-bindgen made no glue")?;
    let wasm = fs::read(folder.join("bowerbird_bg.wasm")).context("wasm-bindgen made no wasm")?;
    let (glue, wasm) = names::shorten(&glue, &wasm, &parts.chunks)?;
    let mut chunks = parts.chunks;
    let Moved { glue, wasm, chunk, script } = imports::take_out(&glue, &wasm, &chunks[0], names == Names::Kept)?;
    chunks[0] = chunk;
    Ok(Bound { glue, script, wasm, chunks })
}
