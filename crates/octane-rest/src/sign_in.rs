//! Signing in and out.
//!
//! | credentials | what is sent | the session |
//! | --- | --- | --- |
//! | API key, user | `POST /authentication/sign_in` | its cookies |
//! | access token | nothing | the token, as the cookie `access_token` |
//! | token to exchange | `POST /osp/a/au/auth/oauth2/token`, as the vendor's Java SDK does it | the token of the response, as that cookie |

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, StatusCode, header};
use octane_model as model;
use octane_model::Problem;
use serde::Deserialize;
use serde_json::json;

use crate::cookies::CookieJar;
use crate::credential::{Credential, FoundCredential};
use crate::endpoint_state::EndpointState;
use crate::error::{Error, SignInError};
use crate::response::Response;
use crate::retry::Idempotency;
use crate::secret::Secret;
use crate::session::{AuthMode, OpenedSession, Rejected, SessionSource};
use crate::shared_session::share;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

impl EndpointState {
    /// The session of another process, or a new one. Boxed, because sending may open a session, and opening one sends.
    pub(crate) fn open_session(
        &self,
        rejected: Rejected,
        replaced: Option<Secret>,
    ) -> BoxFuture<'_, Result<OpenedSession, SignInError>> {
        Box::pin(async move {
            let found = self.credential().await?;
            for secret in found.credential.secrets() {
                self.redactor.learn(secret.expose());
            }
            let key = self.session_key(&found.credential);
            let lock = match &key {
                Some(key) => self.lock_session(key).await,
                None => None,
            };
            if let (Some(key), Some(lock)) = (&key, &lock)
                && !rejected.is_sign_in_required
                && let Some(stored) = self.stored_session(key, &**lock, replaced.as_ref())
            {
                return Ok(stored);
            }
            let is_token = matches!(found.credential, Credential::AccessToken { .. });
            let jar = self.sign_in(&found).await?;
            if let Some(lock) = &lock {
                share(&**lock, &jar);
            }
            Ok(OpenedSession {
                jar,
                source: if is_token {
                    SessionSource::Token
                } else {
                    SessionSource::SignIn
                },
                age: Duration::ZERO,
                key,
            })
        })
    }

    /// Signs in and returns the cookies of the new session.
    async fn sign_in(&self, found: &FoundCredential) -> Result<CookieJar, SignInError> {
        let body = match &found.credential {
            Credential::ApiKey { id, secret } => {
                json!({ "client_id": id, "client_secret": secret.expose() })
            }
            Credential::User { name, password } => {
                json!({ "user": name, "password": password.expose() })
            }
            Credential::AccessToken { token } => {
                let mut jar = CookieJar::default();
                jar.set_access_token(token);
                return Ok(jar);
            }
            Credential::ExchangedToken { token, id, secret } => {
                return self.exchange(found, exchange(token, id, secret)).await;
            }
        };
        let request = model::sign_in(body.to_string().into());
        let response = self.send_sign_in(request).await?;
        let status = response.status;
        // A server that still accepts the old session may return 304 (seen in the vendor's Java SDK);
        // the cookies of that session then remain valid.
        let mut jar = if status == StatusCode::NOT_MODIFIED {
            self.session.jar()
        } else {
            CookieJar::default()
        };
        jar.update_from(&response.headers);
        if !status.is_success() && status != StatusCode::NOT_MODIFIED {
            let problem = response.problem();
            Err(refused(response, problem, found))
        } else if jar.has_session() {
            Ok(jar)
        } else {
            Err(SignInError::NoSessionCookie { status })
        }
    }

    /// Exchanges a token for one of this server.
    async fn exchange(
        &self,
        found: &FoundCredential,
        request: Request<Bytes>,
    ) -> Result<CookieJar, SignInError> {
        let response = self.send_sign_in(request).await?;
        let status = response.status;
        if !status.is_success() {
            let problem = serde_json::from_slice::<OAuthError>(&response.body)
                .map(|error| Problem::new(error.error, error.error_description))
                .ok()
                .or_else(|| response.problem());
            return Err(refused(response, problem, found));
        }
        let exchanged = serde_json::from_slice::<Exchanged>(&response.body)
            .ok()
            .filter(|exchanged| !exchanged.access_token.is_empty())
            .ok_or(SignInError::NoToken { status })?;
        self.redactor.learn_session(exchanged.access_token.expose());
        let mut jar = CookieJar::default();
        jar.update_from(&response.headers);
        jar.set_access_token(&exchanged.access_token);
        Ok(jar)
    }

    async fn send_sign_in(&self, request: Request<Bytes>) -> Result<Response, SignInError> {
        let response = self
            .send(request, Idempotency::Idempotent, AuthMode::SignIn)
            .await;
        response.map_err(SignInError::Failed)
    }

    /// Ends the session, here, on the server and for other processes. Without a session it does nothing.
    pub(crate) async fn sign_out(&self) -> Result<(), Error> {
        let shared = self.take_shared().await;
        let own = self.session.cookies();
        self.session.forget();
        let Some(cookies) = own.or(shared) else {
            return Ok(());
        };
        if cookies.source() == SessionSource::Token {
            return Ok(());
        }
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

    pub(crate) async fn credential(&self) -> Result<FoundCredential, SignInError> {
        let credential = self.credentials.credential().await;
        credential
            .map_err(SignInError::Credential)?
            .ok_or(SignInError::NoCredentials)
    }
}

/// Why a sign-in was not successful.
fn refused(response: Response, problem: Option<Problem>, found: &FoundCredential) -> SignInError {
    if matches!(response.status.as_u16(), 400 | 401 | 403) {
        SignInError::Rejected {
            status: response.status,
            problem: problem.map(Box::new),
            is_user: matches!(found.credential, Credential::User { .. }),
            origin: found.origin.clone(),
        }
    } else {
        SignInError::Failed(response.into_error())
    }
}

/// The error of an OAuth server.
#[derive(Deserialize)]
struct OAuthError {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The part of the response to an exchange that matters.
#[derive(Deserialize)]
struct Exchanged {
    access_token: Secret,
}

fn exchange(token: &Secret, id: &str, secret: &Secret) -> Request<Bytes> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", TOKEN_EXCHANGE)
        .append_pair("subject_token_type", TOKEN_TYPE)
        .append_pair("subject_token", token.expose())
        .finish();
    let basic = STANDARD.encode(format!("{id}:{}", secret.expose()));
    let mut request = Request::new(Bytes::from(form));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/osp/a/au/auth/oauth2/token");
    let headers = request.headers_mut();
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(header::CONTENT_TYPE, form_type);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    // Base64 is always a valid header.
    if let Ok(mut basic) = HeaderValue::try_from(format!("Basic {basic}")) {
        basic.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, basic);
    }
    request
}
