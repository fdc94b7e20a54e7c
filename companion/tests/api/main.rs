//! The companion over HTTP, with the emulator in Meta's place: what a page, a popup and a reader of stored files see.

// The lint knows tests by their attribute, and not the functions that they share.
#![allow(clippy::unwrap_used)]

mod app;
mod apps;
mod attacks;
mod cancelling;
mod connecting;
mod converting;
mod dialects;
mod duties;
mod engine;
mod exporting;
mod files;
mod keys;
mod legacy;
mod limits;
mod listing;
mod logs;
mod manual;
mod openapi;
mod operating;
mod picking;
#[path = "../../../tests/stage/press.rs"]
mod press;
mod publishing;
mod serving;
mod signing_in;
mod storing;
mod thumbnails;
mod trouble;
mod webhooks;
