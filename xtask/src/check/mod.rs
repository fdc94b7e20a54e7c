//! `cargo xtask check`: what can be judged without running anything.

pub mod links;
mod manual;
mod rules;
mod source;
mod tree;

use crate::{children, tools};
use anyhow::{Context, Result, bail};
use source::Source;

/// Everything that is wrong, not only the first.
pub fn run() -> Result<()> {
    let mut failed = Vec::new();
    for (name, check) in
        [("formatting", formatting as fn() -> Result<()>), ("the rules of the house", house), ("licences", deny)]
    {
        println!("check: {name}");
        if let Err(error) = check() {
            if error.is::<children::Interrupted>() {
                return Err(error);
            }
            eprintln!("{error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("not in order: {}", failed.join(", "));
    }
    println!("check: all in order");
    Ok(())
}

fn formatting() -> Result<()> {
    children::run(&mut children::cargo(["fmt", "--all", "--check"])).context("`cargo fmt --all` puts it right")
}

fn house() -> Result<()> {
    let violations = violations()?;
    if !violations.is_empty() {
        bail!("{}\n{} against the rules of the house", violations.join("\n"), violations.len());
    }
    Ok(())
}

/// One line for each.
fn violations() -> Result<Vec<String>> {
    let texts = tree::read()?;
    let mut sources = Vec::new();
    for text in &texts {
        if text.path.ends_with(".rs") && !is_test(&text.path) {
            sources.push(Source::parse(&text.path, &text.text)?);
        }
    }
    let mut found: Vec<String> =
        sources.iter().flat_map(|source| rules::RULES.iter().flat_map(|rule| rule.violations(source))).collect();
    found.extend(tree::sizes(&sources, &texts));
    found.extend(tree::places(&texts));
    found.extend(tree::sources_everywhere(&texts));
    found.extend(tree::emulator_stands_alone(&texts));
    found.extend(links::violations(&texts));
    found.extend(manual::violations(&texts));
    Ok(found)
}

/// Tests may reach across the house.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// Licences, sources and duplicates always; advisories where their database can be had.
fn deny() -> Result<()> {
    let cargo_deny = tools::cargo_deny()?;
    let run = |arguments: &[&str]| {
        children::run(children::command(&cargo_deny).args(["--log-level", "error"]).args(arguments))
    };
    run(&["check", "licenses", "bans", "sources"]).context("deny.toml says what is allowed")?;
    let (fetched, said) =
        children::output(children::command(&cargo_deny).args(["--log-level", "error", "fetch", "db"]))?;
    if fetched {
        println!("check: advisories");
        return run(&["check", "--disable-fetch", "advisories"]).context("a dependency has a known flaw");
    }
    let reason = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    println!("check: ADVISORIES NOT CHECKED, because their database cannot be fetched ({})", reason.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_what_they_test() {
        assert!(
            is_test("tests/flow/main.rs") && is_test("src/state/tests.rs") && is_test("companion/tests/api/main.rs")
        );
        assert!(!is_test("src/state/mod.rs") && !is_test("xtask/src/test.rs"));
    }
}
