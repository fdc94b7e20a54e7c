//! Rules about files and folders rather than about what code mentions.

use super::source::Source;
use crate::paths;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The longest that a file may be before it becomes a folder, tests not counted.
const LONGEST: usize = 420;

/// The most entries that the widget's folder may have: what a reader takes in at one look.
const MOST_ENTRIES: usize = 22;

/// Folders that are not ours to check: built, fetched or private.
const SKIPPED: &[&str] = &["target", ".git", "node_modules", "data", "dist", "pkg"];

/// Paths that mean one machine, and hosts that serve packages: neither belongs in what others build from.
const OF_ONE_MACHINE: &[&str] =
    &["/root/", "/work/", "/Users/", "index.crates.io", "static.crates.io", "registry.npmjs.org", "deb.debian.org"];

/// A text file, by its path from the root.
pub struct Text {
    /// With `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Every text file of the repository, whether git knows it yet or not.
pub fn read() -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    collect(paths::root(), "", &mut texts)?;
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(texts)
}

fn collect(folder: &Path, at: &str, texts: &mut Vec<Text>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{at}{name}");
        let kind = entry.file_type()?;
        // In a worktree of git, `.git` is a file.
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), texts)?;
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            texts.push(Text { path, text });
        }
    }
    Ok(())
}

/// Files that should be folders, and a folder that should be fewer files.
pub fn sizes(sources: &[Source], texts: &[Text]) -> Vec<String> {
    let long = sources.iter().filter(|source| source.lines > LONGEST);
    let mut found: Vec<String> = long
        .map(|source| {
            format!("{}: {} lines without tests; above {LONGEST} a file becomes a folder", source.path, source.lines)
        })
        .collect();
    let entries: BTreeSet<&str> = texts
        .iter()
        .filter_map(|text| text.path.strip_prefix("src/"))
        .filter_map(|path| path.split('/').next())
        .collect();
    if entries.len() > MOST_ENTRIES {
        found.push(format!("src: {} entries, at most {MOST_ENTRIES} are taken in at one look", entries.len()));
    }
    found
}

/// Mentions of one machine's paths or of package hosts.
pub fn places(texts: &[Text]) -> Vec<String> {
    // Cargo writes the one; the other has to spell out what it looks for.
    let checked = texts.iter().filter(|text| !["Cargo.lock", "xtask/src/check/tree.rs"].contains(&text.path.as_str()));
    let mut found = Vec::new();
    for text in checked {
        for (number, line) in text.text.lines().enumerate() {
            for place in OF_ONE_MACHINE.iter().filter(|place| stands_alone(line, place)) {
                found.push(format!("{}:{}: `{place}` means one machine or one package host", text.path, number + 1));
            }
        }
    }
    found
}

/// Whether `place` is in the line, and not as the end of a longer path such as `/a/work/`.
fn stands_alone(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.}".contains(c)))
}

/// Sources that one side knows and another does not.
pub fn sources_everywhere(texts: &[Text]) -> Vec<String> {
    let named = |folder: &str, others: &[&str]| -> BTreeSet<String> {
        let inside = texts.iter().filter_map(|text| text.path.strip_prefix(folder));
        let names =
            inside.filter_map(|path| path.split('/').next()).map(|name| name.trim_end_matches(".rs").to_owned());
        names.filter(|name| name != "mod" && name != "tests" && !others.contains(&name.as_str())).collect()
    };
    // Those are the browser's and the companion's own, which nobody provides; and from Pages nothing is picked.
    let widget = named("src/sources/", &["local_file_system", "url", "pages"]);
    // What Facebook and Instagram share is no source.
    let companion = named("companion/src/providers/", &["meta"]);
    let emulator = named("emulator/src/", &[]);
    let mut found = Vec::new();
    for name in widget.union(&companion) {
        for (known, place) in [
            (widget.contains(name), format!("src/sources/{name}.rs")),
            (companion.contains(name), format!("companion/src/providers/{name}.rs")),
            (emulator.contains(name), format!("emulator/src/{name}.rs")),
        ] {
            if !known {
                found.push(format!("{place}: missing, though `{name}` is a source elsewhere"));
            }
        }
    }
    found
}

/// A dependency of the emulator on a crate of ours, which its code need not even mention.
pub fn emulator_stands_alone(texts: &[Text]) -> Vec<String> {
    let manifest = texts.iter().find(|text| text.path == "emulator/Cargo.toml").map_or("", |text| &text.text);
    let ours = |line: &&str| line.trim_start().starts_with("bowerbird");
    manifest
        .lines()
        .filter(ours)
        .map(|line| format!("emulator/Cargo.toml: `{line}`, but the emulator uses none of our crates"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)]) -> Vec<Text> {
        files.iter().map(|(path, text)| Text { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let long = |lines: usize| "const A: () = ();\n".repeat(lines);
        let source = |text: &str| vec![Source::parse("src/x.rs", text).unwrap()];
        assert_eq!(sizes(&source(&long(LONGEST + 1)), &[]).len(), 1);
        let with_tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", long(LONGEST), long(50));
        assert_eq!(sizes(&source(&with_tests), &[]), Vec::<String>::new());
    }

    #[test]
    fn a_crowded_folder_is_found() {
        let files: Vec<String> = (0..=MOST_ENTRIES).map(|n| format!("src/{n}.rs")).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), "")).collect();
        assert_eq!(sizes(&[], &texts(&files)).len(), 1);
        assert_eq!(sizes(&[], &texts(&files[1..])), Vec::<String>::new());
        assert_eq!(sizes(&[], &texts(&[("src/ui/a.rs", ""), ("src/ui/b.rs", "")])), Vec::<String>::new());
    }

    #[test]
    fn machine_paths_and_package_hosts_are_found() {
        let found = places(&texts(&[("README.md", "see /root/x\nfine\n`/work/main`\nhttps://static.crates.io/y")]));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].starts_with("README.md:3:"), "{found:?}");
        assert_eq!(places(&texts(&[("README.md", "https://example.org/work/a ~/work/ and ./root/")])).len(), 1);
    }

    #[test]
    fn a_source_that_one_side_does_not_know_is_found() {
        let both = [("src/sources/x.rs", ""), ("companion/src/providers/x/mod.rs", ""), ("emulator/src/x.rs", "")];
        assert_eq!(sources_everywhere(&texts(&both)), Vec::<String>::new());
        for missing in 0..both.len() {
            let mut files = both.to_vec();
            files.remove(missing);
            assert!(!sources_everywhere(&texts(&files)).is_empty(), "{files:?}");
        }
        let shared = [("companion/src/providers/meta.rs", ""), ("src/sources/mod.rs", "")];
        assert_eq!(sources_everywhere(&texts(&shared)), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_of_the_emulator_on_us_is_found() {
        let manifest =
            "[package]\nname = \"bowerbird-emulator\"\n[dependencies]\nbowerbird-protocol.workspace = true\n";
        assert_eq!(emulator_stands_alone(&texts(&[("emulator/Cargo.toml", manifest)])).len(), 1);
    }
}
