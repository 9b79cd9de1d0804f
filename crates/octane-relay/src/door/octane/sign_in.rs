//! Signing in and out.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_rest::Secret;
use serde::Deserialize;

use super::access::of_project;
use super::problem::{BAD_REQUEST, OctaneProblem};
use super::session;
use crate::audit::{Actor, AuditEntry, Event};
use crate::door::body::receive;
use crate::door::shared::Door;
use crate::token::{ShownToken, TokenEntry};

/// More than any credentials have.
const BODY_BYTES_MAX: usize = 16 << 10;

/// The two formats of a sign-in: the ID of a token and the token, as an API key or as a person.
#[derive(Deserialize)]
#[serde(untagged)]
enum Credentials {
    ApiKey {
        client_id: String,
        client_secret: Secret,
    },
    User {
        user: String,
        password: Secret,
    },
}

/// `POST /authentication/sign_in`
pub(super) async fn sign_in(
    State(door): State<Door>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OctaneProblem> {
    let mut entry = AuditEntry::default();
    let signed_in = signed_in(&door, &headers, body, &mut entry).await;
    if let Err(problem) = &signed_in {
        problem.describe(&mut entry);
        door.settings.audit.record(Event::Refused, &entry).await;
    }
    signed_in
}

/// Signs in. What is learned about who does is in `entry`.
async fn signed_in(
    door: &Door,
    headers: &HeaderMap,
    body: Body,
    entry: &mut AuditEntry,
) -> Result<Response, OctaneProblem> {
    let body = receive(headers, body, BODY_BYTES_MAX).await;
    let credentials = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    let credentials = credentials.ok_or_else(|| {
        let description =
            "the body must have `client_id` and `client_secret`, or `user` and `password`";
        OctaneProblem::bad_request(BAD_REQUEST, description)
    })?;
    let (id, secret) = match &credentials {
        Credentials::ApiKey {
            client_id,
            client_secret,
        } => (client_id, client_secret),
        Credentials::User { user, password } => (user, password),
    };
    let token = valid(door, id, secret).await?.ok_or_else(|| {
        OctaneProblem::unauthorized(
            "sign in to a relay with the ID of one of its tokens as client ID or user, and with the token as client secret or password",
        )
    })?;
    let id = token.id.clone();
    entry.actor = Some(Actor::Token(id.clone()));
    of_project(token)?;
    let cookie = session::opened(door, headers, &id);
    tracing::info!(token = %id, "signed in");
    let mut response = StatusCode::OK.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The token that has this ID, if it is valid.
async fn valid(door: &Door, id: &str, token: &Secret) -> Result<Option<TokenEntry>, OctaneProblem> {
    let shown = ShownToken::parse(token.expose());
    let Some(shown) = shown.filter(|shown| id.trim().eq_ignore_ascii_case(shown.id.as_str()))
    else {
        return Ok(None);
    };
    let stored = door.store.token(&shown.id).await?;
    Ok(stored.filter(|stored| shown.is(stored)))
}

/// `POST /authentication/sign_out`. Signing out without a session is not an error.
pub(super) async fn sign_out() -> Response {
    let cookie = [(header::SET_COOKIE, session::closed())];
    (StatusCode::OK, cookie).into_response()
}
