//! What a call is done to.

use super::excerpt;
use crate::RecipeError;

/// What an error says that sources are.
pub(super) const KINDS: &str =
    "a source is a handle of 20 characters, `src://alias/path`, an address with http or https, or a list of these";

/// How sources other than handles begin.
pub(super) const SCHEMES: [&str; 3] = ["https:", "http:", "src:"];

/// Judges one source, and writes it as there is one way to: two slashes, which proxies fold to one, and no `+jpg` after a handle.
pub(super) fn one(text: &str) -> Result<String, RecipeError> {
    for scheme in SCHEMES {
        let (Some(head), Some(rest)) = (text.get(..scheme.len()), text.get(scheme.len()..)) else { continue };
        let rest_of_it = rest.trim_start_matches('/');
        if head.eq_ignore_ascii_case(scheme) && rest.starts_with('/') && !rest_of_it.is_empty() {
            return Ok(format!("{scheme}//{rest_of_it}"));
        }
    }
    if text.starts_with("wf:/") {
        return Err(RecipeError::NotOffered { task: "wf://".to_owned(), reason: "there are no workflows" });
    }
    let handle = text.split_once('+').map_or(text, |(handle, _)| handle);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if handle.len() == 20 && handle.bytes().all(fits) {
        return Ok(handle.to_owned());
    }
    Err(RecipeError::Grammar(format!("`{}` is no source; {KINDS}", excerpt(text))))
}
