//! Standard output that cannot be written.

use std::{fmt, io};

/// Standard output could not be written.
#[derive(Debug)]
pub(crate) struct Unwritten(io::Error);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write to standard output: {}", self.0)
    }
}

impl std::error::Error for Unwritten {}

impl Unwritten {
    /// The error of writing.
    pub(crate) fn of(error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self(error))
    }
}
