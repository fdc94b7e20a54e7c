//! A receiver of notices: where they are posted, what they are signed with, and which events it wants.

use crate::secrets::Secret;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// A receiver of a site's notices, as the settings write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where they are posted.
    pub url: Url,
    /// What they are signed with.
    pub secret: Secret,
    /// Which it wants. Default all.
    #[serde(default)]
    pub events: Events,
}

/// What a site can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A file was stored or linked.
    Upload,
    /// A file was written somewhere else.
    Export,
    /// A file was made of another.
    Converse,
    /// A file is gone.
    Delete,
    /// A file has other bytes than before.
    Overwrite,
    /// A visitor opened the dialog.
    Dialog,
    /// A post is to be seen on at least one of its accounts.
    PostPublished,
    /// A post could be published on none of its accounts.
    PostError,
}

/// All of them, by the names that Filestack gave them; those of posts by Outstand's.
pub const KINDS: [(&str, Kind); 8] = [
    ("fp.upload", Kind::Upload),
    ("fp.export", Kind::Export),
    ("fp.converse", Kind::Converse),
    ("fp.delete", Kind::Delete),
    ("fp.overwrite", Kind::Overwrite),
    ("fp.dialog", Kind::Dialog),
    ("post.published", Kind::PostPublished),
    ("post.error", Kind::PostError),
];

/// The word for every kind that Filestack has, those of later versions too.
const ALL: &str = "all";

impl Kind {
    /// Whether it is one of Outstand's, with a body of its shape.
    pub fn is_outstands(self) -> bool {
        matches!(self, Self::PostPublished | Self::PostError)
    }

    /// Its name: the `action` of a notice.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// Which events a receiver wants. As text it is `all`, or names with commas between.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub enum Events {
    /// Every one that Filestack has: who wants Outstand's names them, since their bodies have another shape.
    #[default]
    All,
    /// These.
    Some(BTreeSet<Kind>),
}

impl Events {
    /// Reads names of kinds, or `all`. The error says what could have been written.
    pub fn read<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        let mut kinds = BTreeSet::new();
        let mut all = false;
        for name in names {
            let name = name.as_ref().trim();
            match KINDS.iter().find(|(known, _)| *known == name) {
                Some((_, kind)) => drop(kinds.insert(*kind)),
                None if name == ALL => all = true,
                None => {
                    let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
                    return Err(format!("`{name}` is no event; write {ALL} or some of {}", known.join(", ")));
                }
            }
        }
        match (all, kinds.is_empty()) {
            (true, _) => Ok(Self::All),
            (false, false) => Ok(Self::Some(kinds)),
            (false, true) => Err(format!("no event is named; write {ALL} for every one")),
        }
    }

    /// Whether it wants this kind.
    pub fn want(&self, kind: Kind) -> bool {
        match self {
            Self::All => !kind.is_outstands(),
            Self::Some(kinds) => kinds.contains(&kind),
        }
    }

    /// The first kind that it wants.
    pub fn first(&self) -> Kind {
        match self {
            Self::All => Kind::Upload,
            Self::Some(kinds) => kinds.first().copied().unwrap_or(Kind::Upload),
        }
    }
}

impl TryFrom<Vec<String>> for Events {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        Self::read(&names)
    }
}

impl FromStr for Events {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(&text.split(',').collect::<Vec<_>>())
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL),
            Self::Some(kinds) => f.write_str(&kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",")),
        }
    }
}

/// When a notice is sent again that its receiver did not take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<u64>")]
pub struct Schedule(Vec<u64>);

/// Who is away for longer, in seconds, is not waited for.
const LONGEST: u64 = 7 * 24 * 3600;

impl Schedule {
    /// Seconds after the first attempt, each more than the one before. None is no second attempt.
    pub fn seconds(&self) -> &[u64] {
        &self.0
    }
}

/// 5 minutes, an hour and 12 hours, as Filestack does.
impl Default for Schedule {
    fn default() -> Self {
        Self(vec![300, 3600, 43200])
    }
}

impl TryFrom<Vec<u64>> for Schedule {
    type Error = String;

    fn try_from(seconds: Vec<u64>) -> Result<Self, String> {
        let fits = seconds.is_sorted_by(|a, b| a < b) && seconds.iter().all(|second| (1..=LONGEST).contains(second));
        let words =
            || format!("must be seconds after the first attempt, each more than the one before, at most {LONGEST}");
        fits.then_some(Self(seconds)).ok_or_else(words)
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty()).map(str::parse::<u64>);
        numbers.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_they_are_written() {
        for text in ["all", "fp.upload", "fp.delete,fp.dialog"] {
            assert_eq!(text.parse::<Events>().unwrap().to_string(), text);
        }
        assert_eq!(" fp.dialog , fp.delete ".parse::<Events>().unwrap().to_string(), "fp.delete,fp.dialog");
        assert_eq!("fp.upload,all".parse(), Ok(Events::All));
        assert!(
            "fp.uplod".parse::<Events>().unwrap_err().contains("`fp.uplod` is no event; write all or some of fp.up")
        );
        assert!(Events::read::<&str>(&[]).is_err());
        let deletions: Events = "fp.delete".parse().unwrap();
        assert!(deletions.want(Kind::Delete) && !deletions.want(Kind::Upload) && Events::All.want(Kind::Dialog));
    }

    #[test]
    fn a_schedule_goes_forward() {
        let read = |text: &str| text.parse::<Schedule>();
        assert_eq!(read("10, 60").unwrap().seconds(), [10, 60]);
        assert_eq!(read("").unwrap().seconds(), [0_u64; 0]);
        for wrong in ["60,10", "0,10", "10,10", "604801", "ten", "-1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
