//! Signing in and out, and the check before everything else.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::body;
use crate::auth::{self, Visitor};
use crate::error::{ApiError, own_code};
use crate::server::Shared;
use crate::settings::SignInWithCookies;

/// Either body that a sign-in may have.
#[derive(Deserialize)]
#[serde(untagged)]
enum Credentials {
    ApiKey {
        client_id: String,
        client_secret: String,
    },
    User {
        user: String,
        password: String,
    },
}

pub(super) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&shared, body)?;
    if shared.sessions.has_live_session(&headers) {
        match shared.settings.access.sign_in_with_cookies {
            SignInWithCookies::Accept => {}
            SignInWithCookies::NotModified => return Ok(StatusCode::NOT_MODIFIED.into_response()),
            SignInWithCookies::Refuse => {
                return Err(ApiError::not_authorized(
                    "a session is alive; sign in without its cookies",
                ));
            }
        }
    }
    let credentials = serde_json::from_slice(&body).map_err(|_| {
        let description =
            "the body must have `client_id` and `client_secret`, or `user` and `password`";
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    let (id, secret) = match &credentials {
        Credentials::ApiKey {
            client_id,
            client_secret,
        } => (client_id, client_secret),
        Credentials::User { user, password } => (user, password),
    };
    let (token, account) = shared.sessions.sign_in(id, secret)?;
    let mut response = StatusCode::OK.into_response();
    auth::set_cookies(response.headers_mut(), &token, &account.name);
    Ok(response)
}

pub(super) async fn sign_out(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    shared.sessions.sign_out(&headers);
    let mut response = StatusCode::OK.into_response();
    auth::clear_cookies(response.headers_mut());
    response
}

/// Lets only those pass who may do what they ask for, and renews the cookie of an old session.
pub(super) async fn require(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = match shared.sessions.visit(request.headers()) {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    let (method, path) = (request.method(), request.uri().path());
    let permitted = shared.sessions.permit(&visitor.account, method, path);
    let name = Arc::clone(&visitor.account.name);
    let renewed = visitor.renewed.clone();
    request.extensions_mut().insert(visitor);
    let mut response = match permitted {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Some(renewed) = renewed {
        auth::set_cookies(response.headers_mut(), &renewed, &name);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    /// Fails where [`require`] let nobody in.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| ApiError::not_authorized("nobody is signed in"))
    }
}
