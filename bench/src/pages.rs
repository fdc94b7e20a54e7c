//! What is put into a page: Uppy's bundles beside what our customers download, and the customer's page itself.

use crate::Programs;
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::Path as Named;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Uppy that is compared in what a page loads and when it can be used.
pub const NEWEST: &str = "uppy6";
/// The Uppy that works with the Companion that npm has.
pub const WITH_COMPANION: &str = "uppy5";

/// Which of both is in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ours.
    Bowerbird,
    /// Theirs.
    Uppy,
}

impl Side {
    /// Both, in the order in which they take turns.
    pub const BOTH: [Self; 2] = [Self::Bowerbird, Self::Uppy];

    /// As `sides.js` knows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bowerbird => "bowerbird",
            Self::Uppy => "uppy",
        }
    }
}

/// One file of a bundle.
pub struct File {
    /// `js` or `css`.
    pub kind: String,
    /// Its name, with its hash.
    pub name: String,
    /// Bytes as they are, by gzip 9 and by brotli 11.
    pub sizes: [u64; 3],
}

/// Bundles one Uppy into this folder.
pub fn bundle(programs: &Programs, name: &str, to: &Path) -> Result<Vec<File>> {
    let sources = programs.root.join("bench/web");
    let modules = web(programs)?.join(name);
    let mut node = Command::new("node");
    node.arg(sources.join("build.mjs")).arg(modules).arg(sources.join(format!("{name}.js"))).arg(to);
    let output = node.output().context("node cannot be started")?;
    ensure!(output.status.success(), "{name} cannot be bundled:\n{}", String::from_utf8_lossy(&output.stderr));
    let files: Vec<Value> =
        serde_json::from_slice(&output.stdout).context("build.mjs does not say what it has made")?;
    let text =
        |file: &Value, of: &str| file[of].as_str().map(str::to_owned).with_context(|| format!("a file has no {of}"));
    let read = |file: &Value| {
        let sizes = ["raw", "gzip", "brotli"].map(|of| file[of].as_u64().unwrap_or_default());
        Ok(File { kind: text(file, "kind")?, name: text(file, "name")?, sizes })
    };
    files.iter().map(read).collect()
}

/// The version of a package of npm's in one of the folders.
pub fn version(programs: &Programs, name: &str, package: &str) -> Result<String> {
    let file = web(programs)?.join(name).join("node_modules").join(package).join("package.json");
    let manifest: Value = serde_json::from_slice(&fs::read(&file).context("a package is not there")?)?;
    manifest["version"].as_str().map(str::to_owned).context("a package has no version")
}

fn web(programs: &Programs) -> Result<&PathBuf> {
    programs.web.as_ref().context("this takes --web")
}

/// One folder with what customers download and a bundle of Uppy: the companion serves both with the same headers and the same compression.
pub struct Shelf {
    /// The programs, which serve this folder.
    pub programs: Programs,
    js: String,
    css: String,
    // Removed when it is dropped.
    _folder: tempfile::TempDir,
}

impl Shelf {
    /// Fills one.
    pub fn fill(programs: &Programs, uppy: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let entries = fs::read_dir(&programs.package).context("there is no pkg; `cargo xtask dist` builds it")?;
        let mut files: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>().context("pkg cannot be read")?;
        // What is compressed comes behind what it is made of, which must not be the younger.
        files.sort();
        for file in files.iter().filter(|file| file.is_file()) {
            let name = file.file_name().context("a file has a name")?;
            fs::copy(file, folder.path().join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
        }
        let bundle = bundle(programs, uppy, folder.path())?;
        let named = |kind: &str| {
            let file = bundle.iter().find(|file| file.kind == kind).map(|file| file.name.clone());
            file.with_context(|| format!("the bundle has no {kind}"))
        };
        let programs = Programs { package: folder.path().to_owned(), ..programs.clone() };
        Ok(Self { programs, js: named("js")?, css: named("css")?, _folder: folder })
    }

    /// The address of a customer's page with one of them, whose files come from `files`, and which asks `companion` for photos.
    pub fn page(&self, site: &str, side: Side, files: &str, companion: &str, before: Before) -> String {
        let (side, js, css, before) = (side.word(), &self.js, &self.css, before.word());
        format!("{site}/page.html?side={side}&companion={companion}&js={files}/{js}&css={files}/{css}&before={before}")
    }
}

/// What a page does before the click that opens the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// It includes our script and calls `init`, but nothing is fetched early. Of Uppy it loads nothing.
    Script,
    /// It loads all.
    All,
}

impl Before {
    /// As `sides.js` knows it.
    fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Script => "script",
            Self::All => "all",
        }
    }
}

/// Serves the customer's page from another origin than the companion's; answers its origin.
pub async fn serve(root: &Path) -> Result<String> {
    let folder = root.join("bench/web");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.context("no port is free")?;
    let port = listener.local_addr()?.port();
    let router =
        Router::new().route("/{name}", get(move |Named(name): Named<String>| async move { file(&folder, &name) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://localhost:{port}"))
}

fn file(folder: &Path, name: &str) -> Response {
    let kind = match name {
        "page.html" => "text/html; charset=utf-8",
        "measure.js" | "sides.js" => "text/javascript; charset=utf-8",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match fs::read(folder.join(name)) {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
