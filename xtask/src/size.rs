//! `cargo xtask size`: what a page loads, and where it comes from.

use crate::{bind, dist, paths, split};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How many crates are listed.
const CRATES: usize = 12;

/// What is asked.
#[derive(clap::Args)]
pub struct Question {
    #[command(flatten)]
    how: dist::How,
    /// Lists so many of the largest functions too.
    #[arg(long, default_value_t = 0)]
    top: usize,
    /// Ends with a line of JSON: `first_sight_brotli`, what a page loads until the list of services can be used, and `pick_brotli`, what
    /// a whole pick from Facebook loads, in bytes.
    #[arg(long)]
    json: bool,
}

/// Builds what changed and prints the tables.
pub fn run(question: &Question) -> Result<()> {
    let raw = dist::run(question.how)?;
    let package = paths::package();
    println!("\n{:<38} {:>9} {:>9} {:>9}", "bytes a page loads", "raw", "gzip", "brotli");
    let mut total = [0; 3];
    for (what, name) in page_files(&package)? {
        let sizes = sizes(&package, &name)?;
        total.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
        print_row(&format!("{what:<7} {name}"), sizes);
    }
    print_row("first sight: all of these", total);
    let [_, _, first_sight] = total;
    for (what, start) in [("later chunk: the screens", "bowerbird_later-"), ("its script", "bowerbird-later-")] {
        let sizes = sizes(&package, &named_file(&package, start)?)?;
        print_row(what, sizes);
        total.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
    }
    print_row("a whole pick from Facebook", total);
    let [_, _, pick] = total;
    let rest = [
        ("own chunk: device and addresses", "bowerbird_own-"),
        ("editor chunk: crop, turn, describe", "bowerbird_editor-"),
        ("outward chunk: publishing", "bowerbird_outward-"),
        ("calls of the client", "bowerbird-client-"),
        ("the element", "bowerbird-element-"),
        ("filepicker.js", "filepicker.js"),
        ("picker.js", "picker.js"),
    ];
    for (what, start) in rest {
        print_row(what, sizes(&package, &named_file(&package, start)?)?);
    }
    let mut languages = languages(&package)?;
    languages.sort_by_key(|(_, [raw, ..])| *raw);
    if let Some((name, sizes)) = languages.last() {
        print_row(&format!("largest of {} languages, {name}", languages.len()), *sizes);
    }

    let bound = bind::bind(&raw, bind::Names::Kept)?;
    let chunks = split::CHUNKS.iter().copied().zip(&bound.chunks);
    for (what, wasm) in std::iter::once(("first load", &bound.wasm)).chain(chunks) {
        let functions = functions(wasm)?;
        print_crates(what, &functions);
        print_largest(functions, question.top);
    }
    if question.json {
        println!("\n{}", serde_json::json!({ "first_sight_brotli": first_sight, "pick_brotli": pick }));
    }
    Ok(())
}

fn print_crates(what: &str, functions: &[(String, usize)]) {
    let mut crates = BTreeMap::<String, usize>::new();
    for (name, bytes) in functions {
        *crates.entry(crate_of(name)).or_default() += bytes;
    }
    let mut crates: Vec<_> = crates.into_iter().collect();
    crates.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), name.clone()));
    let code: usize = crates.iter().map(|(_, bytes)| bytes).sum();
    println!("\n{:<38} {:>9} {:>9}", format!("code of the {what} by crate"), "raw", "share");
    for (name, bytes) in crates.iter().take(CRATES) {
        println!("{name:<38} {bytes:>9} {:>7.1} %", *bytes as f64 * 100.0 / code as f64);
    }
}

fn print_largest(mut functions: Vec<(String, usize)>, count: usize) {
    functions.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    for (name, bytes) in functions.iter().take(count) {
        println!("{bytes:>9}  {:#}", rustc_demangle::demangle(name));
    }
}

/// Loader, glue and wasm.
fn page_files(package: &Path) -> Result<Vec<(&'static str, String)>> {
    let loader = fs::read_to_string(package.join("bowerbird.js")).context("pkg has no bowerbird.js")?;
    // The loader names both between quotes.
    let named = |start: &str, end: &str| {
        loader.split('\'').find(|word| word.starts_with(start) && word.ends_with(end)).map(str::to_owned)
    };
    Ok(vec![
        ("loader", "bowerbird.js".to_owned()),
        ("glue", named("bowerbird-", ".js").context("the loader names no glue")?),
        ("wasm", named("bowerbird_bg-", ".wasm").context("the loader names no wasm")?),
    ])
}

/// The file whose name begins so.
fn named_file(package: &Path, start: &str) -> Result<String> {
    let is_it = |name: &String| name.starts_with(start) && !name.ends_with(".br") && !name.ends_with(".gz");
    file_names(package)?.into_iter().find(is_it).with_context(|| format!("pkg has no {start}…"))
}

fn file_names(package: &Path) -> Result<Vec<String>> {
    let name = |entry: std::io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    fs::read_dir(package)?.map(name).collect()
}

/// What is loaded for visitors who do not read English.
fn languages(package: &Path) -> Result<Vec<(String, [u64; 3])>> {
    let mut names = file_names(package)?;
    names.retain(|name| name.starts_with("bowerbird-") && name.ends_with(".json"));
    names.into_iter().map(|name| Ok((name.clone(), sizes(package, &name)?))).collect()
}

fn sizes(package: &Path, name: &str) -> Result<[u64; 3]> {
    let size = |name: String| {
        let path = package.join(name);
        fs::metadata(&path).map(|file| file.len()).with_context(|| format!("cannot read {}", path.display()))
    };
    Ok([size(name.to_owned())?, size(format!("{name}.gz"))?, size(format!("{name}.br"))?])
}

fn print_row(what: &str, [raw, gzip, brotli]: [u64; 3]) {
    println!("{what:<38} {raw:>9} {gzip:>9} {brotli:>9}");
}

/// The functions' names, as the compiler writes them, and the bytes of their bodies.
fn functions(wasm: &[u8]) -> Result<Vec<(String, usize)>> {
    use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};
    let mut imported = 0;
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    for name in reader {
                        if let Name::Function(map) = name? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let name = |index| names.get(&index).cloned().unwrap_or_else(|| "(no name)".to_owned());
    Ok((imported..).map(name).zip(bodies).collect())
}

/// The crate of a function by its name: `<dyn tachys::View as core::Any>::f` is tachys's.
fn crate_of(symbol: &str) -> String {
    let readable = format!("{:#}", rustc_demangle::demangle(symbol));
    let Some((start, _)) = readable.split_once("::") else { return "(exports and intrinsics)".to_owned() };
    // `core[1f2e]`: the compiler's newer names carry the crate's hash.
    let start = start.strip_suffix(']').and_then(|start| start.rsplit_once('[')).map_or(start, |(name, _)| name);
    match start.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next() {
        // `<[T]>::sort`: what slices, strings and numbers can do is core's.
        None | Some("") => "core".to_owned(),
        Some(name) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_is_found_behind_what_surrounds_it() {
        assert_eq!(crate_of("_ZN4core3fmt5write17h0123456789abcdefE"), "core");
        assert_eq!(crate_of("<dyn tachys::view::View as core::any::Any>::type_id"), "tachys");
        assert_eq!(crate_of("<&mut leptos::x::Y>::z"), "leptos");
        assert_eq!(crate_of("<T as wasm_bindgen::Describe>::describe"), "wasm_bindgen");
        assert_eq!(crate_of("core[c0d1a2]::fmt::float::float_to_decimal"), "core");
        assert_eq!(crate_of("<[T]>::concat"), "core");
        assert_eq!(crate_of("memcpy"), "(exports and intrinsics)");
    }

    #[test]
    fn bodies_count_for_their_functions_and_imports_shift_the_index() {
        use wasm_encoder::{
            CodeSection, EntityType, Function, FunctionSection, ImportSection, Instruction, Module, NameMap,
            NameSection, TypeSection,
        };
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("env", "f", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0).function(0);
        let mut code = CodeSection::new();
        for length in [3, 10] {
            let mut body = Function::new([]);
            (0..length).for_each(|_| {
                body.instruction(&Instruction::Nop);
            });
            body.instruction(&Instruction::End);
            code.function(&body);
        }
        let mut map = NameMap::new();
        map.append(0, "imported::f");
        map.append(1, "small::f");
        map.append(2, "large::f");
        let mut names = NameSection::new();
        names.functions(&map);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&code).section(&names);
        // A body has its count of locals and its end besides.
        let expected = [("small::f".to_owned(), 5), ("large::f".to_owned(), 12)];
        assert_eq!(super::functions(&module.finish()).unwrap(), expected);
    }

    #[test]
    fn the_loader_says_what_a_page_loads() {
        let folder = tempfile::tempdir().unwrap();
        let loader = "url('bowerbird-0123456789abcdef.js'), url('bowerbird_bg-0123456789abcdef.wasm')";
        for name in ["bowerbird_later-0123456789abcdef.wasm", "bowerbird_later-0123456789abcdef.wasm.br"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::write(folder.path().join("bowerbird.js"), loader).unwrap();
        let files: Vec<String> = page_files(folder.path()).unwrap().into_iter().map(|(_, name)| name).collect();
        assert_eq!(files, ["bowerbird.js", "bowerbird-0123456789abcdef.js", "bowerbird_bg-0123456789abcdef.wasm"]);
        assert_eq!(named_file(folder.path(), "bowerbird_later-").unwrap(), "bowerbird_later-0123456789abcdef.wasm");
    }
}
