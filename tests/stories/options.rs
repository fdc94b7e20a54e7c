//! What a page asks for by an option, one story an option; those of the dialog's place and looks are told in `embedding.rs`, those of the
//! device's files in `device.rs`.

use crate::device::{PHOTO, ROOT, bytes_of, chooses_files, size_of};
use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use bowerbird_emulator::Fault;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_pages_own_lines_stand_around_the_button_that_connects() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let texts =
            json!({"default": {"top": ["For everyone"], "bottom": "Below"}, "instagram": {"top": "For Instagram"}});
        let options = json!({"fromSources": ["facebook", "instagram"], "customAuthText": texts});
        visitor.opens(&stage.page, options).await;
        visitor.starts_picking().await;
        visitor.reads("For everyone").await;
        visitor.chooses_service("instagram").await;
        visitor.reads("For Instagram").await;
        visitor.reads("Below").await;
    })
    .await;
}

#[tokio::test]
async fn whoever_meets_trouble_is_told_whom_to_write_to() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "facebook", "supportEmail": "help@shop.example"})).await;
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        stage.emulator.set_fault(Fault::RateLimited { code: None, times: None });
        visitor.opens_folder("Mobile uploads").await;
        let link = visitor.sees(".trouble .support a").await;
        assert_eq!(link.attr("href").await.unwrap().as_deref(), Some("mailto:help@shop.example"));
    })
    .await;
}

#[tokio::test]
async fn sizes_hold_for_facebook_too() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let pick = async |options: serde_json::Value| {
            visitor.opens(&stage.page, options).await;
            visitor.starts_picking().await;
            visitor.connects_as("alice").await;
            visitor.opens_folder("Holidays in Lisbon").await;
            visitor.picks(&[0]).await;
        };
        pick(json!({"fromSources": "facebook", "maxSize": 1000})).await;
        visitor.confirms().await;
        visitor.reads("This photo is too large.").await;

        pick(json!({"fromSources": "facebook", "maxSize": 1000, "allowManualRetry": false})).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesFailed"][0]["error"]["code"], "too_large", "{result}");

        pick(json!({"fromSources": "facebook", "imageMax": [100, 100]})).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let stored = stage.stored_bytes(result["filesUploaded"][0]["url"].as_str().unwrap()).await;
        let (width, height) = size_of(&stored);
        assert_eq!(width.max(height), 100);

        pick(json!({"fromSources": "facebook", "imageMin": [9000, 9000], "imageMinMaxBlock": true})).await;
        visitor.reads("has too few pixels").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_names_keys_and_tags() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options =
            json!({"fromSources": "local_file_system", "disableStorageKey": true, "storeTo": {"path": "/orders/"}});
        visitor.opens(&stage.page, options).await;
        visitor.runs("options.uploadConfig = { tags: file => ({ order: '17', name: file.filename }) }").await;
        for key in ["orders/print.jpg", "orders/print-2.jpg"] {
            visitor.starts_picking().await;
            chooses_files(&visitor, &[("print.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
            visitor.confirms().await;
            let result = visitor.receives().await;
            assert_eq!(result["filesUploaded"][0]["key"], key, "{result}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_page_says_how_files_are_taken() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let has = async |selector: &str| {
            visitor.runs(&format!("{ROOT} return !!root.querySelector(\"{selector}\")")).await == json!(true)
        };
        visitor.opens(&stage.page, json!({"fromSources": "local_file_system", "maxFiles": 5})).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='choose-folder']").await;
        assert!(has("[data-role=files][multiple]").await && has("[data-role=folder][webkitdirectory]").await);
        chooses_files(&visitor, &[("print.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
        visitor.sees(".tile.photo img.here").await;

        let options = json!({"fromSources": "local_file_system", "maxFiles": 5, "disableDirectoryUpload": true,
            "multipleFileUpload": false, "disableThumbnails": true, "accept": [".jpg", "image/png"]});
        visitor.opens(&stage.page, options).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='choose-files']").await;
        assert!(!has("[data-role=files][multiple]").await && !has("[data-role=folder]").await);
        assert!(has("[data-role=files][accept='.jpg,image/png']").await);
        chooses_files(&visitor, &[("print.jpg", "image/jpeg", &bytes_of(PHOTO))]).await;
        visitor.sees(".tile.photo .file").await;
        assert!(!has(".tile.photo img").await);
    })
    .await;
}

#[tokio::test]
async fn no_more_files_are_sent_at_once_than_the_page_wants() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"fromSources": "local_file_system", "maxFiles": 6, "concurrency": 2});
        visitor.opens(&stage.page, options).await;
        visitor
            .runs(
                "window.most = 0; let now = 0;
                options.onFileUploadStarted = () => window.most = Math.max(window.most, ++now);
                options.onFileUploadFinished = () => now--;",
            )
            .await;
        visitor.starts_picking().await;
        let photo = bytes_of(PHOTO);
        let names = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"];
        chooses_files(&visitor, &names.map(|name| (name, "image/jpeg", photo.as_slice()))).await;
        visitor.confirms().await;
        assert_eq!(visitor.receives().await["filesUploaded"].as_array().unwrap().len(), 6);
        assert_eq!(visitor.runs("return window.most").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_part_of_the_page_takes_what_is_pasted_as_the_page_says() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"fromSources": "local_file_system", "displayMode": "inline", "container": "#place", "maxFiles": 5});
        for (mode, takes) in [(json!({}), false), (json!({"pasteToFirstInstance": true}), true), (json!({"pasteToFirstInViewPort": true}), true)] {
            let mut options = options.clone();
            options["pasteMode"] = mode.clone();
            options["container"] = json!("#prints");
            visitor.opens(&stage.page, options).await;
            visitor
                .runs(
                    "const place = document.createElement('div');
                    place.id = 'place';
                    place.style.cssText = 'width: 600px; height: 480px';
                    document.getElementById('pick').before(place);
                    options.container = place;
                    document.getElementById('pick').click()",
                )
                .await;
            visitor.sees("[data-action='choose-files']").await;
            let paste = "document.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }))";
            visitor.runs(&format!("{} {paste}", crate::device::files(&[("pasted.jpg", "image/jpeg", &bytes_of(PHOTO))]))).await;
            if takes {
                visitor.reads("1 of 5 selected").await;
            } else {
                assert!(!visitor.words().await.contains("selected"), "{mode}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_has_no_meaning_here_is_warned_about_and_what_nobody_knows_is_refused() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "local_file_system"})).await;
        let said = visitor
            .driver()
            .execute_async(
                "const done = arguments[0], said = [], { warn } = console;
                console.warn = words => said.push(words);
                const stop = new AbortController();
                setTimeout(() => stop.abort(), 1000);
                client.pick({ signal: stop.signal, fromSources: 'local_file_system', websearch: {}, loadCss: 'x', customSourceName: 'x',
                    customSourcePath: 'x', customSourceContainer: 'x', googleDriveAppID: 'x', transformationsUI: true,
                    useSentryBreadcrumbs: false, videoResolution: '640x480', failOverMaxFiles: true }).then(() => {
                    console.warn = warn;
                    return client.pick({ maxFile: 3 });
                }).catch(error => done([said, error.message]));",
                vec![],
            )
            .await
            .unwrap()
            .json()
            .clone();
        let warnings = said[0].as_array().unwrap();
        assert_eq!(warnings.len(), 10, "{said}");
        assert!(warnings.iter().all(|words| words.as_str().unwrap().contains("has no meaning here")), "{said}");
        assert!(said[1].as_str().unwrap().contains("there is no option 'maxFile'; did you mean 'maxFiles'?"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_small_dialog_is_small_where_there_is_room() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.has_a_screen_of(1280, 800).await;
        let options = json!({"fromSources": ["local_file_system", "facebook"], "maxFiles": 5, "miniUploader": true});
        visitor.opens(&stage.page, options).await;
        visitor.starts_picking().await;
        visitor.sees(".service").await;
        let width = format!("{ROOT} return root.querySelector('.dialog').getBoundingClientRect().width");
        visitor.settles().await;
        assert_eq!(visitor.runs(&width).await, 460);
        visitor.photographs("mini-services").await;
        visitor.chooses_service("local_file_system").await;
        visitor.sees("[data-action='choose-files']").await;
        visitor.photographs("mini-device").await;
    })
    .await;
}

#[tokio::test]
async fn photos_begin_as_a_list_where_the_page_wants_that() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        for (view, pressed) in [("list", "view-list"), ("grid", "view-grid")] {
            visitor.opens(&stage.page, json!({"fromSources": "facebook", "viewType": view})).await;
            visitor.starts_picking().await;
            visitor.connects_as("alice").await;
            visitor.opens_folder("Holidays in Lisbon").await;
            visitor.sees(".tile.photo").await;
            visitor.sees(&format!("[data-action='{pressed}'][aria-pressed='true']")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn fewer_files_than_the_page_needs_cannot_be_confirmed() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"fromSources": "local_file_system", "minFiles": 2, "maxFiles": 3});
        visitor.opens(&stage.page, options).await;
        visitor.starts_picking().await;
        let photo = bytes_of(PHOTO);
        chooses_files(&visitor, &[("one.jpg", "image/jpeg", &photo)]).await;
        visitor.reads("Choose 1 more").await;
        visitor.sees("[data-action='confirm'][disabled]").await;
        chooses_files(&visitor, &[("two.jpg", "image/jpeg", &photo)]).await;
        visitor.confirms().await;
        assert_eq!(visitor.receives().await["filesUploaded"].as_array().unwrap().len(), 2);

        visitor.opens(&stage.page, json!({"minFiles": 2})).await;
        visitor.runs("document.getElementById('pick').click()").await;
        visitor.until_it_says("return String(window.outcome?.error)", "minFiles (2) is more than maxFiles (1").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_names_what_is_stored() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = |source: &str| json!({"fromSources": source, "storeTo": {"filename": "order-17.png"}});
        visitor.opens(&stage.page, options("local_file_system")).await;
        visitor.starts_picking().await;
        chooses_files(&visitor, &[(PHOTO, "image/jpeg", &bytes_of(PHOTO))]).await;
        visitor.confirms().await;
        let file = visitor.receives().await["filesUploaded"][0].clone();
        assert!(file["key"].as_str().unwrap().ends_with("order-17.png"), "{file}");

        visitor.opens(&stage.page, options("facebook")).await;
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        visitor.confirms().await;
        let file = visitor.receives().await["filesUploaded"][0].clone();
        assert_eq!(file["filename"], "order-17.jpg", "its extension is that of its true type: {file}");
    })
    .await;
}
