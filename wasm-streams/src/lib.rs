//! Stands in for the crate of this name, which Leptos brings for server functions that stream. The widget has no server functions, but
//! what that crate exports to JavaScript is in the wasm whether somebody calls it or not, and a page would load 4 KB of it before
//! the dialog is there.
//!
//! It has as much of that crate's surface as has to be there for `server_fn` to compile. Whoever calls it has to take this crate out
//! of `[patch.crates-io]` first.

use futures_util::Stream;
use futures_util::stream::{Pending, pending};
use wasm_bindgen::JsValue;

/// A stream of JavaScript's that cannot be read.
#[derive(Debug)]
pub struct ReadableStream(web_sys::ReadableStream);

impl ReadableStream {
    /// Of one of JavaScript's.
    pub fn from_raw(raw: web_sys::ReadableStream) -> Self {
        Self(raw)
    }

    /// Of a stream of Rust's: one that is empty.
    ///
    /// # Panics
    ///
    /// Where JavaScript has no streams.
    pub fn from_stream<S>(_: S) -> Self
    where
        S: Stream<Item = Result<JsValue, JsValue>> + 'static,
    {
        #[expect(clippy::unwrap_used, reason = "as in the crate that this stands in for, there is no way to say so")]
        Self(web_sys::ReadableStream::new().unwrap())
    }

    /// The one of JavaScript's.
    pub fn into_raw(self) -> web_sys::ReadableStream {
        self.0
    }

    /// What it brings, which is nothing for ever.
    pub fn into_stream(self) -> Pending<Result<JsValue, JsValue>> {
        pending()
    }
}
