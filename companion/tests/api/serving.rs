//! Stored files, the widget's files, and who shares the root with whom.

use crate::app::{TestApp, text};
use bowerbird_companion::secrets::{handle, is_handle};
use reqwest::{Method, StatusCode, header};

/// The names that Filestack's transformation URLs begin with, `/<task>/<handle>` and `/<task>=<options>/<handle>`.
const TASKS: &[&str] = &[
    "flip",
    "auto_image",
    "no_metadata",
    "compress",
    "flop",
    "enhance",
    "redeye",
    "monochrome",
    "negative",
    "tags",
    "sfw",
    "imagesize",
    "smart_crop",
    "animate",
    "metadata",
    "resize",
    "crop",
    "rotate",
    "detect_faces",
    "crop_faces",
    "pixelate_faces",
    "blur_faces",
    "rounded_corners",
    "vignette",
    "polaroid",
    "torn_edges",
    "shadow",
    "circle",
    "border",
    "sharpen",
    "blur",
    "blackwhite",
    "sepia",
    "pixelate",
    "oil_paint",
    "modulate",
    "ascii",
    "collage",
    "urlscreenshot",
    "upscale",
    "output",
    "pjpg",
    "quality",
    "cache",
    "video_convert",
    "store",
    "watermark",
    "partial_blur",
    "partial_pixelate",
    "security",
    "pdfinfo",
    "pdfconvert",
    "fallback",
    "zip",
    "minify_css",
    "minify_js",
    "preview",
    "b64",
];

async fn a_stored_file(app: &TestApp) -> (String, Vec<u8>) {
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let url = text(&visitor.stores("facebook", &photos[0]).await, "url");
    let bytes = app.http.get(&url).send().await.unwrap().bytes().await.unwrap().to_vec();
    (url, bytes)
}

#[tokio::test]
async fn a_stored_file_is_served_with_all_that_belongs_to_it() {
    let app = TestApp::start().await;
    let (url, bytes) = a_stored_file(&app).await;
    let full = app.http.get(&url).header(header::ORIGIN, "https://anywhere.example").send().await.unwrap();
    let header =
        |name: &str| full.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    assert_eq!(header("content-type"), "image/jpeg");
    assert_eq!(header("content-length"), bytes.len().to_string());
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header("access-control-allow-origin"), "*");
    assert!(header("content-disposition").starts_with("inline"));
    let etag = header("etag");
    assert!(etag.starts_with('"') && etag.len() == 66, "{etag}");

    let unchanged = app.http.get(&url).header(header::IF_NONE_MATCH, &etag).send().await.unwrap();
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    let head = app.http.head(&url).send().await.unwrap();
    assert_eq!(
        (head.status(), head.headers()[header::CONTENT_LENGTH].to_str().unwrap()),
        (StatusCode::OK, header("content-length").as_str())
    );

    let part = app.http.get(&url).header(header::RANGE, "bytes=10-19").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE].to_str().unwrap(), format!("bytes 10-19/{}", bytes.len()));
    assert_eq!(part.bytes().await.unwrap(), bytes[10..20]);
    let stale = app
        .http
        .get(&url)
        .header(header::RANGE, "bytes=10-19")
        .header(header::IF_RANGE, "\"other\"")
        .send()
        .await
        .unwrap();
    assert_eq!(stale.status(), StatusCode::OK);
    let beyond = app.http.get(&url).header(header::RANGE, "bytes=99999999-").send().await.unwrap();
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn api_paths_tasks_and_handles_do_not_clash() {
    let app = TestApp::start().await;
    let (url, _) = a_stored_file(&app).await;
    let handle_of_file = url.rsplit('/').next().unwrap();
    for task in TASKS {
        assert!(!is_handle(task), "{task}");
        // What answers is conversion, not an API path, and it takes no such argument.
        let answer = app.get(&format!("/{task}=nonsense:1/{handle_of_file}")).await;
        assert!(matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::NOT_IMPLEMENTED), "{task}");
        let said = answer.text().await.unwrap();
        assert!(!said.contains("nothing at this address"), "{task}: {said}");
    }
    for root in ["folder", "store", "auth", "api", "thumbnail", "healthz", "bowerbird.js"] {
        assert!(!is_handle(root), "{root}");
    }
    assert_eq!(app.get(&format!("/{}", handle())).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.http.request(Method::DELETE, &url).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_widgets_files_are_served_compressed_and_cached_by_their_names() {
    let app = TestApp::start().await;
    let folder = app.widget_dir();
    for (name, content) in [
        ("bowerbird.js", "loader"),
        ("bowerbird-0.1.0-0123456789abcdef.js", "loader"),
        ("bowerbird_bg-0123456789abcdef.wasm", "wasm"),
        ("bowerbird_bg-0123456789abcdef.wasm.br", "brotli"),
        ("bowerbird_bg-0123456789abcdef.wasm.gz", "gzip"),
    ] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let get = async |path: &str, encodings: &str| {
        let request = app.http.get(format!("{}{path}", app.url)).header(header::ACCEPT_ENCODING, encodings);
        let answer = request.send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let told = (header("content-type"), header("content-encoding"), header("cache-control"), header("etag"));
        assert_eq!(
            (header("access-control-allow-origin").as_str(), header("cross-origin-resource-policy").as_str()),
            ("*", "cross-origin")
        );
        (told, answer.bytes().await.unwrap())
    };
    let ((kind, encoding, cache, etag), body) = get("/bowerbird.js", "br").await;
    assert_eq!((kind.as_str(), encoding.as_str(), cache.as_str()), ("text/javascript; charset=utf-8", "", "no-cache"));
    assert_eq!(body, "loader");
    let again =
        app.http.get(format!("{}/bowerbird.js", app.url)).header(header::IF_NONE_MATCH, etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let ((_, _, cache, _), body) = get("/bowerbird-0.1.0-0123456789abcdef.js", "identity").await;
    assert_eq!((cache.as_str(), &body[..]), ("public, max-age=31536000, immutable", &b"loader"[..]));

    let wasm = "/bowerbird_bg-0123456789abcdef.wasm";
    let ((kind, encoding, cache, _), body) = get(wasm, "gzip, br").await;
    assert_eq!(
        (kind.as_str(), encoding.as_str(), cache.as_str()),
        ("application/wasm", "br", "public, max-age=31536000, immutable")
    );
    assert_eq!(body, "brotli");
    assert_eq!(get(wasm, "identity").await.1, "wasm");
    for path in ["/nothing.js", "/../secret", "/.git/config", "/%2e%2e/data/signing.key"] {
        assert_eq!(app.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_customers_page_is_served_where_it_is_set() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.get("/healthz").await.text().await.unwrap(), "ok");

    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("index.html"), "<p>Pick").unwrap();
    let app = TestApp::start_with(|config| config.site_dir = Some(site.path().to_owned())).await;
    let page = app.get("/").await;
    assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(page.text().await.unwrap(), "<p>Pick");
}
