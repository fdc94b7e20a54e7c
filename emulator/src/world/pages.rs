//! Facebook's Pages, and what people may do on them.

use std::sync::LazyLock;

use super::ids::{Kind, Slot};

/// Everything that somebody can be allowed on a Page.
const ALL_TASKS: &[&str] = &["MANAGE", "CREATE_CONTENT", "MODERATE", "MESSAGING", "ADVERTISE", "ANALYZE"];

/// A Page.
pub struct FacebookPage {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its category: id and name.
    pub category: (&'static str, &'static str),
    /// The key of the one account that has tasks on it.
    pub owner: &'static str,
    /// Those tasks.
    pub tasks: &'static [&'static str],
    /// Whether it belongs to a business, and then whether the owner has a role there.
    pub business: Option<bool>,
    /// The key of the Instagram account that is linked to it.
    pub instagram: Option<&'static str>,
    /// Whether its story archive is on.
    pub story_archive: bool,
}

/// Every Page. The order is part of the ids: add at the end.
pub static PAGES: LazyLock<Vec<FacebookPage>> = LazyLock::new(|| {
    let page = |place: usize, name: &str, owner: &'static str| FacebookPage {
        id: Slot { kind: Kind::Page, account: 0, group: 0, index: place }.id(),
        name: name.to_owned(),
        category: ("2201", "Local business"),
        owner,
        tasks: ALL_TASKS,
        business: None,
        instagram: None,
        story_archive: false,
    };
    let mut pages = vec![
        FacebookPage {
            instagram: Some("alice.pro"),
            story_archive: true,
            category: ("128673187201735", "Photographer"),
            ..page(0, "Alice Ferreira Photography", "alice")
        },
        page(1, "Walks in Lisbon", "alice"),
        FacebookPage { tasks: &["ADVERTISE", "ANALYZE"], ..page(2, "Old Town Cinema", "alice") },
        FacebookPage { business: Some(true), ..page(3, "Harbour Coffee", "alice") },
        FacebookPage { business: Some(false), ..page(4, "Harbour Bakery", "alice") },
        page(5, "مقهى الميناء", "dalia"),
    ];
    for branch in 1..=30 {
        pages.push(page(5 + branch, &format!("Lindqvist Books, branch {branch}"), "clara"));
    }
    pages
});

impl FacebookPage {
    /// The Page with this id.
    pub fn find(id: &str) -> Option<&'static FacebookPage> {
        PAGES.iter().find(|page| page.id == id)
    }

    /// The Pages that somebody has tasks on.
    pub fn of(owner: &str) -> impl Iterator<Item = &'static FacebookPage> {
        PAGES.iter().filter(move |page| page.owner == owner)
    }
}
