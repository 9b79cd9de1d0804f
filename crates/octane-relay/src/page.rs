//! Web pages for those who look after a relay: what waits and why, each upload with its report, and buttons to try it again or delete it.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /` | what waits for a person or for another attempt, and the queue by lane |
//! | `GET /uploads/ID` | an upload with its report |
//! | `POST /uploads/ID/retry`, `POST /uploads/ID/delete` | does it, and leads back |
//! | `GET /sign-in`, `POST /sign-in`, `POST /sign-out` | a cookie for the token of an operator |
//!
//! Pages work without JavaScript, and have none. The cookie holds the token, which is checked against the store each time, so that a
//! revoked one is worth nothing at once. What pages of other sites send changes nothing, and a relay on the loopback interface answers to
//! its own names only.

mod access;
mod actions;
mod frame;
mod queue;
mod sign_in;
mod text;
mod upload;

use axum::Router;
use axum::extract::Path;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};

use crate::door::Door;

/// The pages of a door.
pub(crate) fn routes(door: &Door) -> Router<Door> {
    Router::new()
        .route("/", get(queue::page))
        .route("/uploads/{id}", get(upload::page))
        .route("/uploads/{id}/retry", post(actions::retry))
        .route("/uploads/{id}/delete", post(actions::delete))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/_relay/assets/{name}", get(asset))
        .layer(middleware::from_fn_with_state(door.clone(), access::guard))
}

async fn asset(Path(name): Path<String>) -> Response {
    let (media_type, text) = match name.as_str() {
        "page.css" => ("text/css; charset=utf-8", octane_web::STYLE),
        "icon.svg" => ("image/svg+xml", octane_web::ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        // Asked for each time: the next version of the relay has other files.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
