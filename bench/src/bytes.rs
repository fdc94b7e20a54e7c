//! What a page loads of Uppy. `cargo xtask size` counts ours, and quotes this.

use crate::Bench;
use crate::pages::{self, NEWEST};
use crate::report::{Report, Table};
use anyhow::Result;

/// Bundles and counts.
pub fn run(bench: &Bench) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let files = pages::bundle(&bench.programs, NEWEST, folder.path())?;
    let mut report = Report::new("bytes", "What a page loads of Uppy");
    for package in ["@uppy/core", "@uppy/dashboard", "@uppy/facebook", "@uppy/xhr-upload", "esbuild"] {
        report.version(package, pages::version(&bench.programs, NEWEST, package)?);
    }
    report.says(
        "`bench/web/uppy6.js`: core, Dashboard, Facebook and XHR upload with their style sheets, bundled and minified by esbuild, compressed \
         as ours is (brotli 11 with a window of 24 bits, gzip 9). Bytes.",
    );
    let mut table = Table::new("Uppy", &["file", "raw", "gzip", "brotli"]);
    let mut total = [0; 3];
    for file in &files {
        total.iter_mut().zip(file.sizes).for_each(|(sum, size)| *sum += size);
        table.row(row(if file.kind == "js" { "JavaScript" } else { "CSS" }, file.sizes));
    }
    table.row(row("all", total));
    report.table(table);
    Ok(report)
}

fn row(what: &str, sizes: [u64; 3]) -> [String; 4] {
    let [raw, gzip, brotli] = sizes.map(|size| size.to_string());
    [what.to_owned(), raw, gzip, brotli]
}
