//! Base64 of either alphabet, padded or not.

use crate::RecipeError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The text that it stands for. `what` names it in the error.
pub(super) fn decode(text: &str, what: &str) -> Result<String, RecipeError> {
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = STANDARD_NO_PAD.decode(standard).ok();
    let decoded = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| RecipeError::Grammar(format!("the {what} after `b64` are not base64 of UTF-8 text")))
}
