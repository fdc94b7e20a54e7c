//! `cargo xtask docs`: the manual as a book in `target/docs`, and what the code says of itself.
//!
//! The pages of `docs/` are read on GitHub too, and lead to files beside that folder. mdBook knows one folder only, so the pages of
//! `docs/SUMMARY.md`, and whatever they lead to, are laid out anew for it, with their links as they are there.

use crate::check::links::{self, SUMMARY};
use crate::{children, paths, tools};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Where pages and files lie in the book that are outside of `docs/` in the repository.
const OUTSIDE: &str = "project/";

/// Builds the book, then the documentation of the crates.
pub fn run() -> Result<()> {
    book()?;
    api()
}

/// The book; a warning of mdBook's fails it.
fn book() -> Result<()> {
    let mdbook = tools::mdbook()?;
    let began = Instant::now();
    let source = paths::target().join("book");
    lay_out(&source)?;
    let built = paths::target().join("docs");
    let mut command = children::command(mdbook);
    let (well, said) = children::output(command.arg("build").arg("--dest-dir").arg(&built).arg(&source))?;
    if !well || complains(&said) {
        bail!("mdBook is not content with docs/:\n{}", said.trim());
    }
    println!("docs: {} ({:.1} s)", built.join("index.html").display(), began.elapsed().as_secs_f32());
    Ok(())
}

/// Whether mdBook has said more than what it does.
fn complains(said: &str) -> bool {
    said.split_whitespace().any(|word| matches!(word.trim_matches(['[', ']', ':']), "WARN" | "ERROR"))
}

/// What rustdoc makes of the crates, for this machine and for the browser; a warning fails it.
fn api() -> Result<()> {
    let began = Instant::now();
    let widget = ["--package", "bowerbird", "--target", "wasm32-unknown-unknown"];
    for which in [&["--workspace"][..], &widget[..]] {
        let mut command = children::cargo(["doc", "--quiet", "--no-deps"]);
        children::run(command.args(which).env("RUSTDOCFLAGS", "--deny warnings"))?;
    }
    println!("docs: {} ({:.1} s)", paths::target().join("doc").display(), began.elapsed().as_secs_f32());
    Ok(())
}

/// The book's source: `book.toml` with its sheet, and in `src` the pages and all that they show or lead to.
fn lay_out(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let put = |path: &str, bytes: &[u8]| -> Result<()> {
        let path = folder.join("src").join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all).with_context(|| format!("cannot write {}", path.display()))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    let read = |path: &str| fs::read(paths::root().join(path)).with_context(|| format!("cannot read {path}"));
    let summary = String::from_utf8(read(SUMMARY)?)?;
    let mut pages = links::targets(SUMMARY, &summary);
    put("SUMMARY.md", moved(SUMMARY, &summary).as_bytes())?;
    let mut files = BTreeSet::new();
    for page in &pages {
        let text = String::from_utf8(read(page)?)?;
        put(&in_book(page), moved(page, &text).as_bytes())?;
        files.extend(links::targets(page, &text));
    }
    pages.insert(SUMMARY.to_owned());
    for file in files.difference(&pages) {
        put(&in_book(file), &read(file)?)?;
    }
    for file in ["book.toml", "book.css"] {
        let from = paths::root().join("docs").join(file);
        fs::copy(&from, folder.join(file)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// Where a file of the repository lies in the book. mdBook makes an `index.html` of a `README.md`, but does not tell the links that
/// lead there, so the page of a folder is named after it.
fn in_book(path: &str) -> String {
    match path.strip_suffix("/README.md") {
        Some(folder) => format!("{OUTSIDE}{folder}.md"),
        None => path.strip_prefix("docs/").map_or_else(|| format!("{OUTSIDE}{path}"), str::to_owned),
    }
}

/// A page with its links as they are in the book.
fn moved(page: &str, text: &str) -> String {
    let mut text = text.to_owned();
    let mut found = links::of(&text);
    // From the end, so that what is replaced moves nothing that comes after it.
    found.sort_by_key(|link| std::cmp::Reverse(link.range.end));
    for link in found.into_iter().filter(|link| !link.leads_away()) {
        let (file, anchor) = link.to.split_at(link.to.find('#').unwrap_or(link.to.len()));
        if file.is_empty() {
            continue;
        }
        let to = format!("{}{anchor}", from(&in_book(page), &in_book(&links::beside(page, file))));
        if let Some(at) = text[link.range.clone()].rfind(&link.to) {
            let start = link.range.start + at;
            text.replace_range(start..start + link.to.len(), &to);
        }
    }
    text
}

/// The way from a page to a file, both from the same root.
fn from(page: &str, file: &str) -> String {
    let folders: Vec<&str> = page.split('/').collect();
    let way: Vec<&str> = file.split('/').collect();
    let [above @ .., _] = &folders[..] else { return file.to_owned() };
    let same = above.iter().zip(&way).take_while(|(one, other)| one == other).count();
    [vec![".."; above.len() - same], way[same..].to_vec()].concat().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_over_what_is_common() {
        assert_eq!(from("a.md", "b.md"), "b.md");
        assert_eq!(from("a.md", "project/SECURITY.md"), "project/SECURITY.md");
        assert_eq!(from("project/deploy/README.md", "project/SECURITY.md"), "../SECURITY.md");
        assert_eq!(from("project/deploy/README.md", "scaling.md"), "../../scaling.md");
    }

    #[test]
    fn links_are_those_of_the_book() {
        let text =
            "[a](../SECURITY.md#reporting) [b](files.md) `[c](../d)` [e](#e) <https://f.example>\n\n![g](i/g.jpg)\n";
        let moved = super::moved("docs/x.md", text);
        let expected = "[a](project/SECURITY.md#reporting) [b](files.md) `[c](../d)` [e](#e) <https://f.example>\n\n![g](i/g.jpg)\n";
        assert_eq!(moved, expected);
        let outside = super::moved("deploy/README.md", "[settings](../docs/settings.md#a) [file](compose.yaml)");
        assert_eq!(outside, "[settings](../settings.md#a) [file](deploy/compose.yaml)");
        assert_eq!(super::moved("docs/x.md", "[d](../deploy/README.md#a)"), "[d](project/deploy.md#a)");
    }

    #[test]
    fn a_warning_is_heard() {
        assert!(!complains(" INFO Book building has started\n INFO Running the html backend"));
        assert!(complains(" WARN unclosed HTML tag `<b>` found in `a.md`"));
        assert!(complains("[ERROR] (mdbook::utils): no"));
    }
}
