//! One text for all calls that mean the same.

use super::{Call, Said};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;

/// Tasks that do not change what the result is.
const WITHOUT_MEANING: &[&str] = &["security", "cache", "fallback", "store", "no_metadata"];

impl Call {
    /// A path that means the same, and is the same for every call that does: the tasks in their order, arguments by their long names and
    /// sorted, numbers written one way, and nothing of `security`, `cache`, `fallback`, `store`, nor of the key. Made to be hashed. What
    /// a `src://` path is depends on the site, so that a caller with several adds which one.
    pub fn canonical(&self) -> String {
        let tasks = self.tasks.iter().filter(|said| !WITHOUT_MEANING.contains(&&*said.name)).map(task);
        let sources = match self.sources.as_slice() {
            [source] => value(&Value::String(source.clone())),
            sources => value(&Value::from(sources)),
        };
        tasks.chain([sources]).collect::<Vec<_>>().join("/")
    }
}

fn task(said: &Said) -> String {
    let is_said = |value: &Value| !value.is_null() && value.as_str() != Some("");
    let said_arguments = said.arguments.iter().filter(|(_, value)| is_said(value));
    let mut arguments: Vec<_> = said_arguments.map(|(name, said)| format!("{name}:{}", value(said))).collect();
    arguments.sort_unstable();
    let equals = if arguments.is_empty() { "" } else { "=" };
    format!("{}{equals}{}", said.name, arguments.join(","))
}

fn value(said: &Value) -> String {
    match said {
        Value::Array(values) => format!("[{}]", values.iter().map(value).collect::<Vec<_>>().join(",")),
        Value::String(text) => plain(text),
        // No task that makes an image takes an object; whatever the JSON is, its text stands for it.
        other => plain(&other.to_string()),
    }
}

fn plain(said: &str) -> String {
    let said = number(said);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if !said.is_empty() && said.bytes().all(is_plain) {
        return said.into_owned();
    }
    // JSON's escapes, since a quote would end the text; encoded as a whole, since an address would keep what is encoded in it.
    let json = Value::String(said.into_owned()).to_string();
    let mut text = String::from("\"");
    for byte in json[1..json.len() - 1].bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text + "\""
}

/// `200.0` and `200.50` as `200` and `200.5`. What has zeros in front may be a colour.
fn number(said: &str) -> Cow<'_, str> {
    let Some((whole, fraction)) = said.split_once('.') else { return Cow::Borrowed(said) };
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(digits) || !is_number(fraction) || (digits.len() > 1 && digits.starts_with('0')) {
        return Cow::Borrowed(said);
    }
    Cow::Borrowed(said.trim_end_matches('0').trim_end_matches('.'))
}
