//! `cargo xtask bench convert`: our conversions beside npm's `sharp`, on the same files, cores and day, at the same perceived quality.
//!
//! sharp writes at the quality that it has unless told. Ours is the least whose SSIMULACRA 2 against a reference reaches sharp's; the
//! reference is resized without loss by neither. Each row's processes run in turn, several times; the medians are told.

use crate::{children, paths, tools};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// How often each row's processes run in turn.
const ROUNDS: usize = 3;

/// What the files are made of: photos in colour.
const PHOTOS: [&str; 4] = ["astronaut", "coffee-cup", "chelsea-the-cat", "rocket-launch"];

/// One comparison.
struct Row {
    says: &'static str,
    input: &'static str,
    width: u32,
    height: u32,
    /// Whether the image fills that size and is cut; otherwise it has that size's shape.
    crop: bool,
    format: &'static str,
    /// sharp's default; `None` for formats without loss.
    quality: Option<u8>,
}

const JPEG: Option<u8> = Some(80);
const WEBP: Option<u8> = Some(80);
const AVIF: Option<u8> = Some(50);

const ROWS: &[Row] = &[
    row("12 MP JPEG, crop 400x400 JPEG", "12-megapixels.jpg", (400, 400), true, "jpeg", JPEG),
    row("6 MP JPEG, fit 400x400 JPEG", "6-megapixels.jpg", (400, 267), false, "jpeg", JPEG),
    row("12 MP JPEG, 720 px WebP", "12-megapixels.jpg", (720, 540), false, "webp", WEBP),
    row("6 MP JPEG, 720 px WebP", "6-megapixels.jpg", (720, 480), false, "webp", WEBP),
    row("12 MP JPEG, 720 px AVIF", "12-megapixels.jpg", (720, 540), false, "avif", AVIF),
    row("6 MP JPEG, 720 px AVIF", "6-megapixels.jpg", (720, 480), false, "avif", AVIF),
    row("6 MP PNG, 720 px PNG", "6-megapixels.png", (720, 480), false, "png", None),
];

const fn row(
    says: &'static str,
    input: &'static str,
    (width, height): (u32, u32),
    crop: bool,
    format: &'static str,
    quality: Option<u8>,
) -> Row {
    Row { says, input, width, height, crop, format, quality }
}

/// What one process says of itself.
struct Run {
    /// Images a second.
    rate: f64,
    bytes: u64,
    peak_kb: u64,
}

/// Both programs, and where their files are.
struct Bench {
    program: PathBuf,
    folder: PathBuf,
    seconds: String,
    /// As many conversions are in flight on both sides.
    cores: usize,
}

/// Builds ours, gets theirs, makes the files and measures.
pub fn run(seconds: f64, only: Option<&str>) -> Result<()> {
    tools::nasm()?;
    let sharp = tools::sharp()?;
    children::run(&mut children::cargo([
        "build",
        "--release",
        "--package",
        "bowerbird-convert",
        "--features",
        "asm",
        "--example",
        "bench",
    ]))?;
    let bench = Bench {
        program: paths::target().join(format!("release/examples/bench{}", std::env::consts::EXE_SUFFIX)),
        folder: paths::target().join("bench"),
        seconds: seconds.to_string(),
        cores: std::thread::available_parallelism()?.get(),
    };
    bench.make_inputs()?;
    println!("{} conversions in flight, medians of {ROUNDS} runs of {seconds} s; ours / sharp's\n", bench.cores);
    println!(
        "{:<30} {:>7} {:>13} {:>15} {:>16} {:>6} {:>11} {:>6}",
        "", "quality", "SSIMULACRA 2", "bytes", "images/s", "ratio", "peak MB", "ratio"
    );
    let mut rows = Vec::new();
    for row in ROWS.iter().filter(|row| only.is_none_or(|only| row.says.contains(only))) {
        rows.push(bench.compare(row, &sharp)?);
    }
    println!();
    over_http(&rows, &sharp, seconds)
}

/// The same rows as whole requests, to the companion and to a server that answers with sharp.
fn over_http(rows: &[serde_json::Value], sharp: &str, seconds: f64) -> Result<()> {
    let program = super::build(false)?;
    let mut tests = children::cargo(["test", "--quiet", "--test", "faults", "--"]);
    tests.args(["--ignored", "--nocapture", "conversions_over_http"]).env("BOWERBIRD_TEST_PROGRAM", program);
    tests.env("BOWERBIRD_BENCH_ROWS", serde_json::to_string(rows)?);
    tests.env("BOWERBIRD_BENCH_SECONDS", seconds.to_string()).env("BOWERBIRD_BENCH_SHARP", sharp);
    children::run(tests.env("BOWERBIRD_BENCH_SERVER", paths::root().join("convert/bench/server.mjs")))
}

impl Bench {
    fn ours(&self, arguments: &[&str]) -> Command {
        let mut command = children::command(&self.program);
        command.args(arguments);
        command
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn make_inputs(&self) -> Result<()> {
        if ROWS.iter().all(|row| self.folder.join(row.input).is_file()) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder).context("cannot make the folder of the files")?;
        let folder = self.path("");
        let photos = PHOTOS.map(|name| paths::root().join(format!("emulator/photos/{name}.jpg")).display().to_string());
        let mut command = self.ours(&["inputs", &folder]);
        children::run(command.args(photos))
    }

    /// Measures and tells a row. Answers what the same takes as whole requests.
    fn compare(&self, row: &Row, sharp: &str) -> Result<serde_json::Value> {
        let (input, reference) = (self.path(row.input), self.path("reference.png"));
        let (our_result, sharp_result) = (self.path("ours"), self.path("sharps"));
        let (width, height) = (row.width.to_string(), row.height.to_string());
        children::run(&mut self.ours(&["reference", &input, &width, &height, &reference]))?;
        let score = |result: &str| number(&mut self.ours(&["score", &reference, result]));

        // One thread an image or all of them: sharp gets what it is faster with.
        let with = |threads: usize| self.sharp(row, sharp, &sharp_result, threads);
        let threads = if with(1)?.rate >= with(self.cores)?.rate { 1 } else { self.cores };
        let sharp_score = score(&sharp_result)?;
        let call = row.call();
        let (call, quality) = match row.quality {
            None => (call, "-".to_owned()),
            Some(_) => {
                let wanted = sharp_score.to_string();
                let quality = number(&mut self.ours(&["match", &input, &call, &reference, &wanted]))?;
                (call.replace('Q', &quality.to_string()), quality.to_string())
            }
        };
        let (mut ours, mut sharps) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let in_flight = self.cores.to_string();
            let arguments = ["run", &input, &call, &our_result, &self.seconds, &in_flight];
            ours.push(measured(&mut self.ours(&arguments))?);
            sharps.push(with(threads)?);
        }
        let (our_rate, sharp_rate) = (median(&ours, |run| run.rate), median(&sharps, |run| run.rate));
        let peak = |runs: &[Run]| median(runs, |run| run.peak_kb as f64 / 1024.0);
        let (our_peak, sharp_peak) = (peak(&ours), peak(&sharps));
        println!(
            "{:<30} {:>7} {:>13} {:>15} {:>16} {:>5.2}x {:>11} {:>5.2}x",
            row.says,
            format!("{quality}/{}", row.quality.map_or("-".to_owned(), |quality| quality.to_string())),
            format!("{:.2}/{sharp_score:.2}", score(&our_result)?),
            format!("{}/{}", ours[0].bytes, sharps[0].bytes),
            format!("{our_rate:.2}/{sharp_rate:.2}"),
            our_rate / sharp_rate,
            format!("{our_peak:.0}/{sharp_peak:.0}"),
            our_peak / sharp_peak,
        );
        let height = if row.crop { row.height } else { 0 };
        let query = format!(
            "input={input}&width={}&height={height}&format={}&quality={}",
            row.width,
            row.format,
            row.quality.unwrap_or(0)
        );
        Ok(serde_json::json!({
            "says": row.says, "input": input, "call": call, "query": query, "threads": threads.to_string(),
        }))
    }

    fn sharp(&self, row: &Row, folder: &str, result: &str, threads: usize) -> Result<Run> {
        let mut node = children::command("node");
        node.arg(paths::root().join("convert/bench/sharp.mjs")).arg(folder).arg(self.path(row.input));
        let height = if row.crop { row.height } else { 0 };
        node.args([row.width, height].map(|side| side.to_string())).arg(row.format);
        node.arg(row.quality.unwrap_or(0).to_string()).arg(result).arg(&self.seconds);
        measured(node.args([self.cores, threads].map(|number| number.to_string())))
    }
}

impl Row {
    /// The tasks of an address, with `Q` where the quality belongs.
    fn call(&self) -> String {
        let Row { width, height, .. } = self;
        let resize =
            if self.crop { format!("width:{width},height:{height},fit:crop") } else { format!("width:{width}") };
        let quality = if self.quality.is_some() { ",quality:Q" } else { "" };
        format!("resize={resize}/output=format:{}{quality}", self.format)
    }
}

/// Runs a program that says one number.
fn number(command: &mut Command) -> Result<f64> {
    let (succeeded, said) = children::output(command)?;
    ensure!(succeeded, "the bench failed: {said}");
    said.trim().parse().with_context(|| format!("no number: {said}"))
}

/// Runs a program that says how fast it was.
fn measured(command: &mut Command) -> Result<Run> {
    ensure!(!children::stopping(), children::Interrupted);
    let (succeeded, said) = children::output(command)?;
    ensure!(succeeded, "the bench failed: {said}");
    read(&said).with_context(|| format!("no measurement: {said}"))
}

fn read(said: &str) -> Option<Run> {
    let line = said.lines().find(|line| line.starts_with('{'))?;
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(Run {
        rate: said.get("rate")?.as_f64()?,
        bytes: said.get("bytes")?.as_u64()?,
        peak_kb: said.get("peak_kb")?.as_u64()?,
    })
}

fn median(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_read_among_other_lines() {
        let run = read("a warning\n{\"rate\": 2.5, \"bytes\": 10, \"peak_kb\": 2048}\n").unwrap();
        assert_eq!((run.rate, run.bytes, run.peak_kb), (2.5, 10, 2048));
        assert!(read("{\"rate\": 2.5}").is_none());
        let runs: Vec<Run> = [3.0, 1.0, 2.0].map(|rate| Run { rate, bytes: 0, peak_kb: 0 }).into();
        assert_eq!(median(&runs, |run| run.rate), 2.0);
    }

    #[test]
    fn a_row_is_a_call() {
        assert_eq!(ROWS[0].call(), "resize=width:400,height:400,fit:crop/output=format:jpeg,quality:Q");
        assert_eq!(ROWS[6].call(), "resize=width:720/output=format:png");
    }
}
