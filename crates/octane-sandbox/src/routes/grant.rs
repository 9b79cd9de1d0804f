//! Tokens for programs: through a browser, and in exchange for another token.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_model::{Problem, error_code};
use serde::Deserialize;
use serde_json::json;

use super::body;
use crate::auth::{ACCESS_TOKEN, Authorization, Granted};
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// An identifier, and the URL at which a person agrees.
pub(super) async fn ask(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let identifier = state.sessions.ask_grant().ok_or_else(|| {
        let problem = Problem::new(own_code::THROTTLED, "too many sign-ins are pending");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, problem)
    })?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let base = host
        .map(|host| format!("http://{host}"))
        .unwrap_or_default();
    let url = format!("{base}/authentication/grant_tool_token/page?identifier={identifier}");
    let body = json!({ "identifier": identifier, "authentication_url": url });
    Ok(json_response(StatusCode::OK, &body))
}

#[derive(Deserialize)]
pub(super) struct Identifier {
    #[serde(default)]
    identifier: String,
}

/// The token, once a person has agreed.
///
/// What the product returns before that is not known. Vendor clients retry after anything but success.
pub(super) async fn poll(
    State(state): State<Arc<AppState>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&state, body)?;
    let Ok(Identifier { identifier }) = serde_json::from_slice(&body) else {
        let description = "the body must be `{\"identifier\":\"…\"}`";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    };
    match state.sessions.take_grant(&identifier) {
        Granted::Token(token) => {
            let body = json!({ "access_token": token, "cookie_name": ACCESS_TOKEN });
            Ok(json_response(StatusCode::OK, &body))
        }
        Granted::Pending => Err(ApiError::not_authorized("the sign-in is still pending")),
        Granted::Unknown => {
            let problem = Problem::new(
                error_code::ENTITY_NOT_FOUND,
                "there is no pending sign-in with this identifier",
            );
            Err(ApiError::new(StatusCode::NOT_FOUND, problem))
        }
    }
}

/// The page with the button.
pub(super) async fn page(
    State(state): State<Arc<AppState>>,
    Query(Identifier { identifier }): Query<Identifier>,
) -> Response {
    if state.sessions.is_grant_pending(&identifier) {
        // A valid identifier contains only hexadecimal digits.
        let form = format!(
            "<p>A program requests access to this sandbox.</p><form method=\"post\" \
             action=\"/authentication/grant_tool_token/page?identifier={identifier}\">\
             <button type=\"submit\" autofocus>Allow</button></form>"
        );
        html(StatusCode::OK, &form)
    } else {
        html(StatusCode::NOT_FOUND, "<p>There is no pending sign-in.</p>")
    }
}

/// A person agrees.
pub(super) async fn agree(
    State(state): State<Arc<AppState>>,
    Query(Identifier { identifier }): Query<Identifier>,
) -> Response {
    if state.sessions.agree_grant(&identifier) {
        html(
            StatusCode::OK,
            "<p>Access granted. You can close this page.</p>",
        )
    } else {
        html(StatusCode::NOT_FOUND, "<p>There is no pending sign-in.</p>")
    }
}

fn html(status: StatusCode, content: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Sign in · Octane sandbox</title><style>:root{{color-scheme:light dark}}\
         body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:1rem}}\
         button{{font:inherit;padding:.5rem 1rem}}</style></head>\n\
         <body><main><h1>Sign in</h1>{content}</main></body></html>\n"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                  frame-ancestors 'none'";
    let headers = [(header::CONTENT_SECURITY_POLICY, policy)];
    (status, headers, Html(page)).into_response()
}

/// Exchanges another issuer's token for one of ours. Any token is accepted.
pub(super) async fn exchange(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&state, body)?;
    let token = match Authorization::of(&headers) {
        Some(Authorization::Basic { name, secret }) => state.sessions.exchange(&name, &secret),
        _ => None,
    };
    let of = |name: &str| {
        let mut fields = url::form_urlencoded::parse(&body);
        fields.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let refused = |status, error, description: String| {
        let body = json!({ "error": error, "error_description": description });
        Ok(json_response(status, &body))
    };
    for (name, expected) in [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token_type", TOKEN_TYPE),
    ] {
        if of(name).as_deref() != Some(expected) {
            let error = if name == "grant_type" {
                "unsupported_grant_type"
            } else {
                "invalid_request"
            };
            let description = format!("`{name}` must be `{expected}`");
            return refused(StatusCode::BAD_REQUEST, error, description);
        }
    }
    if of("subject_token").is_none_or(|token| token.is_empty()) {
        let description = "`subject_token` is missing".to_owned();
        return refused(StatusCode::BAD_REQUEST, "invalid_request", description);
    }
    let Some(token) = token else {
        let description = "`Authorization` must be `Basic` with the client ID and the client secret of an API key";
        let status = StatusCode::UNAUTHORIZED;
        return refused(status, "invalid_client", description.to_owned());
    };
    let body = json!({
        "access_token": token,
        "issued_token_type": TOKEN_TYPE,
        "token_type": "Bearer",
        "expires_in": state.settings.access.session_absolute.as_secs(),
    });
    Ok(json_response(StatusCode::OK, &body))
}
