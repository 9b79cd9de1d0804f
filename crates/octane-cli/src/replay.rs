//! Plays a recording against another server, and finds where its answers differ.

pub(crate) mod answer;
pub(crate) mod compare;
pub(crate) mod group;
mod ids;
mod multipart;
pub(crate) mod play;
pub(crate) mod reason;
mod shape;
pub(crate) mod sign_in;
pub(crate) mod substitute;
