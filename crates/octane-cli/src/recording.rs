//! Recordings of what a client and a server say to each other: a folder with a file for each exchange.

mod cookie;
pub(crate) mod exchange;
pub(crate) mod folder;
mod headers;
mod json_members;
mod json_text;
mod mask;
pub(crate) mod recorder;
pub(crate) mod request_path;
