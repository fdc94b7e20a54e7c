//! Divides the glue.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;

/// What the glue keeps the length of a text in that it has just passed on. A module that is lent its value would have an old one.
const LENGTH: &str = "WASM_VECTOR_LEN";

/// A part of the glue that stands at its outermost.
struct Item<'a> {
    text: &'a str,
    /// What it declares; nothing where it declares nothing, or several.
    name: Option<&'a str>,
    /// Whether it can stand elsewhere.
    can_move: bool,
}

/// Divides the glue, as wasm-bindgen writes it, into what the first part calls and what only the chunks do, which takes along the functions
/// that nobody else needs.
pub fn divide(glue: &str, names: &BTreeSet<&str>) -> Result<(String, String)> {
    const BEGIN: &str = "    const import0 = {\n        __proto__: null,\n";
    const END: &str = "    };\n    return {\n";
    const DECLARATIONS: [&str; 5] = ["function ", "async function ", "const ", "let ", "export "];
    let (before, rest) = glue.split_once(BEGIN).context("the glue does not list what the wasm imports")?;
    let (listed, after) = rest.split_once(END).context("the glue's list of imports has no end")?;
    let (mut kept, mut moved, mut found) = (String::new(), String::new(), 0);
    for entry in pieces(listed, |line| line.starts_with("        ") && !line[8..].starts_with([' ', '}'])) {
        let is_moved = words(entry).next().is_some_and(|name| names.contains(name));
        found += usize::from(is_moved);
        if is_moved { &mut moved } else { &mut kept }.push_str(entry);
    }
    ensure!(found == names.len(), "the glue lists {found} of {} imports that are to be moved", names.len());

    // These stand for another value later, so what uses them has to stand beside them.
    let variables = after.lines().filter_map(|line| line.strip_prefix("let "));
    let variables: BTreeSet<&str> = variables
        .flat_map(|line| line.split(" =").next().unwrap_or_default().split(','))
        .map(|name| name.trim_matches([' ', ';']))
        .filter(|name| ![LENGTH, "wasm"].contains(name))
        .collect();
    ensure!(!words(&moved).any(|word| variables.contains(word)), "an import uses a variable of the glue's");
    let mut items = Vec::new();
    for text in pieces(after, |line| DECLARATIONS.iter().any(|start| line.starts_with(start))) {
        let mut first = words(text).filter(|word| *word != "async");
        let (kind, name) = (first.next(), first.next());
        let name = name.filter(|_| DECLARATIONS[..4].iter().any(|start| text.starts_with(start)));
        let is_bound = words(text).any(|word| variables.contains(word)) || text.contains(&format!("{LENGTH} ="));
        items.push(Item { text, name, can_move: kind == Some("function") && !is_bound });
    }
    // What is needed where something stays, stays.
    loop {
        let staying = items.iter().filter(|item| !item.can_move).flat_map(|item| words(item.text));
        let needed: BTreeSet<&str> = words(before).chain(words(&kept)).chain(staying).collect();
        let more = items.iter_mut().find(|item| item.can_move && item.name.is_some_and(|name| needed.contains(name)));
        match more {
            Some(item) => item.can_move = false,
            None => break,
        }
    }
    let (going, staying): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.can_move);
    let text = |items: &[&Item<'_>]| items.iter().map(|item| item.text).collect::<String>();
    let (helpers, staying_text) = (text(&going), text(&staying));
    let there: BTreeSet<&str> = staying.iter().filter_map(|item| item.name).chain(["wasm"]).collect();
    let needed: BTreeSet<&str> =
        words(&helpers).chain(words(&moved)).filter(|word| *word != LENGTH && there.contains(word)).collect();
    let lent = needed.into_iter().collect::<Vec<_>>().join(", ");
    let glue = format!(
        "{before}{BEGIN}{kept}{END}{staying_text}\nconst lend = () => ({{ {lent}, length: () => {LENGTH} }});\n"
    );
    let [helpers, moved] = [helpers, moved].map(|text| text.replace(LENGTH, "length()"));
    let script = format!("export const imports = ({{ {lent}, length }}) => {{\n{helpers}return {{\n{moved}}};\n}};\n");
    Ok((glue, script))
}

/// The text in pieces, each of which begins with a line of this kind.
fn pieces(text: &str, begins: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut starts: Vec<usize> = Vec::from([0]);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && begins(line) {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(at);
    starts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

/// The names and other words in it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'))
        .filter(|word| !word.is_empty())
}
