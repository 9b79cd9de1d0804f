//! What observers of an endpoint learn.

use std::time::Duration;

use http::{Method, StatusCode};

/// A request that has come to its end, repetitions included. Sign-ins are reported too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The status of the last answer; absent where none came.
    pub status: Option<StatusCode>,
    /// How often it was sent.
    pub attempts: u32,
    /// How long it took from its first turn to its end.
    pub elapsed: Duration,
}

/// Somebody who wants to know.
pub(crate) type Observer = Box<dyn Fn(&Finished) + Send + Sync>;
