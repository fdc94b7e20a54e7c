//! Tests and programs as the native step builds them. Naming one test to cargo would build the dependencies of the servers once more:
//! those that only the tests of other packages want to have more features would have fewer.

use crate::{children, paths};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the workspace, built with its tests if need be.
pub fn program(name: &str) -> Result<PathBuf> {
    everything()?;
    Ok(paths::target().join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// One of the workspace's tests, to be run where cargo runs it.
pub fn test(name: &str) -> Result<Command> {
    let messages = everything()?;
    let found = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
        let manifest = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
        is_it.then_some((PathBuf::from(message["executable"].as_str()?), manifest))
    });
    let (executable, package) = found.with_context(|| format!("the workspace has no test `{name}`"))?;
    let mut command = children::command(executable);
    command.current_dir(package).env("RUST_BACKTRACE", "0");
    Ok(command)
}

/// What cargo says of having built all of it.
fn everything() -> Result<String> {
    let mut build = children::cargo(["test", "--quiet", "--workspace", "--no-run", "--message-format", "json"]);
    let (built, messages) = children::output(&mut build)?;
    ensure!(built, "the workspace and its tests cannot be built; `cargo test --workspace --no-run` says why");
    Ok(messages)
}
