//! The tools that building and testing need: found, or installed by name.

mod fetched;

use crate::{children, paths};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const WASM_PACK: &str = "0.15.1";
const CARGO_DENY: &str = "0.20.2";
const GECKODRIVER: &str = "0.37.1";
const MDBOOK: &str = "0.5.4";

/// The command that shows that something is there, and Debian's package of it.
type Part = (&'static str, &'static str);

/// What the browser tests and stories need.
const CHROMIUM: &[Part] = &[("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// What the stories need besides, to be told in the other engines too. The driver of Firefox comes through cargo; the
/// browser of WebKitGTK, MiniBrowser, is in the library that its driver depends on, and has no headless mode.
const FIREFOX: &[Part] = &[("firefox", "firefox-esr")];
const WEBKIT: &[Part] = &[("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")];

/// The database that the companion is tried with besides SQLite. Its server is outside of the PATH on Debian.
const POSTGRESQL: &[Part] = &[("postgres", "postgresql")];

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
    browsers_and_servers()?;
    fetched::axe_core()?;
    fetched::rclone()?;
    fetched::filestack()?;
    fetched::publint()?;
    fetched::frameworks()?;
    fetched::schemathesis()?;
    // The very version of the crate, or the test runner refuses the wasm.
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &locked_version("wasm-bindgen")?)?;
    cargo_tool("wasm-pack", "wasm-pack", WASM_PACK)?;
    mdbook()?;
    cargo_deny().map(drop)
}

/// cargo-deny, installed if need be.
pub fn cargo_deny() -> Result<PathBuf> {
    cargo_tool("cargo-deny", "cargo-deny", CARGO_DENY)
}

/// mdBook, installed if need be. What of it watches and serves is left out, and with it half of what it is built of.
pub fn mdbook() -> Result<PathBuf> {
    cargo_tool_with("mdbook", "mdbook", MDBOOK, &["--no-default-features", "--features", "search"])
}

/// The assembler that the release's JPEG and AVIF take.
pub fn nasm() -> Result<()> {
    const NASM: &[Part] = &[("nasm", "nasm")];
    match absent(NASM).is_empty() {
        true => Ok(()),
        false if is_debian() => install_packages(&["nasm"]),
        false => bail!("there is no nasm, which the fast JPEG and AVIF are built with. macOS: brew install nasm"),
    }
}

/// npm's sharp, which conversions are measured beside; the folder that its modules are in.
pub fn sharp() -> Result<String> {
    let folder = fetched::sharp()?;
    if !folder.join("node_modules/sharp").is_dir() {
        bail!("there is no sharp to compare with");
    }
    Ok(folder.display().to_string())
}

/// What `cargo xtask bench` measures beside: a package of npm's, and the folder of `bench` that has it locked. Answers the folder
/// that its modules are in.
pub fn peer(package: &str, folder: &str) -> Result<PathBuf> {
    let to = fetched::peer(package, folder)?;
    if !to.join("node_modules").join(package).is_dir() {
        bail!("there is no {package} to compare with");
    }
    Ok(to)
}

/// What the measurements on servers need besides.
pub fn servers() -> Result<()> {
    browsers_and_servers()?;
    fetched::rclone()
}

/// wasm-pack, installed if need be.
pub fn wasm_pack() -> Result<PathBuf> {
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &locked_version("wasm-bindgen")?)?;
    cargo_tool("wasm-pack", "wasm-pack", WASM_PACK)
}

/// Installs into the target folder, beside and not instead of what the machine has.
fn cargo_tool(package: &str, binary: &str, version: &str) -> Result<PathBuf> {
    cargo_tool_with(package, binary, version, &[])
}

/// The same, with further arguments of `cargo install`.
fn cargo_tool_with(package: &str, binary: &str, version: &str, more: &[&str]) -> Result<PathBuf> {
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
    command.arg(&folder).arg(format!("{package}@{version}")).args(more);
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

/// The browsers with their drivers, fonts for all scripts, and PostgreSQL.
fn browsers_and_servers() -> Result<()> {
    if is_debian() {
        install_on_debian()?
    } else {
        judge_elsewhere()?
    }
    if absent(FIREFOX).is_empty() {
        cargo_tool("geckodriver", "geckodriver", GECKODRIVER)?;
    }
    Ok(())
}

fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

fn install_on_debian() -> Result<()> {
    let mut missing: Vec<&str> = [CHROMIUM, FIREFOX, WEBKIT, POSTGRESQL]
        .iter()
        .flat_map(|parts| absent(parts))
        .map(|(_, package)| package)
        .collect();
    for font in FONTS {
        let (found, state) = children::output(children::command("dpkg-query").args(["-W", "-f", "${Status}", font]))?;
        if !found || !state.contains("install ok installed") {
            missing.push(font);
        }
    }
    if missing.is_empty() { Ok(()) } else { install_packages(&missing) }
}

fn install_packages(missing: &[&str]) -> Result<()> {
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
    packages.extend(missing);
    // The package lists may be fresh enough, and a machine without a network may have the packages at hand.
    if install(&packages).is_err() {
        install(&["update"]).and_then(|()| install(&packages)).with_context(|| {
            format!("cannot install; as root: apt-get update && apt-get install {}", missing.join(" "))
        })?;
    }
    Ok(())
}

/// On machines that nothing is installed on, Chromium has to be there, and the other engines and PostgreSQL may be.
fn judge_elsewhere() -> Result<()> {
    if !absent(CHROMIUM).is_empty() {
        bail!(
            "Chromium or Chrome and the chromedriver of the same version must be on the PATH. \
             macOS: brew install --cask chromium chromedriver. Fedora: dnf install chromium chromedriver google-noto-fonts-all. \
             Ubuntu: install Google's Chrome and chromedriver, since Ubuntu's are snaps. \
             For the screenshots also the fonts {}.",
            FONTS.join(", ")
        );
    }
    let ci = std::env::var_os("CI").is_some();
    for (lost, parts) in [
        ("no story is told in Firefox", FIREFOX),
        ("no story is told in WebKitGTK", WEBKIT),
        ("nothing is tried with PostgreSQL", POSTGRESQL),
    ] {
        if let Some(line) = left_out(lost, &absent(parts), ci)? {
            println!("{line}");
        }
    }
    Ok(())
}

/// What to say of what is lost because this is missing. CI has to have it all.
fn left_out(lost: &str, missing: &[Part], ci: bool) -> Result<Option<String>> {
    if missing.is_empty() {
        return Ok(None);
    }
    let commands: Vec<&str> = missing.iter().map(|(command, _)| *command).collect();
    let commands = commands.join(" and ");
    if ci {
        bail!("CI is set, and {lost}, because {commands} is not on the PATH");
    }
    Ok(Some(format!("!!! NOT TESTED: {lost}, because {commands} is not on the PATH !!!")))
}

fn absent(parts: &[Part]) -> Vec<Part> {
    parts.iter().copied().filter(|(command, _)| !present(command)).collect()
}

fn present(command: &str) -> bool {
    let any = |names: &[&str], applications: &[&str]| {
        names.iter().any(|name| children::exists(name))
            || applications.iter().any(|name| Path::new("/Applications").join(format!("{name}.app")).exists())
    };
    match command {
        "chromium" => any(
            &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
            &["Google Chrome", "Chromium"],
        ),
        "firefox" => any(&["firefox", "firefox-esr"], &["Firefox"]),
        "postgres" => {
            let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
            any(&["postgres"], &[]) || versions.into_iter().any(|version| version.path().join("bin/postgres").is_file())
        }
        other => children::exists(other),
    }
}

fn is_root() -> Result<bool> {
    Ok(children::output(children::command("id").arg("-u"))?.1.trim() == "0")
}

fn shown(path: &Path) -> String {
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

    #[test]
    fn what_is_missing_is_named_and_fails_only_in_ci() {
        assert!(left_out("Firefox", &[], true).unwrap().is_none());
        let line = left_out("no story is told in WebKitGTK", WEBKIT, false).unwrap().unwrap();
        assert!(line.contains("NOT TESTED") && line.contains("WebKitGTK") && line.contains("Xvfb"), "{line}");
        let error = left_out("no story is told in Firefox", FIREFOX, true).unwrap_err().to_string();
        assert!(error.contains("Firefox"), "{error}");
    }
}
