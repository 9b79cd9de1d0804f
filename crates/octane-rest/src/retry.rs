//! Decides what to do after an attempt. This is the only place that decides, by this table:
//!
//! | outcome of the attempt | not idempotent | idempotent | idempotent and splittable |
//! |---|---|---|---|
//! | 2xx, 304 | done | done | done |
//! | 401 in a reused session | reauthenticate, then retry at once: the request was not processed | the same | the same |
//! | 401 in a fresh session which the server says has expired | backoff, then reauthenticate | the same | the same |
//! | any other 401: in a fresh session, or of a sign-in | give up | give up | give up |
//! | no connection, in time or at all; proxy error | backoff: nothing was sent | backoff | backoff |
//! | 429 | backoff: the request was not processed | backoff | backoff |
//! | 503 `testbox.queue_full`, `testbox.request_limit` | queue-full backoff: the request was not processed | queue-full backoff | queue-full backoff |
//! | 503 with any other error code of Octane | backoff: the request was not processed | backoff | backoff |
//! | 408, 500, 502, 504, any other 503 | give up: the outcome is unknown | backoff | backoff |
//! | connection broken, attempt timed out | give up: the outcome is unknown | backoff | backoff |
//! | 400, 413 | give up | give up | split: the server may accept a part |
//! | TLS error, response too large, credentials rejected by the proxy | give up: it would fail again | give up | give up |
//! | any other response | give up | give up | give up |
//!
//! After a backoff the request is sent again. `Retry-After` replaces the backoff of a response, and so does a `RateLimit` that is
//! exhausted, but not the queue-full backoff: the limit of a gateway says nothing about the queue. A delay of zero replaces no backoff.
//! Where the table says backoff, the last attempt gives up instead; an attempt that only led to a sign-in does not count.

use std::time::Duration;

use http::StatusCode;
use octane_model::Problem;

use crate::transport::TransportErrorKind;

/// Whether sending a request twice has the same effect as sending it once, and so whether it may be
/// retried when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Idempotency {
    /// Twice is the same as once: reading, updating, deleting.
    Idempotent,
    /// As [`Idempotent`](Self::Idempotent), and if the server rejects the whole, it may accept its parts:
    /// payloads of test results, which the server recognises by their bytes. See
    /// [`Error::is_splittable`](crate::Error::is_splittable).
    IdempotentSplittable,
    /// Retried only if the server is known not to have processed it: creating.
    NonIdempotent,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AttemptOutcome<'a> {
    Response {
        status: StatusCode,
        /// The problem that the server reports.
        problem: Option<&'a Problem>,
        /// How long the server asks clients to wait.
        retry_after: Option<Duration>,
        /// How long a limit stays exhausted.
        limit_reset: Option<Duration>,
    },
    Failed(TransportErrorKind),
}

/// The attempt that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptContext {
    pub(crate) idempotency: Idempotency,
    /// The number of this attempt, from 1; attempts that only led to a sign-in do not count.
    pub(crate) attempt: u32,
    pub(crate) attempts_max: u32,
    pub(crate) session: SessionAge,
}

/// The session that an attempt used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionAge {
    /// One that existed before, and may have expired.
    Reused,
    /// One from a sign-in that an earlier attempt of this request led to.
    Fresh,
    /// None, or one that is not worth a sign-in.
    None,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The attempt succeeded.
    Done,
    /// Retry after a delay.
    Retry(Delay),
    /// Retry at once, with a fresh session.
    Reauthenticate,
    /// Give up; the caller may send the parts of the request instead.
    Split,
    /// Give up.
    GiveUp,
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    /// The usual backoff, which grows with each attempt.
    Backoff,
    /// The longer backoff while the queue of test results is full.
    QueueFull,
    /// As long as the server asked for.
    FromServer(Duration),
}

impl AttemptOutcome<'_> {
    /// Whether the server certainly did not process the request: it never received it, or rejected it
    /// before looking at it.
    pub(crate) fn is_known_not_processed(&self) -> bool {
        match self {
            Self::Failed(kind) => kind.is_known_not_sent(),
            Self::Response {
                status, problem, ..
            } => match status.as_u16() {
                401 | 429 => true,
                // Without an error code of Octane it may come from a proxy that gave up on the server.
                503 => problem.is_some_and(|problem| !problem.error_code.is_empty()),
                _ => false,
            },
        }
    }

    /// Whether it is unknown what the server did.
    pub(crate) fn is_unknown(&self) -> bool {
        let is_clear = match self {
            Self::Failed(_) => false,
            Self::Response { status, .. } => !matches!(status.as_u16(), 408 | 500 | 502..=504),
        };
        !is_clear && !self.is_known_not_processed()
    }
}

/// Decides what to do after an attempt, by the table above.
pub(crate) fn decide(outcome: AttemptOutcome<'_>, context: AttemptContext) -> Decision {
    let delay = match outcome {
        AttemptOutcome::Failed(kind) => match kind {
            TransportErrorKind::Tls
            | TransportErrorKind::ProxyAuthentication
            | TransportErrorKind::ResponseTooLarge => return Decision::GiveUp,
            TransportErrorKind::Connect
            | TransportErrorKind::ConnectTimeout
            | TransportErrorKind::Proxy
            | TransportErrorKind::Timeout
            | TransportErrorKind::ConnectionBroken => Delay::Backoff,
        },
        AttemptOutcome::Response {
            status,
            problem,
            retry_after,
            limit_reset,
        } => match status.as_u16() {
            200..=299 | 304 => return Decision::Done,
            401 if context.session == SessionAge::Reused => return Decision::Reauthenticate,
            401 if context.session == SessionAge::Fresh
                && problem.is_some_and(Problem::is_session_expired) =>
            {
                Delay::Backoff
            }
            400 | 413 if context.idempotency == Idempotency::IdempotentSplittable => {
                return Decision::Split;
            }
            408 | 429 | 500 | 502 | 503 | 504 => {
                let is_queue_full = problem.is_some_and(Problem::is_queue_full);
                match retry_after.or(limit_reset.filter(|_| !is_queue_full)) {
                    Some(wait) => Delay::FromServer(wait),
                    None if is_queue_full => Delay::QueueFull,
                    None => Delay::Backoff,
                }
            }
            _ => return Decision::GiveUp,
        },
    };
    let is_safe = match context.idempotency {
        Idempotency::Idempotent | Idempotency::IdempotentSplittable => true,
        Idempotency::NonIdempotent => outcome.is_known_not_processed(),
    };
    if is_safe && context.attempt < context.attempts_max {
        Decision::Retry(delay)
    } else {
        Decision::GiveUp
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
