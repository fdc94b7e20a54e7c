//! Filestack's published samples for its older script, as they are written there, on a page that includes `/filepicker.js`.

use super::exporting::{chooses, publishes};
use super::{DWELL, Stage, Visitor, tell};
use serde_json::{Value, json};
use std::time::Duration;
use thirtyfour::Key;

/// From the published page on Instagram.
const PICK: &str = "filepicker.pick( { mimetypes: ['image/*'], services:['INSTAGRAM'], }, \
    function(Blob){ console.log(JSON.stringify(Blob)); } );";
const CONVERT: &str = r#"filepicker.pick( { services: ['INSTAGRAM'], mimetype: 'image/*', }, function(pickedBlob){
    console.log("Conversion in progress...")
    filepicker.convert( pickedBlob, { width: 400, height: 400, }, { location: 'S3' }, function(convertedBlob){
        console.log("Converted file url: ", convertedBlob.url);
        console.log("File is stored under your S3: ", convertedBlob.key);
        filepicker.remove( pickedBlob, function(){ console.log("Removed"); } );
    } );
} );"#;

/// Calls a function of the script, and keeps what its callbacks get.
fn calling(function: &str, arguments: &str) -> String {
    let kept = "blob => said.push(blob ?? null), error => said.push({ code: error.code, text: String(error) })";
    format!("filepicker.{function}({arguments}{}{kept});", if arguments.is_empty() { "" } else { ", " })
}

/// Opens a page that has the script and a key.
async fn opens_the_page(visitor: &Visitor, stage: &Stage) {
    let script = format!(r#"<script src="{}/filepicker.js"></script>"#, stage.companion);
    stage.dress(&format!("{script}<script>filepicker.setKey('demo');</script>"));
    visitor.opens(&stage.page, json!({})).await;
    visitor.runs("window.said = []; console.log = (...words) => said.push(words.join(''));").await;
}

/// Waits until the page has so many lines.
async fn hears(visitor: &Visitor, lines: usize) -> Vec<Value> {
    for _ in 0..400 {
        if let Value::Array(said) = visitor.runs("return said").await
            && said.len() >= lines
        {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the page has heard {}", visitor.runs("return JSON.stringify(said)").await);
}

/// Connects as a professional account and picks its first photo.
async fn picks_one(visitor: &Visitor) {
    visitor.connects_as("alice.pro").await;
    visitor.clicks(".tile.photo:not(.folder)").await;
    visitor.confirms().await;
}

#[tokio::test]
async fn the_published_pick() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        opens_the_page(&visitor, &stage).await;
        visitor.runs(PICK).await;
        picks_one(&visitor).await;
        let said = hears(&visitor, 1).await;
        let blob: Value = serde_json::from_str(said[0].as_str().unwrap()).unwrap();
        assert_eq!((&blob["mimetype"], &blob["isWriteable"]), (&json!("image/jpeg"), &json!(true)), "{blob}");
        assert_eq!(blob["client"], "INSTAGRAM");
        let bytes = stage.stored_bytes(blob["url"].as_str().unwrap()).await;
        let id = blob["filename"].as_str().unwrap().split('.').next().unwrap();
        assert!(stage.was_served(id, &bytes) && blob["size"] == bytes.len(), "{blob}");
        // At its older address a file is converted by what is added to that.
        let small = stage.stored_bytes(&format!("{}/convert?w=20", blob["url"].as_str().unwrap())).await;
        assert!(small.len() < bytes.len());
    })
    .await;
}

#[tokio::test]
async fn a_blob_is_exported_to_a_page() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        opens_the_page(&visitor, &stage).await;
        visitor.runs(PICK).await;
        picks_one(&visitor).await;
        let said = hears(&visitor, 1).await;
        let blob = said[0].as_str().unwrap();
        visitor.runs(&calling("exportFile", &format!("{blob}, {{ text: 'By the older script' }}"))).await;
        visitor.connects_as("alice").await;
        chooses(&visitor, "Walks in Lisbon", "feed").await;
        visitor.clicks("[data-action='compose']").await;
        publishes(&visitor).await;
        visitor.sees(".publication[data-state='published']").await;
        visitor.clicks("[data-action='done']").await;
        let exported = hears(&visitor, 2).await.remove(1);
        let picked: Value = serde_json::from_str(blob).unwrap();
        assert_eq!(exported["url"], picked["url"], "{exported}");
        assert_eq!(exported["remoteUrl"], exported["publications"][0]["url"], "{exported}");
        let published = stage.emulator.published().visible;
        assert_eq!(
            published.iter().map(|seen| seen.text.as_deref()).collect::<Vec<_>>(),
            [Some("By the older script")]
        );
    })
    .await;
}

#[tokio::test]
async fn the_published_conversion_and_removal() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        opens_the_page(&visitor, &stage).await;
        visitor.runs(CONVERT).await;
        picks_one(&visitor).await;
        let said = hears(&visitor, 4).await;
        let said: Vec<&str> = said.iter().map(|line| line.as_str().unwrap()).collect();
        assert_eq!((said[0], said[3]), ("Conversion in progress...", "Removed"), "{said:?}");
        let url = said[1].strip_prefix("Converted file url: ").unwrap();
        let key = said[2].strip_prefix("File is stored under your S3: ").unwrap();
        let picture = image::load_from_memory(&stage.stored_bytes(url).await).unwrap();
        assert_eq!(picture.width().max(picture.height()), 400);
        let files = stage.files_on_disk();
        assert!(files.iter().any(|file| file.ends_with(key)), "{key} in {files:?}");
        assert_eq!(files.iter().filter(|file| file.ends_with(".jpg")).count(), 1, "the picked one is gone: {files:?}");
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_is_told_by_its_number() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens_the_page(&visitor, &stage).await;
        // Before anything of the dialog is there.
        visitor.runs(&calling("pick", "{ services: 'instagram' }")).await;
        visitor.sees(".dialog[open]").await;
        visitor.driver().action_chain().send_keys(Key::Escape).perform().await.unwrap();
        let said = hears(&visitor, 1).await;
        assert_eq!(said[0]["code"], 101, "{said:?}");

        visitor.runs(&calling("pickAndStore", "{ services: [11, 'DROPBOX'] }, { location: 'S3', path: 'prints/' }")).await;
        picks_one(&visitor).await;
        let blobs = hears(&visitor, 2).await[1].clone();
        assert!(blobs[0]["key"].as_str().unwrap().starts_with("prints/"), "{blobs}");
        for (function, arguments, code) in [
            ("convert", "said[1][0], { widht: 4 }, {}", 142),
            ("convert", "'https://x.example/abcdefghijABCDEFGHIJ', { width: 4 }, {}", 141),
            ("pick", "{ services: ['DROPBOX'] }", 400),
            ("storeUrl", "'http://10.0.0.1/a.png', {}", 152),
            ("remove", "'abcdefghijABCDEFGHIJ'", 171),
        ] {
            let before = hears(&visitor, 0).await.len();
            visitor.runs(&calling(function, arguments)).await;
            let said = hears(&visitor, before + 1).await;
            assert_eq!(said[before]["code"], code, "{function}: {said:?}");
        }
        // An input that is made a button. The visitor is still signed in.
        let field = "<input type=filepicker id=field data-fp-services=INSTAGRAM data-fp-store-path=field/ data-fp-button-text=Choose>";
        visitor.runs(&format!("document.querySelector('main').insertAdjacentHTML('afterbegin', '{field}');
            filepicker.constructWidget(field);
            field.onchange = event => said.push([event.fpfile.key, event.fpfile.url === field.value, field.previousSibling.textContent]);")).await;
        let before = hears(&visitor, 0).await.len();
        visitor.clicks_outside("button:has(+ #field)").await;
        visitor.clicks(".tile.photo:not(.folder)").await;
        visitor.confirms().await;
        let changed = hears(&visitor, before + 1).await[before].clone();
        assert!(changed[0].as_str().unwrap().starts_with("field/"), "{changed}");
        assert_eq!((&changed[1], &changed[2]), (&json!(true), &json!("Choose")));
        // What works: asking, reading, storing, writing over; and after signing out the file is a stranger's.
        let before = hears(&visitor, 0).await.len();
        let mut now = before;
        for (function, arguments) in [
            ("stat", "said[1][0], { size: true, width: true }"),
            ("store", "'some words', { filename: 'words.txt', location: 'S3' }"),
            ("read", "said[said.length - 1], {}"),
            ("write", "said[said.length - 2], 'other words', {}"),
            ("read", "said[said.length - 1], { base64encode: true }"),
            ("logout", "{}"),
            ("remove", "said[1][0]"),
        ] {
            visitor.runs(&calling(function, arguments)).await;
            now += 1;
            hears(&visitor, now).await;
        }
        let said = hears(&visitor, now).await.split_off(before);
        assert_eq!(said[0]["size"], blobs[0]["size"], "{said:?}");
        assert_eq!((&said[1]["filename"], &said[1]["size"]), (&json!("words.txt"), &json!(10)), "{said:?}");
        assert_eq!(said[2], "some words");
        assert_eq!(said[3]["size"], 11, "{said:?}");
        assert_eq!(said[4], "b3RoZXIgd29yZHM=");
        assert_eq!(said[5], Value::Null, "{said:?}");
        assert_eq!(said[6]["code"], 403, "{said:?}");
    })
    .await;
}
