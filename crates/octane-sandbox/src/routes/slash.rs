//! A slash at the end of a path, which clients write or not.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use http::Uri;
use http::uri::PathAndQuery;
use tower::ServiceExt;

use crate::page;
use crate::state::AppState;

/// The same routes, also with a slash at the end of their paths.
pub(super) fn optional(
    routes: Router<Arc<AppState>>,
    state: &Arc<AppState>,
) -> Router<Arc<AppState>> {
    let (same, same_state) = (routes.clone(), Arc::clone(state));
    // Most sandboxes never need it, and it would take a part of their start.
    let without = Arc::new(LazyLock::new(move || {
        same.fallback(page::unknown).with_state(same_state)
    }));
    routes.fallback(
        async move |state: State<Arc<AppState>>, mut request: Request| match trimmed(request.uri())
        {
            Some(uri) => {
                *request.uri_mut() = uri;
                let without: Router = Router::clone(&without);
                without.oneshot(request).await.into_response()
            }
            None => page::unknown(state, request).await,
        },
    )
}

/// The address without the slash at the end of its path; `None` if there is none.
fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok().filter(|_| !path.is_empty())?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_of_a_path_is_removed_and_the_query_stays() {
        for (address, expected) in [
            ("/api/a/", Some("/api/a")),
            ("/api/a/?b=c/", Some("/api/a?b=c/")),
            ("http://host/api/a/?", Some("http://host/api/a?")),
            ("/api/a//", Some("/api/a/")),
            ("/api/a", None),
            ("/api/a?b=/", None),
            ("/", None),
        ] {
            let trimmed = trimmed(&address.parse().unwrap());
            assert_eq!(trimmed.map(|uri| uri.to_string()).as_deref(), expected);
        }
    }
}
