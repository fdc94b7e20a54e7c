//! Where photos come from: one small file a source, and the list of them.

mod facebook;
mod instagram;
mod local_file_system;
pub(crate) mod pages;
mod url;

/// Everything that the dialog knows about a source. What a source *does* is the companion's business.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The name in `fromSources` and on the wire. The one for people is the sentence `source.<name>` in `text/`.
    pub name: &'static str,
    /// How its files are reached.
    pub kind: Kind,
    /// Whether its root holds albums to open (`true`) or photos at once.
    pub albums: bool,
    /// The path of its icon in a box of 24 by 24, filled with the current colour.
    pub icon: &'static str,
}

/// How a source's files are reached, which decides the screens that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Sign in with a provider, browse, and the companion copies.
    Cloud,
    /// Files of the visitor's own device, sent by the browser.
    Device,
    /// A web address that the companion fetches.
    Address,
}

/// Every source, in the order in which a page that names none offers them.
pub static ALL: &[Source] = &[local_file_system::SOURCE, facebook::SOURCE, instagram::SOURCE, url::SOURCE];

/// The source of that name, in any case.
pub fn find(name: &str) -> Option<&'static Source> {
    ALL.iter().find(|source| source.name.eq_ignore_ascii_case(name))
}
