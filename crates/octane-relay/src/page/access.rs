//! Who may see the pages.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use octane_web::{ForeignHost, is_foreign};

use super::frame::{Page, problem};
use crate::audit::{Actor, AuditEntry};
use crate::door::{Door, secure_attribute};
use crate::token::{ShownToken, TokenEntry, TokenId};

/// The cookie with the token.
const COOKIE: &str = "octane_relay_operator";

/// A user who has shown the token of an operator.
pub(super) struct Operator(pub(super) TokenId);

impl Operator {
    /// An entry of the audit log about what they do.
    pub(super) fn entry(&self) -> AuditEntry {
        AuditEntry::by(Actor::Token(self.0.clone()))
    }
}

impl FromRequestParts<Door> for Operator {
    type Rejection = Response;

    /// Leads to the page on which one signs in, and back to this one.
    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Response> {
        let shown = cookie(&parts.headers).and_then(ShownToken::parse);
        let stored = match &shown {
            Some(shown) => operator(door, shown).await?,
            None => None,
        };
        stored.map(|stored| Self(stored.id)).ok_or_else(|| {
            let upload = parts.uri.path().strip_prefix("/uploads/");
            let id = upload.and_then(|path| path.split('/').next());
            let target = match id {
                Some(id) => format!("/sign-in?upload={id}"),
                None => "/sign-in".to_owned(),
            };
            Redirect::to(&target).into_response()
        })
    }
}

/// The operator who has this token; an error page if the store cannot be used.
pub(super) async fn operator(
    door: &Door,
    shown: &ShownToken,
) -> Result<Option<TokenEntry>, Response> {
    let stored = door.store.token(&shown.id).await.map_err(problem)?;
    Ok(stored.filter(|stored| shown.is(stored) && stored.project.is_none()))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The cookie of a token, until the browser is closed; without a token, one that deletes it.
pub(super) fn set_cookie(token: Option<&str>, headers: &HeaderMap, is_encrypted: bool) -> String {
    let (value, age) = match token {
        Some(token) => (token, ""),
        None => ("", "; Max-Age=0"),
    };
    let secure = secure_attribute(headers, is_encrypted);
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}

/// Refuses what pages of other sites send, and requests that are addressed to another host.
pub(super) async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    let is_change = ![Method::GET, Method::HEAD].contains(request.method());
    if is_change && is_foreign(request.headers()) {
        let message = "pages of other sites must not change anything here";
        return Page::problem("Refused", message).with_status(StatusCode::FORBIDDEN);
    }
    if let Some(hosts) = &door.settings.hosts {
        let (status, message) = match hosts.check(request.uri(), request.headers()) {
            Ok(()) => return next.run(request).await,
            Err(ForeignHost::NotOne) => (
                StatusCode::BAD_REQUEST,
                "a request must have exactly one `Host`".to_owned(),
            ),
            Err(ForeignHost::Foreign(name)) => (
                StatusCode::FORBIDDEN,
                format!(
                    "`{name}` is not the name of this relay; use `localhost`, or start it with `--host-name NAME`"
                ),
            ),
        };
        return Page::problem("Refused", &message).with_status(status);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_only_by_its_whole_name() {
        let found = |text: &'static str| {
            let pair = (header::COOKIE, HeaderValue::from_static(text));
            cookie(&[pair].into_iter().collect()).map(str::to_owned)
        };
        assert_eq!(
            found("a=1; octane_relay_operator=x; b=2").as_deref(),
            Some("x")
        );
        assert_eq!(found("octane_relay_operators=x"), None);
        assert_eq!(found("x=octane_relay_operator=x"), None);
    }

    #[test]
    fn the_cookie_cannot_be_read_by_scripts_and_is_secure_where_the_page_is() {
        let plain = set_cookie(Some("x"), &HeaderMap::new(), false);
        assert_eq!(
            plain,
            "octane_relay_operator=x; Path=/; HttpOnly; SameSite=Lax"
        );
        let forwarded = (
            "x-forwarded-proto".parse().unwrap(),
            HeaderValue::from_static("https"),
        );
        let forwarded: HeaderMap = [forwarded].into_iter().collect();
        for (headers, is_encrypted) in [(HeaderMap::new(), true), (forwarded, false)] {
            assert!(set_cookie(None, &headers, is_encrypted).contains("; Secure; Max-Age=0"));
        }
    }
}
