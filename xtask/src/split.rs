//! Splits the wasm: what the dialog opens with, and the chunks that `src/ui/chunk.rs` loads after that.

use anyhow::{Context, Result, anyhow, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use wasm_encoder::CustomSection;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};

/// The chunks, by the names that `src/mount/rest.rs` gives the first and `chunk!` the others. These are loaded after the first, and lean on it.
pub const CHUNKS: [&str; 4] = ["later", "own", "editor", "outward"];

/// The parts of the wasm, before the first is bound.
pub struct Parts {
    /// What wasm-bindgen is to bind.
    pub main: PathBuf,
    /// The chunks in the order of [`CHUNKS`], as they are delivered.
    pub chunks: [Vec<u8>; CHUNKS.len()],
}

/// What the first part imports to load the others, once for each, as wasm-bindgen writes it into the glue.
fn import(number: usize) -> String {
    format!("import * as import{number} from \"./__wasm_split.js\"\n")
}

/// The glue with `loader` (`npm/chunks.js`) in the place of the script that it imports: a page would wait for one more request, and
/// that script cannot be told where a bundler puts the chunks.
pub fn take_in(glue: &str, loader: &str) -> Result<String> {
    let imports: String = (1..=CHUNKS.len()).map(import).collect();
    let rest =
        glue.strip_prefix(&imports).context("the glue does not begin with the imports of what loads the chunks")?;
    ensure!(!rest.starts_with("import"), "the glue imports more than what loads the chunks");
    // What `npm/chunks.js` uses of it.
    ensure!(rest.contains("\nlet wasm"), "the glue has no `let wasm`");
    let loads = CHUNKS.map(|name| format!("__wasm_split_load_{name}: loads('{name}')")).join(", ");
    // They are one module, of which the glue keeps the last.
    let same: String = (2..=CHUNKS.len()).map(|number| format!(", import{number} = import1")).collect();
    Ok(format!("{loader}\nconst import1 = {{ {loads} }}{same};\n{rest}"))
}

/// Splits what rustc made, by way of files in `folder`.
pub fn split(wasm: &Path, folder: &Path, keep_names: bool) -> Result<Parts> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let main = folder.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = folder;
    options.main_out_path = &main;
    let split =
        wasm_split_cli_support::transform(options).map_err(|error| anyhow!("cannot split the wasm: {error:#}"))?;
    // What main shares is what it exports, and there is a function to load each with: `npm/chunks.js` relies on both.
    let script = fs::read_to_string(folder.join("__wasm_split.js"))?;
    ensure!(
        script.contains("= initSync(undefined, undefined)")
            && script.matches("\nexport const ").count() == CHUNKS.len(),
        "the splitting writes another script than npm/chunks.js stands for"
    );
    // Which files each needs: what it shares with others, and its own last.
    let needs = |name: &str| {
        let files = split.prefetch_map.get(name).with_context(|| format!("the wasm has no chunk `{name}`"))?;
        let own = files.iter().position(|file| *file == format!("split_{name}"));
        ensure!(own == Some(files.len() - 1), "the chunk `{name}` is not the last of what it needs: {files:?}");
        Ok(&files[..files.len() - 1])
    };
    let first = needs(CHUNKS[0])?;
    let read = |file: &str| slim(&fs::read(folder.join(file).with_extension("wasm"))?, keep_names);
    let chunk = |name: &str| -> Result<Vec<u8>> {
        let mut chunk = read(&format!("split_{name}"))?;
        for file in needs(name)?.iter().filter(|file| name == CHUNKS[0] || !first.contains(*file)) {
            let number = file.strip_prefix("chunk_").and_then(|number| number.parse::<u8>().ok());
            let mut data = vec![number.with_context(|| format!("`{file}` has no number"))?];
            data.extend(read(file)?);
            // A module may end with a section that means nothing to the engine.
            append(&mut chunk, &CustomSection { name: "shared".into(), data: data.into() });
        }
        Ok(chunk)
    };
    let [later, own, editor, outward] = CHUNKS;
    Ok(Parts { main, chunks: [chunk(later)?, chunk(own)?, chunk(editor)?, chunk(outward)?] })
}

fn append(module: &mut Vec<u8>, section: &CustomSection<'_>) {
    use wasm_encoder::{Encode, Section};
    module.push(section.id());
    section.encode(module);
}

/// The same module, its numbers as short as they can be (the linker pads them, to have room) and without what only tools read.
fn slim(wasm: &[u8], keep_names: bool) -> Result<Vec<u8>> {
    struct Slim(bool);
    impl Reencode for Slim {
        type Error = std::convert::Infallible;

        fn parse_custom_section(
            &mut self,
            module: &mut wasm_encoder::Module,
            section: wasmparser::CustomSectionReader<'_>,
        ) -> Result<(), wasm_encoder::reencode::Error> {
            if self.0 && section.name() == "name" {
                RoundtripReencoder.parse_custom_section(module, section)?;
            }
            Ok(())
        }
    }
    let mut module = wasm_encoder::Module::new();
    Slim(keep_names)
        .parse_core_module(&mut module, wasmparser::Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot encode the chunk anew: {error}"))?;
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glue_takes_the_loader_in_or_is_refused() {
        let imports: String = (1..=CHUNKS.len()).map(import).collect();
        let glue = format!("{imports}let a;\nlet wasm;\n");
        let whole = take_in(&glue, "const loader = 1;").unwrap();
        assert!(whole.starts_with("const loader = 1;\nconst import1 = ") && !whole.contains("import *"), "{whole}");
        assert!(whole.contains("__wasm_split_load_editor: loads('editor')"), "{whole}");
        assert!(take_in(&glue[1..], "").is_err());
        assert!(take_in(&format!("{imports}import * as import4 from \"x\"\nlet wasm"), "").is_err());
        assert!(take_in(&glue.replace("let wasm", "let module"), "").is_err());
    }

    #[test]
    fn what_is_appended_is_a_section_that_tools_read() {
        let mut module = wasm_encoder::Module::new().finish();
        append(&mut module, &CustomSection { name: "shared".into(), data: (&[7u8, 1, 2][..]).into() });
        let sections = wasmparser::Parser::new(0).parse_all(&module).filter_map(Result::ok);
        let data = sections.filter_map(|payload| match payload {
            wasmparser::Payload::CustomSection(section) => Some((section.name().to_owned(), section.data().to_vec())),
            _ => None,
        });
        assert_eq!(data.collect::<Vec<_>>(), [("shared".to_owned(), vec![7, 1, 2])]);
    }

    #[test]
    fn a_slim_module_has_its_code_and_no_words_for_tools() {
        use wasm_encoder::{CodeSection, CustomSection, Function, FunctionSection, Module, TypeSection};
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        // No locals, `i32.const 1` in five bytes where one is enough, `drop`, `end`.
        let mut code = CodeSection::new();
        code.raw(&[0, 0x41, 0x81, 0x80, 0x80, 0x80, 0x00, 0x1a, 0x0b]);
        let mut lean = CodeSection::new();
        let mut body = Function::new([]);
        body.instructions().i32_const(1).drop().end();
        lean.function(&body);
        let module = |code: &CodeSection, customs: &[&str]| {
            let mut module = Module::new();
            module.section(&types).section(&functions).section(code);
            for name in customs {
                module.section(&CustomSection { name: (*name).into(), data: (&[0u8][..]).into() });
            }
            module.finish()
        };
        let slimmed = slim(&module(&code, &["producers", "target_features"]), false).unwrap();
        assert_eq!(slimmed, module(&lean, &[]));
    }
}
