//! What visitors make of their photos before they are stored: cut, round, turned, described; and what pages may ask of that.

use crate::device::{PHOTO, ROOT, bytes_of, chooses_files, files, size_of};
use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use image::{ImageFormat, Rgba, RgbaImage};
use serde_json::{Value, json};
use std::io::Cursor;
use std::time::Duration;

/// A PNG of 80 by 40 whose quarters are red, green, blue and white.
fn quarters() -> Vec<u8> {
    let color = |x: u32, y: u32| match (x < 40, y < 20) {
        (true, true) => [255, 0, 0, 255],
        (false, true) => [0, 255, 0, 255],
        (true, false) => [0, 0, 255, 255],
        (false, false) => [255, 255, 255, 255],
    };
    let mut bytes = Cursor::new(Vec::new());
    RgbaImage::from_fn(80, 40, |x, y| Rgba(color(x, y))).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn opens(visitor: &Visitor, stage: &Stage, options: Value) {
    opens_at(visitor, &stage.page, options).await;
}

async fn opens_at(visitor: &Visitor, page: &str, options: Value) {
    visitor.opens(page, options).await;
    let notes = "window.cut = []; options.onFileCropped = file => cut.push({ ...file })";
    visitor.runs(notes).await;
    visitor.starts_picking().await;
}

/// Opens Facebook's album and chooses these.
async fn chooses_of_facebook(visitor: &Visitor, places: &[usize]) {
    visitor.connects_as("alice").await;
    visitor.opens_folder("Holidays in Lisbon").await;
    visitor.picks(places).await;
}

async fn sees_the_frame(visitor: &Visitor) {
    visitor.sees(".editor[open] .canvas.here .frame").await;
}

/// Presses the button that says so in the editor.
async fn shapes(visitor: &Visitor, name: &str) {
    let press =
        format!("{ROOT} [...root.querySelectorAll('.editor .shape')].find(it => it.textContent === '{name}').click()");
    visitor.runs(&press).await;
}

async fn describes(visitor: &Visitor, words: &str) {
    let input = visitor.sees(".editor input[name=alt]").await;
    input.clear().await.unwrap();
    input.send_keys(words).await.unwrap();
}

async fn is_closed(visitor: &Visitor) {
    visitor.until_it_says(&format!("{ROOT} return String(root.querySelector('.editor'))"), "null").await;
}

#[tokio::test]
async fn a_photo_of_facebook_is_turned_cut_and_described() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"fromSources": "facebook", "maxFiles": 5})).await;
        chooses_of_facebook(&visitor, &[0, 1]).await;
        visitor.clicks("[data-action='tray']").await;
        visitor.clicks(".tray [data-action='edit']").await;
        sees_the_frame(&visitor).await;
        visitor.clicks("[data-action='turn-left']").await;
        shapes(&visitor, "1:1").await;
        describes(&visitor, "A tram on a hill").await;
        visitor.photographs("editor").await;
        visitor.clicks("[data-action='save-edit']").await;
        is_closed(&visitor).await;
        visitor.sees(".slot .edited").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let [first, second] = [&result["filesUploaded"][0], &result["filesUploaded"][1]];
        assert_eq!(first["rotated"], json!({"value": 90, "direction": "CCW"}));
        assert_eq!(first["alt"], "A tram on a hill");
        let size = &first["cropped"]["cropArea"]["size"];
        let original = &first["cropped"]["originalImageSize"];
        assert_eq!(size[0], size[1], "{first}");
        let (short, long) = (original[0].as_u64().unwrap(), original[1].as_u64().unwrap());
        assert_eq!(size[0].as_u64().unwrap(), short.min(long), "{first}");
        let bytes = stage.stored_bytes(first["url"].as_str().unwrap()).await;
        assert_eq!(json!([size_of(&bytes).0, size_of(&bytes).1]), *size, "what is told is what is stored");
        assert_eq!((&first["width"], &first["height"]), (&size[0], &size[1]));
        assert!(second.get("cropped").is_none() && second.get("rotated").is_none(), "{second}");
        let told = visitor.runs("return cut").await;
        assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
        assert_eq!((&told[0]["cropped"], &told[0]["uploadId"]), (&first["cropped"], &first["uploadId"]));
    })
    .await;
}

#[tokio::test]
async fn a_photo_of_instagram_becomes_round() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        // Where the page forbids inline style, too.
        opens_at(&visitor, &stage.strict_page(), json!({"fromSources": "instagram"})).await;
        visitor.connects_as("alice.pro").await;
        visitor.picks(&[0]).await;
        // Of one photo there is no tray.
        visitor.clicks(".footer [data-action='edit']").await;
        sees_the_frame(&visitor).await;
        shapes(&visitor, "Circle").await;
        visitor.photographs("editor-circle").await;
        visitor.clicks("[data-action='save-edit']").await;
        is_closed(&visitor).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let file = &result["filesUploaded"][0];
        assert_eq!(file["mimetype"], "image/png", "what is round has corners of nothing");
        let image =
            image::load_from_memory(&stage.stored_bytes(file["url"].as_str().unwrap()).await).unwrap().to_rgba8();
        assert_eq!((image.width(), image.get_pixel(0, 0)[3]), (image.height(), 0));
        assert_eq!(image.get_pixel(image.width() / 2, image.height() / 2)[3], 255);
        assert_eq!(file["cropped"]["cropArea"]["size"], json!([image.width(), image.height()]), "{file}");
        assert_eq!(visitor.runs("return window.violations").await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_picture_of_the_device_is_turned_and_cut_before_it_is_sent() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"fromSources": "local_file_system"})).await;
        chooses_files(&visitor, &[("quarters.png", "image/png", &quarters())]).await;
        visitor.clicks(".footer [data-action='edit']").await;
        sees_the_frame(&visitor).await;
        // To the left half, and then its upper quarter of the turned picture.
        visitor.runs(&format!("{ROOT} root.querySelector('.frame').focus()")).await;
        for _ in 0..50 {
            presses(&visitor, "ArrowLeft", true).await;
        }
        visitor.clicks("[data-action='turn-right']").await;
        visitor.clicks("[data-action='save-edit']").await;
        is_closed(&visitor).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        let file = &result["filesUploaded"][0];
        let bytes = stage.stored_bytes(file["url"].as_str().unwrap()).await;
        let image = image::load_from_memory(&bytes).unwrap().to_rgba8();
        assert_eq!(image.dimensions(), (40, 40), "{file}");
        // The left half, red above blue, a quarter clockwise: blue beside red.
        assert_eq!(image.get_pixel(5, 20).0, [0, 0, 255, 255]);
        assert_eq!(image.get_pixel(35, 20).0, [255, 0, 0, 255]);
        assert_eq!(file["rotated"], json!({"value": 90, "direction": "CW"}));
        let cropped = json!({"cropArea": {"position": [0, 0], "size": [40, 40]}, "originalImageSize": [40, 80]});
        assert_eq!(file["cropped"], cropped);
    })
    .await;
}

async fn presses(visitor: &Visitor, key: &str, shift: bool) {
    let press = format!(
        "{ROOT} root.querySelector('.frame').dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', shiftKey: {shift}, bubbles: true, cancelable: true }}))"
    );
    visitor.runs(&press).await;
}

#[tokio::test]
async fn a_frame_is_drawn_by_pointer_and_by_keyboard_and_escape_leaves_all_as_it_was() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        opens(&visitor, &stage, json!({"fromSources": "local_file_system"})).await;
        chooses_files(&visitor, &[("quarters.png", "image/png", &quarters())]).await;
        visitor.clicks(".footer [data-action='edit']").await;
        sees_the_frame(&visitor).await;
        let share = async |of: &str| {
            visitor.runs(&format!("{ROOT} return parseFloat(root.querySelector('.frame').style.{of})")).await.as_f64().unwrap()
        };
        let drag = |selector: &str, x: f64, y: f64| {
            format!(
                "{ROOT} const box = root.querySelector('.canvas').getBoundingClientRect();
                const it = root.querySelector('{selector}'), at = it.getBoundingClientRect();
                const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
                const does = (name, dx, dy) => it.dispatchEvent(new PointerEvent(name, {{ bubbles: true, composed: true,
                    button: 0, pointerId: 1, clientX: x + dx * box.width, clientY: y + dy * box.height }}));
                does('pointerdown', 0, 0); does('pointermove', {x}, {y}); does('pointerup', {x}, {y});"
            )
        };
        visitor.runs(&drag(".pull[data-at=\"1,1\"]", -0.5, -0.25)).await;
        assert!((share("width").await - 50.0).abs() < 1.0 && (share("height").await - 75.0).abs() < 1.0);
        visitor.runs(&drag(".frame", 0.9, 0.1)).await;
        assert!((share("left").await - 50.0).abs() < 1.0 && (share("top").await - 10.0).abs() < 1.0);
        presses(&visitor, "ArrowLeft", false).await;
        presses(&visitor, "ArrowDown", true).await;
        assert!((share("left").await - 49.0).abs() < 1.0 && (share("height").await - 76.0).abs() < 1.0);
        let told = visitor.runs(&format!("{ROOT} return root.querySelector('.editor [role=status]').textContent")).await;
        assert_eq!(told, "49 % from the left, 10 % from the top, 50 % wide, 76 % high");
        // A shape is kept however it is pulled; of a picture twice as wide as high it is half as wide in shares.
        shapes(&visitor, "1:1").await;
        visitor.runs(&drag(".pull[data-at=\"-1,-1\"]", 0.1, 0.0)).await;
        assert!((share("height").await - 2.0 * share("width").await).abs() < 1.0);
        visitor.clicks("[data-action='reset-edit']").await;
        assert_eq!((share("width").await, share("height").await), (100.0, 100.0));
        shapes(&visitor, "Circle").await;
        let escape = "root.querySelector('.frame').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))";
        visitor.runs(&format!("{ROOT} {escape}")).await;
        is_closed(&visitor).await;
        let focus = visitor.runs(&format!("{ROOT} return root.activeElement?.dataset.action")).await;
        assert_eq!(focus, "edit", "the focus is where it was");
        visitor.confirms().await;
        let result = visitor.receives().await;
        let file = &result["filesUploaded"][0];
        assert!(file.get("cropped").is_none(), "{file}");
        assert_eq!(stage.stored_bytes(file["url"].as_str().unwrap()).await, quarters());
    })
    .await;
}

#[tokio::test]
async fn a_page_insists_on_a_shape() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let crop = json!({"crop": {"aspectRatio": 1.5, "force": true}, "rotate": false});
        opens(&visitor, &stage, json!({"fromSources": "facebook", "maxFiles": 5, "transformations": crop})).await;
        chooses_of_facebook(&visitor, &[0, 1]).await;
        visitor.confirms().await;
        sees_the_frame(&visitor).await;
        visitor.reads("1 of 2").await;
        let offered = visitor
            .runs(&format!("{ROOT} return root.querySelectorAll('.editor .shape, .editor [data-action^=turn]').length"))
            .await;
        assert_eq!(offered, 0, "neither another shape nor a turn");
        // Who does not want to goes back to the photos, and nothing is copied.
        visitor.clicks("[data-action='cancel-edit']").await;
        is_closed(&visitor).await;
        visitor.sees(".footer [data-action='confirm']").await;
        visitor.confirms().await;
        for place in ["1 of 2", "2 of 2"] {
            visitor.reads(place).await;
            sees_the_frame(&visitor).await;
            visitor.clicks("[data-action='save-edit']").await;
        }
        let result = visitor.receives().await;
        for file in result["filesUploaded"].as_array().unwrap() {
            let (width, height) = size_of(&stage.stored_bytes(file["url"].as_str().unwrap()).await);
            let ratio = f64::from(width) / f64::from(height);
            assert!((ratio - 1.5).abs() < 0.02, "{width} by {height}");
        }
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn pages_leave_out_what_they_do_not_want_edited() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let photo = bytes_of(PHOTO);
        let editor = async |options: Value| {
            let mut all = json!({"fromSources": "local_file_system"});
            all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
            opens(&visitor, &stage, all).await;
            chooses_files(&visitor, &[(PHOTO, "image/jpeg", &photo)]).await;
            visitor.sees(".footer [data-action='confirm']:not([disabled])").await;
            let edits = format!("{ROOT} const edit = root.querySelector('[data-action=edit]'); edit?.click(); return !!edit");
            if visitor.runs(&edits).await != true {
                return json!(null);
            }
            let waits = format!("{ROOT} return String(!root.querySelector('.editor .spinner'))");
            visitor.until_it_says(&waits, "true").await;
            visitor.settles().await;
            let seen = "const all = selector => [...root.querySelectorAll(`.editor ${selector}`)];
                return [all('.shape').map(it => it.textContent).join(), all('[data-action^=turn]').length, all('input').length, all('.frame').length]";
            visitor.runs(&format!("{ROOT} {seen}")).await
        };
        let all = "Free,1:1,4:3,16:9,Circle";
        assert_eq!(editor(json!({})).await, json!([all, 2, 1, 1]));
        assert_eq!(editor(json!({"disableAltText": true})).await, json!([all, 2, 0, 1]));
        assert_eq!(editor(json!({"disableTransformer": true})).await, json!(["", 0, 1, 0]));
        assert_eq!(editor(json!({"disableTransformer": true, "disableAltText": true})).await, json!(null));
        let transformations = async |these: Value| editor(json!({"transformations": these})).await;
        assert_eq!(transformations(json!({"circle": false, "rotate": false})).await, json!(["Free,1:1,4:3,16:9", 0, 1, 1]));
        assert_eq!(transformations(json!({"crop": false})).await, json!(["Original,Circle", 2, 1, 0]));
        assert_eq!(transformations(json!({"crop": {"aspectRatio": 1}})).await, json!(["Square,Circle", 2, 1, 1]));
        assert_eq!(transformations(json!({"crop": {"aspectRatio": 1.5}, "circle": true})).await, json!(["", 2, 1, 1]));

        visitor.opens(&stage.page, json!({"transformations": {"crop": {"aspect": 1}}})).await;
        visitor.runs("document.getElementById('pick').click()").await;
        visitor.until_it_says("return String(window.outcome?.error)", "transformations.crop takes").await;
    })
    .await;
}

#[tokio::test]
async fn a_picker_crops_what_the_page_has() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let photo = bytes_of(PHOTO);
        let crop = "window.cropped = null;
            const picker = client.picker({ onUploadDone: result => window.cropped = result });
            return picker.crop(transfer.files.length ? [...transfer.files] : [])";
        visitor.runs(&format!("{} {crop}", files(&[(PHOTO, "image/jpeg", &photo)]))).await;
        sees_the_frame(&visitor).await;
        shapes(&visitor, "1:1").await;
        visitor.clicks("[data-action='save-edit']").await;
        visitor.until_it_says("return String(window.cropped?.filesUploaded.length)", "1").await;
        let file = visitor.runs("return window.cropped.filesUploaded[0]").await;
        let (width, height) = size_of(&stage.stored_bytes(file["url"].as_str().unwrap()).await);
        assert_eq!((width, &file["source"]), (height, &json!("local_file_system")), "{file}");

        // An address: the browser shows it, and the companion fetches and cuts it.
        let address = file["url"].as_str().unwrap();
        visitor.runs(&format!("window.cropped = null; client.picker({{ onUploadDone: result => window.cropped = result }}).crop('{address}')")).await;
        sees_the_frame(&visitor).await;
        shapes(&visitor, "16:9").await;
        visitor.clicks("[data-action='save-edit']").await;
        visitor.until_it_says("return String(window.cropped?.filesUploaded.length)", "1").await;
        let file = visitor.runs("return window.cropped.filesUploaded[0]").await;
        let (width, height) = size_of(&stage.stored_bytes(file["url"].as_str().unwrap()).await);
        assert!((f64::from(width) / f64::from(height) - 16.0 / 9.0).abs() < 0.02, "{width} by {height}");
        assert_eq!(file["source"], "url");

        let refused = visitor.runs("return client.picker({}).crop([]).catch(error => error.message)").await;
        assert!(refused.as_str().unwrap().contains("cropFiles"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_on_a_pane_is_cropped_where_the_page_wants_that() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"displayMode": "dropPane", "container": "body", "dropPane": {"cropFiles": true}});
        visitor.opens(&stage.page, options).await;
        visitor.runs("document.getElementById('pick').click()").await;
        visitor.sees(".pane .invite").await;
        let drop = "for (const name of ['dragenter', 'dragover', 'drop']) root.querySelector('.pane')
            .dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, composed: true, dataTransfer: transfer }))";
        visitor.runs(&format!("{} {ROOT} {drop}", files(&[("quarters.png", "image/png", &quarters())]))).await;
        sees_the_frame(&visitor).await;
        shapes(&visitor, "1:1").await;
        visitor.clicks("[data-action='save-edit']").await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"][0]["cropped"]["cropArea"], json!({"position": [20, 0], "size": [40, 40]}));
    })
    .await;
}
