//! Helpers for the tests of the whole.

mod scripted;
mod world;
mod xmllint;

pub use scripted::{Scripted, answer};
pub use world::{World, shared};
pub use xmllint::xmllint;
