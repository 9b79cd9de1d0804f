//! Writes, checks and reads payloads.

pub(crate) mod check;
mod child_progress;
pub(crate) mod dialect;
pub(crate) mod error;
pub(crate) mod escape;
mod evidence;
pub(crate) mod gherkin;
mod namespace;
pub(crate) mod problem;
pub(crate) mod read;
pub(crate) mod schema;
mod schema_walker;
mod tag;
mod tokens;
pub(crate) mod value;
mod write;
mod write_feature;
pub(crate) mod writer;
pub(crate) mod xsd;
