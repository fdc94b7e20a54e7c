//! The soak in short: mixed traffic for half a minute, by `cargo xtask test faults`.

#![allow(clippy::unwrap_used, reason = "a step that does not work has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the companion that is tested, as in `tests/faults`. The emulator is beside it.
const WHICH: &str = "BOWERBIRD_TEST_PROGRAM";

#[test]
#[ignore = "it takes half a minute, and programs that `cargo xtask test faults` names"]
fn mixed_traffic_leaves_nothing_open_and_memory_flat() {
    let companion = PathBuf::from(std::env::var_os(WHICH).expect("`cargo xtask test faults` names the program"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let results = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bowerbird-bench"));
    bench
        .arg("--emulator")
        .arg(companion.with_file_name(format!("bowerbird-emulator{}", std::env::consts::EXE_SUFFIX)));
    bench.arg("--companion").arg(companion).arg("--root").arg(root).arg("--package").arg(root.join("pkg"));
    bench.arg("--results").arg(results.path());
    let output = bench.args(["soak", "--minutes", "0.5"]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("does not hold") && said.contains("| holds |"), "{said}");
}
