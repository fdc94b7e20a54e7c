//! What a page hears of a pick, in which order and with what: as Filestack's picker tells it.

use crate::device::{PHOTO, bytes_of, chooses_files};
use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use bowerbird_emulator::Fault;
use serde_json::{Value, json};
use std::time::Duration;

/// Notes every callback: its name, and what of its arguments does not depend on the day.
const NOTES: &str = "
    window.heard = [];
    const file = it => it.filename;
    const note = (name, tell) => options[name] = (...given) => { heard.push([name, ...tell(...given)]); };
    note('onOpen', handle => [Object.keys(handle).sort().join()]);
    note('onClose', (...none) => [none.length]);
    note('onCancel', files => [Array.isArray(files), files.length]);
    note('onFileSelected', it => [file(it), it.source, it.handle]);
    note('onFileCropped', it => [file(it)]);
    note('onUploadStarted', files => [files.map(file)]);
    note('onFileUploadStarted', it => [file(it)]);
    note('onFileUploadProgress', (it, { totalPercent, totalBytes }) => [file(it), totalPercent <= 100 && totalBytes >= 0]);
    note('onFileUploadFinished', it => [file(it), it.status, it.handle.length]);
    note('onFileUploadFailed', (it, error) => [file(it), error instanceof Error && error.message.length > 0]);
    note('onFileUploadCancel', it => [file(it)]);
    note('onUploadDone', ({ filesUploaded, filesFailed }) => [filesUploaded.map(file), filesFailed.map(file)]);
";

async fn opens(visitor: &Visitor, stage: &Stage, options: Value) {
    visitor.opens(&stage.page, options).await;
    visitor.runs(NOTES).await;
    visitor.starts_picking().await;
}

/// What the page has heard; of progress, which comes as often as the network gives it, only that of each file's first.
async fn heard(visitor: &Visitor) -> Vec<Value> {
    visitor.until_it_says("return heard.at(-1)[0]", "on").await;
    let all = visitor.runs("return heard").await;
    let mut told: Vec<Value> = Vec::new();
    for entry in all.as_array().unwrap() {
        if entry[0] != "onFileUploadProgress" || !told.contains(entry) {
            told.push(entry.clone());
        }
    }
    told
}

/// Only what is told of one file, or of all.
fn of<'a>(heard: &'a [Value], file: &str) -> Vec<&'a str> {
    let is_of = |entry: &&Value| entry[1] == file;
    heard.iter().filter(is_of).map(|entry| entry[0].as_str().unwrap()).collect()
}

fn place(heard: &[Value], name: &str) -> usize {
    heard.iter().position(|entry| entry[0] == name).unwrap_or_else(|| panic!("no {name} in {heard:?}"))
}

/// The order that holds for every pick that goes well, of whatever source.
fn is_in_order(heard: &[Value], names: &[&str]) {
    let all = json!(names);
    assert_eq!(heard[0], json!(["onOpen", "cancel,close"]));
    assert_eq!(
        place(heard, "onUploadStarted"),
        1 + names.len(),
        "after all were chosen, and before anything moves: {heard:?}"
    );
    assert_eq!(heard[1 + names.len()], json!(["onUploadStarted", all]));
    for name in names {
        let order = ["onFileSelected", "onFileUploadStarted", "onFileUploadProgress", "onFileUploadFinished"];
        assert_eq!(of(heard, name), order, "{heard:?}");
    }
    let end = &heard[heard.len() - 2..];
    assert_eq!(end, [json!(["onClose", 0]), json!(["onUploadDone", all, []])], "the dialog is gone first");
}

#[tokio::test]
async fn of_a_pick_from_facebook() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"fromSources": "facebook", "maxFiles": 5})).await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let names: Vec<_> = (0..2).map(|at| result["filesUploaded"][at]["filename"].as_str().unwrap()).collect();
        let heard = heard(&visitor).await;
        is_in_order(&heard, &names);
        assert_eq!(heard[1], json!(["onFileSelected", names[0], "facebook", ""]));
        assert!(heard.contains(&json!(["onFileUploadProgress", names[0], true])), "{heard:?}");
        assert!(heard.contains(&json!(["onFileUploadFinished", names[1], "Stored", 20])), "{heard:?}");
    })
    .await;
}

#[tokio::test]
async fn of_a_pick_from_the_device() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"fromSources": "local_file_system", "maxFiles": 5})).await;
        let photo = bytes_of(PHOTO);
        chooses_files(&visitor, &[("one.jpg", "image/jpeg", &photo), ("two.jpg", "image/jpeg", &photo)]).await;
        visitor.confirms().await;
        visitor.receives().await;
        is_in_order(&heard(&visitor).await, &["one.jpg", "two.jpg"]);
    })
    .await;
}

#[tokio::test]
async fn of_a_cut_between_the_choice_and_the_copying() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let forced = json!({"crop": {"aspectRatio": 2, "force": true}});
        opens(&visitor, &stage, json!({"fromSources": "local_file_system", "transformations": forced})).await;
        chooses_files(&visitor, &[("one.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
        visitor.confirms().await;
        visitor.sees(".editor[open] .canvas.here .frame").await;
        visitor.clicks("[data-action='save-edit']").await;
        visitor.receives().await;
        let heard = heard(&visitor).await;
        let order: Vec<_> = heard.iter().map(|entry| entry[0].as_str().unwrap()).collect();
        assert_eq!(order[..4], ["onOpen", "onFileSelected", "onFileCropped", "onUploadStarted"], "{heard:?}");
    })
    .await;
}

#[tokio::test]
async fn of_a_file_that_fails_and_of_one_that_is_given_up() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"fromSources": "facebook", "maxFiles": 5, "allowManualRetry": false});
        opens(&visitor, &stage, options).await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        stage.emulator.set_fault(Fault::NotAnImage { times: None });
        visitor.confirms().await;
        let result = visitor.receives().await;
        let name = result["filesFailed"][0]["filename"].as_str().unwrap();
        let heard = heard(&visitor).await;
        assert_eq!(of(&heard, name).last(), Some(&"onFileUploadFailed"), "{heard:?}");
        assert!(heard.contains(&json!(["onFileUploadFailed", name, true])), "{heard:?}");
        assert_eq!(heard[heard.len() - 2..], [json!(["onClose", 0]), json!(["onUploadDone", [], [name]])]);
        stage.emulator.clear_faults();
    })
    .await;
}

#[tokio::test]
async fn of_a_visitor_who_leaves() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        // Before anything was chosen: no file is told of, and nobody hears that all is done.
        opens(&visitor, &stage, json!({"fromSources": "facebook", "maxFiles": 5})).await;
        visitor.clicks(".header > button:last-child").await;
        visitor.receives().await;
        let told = heard(&visitor).await;
        assert_eq!(told[1..], [json!(["onCancel", true, 0]), json!(["onClose", 0])], "{told:?}");

        // While files are copied: each that has not ended is given up first.
        opens(&visitor, &stage, json!({"fromSources": "facebook", "maxFiles": 5})).await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.settles().await;
        let pictures = Some("scontent.xx.fbcdn.net".to_owned());
        stage.emulator.set_fault(Fault::Slow { ms: 3_600_000, host: pictures, times: None });
        visitor.confirms().await;
        visitor.sees(".storing .row").await;
        visitor.clicks(".header > button:last-child").await;
        visitor.clicks(".question [data-action='stop-copying']").await;
        visitor.receives().await;
        stage.emulator.clear_faults();
        let told = heard(&visitor).await;
        let order: Vec<_> = told.iter().map(|entry| entry[0].as_str().unwrap()).collect();
        assert_eq!(
            order[order.len() - 4..],
            ["onFileUploadCancel", "onFileUploadCancel", "onCancel", "onClose"],
            "{told:?}"
        );
        assert_eq!(order.iter().filter(|name| **name == "onUploadDone").count(), 0);
    })
    .await;
}

/// An option without a story is one that may do nothing.
#[test]
fn every_option_is_told_of_in_a_story() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let stories: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let says = |name: &str| ['"', '\'', '.'].iter().any(|before| stories.contains(&format!("{before}{name}")));
    let untold: Vec<_> = bowerbird::options::NAMES.iter().filter(|name| !says(name)).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

#[tokio::test]
async fn the_page_has_a_file_wait_go_on_or_given_up() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "local_file_system", "maxFiles": 2})).await;
        visitor.runs(NOTES).await;
        let waits = "window.tokens = {}; options.onFileUploadStarted = (file, token) => {
            tokens[file.filename] = token;
            token.pause();
        };";
        visitor.runs(waits).await;
        visitor.starts_picking().await;
        let photo = bytes_of(PHOTO);
        chooses_files(&visitor, &[("one.jpg", "image/jpeg", &photo), ("two.jpg", "image/jpeg", &photo)]).await;
        visitor.confirms().await;
        visitor.until_it_says("return Object.keys(tokens).sort().join()", "one.jpg,two.jpg").await;
        visitor.settles().await;
        assert!(stage.files_on_disk().is_empty(), "{:?}", stage.files_on_disk());
        visitor.runs("tokens['one.jpg'].cancel(); tokens['two.jpg'].resume()").await;
        visitor.until_it_says("return JSON.stringify(heard.map(([name, file]) => [name, file]))", "[\"onFileUploadFinished\",\"two.jpg\"]").await;
        visitor.clicks(".storing .primary").await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 1, "{result}");
        let told = heard(&visitor).await;
        assert!(told.contains(&json!(["onFileUploadCancel", "one.jpg"])), "{told:?}");

        // What the companion copies can be given up, but does not wait.
        visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
        let gives_up = "options.onFileUploadStarted = (file, token) => { window.deeds = Object.keys(token).join(); token.cancel(); }";
        visitor.runs(gives_up).await;
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        // It does not get there before it is given up.
        stage.emulator.set_fault(Fault::CutImages { after_bytes: Some(1_000), times: None });
        visitor.confirms().await;
        visitor.until_it_says("return String(window.deeds)", "cancel").await;
        // With the last that is wanted it is back at the photos.
        visitor.sees("[data-action='confirm']:not([disabled])").await;
    })
    .await;
}
