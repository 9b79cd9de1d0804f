//! Unknown paths: a page for people, JSON for programs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header;

use super::problem;
use crate::error::ApiError;
use crate::state::AppState;

/// The first segments of paths that only programs use. Some of them accept HTML without meaning it, as Java's do.
const PROGRAMS: [&str; 6] = [
    "api",
    "internal-api",
    "admin",
    "authentication",
    "osp",
    "_sandbox",
];

/// The response to a request for a path that does not exist.
pub(crate) async fn unknown(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let path = request.uri().path();
    let error = ApiError::unknown_address(path);
    let accepted = request.headers().get_all(header::ACCEPT).iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    if is_for_people(path, &accepted.join(",")) {
        problem::page(&state, error)
    } else {
        error.into_response()
    }
}

/// Whether a person sees the response.
///
/// | path | `Accept` has `text/html` | |
/// | --- | --- | --- |
/// | of programs, such as `/api/…` | – | no |
/// | any other | yes | yes |
/// | any other | no | no |
fn is_for_people(path: &str, accepted: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    let is_of_programs = first.is_some_and(|first| PROGRAMS.contains(&first));
    let mut types = accepted
        .split(',')
        .filter_map(|range| range.split(';').next());
    !is_of_programs && types.any(|name| name.trim().eq_ignore_ascii_case("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        const JAVA: &str = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
        for (path, accepted, expected) in [
            ("/nowhere", BROWSER, true),
            ("/nowhere/deep", "Text/HTML;q=0.1", true),
            ("/", BROWSER, true),
            ("/nowhere", "application/json", false),
            ("/nowhere", "*/*", false),
            ("/nowhere", "", false),
            ("/api/shared_spaces/1/nowhere", BROWSER, false),
            ("/api/nowhere", JAVA, false),
            ("/_sandbox/nowhere", BROWSER, false),
            ("/apiary", BROWSER, true),
        ] {
            assert_eq!(is_for_people(path, accepted), expected, "{path} {accepted}");
        }
    }
}
