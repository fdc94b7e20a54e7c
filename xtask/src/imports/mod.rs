//! Gives the first chunk what only chunks call of the browser. wasm-bindgen binds the first part of the wasm alone, so all that the chunks
//! call goes through it: two imports in three, the functions that pass their arguments on, and their half of the glue, which a page
//! would load before it needs any of it.

mod encode;
mod glue;

use anyhow::{Result, ensure};
use encode::{With, Without, encoded};
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{
    BlockType, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, KnownCustom, Name, Operator, Parser,
    Payload, TableType, TypeRef,
};

/// What a part of the wasm, and what it is called with, have become.
pub struct Moved {
    /// The glue, without what is in `script`. It has a function `lend` more, which answers what that needs of it.
    pub glue: String,
    /// The first part of the wasm.
    pub wasm: Vec<u8>,
    /// The first chunk. It imports from [`FROM`] what the function `imports` of `script` answers.
    pub chunk: Vec<u8>,
    /// A JavaScript module of its own.
    pub script: String,
}

/// The module that the wasm imports from, as `names::shorten` calls it.
const FROM: &str = "$";
/// The module that chunks import from, which is the first part.
const FIRST: &str = "__wasm_split";
/// How the names end of functions that do nothing but call an import, for chunks, which reach them through the table.
const SHIM: &str = " local_shim";

/// Moves what can be moved. The wasm has to have its functions' names, and keeps them if `keep_names`.
pub fn take_out(glue: &str, wasm: &[u8], chunk: &[u8], keep_names: bool) -> Result<Moved> {
    let first = First::read(wasm)?;
    let moving = first.moving();
    let idle: Vec<u32> = moving.iter().copied().filter(|function| first.imports.contains_key(function)).collect();
    ensure!(!idle.is_empty(), "the wasm calls all that it imports, which a wasm that was split does not");
    let used = idle.iter().map(|function| first.imports[function].as_str()).collect();
    let (glue, script) = glue::divide(glue, &used)?;
    let wasm = encoded("wasm", &mut Without::new(&first, &moving, keep_names), wasm)?;
    let chunk = encoded("chunk", &mut With::new(&first, &moving, &idle, chunk)?, chunk)?;
    Ok(Moved { glue, wasm, chunk, script })
}

/// The first part of the wasm.
struct First<'a> {
    /// The types of all functions, of imported ones first.
    types: Vec<FuncType>,
    /// The names of functions that are imported from [`FROM`].
    imports: BTreeMap<u32, String>,
    /// The bodies of the others.
    bodies: BTreeMap<u32, FunctionBody<'a>>,
    /// What chunks may import, by what it is here.
    exports: BTreeMap<u32, &'a str>,
    exported_table: Option<(&'a str, TableType)>,
    imported_tables: usize,
    /// What the table has at its places.
    table: BTreeMap<u32, u32>,
    /// Those that something here needs by whatever way.
    roots: BTreeSet<u32>,
    names: BTreeMap<u32, &'a str>,
}

impl<'a> First<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self> {
        let kinds = types(wasm)?;
        let mut first = Self {
            types: Vec::new(),
            imports: BTreeMap::new(),
            bodies: BTreeMap::new(),
            exports: BTreeMap::new(),
            exported_table: None,
            imported_tables: 0,
            table: BTreeMap::new(),
            roots: BTreeSet::new(),
            names: BTreeMap::new(),
        };
        let (mut tables, mut imported) = (Vec::new(), 0);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        first.imported_tables += usize::from(matches!(import.ty, TypeRef::Table(_)));
                        let TypeRef::Func(ty) = import.ty else { continue };
                        if import.module == FROM {
                            first.imports.insert(imported, import.name.to_owned());
                        }
                        first.types.push(kinds[ty as usize].clone());
                        imported += 1;
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        first.types.push(kinds[ty? as usize].clone());
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        tables.push(table?.ty);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        match export.kind {
                            ExternalKind::Func => {
                                first.roots.insert(export.index);
                                first.exports.insert(export.index, export.name);
                            }
                            ExternalKind::Table if export.index == 1 => {
                                first.exported_table = tables.get(1).map(|ty| (export.name, *ty));
                            }
                            _ => {}
                        }
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        first.roots.extend(functions_of(&global?.init_expr)?);
                    }
                }
                Payload::StartSection { func, .. } => drop(first.roots.insert(func)),
                Payload::ElementSection(section) => {
                    for element in section {
                        let element = element?;
                        let items = match element.items {
                            ElementItems::Functions(items) => items.into_iter().collect::<Result<Vec<_>, _>>()?,
                            ElementItems::Expressions(_, items) => {
                                for item in items {
                                    first.roots.extend(functions_of(&item?)?);
                                }
                                continue;
                            }
                        };
                        let from = match element.kind {
                            ElementKind::Active { table_index: None | Some(0), offset_expr } => {
                                match offset_expr.get_operators_reader().read()? {
                                    Operator::I32Const { value } => Some(u32::try_from(value)?),
                                    _ => None,
                                }
                            }
                            _ => None,
                        };
                        match from {
                            Some(from) => first.table.extend((from..).zip(items)),
                            None => first.roots.extend(items),
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    first.bodies.insert(imported + first.bodies.len() as u32, body);
                }
                Payload::CustomSection(section) => {
                    let KnownCustom::Name(names) = section.as_known() else { continue };
                    for name in names {
                        if let Name::Function(names) = name? {
                            for naming in names {
                                let naming = naming?;
                                first.names.insert(naming.index, naming.name);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(first)
    }

    fn is_shim(&self, function: u32) -> bool {
        self.names.get(&function).is_some_and(|name| name.ends_with(SHIM))
    }

    /// What a shim calls, which can stand in its place where the types are the same.
    fn behind(&self, shim: u32) -> u32 {
        match self.operators(shim).find_map(called).filter(|_| self.is_shim(shim)) {
            Some(function) if self.types[function as usize] == self.types[shim as usize] => function,
            _ => shim,
        }
    }

    /// The functions that nothing needs here, and that are as good elsewhere.
    fn moving(&self) -> BTreeSet<u32> {
        let in_table = self.table.values().copied();
        let mut roots: BTreeSet<u32> = in_table.filter(|function| !self.is_shim(*function)).collect();
        roots.extend(&self.roots);
        loop {
            let staying = self.reach(roots.iter().copied(), &BTreeSet::new());
            let shims = self.table.values().copied().filter(|function| !staying.contains(function));
            let going = self.reach(shims.clone(), &staying);
            let bound = |function: u32| !self.can_go(function, &staying);
            let bound: Vec<u32> = shims.filter(|shim| self.reach([*shim], &staying).into_iter().any(bound)).collect();
            if bound.is_empty() {
                return going;
            }
            roots.extend(bound);
        }
    }

    /// What these call, and what that calls, as far as it is not in `known`.
    fn reach(&self, from: impl IntoIterator<Item = u32>, known: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut waiting: Vec<u32> = from.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(function) = waiting.pop() {
            if !known.contains(&function) && reached.insert(function) {
                waiting.extend(self.operators(function).filter_map(called));
            }
        }
        reached
    }

    fn operators(&self, function: u32) -> impl Iterator<Item = Operator<'a>> {
        let body = self.bodies.get(&function);
        body.and_then(|body| body.get_operators_reader().ok()).into_iter().flatten().filter_map(Result::ok)
    }

    /// Whether it calls nothing but what goes along, or what chunks can import, and knows of nothing else that is here.
    fn can_go(&self, function: u32, staying: &BTreeSet<u32>) -> bool {
        self.operators(function).all(|operator| match operator {
            Operator::Call { function_index } => {
                let goes = !staying.contains(&function_index)
                    && (self.bodies.contains_key(&function_index) || self.imports.contains_key(&function_index));
                goes || self.exports.contains_key(&function_index)
            }
            Operator::TableGet { table: 1 } | Operator::TableSet { table: 1 } => self.exported_table.is_some(),
            Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::I32Const { .. }
            | Operator::I32Add
            | Operator::Block { blockty: BlockType::Empty | BlockType::Type(_) }
            | Operator::If { blockty: BlockType::Empty | BlockType::Type(_) }
            | Operator::Else
            | Operator::RefNull { .. }
            | Operator::Drop
            | Operator::Return
            | Operator::End => true,
            _ => false,
        })
    }
}

/// The functions that an expression names.
fn functions_of(expression: &wasmparser::ConstExpr<'_>) -> Result<Vec<u32>> {
    let operators = expression.get_operators_reader().into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(operators.into_iter().filter_map(called).collect())
}

fn called(operator: Operator<'_>) -> Option<u32> {
    match operator {
        Operator::Call { function_index } | Operator::RefFunc { function_index } => Some(function_index),
        _ => None,
    }
}

/// The types that a module declares.
fn types(wasm: &[u8]) -> Result<Vec<FuncType>> {
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::TypeSection(section) = payload? {
            for ty in section.into_iter_err_on_gc_types() {
                types.push(ty?);
            }
        }
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
        FunctionSection, ImportSection, Module, NameMap, NameSection, RefType, TableSection, TableType, TypeSection,
    };

    /// Imports `$0`, which it calls, and `$1`, which its table has a shim for, at 3.
    fn first() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import(FROM, "$0", EntityType::Function(0)).import(FROM, "$1", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0).function(0);
        let mut tables = TableSection::new();
        let table =
            TableType { element_type: RefType::FUNCREF, minimum: 4, maximum: None, table64: false, shared: false };
        tables.table(table);
        let mut exports = ExportSection::new();
        exports.export("start", ExportKind::Func, 2);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(2), Elements::Functions([2, 3].as_slice().into()));
        let mut code = CodeSection::new();
        for calls in [0, 1] {
            let mut body = Function::new([]);
            body.instructions().call(calls).end();
            code.function(&body);
        }
        let mut called = NameMap::new();
        called.append(2, "start");
        called.append(3, "one local_shim");
        let mut names = NameSection::new();
        names.functions(&called);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
        module.section(&elements).section(&code).section(&names);
        module.finish()
    }

    fn chunk() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        let table =
            TableType { element_type: RefType::FUNCREF, minimum: 4, maximum: None, table64: false, shared: false };
        imports.import(FIRST, "__indirect_function_table", table);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions([0].as_slice().into()));
        let mut code = CodeSection::new();
        let mut body = Function::new([]);
        body.instructions().call(0).end();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&elements).section(&code);
        module.finish()
    }

    const GLUE: &str = "let before;
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        $0: function(arg0) {
            const ret = shared(arg0);
            return ret;
        },
        $1: function(arg0) {
            const ret = shared(own(arg0), WASM_VECTOR_LEN);
            return ret;
        },
    };
    return {
        __proto__: null,
        \"$\": import0,
    };
}

let cached = null;
function shared(arg0) {
    return arg0 + wasm.memory + cached;
}
function own(arg0) {
    return arg0;
}
let WASM_VECTOR_LEN = 0;
let wasmModule, wasm;
export { __wbg_init as default };
";

    #[test]
    fn what_only_chunks_call_goes_to_the_first_of_them() {
        let moved = take_out(GLUE, &first(), &chunk(), false).unwrap();
        let main = First::read(&moved.wasm).unwrap();
        assert_eq!(main.imports.values().collect::<Vec<_>>(), ["$0"]);
        assert_eq!((main.bodies.len(), main.names.len()), (1, 0), "the shim is gone, and so are names");
        assert_eq!(main.exports, BTreeMap::from([(1, "start")]), "it is the function behind the import that is left");
        assert_eq!(main.operators(1).find_map(called), Some(0), "which it still calls");
        let chunk = First::read(&moved.chunk).unwrap();
        assert_eq!(chunk.imports.values().collect::<Vec<_>>(), ["$1"]);
        assert_eq!(
            chunk.table,
            BTreeMap::from([(1, 1), (3, 0)]),
            "its own function, and the import itself in place of the shim"
        );
        assert_eq!(chunk.operators(1).find_map(called), Some(1), "it calls itself, as before");
        assert!(take_out(GLUE, &moved.wasm, &moved.chunk, false).is_err(), "there is nothing left to move");
    }

    #[test]
    fn the_script_has_its_functions_and_is_lent_the_others() {
        let Moved { glue, script, .. } = take_out(GLUE, &first(), &chunk(), true).unwrap();
        assert!(
            glue.contains("$0: function") && !glue.contains("$1: function") && !glue.contains("function own"),
            "{glue}"
        );
        assert!(glue.ends_with("\nconst lend = () => ({ shared, length: () => WASM_VECTOR_LEN });\n"), "{glue}");
        assert!(script.starts_with("export const imports = ({ shared, length }) => {\nfunction own(arg0)"), "{script}");
        assert!(script.contains("$1: function(arg0)") && script.contains("shared(own(arg0), length())"), "{script}");
    }
}
