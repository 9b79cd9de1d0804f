//! The same door for programs that speak to Octane: sign-in, test results and the state of tasks, by Octane's own routes.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /authentication/sign_in` with the ID of a token and the token | 200 with a cookie that is valid for 12 hours |
//! | `POST /authentication/sign_out` | 200; the cookie is deleted |
//! | `POST /api/shared_spaces/S/workspaces/W/test-results` with a payload | 202 with the ID of a task, once the payload is stored |
//! | `GET …/test-results/ID` | the state of the task, in Octane's words |
//! | `GET …/test-results/ID/log` | what went wrong, a line for each problem |
//! | `GET …/test-results/xsd` | the schema that payloads are validated against |
//!
//! Everything else below `/api`, `/internal-api`, `/admin` and `/authentication` is answered with 501. Errors have Octane's format.
//!
//! A payload is delivered as it came, byte for byte, and each push is an upload of its own, also if its bytes are those of an earlier one:
//! whether Octane has received them before, and still knows it, only Octane can say. It recognises them then, and the state of the task
//! says so (`fromOlderPush`).

mod access;
mod gzip;
mod log;
mod problem;
mod session;
mod sign_in;
mod submit;
mod task;
mod task_number;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use octane_model::error_code;

use self::access::authenticate;
use self::problem::OctaneProblem;
use self::task_number::TaskNumber;
use super::shared::Door;
use crate::store::Status;

/// The routes, for a door.
pub(super) fn routes() -> Router<Door> {
    const TEST_RESULTS: &str = "/api/shared_spaces/{space}/workspaces/{workspace}/test-results";
    let below = |rest: &str| format!("{TEST_RESULTS}/{rest}");
    let mut router = Router::new()
        .route(
            "/authentication/sign_in",
            post(sign_in::sign_in).fallback(other),
        )
        .route(
            "/authentication/sign_out",
            post(sign_in::sign_out).fallback(other),
        )
        .route(TEST_RESULTS, post(submit::submit).fallback(other))
        .route(&below("xsd"), get(xsd).fallback(other))
        .route(&below("{id}"), get(state).fallback(other))
        .route(&below("{id}/log"), get(task_log).fallback(other));
    for area in ["api", "internal-api", "admin", "authentication"] {
        router = router.route(&format!("/{area}/{{*rest}}"), any(other));
    }
    router
}

/// What only Octane itself can do.
async fn other(State(door): State<Door>, method: Method, uri: Uri) -> OctaneProblem {
    let (path, server) = (uri.path(), door.settings.workspaces.server());
    let description = format!(
        "a relay accepts test results and answers what became of them; only Octane itself can answer `{method} {path}`: {server}"
    );
    OctaneProblem::new(
        StatusCode::NOT_IMPLEMENTED,
        problem::WEB_APPLICATION,
        description,
    )
}

async fn state(
    State(door): State<Door>,
    Path((space, workspace, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, OctaneProblem> {
    let (number, status) = find(&door, &headers, (&space, &workspace), &id).await?;
    Ok(problem::json(
        StatusCode::OK,
        &task::task(number.into(), &status),
    ))
}

async fn task_log(
    State(door): State<Door>,
    Path((space, workspace, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, OctaneProblem> {
    let (number, status) = find(&door, &headers, (&space, &workspace), &id).await?;
    let text = log::text(&task::task(number.into(), &status), &status);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

async fn xsd(
    State(door): State<Door>,
    Path((space, workspace)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, OctaneProblem> {
    let caller = authenticate(&door, &headers).await?;
    access::workspace(&door, &caller, (&space, &workspace))?;
    let schema = octane_results::test_results_xsd();
    Ok(([(header::CONTENT_TYPE, "application/xml")], schema).into_response())
}

/// The upload that the ID of a task stands for, if it belongs to the project and to the workspace of the request.
async fn find(
    door: &Door,
    headers: &HeaderMap,
    place: (&str, &str),
    id: &str,
) -> Result<(TaskNumber, Status), OctaneProblem> {
    let caller = authenticate(door, headers).await?;
    let workspace = access::workspace(door, &caller, place)?;
    let number = TaskNumber::parse(id);
    let found = match number {
        Some(number) => door.store.status(&number.upload()).await?,
        None => None,
    };
    // As in Octane, a task is known in its workspace alone.
    let found =
        found.filter(|found| caller.may_see(found) && found.lane.workspace_in_space() == workspace);
    number.zip(found).ok_or_else(|| {
        let description = format!("there is no QueueItem with the ID `{id}`");
        OctaneProblem::new(
            StatusCode::NOT_FOUND,
            error_code::TASK_NOT_FOUND,
            description,
        )
        .with("id", id)
    })
}
