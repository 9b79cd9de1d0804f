//! The URLs of the sandbox, and who may use them.

mod address;
mod attachments;
mod body;
mod body_size;
mod bulk;
mod ci;
mod ci_builds;
mod ci_facts;
mod ci_plugin;
mod encoding;
mod entities;
mod expand;
mod fault_body;
mod fault_response;
mod grant;
mod media;
mod mentions;
mod metadata;
mod multipart;
mod negotiation;
mod parameters;
mod parts;
mod request_middleware;
mod same_site;
mod sandbox;
mod servlet;
mod session;
mod slash;
mod spaces;
mod test_results;
mod token;
mod user_defined;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::{HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use octane_model::Problem;
use percent_encoding::percent_decode_str;

use crate::error::{ApiError, own_code};
use crate::page;
use crate::state::AppState;

pub(crate) fn router(state: Arc<AppState>) -> Router {
    let workspace = collections(&state)
        // The routes that follow accept more than JSON.
        .route("/test-results", post(test_results::submit))
        .route("/test-results/xsd", get(test_results::xsd))
        .route("/test-results/{id}", get(test_results::task))
        .route("/test-results/{id}/log", get(test_results::public_log))
        .merge(reports(&state))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            spaces::in_workspace,
        ));
    // All jobs belong to the one workspace of the space.
    let ci = plug_ins()
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            encoding::unpack,
        ))
        .route("/test-results", post(ci::submit))
        .route("/test-results/{id}", get(test_results::task))
        .route("/test-results/{id}/log", get(test_results::log))
        .route("/servers/connectivity/status", get(ci::connectivity))
        .route(
            "/servers/{server}/jobs/{job}/tests-result-preflight",
            get(ci::preflight),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            spaces::in_shared_space,
        ));
    let shared_space =
        collections(&state)
            .merge(space_reports(&state))
            .layer(middleware::from_fn_with_state(
                Arc::clone(&state),
                spaces::in_shared_space,
            ));
    let site = collections(&state).layer(middleware::from_fn(spaces::in_site));
    let signed_in = Router::new()
        .route("/api/current_user", get(spaces::current_user))
        .route("/api/shared_spaces", get(spaces::shared_spaces))
        .route("/api/shared_spaces/{space}", get(spaces::shared_space))
        .nest("/admin", site)
        .nest("/api/shared_spaces/{space}", shared_space)
        .nest(
            "/api/shared_spaces/{space}/workspaces/{workspace}",
            workspace,
        )
        .nest("/internal-api/shared_spaces/{space}/analytics/ci", ci)
        .nest(
            "/internal-api/shared_spaces/{space}/workspaces/{workspace}",
            internal_workspace(&state),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            session::require,
        ));
    let signing_in = Router::new()
        .route("/authentication/sign_in", post(session::sign_in))
        // An old vendor client signs out with GET.
        .route(
            "/authentication/sign_out",
            post(session::sign_out).get(session::sign_out),
        )
        .route(
            "/authentication/grant_tool_token",
            get(grant::ask).post(grant::poll),
        )
        .route("/osp/a/au/auth/oauth2/token", post(grant::exchange))
        // Clients ask for it before they sign in.
        .route("/admin/server/version", get(sandbox::version))
        .layer(middleware::from_fn(request_middleware::require_body));
    // The few are added to the many: each that is added costs time at every start.
    let routes = signed_in
        .merge(signing_in)
        .method_not_allowed_fallback(method_not_allowed);
    let mut served = slash::optional(routes, &state);
    if state.settings.entities.servlet_messages {
        served = served.layer(middleware::map_response(servlet::wrap));
    }
    let served = served.layer(middleware::from_fn_with_state(
        Arc::clone(&state),
        request_middleware::handle,
    ));
    let pages = page::router()
        .route(
            "/authentication/grant_tool_token/page",
            get(grant::page).post(grant::agree),
        )
        .method_not_allowed_fallback(method_not_allowed);
    // It needs no sign-in.
    let open = own()
        .merge(pages)
        .layer(DefaultBodyLimit::max(body::OPEN_BYTES_MAX));
    served
        .layer(DefaultBodyLimit::max(state.settings.limits.body_bytes_max))
        .merge(open)
        .layer(middleware::from_fn_with_state(Arc::clone(&state), admit))
        .with_state(state)
}

/// The sandbox's own URLs.
fn own() -> Router<Arc<AppState>> {
    Router::new()
        .route("/_sandbox/health", get(sandbox::health))
        .route("/_sandbox/settings", get(sandbox::settings))
        .route("/_sandbox/reset", post(sandbox::reset))
        .route("/_sandbox/fields", post(user_defined::create))
        .route(
            "/_sandbox/snapshot",
            get(sandbox::snapshots).post(sandbox::snapshot),
        )
        .route("/_sandbox/restore", post(sandbox::restore))
        .route(
            "/_sandbox/clock",
            get(sandbox::clock).post(sandbox::advance),
        )
        .route("/_sandbox/sessions/expire", post(sandbox::expire_sessions))
        .route(
            "/_sandbox/requests",
            get(sandbox::requests).delete(sandbox::clear_requests),
        )
        .route(
            "/_sandbox/faults",
            get(sandbox::faults)
                .post(sandbox::add_fault)
                .delete(sandbox::clear_faults),
        )
        .route("/_sandbox/faults/{id}", delete(sandbox::remove_fault))
        .route("/_sandbox/facts", get(ci_facts::list))
        .method_not_allowed_fallback(method_not_allowed)
}

/// What is reported of builds under a workspace.
fn reports(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    let builds = put(ci_builds::report).post(ci_builds::report);
    Router::new()
        .route("/analytics/ci/builds", builds)
        .route("/analytics/ci/pull-requests", put(ci_facts::pull_requests))
        .route("/analytics/ci/branches", put(ci_facts::branches))
        .route(
            "/analytics/ci/link-stories-to-branch",
            put(bulk::update_items),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(state),
            encoding::unpack,
        ))
}

/// What CI servers and security tools report under a shared space.
fn space_reports(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    Router::new()
        .route("/scm-commits", put(ci_builds::commits))
        .route("/vulnerabilities", post(ci_facts::vulnerabilities))
        .route(
            "/vulnerabilities/preflight",
            get(ci_facts::vulnerabilities_preflight),
        )
        .route(
            "/vulnerabilities/remote-issue-ids",
            get(ci_facts::remote_issue_ids),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(state),
            encoding::unpack,
        ))
}

/// The private URLs of plug-ins in a shared space.
fn plug_ins() -> Router<Arc<AppState>> {
    let commits = put(ci_builds::commits).post(ci_builds::commits);
    Router::new()
        .route("/events", put(ci_builds::events))
        .route("/scmdata", commits)
        .route("/coverage", put(ci_facts::coverage))
        .route("/servers/{server}/tasks", get(ci_plugin::tasks))
        .route(
            "/servers/{server}/tasks/{task}/result",
            put(ci_plugin::task_result),
        )
        .route(
            "/servers/{server}/jobs/{job}/workspaceId",
            get(ci_plugin::workspaces_of_job),
        )
        .route(
            "/servers/{server}/jobs/{job}/configuration",
            get(ci_plugin::configuration)
                .post(ci_plugin::create_configuration)
                .put(ci_plugin::update_configuration),
        )
}

/// The private URLs of plug-ins in a workspace.
fn internal_workspace(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    Router::new()
        .route(
            "/analytics/ci/pipeline_update",
            put(ci_plugin::update_pipeline),
        )
        .route("/analytics/ci/ci_job_update", put(ci_plugin::update_jobs))
        .route(
            "/analytics/ci/github_feature_toggles",
            get(ci_plugin::feature_toggles),
        )
        .route(
            "/analytics/ci/{server}/{job}/{build}/logs",
            post(ci_plugin::log),
        )
        .route(
            "/analytics/ci/pipelines/{pipeline}/jobs/{job}/tests",
            delete(ci_plugin::remove_tests),
        )
        .route("/comments/{comment}/dismiss", put(mentions::dismiss))
        .route(
            "/ali/validateCommitPattern",
            get(ci_plugin::validate_commit),
        )
        .route(
            "/je/executors/validate-auto-suite",
            get(ci_plugin::validate_suite),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(state),
            encoding::unpack,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(state),
            spaces::in_workspace,
        ))
}

async fn method_not_allowed(method: Method) -> Response {
    // The router knows the supported methods and adds them.
    let description = format!("this resource does not support {method}");
    let problem = Problem::new(own_code::WEB, description);
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, problem).into_response()
}

/// What holds for all requests. A layer costs more than what it does, so there are few.
async fn admit(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if let Err(error) = require_text(&request).and_then(|()| same_site::require(&request)) {
        return error.into_response();
    }
    // A router that was created outside of a runtime finds one here.
    state.worker.start();
    let mut response = next.run(request).await;
    // By the sandbox's clock, as all times of entities.
    if let Some(date) = date(state.clock.now()) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

/// The value of `Date`.
fn date(now: Timestamp) -> Option<HeaderValue> {
    let text = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    HeaderValue::try_from(text.ok()?).ok()
}

/// Paths must be valid UTF-8. The HTTP library would reject others too, but not with JSON.
fn require_text(request: &Request) -> Result<(), ApiError> {
    let path = request.uri().path();
    if percent_decode_str(path).decode_utf8().is_ok() {
        return Ok(());
    }
    let description = format!("the bytes of the path `{path}` are not valid UTF-8");
    Err(ApiError::bad_request(own_code::WEB, description))
}

/// The URLs of entities, the same under a workspace, a shared space and the site.
fn collections(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    let collection = get(entities::list)
        .post(bulk::create)
        .put(bulk::update)
        .delete(bulk::delete);
    Router::new()
        .route("/metadata/fields", get(metadata::fields))
        .route("/metadata/entities", get(metadata::entities))
        .route("/current_user", get(spaces::current_user))
        .route("/{collection}", collection)
        .route("/{collection}/groups", get(entities::groups))
        .route(
            "/{collection}/{id}",
            get(entities::get)
                .put(entities::update)
                .delete(entities::delete),
        )
        .route(
            "/{collection}/{id}/{part}",
            get(parts::get).put(parts::put).post(parts::post),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(state),
            media::json,
        ))
}
