//! The page on settings has what the code has.

use bowerbird_companion::config::{AppConfig, SETTINGS};

const PAGE: &str = include_str!("../../../docs/settings.md");

/// The words of a setting and its default, which stands in the sentence that begins with that word.
fn parted(doc: &str) -> (String, String) {
    let words = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, rest) = words.split_once("Default ").expect("a sentence with the default");
    let (default, after) = rest.split_once(". ").unwrap_or((rest.trim_end_matches('.'), ""));
    (format!("{before}{after}").trim().to_owned(), default.to_owned())
}

#[test]
fn every_setting_is_on_the_page() {
    let mut table = "| setting | what it is | default |\n| --- | --- | --- |\n".to_owned();
    for setting in SETTINGS {
        let (words, default) = parted(setting.doc);
        table.push_str(&format!("| `{}` | {words} | {default} |\n", setting.name));
    }
    let shown =
        PAGE.split_once("<!-- table -->\n\n").and_then(|(_, rest)| rest.split_once("\n<!-- end of the table -->"));
    assert!(
        shown.is_some_and(|(shown, _)| shown == table),
        "docs/settings.md is to have, between its marks:\n\n{table}"
    );
}

#[test]
fn every_member_of_a_site_is_on_the_page() {
    // What it takes is told to whoever writes what it does not.
    let error = serde_json::from_str::<AppConfig>(r#"{"": 1}"#).unwrap_err().to_string();
    let (_, known) = error.split_once("expected one of ").expect("the members");
    let members: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    assert!(members.len() > 15 && members.contains(&"origins"), "{members:?}");
    let missing: Vec<&&str> = members.iter().filter(|member| !PAGE.contains(&format!("\n| `{member}` |"))).collect();
    assert!(missing.is_empty(), "docs/settings.md says nothing of {missing:?}");
}
