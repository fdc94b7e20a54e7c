//! The emulator over HTTP, as a client of Meta's would use it. What must fail, fails with Meta's own error.

// The verbs are not tests themselves, so the leave that tests have does not reach them.
#![allow(clippy::unwrap_used)]

mod apps;
mod batches;
mod containers;
mod control;
mod facebook;
mod instagram;
mod login;
mod pages;
mod pictures;
mod posts;
mod publishing_faults;
mod refusals;
mod removal;
mod stories;
mod visitor;
