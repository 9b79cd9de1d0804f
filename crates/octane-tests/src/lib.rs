//! Helpers for the tests of the whole system.

#![forbid(unsafe_code)]

mod browser;
mod refusing;
pub mod relays;
mod scripted;
mod several_workspaces;
pub mod simulate;
mod world;
mod xmllint;

pub use browser::{Axe, Browser, Element, Key, Scheme};
pub use refusing::Refusing;
pub use scripted::{Scripted, ScriptedTransport, response};
pub use several_workspaces::SeveralWorkspaces;
pub use world::World;
pub use xmllint::xmllint;
