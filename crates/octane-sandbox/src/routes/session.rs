//! Signing in and out, and authentication of all other requests.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{body, encoding, request_middleware};
use crate::auth::{self, CurrentUser};
use crate::error::{ApiError, own_code};
use crate::settings::SignInWithCookies;
use crate::state::AppState;

/// The two formats of a sign-in body.
#[derive(Deserialize)]
#[serde(untagged)]
enum Credentials {
    SandboxApiKey {
        client_id: String,
        client_secret: String,
    },
    User {
        user: String,
        password: String,
    },
}

pub(super) async fn sign_in(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&state, body)?;
    if state.sessions.has_live_session(&headers) {
        match state.settings.access.sign_in_with_cookies {
            SignInWithCookies::Accept => {}
            SignInWithCookies::NotModified => return Ok(StatusCode::NOT_MODIFIED.into_response()),
            SignInWithCookies::Refuse => {
                return Err(ApiError::not_authorized(
                    "there is a live session; sign in without its cookies",
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
        Credentials::SandboxApiKey {
            client_id,
            client_secret,
        } => (client_id, client_secret),
        Credentials::User { user, password } => (user, password),
    };
    let (token, account) = state.sessions.sign_in(id, secret)?;
    let mut response = StatusCode::OK.into_response();
    auth::set_cookies(response.headers_mut(), &token, &account.name);
    auth::set_csrf_cookie(response.headers_mut());
    Ok(response)
}

pub(super) async fn sign_out(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    state.sessions.sign_out(&headers);
    let mut response = StatusCode::OK.into_response();
    auth::clear_cookies(response.headers_mut());
    response
}

/// Rejects requests that are not permitted, renews the cookie of an old session, and compresses what is long.
pub(super) async fn require(
    State(state): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let current_user = match state.sessions.visit(request.headers()) {
        Ok(current_user) => current_user,
        Err(error) => return error.into_response(),
    };
    let (method, path) = (request.method(), request.uri().path());
    let permitted = state.sessions.permit(&current_user.account, method, path);
    let name = Arc::clone(&current_user.account.name);
    let renewed = current_user.renewed.clone();
    request.extensions_mut().insert(current_user);
    let mut response = match permitted.and_then(|()| request_middleware::has_body(&request)) {
        Ok(()) => encoding::compress(request, next).await,
        Err(error) => error.into_response(),
    };
    if let Some(renewed) = renewed {
        auth::set_cookies(response.headers_mut(), &renewed, &name);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = ApiError;

    /// Fails for requests that [`require`] did not authenticate.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let current_user = parts.extensions.get::<Self>().cloned();
        current_user
            .ok_or_else(|| ApiError::not_authorized("authentication is required; sign in first"))
    }
}
