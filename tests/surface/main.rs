//! What customers download, as they see it: exports, types and bytes. `cargo xtask dist` builds it first.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod frameworks;
mod legacy;
mod loader;
mod manifest;
mod sheets;
mod types;

use base64::Engine;
use bowerbird::options;
use bowerbird::result::{FileError, OriginalFile, PickedFile};
use sha2::{Digest, Sha256, Sha384};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The most that the loader may weigh, compressed with Brotli. What draws nothing, and the element, are in files of their own.
const LOADER_BYTES: u64 = 3_000;

/// The most that a page may load until the list of services can be used: loader, glue and the first part of the wasm with its style and
/// its English words, compressed with Brotli. Whoever needs more says here what for.
const FIRST_SIGHT_BYTES: u64 = 47_000;

/// The most that the chunks may weigh that come behind it: the screens, what visitors bring themselves where the page offers that, and
/// the editor when it is opened, and what publishes.
const CHUNK_BYTES: [(&str, u64); 4] = [("later", 274_000), ("own", 28_000), ("editor", 20_500), ("outward", 42_000)];

fn package() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg");
    assert!(package.join("bowerbird.js").is_file(), "pkg is not built; run `cargo xtask dist`");
    package
}

fn text(name: &str) -> String {
    fs::read_to_string(package().join(name)).unwrap_or_else(|error| panic!("pkg/{name}: {error}"))
}

/// The one file of the package whose name begins and ends so, with sixteen hex digits between.
fn hashed(start: &str, end: &str) -> String {
    let names = fs::read_dir(package()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let hash = |name: &str| name.strip_prefix(start)?.strip_suffix(end).map(str::to_owned);
    let is_hash = |hash: &str| hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit());
    let found: Vec<String> = names.filter(|name| hash(name).is_some_and(|hash| is_hash(&hash))).collect();
    assert_eq!(found.len(), 1, "{start}<hash>{end}: {found:?}");
    found[0].clone()
}

fn glue() -> String {
    hashed("bowerbird-", ".js")
}

fn wasm() -> String {
    hashed("bowerbird_bg-", ".wasm")
}

/// What the first chunk calls of the browser.
fn script() -> String {
    hashed("bowerbird-later-", ".js")
}

fn client() -> String {
    hashed("bowerbird-client-", ".js")
}

fn element() -> String {
    hashed("bowerbird-element-", ".js")
}

fn chunk(name: &str) -> String {
    hashed(&format!("bowerbird_{name}-"), ".wasm")
}

/// The script under a name that never means another.
fn versioned() -> String {
    hashed(&format!("bowerbird-{}-", env!("CARGO_PKG_VERSION")), ".js")
}

/// What a page's `integrity` says of these bytes.
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(Sha384::digest(bytes)))
}

#[test]
fn the_exports_are_these() {
    let lines = |name: &str, starts: &[&str]| -> String {
        let text = text(name);
        text.lines().filter(|line| starts.iter().any(|start| line.starts_with(start))).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(lines("bowerbird.js", &["return { ", "if (globalThis"]), @r"
    return { init, pick, version };
    if (globalThis.bowerbird?.version !== version) globalThis.bowerbird = bowerbird;
    ");
    insta::assert_snapshot!(lines("bowerbird.mjs", &["export"]), @r"
    export const { init, pick } = create(glue, wasm, client, home, { later, script, own, editor, outward });
    export { init as Filestack, version };
    export const getSecurity = (policyOptions, appSecret) => {
    export const validateWebhookSignature = (secret, rawBody, { timestamp, signature }) => hmac(secret, `${timestamp}.${rawBody}`) === signature;
    export const PickerDisplayMode = /* @__PURE__ */ words('inline overlay dropPane');
    export const PrefetchEvents = { PICKER: 'picker', TRANSFORM_UI: 'transform_ui' };
    export const EAlignFacesOptions = /* @__PURE__ */ words('left right center bottom top faces');
    export const EAlignOptions = /* @__PURE__ */ words('left right center bottom top');
    export const EBlurMode = /* @__PURE__ */ words('linear gaussian');
    export const EColorspaceType = /* @__PURE__ */ words('RGB CMYK Input');
    export const ECropfacesType = /* @__PURE__ */ words('thumb crop fill');
    export const EFitOptions = /* @__PURE__ */ words('clip crop scale max');
    export const EImageWatermarkPosition = /* @__PURE__ */ words('top middle bottom left center right');
    export const ENoiseType = /* @__PURE__ */ words('none low medium high');
    export const EShapeType = /* @__PURE__ */ words('oval rect');
    export const ESmartCropMode = /* @__PURE__ */ words('fit auto');
    export const EStyleType = /* @__PURE__ */ words('artwork photo');
    export const EUrlscreenshotAgent = /* @__PURE__ */ words('desktop mobile');
    export const EUrlscreenshotMode = /* @__PURE__ */ words('all window');
    export const EUrlscreenshotOrientation = /* @__PURE__ */ words('portrait landscape');
    ");
    insta::assert_snapshot!(lines(&glue(), &["export", "pick("]), @r"
    export const chunks = {
    export const picker = (ready, options = {}) => {
    export class Client {
    pick(options, publish) {
    export function client(apikey, options) {
    export function fetch_ahead() {
    export { initSync, __wbg_init as default };
    ");
}

/// Pages with Trusted Types forbid to make elements of text. Leptos does it with those that never change, unless they stand at the
/// top of a `view!` or have an attribute of some other kind than text, `aria-hidden=words(…)` for example.
#[test]
fn no_markup_lies_in_the_wasm() {
    for name in [wasm(), chunk("later"), chunk("own"), chunk("editor"), chunk("outward")] {
        has_no_markup(&name);
    }
}

fn has_no_markup(name: &str) {
    let wasm = fs::read(package().join(name)).unwrap();
    let marks = |at: usize| {
        let after = &wasm[at + 1..(at + 40).min(wasm.len())];
        let name = after.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        let opens = name > 0 && (after[name..].starts_with(b">") || after[name..].starts_with(b" class=\""));
        opens || after.starts_with(b"/") && after.get(1).is_some_and(u8::is_ascii_lowercase)
    };
    let found = (0..wasm.len()).filter(|at| wasm[*at] == b'<' && marks(*at));
    let found: Vec<_> =
        found.map(|at| String::from_utf8_lossy(&wasm[at..(at + 60).min(wasm.len())]).into_owned()).collect();
    assert_eq!(found, [""; 0], "{name}: an element is made by innerHTML");
}

/// Strict policies forbid to compile text, and the loader's own part is held to the same as the wasm.
#[test]
fn nothing_compiles_text() {
    let scripts = ["bowerbird.js", "bowerbird.mjs", "picker.js", "filepicker.js"].map(str::to_owned);
    for name in [glue(), client(), element()].into_iter().chain(scripts) {
        let text = text(&name);
        let markup = if name == glue() { vec![] } else { vec!["innerHTML", "outerHTML", "insertAdjacentHTML"] };
        for word in ["document.write", "new Function(", "eval("].into_iter().chain(markup) {
            assert!(!text.contains(word), "{name} has `{word}`");
        }
    }
}

#[test]
fn the_types_are_these() {
    insta::assert_snapshot!(without_comments(&text("bowerbird.d.ts")));
}

#[test]
fn the_types_document_every_option() {
    let types = text("bowerbird.d.ts");
    let documented = members(&types, "PickOptions");
    let known: BTreeSet<&str> = options::NAMES.iter().copied().collect();
    // Besides, those of Filestack's that this version ignores.
    let missing: Vec<_> = known.iter().filter(|name| !documented.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_types_document_every_field_of_a_file() {
    let all = PickedFile {
        status: Some(String::new()),
        key: Some(String::new()),
        container: Some(String::new()),
        width: Some(1),
        height: Some(1),
        caption: Some(String::new()),
        date_taken: Some(String::new()),
        sha256: Some(String::new()),
        signature: Some(String::new()),
        original_file: Some(OriginalFile::default()),
        error: Some(FileError { code: String::new(), message: String::new() }),
        ..PickedFile::default()
    };
    let fields = serde_json::to_value(all).unwrap();
    let fields: BTreeSet<String> = fields.as_object().unwrap().keys().cloned().collect();
    let types = text("bowerbird.d.ts");
    let documented = &members(&types, "PickerFileMetadata") | &members(&types, "PickedFile");
    assert_eq!(fields.difference(&documented).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_member_of_the_types_has_words() {
    let types = text("bowerbird.d.ts");
    let lines: Vec<&str> = types.lines().map(str::trim).collect();
    for (line, before) in lines.iter().skip(1).zip(&lines) {
        let declares = line.ends_with(';') && !line.starts_with(['*', '/', '}']);
        assert!(!declares || before.ends_with("*/"), "no words above `{line}`");
    }
}

#[test]
fn names_are_hashes_of_what_they_name() {
    let chunks = ["later", "own", "editor", "outward"].map(chunk);
    for name in [glue(), wasm(), script(), client(), element(), versioned()].into_iter().chain(chunks) {
        let digest = hex::encode(Sha256::digest(fs::read(package().join(&name)).unwrap()));
        assert!(name.contains(&digest[..16]), "{name} is named after other bytes");
    }
    for name in ["bowerbird.js", "bowerbird.mjs"] {
        for named in [glue(), wasm(), client()] {
            assert!(text(name).contains(&named), "{name} names another file than {named}");
        }
    }
    assert!(text(&glue()).contains(&wasm()), "the glue names another file");
    for name in ["later", "own", "editor", "outward"].map(chunk).into_iter().chain([script()]) {
        for names in [glue(), "bowerbird.mjs".to_owned()] {
            assert!(text(&names).contains(&name), "{names} names another file than {name}");
        }
    }
}

#[test]
fn each_file_of_the_script_has_its_hash() {
    let bytes = |name: &str| fs::read(package().join(name)).unwrap();
    let hashes: BTreeMap<String, String> = serde_json::from_str(&text("sri.json")).unwrap();
    let chunks = ["later", "own", "editor", "outward"].map(chunk);
    let scripts = ["bowerbird.js".to_owned(), versioned(), glue(), script(), client(), element()];
    for name in scripts.iter().chain([&wasm()]).chain(&chunks) {
        assert!(hashes.contains_key(name), "sri.json does not have {name}");
    }
    for (name, hash) in &hashes {
        assert_eq!(*hash, integrity(&bytes(name)), "{name}");
    }
    assert_eq!(bytes("bowerbird.js"), bytes(&versioned()));
    let of_script = [glue(), wasm(), client(), element()].map(|name| ("bowerbird.js".to_owned(), name));
    for (loads, name) in of_script.into_iter().chain(chunks.into_iter().chain([script()]).map(|name| (glue(), name))) {
        assert!(text(&loads).contains(&hashes[&name]), "{loads} takes any {name}");
    }
}

#[test]
fn the_manifest_is_that_of_this_version() {
    let manifest: serde_json::Value = serde_json::from_str(&text("package.json")).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert!(text("bowerbird.js").contains(env!("CARGO_PKG_VERSION")));
    for file in [&manifest["types"], &manifest["module"], &manifest["exports"]["./bowerbird.js"]] {
        let path = package().join(file.as_str().unwrap());
        assert!(path.is_file(), "package.json names {file}");
    }
}

#[test]
fn a_page_loads_this_many_bytes() {
    let size =
        |name: &str| fs::metadata(package().join(name)).unwrap_or_else(|_| panic!("pkg/{name} is missing")).len();
    println!("{:<38} {:>9} {:>9} {:>9}", "bytes a page loads", "raw", "gzip", "brotli");
    let mut total = [0; 3];
    for name in ["bowerbird.js".to_owned(), glue(), wasm()] {
        let sizes = [size(&name), size(&format!("{name}.gz")), size(&format!("{name}.br"))];
        println!("{name:<38} {:>9} {:>9} {:>9}", sizes[0], sizes[1], sizes[2]);
        assert!(sizes[2] < sizes[1] && sizes[1] < sizes[0], "{name} is not smaller compressed");
        total.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
    }
    println!("{:<38} {:>9} {:>9} {:>9}", "total", total[0], total[1], total[2]);
    let first = [("loader", size("bowerbird.js.br"), LOADER_BYTES), ("first sight", total[2], FIRST_SIGHT_BYTES)];
    let chunks = CHUNK_BYTES.map(|(name, budget)| {
        let script = if name == "later" { size(&(script() + ".br")) } else { 0 };
        (name, size(&(chunk(name) + ".br")) + script, budget)
    });
    for (what, bytes, budget) in first.into_iter().chain(chunks) {
        println!("{what:<38} {bytes:>29} of {budget}");
        assert!(
            bytes < budget,
            "the {what} has {bytes} bytes, not under {budget} (`cargo xtask dist --quick` is no measure)"
        );
    }
}

/// The declarations alone.
fn without_comments(types: &str) -> String {
    let mut rest = types;
    let mut out = String::new();
    while let Some((before, comment)) = rest.split_once("/**") {
        out.push_str(before);
        rest = comment.split_once("*/").expect("a comment that ends").1;
    }
    out.push_str(rest);
    let lines: Vec<&str> = out.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// The names in an interface.
fn members(types: &str, interface: &str) -> BTreeSet<String> {
    let types = without_comments(types);
    let start = format!("export interface {interface} ");
    let (_, body) = types.split_once(&start).unwrap_or_else(|| panic!("there is no interface {interface}"));
    let (body, _) = body.split_once("\n}").expect("an interface that ends");
    let lines = body.lines().filter_map(|line| line.trim().split_once(':'));
    lines.map(|(name, _)| name.trim_end_matches('?').to_owned()).collect()
}
