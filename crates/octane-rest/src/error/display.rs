//! How errors of requests read.
//!
//! Each error says its own part and leaves the rest to its source, so that a chain of errors says
//! everything once.

use std::error::Error as StdError;
use std::fmt;

use super::{Error, Inner, Kind, SignInError};
use crate::human_duration::HumanDuration;

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, context } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("context", context)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = self.of_sign_in() {
            return error.fmt(f);
        }
        let Inner { kind, context } = &*self.0;
        let server = &context.server;
        let attempts = context.attempt_summary();
        match kind {
            Kind::ErrorStatus {
                status, problem, ..
            } => {
                write!(f, "{context} returned {}", status.as_u16())?;
                if let Some(problem) = problem {
                    write!(f, ": {problem}")?;
                } else if let Some(reason) = status.canonical_reason() {
                    write!(f, ": {}", reason.to_lowercase())?;
                }
                write!(f, "{attempts}")
            }
            Kind::Redirected { status, location } => {
                write!(f, "{context} returned a redirect ({})", status.as_u16())?;
                if let Some(location) = location {
                    write!(f, " to `{location}`")?;
                }
                write!(
                    f,
                    "; redirects are not followed. Is `{server}` the Octane URL?"
                )
            }
            Kind::Unreachable(error) if error.kind().is_proxy() => {
                write!(f, "cannot reach {server} through the proxy{attempts}")
            }
            Kind::Unreachable(_) => write!(f, "cannot reach {server}{attempts}"),
            Kind::DeadlineExceeded { waiting_for } => {
                let elapsed = HumanDuration(context.elapsed);
                write!(
                    f,
                    "{context} timed out after {elapsed} waiting for {waiting_for}"
                )
            }
            Kind::RateLimited { wait } => {
                let wait = HumanDuration(*wait);
                write!(
                    f,
                    "{context} not sent: {server} asked clients to wait {wait}"
                )
            }
            Kind::SignInFailed(_) => write!(f, "cannot sign in to {server}"),
            Kind::InvalidResponse {
                content_type,
                excerpt,
                ..
            } => {
                let content_type = content_type.as_deref().unwrap_or("no content type");
                write!(f, "unexpected response to {context} ({content_type})")?;
                if let Some(excerpt) = excerpt {
                    write!(f, ": `{excerpt}`")?;
                }
                Ok(())
            }
            Kind::InvalidList(_) => write!(f, "invalid list in the response to {context}"),
            Kind::InvalidRequest { reason } => write!(f, "cannot send {context}: {reason}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.actual().kind {
            Kind::Unreachable(error) => Some(error),
            Kind::InvalidResponse { source, .. } => Some(source),
            Kind::InvalidList(error) => Some(error),
            Kind::SignInFailed(error) => Some(&**error),
            _ => None,
        }
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str("no credentials"),
            Self::Credential(error) => error.fmt(f),
            Self::Rejected {
                status,
                problem,
                is_user,
                ..
            } => {
                write!(f, "credentials rejected ({})", status.as_u16())?;
                if let Some(problem) = problem {
                    write!(f, ": {problem}")?;
                }
                if *is_user {
                    f.write_str("; the server may accept only API keys")?;
                }
                Ok(())
            }
            Self::NoSessionCookie { status } => {
                let status = status.as_u16();
                write!(
                    f,
                    "the server returned {status} without a session cookie (`LWSSO_COOKIE_KEY`)"
                )
            }
            Self::NoToken { status } => {
                let status = status.as_u16();
                write!(
                    f,
                    "the server returned {status} without an `access_token` in exchange for the token"
                )
            }
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl StdError for SignInError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Credential(error) => error.source(),
            Self::Failed(error) => error.source(),
            Self::NoCredentials
            | Self::Rejected { .. }
            | Self::NoSessionCookie { .. }
            | Self::NoToken { .. } => None,
        }
    }
}
