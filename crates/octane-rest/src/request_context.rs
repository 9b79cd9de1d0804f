//! What is known about one request, for responses and errors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::human_duration::HumanDuration;
use crate::redactor::Redactor;

/// A request and its attempts so far.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// The server's URL.
    pub(crate) server: Arc<str>,
    /// For text of the server.
    pub(crate) redactor: Redactor,
    /// The maximum number of values in a JSON response.
    pub(crate) values_max: u64,
    pub(crate) method: Method,
    /// Without the query, which may contain secrets.
    pub(crate) path: Box<str>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Whether the server may have processed an attempt whose outcome is unknown.
    pub(crate) outcome_unknown: bool,
    /// Whether the server rejected the whole, but may accept its parts.
    pub(crate) is_splittable: bool,
}

impl RequestContext {
    /// A request that has not been sent yet.
    pub(crate) fn new(
        server: &Arc<str>,
        redactor: &Redactor,
        values_max: u64,
        method: Method,
        path: &str,
    ) -> Self {
        Self {
            server: Arc::clone(server),
            redactor: redactor.clone(),
            values_max,
            method,
            path: (*redactor.redact(path)).into(),
            attempts: 0,
            elapsed: Duration::ZERO,
            outcome_unknown: false,
            is_splittable: false,
        }
    }

    /// ` (3 attempts in 2.1 s)`, or nothing if there was at most one.
    pub(crate) fn attempt_summary(&self) -> AttemptSummary {
        AttemptSummary(self.attempts, self.elapsed)
    }
}

impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// See [`RequestContext::attempt_summary`].
pub(crate) struct AttemptSummary(u32, Duration);

impl fmt::Display for AttemptSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            attempts => write!(f, " ({attempts} attempts in {})", HumanDuration(self.1)),
        }
    }
}
