//! The table of tasks in `docs/conversion.md`: all tasks stand in it, and its pictures are what the examples make.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "golden/compare.rs"]
mod compare;

use bowerbird_convert::call::Call;
use bowerbird_convert::{Limits, Work, tasks};
use bytes::Bytes;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

struct Row {
    task: String,
    example: String,
    picture: PathBuf,
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(docs().join("conversion.md")).unwrap();
    let read = |line: &str| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
        let [task, _, example, picture] = cells[..] else { return None };
        let picture = picture.strip_prefix("![](")?.strip_suffix(')')?;
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        Some(Row { task: plain(task), example: plain(example), picture: docs().join(picture) })
    };
    page.lines().filter_map(read).collect()
}

/// The example's picture, written as the page shows it.
fn made(row: &Row) -> Vec<u8> {
    let photo = Bytes::from(std::fs::read(docs().join("conversion/photo.jpg")).unwrap());
    let files = HashMap::from([("photo".to_owned(), photo.clone())]);
    let call = format!("{}/output=format:jpg,quality:85/abcdefghijABCDEFGHIJ", row.example);
    let recipe = Call::from_path(&call, |_| false).and_then(|call| call.recipe());
    let recipe = recipe.unwrap_or_else(|error| panic!("{}: {error}", row.example));
    recipe.run(&photo, &Work::new(&Limits::default(), &files)).unwrap().bytes
}

#[test]
fn every_task_stands_in_the_table_and_no_other() {
    let mut documented: Vec<String> = rows().into_iter().map(|row| row.task).collect();
    let mut known: Vec<String> = tasks::names().map(str::to_owned).collect();
    documented.sort();
    known.sort();
    assert_eq!(documented, known);
}

#[test]
fn the_pictures_show_what_the_examples_make() {
    for row in rows() {
        let shown = std::fs::read(&row.picture).unwrap_or_else(|error| panic!("{}: {error}", row.picture.display()));
        let rgba = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgba8();
        let score = compare::score(&rgba(&shown), &rgba(&made(&row)));
        assert!(
            score > 80.0,
            "{}: {score}; `cargo test -p bowerbird-convert --test docs -- --ignored` makes it",
            row.task
        );
    }
}

#[test]
#[ignore = "it writes the pictures of the page"]
fn write_the_pictures() {
    for row in rows() {
        std::fs::write(&row.picture, made(&row)).unwrap();
    }
}
