//! What a page does with a client beside `pick`, and Filestack's own client with our picker.

use crate::stage::{GUARDED, Stage};
use crate::tell;
use crate::visitor::Visitor;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bowerbird_companion::secrets::{Secret, hmac_hex};
use serde_json::{Value, json};
use std::time::Duration;

/// The value that the body of an async function of the page's returns; `{error}` when it throws.
async fn does(visitor: &Visitor, body: &str) -> Value {
    let script = format!(
        "const done = arguments[arguments.length - 1];
        (async () => {{ {body} }})().then(it => done(it ?? null), error => done({{ error: error.message, code: error.code, status: error.status }}));"
    );
    visitor.driver().execute_async(&script, vec![]).await.expect("a script").json().clone()
}

/// Closes the dialog.
async fn leaves(visitor: &Visitor) {
    visitor.clicks(".header > button:last-child").await;
    visitor.until_it_says("return String(document.querySelectorAll('[data-bowerbird]').length)", "0").await;
}

/// What the key `guarded` wants to see, for whatever may be done.
fn policy() -> Value {
    let calls = ["pick", "read", "stat", "write", "writeUrl", "store", "convert", "remove", "exif"];
    let policy = STANDARD.encode(json!({"expiry": 4_102_444_800_u64, "call": calls}).to_string());
    let signature = hmac_hex(&Secret::new(GUARDED), &policy);
    json!({"policy": policy, "signature": signature})
}

/// Has the page include Filestack's client, whose every call goes to the companion: the global `theirs`.
async fn has_filestacks_client(visitor: &Visitor, stage: &Stage) {
    let script = "target/tools/filestack/node_modules/filestack-js/build/browser/filestack.min.js";
    let script = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
    visitor.runs(&script.expect("`cargo xtask test tools` installs Filestack's client")).await;
    let point = format!(
        "window.theirs = filestack.init('demo');
        Object.assign(theirs.session.urls, {{ uploadApiUrl: '{0}', processUrl: '{0}', cloudApiUrl: '{0}', cdnUrl: '{0}',
            fileApiUrl: '{0}/api/file', pickerUrl: '{0}/picker.js' }});",
        stage.companion
    );
    visitor.runs(&point).await;
}

#[tokio::test]
async fn addresses_of_transformations_are_those_of_filestacks_client() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        has_filestacks_client(&visitor, &stage).await;
        let differences = "const handle = 'a1B2c3D4e5F6g7H8i9J0', address = 'https://a.example/b/c.png?d=e,f';
            const cases = [
                [handle], [handle, {}], [address], [handle, { flip: true, flop: false, monochrome: true }], [handle, { cache: false }],
                [handle, { resize: { width: 40, height: 30, fit: 'crop', align: ['top', 'left'] }, output: { format: 'png' } }],
                [handle, { partialBlur: { amount: 9, objects: [[1, 2, 30, 40], [5, 6, 70, 80]] }, noMetadata: true }],
                [handle, { rotate: {}, border: { color: 'FF0000', width: 3 }, roundedCorners: { radius: 8, background: 'transparent' } }],
                [handle, { watermark: { file: handle, size: 30, position: ['top', 'center'] }, quality: { value: 60 } }],
                [handle, { fallback: { handle: 'https://a.example/x,y.png', cache: 12 }, sepia: { tone: 80 } }],
                [[handle, handle], { zip: true }], [address, { blur: { amount: 2 } }], [handle, { pdfconvert: { pages: [1, '3-'] } }],
                [handle, { store: { filename: 'a,b.png' } }],
            ];
            const differences = [];
            for (const security of [undefined, { policy: 'cG9saWN5', signature: 'f00d' }]) {
                client.setSecurity(security);
                theirs.setSecurity(security);
                for (const base64 of [false, true]) for (const [source, options] of cases) {
                    const said = [client, theirs].map(one => one.transform(source, structuredClone(options), base64));
                    if (said[0] !== said[1]) differences.push(said);
                }
            }
            return differences";
        assert_eq!(visitor.runs(differences).await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn files_of_the_page_are_stored_described_read_and_removed() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let open = format!("window.shop = bowerbird.init('guarded', {{ url: '{}/' }});", stage.companion);
        visitor.runs(&open).await;
        let refused = does(&visitor, "return shop.upload(new Blob(['words']))").await;
        assert_eq!(refused["status"], 403, "{refused}");
        visitor.runs(&format!("shop.setSecurity({})", policy())).await;

        let stored = does(
            &visitor,
            "const bytes = Uint8Array.from({ length: 13_000_000 }, (_, index) => (index * 31 + (index >> 8)) % 251);
            const seen = [], events = [];
            shop.on('upload.start', () => events.push('start'));
            const file = new File([bytes], 'a~b#c.bin', { type: 'application/octet-stream' });
            const token = {};
            const stored = await shop.upload(file, { onProgress: event => seen.push(event), progressInterval: 20, tags: { order: '17' } },
                { path: 'up/', access: 'private' }, token);
            const { status, data } = await shop.download(stored.handle);
            const back = new Uint8Array(await data.arrayBuffer());
            return { ...stored, status: stored.status, read: status, same: back.length === bytes.length && back.every((byte, at) => byte === bytes[at]),
                first: seen[0].totalPercent, last: seen.at(-1), rises: seen.every((event, at) => !at || event.totalBytes >= seen[at - 1].totalBytes),
                events, token: Object.keys(token) }",
        )
        .await;
        assert_eq!((&stored["same"], &stored["read"], &stored["status"]), (&json!(true), &json!(200), &json!("Stored")), "{stored}");
        assert_eq!((&stored["filename"], &stored["size"]), (&json!("a-b-c.bin"), &json!(13_000_000)), "{stored}");
        assert!(stored["key"].as_str().is_some_and(|key| key.starts_with("up/")), "{stored}");
        assert_eq!((&stored["first"], &stored["rises"], &stored["events"]), (&json!(0), &json!(true), &json!(["start"])));
        assert_eq!(stored["last"]["totalPercent"], 100, "{stored}");
        assert_eq!(stored["token"], json!(["pause", "resume", "cancel"]));
        let private = stage.http.get(stored["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(private.status(), 403);

        let handle = stored["handle"].as_str().unwrap();
        let rest = does(
            &visitor,
            &format!(
                "const known = await shop.metadata('{handle}', {{ size: true, sha256: true }});
                const head = await shop.retrieve('{handle}', {{ head: true }});
                const blob = await shop.retrieve('{handle}', {{ extension: 'bin' }});
                const copy = await shop.storeURL('{handle}', {{ path: 'copies/', filename: 'copy.bin' }});
                const prefetched = await shop.prefetch({{ permissions: ['intelligent_ingestion'], pickerOptions: {{ maxFiles: 2 }} }});
                await shop.remove('{handle}');
                const gone = await shop.download('{handle}').catch(error => error.status);
                return {{ known, head: head['content-length'], blob: blob.size, copy: copy.filename, prefetched, gone }}"
            ),
        )
        .await;
        assert_eq!((&rest["known"]["size"], &rest["known"]["handle"]), (&json!(13_000_000), &json!(handle)), "{rest}");
        assert_eq!((&rest["head"], &rest["blob"]), (&json!("13000000"), &json!(13_000_000)), "{rest}");
        assert_eq!((&rest["copy"], &rest["gone"]), (&json!("copy.bin"), &json!(404)), "{rest}");
        assert_eq!(rest["prefetched"]["pickerOptions"]["maxFiles"], 2, "{rest}");
        assert_eq!(rest["prefetched"]["blocked"], false, "{rest}");
    })
    .await;
}

#[tokio::test]
async fn uploads_of_every_form_and_what_becomes_of_bad_ones() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let forms = does(
            &visitor,
            "const text = btoa('some words');
            const errors = [];
            client.on('upload.error', error => errors.push(error.message));
            const files = await client.multiupload([new Blob(['some words'], { type: 'text/plain' }), text, 'data:text/plain;base64,' + text,
                { file: new Blob(['some words']), name: 'named.txt' }, new File([], 'empty.txt')], {}, { filename: file => 'x-' + file.size + '.txt' });
            return { files: files.map(file => [file.size, file.filename, file.status]), errors }",
        )
        .await;
        let good = json!([10, "x-10.txt", "Stored"]);
        let files = json!([good, good, good, good, [0, "x-0.txt", "Failed"]]);
        assert_eq!(forms["files"], files, "{forms}");
        assert!(forms["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{forms}");
        for (call, says) in [
            ("client.upload(5)", "base64"),
            ("client.upload(new Blob(['a']), { partsize: 1 })", "partSize"),
            ("client.upload(new Blob(['a']), {}, { loction: 's3' })", "location"),
            ("client.upload(new Blob([]))", "empty"),
            ("client.metadata('')", "handle"),
            ("client.remove('a1B2c3D4e5F6g7H8i9J0')", "policy"),
            ("client.storeURL()", "address"),
        ] {
            let error = does(&visitor, &format!("return {call}")).await;
            assert!(error["error"].as_str().is_some_and(|error| error.contains(says)), "{call}: {error}");
        }
        let shaken = "const open = XMLHttpRequest.prototype.open, token = {};
            let broken = 2, retries = 0, puts = 0;
            XMLHttpRequest.prototype.open = function (method, url) {
                puts += method === 'PUT';
                return open.call(this, method, method === 'PUT' && broken-- > 0 ? 'http://127.0.0.1:9/' : url);
            };
            const begun = new Promise(go => client.on('upload.start', go));
            const going = client.upload(new Blob(['some words']), { retryMaxTime: 1, onRetry: () => retries++ }, {}, token);
            while (!token.pause) await new Promise(go => setTimeout(go));
            token.pause();
            await begun;
            await new Promise(go => setTimeout(go, 100));
            const paused = puts;
            token.resume();
            const { status } = await going;
            XMLHttpRequest.prototype.open = open;
            return { paused, status, retries, puts }";
        let shaken = does(&visitor, shaken).await;
        assert_eq!(shaken, json!({"paused": 0, "status": "Stored", "retries": 2, "puts": 3}));
        let cancelled = "const token = {};
            const upload = client.upload(new Blob([new Uint8Array(30_000_000)]), { onProgress: () => {} }, {}, token).catch(error => error.name);
            while (!token.cancel) await new Promise(go => setTimeout(go));
            token.pause();
            token.cancel();
            return upload";
        assert_eq!(does(&visitor, cancelled).await, "AbortError");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_lasts_does_with_its_files_what_it_may_until_it_is_logged_out() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let options = json!({"fromSources": "facebook", "maxFiles": 2, "init": {"sessionCache": true}});
        visitor.opens(&stage.page, options.clone()).await;
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.confirms().await;
        let files = visitor.receives().await["filesUploaded"].clone();
        let [first, second] = [0, 1].map(|at| files[at]["handle"].as_str().unwrap().to_owned());
        let known = does(&visitor, &format!("return client.metadata('{first}', {{ mimetype: true }})")).await;
        assert_eq!(known["mimetype"], "image/jpeg", "{known}");
        // On the next visit the picker is not there yet, and the session is.
        visitor.opens(&stage.page, options).await;
        let removed = does(
            &visitor,
            &format!("await client.remove('{first}'); return client.download('{first}').catch(error => error.status)"),
        )
        .await;
        assert_eq!(removed, 404);
        visitor.starts_picking().await;
        visitor.sees(".tile.folder").await;
        leaves(&visitor).await;
        does(&visitor, "return client.logout()").await;
        let refused = does(&visitor, &format!("return client.metadata('{second}')")).await;
        assert!(refused["error"].is_string(), "{refused}");
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
    })
    .await;
}

#[tokio::test]
async fn after_logging_out_of_a_source_a_pick_signs_in_anew() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "alice").await;
        visitor.sees(".tile.folder").await;
        leaves(&visitor).await;
        visitor.starts_picking().await;
        visitor.sees(".tile.folder").await;
        leaves(&visitor).await;
        let answer = does(&visitor, "return client.logout('facebook')").await;
        assert_eq!(answer, json!({}));
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_comes_later_holds_for_the_next_pick() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let start = format!(
            "window.shop = bowerbird.init('guarded', {{ url: '{}' }});
            document.getElementById('pick').onclick = () => shop.pick('facebook');",
            stage.companion
        );
        visitor.runs(&start).await;
        visitor.starts_picking().await;
        visitor.sees("[data-problem]").await;
        leaves(&visitor).await;
        visitor.runs(&format!("shop.setSecurity({})", policy())).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
    })
    .await;
}

/// `picker` is a picker of `from`, and `told` what it has told.
async fn has_a_picker(visitor: &Visitor, from: &str) {
    let script = format!(
        "window.told = [];
        window.picker = {from}.picker({{ fromSources: ['facebook'], maxFiles: 2,
            onOpen: handle => told.push(['open', Object.keys(handle).sort().join()]), onClose: () => told.push(['close']),
            onCancel: files => told.push(['cancel', Array.isArray(files), files.filesUploaded.length]),
            onUploadDone: ({{ filesUploaded }}) => told.push(['done', filesUploaded.length, filesUploaded[0].url]) }});"
    );
    visitor.runs(&script).await;
}

#[tokio::test]
async fn a_picker_opens_and_closes_as_often_as_it_is_told() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        has_a_picker(&visitor, "client").await;
        let twice = "const warned = [];
            console.warn = text => warned.push(text);
            await picker.close();
            const open = () => document.querySelectorAll('[data-bowerbird]').length;
            const seen = [open()];
            await picker.open(); await picker.open(); seen.push(open());
            await picker.close(); await picker.cancel(); seen.push(open());
            await picker.open(); seen.push(open());
            await picker.cancel(); seen.push(open());
            return { seen, warned: warned.length, told: told.map(([what]) => what), handle: told[0][1], cancelled: told[1] }";
        let twice = does(&visitor, twice).await;
        assert_eq!(twice["seen"], json!([0, 1, 0, 1, 0]), "{twice}");
        assert_eq!(twice["told"], json!(["open", "cancel", "close", "open", "cancel", "close"]), "{twice}");
        // As Filestack's picker gives it, and as its types have it.
        assert_eq!(twice["cancelled"], json!(["cancel", true, 0]), "{twice}");
        assert_eq!((&twice["handle"], &twice["warned"]), (&json!("cancel,close,crop,open"), &json!(1)));
        let crop = does(&visitor, "return picker.crop([])").await;
        assert!(crop["error"].as_str().is_some_and(|error| error.contains("cropFiles")), "{crop}");
        let wrong = does(&visitor, "return client.picker({ maxFils: 1 }).open()").await;
        assert!(wrong["error"].as_str().is_some_and(|error| error.contains("maxFiles")), "{wrong}");
        does(&visitor, "return picker.open()").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        visitor.confirms().await;
        visitor.until_it_says("return told.at(-1).join()", "done,1").await;
    })
    .await;
}

#[tokio::test]
async fn an_inline_picker_stays_for_more_until_it_is_closed() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        let inline = "window.ended = [];
            document.getElementById('prints').prepend(Object.assign(document.createElement('div'), { id: 'here', style: 'width: 400px; height: 640px' }));
            window.picker = client.picker({ displayMode: 'inline', container: 'here', fromSources: ['facebook'],
                onUploadDone: ({ filesUploaded }) => ended.push(filesUploaded.length) });
            return picker.open()";
        does(&visitor, inline).await;
        visitor.connects_as("alice").await;
        for count in ["1", "1,1"] {
            if count == "1,1" {
                visitor.connects_as("alice").await;
            }
            visitor.opens_folder("Holidays in Lisbon").await;
            visitor.picks(&[0]).await;
            visitor.confirms().await;
            visitor.until_it_says("return ended.join()", count).await;
        }
        let left = "await picker.close(); return document.querySelectorAll('[data-bowerbird]').length";
        assert_eq!(does(&visitor, left).await, 0);
    })
    .await;
}

#[tokio::test]
async fn filestacks_own_client_opens_our_picker() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({})).await;
        has_filestacks_client(&visitor, &stage).await;
        has_a_picker(&visitor, "theirs").await;
        does(&visitor, "return picker.open()").await;
        visitor.sees(".dialog[open]").await;
        does(&visitor, "return picker.close()").await;
        assert_eq!(visitor.runs("return document.querySelectorAll('[data-bowerbird]').length").await, 0);
        does(&visitor, "return picker.open()").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1]).await;
        visitor.confirms().await;
        visitor.until_it_says("return told.at(-1).join()", "done,2").await;
        let url = visitor.runs("return told.at(-1)[2]").await;
        assert!(!stage.stored_bytes(url.as_str().unwrap()).await.is_empty());
    })
    .await;
}
