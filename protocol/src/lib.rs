//! The words that the widget and the companion both speak.
//!
//! Shapes follow Filestack's cloud API, so that its clients can talk to a Bowerbird companion; what Bowerbird adds
//! is always a further, optional field. Every body is JSON, every URL is absolute, every id is a string (Meta's
//! exceed 2^53, where a JavaScript number loses digits).
//!
//! In the order in which a pick uses them: [`session`] (sign in, wait, sign out), [`listing`] (albums and photos),
//! [`store`] (copy the chosen ones), [`publish`] (the other way: a stored file to a Page), [`problem`] (what can go wrong), [`accept`]
//! (which files a page takes).

pub mod accept;
pub mod listing;
pub mod problem;
pub mod publish;
mod reply;
pub mod session;
pub mod store;
pub mod upload;

pub use reply::Reply;
