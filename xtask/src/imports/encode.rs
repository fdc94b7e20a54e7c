//! Writes the first part without what goes, and the chunk with it.

use super::{FIRST, FROM, First, called, types};
use anyhow::{Result, anyhow, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, FunctionSection, ImportSection, Module, NameMap,
    NameSection, TypeSection,
};
use wasmparser::{ElementItems, FuncType, Operator, Parser, TypeRef};

/// The module as this makes it of `wasm`.
pub fn encoded(what: &str, reencoder: &mut dyn Reencode<Error = Infallible>, wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    let made = reencoder.parse_core_module(&mut module, Parser::new(0), wasm);
    made.map_err(|error| anyhow!("cannot encode the {what} anew: {error}"))?;
    Ok(module.finish())
}

/// The first part without them. In its table another function stands in their places until the chunk is there.
pub struct Without<'a> {
    first: &'a First<'a>,
    moving: &'a BTreeSet<u32>,
    keep_names: bool,
    /// The first function whose body or type was not seen yet.
    next: u32,
}

impl<'a> Without<'a> {
    /// Of `first`, without `moving`.
    pub fn new(first: &'a First<'a>, moving: &'a BTreeSet<u32>, keep_names: bool) -> Self {
        Self { first, moving, keep_names, next: 0 }
    }

    /// Whether the next function stays.
    fn stays(&mut self) -> bool {
        self.next += 1;
        !self.moving.contains(&(self.next - 1))
    }

    fn skip_imports(&mut self) {
        self.next = (self.first.types.len() - self.first.bodies.len()) as u32;
    }
}

impl Reencode for Without<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        let before = self.moving.range(..function).count() as u32;
        Ok(if self.moving.contains(&function) { 0 } else { function - before })
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        self.next = 0;
        for import in section.into_imports() {
            let import = import?;
            if !matches!(import.ty, TypeRef::Func(_)) || self.stays() {
                let ty = self.entity_type(import.ty)?;
                imports.import(import.module, import.name, ty);
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        self.skip_imports();
        for ty in section {
            let ty = self.type_index(ty?)?;
            if self.stays() {
                functions.function(ty);
            }
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        self.skip_imports();
        for body in section {
            let body = body?;
            if self.stays() {
                self.parse_function_body(code, body)?;
            }
        }
        Ok(())
    }

    fn parse_element(&mut self, elements: &mut ElementSection, element: wasmparser::Element<'_>) -> Result<(), Error> {
        // The places of the chunks' functions, which are empty without being told so.
        let is_nothing = match &element.items {
            ElementItems::Functions(_) => false,
            ElementItems::Expressions(_, items) => items.clone().into_iter().all(|item| {
                item.is_ok_and(|item| matches!(item.get_operators_reader().read(), Ok(Operator::RefNull { .. })))
            }),
        };
        if is_nothing { Ok(()) } else { utils::parse_element(self, elements, element) }
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        if section.name() != "name" {
            return utils::parse_custom_section(self, module, section);
        }
        if self.keep_names {
            let mut functions = NameMap::new();
            for (function, name) in &self.first.names {
                if !self.moving.contains(function) {
                    functions.append(self.function_index(*function)?, name);
                }
            }
            let mut names = NameSection::new();
            names.functions(&functions);
            module.section(&names);
        }
        Ok(())
    }
}

/// The chunk with them. What is imported comes before all its functions, and what has a body after them.
pub struct With<'a> {
    first: &'a First<'a>,
    moving: &'a BTreeSet<u32>,
    idle: &'a [u32],
    /// Those that are called and stay, by their names.
    called: Vec<(&'a str, u32)>,
    defined: Vec<u32>,
    /// What all of these are in the chunk.
    numbers: BTreeMap<u32, u32>,
    /// The types of the chunk, and how many of them it had.
    types: Vec<FuncType>,
    had: usize,
    /// Whether what is encoded is from the first part.
    is_theirs: bool,
}

impl<'a> With<'a> {
    /// With `moving` of `first`, among which `idle` are imported.
    pub fn new(first: &'a First<'a>, moving: &'a BTreeSet<u32>, idle: &'a [u32], chunk: &[u8]) -> Result<Self> {
        let there = First::read(chunk)?;
        ensure!(
            there.types.len() == there.bodies.len() && there.imported_tables == 1,
            "the chunk imports other functions or tables than one, of which nothing is known"
        );
        let has_body = |function: &u32| first.bodies.contains_key(function) && first.behind(*function) == *function;
        let defined: Vec<u32> = moving.iter().copied().filter(has_body).collect();
        let calls = defined.iter().flat_map(|function| first.operators(*function)).filter_map(called);
        let calls: BTreeSet<u32> = calls.filter(|function| !moving.contains(function)).collect();
        let called: Vec<(&str, u32)> = calls.into_iter().map(|function| (first.exports[&function], function)).collect();
        let imported = idle.iter().chain(called.iter().map(|(_, function)| function));
        let mut numbers: BTreeMap<u32, u32> = imported.copied().zip(0..).collect();
        let after = (numbers.len() + there.bodies.len()) as u32;
        numbers.extend(defined.iter().copied().zip(after..));
        let mut types = types(chunk)?;
        let had = types.len();
        for function in numbers.keys() {
            let ty = &first.types[*function as usize];
            if !types.contains(ty) {
                types.push(ty.clone());
            }
        }
        Ok(Self { first, moving, idle, called, defined, numbers, types, had, is_theirs: false })
    }

    /// The type in the chunk of a function of the first part.
    fn type_of(&self, function: u32) -> u32 {
        let ty = &self.first.types[function as usize];
        self.types.iter().position(|known| known == ty).map_or(0, |at| at as u32)
    }
}

impl Reencode for With<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        let imported = (self.idle.len() + self.called.len()) as u32;
        Ok(if self.is_theirs { self.numbers[&function] } else { function + imported })
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        for ty in &self.types[self.had..] {
            let values = |of: &[wasmparser::ValType]| {
                of.iter().map(|value| RoundtripReencoder.val_type(*value)).collect::<Result<Vec<_>, Error>>()
            };
            types.ty().function(values(ty.params())?, values(ty.results())?);
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_import_section(self, imports, section)?;
        let idle = self.idle.iter().map(|function| (FROM, self.first.imports[function].as_str(), *function));
        let called = self.called.iter().map(|(name, function)| (FIRST, *name, *function));
        for (module, name, function) in idle.chain(called) {
            imports.import(module, name, EntityType::Function(self.type_of(function)));
        }
        if let Some((name, ty)) = self.first.exported_table {
            let ty = self.table_type(ty)?;
            imports.import(FIRST, name, ty);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        for function in &self.defined {
            functions.function(self.type_of(*function));
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        self.is_theirs = true;
        for function in self.defined.clone() {
            self.parse_function_body(code, self.first.bodies[&function].clone())?;
        }
        self.is_theirs = false;
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        elements: &mut ElementSection,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_element_section(self, elements, section)?;
        // Neighbours together.
        let places = self.first.table.iter().filter(|(_, function)| self.moving.contains(function));
        let mut places = places.map(|(place, shim)| (*place, self.numbers[&self.first.behind(*shim)])).peekable();
        while let Some((from, function)) = places.next() {
            let mut run = vec![function];
            while let Some((_, function)) = places.next_if(|(place, _)| *place == from + run.len() as u32) {
                run.push(function);
            }
            elements.active(None, &ConstExpr::i32_const(from as i32), Elements::Functions(run.into()));
        }
        Ok(())
    }
}
