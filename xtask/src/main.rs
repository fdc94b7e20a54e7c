//! The daily loop as code: `cargo xtask demo`, `test`, `check`, `dist`, `size`, `bench`, `docs`.

mod bench;
mod bind;
mod built;
mod check;
mod children;
mod demo;
mod dist;
mod docs;
mod imports;
mod javascript;
mod names;
mod paths;
mod size;
mod split;
mod test;
mod tools;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// The daily loop of Bowerbird.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds all and starts it: emulator, companion, and a customer's page with a Pick button. Stop it with Ctrl-C.
    Demo {
        /// The companion's port; the emulator takes the next one.
        #[arg(long, default_value_t = 8787)]
        port: u16,
        /// Where files and database are kept.
        #[arg(long, default_value = "data/demo")]
        data: PathBuf,
    },
    /// Runs all tests, or the named steps, after installing the tools that they need.
    Test {
        /// Which steps, in this order. All when none is named.
        steps: Vec<test::Step>,
    },
    /// Checks formatting, the rules of the house, licences and advisories.
    Check,
    /// Builds what customers download into `pkg/`.
    Dist(dist::How),
    /// Says how many bytes a page loads, and which crates and functions they come from.
    Size(size::Question),
    /// Measures what takes too long for every day.
    Bench(bench::How),
    /// Builds the manual as a book into `target/docs`, and the crates' documentation into `target/doc`. A warning fails it.
    Docs,
    /// Runs a program that is stopped when this one goes, even by force. For this program's own use.
    #[command(hide = true)]
    Bound {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<children::Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    if let Command::Bound { command } = command {
        return children::become_bound(&command);
    }
    children::listen_for_signals()?;
    match command {
        Command::Demo { port, data } => demo::run(port, &data),
        Command::Test { steps } => test::run(&steps),
        Command::Check => check::run(),
        Command::Dist(how) => dist::run(how).map(drop),
        Command::Size(question) => size::run(&question),
        Command::Bench(how) => bench::run(&how),
        Command::Docs => docs::run(),
        Command::Bound { .. } => unreachable!("handled above"),
    }
}
