//! Signing in and out.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::StatusCode;
use octane_model as model;
use serde_json::json;

use crate::cookies::CookieJar;
use crate::credential::Credential;
use crate::endpoint_state::EndpointState;
use crate::error::{Error, SignInError};
use crate::retry::Idempotency;
use crate::session::AuthMode;

impl EndpointState {
    /// Signs in and returns the cookies of the new session. Boxed, because sending may sign in, and
    /// signing in sends.
    pub(crate) fn sign_in(&self) -> BoxFuture<'_, Result<CookieJar, SignInError>> {
        Box::pin(async move {
            let credential = self.credential().await?;
            let is_user = matches!(credential, Credential::User { .. });
            self.redactor.learn(credential.secret().expose());
            let request = model::sign_in(body(&credential));
            let response = self
                .send(request, Idempotency::Idempotent, AuthMode::SignIn)
                .await;
            let response = response.map_err(SignInError::Failed)?;
            let status = response.status;
            // A server that still accepts the old session may return 304 (seen in the vendor's Java SDK);
            // the cookies of that session then remain valid.
            let mut jar = if status == StatusCode::NOT_MODIFIED {
                self.session.jar()
            } else {
                CookieJar::default()
            };
            jar.update_from(&response.headers);
            if status.is_success() || status == StatusCode::NOT_MODIFIED {
                return if jar.has_session() {
                    Ok(jar)
                } else {
                    Err(SignInError::NoSessionCookie { status })
                };
            }
            let is_rejection = matches!(status.as_u16(), 400 | 401 | 403);
            Err(if is_rejection {
                SignInError::Rejected {
                    status,
                    problem: response.problem().map(Box::new),
                    is_user,
                }
            } else {
                SignInError::Failed(response.into_error())
            })
        })
    }

    /// Ends the session, here and on the server. Without a session it does nothing.
    pub(crate) async fn sign_out(&self) -> Result<(), Error> {
        let Some(cookies) = self.session.cookies() else {
            return Ok(());
        };
        self.session.forget();
        let auth = AuthMode::SignOut(cookies);
        let response = self
            .send(model::sign_out(), Idempotency::Idempotent, auth)
            .await?;
        // Some servers redirect to a page (302), and with 401 the session had ended already.
        if matches!(response.status.as_u16(), 200..=299 | 302 | 401) {
            Ok(())
        } else {
            Err(response.into_error())
        }
    }

    async fn credential(&self) -> Result<Credential, SignInError> {
        let credential = self.credentials.credential().await;
        credential
            .map_err(SignInError::Credential)?
            .ok_or(SignInError::NoCredentials)
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
