//! Signing in and out, and the check before everything else.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::address::Caller;
use super::body;
use crate::auth::{SESSION_COOKIE, USER_COOKIE};
use crate::error::{ApiError, own_code};
use crate::server::Shared;

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
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&shared, body)?;
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
    let token = shared.sessions.sign_in(id, secret)?;
    let mut response = StatusCode::OK.into_response();
    set_cookies(&shared, response.headers_mut(), &token);
    Ok(response)
}

pub(super) async fn sign_out(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Some(token) = token(&headers) {
        shared.sessions.sign_out(token);
    }
    let mut response = StatusCode::OK.into_response();
    for name in [SESSION_COOKIE, USER_COOKIE] {
        let cookie = format!("{name}=; Path=/; Max-Age=0; HttpOnly");
        append(response.headers_mut(), &cookie);
    }
    response
}

/// Lets only requests with a live session pass, and renews the cookie of an old one.
pub(super) async fn require(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = match token(request.headers()) {
        Some(token) => shared.sessions.visit(token),
        None => Err(ApiError::not_authorized("nobody is signed in")),
    };
    match visitor {
        Ok(visitor) => {
            let caller = token(request.headers()).and_then(|token| shared.sessions.user(token));
            request
                .extensions_mut()
                .insert(Caller(caller.map(Into::into)));
            let mut response = next.run(request).await;
            if let Some(renewed) = visitor.renewed {
                set_cookies(&shared, response.headers_mut(), &renewed);
            }
            response
        }
        Err(error) => error.into_response(),
    }
}

/// The token in the session cookie; the last one, where a client sends old ones along.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value.trim().trim_matches('"'))
        .next_back()
}

fn set_cookies(shared: &Shared, headers: &mut HeaderMap, token: &str) {
    append(
        headers,
        &format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly"),
    );
    let user = shared.sessions.user(token).unwrap_or_default();
    // The id of a key may hold what a cookie cannot.
    let user: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
    let attributes = "Version=1; Path=/; Max-Age=86400; HttpOnly";
    append(headers, &format!("{USER_COOKIE}={user}; {attributes}"));
}

fn append(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}
