//! Where the servers' programs are, and what is said when they are not there.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program with the arguments that come before its own.
pub type Words = Vec<PathBuf>;

/// The folder that has all of PostgreSQL's programs that are needed.
pub fn postgres() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    // Debian has them outside of the PATH, in a folder for each version.
    path().into_iter().find(complete).or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let numbered = versions.filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        });
        numbered.filter(|(_, folder)| complete(folder)).max().map(|(_, folder)| folder)
    })
}

/// rclone, where `cargo xtask test tools` has put it or where the machine has it.
pub fn rclone() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let installed = target.join("tools/bin/rclone");
    if installed.is_file() { Some(installed) } else { on_the_path("rclone") }
}

/// What a command begins with so that PostgreSQL takes it, which refuses to be run by root.
pub fn without_root() -> Words {
    if user("-u", None) == Some(0) {
        ["runuser", "-u", POSTGRES_USER, "--"].map(PathBuf::from).to_vec()
    } else {
        vec![]
    }
}

/// Gives the folder to the user that [`without_root`] changes to.
#[cfg(unix)]
pub fn give_away(folder: &Path) {
    let (user, group) = (user("-u", Some(POSTGRES_USER)), user("-g", Some(POSTGRES_USER)));
    assert!(user.is_some(), "root cannot run PostgreSQL, and there is no user {POSTGRES_USER} who could");
    std::os::unix::fs::chown(folder, user, group).expect("root can give a folder away");
}

/// Only unix has a root.
#[cfg(not(unix))]
pub fn give_away(_: &Path) {}

/// The user that Debian's package makes.
const POSTGRES_USER: &str = "postgres";

fn user(what: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(what).args(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn on_the_path(program: &str) -> Option<PathBuf> {
    path().into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Says loudly that something cannot be had. CI has to have it.
pub fn skipped(what: &str) {
    let hint = "`cargo xtask test tools` installs it or says what to do";
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!ci, "CI is set, and {what} is not installed; {hint}");
    // Not `eprintln!`, which a test that passes keeps to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what} is not installed, so nothing is tested with it; {hint}");
}
