//! Protects the sandbox itself against other sites.

use axum::extract::Request;
use http::{Method, StatusCode};
use octane_model::{Problem, error_code};
use octane_web::is_foreign;

use crate::error::ApiError;

/// Rejects changes that a page of another site sends: browsers can reach the loopback interface as well, the
/// sandbox's own URLs need no sign-in, and a browser may send the cookies of a session along. Programs do not
/// send the headers that are checked.
pub(super) fn require(request: &Request) -> Result<(), ApiError> {
    if only_reads(request.method(), request.uri().path()) || !is_foreign(request.headers()) {
        return Ok(());
    }
    let description = "pages of other sites must not change the sandbox";
    let problem = Problem::new(error_code::NOT_AUTHORIZED, description);
    Err(ApiError::new(StatusCode::FORBIDDEN, problem))
}

/// Whether a request changes nothing. Signing out and asking for a token are possible with GET too.
fn only_reads(method: &Method, path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next();
    [Method::GET, Method::HEAD].contains(method)
        && !matches!(last, Some("sign_out" | "grant_tool_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_reading_is_a_change() {
        for (method, path, expected) in [
            (Method::GET, "/", true),
            (Method::HEAD, "/_sandbox/health", true),
            (Method::POST, "/_sandbox/reset", false),
            (Method::DELETE, "/_sandbox/requests", false),
            (Method::GET, "/authentication/sign_out", false),
            (Method::GET, "/authentication/grant_tool_token/", false),
            (Method::GET, "/authentication/grant_tool_token/page", true),
        ] {
            assert_eq!(only_reads(&method, path), expected, "{method} {path}");
        }
    }
}
