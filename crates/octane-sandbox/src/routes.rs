//! Addresses, and who may see them.

mod body;
mod ci;
mod encoding;
mod entities;
mod media;
mod metadata;
mod parameters;
mod sandbox;
mod session;
mod test_results;
mod token;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::Method;

use crate::error::ApiError;
use crate::page;
use crate::server::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let workspace = Router::new()
        .route("/metadata/fields", get(metadata::fields))
        .route("/metadata/entities", get(metadata::entities))
        .route(
            "/{collection}",
            get(entities::list)
                .post(entities::create)
                .put(entities::update_many)
                .delete(entities::delete_many),
        )
        .route(
            "/{collection}/{id}",
            get(entities::get)
                .put(entities::update)
                .delete(entities::delete),
        )
        .layer(middleware::from_fn(media::json))
        // What follows speaks more than JSON.
        .route("/test-results", post(test_results::submit))
        .route("/test-results/xsd", get(test_results::xsd))
        .route("/test-results/{id}", get(test_results::task))
        .route("/test-results/{id}/log", get(test_results::public_log))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            in_workspace,
        ));
    let ci = Router::new()
        .route("/test-results", post(ci::submit))
        .route("/test-results/{id}", get(test_results::task))
        .route("/test-results/{id}/log", get(test_results::log))
        .route(
            "/servers/{server}/jobs/{job}/tests-result-preflight",
            get(ci::preflight),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            ci::in_space,
        ));
    let signed_in = Router::new()
        .route("/admin/server/version", get(sandbox::version))
        .nest(
            "/api/shared_spaces/{space}/workspaces/{workspace}",
            workspace,
        )
        .nest("/internal-api/shared_spaces/{space}/analytics/ci", ci)
        .layer(middleware::from_fn(encoding::pack))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            session::require,
        ));
    Router::new()
        .route("/authentication/sign_in", post(session::sign_in))
        .route("/authentication/sign_out", post(session::sign_out))
        .route("/_sandbox/health", get(sandbox::health))
        .route("/_sandbox/reset", post(sandbox::reset))
        .merge(page::router())
        .merge(signed_in)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_address)
        .layer(DefaultBodyLimit::max(shared.settings.limits.body_bytes_max))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            start_worker,
        ))
        .with_state(shared)
}

async fn unknown_address(request: Request) -> Response {
    ApiError::unknown_address(request.uri().path()).into_response()
}

async fn method_not_allowed(method: Method) -> Response {
    ApiError::method_not_allowed(method.as_str()).into_response()
}

/// A router that was made outside of a runtime finds one here.
async fn start_worker(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    shared.worker.start();
    next.run(request).await
}

/// There is one workspace.
async fn in_workspace(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<HashMap<String, String>>,
    request: Request,
    next: Next,
) -> Response {
    let of = |name: &str| path.get(name).map(String::as_str).unwrap_or_default();
    let (space, workspace) = (of("space"), of("workspace"));
    if space != shared.settings.space.to_string() {
        return ApiError::entity_not_found("shared_space", space).into_response();
    }
    if workspace != shared.settings.workspace.to_string() {
        return ApiError::entity_not_found("workspace", workspace).into_response();
    }
    next.run(request).await
}
