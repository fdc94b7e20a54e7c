//! Not there yet.

use crate::Bench;
use crate::report::Report;
use anyhow::{Result, bail};
use clap::Args;

/// How it is measured.
#[derive(Args)]
pub struct How {}

/// Measures.
pub async fn run(_bench: &Bench, _how: &How) -> Result<Report> {
    bail!("not there yet")
}
