//! Copying that begins before the choice is confirmed (`uploadInBackground`), and what is left of it.

use crate::device::{PHOTO, bytes_of, chooses_files};
use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use bowerbird_emulator::Fault;
use serde_json::{Value, json};
use std::time::Duration;

/// Notes which callbacks come, with the names of their files.
const NOTES: &str = "window.said = [];
    for (const name of ['onUploadStarted', 'onFileUploadStarted', 'onFileUploadFinished', 'onFileUploadFailed', 'onFileUploadCancel',
        'onUploadDone', 'onCancel', 'onFileSelected'])
        options[name] = file => void said.push(name.slice(2) + (file.filename ? ' ' + file.filename : file.length ?? ''));";

async fn opens(visitor: &Visitor, stage: &Stage, source: &str, more: Value) {
    let mut options = json!({"fromSources": source, "maxFiles": 5, "disableTransformer": true});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    visitor.opens(&stage.page, options).await;
    visitor.runs(NOTES).await;
    visitor.starts_picking().await;
}

async fn opens_album(visitor: &Visitor, stage: &Stage, more: Value) {
    opens(visitor, stage, "facebook", more).await;
    visitor.connects_as("alice").await;
    visitor.opens_folder("Holidays in Lisbon").await;
}

async fn said(visitor: &Visitor) -> Vec<String> {
    serde_json::from_value(visitor.runs("return window.said.map(it => it.split(' ')[0])").await).unwrap()
}

async fn has_said(visitor: &Visitor, what: &str, times: usize) {
    let count = format!("return String(said.filter(it => it.startsWith('{what}')).length)");
    visitor.until_it_says(&count, &times.to_string()).await;
}

async fn are_on_disk(stage: &Stage, count: usize) {
    for _ in 0..200 {
        if stage.files_on_disk().len() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", stage.files_on_disk());
}

const EARLY: [&str; 8] = [
    "FileSelected",
    "FileUploadStarted",
    "FileUploadFinished",
    "FileSelected",
    "FileUploadStarted",
    "FileUploadFinished",
    "UploadStarted2",
    "UploadDone",
];

#[tokio::test]
async fn photos_of_facebook_are_there_before_the_button_is_pressed() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_album(&visitor, &stage, json!({})).await;
        visitor.picks(&[0]).await;
        has_said(&visitor, "FileUploadFinished", 1).await;
        visitor.picks(&[1]).await;
        has_said(&visitor, "FileUploadFinished", 2).await;
        are_on_disk(&stage, 2).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        assert_eq!(said(&visitor).await, EARLY);
        crate::arrived_whole(&stage, &result["filesUploaded"]).await;
    })
    .await;
}

#[tokio::test]
async fn files_of_the_device_too() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, "local_file_system", json!({})).await;
        let (one, two) = (bytes_of(PHOTO), bytes_of("coffee-cup.jpg"));
        chooses_files(&visitor, &[("one.jpg", "image/jpeg", &one)]).await;
        has_said(&visitor, "FileUploadFinished", 1).await;
        chooses_files(&visitor, &[("two.jpg", "image/jpeg", &two)]).await;
        has_said(&visitor, "FileUploadFinished", 2).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        for (place, bytes) in [one, two].into_iter().enumerate() {
            let url = result["filesUploaded"][place]["url"].as_str().unwrap();
            assert_eq!(stage.stored_bytes(url).await, bytes);
        }
        assert_eq!(said(&visitor).await, EARLY);
    })
    .await;
}

#[tokio::test]
async fn nothing_begins_before_where_images_can_be_edited_or_the_page_wants_that() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        for more in [json!({"disableTransformer": false}), json!({"uploadInBackground": false})] {
            opens(&visitor, &stage, "local_file_system", more).await;
            chooses_files(&visitor, &[("one.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
            visitor.reads("1 of 5 selected").await;
            visitor.settles().await;
            assert_eq!(said(&visitor).await, ["FileSelected"]);
            visitor.confirms().await;
            visitor.receives().await;
            let order = ["FileSelected", "UploadStarted1", "FileUploadStarted", "FileUploadFinished", "UploadDone"];
            assert_eq!(said(&visitor).await, order);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_let_go_of_leaves_nothing() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_album(&visitor, &stage, json!({})).await;
        visitor.picks(&[0, 1]).await;
        has_said(&visitor, "FileUploadFinished", 2).await;
        visitor.picks(&[0]).await;
        are_on_disk(&stage, 1).await;
        has_said(&visitor, "FileUploadCancel", 1).await;
        // One on its way.
        let slow = Fault::Slow { ms: 60_000, host: Some("scontent.xx.fbcdn.net".to_owned()), times: None };
        stage.emulator.set_fault(slow);
        visitor.picks(&[2]).await;
        has_said(&visitor, "FileUploadStarted", 3).await;
        visitor.picks(&[2]).await;
        has_said(&visitor, "FileUploadCancel", 2).await;
        stage.emulator.clear_faults();
        // Chosen again it is copied again.
        visitor.picks(&[0]).await;
        has_said(&visitor, "FileUploadFinished", 3).await;
        are_on_disk(&stage, 2).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
        crate::arrived_whole(&stage, &result["filesUploaded"]).await;
        are_on_disk(&stage, 2).await;
    })
    .await;
}

#[tokio::test]
async fn a_file_of_the_device_that_is_let_go_of_leaves_nothing_either() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, "local_file_system", json!({"maxFiles": 1})).await;
        chooses_files(&visitor, &[("one.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
        has_said(&visitor, "FileUploadFinished", 1).await;
        // It takes the place of the first.
        let second = bytes_of("coffee-cup.jpg");
        chooses_files(&visitor, &[("two.jpg", "image/jpeg", &second)]).await;
        has_said(&visitor, "FileUploadFinished", 2).await;
        has_said(&visitor, "FileUploadCancel one.jpg", 1).await;
        stores_only(&stage, &second).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"][0]["filename"], "two.jpg");
        stores_only(&stage, &second).await;
    })
    .await;
}

/// Parts of uploads, which go by themselves, are no files.
async fn stores_only(stage: &Stage, bytes: &[u8]) {
    for _ in 0..200 {
        let files: Vec<String> =
            stage.files_on_disk().into_iter().filter(|file| !file.contains("/.uploads/")).collect();
        if let [file] = &files[..]
            && std::fs::read(file).is_ok_and(|read| read == bytes)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", stage.files_on_disk());
}

#[tokio::test]
async fn leaving_before_the_choice_is_confirmed_asks_nothing_and_leaves_nothing() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_album(&visitor, &stage, json!({})).await;
        visitor.picks(&[0, 1]).await;
        has_said(&visitor, "FileUploadFinished", 2).await;
        are_on_disk(&stage, 2).await;
        visitor.clicks("[aria-label='Close']").await;
        has_said(&visitor, "Cancel0", 1).await;
        are_on_disk(&stage, 0).await;
    })
    .await;
}

#[tokio::test]
async fn what_failed_is_tried_again_at_the_button() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_album(&visitor, &stage, json!({})).await;
        stage.emulator.set_fault(Fault::CutImages { after_bytes: Some(1_000), times: None });
        visitor.picks(&[0]).await;
        has_said(&visitor, "FileUploadFailed", 1).await;
        assert!(!visitor.words().await.contains("could not be copied"));
        stage.emulator.clear_faults();
        visitor.confirms().await;
        assert_eq!(visitor.receives().await["filesUploaded"].as_array().unwrap().len(), 1);
    })
    .await;
}
