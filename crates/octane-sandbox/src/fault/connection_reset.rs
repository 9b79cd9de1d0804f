//! Marks responses whose connection a fault resets.

use std::fmt;

/// Marks a response that no client receives: its connection is reset instead.
///
/// A running sandbox really resets the connection. If its router is called without a port, the caller finds
/// this value in the [extensions](http::Response::extensions) of the response, and should report a connection
/// error instead. A body that a fault truncates needs no mark: reading it ends with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionReset;

impl fmt::Display for ConnectionReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault reset the connection")
    }
}

impl std::error::Error for ConnectionReset {}
