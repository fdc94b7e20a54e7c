//! `cargo xtask bench list|import|growth|soak|bytes|first-sight|grid`: builds what is measured, gets what it is measured beside, and starts
//! `bowerbird-bench`, which does the rest and writes `bench/results/`.

use super::Subject;
use crate::{children, dist, paths, tools};
use anyhow::{Context, Result};
use clap::ValueEnum as _;
use std::path::{Path, PathBuf};

/// Where Linux has files in memory.
const MEMORY: &str = "/dev/shm";

/// Builds, gets and starts.
pub fn run(subject: Subject, rest: &[String]) -> Result<()> {
    tools::c_compiler()?;
    tools::nasm()?;
    tools::servers()?;
    let in_browser = matches!(subject, Subject::Bytes | Subject::FirstSight | Subject::Grid);
    let peer = tools::peer("@uppy/companion", "companion")?;
    let web = if in_browser { Some(uppy()?) } else { None };
    if in_browser && subject != Subject::Bytes {
        dist::run(dist::How::default())?;
    }
    // As it is released: the codecs have their assembly.
    let mut build = children::cargo(["build", "--release", "--bins", "--features", "bowerbird-companion/asm"]);
    build
        .args(["bowerbird-companion", "bowerbird-emulator", "bowerbird-bench"].map(|name| format!("--package={name}")));
    children::run(&mut build)?;
    let mut bench = children::command(built("bowerbird-bench"));
    bench.arg("--companion").arg(built("bowerbird-companion"));
    bench.arg("--emulator").arg(built("bowerbird-emulator"));
    bench.arg("--peer").arg(peer).arg("--package").arg(paths::package()).arg("--root").arg(paths::root());
    if let Some(web) = web {
        bench.arg("--web").arg(web);
    }
    // Servers keep what they keep in memory, where that can be had: how fast the disk is, is not the question. Where it is, the
    // measurement says so.
    if !in_browser && Path::new(MEMORY).is_dir() {
        bench.env("TMPDIR", MEMORY);
    }
    let value = subject.to_possible_value().context("every subject has a name")?;
    children::run(bench.arg(value.get_name()).args(rest))
}

/// Uppy as a page has it, in two versions; the folder that has a folder of each.
fn uppy() -> Result<PathBuf> {
    tools::peer("@uppy/core", "web/uppy5")?;
    let newest = tools::peer("@uppy/core", "web/uppy6")?;
    newest.parent().map(PathBuf::from).context("it is in a folder of its own")
}

fn built(name: &str) -> PathBuf {
    paths::target().join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
