//! What observers of an endpoint are notified of.

use std::time::Duration;

use http::{Method, StatusCode};

/// A request that has ended, retries included. Sign-ins are reported too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestFinished {
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The status of the last response; `None` if there was none.
    pub status: Option<StatusCode>,
    /// How often the request was sent.
    pub attempts: u32,
    /// How long the request took, including delays between attempts.
    pub elapsed: Duration,
}

/// A callback that observes requests.
pub(crate) type Observer = Box<dyn Fn(&RequestFinished) + Send + Sync>;
