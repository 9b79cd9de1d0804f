//! The static files of pages.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::error::ApiError;

const ASSETS: [(&str, &str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8", octane_web::STYLE),
    (
        "page.js",
        "text/javascript; charset=utf-8",
        include_str!("assets/page.js"),
    ),
    ("icon.svg", "image/svg+xml", octane_web::ICON),
];

pub(super) async fn get(Path(name): Path<String>) -> Response {
    match ASSETS.into_iter().find(|(known, ..)| *known == name) {
        Some((_, content_type, text)) => {
            let headers = [
                (header::CONTENT_TYPE, content_type),
                // Revalidated each time: the next version of the sandbox has other files.
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, text).into_response()
        }
        None => ApiError::unknown_address(&format!("/_sandbox/assets/{name}")).into_response(),
    }
}
