//! Signing in and out.

use axum::body::{Body, to_bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use octane_client::UploadId;
use serde::Deserialize;

use super::access::{operator, set_cookie};
use super::frame::Page;
use crate::audit::{Actor, AuditEntry, Event};
use crate::door::Door;
use crate::token::ShownToken;

/// No form is longer.
const FORM_BYTES_MAX: usize = 4096;

/// Where to go after that.
#[derive(Deserialize)]
pub(super) struct Next {
    upload: Option<String>,
}

/// `GET /sign-in`
pub(super) async fn page(Query(next): Query<Next>) -> Response {
    let upload = next.upload.and_then(|id| id.parse().ok());
    form(upload.as_ref(), "").response()
}

fn form(upload: Option<&UploadId>, problem: &str) -> Page<'static> {
    let next = upload.map_or_else(String::new, |id| {
        format!("<input type=\"hidden\" name=\"upload\" value=\"{id}\">")
    });
    Page {
        title: "Sign in",
        below:
            "<p class=\"lead\">These pages are for those who look after the relay. On its machine, \
                <code>octane relay token create --operator</code> makes a token.</p>"
                .to_owned(),
        body: format!(
            "{problem}<form class=\"filters\" method=\"post\" action=\"/sign-in\">{next}\
             <div hidden><label>User <input type=\"text\" name=\"user\" autocomplete=\"username\" value=\"operator\" readonly></label></div>\
             <label>Token of an operator <input type=\"password\" name=\"token\" autocomplete=\"current-password\" required></label>\
             <button class=\"primary\">Sign in</button></form>"
        ),
        ..Page::default()
    }
}

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(door): State<Door>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let body = to_bytes(body, FORM_BYTES_MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    // Neither a token nor an ID has characters that forms encode; spaces around them come from copying.
    let field = |name: &str| {
        let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value.trim_matches('+'))
    };
    let upload: Option<UploadId> = field("upload").parse().ok();
    let shown = ShownToken::parse(field("token"));
    let stored = match &shown {
        Some(shown) => operator(&door, shown).await?,
        None => None,
    };
    let audit = &door.settings.audit;
    let Some(stored) = stored else {
        let entry = AuditEntry {
            code: Some("unauthorized"),
            reason: Some("no valid token of an operator was given to sign in".to_owned()),
            ..AuditEntry::default()
        };
        audit.record(Event::Refused, &entry).await;
        let problem =
            "<p class=\"note failed\" role=\"alert\">This is not a valid token of an operator.</p>";
        return Ok(form(upload.as_ref(), problem).with_status(StatusCode::FORBIDDEN));
    };
    let entry = AuditEntry::by(Actor::Token(stored.id));
    audit.record(Event::SignedIn, &entry).await;
    let target = upload.map_or_else(|| "/".to_owned(), |id| format!("/uploads/{id}"));
    Ok(leave(&door, &headers, &target, Some(field("token"))))
}

/// `POST /sign-out`
pub(super) async fn sign_out(State(door): State<Door>, headers: HeaderMap) -> Response {
    leave(&door, &headers, "/sign-in", None)
}

fn leave(door: &Door, headers: &HeaderMap, target: &str, token: Option<&str>) -> Response {
    let cookie = set_cookie(token, headers, door.settings.is_encrypted);
    let mut response = Redirect::to(target).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
