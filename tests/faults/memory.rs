//! How much memory many imports take that are asked for at once.

use crate::ground::{Ground, On};
use crate::number;
use crate::visitor::all_store;
use bowerbird_emulator::Settings;
use std::time::Instant;

/// MB that the companion is to stay under.
const BOUND: f64 = 150.0;

async fn measure(name: &str, on: On<'_>) {
    let (imports, megabytes) = (number("BOWERBIRD_BENCH_IMPORTS", 200), number("BOWERBIRD_BENCH_MEGABYTES", 20));
    let settings = Settings { picture_bytes: megabytes * 1_000_000, ..Settings::default() };
    let ground = Ground::prepare_with(on, settings, |config| config.lease_seconds = 30).await;
    // Ten visitors, as one address would be; nobody stores twice what the emulator has to make.
    let visitors = ground.visitors(10, imports.div_ceil(10)).await;
    let process = ground.cluster.process(0);
    let before = peak(process);
    let began = Instant::now();
    let visitors = all_store(visitors).await;
    let seconds = began.elapsed().as_secs_f64();
    let stored: usize = visitors.iter().map(|visitor| visitor.stored.len()).sum();
    let bytes: u64 = visitors.iter().flat_map(|visitor| visitor.stored.values()).map(|file| file.size).sum();
    let (peak, bytes) = (peak(process), bytes as f64 / 1e6);
    println!(
        "{name}: {stored} imports, {bytes:.0} MB in {seconds:.1} s ({:.0} MB/s); at most {peak:.1} MB resident \
         ({before:.1} MB before), {:.2} of the bound of {BOUND} MB",
        bytes / seconds,
        peak / BOUND,
    );
}

/// MB that were resident at most. (`VmHWM` counts KiB.)
pub fn peak(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() * 1024.0 / 1e6
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask bench memory"]
async fn on_disk() {
    measure("disk", On::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask bench memory"]
async fn on_s3() {
    let Some(on) = On::services(1) else { return };
    measure("S3", on).await;
}
