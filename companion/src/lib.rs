//! Bowerbird companion.
