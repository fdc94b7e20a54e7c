//! The page on troubleshooting has every code, with what developers and visitors read of it.

use bowerbird_protocol::problem::ProblemCode;
use serde_json::Value;

const PAGE: &str = include_str!("../../docs/troubleshooting.md");
const SENTENCES: &str = include_str!("../../src/text/en.json");

/// The cells of the row of a code.
fn row(code: &str) -> Vec<&'static str> {
    let start = format!("| `{code}` |");
    let row = PAGE.lines().find(|line| line.starts_with(&start));
    let row = row.unwrap_or_else(|| panic!("docs/troubleshooting.md has no row that begins with {start}"));
    row.trim_matches('|').split(" | ").map(str::trim).collect()
}

#[test]
fn every_code_is_on_the_page_with_its_sentences_and_what_to_do() {
    let sentences: Value = serde_json::from_str(SENTENCES).unwrap();
    for code in ProblemCode::ALL.iter().copied().chain([ProblemCode::Other]) {
        let name = code.as_str();
        let [_, english, visitors, what_to_do] = row(name)[..] else { panic!("the row of {name} has four cells") };
        assert_eq!(english, code.english(), "{name}");
        assert_eq!(visitors, sentences[format!("problem.{name}")], "{name}");
        assert!(what_to_do.len() > 10, "{name} says why, and what to do");
    }
}

#[test]
fn the_page_has_no_code_that_there_is_not() {
    let table = PAGE.split("\n## Codes\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let codes = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(code, _)| code);
    let unknown: Vec<&str> = codes
        // The one is the widget's own, and the other what is left.
        .filter(|code| !["unreachable", "other"].contains(code))
        .filter(|code| ProblemCode::from_name(code) == ProblemCode::Other)
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
