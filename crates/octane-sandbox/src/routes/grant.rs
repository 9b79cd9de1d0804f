//! Tokens for programs: with the help of a browser, and in exchange for another token.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_model::{Problem, code};
use serde::Deserialize;
use serde_json::json;

use super::body;
use crate::auth::{ACCESS_TOKEN, Authorization, Granted};
use crate::error::{ApiError, json_response, own_code};
use crate::server::Shared;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// An identifier, and the address at which a person agrees.
pub(super) async fn ask(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let identifier = shared.sessions.ask_grant().ok_or_else(|| {
        let problem = Problem::new(own_code::THROTTLED, "too many sign-ins wait for a person");
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
/// What the product answers before that is not known. Vendor clients go on asking after anything that is no
/// success.
pub(super) async fn poll(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&shared, body)?;
    let Ok(Identifier { identifier }) = serde_json::from_slice(&body) else {
        let description = "the body must be `{\"identifier\":\"…\"}`";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    };
    match shared.sessions.take_grant(&identifier) {
        Granted::Token(token) => {
            let body = json!({ "access_token": token, "cookie_name": ACCESS_TOKEN });
            Ok(json_response(StatusCode::OK, &body))
        }
        Granted::Pending => Err(ApiError::not_authorized("nobody has agreed yet")),
        Granted::Unknown => {
            let problem = Problem::new(code::ENTITY_NOT_FOUND, "no sign-in waits with this id");
            Err(ApiError::new(StatusCode::NOT_FOUND, problem))
        }
    }
}

/// The page with the button.
pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Query(Identifier { identifier }): Query<Identifier>,
) -> Response {
    if shared.sessions.is_grant_pending(&identifier) {
        // An identifier that is known has only hexadecimal digits.
        let form = format!(
            "<p>A program asks to sign in to this sandbox.</p><form method=\"post\" \
             action=\"/authentication/grant_tool_token/page?identifier={identifier}\">\
             <button type=\"submit\" autofocus>Let it in</button></form>"
        );
        html(StatusCode::OK, &form)
    } else {
        html(StatusCode::NOT_FOUND, "<p>No program waits here.</p>")
    }
}

/// A person agrees.
pub(super) async fn agree(
    State(shared): State<Arc<Shared>>,
    Query(Identifier { identifier }): Query<Identifier>,
) -> Response {
    if shared.sessions.agree_grant(&identifier) {
        html(
            StatusCode::OK,
            "<p>The program is let in. You can close this page.</p>",
        )
    } else {
        html(StatusCode::NOT_FOUND, "<p>No program waits here.</p>")
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

/// Exchanges a token of somebody else's for one of ours. Whatever the other token is, it is believed.
pub(super) async fn exchange(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&shared, body)?;
    let token = match Authorization::of(&headers) {
        Some(Authorization::Basic { name, secret }) => shared.sessions.exchange(&name, &secret),
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
        let description = "`Authorization` must be `Basic` with the client id and the client secret of an API key";
        let status = StatusCode::UNAUTHORIZED;
        return refused(status, "invalid_client", description.to_owned());
    };
    let body = json!({
        "access_token": token,
        "issued_token_type": TOKEN_TYPE,
        "token_type": "Bearer",
        "expires_in": shared.settings.access.session_absolute.as_secs(),
    });
    Ok(json_response(StatusCode::OK, &body))
}
