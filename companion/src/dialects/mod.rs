//! The words of other systems' publishing APIs, over [`crate::accounts`] and what publishes.

pub mod oneall;
pub mod outstand;
