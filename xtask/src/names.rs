//! Gives what glue and wasm know each other by short names. wasm-bindgen's are sentences that end in a hash, once in either file, and a
//! hash is what no compression makes smaller: together they were an eighth of what a page loads.

use anyhow::{Result, anyhow, ensure};
use std::collections::HashMap;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{ExportSection, ImportSection, Module};

/// The module that the wasm imports from, as wasm-bindgen calls it.
const FROM: &str = "./bowerbird_bg.js";

/// Glue and wasm with short names in both. `chunks` are what else is linked with the wasm: what they call by its name keeps it.
pub fn shorten(glue: &str, wasm: &[u8], chunks: &[Vec<u8>]) -> Result<(String, Vec<u8>)> {
    ensure!(!glue.contains("$0"), "the glue has names of this kind already");
    let mut names = Names::default();
    let mut module = Module::new();
    names
        .parse_core_module(&mut module, wasmparser::Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot encode the wasm anew: {error}"))?;
    for name in names.exported {
        let is_used = chunks.iter().any(|chunk| chunk.windows(name.len()).any(|at| at == name.as_bytes()));
        ensure!(!is_used, "a chunk calls `{name}` by its name");
    }
    let mut text = String::with_capacity(glue.len());
    let mut rest = glue.replace(FROM, "$");
    while !rest.is_empty() {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let other = rest.find(is_word).unwrap_or(rest.len());
        let word = rest[other..].find(|letter| !is_word(letter)).map_or(rest.len(), |length| other + length);
        text.push_str(&rest[..other]);
        let name = &rest[other..word];
        text.push_str(names.short.get(name).map_or(name, String::as_str));
        rest.drain(..word);
    }
    Ok((text, module.finish()))
}

/// What has been called what so far.
#[derive(Default)]
struct Names {
    short: HashMap<String, String>,
    exported: Vec<String>,
}

impl Names {
    fn short(&mut self, name: &str) -> String {
        let next = self.short.len();
        self.short.entry(name.to_owned()).or_insert_with(|| format!("${next}")).clone()
    }
}

impl Reencode for Names {
    type Error = std::convert::Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for import in section.into_imports() {
            let import = import?;
            let ty = self.entity_type(import.ty)?;
            if import.module == FROM {
                imports.import("$", &self.short(import.name), ty);
            } else {
                imports.import(import.module, import.name, ty);
            }
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: wasmparser::Export<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let kind = self.export_kind(export.kind)?;
        let index = self.external_index(export.kind, export.index)?;
        // Those are for the glue alone; the rest is what the chunks share, and the functions that pages call.
        if export.name.starts_with("wasm_bindgen_") {
            self.exported.push(export.name.to_owned());
            exports.export(&self.short(export.name), kind, index);
        } else {
            exports.export(export.name, kind, index);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{EntityType, ExportKind, TypeSection};

    fn wasm(module: &str, import: &str, export: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import(module, import, EntityType::Function(0));
        let mut exports = ExportSection::new();
        exports.export(export, ExportKind::Func, 0).export("memory_of_pages", ExportKind::Func, 0);
        let mut all = Module::new();
        all.section(&types).section(&imports).section(&exports);
        all.finish()
    }

    #[test]
    fn glue_and_wasm_agree_on_short_names() {
        let glue = "const import0 = {\n__wbg_now_0123: () => wasm.wasm_bindgen_invoke(),\n__wbg_now: 1,\n};\nreturn { \"./bowerbird_bg.js\": import0 };\nwasm.memory_of_pages";
        let long = wasm(FROM, "__wbg_now_0123", "wasm_bindgen_invoke");
        let (glue, short) = shorten(glue, &long, &[b"nothing of it".to_vec()]).unwrap();
        assert_eq!(
            glue,
            "const import0 = {\n$0: () => wasm.$1(),\n__wbg_now: 1,\n};\nreturn { \"$\": import0 };\nwasm.memory_of_pages"
        );
        assert_eq!(short, wasm("$", "$0", "$1"));
    }

    #[test]
    fn what_a_chunk_calls_by_its_name_is_refused() {
        let long = wasm(FROM, "__wbg_now", "wasm_bindgen_invoke");
        assert!(shorten("", &long, &[b"..wasm_bindgen_invoke..".to_vec()]).is_err());
    }
}
