//! Errors of requests, classified by what the caller can do about them.

mod display;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use octane_model::{Problem, error_code};

use crate::credential::CredentialError;
use crate::credential::origin::Origin;
use crate::list_error::ListError;
use crate::request_context::RequestContext;
use crate::transport::tls_problem::TlsProblem;
use crate::transport::{TransportError, TransportErrorKind};

/// A request that failed: what was sent, how often, for how long, and why it failed.
///
/// The predicates say what the caller can do about it. `Display` says what failed; the cause, such as
/// "connection refused", is the [`source`](std::error::Error::source).
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    context: RequestContext,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// The server responded with a status other than success.
    ErrorStatus {
        status: StatusCode,
        problem: Option<Box<Problem>>,
        retry_after: Option<Duration>,
    },
    /// The server responded with a redirect, which is never followed.
    Redirected {
        status: StatusCode,
        location: Option<String>,
    },
    /// No response, or only a part of one.
    Unreachable(TransportError),
    /// The deadline passed while waiting for something other than the server.
    DeadlineExceeded { waiting_for: &'static str },
    /// The server asked clients to wait beyond the deadline.
    RateLimited { wait: Duration },
    /// There is no session, because signing in failed.
    SignInFailed(Arc<SignInError>),
    /// The body of the response is not what was expected.
    InvalidResponse {
        content_type: Option<String>,
        excerpt: Option<String>,
        source: InvalidBody,
    },
    /// A page of a list is not what a list can contain.
    InvalidList(ListError),
    /// The request could not be built.
    InvalidRequest { reason: String },
}

/// What is wrong with a body, without secrets and of a bounded length: a deserializer quotes what it does not expect.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidBody(String);

impl InvalidBody {
    const CHARS_MAX: usize = 200;

    pub(crate) fn new(reason: &str, context: &RequestContext) -> Self {
        let reason = without_types(reason);
        let text = context.redactor.redact(&reason);
        let mut shown: String = text.chars().take(Self::CHARS_MAX).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self(shown)
    }
}

/// What a deserializer says, without the types of this library that it expected: `expected struct One with 1 element`.
fn without_types(reason: &str) -> String {
    let starts = [", expected struct ", ", expected a tuple of size "];
    let Some(start) = starts.iter().find_map(|start| reason.find(start)) else {
        return reason.to_owned();
    };
    let (before, rest) = reason.split_at(start);
    let place = rest.find(" at line ").map_or("", |place| &rest[place..]);
    format!("{before}{place}")
}

/// Why a sign-in failed; shared by all requests that waited for it.
#[derive(Debug)]
pub(crate) enum SignInError {
    /// No credential provider had any credentials.
    NoCredentials,
    /// A credential provider failed.
    Credential(CredentialError),
    /// The server rejected the credentials.
    Rejected {
        status: StatusCode,
        problem: Option<Box<Problem>>,
        /// Whether these were a person's name and password.
        is_user: bool,
        /// Where their secret came from.
        origin: Origin,
    },
    /// The response had no session cookie.
    NoSessionCookie { status: StatusCode },
    /// The response to the exchange of a token had no token.
    NoToken { status: StatusCode },
    /// The sign-in request itself failed.
    Failed(Error),
}

impl SignInError {
    /// Whether credentials are missing or wrong.
    ///
    /// | the response to the sign-in | about credentials |
    /// | --- | --- |
    /// | 401 | yes |
    /// | 400 or 403 with an error that Octane or an OAuth server reports | yes |
    /// | 400 or 403 with anything else | no |
    /// | success, without a session or a token | no |
    fn is_about_credentials(&self) -> bool {
        match self {
            Self::NoCredentials | Self::Credential(_) => true,
            Self::Rejected {
                status, problem, ..
            } => {
                *status == StatusCode::UNAUTHORIZED
                    || problem
                        .as_deref()
                        .is_some_and(|problem| !problem.error_code.is_empty())
            }
            Self::NoSessionCookie { .. } | Self::NoToken { .. } => false,
            Self::Failed(error) => error.is_unauthorized(),
        }
    }
}

impl Error {
    pub(crate) fn new(kind: Kind, context: RequestContext) -> Self {
        Self(Box::new(Inner { kind, context }))
    }

    pub(crate) fn context(&self) -> &RequestContext {
        &self.0.context
    }

    /// The error of the sign-in request, if that is what failed.
    fn of_sign_in(&self) -> Option<&Self> {
        match &self.0.kind {
            Kind::SignInFailed(error) => match &**error {
                SignInError::Failed(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// This error, or the one of the sign-in request that caused it.
    fn actual(&self) -> &Inner {
        self.of_sign_in().map_or(&self.0, Self::actual)
    }

    fn has_status(&self, wanted: StatusCode) -> bool {
        matches!(&self.actual().kind, Kind::ErrorStatus { status, .. } if *status == wanted)
    }

    /// There is no such entity, task or collection (404).
    pub fn is_not_found(&self) -> bool {
        // A 404 of the sign-in says nothing about the requested entity.
        self.of_sign_in().is_none()
            && (self.has_status(StatusCode::NOT_FOUND)
                || self.code() == Some(error_code::TASK_NOT_FOUND))
    }

    /// Not signed in: no credentials, wrong ones, or a kind of credentials that the server does not
    /// accept (401). What something else than Octane responds to a sign-in, such as a page of a proxy, says nothing about
    /// credentials.
    pub fn is_unauthorized(&self) -> bool {
        match &self.actual().kind {
            Kind::ErrorStatus { status, .. } => *status == StatusCode::UNAUTHORIZED,
            Kind::SignInFailed(error) => error.is_about_credentials(),
            _ => false,
        }
    }

    /// The user or API key lacks the permission, or the field is read-only (403).
    pub fn is_forbidden(&self) -> bool {
        self.has_status(StatusCode::FORBIDDEN)
    }

    /// A name is already in use, or some entities of a bulk write were rejected (409).
    pub fn is_conflict(&self) -> bool {
        self.has_status(StatusCode::CONFLICT)
    }

    /// The server rejected the request and would reject it again: any other 4xx.
    pub fn is_refused(&self) -> bool {
        let Kind::ErrorStatus { status, .. } = &self.actual().kind else {
            return false;
        };
        status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 409 | 429)
    }

    /// The request could not be built, for example because its URL is on another server; nothing was sent.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.actual().kind, Kind::InvalidRequest { .. })
    }

    /// There were too many requests (429), or the queue of test results is full (503).
    pub fn is_throttled(&self) -> bool {
        match &self.actual().kind {
            Kind::ErrorStatus {
                status, problem, ..
            } => {
                *status == StatusCode::TOO_MANY_REQUESTS
                    || problem.as_deref().is_some_and(Problem::is_queue_full)
            }
            Kind::RateLimited { .. } => true,
            _ => false,
        }
    }

    /// The server could not be reached or failed (408, and any 5xx except 501 and 505), even after
    /// retries. The outcome of the request may be unknown, see
    /// [`outcome_unknown`](Self::outcome_unknown).
    pub fn is_unreachable(&self) -> bool {
        match &self.actual().kind {
            Kind::ErrorStatus { status, .. } => {
                status.is_server_error() && !matches!(status.as_u16(), 501 | 505)
                    || *status == StatusCode::REQUEST_TIMEOUT
            }
            Kind::Unreachable(_) | Kind::DeadlineExceeded { .. } => true,
            _ => false,
        }
    }

    /// A timeout, of this client or inside the server.
    pub fn is_timeout(&self) -> bool {
        match &self.actual().kind {
            Kind::ErrorStatus { status, .. } => matches!(status.as_u16(), 408 | 504),
            Kind::Unreachable(error) => error.kind().is_timeout(),
            Kind::DeadlineExceeded { .. } | Kind::RateLimited { .. } => true,
            _ => false,
        }
    }

    /// The proxy could not be used, so nothing is known about the server.
    pub fn is_proxy_error(&self) -> bool {
        matches!(&self.actual().kind, Kind::Unreachable(error) if error.kind().is_proxy())
    }

    /// What is wrong with TLS, if it is something that can be corrected.
    pub fn tls_problem(&self) -> Option<TlsProblem> {
        match &self.actual().kind {
            Kind::Unreachable(error) => error.tls_problem(),
            _ => None,
        }
    }

    /// TLS failed, so that nothing was sent; [`tls_problem`](Self::tls_problem) may know why.
    pub fn is_tls_error(&self) -> bool {
        matches!(&self.actual().kind, Kind::Unreachable(error) if error.kind() == TransportErrorKind::Tls)
    }

    /// The proxy rejected the user name and password for it, or there are none.
    pub fn is_proxy_authentication_error(&self) -> bool {
        matches!(&self.actual().kind, Kind::Unreachable(error)
            if error.kind() == TransportErrorKind::ProxyAuthentication)
    }

    /// The server is unreachable, failing or overloaded at the moment: the same request may succeed later,
    /// without any change on this side.
    ///
    /// Narrower than [`is_retryable`](Self::is_retryable), which also covers what a person can correct.
    pub fn is_transient(&self) -> bool {
        self.is_unreachable() || self.is_throttled()
    }

    /// A later attempt with the same data may succeed: everything [`is_transient`](Self::is_transient)
    /// covers, and what can be corrected outside of the request, such as the credentials, the URL or a proxy.
    ///
    /// Final is only an error that Octane itself reports (with an error code) about this very request, or
    /// that rejects test results as invalid (400) or too large (413). An error page of a proxy is never
    /// final, whatever its status.
    pub fn is_retryable(&self) -> bool {
        if self.is_unauthorized() || self.is_transient() || self.of_sign_in().is_some() {
            return true;
        }
        match &self.0.kind {
            Kind::ErrorStatus {
                status, problem, ..
            } => {
                let is_octane = problem
                    .as_deref()
                    .is_some_and(|problem| !problem.error_code.is_empty());
                !(status.is_client_error() && (is_octane || self.is_splittable()))
            }
            Kind::InvalidRequest { .. } => false,
            _ => true,
        }
    }

    /// Test results were rejected as a whole for their content (400) or their size (413): parts of them
    /// may be accepted. A server that rejects every payload, for example because its schema differs, also
    /// rejects each part; it is up to the caller to notice that and to stop splitting.
    pub fn is_splittable(&self) -> bool {
        self.0.context.is_splittable
    }

    /// It is unknown whether the server processed the request: an attempt lost its connection, timed out,
    /// or failed inside the server.
    pub fn outcome_unknown(&self) -> bool {
        self.0.context.outcome_unknown
    }

    /// The status of the last response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.actual().kind {
            Kind::ErrorStatus { status, .. } | Kind::Redirected { status, .. } => Some(*status),
            Kind::SignInFailed(error) => match &**error {
                SignInError::Rejected { status, .. }
                | SignInError::NoSessionCookie { status }
                | SignInError::NoToken { status } => Some(*status),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where the credentials that the server has rejected came from.
    pub fn rejected_credentials(&self) -> Option<&Origin> {
        match &self.actual().kind {
            Kind::SignInFailed(error) => match &**error {
                SignInError::Rejected { origin, .. } => Some(origin),
                _ => None,
            },
            _ => None,
        }
    }

    /// Why there are no credentials, if a provider of them failed.
    pub fn credential_error(&self) -> Option<&CredentialError> {
        match &self.actual().kind {
            Kind::SignInFailed(error) => match &**error {
                SignInError::Credential(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// The problem that the server reported.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.actual().kind {
            Kind::ErrorStatus { problem, .. } => problem.as_deref(),
            Kind::SignInFailed(error) => match &**error {
                SignInError::Rejected { problem, .. } => problem.as_deref(),
                _ => None,
            },
            _ => None,
        }
    }

    /// What is wrong with a list, if the server has contradicted itself or does not end it.
    pub fn list_error(&self) -> Option<ListError> {
        match &self.0.kind {
            Kind::InvalidList(error) => Some(*error),
            _ => None,
        }
    }

    /// The server's code, for example `platform.unknown_field`.
    pub fn code(&self) -> Option<&str> {
        let code = self.problem()?.error_code.as_str();
        (!code.is_empty()).then_some(code)
    }

    /// The ID by which the server's administrator can find the request.
    pub fn correlation_id(&self) -> Option<&str> {
        self.problem()?.correlation_id.as_deref()
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.0.context.method
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.0.context.path
    }

    /// How often the request was sent; 0 if it never was.
    pub fn attempts(&self) -> u32 {
        self.actual().context.attempts
    }

    /// How long the request took, including delays between attempts.
    pub fn elapsed(&self) -> Duration {
        self.0.context.elapsed
    }

    /// How long the server asked clients to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.actual().kind {
            Kind::ErrorStatus { retry_after, .. } => *retry_after,
            Kind::RateLimited { wait } => Some(*wait),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_this_library_are_not_shown() {
        for (reason, shown) in [
            (
                "invalid length 0, expected struct One with 1 element at line 1 column 2",
                "invalid length 0 at line 1 column 2",
            ),
            (
                "invalid length 0, expected a tuple of size 1",
                "invalid length 0",
            ),
            (
                "invalid type: integer `1`, expected a string at line 1 column 9",
                "invalid type: integer `1`, expected a string at line 1 column 9",
            ),
        ] {
            assert_eq!(without_types(reason), shown);
        }
    }
}
