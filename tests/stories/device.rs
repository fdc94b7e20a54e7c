//! Files that the visitor brings: from the device, by every way in, with all that a page may ask of them; and from addresses.

use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

pub const PHOTO: &str = "astronaut.jpg";

pub fn bytes_of(photo: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("emulator/photos").join(photo)).unwrap()
}

/// A script's words for files of these names and bytes.
pub fn files(files: &[(&str, &str, &[u8])]) -> String {
    let each = files.iter().map(|(name, kind, bytes)| {
        let base64 = STANDARD.encode(bytes);
        format!(
            "new File([Uint8Array.from(atob('{base64}'), byte => byte.charCodeAt(0))], '{name}', {{ type: '{kind}' }})"
        )
    });
    format!(
        "const transfer = new DataTransfer(); for (const file of [{}]) transfer.items.add(file);",
        each.collect::<Vec<_>>().join(", ")
    )
}

pub const ROOT: &str = "const root = [...document.querySelectorAll('[data-bowerbird]')].at(-1).shadowRoot;";

/// As if the device's own dialog had been answered with these.
pub async fn chooses_files(visitor: &Visitor, list: &[(&str, &str, &[u8])]) {
    visitor.sees("[data-action='choose-files']").await;
    let then = "const input = root.querySelector('[data-role=files]'); input.files = transfer.files; input.dispatchEvent(new Event('change'))";
    visitor.runs(&format!("{} {ROOT} {then}", files(list))).await;
}

/// As if they had been dragged there and let go.
async fn drops(visitor: &Visitor, onto: &str, list: &[(&str, &str, &[u8])]) {
    let then = format!(
        "for (const name of ['dragenter', 'dragover', 'drop'])
            root.querySelector('{onto}').dispatchEvent(new DragEvent(name, {{ bubbles: true, cancelable: true, composed: true, dataTransfer: transfer }}))"
    );
    visitor.runs(&format!("{} {ROOT} {then}", files(list))).await;
}

async fn opens(visitor: &Visitor, stage: &Stage, mut options: Value) {
    if options.get("fromSources").is_none() {
        options["fromSources"] = json!("local_file_system");
    }
    visitor.opens(&stage.page, options).await;
}

/// What a pick with these options makes of a photo of the device.
async fn stores_one(visitor: &Visitor, stage: &Stage, options: Value, photo: &[u8]) -> Vec<u8> {
    opens(visitor, stage, options).await;
    visitor.starts_picking().await;
    chooses_files(visitor, &[(PHOTO, "image/jpeg", photo)]).await;
    visitor.confirms().await;
    let result = visitor.receives().await;
    stage.stored_bytes(result["filesUploaded"][0]["url"].as_str().unwrap()).await
}

/// A JPEG's size in pixels.
pub fn size_of(jpeg: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(jpeg).unwrap();
    (image.width(), image.height())
}

#[tokio::test]
async fn photos_of_the_device_are_chosen_and_stored() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"maxFiles": 5, "storeTo": {"path": "/orders/17/"}})).await;
        visitor.starts_picking().await;
        visitor.photographs("device-empty").await;
        let (one, two) = (bytes_of(PHOTO), bytes_of("coffee-cup.jpg"));
        chooses_files(&visitor, &[(PHOTO, "image/jpeg", &one), ("cup.jpg", "image/jpeg", &two)]).await;
        visitor.reads("2 of 5 selected").await;
        visitor.photographs("device-chosen").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let [first, second] = [&result["filesUploaded"][0], &result["filesUploaded"][1]];
        assert_eq!(first["filename"], PHOTO);
        assert_eq!(first["source"], "local_file_system");
        assert_eq!(first["originalPath"], format!("/{PHOTO}"));
        assert_eq!(first["originalFile"], json!({"name": PHOTO, "size": one.len(), "type": "image/jpeg"}));
        assert!(first["key"].as_str().unwrap().starts_with("orders/17/"), "{first}");
        assert_eq!(stage.stored_bytes(first["url"].as_str().unwrap()).await, one);
        assert_eq!(stage.stored_bytes(second["url"].as_str().unwrap()).await, two);
        assert_eq!(result["filesFailed"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_or_pasted_is_added_and_chosen() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"fromSources": ["facebook", "local_file_system"], "maxFiles": 9})).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
        let photo = bytes_of(PHOTO);
        drops(&visitor, ".dialog", &[("elsewhere.jpg", "image/jpeg", &photo)]).await;
        visitor.sees("[data-action='connect']").await;
        visitor.chooses_service("local_file_system").await;
        drops(&visitor, ".dialog", &[("dropped.jpg", "image/jpeg", &photo)]).await;
        visitor.reads("1 of 9 selected").await;
        let paste = "document.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }))";
        visitor.runs(&format!("{} {paste}", files(&[("pasted.jpg", "image/jpeg", &photo)]))).await;
        visitor.reads("2 of 9 selected").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let names = [0, 1].map(|at| result["filesUploaded"][at]["filename"].as_str().unwrap().to_owned());
        assert_eq!(names, ["dropped.jpg", "pasted.jpg"]);
    })
    .await;
}

#[tokio::test]
async fn everywhere_in_the_dialog_where_the_page_wants_that() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"fromSources": ["facebook", "local_file_system"], "maxFiles": 9, "globalDropZone": true});
        opens(&visitor, &stage, options).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
        drops(&visitor, ".dialog", &[("dropped.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
        visitor.reads("1 of 9 selected").await;
        visitor.sees("[data-action='choose-files']").await;
    })
    .await;
}

#[tokio::test]
async fn what_the_page_does_not_take_is_not_added_and_said_to_be() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"maxFiles": 9, "accept": ["image/*", ".PDF"], "maxSize": 100_000})).await;
        visitor.starts_picking().await;
        let small = bytes_of("clock-in-motion.jpg");
        for (list, words) in [
            (
                ("notes.txt", "text/plain", &b"notes"[..]),
                "notes.txt is not of a type that this site takes: image/*, .pdf",
            ),
            (("large.jpg", "image/jpeg", &vec![7; 100_001][..]), "large.jpg is too big. It may have at most 100 kB."),
            (("empty.jpg", "image/jpeg", &b""[..]), "empty.jpg is empty."),
        ] {
            chooses_files(&visitor, &[list]).await;
            visitor.reads(words).await;
        }
        let pdf: &[u8] = b"%PDF-1.4\n%%EOF";
        chooses_files(&visitor, &[("clock.jpg", "image/jpeg", &small), ("order.pdf", "application/pdf", pdf)]).await;
        visitor.reads("2 of 9 selected").await;
        visitor.photographs("device-files").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2);
        let stored = &result["filesUploaded"][1];
        assert_eq!(
            (stored["filename"].as_str(), stored["mimetype"].as_str()),
            (Some("order.pdf"), Some("application/pdf"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_remark_goes_when_its_time_is_over() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"maxFiles": 9, "accept": "image/*", "errorsTimeout": 300})).await;
        visitor.starts_picking().await;
        chooses_files(&visitor, &[("notes.txt", "text/plain", b"notes")]).await;
        visitor.reads("notes.txt is not of a type").await;
        let said =
            format!("{ROOT} return root.querySelector('.dialog').innerText.includes('notes.txt') ? 'still' : 'gone'");
        visitor.until_it_says(&said, "gone").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_may_refuse_or_rename_what_is_chosen() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"maxFiles": 9, "exposeOriginalFile": true})).await;
        visitor
            .runs(
                "options.onFileSelected = async file => {
                    if (file.filename === 'no.jpg') throw new Error('Not this one');
                    return { ...file, name: 'yes-' + file.filename };
                };
                options.acceptFn = (file, look) => look.mimeFromMagicBytes(file.originalFile).then(type => {
                    (window.looked ??= []).push([file.filename, type, look.mimeFromExtension(file.originalFile.name), look.acceptMime]);
                    if (type !== 'image/jpeg') return Promise.reject('No photo: ' + file.filename);
                });
                options.onUploadDone = done => window.isFile = done.filesUploaded[0].originalFile instanceof File",
            )
            .await;
        visitor.starts_picking().await;
        let photo = bytes_of(PHOTO);
        chooses_files(&visitor, &[("no.jpg", "image/jpeg", &photo)]).await;
        visitor.reads("Not this one").await;
        chooses_files(&visitor, &[("liar.jpg", "image/jpeg", b"not at all")]).await;
        visitor.reads("No photo: yes-liar.jpg").await;
        chooses_files(&visitor, &[("photo.jpg", "image/jpeg", &photo)]).await;
        visitor.reads("1 of 9 selected").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"][0]["filename"], "yes-photo.jpg");
        assert_eq!(visitor.runs("return window.isFile").await, true);
        let looked = visitor.runs("return window.looked").await;
        assert_eq!(looked, json!([["yes-liar.jpg", "", "image/jpeg", []], ["yes-photo.jpg", "image/jpeg", "image/jpeg", []]]));
    })
    .await;
}

#[tokio::test]
async fn images_are_brought_to_the_size_that_the_page_wants() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let photo = bytes_of(PHOTO);
        let full = size_of(&photo);
        assert_eq!(full, (512, 512));
        for (wish, becomes) in [
            (json!({"imageMax": [200, 100]}), (100, 100)),
            (json!({"imageMin": [600, 700]}), (700, 700)),
            (json!({"imageDim": [300, null]}), (300, 300)),
            (json!({"imageMax": [1000, 1000]}), full),
        ] {
            let stored = stores_one(&visitor, &stage, wish.clone(), &photo).await;
            assert_eq!(size_of(&stored), becomes, "{wish}");
            assert_eq!(stored == photo, becomes == full, "{wish}: what fits is sent as it is");
        }
        opens(&visitor, &stage, json!({"imageMin": [600, 600], "imageMinMaxBlock": true})).await;
        visitor.starts_picking().await;
        chooses_files(&visitor, &[(PHOTO, "image/jpeg", &photo)]).await;
        visitor.reads("astronaut.jpg has too few pixels.").await;
    })
    .await;
}

/// A JPEG with an EXIF segment that says where it was taken, and that it lies on its side.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let exif =
        b"\xFF\xE1\0\x36Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0somewhere at home...";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

#[tokio::test]
async fn what_a_photo_tells_of_its_place_is_taken_out() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let photo = with_exif(&bytes_of(PHOTO));
        let has = |bytes: &[u8], words: &[u8]| bytes.windows(words.len()).any(|part| part == words);
        for (wish, tells, turned) in [
            (json!({}), true, true),
            (json!({"cleanupImageExif": true}), false, false),
            (json!({"cleanupImageExif": {"keepOrientation": true}}), false, true),
        ] {
            let stored = stores_one(&visitor, &stage, wish.clone(), &photo).await;
            assert_eq!((has(&stored, b"somewhere at home"), has(&stored, b"Exif")), (tells, turned), "{wish}");
            assert!(stored.ends_with(&photo[photo.len() - 1000..]), "{wish}: the image is as it was");
        }
    })
    .await;
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_goes_on_when_the_network_is_back() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({})).await;
        visitor.runs("options.onFileUploadProgress = (file, { totalBytes }) => (window.told ??= []).push(totalBytes)").await;
        visitor.starts_picking().await;
        let make = "const bytes = new Uint8Array(13 * 1024 * 1024).map((_, at) => at % 251);
            const transfer = new DataTransfer(); transfer.items.add(new File([bytes], 'film.mp4', { type: 'video/mp4' }));";
        let take = "const input = root.querySelector('[data-role=files]'); input.files = transfer.files; input.dispatchEvent(new Event('change'))";
        visitor.sees("[data-action='choose-files']").await;
        visitor.runs(&format!("{make} {ROOT} {take}")).await;
        visitor.sees("[data-action='confirm']:not(:disabled)").await;
        visitor.is_offline(true).await;
        visitor.confirms().await;
        visitor.reads("You are offline").await;
        visitor.is_offline(false).await;
        let result = visitor.receives().await;
        let stored = stage.stored_bytes(result["filesUploaded"][0]["url"].as_str().unwrap()).await;
        assert_eq!(stored.len(), 13 * 1024 * 1024);
        assert!(stored.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251));
        let told = visitor.runs("return window.told").await;
        let told: Vec<u64> = serde_json::from_value(told).unwrap();
        assert!(told.is_sorted() && told.len() > 2 && *told.last().unwrap() == 13 * 1024 * 1024, "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn copying_begins_by_itself_when_no_more_can_be_chosen() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"maxFiles": 2, "startUploadingWhenMaxFilesReached": true})).await;
        visitor.starts_picking().await;
        let photo = bytes_of(PHOTO);
        chooses_files(&visitor, &[("1.jpg", "image/jpeg", &photo)]).await;
        visitor.reads("1 of 2 selected").await;
        chooses_files(&visitor, &[("2.jpg", "image/jpeg", &photo)]).await;
        assert_eq!(visitor.receives().await["filesUploaded"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_on_a_pane_is_sent_at_once() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"displayMode": "dropPane", "container": "#prints", "maxFiles": 3})).await;
        visitor
            .runs(
                "options.dropPane = { onSuccess: files => window.success = files.length, onProgress: percent => window.percent = percent };
                document.getElementById('pick').click()",
            )
            .await;
        visitor.until_it_says("return String(!!document.querySelector('[data-bowerbird=pane]')?.shadowRoot.querySelector('.invite'))", "true").await;
        let photo = bytes_of(PHOTO);
        drops(&visitor, ".pane", &[("1.jpg", "image/jpeg", &photo), ("2.jpg", "image/jpeg", &photo)]).await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2);
        assert_eq!(visitor.runs("return [window.success, window.percent]").await, json!([2, 100]));
    })
    .await;
}

#[tokio::test]
async fn an_address_is_looked_up_and_stored() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        // Something that lies at an address: a file that this companion stored.
        opens(&visitor, &stage, json!({})).await;
        visitor.starts_picking().await;
        let photo = bytes_of(PHOTO);
        chooses_files(&visitor, &[(PHOTO, "image/jpeg", &photo)]).await;
        visitor.confirms().await;
        let at = visitor.receives().await["filesUploaded"][0]["url"].as_str().unwrap().to_owned();

        opens(&visitor, &stage, json!({"fromSources": "url", "maxFiles": 2, "accept": "image/*"})).await;
        visitor.starts_picking().await;
        let field = visitor.sees("#address").await;
        visitor.photographs("address").await;
        field
            .send_keys(format!("{}nothing-here", stage.page.replace("http://", "http://no.such.host.invalid/")))
            .await
            .unwrap();
        visitor.clicks("[data-action='add-address']").await;
        visitor.reads("There is nothing at this address").await;
        field.clear().await.unwrap();
        field.send_keys(&at).await.unwrap();
        visitor.clicks("[data-action='add-address']").await;
        visitor.reads("1 of 2 selected").await;
        visitor.photographs("address-chosen").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let stored = &result["filesUploaded"][0];
        assert_eq!(stored["source"], "url", "{result}");
        assert_eq!(stage.stored_bytes(stored["url"].as_str().unwrap()).await, photo);
        assert_ne!(stored["url"], at);
    })
    .await;
}
