//! Image bytes in, image bytes out.
//!
//! A *call* is what an address or a request says: tasks by name with their arguments, and what they are done to ([`call`]). Those that
//! change or write an image become a [`Recipe`], which [`Recipe::run`] carries out: read ([`decode`]), change ([`tasks`], one a file),
//! write ([`encode`]). Nothing here waits, fetches or knows of a site; run it where blocking is allowed.

mod arguments;
pub mod call;
mod color;
pub mod decode;
pub mod encode;
mod error;
mod limits;
mod picture;
mod recipe;
pub mod tasks;

pub use arguments::{Align, Arguments, Horizontal, Vertical};
pub use color::Color;
pub use error::{ConvertError, RecipeError};
pub use limits::{Limits, Work};
pub use picture::{Format, Frame, Picture, Size};
pub use recipe::{Converted, Recipe};
