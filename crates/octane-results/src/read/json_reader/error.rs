//! Why JSON cannot be read.

use std::io;

/// Why a document cannot be read on.
#[derive(Debug)]
pub(crate) enum JsonError {
    Io(io::Error),
    /// The document ends too early.
    Truncated,
    TooDeep,
    /// Something is not JSON.
    Malformed(&'static str),
}

impl From<io::Error> for JsonError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
