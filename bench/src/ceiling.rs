//! What is possible at all: the same photos copied by programs that do nothing else.

use anyhow::{Context, Result, ensure};
use bowerbird_services::S3;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;
use tokio::process::Command;

/// Files a second that `curl` copies from these addresses into a folder, so many at once.
pub async fn curl(addresses: &[String], at_once: usize, folder: &Path) -> Result<f64> {
    let mut config = String::new();
    for (number, address) in addresses.iter().enumerate() {
        let _ = writeln!(config, "url = \"{address}\"\noutput = \"{}/{number}.jpg\"", folder.display());
    }
    let list = folder.join("list");
    std::fs::write(&list, config).context("a list for curl cannot be written")?;
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--parallel", "--parallel-immediate", "--parallel-max"]);
    curl.arg(at_once.to_string()).arg("--config").arg(&list);
    let rate = timed(curl, addresses.len()).await?;
    std::fs::remove_file(list)?;
    Ok(rate)
}

/// The same, with each file on the disk at the end.
pub async fn synced(addresses: &[String], at_once: usize, folder: &Path) -> Result<f64> {
    let copying = addresses.len() as f64 / curl(addresses, at_once, folder).await?;
    let mut sync = Command::new("sync");
    sync.args((0..addresses.len()).map(|number| folder.join(format!("{number}.jpg"))));
    let syncing = addresses.len() as f64 / timed(sync, addresses.len()).await?;
    Ok(addresses.len() as f64 / (copying + syncing))
}

/// Files a second that `rclone` copies from a folder into a bucket, so many at once.
pub async fn rclone(s3: &S3, folder: &Path, bucket: &str, at_once: usize) -> Result<f64> {
    let files = std::fs::read_dir(folder)?.count();
    let mut rclone = Command::new(s3.program());
    rclone.args(["--config", "", "--s3-provider", "Rclone", "--s3-endpoint", s3.endpoint()]);
    rclone.args(["--s3-access-key-id", s3.access_key(), "--s3-secret-access-key", s3.secret_key()]);
    // Nothing but the objects: no question before, none after.
    rclone.args(["--s3-no-head", "--s3-no-check-bucket", "--no-traverse", "--no-check-dest", "--retries", "1"]);
    rclone.args(["--transfers", &at_once.to_string(), "copy"]).arg(folder).arg(format!(":s3:{bucket}"));
    timed(rclone, files).await
}

async fn timed(mut command: Command, files: usize) -> Result<f64> {
    let began = Instant::now();
    let output = command.kill_on_drop(true).output().await.context("a program that copies cannot be started")?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(files as f64 / seconds)
}
