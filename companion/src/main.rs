//! Bowerbird's companion: reads its settings, starts, and stops cleanly. See the library for the map.

use clap::Parser as _;
use std::process::ExitCode;

/// The system's keeps what each thread ever had, and images are large: it came to twice the memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match bowerbird_companion::cli::Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain in a line and without a backtrace: it is nearly always a setting.
            eprintln!("bowerbird-companion: {error:#}");
            ExitCode::FAILURE
        }
    }
}
