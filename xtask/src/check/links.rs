//! Links between the pages of the documentation: a file that is not there, or a heading that has another name by now.
//!
//! What lies elsewhere in the web is not asked: a check that fails because of somebody else's server is no check.

use super::tree::Text;
use crate::paths;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

/// A page: the anchors of its headings, and where it leads.
#[derive(Default)]
struct Page {
    anchors: BTreeSet<String>,
    /// Line and destination.
    links: Vec<(usize, String)>,
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
                found.push(format!("{path}:{line}: `{link}` {why}"));
            }
        }
    }
    found
}

/// Why a link of a page leads nowhere, if it does.
fn dead(path: &str, link: &str, pages: &BTreeMap<&str, Page>) -> Option<String> {
    let leads_away = link.contains("://") || link.starts_with("mailto:");
    if leads_away || link.is_empty() {
        return None;
    }
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
fn beside(page: &str, link: &str) -> String {
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
                page.links.push((line(range.start), dest_url.into_string()));
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
        let links: Vec<&str> = page.links.iter().map(|(_, link)| link.as_str()).collect();
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
}
