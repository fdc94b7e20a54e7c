//! Settings as text: read from environment variables, and what is wrong with them in words without secrets.

use super::{AppConfig, LogFormat, NamedStorage, Network};
use crate::mode::Mode;
use crate::secrets::Secret;
use crate::webhook::Schedule;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// A TOML error with its line's number and without its text, which may be a secret's.
pub(super) fn toml_words(text: &str, mut error: toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!(", line {}", before.matches('\n').count() + 1)).unwrap_or_default();
    error.set_input(None);
    let words = error.to_string();
    format!("{line}: {}", without_value(&words.trim_end().replace('\n', ", ")))
}

/// The words of a deserializer but for the value that it did not take, which may be a secret.
pub(super) fn without_value(words: &str) -> String {
    let kind = ["invalid type", "invalid value"].into_iter().find(|kind| words.starts_with(kind));
    if let (Some(kind), Some(expected)) = (kind, words.rfind(", expected ")) {
        return format!("{kind}{}", &words[expected..]);
    }
    match (words.find(": \""), words.rfind('"')) {
        (Some(start), Some(end)) if start + 2 < end => format!("{}{}", &words[..start], &words[end + 1..]),
        _ => words.to_owned(),
    }
}

/// How a setting's type is read from an environment variable.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, String>;
}

macro_rules! from_text_by_parsing {
    ($($type:ty),*) => { $(impl FromText for $type {
        fn from_text(text: &str) -> Result<Self, String> {
            text.trim().parse().map_err(|error| format!("`{text}`: {error}"))
        }
    })* };
}
from_text_by_parsing!(SocketAddr, Url, String, u32, u64, usize, bool, Mode, Schedule, LogFormat);

impl FromText for Secret {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self::new(text.trim()))
    }
}

impl FromText for PathBuf {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
}

impl<T: FromText> FromText for Option<T> {
    fn from_text(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::from_text(text).map(Some) }
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

impl FromText for Vec<String> {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(list(text).map(str::to_owned).collect())
    }
}

impl FromText for Vec<Network> {
    fn from_text(text: &str) -> Result<Self, String> {
        list(text).map(|entry| Network::try_from(entry.to_owned())).collect()
    }
}

impl FromText for Vec<AppConfig> {
    fn from_text(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| without_value(&error.to_string()))
    }
}

impl FromText for Vec<NamedStorage> {
    fn from_text(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| without_value(&error.to_string()))
    }
}

impl FromText for BTreeMap<String, Secret> {
    fn from_text(text: &str) -> Result<Self, String> {
        let pair = |entry: &str| {
            let (name, value) = entry.split_once('=').ok_or_else(|| "write name=value".to_owned())?;
            Ok((name.trim().to_owned(), Secret::new(value.trim())))
        };
        list(text).map(pair).collect()
    }
}
