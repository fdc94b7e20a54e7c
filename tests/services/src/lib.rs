//! Real parts for tests, started by the tests themselves: [`Postgres`] and [`S3`]; and [`film`], which makes videos.
//!
//! Each listens on a free port of 127.0.0.1, keeps its data in a temporary folder, and ends with the process that
//! started it, however that one ends. Where a program is not installed there is no server, and a line says so; where
//! `CI` is set, that is a panic. A server that is there and does not start is a panic everywhere.

pub mod film;
mod postgres;
mod programs;
mod s3;
mod supervised;

pub use postgres::Postgres;
pub use s3::S3;
pub use supervised::free_port;
