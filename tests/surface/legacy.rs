//! `filepicker.js` on a stand-in of a page, in Node.js.

use super::package;
use std::path::Path;
use std::process::Command;

#[test]
fn the_older_script_speaks_to_dialog_and_companion() {
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/surface/filepicker.mjs");
    let output = Command::new("node").arg(test).arg(package().join("filepicker.js")).output().expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
