//! `cargo xtask dist`: the wasm built, bound, named by its content, compressed, and put into `pkg/` with what `npm/` holds.

use crate::bind::{Bound, Names, bind};
use crate::{children, javascript, paths, split, tools};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use sha2::{Digest, Sha256, Sha384};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The one file in `pkg/` that is written by hand.
const KEPT: &str = "README.md";

/// The linker would keep a megabyte for the stack of each page that opens the dialog.
const STACK: &str = "-Clink-arg=-zstack-size=262144";

/// Part of the stamp: when the recipe changes, so may what it makes.
const RECIPE: &[&str] = &[
    include_str!("bind.rs"),
    include_str!("dist.rs"),
    include_str!("imports/encode.rs"),
    include_str!("imports/glue.rs"),
    include_str!("imports/mod.rs"),
    include_str!("javascript.rs"),
    include_str!("names.rs"),
    include_str!("split.rs"),
];

/// The first line of the glue, nearly all of which is called when the dialog opens: V8 then compiles it while it arrives, and not function
/// by function when each is first called (<https://v8.dev/blog/explicit-compile-hints>). To others it is a comment.
const CALLED_AT_ONCE: &str = "//# allFunctionsCalledOnLoad\n";

/// How the wasm is built.
#[derive(Clone, Copy, Default, clap::Args)]
pub struct How {
    /// Builds for daily work: in a fraction of the time, and twice as large. Only what is built without this is what customers
    /// download.
    #[arg(long)]
    pub quick: bool,
    /// Takes the standard library as it comes, which keeps the words of panics, with none of the flags that this compiler does not
    /// promise to keep. About an eighth more for a page to load.
    #[arg(long)]
    pub plain: bool,
}

/// Builds what changed. Gives the wasm as rustc made it, which still has the functions' names.
pub fn run(how: How) -> Result<PathBuf> {
    tools::wasm_target()?;
    let began = Instant::now();
    println!("widget: building the wasm");
    let wasm = build(how)?;
    let stamp_file = paths::target().join("dist-stamp");
    let inputs = Inputs::read(&wasm)?;
    let stamp = inputs.stamp();
    let out = paths::package();
    if fs::read_to_string(&stamp_file).is_ok_and(|old| is_current(&old, &stamp, &out)) {
        println!("widget: pkg is up to date ({:.1} s)", began.elapsed().as_secs_f32());
        return Ok(wasm);
    }
    println!("widget: binding and compressing");
    let files = inputs.assemble(bind(&wasm, Names::Removed)?)?;
    let names = write(&out, &files, how.quick)?;
    fs::write(&stamp_file, format!("{stamp}\n{}", names.into_iter().collect::<Vec<_>>().join("\n")))?;
    println!("widget: pkg is written ({:.1} s)", began.elapsed().as_secs_f32());
    if let Some(File { name, bytes, .. }) = files.iter().find(|file| file.name.starts_with(&versioned(&inputs.version)))
    {
        println!("widget: <script src=\"/{name}\" integrity=\"{}\" crossorigin></script>", integrity(bytes));
    }
    Ok(wasm)
}

/// The build for browsers. `--crate-type cdylib`, because cargo leaves link-time optimisation out without a word when a library is
/// also an rlib, and that is an eighth of what a page loads.
fn build(how: How) -> Result<PathBuf> {
    let mut command = children::cargo(["rustc", "--profile", "widget", "--lib", "--package", "bowerbird"]);
    command.args(["--crate-type", "cdylib", "--target", "wasm32-unknown-unknown"]);
    // Where a file lay on the building machine says nothing to a visitor, and would give each machine other bytes.
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut target = paths::target();
    let mut flags = vec![remap(paths::root(), ".")];
    flags.extend(cargo_home.map(|home| remap(&home, "cargo")));
    // Leptos keeps views apart by type unless told to erase them, which takes a twentieth off this widget.
    flags.push("--cfg=erase_components".to_owned());
    if how.quick {
        let settings = [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1"), ("INCREMENTAL", "true")];
        command.envs(settings.map(|(name, value)| (format!("CARGO_PROFILE_WIDGET_{name}"), value)));
    } else if !how.plain {
        tools::standard_library_source()?;
        command.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        command.env("RUSTC_BOOTSTRAP", "1");
        // Build scripts ask the compiler what it can do, and what they hear in this build is not true of the others.
        target.push("small");
        let unstable = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none", "-Zfmt-debug=none"];
        flags.extend(unstable.map(str::to_owned));
    }
    // The encoded form, because these folders may have spaces in their names.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    // For the last crate alone. What is split is taken apart where the linker put it together, and the linker has to say where.
    command.arg("--target-dir").arg(&target).args(["--", "--cfg=split", "-Clink-arg=--emit-relocs", STACK]);
    children::run(&mut command)?;
    let wasm = target.join("wasm32-unknown-unknown/widget/bowerbird.wasm");
    ensure!(wasm.is_file(), "cargo did not make {}", wasm.display());
    Ok(wasm)
}

/// All that the package is made from.
struct Inputs {
    version: String,
    raw_wasm: Vec<u8>,
    core: String,
    element: String,
    chunks: String,
    client: String,
    loader: String,
    module: String,
    picker: String,
    filepicker: String,
    types: String,
    manifest: String,
    /// The sentences of each language but English, by its code.
    languages: Vec<(String, String)>,
    /// What `npm/wrappers/` has for frameworks, by the files' names.
    wrappers: Vec<(String, String)>,
    licences: Vec<(&'static str, String)>,
}

/// A file of the package.
struct File {
    name: String,
    bytes: Vec<u8>,
    /// Whether the companion serves it, and so wants it compressed beside.
    served: bool,
}

impl Inputs {
    fn read(wasm: &Path) -> Result<Self> {
        let npm = |name: &str| read_text(&paths::root().join("npm").join(name));
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            raw_wasm: read(wasm)?,
            core: npm("core.js")?,
            element: npm("element.js")?,
            chunks: npm("chunks.js")?,
            client: npm("client.js")?,
            loader: npm("loader.js")?,
            module: npm("module.js")?,
            picker: npm("picker.js")?,
            filepicker: npm("filepicker.js")?,
            types: npm("bowerbird.d.ts")?,
            manifest: npm("package.json")?,
            languages: languages()?,
            wrappers: wrappers()?,
            licences: ["LICENSE-MIT", "LICENSE-APACHE"]
                .into_iter()
                .map(|name| Ok((name, read_text(&paths::root().join(name))?)))
                .collect::<Result<_>>()?,
        })
    }

    fn stamp(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        RECIPE.iter().for_each(|text| add(text.as_bytes()));
        add(&self.raw_wasm);
        let scripts = [
            &self.core,
            &self.element,
            &self.chunks,
            &self.client,
            &self.loader,
            &self.module,
            &self.picker,
            &self.filepicker,
        ];
        for text in [&self.version, &self.types, &self.manifest].into_iter().chain(scripts) {
            add(text.as_bytes());
        }
        self.languages.iter().for_each(|(_, text)| add(text.as_bytes()));
        self.wrappers.iter().for_each(|(_, text)| add(text.as_bytes()));
        self.licences.iter().for_each(|(_, text)| add(text.as_bytes()));
        hex::encode(hash.finalize())
    }

    fn assemble(&self, bound: Bound) -> Result<Vec<File>> {
        let wasm = format!("bowerbird_bg-{}.wasm", content_hash(&bound.wasm));
        let [later, own, editor, outward] =
            [0, 1, 2, 3].map(|at| format!("bowerbird_{}-{}.wasm", split::CHUNKS[at], content_hash(&bound.chunks[at])));
        let script_text = javascript::strip(&bound.script).context("the script of the first chunk")?;
        let script = format!("bowerbird-later-{}.js", content_hash(script_text.as_bytes()));
        let chunk_names =
            [("LATER", later.as_str()), ("SCRIPT", &script), ("OWN", &own), ("EDITOR", &editor), ("OUTWARD", &outward)];
        ensure!(bound.glue.contains("bowerbird_bg.wasm"), "the glue does not name its wasm");
        let [later_hash, own_hash, editor_hash, outward_hash] = bound.chunks.each_ref().map(|chunk| integrity(chunk));
        let hashes = [
            ("LATERHASH", later_hash.as_str()),
            ("SCRIPTHASH", &integrity(script_text.as_bytes())),
            ("OWNHASH", &own_hash),
            ("EDITORHASH", &editor_hash),
            ("OUTWARDHASH", &outward_hash),
        ];
        let loads = javascript::fill(&self.chunks, &[chunk_names, hashes].concat()).context("npm/chunks.js")?;
        let glue_text = split::take_in(&bound.glue.replace("bowerbird_bg.wasm", &wasm), &loads)?;
        let glue_text = CALLED_AT_ONCE.to_owned() + &javascript::strip(&glue_text).context("the glue")?;
        let glue = format!("bowerbird-{}.js", content_hash(glue_text.as_bytes()));
        let client_text = javascript::strip(&self.client).context("npm/client.js")?;
        let client = format!("bowerbird-client-{}.js", content_hash(client_text.as_bytes()));
        let element_text = javascript::strip(&self.element).context("npm/element.js")? + "export { defineElement };\n";
        let element = format!("bowerbird-element-{}.js", content_hash(element_text.as_bytes()));
        let names = [
            ("VERSION", self.version.as_str()),
            ("GLUE", &glue),
            ("WASM", &wasm),
            ("CLIENT", &client),
            ("ELEMENT", &element),
            ("ELEMENTHASH", &integrity(element_text.as_bytes())),
            ("GLUEHASH", &integrity(glue_text.as_bytes())),
            ("WASMHASH", &integrity(&bound.wasm)),
            ("CLIENTHASH", &integrity(client_text.as_bytes())),
        ];
        let names = [&names[..], &chunk_names].concat();
        let banner = format!("Bowerbird {} | MIT OR Apache-2.0", self.version);
        let loader = javascript::assemble(&self.loader, &self.core, &names, &banner).context("npm/loader.js")?;
        let module = javascript::assemble(&self.module, &(self.core.clone() + &self.element), &names, &banner)
            .context("npm/module.js")?;
        let picker = format!("/*! {banner} */\n{}", javascript::strip(&self.picker).context("npm/picker.js")?);
        let filepicker = javascript::strip(&self.filepicker).context("npm/filepicker.js")?;
        let filepicker = format!("/*! {banner} */\n{filepicker}");
        let served = |name: &str, bytes: Vec<u8>| File { name: name.to_owned(), bytes, served: true };
        let plain = |name: &str, text: String| File { name: name.to_owned(), bytes: text.into_bytes(), served: false };
        let languages = self.languages.iter().map(|(language, text)| {
            let sentences: serde_json::Value =
                serde_json::from_str(text).with_context(|| format!("{language}.json"))?;
            Ok(served(&format!("bowerbird-{language}.json"), sentences.to_string().into_bytes()))
        });
        let versioned = format!("{}{}.js", versioned(&self.version), content_hash(loader.as_bytes()));
        // The loaders last: whoever reads one finds what it names.
        let [later_wasm, own_wasm, editor_wasm, outward_wasm] = bound.chunks;
        let mut files = vec![
            served(&later, later_wasm),
            served(&own, own_wasm),
            served(&editor, editor_wasm),
            served(&outward, outward_wasm),
            served(&script, script_text.into_bytes()),
            served(&wasm, bound.wasm),
            served(&glue, glue_text.into_bytes()),
            served(&client, client_text.into_bytes()),
            served(&element, element_text.into_bytes()),
            served("bowerbird.mjs", module.into_bytes()),
            served(&versioned, loader.clone().into_bytes()),
            served("bowerbird.js", loader.into_bytes()),
            served("picker.js", picker.into_bytes()),
            served("filepicker.js", filepicker.into_bytes()),
            plain("bowerbird.d.ts", self.types.clone()),
            plain("package.json", javascript::fill(&self.manifest, &names).context("npm/package.json")?),
        ];
        files.extend(languages.collect::<Result<Vec<_>>>()?);
        let hashes: BTreeMap<&str, String> =
            files.iter().filter(|file| file.served).map(|file| (file.name.as_str(), integrity(&file.bytes))).collect();
        files.push(plain("sri.json", serde_json::to_string_pretty(&hashes)? + "\n"));
        for (name, text) in &self.wrappers {
            let text = if name.ends_with(".d.ts") { Ok(text.clone()) } else { javascript::strip(text) };
            files.push(plain(name, text.with_context(|| format!("npm/wrappers/{name}"))?));
        }
        files.extend(self.licences.iter().map(|(name, text)| plain(name, text.clone())));
        Ok(files)
    }
}

/// What `src/text/` holds beside English, which is in the wasm, and the table of Filestack's phrases.
fn languages() -> Result<Vec<(String, String)>> {
    let folder = paths::root().join("src/text");
    let mut languages = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(language) = name.strip_suffix(".json").filter(|language| language.len() == 2 && *language != "en") {
            languages.push((language.to_owned(), read_text(&path)?));
        }
    }
    languages.sort();
    Ok(languages)
}

/// The files of `npm/wrappers/`.
fn wrappers() -> Result<Vec<(String, String)>> {
    let folder = paths::root().join("npm/wrappers");
    let mut wrappers = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        wrappers.push((entry.file_name().to_string_lossy().into_owned(), read_text(&entry.path())?));
    }
    wrappers.sort();
    Ok(wrappers)
}

/// How the script's name that never means another begins.
fn versioned(version: &str) -> String {
    format!("bowerbird-{version}-")
}

/// What a page's `integrity` says of these bytes.
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(Sha384::digest(bytes)))
}

/// Sixteen hex digits that change with the bytes.
fn content_hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}

/// Writes the files that are not there yet with these bytes, their compressed siblings beside them, and removes what an earlier
/// build left. Gives the names of all that belong there.
fn write(out: &Path, files: &[File], quick: bool) -> Result<BTreeSet<String>> {
    fs::create_dir_all(out)?;
    let mut names = BTreeSet::new();
    for File { name, bytes, served } in files {
        let changed = fs::read(out.join(name)).ok().as_ref() != Some(bytes);
        type Compress = fn(&[u8], bool) -> Result<Vec<u8>>;
        let siblings: &[(&str, Compress)] = if *served { &[("br", brotli), ("gz", gzip)] } else { &[] };
        for (extension, compress) in siblings {
            let sibling = format!("{name}.{extension}");
            if changed || !out.join(&sibling).is_file() {
                replace(&out.join(&sibling), &compress(bytes, quick)?)?;
            }
            names.insert(sibling);
        }
        if changed {
            replace(&out.join(name), bytes)?;
        }
        names.insert(name.clone());
    }
    for entry in fs::read_dir(out)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != KEPT && !names.contains(&name) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(names)
}

/// Whole or not at all, since a companion may be serving from this folder.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("the file has no folder")?;
    let new = folder.join(format!(".new-{}", std::process::id()));
    fs::write(&new, bytes).with_context(|| format!("cannot write {}", new.display()))?;
    fs::rename(&new, path).with_context(|| format!("cannot write {}", path.display()))
}

fn is_current(old: &str, stamp: &str, out: &Path) -> bool {
    let mut lines = old.lines();
    lines.next() == Some(stamp) && lines.all(|name| out.join(name).is_file())
}

/// Quality 11 and a window of 2^24 bytes: the most that every browser reads.
fn brotli(bytes: &[u8], quick: bool) -> Result<Vec<u8>> {
    let quality = if quick { 4 } else { 11 };
    let parameters =
        brotli::enc::BrotliEncoderParams { quality, lgwin: 24, size_hint: bytes.len(), ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters)?;
    Ok(out)
}

fn gzip(bytes: &[u8], quick: bool) -> Result<Vec<u8>> {
    let level = if quick { flate2::Compression::fast() } else { flate2::Compression::best() };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    match String::from_utf8(read(path)?) {
        Ok(text) => Ok(text),
        Err(_) => bail!("{} is not text", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn inputs() -> Inputs {
        Inputs {
            version: "1.2.3".into(),
            raw_wasm: b"raw".to_vec(),
            core: "const glue = '%GLUE%';\n".into(),
            element: "const defineElement = 1;\n".into(),
            chunks: "['%LATER%', '%SCRIPT%', '%SCRIPTHASH%', '%OWN%', '%EDITOR%', '%OUTWARD%', '%LATERHASH%', '%OWNHASH%', '%EDITORHASH%', '%OUTWARDHASH%'];\n".into(),
            client: "export const upload = 1;".into(),
            loader: "// loader\n//= core.js\n".into(),
            module: "//= core.js\nexport { glue };\n".into(),
            picker: "class Picker {}".into(),
            filepicker: "// older\nimport('bowerbird.mjs');\n".into(),
            types: "export const version: string;".into(),
            manifest: r#"{"version":"%VERSION%"}"#.into(),
            languages: vec![("de".into(), "{\n  \"a\": \"{n} A\",\n  \"b\": \"B\"\n}\n".into())],
            wrappers: vec![("react.js".into(), "// for React\nexport const a = 1;\n".into())],
            licences: vec![("LICENSE-MIT", "MIT".into())],
        }
    }

    fn bound(wasm: &[u8]) -> Bound {
        let imports = [1, 2, 3, 4].map(|number| format!("import * as import{number} from \"./__wasm_split.js\"\n"));
        let glue = imports.concat() + "new URL('bowerbird_bg.wasm', import.meta.url);\nlet wasm;\n";
        Bound {
            glue,
            script: "export const imports = 1;".into(),
            wasm: wasm.to_vec(),
            chunks: [&b"later "[..], b"own ", b"editor ", b"outward "].map(|name| [name, wasm].concat()),
        }
    }

    fn names(files: &[File]) -> Vec<&str> {
        files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn names_follow_content_all_the_way_to_the_loader() {
        let one = inputs().assemble(bound(b"one")).unwrap();
        let two = inputs().assemble(bound(b"two")).unwrap();
        assert_eq!(names(&one), names(&inputs().assemble(bound(b"one")).unwrap()));
        let [later, wasm, glue] = [&one[0], &one[5], &one[6]];
        assert!(later.name.starts_with("bowerbird_later-"), "{}", later.name);
        assert!(
            wasm.name.starts_with("bowerbird_bg-") && wasm.name.len() == "bowerbird_bg-".len() + 16 + ".wasm".len()
        );
        assert!(glue.name.starts_with("bowerbird-") && glue.name.len() == "bowerbird-".len() + 16 + ".js".len());
        assert_ne!(later.name, two[0].name);
        assert_ne!(wasm.name, two[5].name);
        assert_ne!(glue.name, two[6].name, "other wasm, but the same glue");
        let text = String::from_utf8_lossy(&glue.bytes);
        assert!(text.contains(&wasm.name) && one[..5].iter().all(|chunk| text.contains(&chunk.name)), "{text}");
        let loader = one.iter().find(|file| file.name == "bowerbird.js").unwrap();
        let text = String::from_utf8_lossy(&loader.bytes);
        assert!(text.contains(&glue.name) && !text.contains("// loader"), "{text}");
        let filepicker = one.iter().find(|file| file.name == "filepicker.js").unwrap();
        assert!(filepicker.served && !filepicker.bytes.windows(2).any(|two| two == b"//"));
        let manifest = one.iter().find(|file| file.name == "package.json").unwrap();
        assert_eq!(manifest.bytes, br#"{"version":"1.2.3"}"#);
        let german = one.iter().find(|file| file.name == "bowerbird-de.json").unwrap();
        assert!(german.served && german.bytes == br#"{"a":"{n} A","b":"B"}"#);
    }

    #[test]
    fn stale_files_go_and_the_readme_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(KEPT), "read me").unwrap();
        fs::write(folder.path().join("bowerbird-0000000000000000.js.br"), "old").unwrap();
        let written = write(folder.path(), &inputs().assemble(bound(b"one")).unwrap(), true).unwrap();
        let found: BTreeSet<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, written.iter().cloned().chain([KEPT.to_owned()]).collect());
        assert!(!found.contains("bowerbird.d.ts.br") && found.contains("bowerbird.mjs.gz"), "{found:?}");
    }

    #[test]
    fn an_unchanged_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let files = inputs().assemble(bound(b"one")).unwrap();
        write(folder.path(), &files, true).unwrap();
        // A sibling with other bytes shows whether it was written again.
        let sibling = folder.path().join("bowerbird.js.gz");
        fs::write(&sibling, "mark").unwrap();
        write(folder.path(), &files, true).unwrap();
        assert_eq!(fs::read(&sibling).unwrap(), b"mark");
        fs::write(folder.path().join("bowerbird.js"), "other").unwrap();
        write(folder.path(), &files, true).unwrap();
        assert_ne!(fs::read(&sibling).unwrap(), b"mark");
    }

    #[test]
    fn siblings_decompress_to_the_file() {
        let bytes: Vec<u8> = (0..50_000u32).flat_map(|n| (n * n % 251).to_le_bytes()).collect();
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(&bytes, false).unwrap()[..], &mut back).unwrap();
        assert!(back == bytes, "brotli");
        back.clear();
        flate2::read::GzDecoder::new(&gzip(&bytes, false).unwrap()[..]).read_to_end(&mut back).unwrap();
        assert!(back == bytes, "gzip");
    }

    #[test]
    fn the_stamp_changes_with_every_input() {
        let base = inputs().stamp();
        let changed = |change: fn(&mut Inputs)| {
            let mut inputs = inputs();
            change(&mut inputs);
            inputs.stamp()
        };
        for stamp in [
            changed(|inputs| inputs.raw_wasm.push(0)),
            changed(|inputs| inputs.types.push(' ')),
            changed(|inputs| inputs.loader.push(' ')),
            changed(|inputs| inputs.client.push(' ')),
            changed(|inputs| inputs.picker.push(' ')),
            changed(|inputs| inputs.filepicker.push(' ')),
            changed(|inputs| inputs.languages[0].1.push(' ')),
            changed(|inputs| inputs.wrappers[0].1.push(' ')),
            changed(|inputs| inputs.licences[0].1.push(' ')),
        ] {
            assert_ne!(stamp, base);
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(is_current(&base, &base, folder.path()));
        assert!(!is_current(&format!("{base}\nmissing.js"), &base, folder.path()));
    }
}
