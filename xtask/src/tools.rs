//! The tools that building and testing need: found, or installed by name.

use crate::{children, paths};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

const WASM_PACK: &str = "0.15.1";
const CARGO_DENY: &str = "0.20.2";

/// What the browser tests and stories need of Debian, and the command or font package that shows that it is there.
const BROWSER_COMMANDS: &[(&str, &str)] = &[("chromium", "chromium"), ("chromedriver", "chromium-driver")];
const FONTS: &[&str] = &["fonts-noto-core", "fonts-noto-cjk", "fonts-noto-color-emoji", "fonts-liberation"];

/// The standard library for wasm, through rustup where it is missing.
pub fn wasm_target() -> Result<()> {
    let (_, sysroot) = children::output(children::command("rustc").args(["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir() {
        return Ok(());
    }
    if !children::exists("rustup") {
        bail!("the compiler has no standard library for wasm32-unknown-unknown, and there is no rustup to add it");
    }
    println!("rustup: adding the target wasm32-unknown-unknown");
    children::run(children::command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
}

/// The source of the standard library, for building it anew.
pub fn standard_library_source() -> Result<()> {
    let (_, sysroot) = children::output(children::command("rustc").args(["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib/src/rust/library").is_dir() {
        return Ok(());
    }
    println!("rustup: adding the component rust-src");
    children::run(children::command("rustup").args(["component", "add", "rust-src"]))
}

/// A C compiler, which the database and the cryptography of the companion are compiled with.
pub fn c_compiler() -> Result<()> {
    let named = std::env::var("CC").ok();
    if cfg!(windows) || named.is_some() || ["cc", "clang", "gcc"].iter().any(|name| children::exists(name)) {
        return Ok(());
    }
    bail!(
        "there is no C compiler (cc), which the companion's database is built with. On Debian: apt-get install build-essential"
    );
}

/// Everything that `cargo xtask test` runs besides cargo.
pub fn all() -> Result<()> {
    wasm_target()?;
    c_compiler()?;
    browser()?;
    // The very version of the crate, or the test runner refuses the wasm.
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &locked_version("wasm-bindgen")?)?;
    cargo_tool("wasm-pack", "wasm-pack", WASM_PACK)?;
    cargo_deny().map(drop)
}

/// cargo-deny, installed if need be.
pub fn cargo_deny() -> Result<PathBuf> {
    cargo_tool("cargo-deny", "cargo-deny", CARGO_DENY)
}

/// wasm-pack, installed if need be.
pub fn wasm_pack() -> Result<PathBuf> {
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &locked_version("wasm-bindgen")?)?;
    cargo_tool("wasm-pack", "wasm-pack", WASM_PACK)
}

/// Installs into the target folder, beside and not instead of what the machine has.
fn cargo_tool(package: &str, binary: &str, version: &str) -> Result<PathBuf> {
    let folder = paths::tools();
    let path = folder.join("bin").join(format!("{binary}{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() {
        let (_, said) = children::output(children::command(&path).arg("--version"))?;
        if says_version(&said, version) {
            return Ok(path);
        }
    }
    println!("cargo: installing {package} {version} into {}", shown(&folder));
    let began = Instant::now();
    let mut command = children::cargo(["install", "--quiet", "--locked", "--force", "--debug", "--root"]);
    command.arg(&folder).arg(format!("{package}@{version}"));
    // Unoptimised and without debug information they are installed in a third of the time, and run for seconds.
    command.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_PROFILE_DEV_STRIP", "true");
    children::run(&mut command).with_context(|| format!("{package} {version} cannot be installed"))?;
    println!("cargo: installed {package} ({:.0} s)", began.elapsed().as_secs_f32());
    Ok(path)
}

/// Whether a `--version` line says this version and no longer one.
fn says_version(said: &str, version: &str) -> bool {
    said.split_whitespace().any(|word| word.trim_start_matches('v') == version)
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(paths::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    version_in(&lock, package).with_context(|| format!("Cargo.lock has no {package}"))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let lock: toml::Table = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let found = packages.iter().find(|entry| entry.get("name").and_then(|name| name.as_str()) == Some(package))?;
    Some(found.get("version")?.as_str()?.to_owned())
}

/// Chromium with its driver, and fonts for all scripts.
fn browser() -> Result<()> {
    let mut missing: Vec<&str> =
        BROWSER_COMMANDS.iter().filter(|(command, _)| !present(command)).map(|(_, package)| *package).collect();
    let debian = fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"));
    if !debian {
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "Chromium or Chrome and the chromedriver of the same version must be on the PATH. \
             macOS: brew install --cask chromium chromedriver. Fedora: dnf install chromium chromedriver google-noto-fonts-all. \
             Ubuntu: install Google's Chrome and chromedriver, since Ubuntu's are snaps. \
             For the screenshots also the fonts {}.",
            FONTS.join(", ")
        );
    }
    for font in FONTS {
        let (found, state) = children::output(children::command("dpkg-query").args(["-W", "-f", "${Status}", font]))?;
        if !found || !state.contains("install ok installed") {
            missing.push(font);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("apt: installing {}", missing.join(" "));
    let install = |arguments: &[&str]| -> Result<()> {
        let mut command = if is_root()? { children::command("apt-get") } else { children::command("sudo") };
        if !is_root()? {
            command.args(["-n", "apt-get"]);
        }
        command.args(["-qq", "-o", "Dpkg::Use-Pty=0"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        children::run(&mut command)
    };
    let mut packages = vec!["install", "--yes", "--no-install-recommends"];
    packages.extend(&missing);
    // The package lists may be fresh enough, and a machine without a network may have the packages at hand.
    if install(&packages).is_err() {
        install(&["update"]).and_then(|()| install(&packages)).with_context(|| {
            format!("cannot install; as root: apt-get update && apt-get install {}", missing.join(" "))
        })?;
    }
    Ok(())
}

fn present(command: &str) -> bool {
    match command {
        "chromium" => {
            ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
                .iter()
                .any(|name| children::exists(name))
                || std::path::Path::new("/Applications/Google Chrome.app").exists()
                || std::path::Path::new("/Applications/Chromium.app").exists()
        }
        other => children::exists(other),
    }
}

fn is_root() -> Result<bool> {
    Ok(children::output(children::command("id").arg("-u"))?.1.trim() == "0")
}

fn shown(path: &std::path::Path) -> String {
    path.strip_prefix(paths::root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_whole_word() {
        assert!(says_version("wasm-pack 0.15.1", "0.15.1"));
        assert!(says_version("tool v1.2.3 (abc)", "1.2.3"));
        assert!(!says_version("wasm-pack 0.15.10", "0.15.1"));
    }

    #[test]
    fn the_lock_is_asked_for_the_version() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.129\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.129"));
        assert_eq!(version_in(lock, "absent"), None);
    }

    #[test]
    fn binding_and_running_agree_on_the_version() {
        assert_eq!(locked_version("wasm-bindgen").unwrap(), locked_version("wasm-bindgen-cli-support").unwrap());
    }
}
