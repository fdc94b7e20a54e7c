//! JSON, written and read by the browser: a reader and writer of our own would weigh some ten kilobytes of wasm.

use serde::{Serialize, de::DeserializeOwned};

/// Writes a value. Empty for one that is no JSON, which the types in use never are.
pub fn write(value: &impl Serialize) -> String {
    let value = value.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
    value.ok().and_then(|value| js_sys::JSON::stringify(&value).ok()).map(String::from).unwrap_or_default()
}

/// Reads a value, if the text has its shape.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_wasm_bindgen::from_value(js_sys::JSON::parse(text).ok()?).ok()
}

/// The same of what the browser has read.
pub fn shaped<T: DeserializeOwned>(value: js_sys::Object) -> Option<T> {
    serde_wasm_bindgen::from_value(value.into()).ok()
}
