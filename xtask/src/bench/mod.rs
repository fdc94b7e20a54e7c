//! `cargo xtask bench`: what takes too long for every day, or says figures rather than yes or no. It runs tests of `tests/faults`
//! against the companion as a program; the short ones among them are a step of `cargo xtask test`. Conversions are measured beside
//! npm's sharp ([`convert`]), the companion and the widget beside Uppy's ([`beside`]).

mod beside;
mod convert;

use crate::{built, children, paths, tools};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Forty kills during 2,000 imports, on each database.
    Faults,
    /// The memory that 200 imports of 20 MB take which are asked for at once, on disk and on S3.
    Memory,
    /// Conversions of images beside npm's sharp: speed, memory and bytes at the same perceived quality.
    Convert,
    /// Pages of photos at 50 clients, beside Uppy's Companion.
    List,
    /// Photos copied to disk and to S3, beside Uppy's Companion and plain copying.
    Import,
    /// The cost of a page as albums, clients and companions grow.
    Growth,
    /// Mixed traffic for half an hour: memory, errors, and what stays open.
    Soak,
    /// The bytes of Uppy that a page loads.
    Bytes,
    /// From `pick()` to a service list that can be used, beside Uppy.
    FirstSight,
    /// A large album, opened, scrolled and chosen from, beside Uppy.
    Grid,
}

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// Which of them.
    subject: Subject,
    /// With a companion as daily work has it: built quickly, and slower.
    #[arg(long)]
    debug: bool,
    /// How many imports.
    #[arg(long, value_name = "N")]
    imports: Option<u32>,
    /// Of how many MB each, for `memory`.
    #[arg(long, value_name = "N")]
    megabytes: Option<u32>,
    /// How long each run takes, for `convert`.
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    seconds: f64,
    /// The rows whose names have this in them, for `convert`.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// What the measurement itself is told, such as `-- --rounds 3`; `-- --help` says what there is.
    #[arg(last = true, value_name = "ARGUMENTS")]
    rest: Vec<String>,
}

/// Builds the program and measures.
pub fn run(how: &How) -> Result<()> {
    let name = match how.subject {
        Subject::Faults => "forty_kills_during_thousands_of_imports",
        Subject::Memory => "memory",
        Subject::Convert => return convert::run(how.seconds, how.only.as_deref()),
        Subject::List
        | Subject::Import
        | Subject::Growth
        | Subject::Soak
        | Subject::Bytes
        | Subject::FirstSight
        | Subject::Grid => return beside::run(how.subject, &how.rest),
    };
    let program = build(how.debug)?;
    let mut tests = children::cargo(["test", "--quiet", "--test", "faults", "--"]);
    tests.args(["--ignored", "--nocapture", "--test-threads", "1", name]).env("BOWERBIRD_TEST_PROGRAM", program);
    for (name, value) in [("BOWERBIRD_BENCH_IMPORTS", how.imports), ("BOWERBIRD_BENCH_MEGABYTES", how.megabytes)] {
        if let Some(value) = value {
            tests.env(name, value.to_string());
        }
    }
    children::run(&mut tests)
}

/// Builds the program as daily work has it, and runs the scenarios that take minutes.
pub fn faults_in_short() -> Result<()> {
    let program = build(true)?;
    // Two at a time: most of their time is waiting.
    let mut tests = children::cargo(["test", "--test", "faults", "--", "--nocapture", "--test-threads", "2"]);
    children::run(tests.env("BOWERBIRD_TEST_PROGRAM", &program))?;
    children::run(built::test("soak")?.arg("--ignored").env("BOWERBIRD_TEST_PROGRAM", program))
}

fn build(debug: bool) -> Result<PathBuf> {
    if debug {
        return built::program("bowerbird-companion");
    }
    // As it is released: the codecs have their assembly.
    tools::nasm()?;
    children::run(&mut children::cargo([
        "build",
        "--package",
        "bowerbird-companion",
        "--bins",
        "--release",
        "--features",
        "asm",
    ]))?;
    Ok(paths::target().join("release").join(format!("bowerbird-companion{}", std::env::consts::EXE_SUFFIX)))
}
