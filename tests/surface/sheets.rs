//! The style sheets: each custom property is declared and documented, and no sheet has a colour or a size of the page's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn sheets() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("style");
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), without_comments(&fs::read_to_string(entry.path()).unwrap()))
    };
    fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect()
}

fn without_comments(sheet: &str) -> String {
    sheet
        .split("/*")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once("*/").unwrap().1 })
        .collect()
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Every `--name` in a text that is followed by what `then` says.
fn names(text: &str, then: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let starts = text.match_indices("--").filter(|(at, _)| !text[..*at].ends_with(is_name));
    let name = |at: usize| {
        let end = text[at..].find(|c| !is_name(c)).map_or(text.len(), |end| at + end);
        then(&text[end..]).then(|| text[at..end].to_owned())
    };
    starts.filter_map(|(at, _)| name(at)).collect()
}

#[test]
fn every_custom_property_is_declared() {
    let sheets = sheets();
    // The first two are set by the option `modalSize`, the last by the editor, the others by the grid.
    let by_script = ["--modal-width", "--modal-height", "--columns", "--side", "--row", "--gap", "--margin", "--ratio"];
    let by_script = by_script.map(str::to_owned);
    let declared: BTreeSet<_> =
        names(&sheets["tokens.css"], |rest| rest.starts_with(':')).into_iter().chain(by_script).collect();
    for (name, sheet) in &sheets {
        let used = names(sheet, |_| true).into_iter().filter(|name| !name.starts_with("--bowerbird-"));
        let own: BTreeSet<_> = names(sheet, |rest| rest.starts_with(':'));
        let unknown: Vec<_> = used.filter(|used| !declared.contains(used) && !own.contains(used)).collect();
        assert_eq!(unknown, [""; 0], "{name} uses what tokens.css does not declare");
    }
}

#[test]
fn every_custom_property_of_the_pages_is_documented() {
    let known = |text: &str| -> BTreeSet<_> {
        names(text, |_| true).into_iter().filter(|it| it.starts_with("--bowerbird-")).collect()
    };
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/theming.md")).unwrap();
    let table: String = manual.lines().filter(|line| line.starts_with("| `--")).collect();
    let sheets = sheets();
    assert_eq!(known(&table), known(&sheets["tokens.css"]));
    for (name, sheet) in &sheets {
        assert!(known(sheet).is_subset(&known(&table)), "{name} has a property that docs/theming.md does not tell of");
    }
    // And what the table says of it is so.
    for line in manual.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" |").map(|cell| cell.trim().trim_matches('`')).collect();
        for (sheet, default) in [("tokens.css", cells[2]), ("dark.css", cells[3])] {
            let declaration = format!("var({}, {default})", cells[0]);
            assert!(default.is_empty() || sheets[sheet].contains(&declaration), "{sheet} has no `{declaration}`");
        }
    }
}

#[test]
fn only_the_tokens_have_colours_and_no_sheet_measures_by_the_page() {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !(is_name(c) || c == '.' || c == '%' || c == '#')).map(str::to_owned).collect()
    };
    let is_hex = |word: &str| {
        word.strip_prefix('#')
            .is_some_and(|hex| matches!(hex.len(), 3 | 4 | 6 | 8) && hex.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let functions = ["rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color"];
    let named = ["white", "black", "red", "green", "blue", "gray", "grey", "orange", "yellow", "silver", "navy"];
    for (name, sheet) in sheets() {
        for declaration in sheet.split(['{', '}', ';']).filter_map(|it| it.split_once(':')) {
            let (property, value) = declaration;
            for word in words(value) {
                let measures = word.ends_with("rem") && word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
                assert!(!measures, "{name}: `{property}:{value}` follows the page's font size");
                let is_colour = is_hex(&word)
                    || named.contains(&word.as_str())
                    || functions.iter().any(|function| word == *function && value.contains(&format!("{function}(")));
                let may = ["tokens.css", "dark.css"].contains(&name.as_str());
                assert!(
                    may || !is_colour,
                    "{name}: `{property}:{value}` has a colour of its own; tokens.css is for that"
                );
            }
        }
    }
}

/// The sheets are one sheet in the end: what one says of a class by itself holds for everything that another calls so too.
#[test]
fn a_class_by_itself_belongs_to_one_sheet() {
    // These lie over all the others on purpose.
    const OVER: [&str; 4] = ["contrast.css", "dark.css", "dialog.css", "tokens.css"];
    let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, sheet) in sheets().into_iter().filter(|(name, _)| !OVER.contains(&name.as_str())) {
        for selector in sheet.split('{').filter_map(|text| text.rsplit(['}', ';']).next()).flat_map(|it| it.split(','))
        {
            let selector = selector.trim();
            let first =
                selector.strip_prefix(".bowerbird ").unwrap_or(selector).split_whitespace().next().unwrap_or("");
            let class = first.strip_prefix('.').map(|rest| rest.split(|c| !is_name(c)).next().unwrap_or_default());
            // A part of something else says whose it is.
            let is_last = selector.strip_prefix(".bowerbird ").unwrap_or(selector).trim() == first;
            if let Some(class) = class.filter(|class| is_last && !first[1 + class.len()..].contains('.')) {
                of.entry(class.to_owned()).or_default().insert(name.clone());
            }
        }
    }
    assert!(of.len() > 40, "not all classes were found: {of:?}");
    of.retain(|_, sheets| sheets.len() > 1);
    assert!(of.is_empty(), "a class of two sheets: {of:?}");
}
