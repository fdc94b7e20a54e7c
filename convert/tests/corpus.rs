//! Replays what the fuzzer found worth keeping (`fuzz/README.md`).

#[path = "../fuzz/checks.rs"]
mod checks;

use std::path::Path;

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).expect("the corpus is there");
    let files: Vec<_> = entries.map(|entry| entry.expect("it is listed").path()).collect();
    assert!(files.len() >= 10, "{} has few files", folder.display());
    for file in files {
        // So that a failure names the file.
        println!("{}", file.display());
        check(&std::fs::read(&file).expect("it is read"));
    }
}

#[test]
fn every_kept_call_is_read_and_written_the_same() {
    replay("call", checks::call);
}

#[test]
fn every_kept_image_is_read_within_the_limits_or_refused() {
    replay("decode", checks::decode);
}
