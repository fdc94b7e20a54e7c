//! publint and arethetypeswrong find nothing wrong with the package.

use super::package;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn nothing_is_wrong_with_the_manifest_and_the_types() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/publint/node_modules");
    assert!(tools.is_dir(), "`cargo xtask test tools` installs publint");
    // They pack it where it lies.
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(package()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let judge = |script: &str, arguments: &[&str]| {
        let said = Command::new("node").arg(tools.join(script)).args(arguments).current_dir(folder.path()).output();
        let said = said.expect("Node.js");
        let words = [said.stdout, said.stderr].map(|words| String::from_utf8_lossy(&words).into_owned()).concat();
        assert!(said.status.success(), "{script}: {words}");
        words
    };
    let lint = judge("publint/src/cli.js", &["--strict"]);
    assert!(lint.contains("All good!"), "{lint}");
    // The scripts set a global and export nothing; `require` is not offered.
    let scripts = ["--exclude-entrypoints", "bowerbird.js", "filepicker.js", "picker.js"];
    judge("@arethetypeswrong/cli/dist/index.js", &[&["--pack", ".", "--profile", "esm-only"][..], &scripts].concat());
}
