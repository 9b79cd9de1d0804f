//! Signing in and out.

use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::StatusCode;
use octane_model::{self as model, Problem};
use serde_json::json;

use crate::cookies::Cookies;
use crate::endpoint::Inner;
use crate::retry::Repeat;
use crate::send::Way;
use crate::{Credential, CredentialError, CredentialProvider, Error, redact};

/// Why a sign-in failed; shared by all who waited for it.
#[derive(Debug)]
pub(crate) enum SignInError {
    NoCredential,
    Credential(CredentialError),
    Refused {
        status: StatusCode,
        problem: Option<Box<Problem>>,
        is_person: bool,
    },
    NoSession {
        status: StatusCode,
    },
    /// The request itself ended badly.
    Failed(Error),
}

impl Inner {
    /// Asks for a new session. Boxed, because sending may sign in and signing in sends.
    pub(crate) fn sign_in(&self) -> BoxFuture<'_, Result<Cookies, SignInError>> {
        Box::pin(async move {
            let credential = self.credential().await?;
            let is_person = matches!(credential, Credential::User { .. });
            let request = model::sign_in(body(&credential));
            let answer = self.send(request, Repeat::Always, Way::SigningIn).await;
            let mut answer = answer.map_err(SignInError::Failed)?;
            // Servers that cannot read a request like to quote it.
            answer.body = redact::body(&answer.body, credential.secret());
            let status = answer.status;
            // A server that thinks of us as signed in may answer 304 (seen in the vendor's Java SDK);
            // the cookies of the old session then go on.
            let mut cookies = if status == StatusCode::NOT_MODIFIED {
                self.session.cookies()
            } else {
                Cookies::default()
            };
            cookies.adopt(&answer.headers);
            if status.is_success() || status == StatusCode::NOT_MODIFIED {
                return if cookies.has_session() {
                    Ok(cookies)
                } else {
                    Err(SignInError::NoSession { status })
                };
            }
            let is_refusal = matches!(status.as_u16(), 400 | 401 | 403);
            Err(if is_refusal {
                SignInError::Refused {
                    status,
                    problem: answer.problem().map(Box::new),
                    is_person,
                }
            } else {
                SignInError::Failed(answer.into_error())
            })
        })
    }

    /// Ends the session, here and on the server. Without one there is nothing to do.
    pub(crate) async fn sign_out(&self) -> Result<(), Error> {
        let Some(ticket) = self.session.ticket() else {
            return Ok(());
        };
        self.session.forget();
        let way = Way::SigningOut(ticket);
        let answer = self.send(model::sign_out(), Repeat::Always, way).await?;
        // Some servers send people on to a page (302), and one that has forgotten the session already
        // (401) has done what was asked.
        if matches!(answer.status.as_u16(), 200..=299 | 302 | 401) {
            Ok(())
        } else {
            Err(answer.into_error())
        }
    }

    async fn credential(&self) -> Result<Credential, SignInError> {
        let credential = self.credentials.credential().await;
        credential
            .map_err(SignInError::Credential)?
            .ok_or(SignInError::NoCredential)
    }
}

fn body(credential: &Credential) -> Bytes {
    let body = match credential {
        Credential::ApiKey { id, secret } => {
            json!({ "client_id": id, "client_secret": secret.expose() })
        }
        Credential::User { name, password } => {
            json!({ "user": name, "password": password.expose() })
        }
    };
    body.to_string().into()
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredential => f.write_str("there is no credential"),
            Self::Credential(error) => error.fmt(f),
            Self::Refused {
                status,
                problem,
                is_person,
            } => {
                write!(f, "the credential was refused with {}", status.as_u16())?;
                if let Some(problem) = problem {
                    write!(f, ": {problem}")?;
                }
                if *is_person {
                    f.write_str(" (a server may take nothing but API keys)")?;
                }
                Ok(())
            }
            Self::NoSession { status } => {
                let status = status.as_u16();
                write!(
                    f,
                    "it answered {status}, but gave no session (no `LWSSO_COOKIE_KEY`)"
                )
            }
            Self::Failed(error) => error.fmt(f),
        }
    }
}
