//! Why a request did not end well.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use octane_model::{Problem, code};

use crate::sign_in::SignInError;
use crate::transport::TransportError;
use crate::trip::{Took, Trip};

/// A request that did not end well: what was asked, how often, for how long, and what came of it.
///
/// The predicates say what to do about it; the accessors and `Display` say what to tell people.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    trip: Trip,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// The server answered, but not with success.
    Refused {
        status: StatusCode,
        problem: Option<Box<Problem>>,
        retry_after: Option<Duration>,
    },
    /// The server points elsewhere, and nobody follows.
    Redirected {
        status: StatusCode,
        location: Option<String>,
    },
    /// No answer, or no whole one.
    Unreachable(TransportError),
    /// The deadline passed while waiting for something other than the server.
    OutOfTime { waiting_for: &'static str },
    /// The server wants to see nobody until after the deadline.
    Paused { wait: Duration },
    /// Nobody is signed in.
    NotSignedIn(Arc<SignInError>),
    /// The answer is not what was asked for.
    Unreadable {
        content_type: String,
        beginning: Option<String>,
        source: serde_json::Error,
    },
    /// The request could not be made.
    Unsendable { reason: String },
}

impl Error {
    pub(crate) fn new(kind: Kind, trip: Trip) -> Self {
        Self(Box::new(Inner { kind, trip }))
    }

    pub(crate) fn trip(&self) -> &Trip {
        &self.0.trip
    }

    /// The error of the sign-in that failed on its way, if that is what this is about.
    fn of_sign_in(&self) -> Option<&Self> {
        match &self.0.kind {
            Kind::NotSignedIn(error) => match &**error {
                SignInError::Failed(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// This error, or the one of the sign-in that it stands for.
    fn actual(&self) -> &Inner {
        self.of_sign_in().map_or(&self.0, Self::actual)
    }

    fn has_status(&self, wanted: StatusCode) -> bool {
        matches!(&self.actual().kind, Kind::Refused { status, .. } if *status == wanted)
    }

    /// There is no such entity, task or collection (404).
    pub fn is_not_found(&self) -> bool {
        // A sign-in that finds nothing says nothing about what was asked for.
        self.of_sign_in().is_none()
            && (self.has_status(StatusCode::NOT_FOUND) || self.code() == Some(code::TASK_NOT_FOUND))
    }

    /// Nobody is signed in: no credential, a wrong one, or one of a kind that the server does not take
    /// (401).
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(StatusCode::UNAUTHORIZED)
            || matches!(self.actual().kind, Kind::NotSignedIn(_))
    }

    /// Whoever is signed in may not do this, or the field cannot be written (403).
    pub fn is_forbidden(&self) -> bool {
        self.has_status(StatusCode::FORBIDDEN)
    }

    /// A name is taken, or some entities of a bulk write were refused (409).
    pub fn is_conflict(&self) -> bool {
        self.has_status(StatusCode::CONFLICT)
    }

    /// The server did not like the request, and would not like it again: any other 4xx.
    pub fn is_refused(&self) -> bool {
        let Kind::Refused { status, .. } = &self.actual().kind else {
            return false;
        };
        status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 409 | 429)
    }

    /// There were too many requests (429), or the queue of test results is full (503).
    pub fn is_throttled(&self) -> bool {
        match &self.actual().kind {
            Kind::Refused {
                status, problem, ..
            } => {
                *status == StatusCode::TOO_MANY_REQUESTS
                    || problem.as_deref().is_some_and(Problem::is_queue_full)
            }
            Kind::Paused { .. } => true,
            _ => false,
        }
    }

    /// The server cannot be reached or is in trouble (408, and any 5xx but 501 and 505), repetitions
    /// included: a later try is worth it. The outcome of the request may be unknown, see
    /// [`is_in_doubt`](Self::is_in_doubt).
    pub fn is_unreachable(&self) -> bool {
        match &self.actual().kind {
            Kind::Refused { status, .. } => {
                status.is_server_error() && !matches!(status.as_u16(), 501 | 505)
                    || *status == StatusCode::REQUEST_TIMEOUT
            }
            Kind::Unreachable(_) | Kind::OutOfTime { .. } => true,
            _ => false,
        }
    }

    /// Time ran out.
    pub fn is_timeout(&self) -> bool {
        match &self.actual().kind {
            Kind::Refused { status, .. } => matches!(status.as_u16(), 408 | 504),
            Kind::Unreachable(error) => error.kind().is_timeout(),
            Kind::OutOfTime { .. } | Kind::Paused { .. } => true,
            _ => false,
        }
    }

    /// The same request may succeed later: the server is unreachable, in trouble or too busy.
    pub fn is_temporary(&self) -> bool {
        self.is_unreachable() || self.is_throttled()
    }

    /// A later try may succeed: the server may come back, and the key may be corrected. Only an answer in
    /// Octane's own words to this very request is a final no, or one that says that test results are wrong (400)
    /// or too large (413); the page of a proxy is none, whatever its status.
    pub fn is_passing(&self) -> bool {
        if self.is_unauthorized() || self.is_temporary() || self.of_sign_in().is_some() {
            return true;
        }
        match &self.0.kind {
            Kind::Refused {
                status, problem, ..
            } => {
                let is_octane = problem
                    .as_deref()
                    .is_some_and(|problem| !problem.error_code.is_empty());
                !(status.is_client_error() && (is_octane || self.is_divisible()))
            }
            Kind::Unsendable { .. } => false,
            _ => true,
        }
    }

    /// Test results were refused as a whole for what is in them (400) or for their size (413): parts of
    /// them may be taken. A server that refuses every payload, for example because its schema is another
    /// one, refuses each part too; it is for the caller to see that and to stop dividing.
    pub fn is_divisible(&self) -> bool {
        self.0.trip.is_divisible
    }

    /// Nobody knows whether the server did what it was asked: an attempt broke off, took too long, or
    /// failed inside the server.
    pub fn is_in_doubt(&self) -> bool {
        self.0.trip.is_in_doubt
    }

    /// The status of the last answer, where one came.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.actual().kind {
            Kind::Refused { status, .. } | Kind::Redirected { status, .. } => Some(*status),
            Kind::NotSignedIn(error) => match &**error {
                SignInError::Refused { status, .. } | SignInError::NoSession { status } => {
                    Some(*status)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The server's own words.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.actual().kind {
            Kind::Refused { problem, .. } => problem.as_deref(),
            Kind::NotSignedIn(error) => match &**error {
                SignInError::Refused { problem, .. } => problem.as_deref(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The server's code, for example `platform.unknown_field`.
    pub fn code(&self) -> Option<&str> {
        let code = self.problem()?.error_code.as_str();
        (!code.is_empty()).then_some(code)
    }

    /// The id by which the server's administrator finds the request.
    pub fn correlation_id(&self) -> Option<&str> {
        self.problem()?.correlation_id.as_deref()
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.0.trip.method
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.0.trip.path
    }

    /// How often the request was sent; 0 if it did not come to that.
    pub fn attempts(&self) -> u32 {
        self.actual().trip.attempts
    }

    /// How long it took, waits included.
    pub fn elapsed(&self) -> Duration {
        self.0.trip.elapsed
    }

    /// How long the server wants to be left alone, where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.actual().kind {
            Kind::Refused { retry_after, .. } => *retry_after,
            Kind::Paused { wait } => Some(*wait),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, trip } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("trip", trip)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = self.of_sign_in() {
            return error.fmt(f);
        }
        let Inner { kind, trip } = &*self.0;
        let server = &trip.server;
        let effort = trip.effort();
        match kind {
            Kind::Refused {
                status, problem, ..
            } => {
                let verb = if status.is_server_error() {
                    "failed"
                } else {
                    "was refused"
                };
                write!(f, "{trip} {verb} with {}", status.as_u16())?;
                if let Some(problem) = problem {
                    write!(f, ": {problem}")?;
                } else if let Some(reason) = status.canonical_reason() {
                    write!(f, ": {}", reason.to_lowercase())?;
                }
                write!(f, "{effort}")
            }
            Kind::Redirected { status, location } => {
                write!(f, "{trip} was redirected with {}", status.as_u16())?;
                if let Some(location) = location {
                    write!(f, " to `{location}`")?;
                }
                write!(
                    f,
                    ", which is not followed; is `{server}` the address of Octane itself?"
                )
            }
            Kind::Unreachable(error) => write!(f, "cannot reach {server}: {error}{effort}"),
            Kind::OutOfTime { waiting_for } => {
                let took = Took(trip.elapsed);
                write!(
                    f,
                    "{trip} was given up after {took} of waiting for {waiting_for}"
                )
            }
            Kind::Paused { wait } => {
                let wait = Took(*wait);
                write!(
                    f,
                    "{trip} was not sent: {server} wants to be left alone for {wait}"
                )
            }
            Kind::NotSignedIn(error) => write!(f, "cannot sign in to {server}: {error}"),
            Kind::Unreadable {
                content_type,
                beginning,
                ..
            } => {
                write!(f, "the answer to {trip} cannot be read ({content_type})")?;
                if let Some(beginning) = beginning {
                    write!(f, ": `{beginning}`")?;
                }
                Ok(())
            }
            Kind::Unsendable { reason } => write!(f, "{trip} cannot be sent: {reason}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.actual().kind {
            // Its words are already in this error's own.
            Kind::Unreachable(error) => error.source(),
            Kind::Unreadable { source, .. } => Some(source),
            Kind::NotSignedIn(error) => match &**error {
                SignInError::Credential(error) => error.source(),
                _ => None,
            },
            _ => None,
        }
    }
}
