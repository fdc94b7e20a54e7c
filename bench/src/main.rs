//! Bowerbird measured beside what people would pick instead: figures of one run, on one machine, as ratios.
//!
//! `cargo xtask bench` builds and installs what this program is told of, and starts it. Emulator, companion and Uppy's Companion are
//! processes of their own; this one drives them.

mod browser;
mod bytes;
mod ceiling;
mod first_sight;
mod grid;
mod growth;
mod import;
mod list;
mod load;
mod pages;
mod processes;
mod receiver;
mod report;
mod soak;
mod supply;
mod visitors;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "bowerbird-bench")]
struct Arguments {
    #[command(flatten)]
    programs: Programs,
    /// How often each side runs, one after the other.
    #[arg(long, global = true)]
    rounds: Option<usize>,
    #[command(subcommand)]
    subject: Subject,
}

/// Where everything is.
#[derive(Args, Clone)]
pub struct Programs {
    /// Our companion, built for release.
    #[arg(long, value_name = "FILE")]
    companion: PathBuf,
    /// The emulator, built for release.
    #[arg(long, value_name = "FILE")]
    emulator: PathBuf,
    /// The folder with the `node_modules` of `bench/companion`, where something is measured beside it.
    #[arg(long, value_name = "FOLDER")]
    peer: Option<PathBuf>,
    /// The folder with the `folders of `bench/web`, each with its `node_modules`.
    #[arg(long, value_name = "FOLDER")]
    web: Option<PathBuf>,
    /// What customers download.
    #[arg(long, value_name = "FOLDER")]
    package: PathBuf,
    /// The repository's root.
    #[arg(long, value_name = "FOLDER")]
    root: PathBuf,
    /// Where the tables go, if not into `bench/results`.
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Subject {
    /// Pages of photos at 50 clients.
    List(list::How),
    /// Photos copied to disk and to S3.
    Import(import::How),
    /// Larger albums, more clients, more companions.
    Growth(growth::How),
    /// Mixed traffic for a long time.
    Soak(soak::How),
    /// The bytes of Uppy that a page loads.
    Bytes,
    /// From `pick()` to a service list that can be used.
    FirstSight(first_sight::How),
    /// A large album, opened, scrolled and chosen from.
    Grid(grid::How),
}

/// What every measurement is given.
pub struct Bench {
    /// Where everything is.
    pub programs: Programs,
    rounds: Option<usize>,
}

impl Programs {
    /// The folder of Uppy's Companion.
    fn peer(&self) -> Result<&Path> {
        self.peer.as_deref().context("--peer says where Uppy's Companion is")
    }
}

impl Bench {
    /// How often each side is to run.
    pub fn rounds(&self, unless_told: usize) -> usize {
        self.rounds.unwrap_or(unless_told).max(1)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    // It fails when somebody has done it before, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let bench = Bench { programs: arguments.programs, rounds: arguments.rounds };
    let report = match &arguments.subject {
        Subject::List(how) => list::run(&bench, how).await?,
        Subject::Import(how) => import::run(&bench, how).await?,
        Subject::Growth(how) => growth::run(&bench, how).await?,
        Subject::Soak(how) => soak::run(&bench, how).await?,
        Subject::Bytes => bytes::run(&bench)?,
        Subject::FirstSight(how) => first_sight::run(&bench, how).await?,
        Subject::Grid(how) => grid::run(&bench, how).await?,
    };
    report.tell(&bench.programs)
}
