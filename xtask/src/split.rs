//! Splits the wasm in two: what the dialog opens with, and what `src/ui/later.rs` loads after that.

use anyhow::{Context, Result, anyhow, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};

/// The name that `src/ui/later.rs` gives its chunk, as the splitting names the file.
const CHUNK: &str = "split_later";

/// The two halves, before the first is bound.
pub struct Halves {
    /// What wasm-bindgen is to bind.
    pub main: PathBuf,
    /// The chunk, as it is delivered.
    pub later: Vec<u8>,
}

/// What the first half imports to load the chunk, as wasm-bindgen writes it into the glue.
const IMPORT: &str = "import * as import1 from \"./__wasm_split.js\"\n";

/// The glue with `loader` (`npm/later.js`) in the place of the script that it imports: a page would wait for one more request, and
/// that script cannot be told where a bundler puts the chunk.
pub fn take_in(glue: &str, loader: &str) -> Result<String> {
    ensure!(glue.starts_with(IMPORT), "the glue does not begin with the import of what loads the chunk");
    // What `npm/later.js` uses of it.
    for name in ["\nlet wasm", "\nasync function __wbg_load(module, imports)"] {
        ensure!(glue.contains(name), "the glue has no `{}`", name.trim());
    }
    Ok(format!("{loader}\nconst import1 = {{ __wasm_split_load_later }};\n{}", &glue[IMPORT.len()..]))
}

/// Splits what rustc made, by way of files in `folder`.
pub fn split(wasm: &Path, folder: &Path, keep_names: bool) -> Result<Halves> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let main = folder.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = folder;
    options.main_out_path = &main;
    let split =
        wasm_split_cli_support::transform(options).map_err(|error| anyhow!("cannot split the wasm: {error:#}"))?;
    let chunk = folder.join(CHUNK).with_extension("wasm");
    // What main shares is what it exports, and there is one function to load with: `npm/later.js` relies on both.
    let script = fs::read_to_string(folder.join("__wasm_split.js"))?;
    ensure!(
        script.contains("= initSync(undefined, undefined)") && script.matches("\nexport const ").count() == 1,
        "the splitting writes another script than npm/later.js stands for"
    );
    ensure!(split.split_modules == [chunk.clone()], "the wasm fell into other parts: {:?}", split.split_modules);
    let later = slim(&fs::read(chunk)?, keep_names)?;
    Ok(Halves { main, later })
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
        let glue = format!("{IMPORT}let a;\nlet wasm;\nasync function __wbg_load(module, imports) {{\n}}\n");
        let whole = take_in(&glue, "const loader = 1;").unwrap();
        assert!(whole.starts_with("const loader = 1;\nconst import1 = ") && !whole.contains("import *"), "{whole}");
        assert!(take_in(&glue[1..], "").is_err());
        assert!(
            take_in(&glue.replace("__wbg_load", "__wbg_fetch"), "").unwrap_err().to_string().contains("__wbg_load")
        );
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
