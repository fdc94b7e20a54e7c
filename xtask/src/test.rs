//! `cargo xtask test`: every step under a heading, and at the end what became of each.

use crate::{bench, built, check, children, dist, docs, tools};
use anyhow::{Result, bail};
use clap::ValueEnum;
use std::process::Command;
use std::time::{Duration, Instant};

/// A step, in the order in which all of them run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Installs the tools that are missing.
    Tools,
    /// What `cargo xtask check` does.
    Check,
    /// Clippy, for this machine and for wasm.
    Clippy,
    /// What `cargo xtask docs` does.
    Docs,
    /// The native tests of all packages, documentation tests included.
    Native,
    /// The companion's tests over HTTP once more, on PostgreSQL and an S3 server.
    Services,
    /// Filestack's own client against the companion, in Node and in Chromium.
    Client,
    /// The companion as a program, killed, starved and cut off: nothing is lost, doubled or half there.
    Faults,
    /// What `cargo xtask dist` does.
    Dist,
    /// The public face of what customers download.
    Surface,
    /// The widget's tests in Chromium.
    Browser,
    /// The visitors' stories, end to end: all in Chromium, some in Firefox and WebKitGTK too.
    Stories,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// Not run, because this one failed.
    Skipped(Step),
}

impl Step {
    fn heading(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Check => "check: formatting, the rules of the house, licences",
            Self::Clippy => "clippy: this machine, then wasm",
            Self::Docs => "docs: the manual as a book, the documentation of the crates",
            Self::Native => "native: the tests of all packages",
            Self::Services => "services: the companion on PostgreSQL and S3",
            Self::Client => "client: Filestack's own, against the companion",
            Self::Faults => "faults: the companion killed, starved and cut off",
            Self::Dist => "dist: what customers download",
            Self::Surface => "surface: its exports, types and bytes",
            Self::Browser => "browser: the widget in Chromium",
            Self::Stories => "stories: visitors, end to end",
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The steps without which this one says nothing.
    fn needs(self) -> &'static [Step] {
        match self {
            Self::Surface => &[Self::Tools, Self::Dist],
            Self::Services | Self::Client | Self::Faults | Self::Browser => &[Self::Tools],
            Self::Stories => &[Self::Tools, Self::Dist],
            _ => &[],
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Tools => tools::all(),
            Self::Check => check::run(),
            Self::Clippy => {
                let deny = ["--", "--deny", "warnings"];
                // The last are no part of `--all-targets`, since a plain `cargo test` leaves them out.
                let left_out = ["--test", "client", "--test", "faults", "--test", "surface", "--test", "stories"];
                let native = ["clippy", "--quiet", "--workspace", "--all-targets"];
                children::run(children::cargo(native).args(left_out).args(deny))?;
                let wasm = ["clippy", "--quiet", "--package", "bowerbird", "--lib", "--test", "browser"];
                children::run(children::cargo(wasm).args(["--target", "wasm32-unknown-unknown"]).args(deny))
            }
            Self::Docs => docs::run(),
            Self::Native => children::run(&mut tests(&["--quiet", "--workspace"])),
            Self::Services => {
                let mut tests = built::test("api")?;
                children::run(tests.arg("--quiet").env("BOWERBIRD_TEST_ON", "services"))
            }
            Self::Client => children::run(&mut tests(&["--quiet", "--test", "client"])),
            Self::Faults => bench::faults_in_short(),
            Self::Dist => dist::run(dist::How::default()).map(drop),
            Self::Surface => children::run(&mut tests(&["--quiet", "--test", "surface", "--", "--nocapture"])),
            Self::Browser => browser(),
            Self::Stories => children::run(&mut tests(&["--test", "stories"])),
        }
    }
}

/// `cargo test`. Failures say why and where, without a trace: one of async code buries the reason in a hundred lines.
fn tests(arguments: &[&str]) -> Command {
    let mut command = children::cargo(["test"]);
    command.args(arguments).env("RUST_BACKTRACE", "0");
    command
}

fn browser() -> Result<()> {
    let wasm_pack = tools::wasm_pack()?;
    let mut command = children::command(wasm_pack);
    // Everything is installed by now; wasm-pack must not go looking for versions of its own. What follows the path goes to cargo,
    // which would otherwise build the servers for wasm too.
    command.args([
        "test",
        "--headless",
        "--chrome",
        "--mode",
        "no-install",
        ".",
        "--package",
        "bowerbird",
        "--test",
        "browser",
    ]);
    let mut path = vec![crate::paths::tools().join("bin")];
    path.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    command.env("PATH", std::env::join_paths(path)?);
    // Seconds; the default of 20 is short for a machine that is busy.
    command.env("WASM_BINDGEN_TEST_TIMEOUT", "180");
    children::run(&mut command)
}

/// Runs the steps, or all. A failure does not stop the steps that can be judged without it.
pub fn run(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { Step::value_variants() } else { steps };
    let began = Instant::now();
    let results = run_all(steps, |step| {
        println!("\n=== {} ===", step.heading());
        let result = step.run();
        if let Err(error) = &result
            && !error.is::<children::Interrupted>()
        {
            eprintln!("error: {error:#}");
        }
        result
    })?;
    println!("\n=== summary ===");
    for (step, outcome, took) in &results {
        let verdict = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Skipped(cause) => format!("skipped, because {} failed", cause.name()),
        };
        println!("{:<8} {:>9}  {verdict}", step.name(), seconds(*took));
    }
    let passed = results.iter().filter(|(_, outcome, _)| *outcome == Outcome::Passed).count();
    let failed = results.len() - passed;
    println!("{passed} passed, {failed} failed, {}", seconds(began.elapsed()));
    if failed > 0 {
        bail!("not all steps passed");
    }
    Ok(())
}

type Results = Vec<(Step, Outcome, Duration)>;

fn run_all(steps: &[Step], mut one: impl FnMut(Step) -> Result<()>) -> Result<Results> {
    let mut results: Results = Vec::new();
    for &step in steps {
        let began = Instant::now();
        let broken =
            |needed: &&Step| results.iter().any(|(done, outcome, _)| done == *needed && *outcome != Outcome::Passed);
        let outcome = match step.needs().iter().find(broken) {
            Some(&cause) => Outcome::Skipped(cause),
            None => match one(step) {
                Ok(()) => Outcome::Passed,
                Err(error) if error.is::<children::Interrupted>() => return Err(error),
                Err(_) => Outcome::Failed,
            },
        };
        results.push((step, outcome, began.elapsed()));
    }
    Ok(results)
}

fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f32()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let results = run_all(Step::value_variants(), |step| match step {
            Step::Dist | Step::Clippy => bail!("no"),
            _ => Ok(()),
        });
        let outcomes: Vec<_> = results.unwrap().into_iter().map(|(step, outcome, _)| (step, outcome)).collect();
        assert!(outcomes.contains(&(Step::Clippy, Outcome::Failed)));
        assert!(outcomes.contains(&(Step::Native, Outcome::Passed)));
        assert!(outcomes.contains(&(Step::Browser, Outcome::Passed)));
        assert!(outcomes.contains(&(Step::Surface, Outcome::Skipped(Step::Dist))));
        assert!(outcomes.contains(&(Step::Stories, Outcome::Skipped(Step::Dist))));
    }

    #[test]
    fn an_interruption_ends_the_run() {
        let mut ran = 0;
        let result = run_all(Step::value_variants(), |_| {
            ran += 1;
            Err(children::Interrupted.into())
        });
        assert!(result.unwrap_err().is::<children::Interrupted>());
        assert_eq!(ran, 1);
    }

    #[test]
    fn durations_are_readable() {
        assert_eq!(seconds(Duration::from_millis(1540)), "1.5 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
