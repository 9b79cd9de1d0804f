//! Helpers for the tests of the whole.

mod browser;
mod refusing;
mod scripted;
pub mod simulate;
mod world;
mod xmllint;

pub use browser::{Browser, Element, Key, Scheme};
pub use refusing::Refusing;
pub use scripted::{Scripted, answer};
pub use world::{World, shared};
pub use xmllint::xmllint;
