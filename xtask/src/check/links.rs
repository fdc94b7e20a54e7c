//! Links between the pages of the documentation: a file that is not there, or a heading that has another name by now; and the
//! book that `docs/SUMMARY.md` makes of them: a page that is missing in it, or leads out of it to one that is not.
//!
//! What lies elsewhere in the web is not asked: a check that fails because of somebody else's server is no check.

use super::tree::Text;
use crate::paths;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// The list of the book's pages.
pub const SUMMARY: &str = "docs/SUMMARY.md";

/// A link or an image of a page.
pub struct Link {
    /// Where all of it stands in the text, words and destination.
    pub range: Range<usize>,
    /// Its destination, as it is written.
    pub to: String,
}

impl Link {
    /// Whether it leads elsewhere in the web.
    pub fn leads_away(&self) -> bool {
        self.to.contains("://") || self.to.starts_with("mailto:")
    }
}

/// A page: the anchors of its headings, and where it leads.
#[derive(Default)]
struct Page {
    anchors: BTreeSet<String>,
    /// With their lines.
    links: Vec<(usize, Link)>,
}

/// One line for each link that leads nowhere.
pub fn violations(texts: &[Text]) -> Vec<String> {
    let is_page = |text: &&Text| text.path.ends_with(".md");
    let pages: BTreeMap<&str, Page> =
        texts.iter().filter(is_page).map(|text| (text.path.as_str(), read(&text.text))).collect();
    let mut found = Vec::new();
    for (path, page) in &pages {
        for (line, link) in &page.links {
            if let Some(why) = dead(path, link, &pages) {
                found.push(format!("{path}:{line}: `{}` {why}", link.to));
            }
        }
    }
    found.extend(out_of_book(&pages));
    found
}

/// Pages of `docs/` that the book lacks, and links out of the book to pages and folders, which it has no place for.
fn out_of_book(pages: &BTreeMap<&str, Page>) -> Vec<String> {
    let Some(summary) = pages.get(SUMMARY) else { return Vec::new() };
    let target = |path: &str, link: &Link| beside(path, link.to.split('#').next().unwrap_or_default());
    let book: BTreeSet<String> = summary.links.iter().map(|(_, link)| target(SUMMARY, link)).collect();
    let lost = pages.keys().filter(|path| path.starts_with("docs/") && **path != SUMMARY && !book.contains(**path));
    let mut found: Vec<String> = lost.map(|path| format!("{path}: {SUMMARY} does not list it")).collect();
    for (path, page) in pages.iter().filter(|(path, _)| book.contains(**path)) {
        let near = page.links.iter().filter(|(_, link)| !link.leads_away() && !link.to.starts_with('#'));
        for (line, link) in near {
            let to = target(path, link);
            if to.ends_with(".md") && !book.contains(&to) || paths::root().join(&to).is_dir() {
                found.push(format!("{path}:{line}: `{}` leads out of the book; {SUMMARY} does not list it", link.to));
            }
        }
    }
    found
}

/// The links and images of a text.
pub fn of(text: &str) -> Vec<Link> {
    read(text).links.into_iter().map(|(_, link)| link).collect()
}

/// The files that a page leads to, from the root; not the page itself.
pub fn targets(page: &str, text: &str) -> BTreeSet<String> {
    let files = of(text).into_iter().filter(|link| !link.leads_away());
    let files = files.map(|link| link.to.split('#').next().unwrap_or_default().to_owned());
    files.filter(|file| !file.is_empty()).map(|file| beside(page, &file)).collect()
}

/// Why a link of a page leads nowhere, if it does.
fn dead(path: &str, link: &Link, pages: &BTreeMap<&str, Page>) -> Option<String> {
    if link.leads_away() || link.to.is_empty() {
        return None;
    }
    let link = link.to.as_str();
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { path.to_owned() } else { beside(path, file) };
    if !paths::root().join(&target).exists() {
        return Some("leads to no file".to_owned());
    }
    let anchor = anchor.filter(|anchor| !anchor.is_empty())?;
    let page = pages.get(target.as_str())?;
    (!page.anchors.contains(anchor)).then(|| "leads to no heading".to_owned())
}

/// A path as a page writes it, from the root.
pub fn beside(page: &str, link: &str) -> String {
    let mut path = PathBuf::new();
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    for part in folder.join(link).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path.to_string_lossy().replace('\\', "/")
}

fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading: Option<String> = None;
    let mut times: HashMap<String, usize> = HashMap::new();
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let name = anchor(&heading.take().unwrap_or_default());
                let before = times.entry(name.clone()).or_default();
                page.anchors.insert(if *before == 0 { name } else { format!("{name}-{before}") });
                *before += 1;
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push((line(range.start), Link { range, to: dest_url.into_string() }));
            }
            _ => {}
        }
    }
    page
}

/// The anchor that GitHub, and mdBook like it, gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_the_anchors_of_github() {
        let page = read("# What `fits`, and why\n\n## Posts\n\n## Posts\n\n[a](#posts-1) [b](b.md#c) ![p](p.png)\n");
        assert_eq!(
            page.anchors.iter().map(String::as_str).collect::<Vec<_>>(),
            ["posts", "posts-1", "what-fits-and-why"]
        );
        let links: Vec<&str> = page.links.iter().map(|(_, link)| link.to.as_str()).collect();
        assert_eq!(links, ["#posts-1", "b.md#c", "p.png"]);
        assert_eq!(page.links[0].0, 7);
    }

    #[test]
    fn a_link_is_read_from_where_its_page_lies() {
        assert_eq!(beside("docs/a.md", "../README.md"), "README.md");
        assert_eq!(beside("docs/a.md", "b/c.md"), "docs/b/c.md");
        assert_eq!(beside("README.md", "docs/a.md"), "docs/a.md");
    }

    #[test]
    fn what_leads_nowhere_is_found() {
        let text = |path: &str, text: &str| Text { path: path.to_owned(), text: text.to_owned() };
        let pages = [text(
            "README.md",
            "# Bowerbird\n\n[gone](docs/gone.md) [there](#bowerbird) [not](#there) [web](https://example.org/x)",
        )];
        let found = violations(&pages);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("docs/gone.md` leads to no file") && found[1].contains("no heading"), "{found:?}");
    }

    #[test]
    fn the_book_has_every_page_and_leads_to_no_other() {
        let text = |path: &str, text: &str| Text { path: path.to_owned(), text: text.to_owned() };
        let pages = [
            text("SECURITY.md", "# Security"),
            text("docs/SUMMARY.md", "# Summary\n\n- [Files](files.md)\n"),
            text("docs/files.md", "# Files\n\n[a](../SECURITY.md) [b](../docs) [c](../deny.toml) [d](#files)"),
            text("docs/theming.md", "# Theming"),
        ];
        let read = pages.iter().map(|text| (text.path.as_str(), read(&text.text))).collect();
        let found = out_of_book(&read);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("docs/theming.md: docs/SUMMARY.md does not list it"), "{found:?}");
        assert!(
            found[1].contains("`../SECURITY.md` leads out") && found[2].contains("`../docs` leads out"),
            "{found:?}"
        );
    }

    #[test]
    fn a_page_tells_the_files_that_it_leads_to() {
        let found = targets("docs/a.md", "[a](b.md#c) [d](#d) ![e](../e.png) <https://f.example>");
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["docs/b.md", "e.png"]);
    }
}
