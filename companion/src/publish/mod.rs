//! Publishing: what Meta takes, known before anything is sent, and how it gets there.
//!
//! [`limits`] is the one table of figures, a row ([`rows`]) for each kind of publication, which [`table`] shows to people; [`media`] measures files ([`video`] those
//! with a moving picture); [`check`](mod@check) compares the two; [`fit`] makes of an image one that is taken.
//!
//! A post is asked for ([`ask`]; by visitors, [`visitor`]), waits as a row in the [`queue`], and is carried out by [`run`].

pub mod ask;
pub mod body;
pub mod check;
pub mod content;
pub mod errors;
pub mod fit;
pub mod limits;
pub mod media;
pub mod offered;
pub mod queue;
pub mod ratio;
pub mod rows;
pub mod run;
pub mod standing;
pub mod stories;
pub mod table;
pub mod video;
pub mod visitor;

#[cfg(test)]
mod cells;
#[cfg(test)]
mod trial;
