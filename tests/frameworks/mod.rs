//! A site that has the package installed beside React, Vue and Svelte, and builds its pages with Vite.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder with the pages and the package. Below the frameworks, so that they are found.
pub fn site() -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join("target/tools/frameworks");
    assert!(tools.join("node_modules/vite").is_dir(), "`cargo xtask test tools` installs the frameworks");
    let site = tempfile::tempdir_in(tools).expect("a temporary folder");
    copy(&root.join("pkg"), &site.path().join("node_modules/bowerbird"));
    copy(&root.join("tests/frameworks"), site.path());
    copy(&root.join("tests/frameworks/pages"), &site.path().join("pages"));
    // The build looks there for packages that it has to compile.
    let manifest = r#"{ "private": true, "type": "module", "dependencies": { "bowerbird": "*" } }"#;
    fs::write(site.path().join("package.json"), manifest).expect("a file can be written");
    site
}

/// Builds a page into `out/<page>.js` and what it loads.
pub fn build(site: &TempDir, page: &str) -> PathBuf {
    node(site, &["build.mjs", page, "out"]);
    site.path().join("out").join(page).with_extension("js")
}

/// Runs a script of the site, and gives what it prints.
pub fn node(site: &TempDir, arguments: &[&str]) -> String {
    let said = Command::new("node").args(arguments).current_dir(site.path()).output().expect("Node.js");
    let [out, errors] = [said.stdout, said.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(said.status.success(), "{arguments:?}: {out}{errors}");
    out
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied");
        }
    }
}
