//! What `acceptFn` gets to look into a file with, as Filestack's picker gives it.

use super::kind::{of_bytes, of_name};
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::Blob;

/// Bytes that tell what a file is.
const HEAD: f64 = 16.0;

/// `{accept, acceptMime, mimeFromMagicBytes(file) => Promise<string>, mimeFromExtension(name) => string}`. A type that is not known is empty.
pub fn looks(accept: &[String]) -> JsValue {
    let object = Object::new();
    let list =
        |rules: &mut dyn Iterator<Item = &String>| rules.map(|rule| JsValue::from(rule.as_str())).collect::<Array>();
    let by_bytes = Closure::<dyn Fn(Blob) -> Promise>::new(|file: Blob| future_to_promise(by_bytes(file)));
    let by_name = Closure::<dyn Fn(String) -> String>::new(|name: String| of_name(&name).to_owned());
    for (name, value) in [
        ("accept", list(&mut accept.iter()).into()),
        ("acceptMime", list(&mut accept.iter().filter(|rule| rule.contains('/'))).into()),
        ("mimeFromMagicBytes", by_bytes.into_js_value()),
        ("mimeFromExtension", by_name.into_js_value()),
    ] {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

async fn by_bytes(file: Blob) -> Result<JsValue, JsValue> {
    let head: ArrayBuffer =
        JsFuture::from(file.slice_with_f64_and_f64(0.0, HEAD)?.array_buffer()).await?.unchecked_into();
    Ok(of_bytes(&Uint8Array::new(&head).to_vec()).into())
}
