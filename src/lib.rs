//! Bowerbird's widget: a photo picker that a web page embeds.
//!
//! The modules stand in the order in which a photo travels, from the page's call to the JSON that it gets back;
//! ARCHITECTURE.md tells the story. A Leptos app uses [`Picker`]; every other page uses the script.

pub mod api;
mod companion;
mod device;
mod edit;
mod error;
mod json;
mod listener;
mod listing;
mod memory;
mod mount;
pub mod options;
mod picker;
pub mod result;
mod selection;
mod session;
mod sheet;
pub mod sources;
mod state;
mod store;
mod text;
mod ui;

pub use mount::{Picker, PickerProps};
pub use options::PickOptions;
pub use result::{PickResponse, PickedFile};
