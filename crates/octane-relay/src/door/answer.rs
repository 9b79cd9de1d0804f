//! Answers in JSON.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use octane_client::Outcome;
use octane_model::{Workspace, clean};
use serde_json::{Map, Value};

use crate::lane::Lane;
use crate::store::{Overview, Status};
use crate::time::Time;
use crate::token_workspaces::TokenWorkspaces;
use crate::workspaces::Workspaces;

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Something that is not the client's fault.
    pub(super) fn unavailable(message: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            message,
        )
        .retry_after(5)
    }

    /// What is wrong, for programs.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, for people.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// When to come back, in seconds, if it is known.
    pub(super) fn pause(&self) -> Option<u32> {
        self.retry_after
    }

    /// When to come back, in seconds.
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "schema": "octane.relay_error/1",
            "code": self.code,
            "message": clean(&self.message),
        });
        let mut response = json(self.status, &body);
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    let media_type = [(header::CONTENT_TYPE, "application/json")];
    (status, media_type, body.to_string()).into_response()
}

/// How far an upload is.
pub(super) fn status(status: &Status) -> Value {
    // It was written by this program; whatever it is, the answer stays readable.
    let report = status.report.as_deref();
    let report = report.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let report = report.map(as_of_upload);
    serde_json::json!({
        "schema": "octane.relay_upload/1",
        "upload_id": status.id,
        "project": status.project,
        "lane": lane(&status.lane),
        "state": status.state,
        "attempts": status.attempts,
        "results": status.results,
        "created_at": timestamp(status.created),
        "changed_at": timestamp(status.changed),
        "next_attempt_at": status.next_attempt.and_then(timestamp),
        "reason": status.reason,
        "report": report,
    })
}

/// A report with all members of `octane.upload/1`. What only the program knows that has read the results is absent, as in the report
/// of a resume.
fn as_of_upload(mut report: Value) -> Value {
    let outcome = serde_json::from_value::<Outcome>(report["outcome"].clone()).ok();
    if let Some(members) = report.as_object_mut() {
        let of_program = [
            ("exit_code", outcome.map(Outcome::exit_code).into()),
            ("command", Value::Null),
            ("comparison", Value::Null),
            ("failed_tests", Value::Null),
            ("warnings", Value::Array(Vec::new())),
            ("warning_counts", Value::Object(Map::new())),
        ];
        for (name, value) in of_program {
            members.entry(name).or_insert(value);
        }
    }
    report
}

/// What an agent may know of the relay, and the uploads of its project by lane and state.
pub(super) fn lanes(
    overview: &Overview,
    (project, own): (&str, &TokenWorkspaces),
    workspaces: &Workspaces,
) -> Value {
    let counts = overview
        .lanes
        .iter()
        .filter(|count| count.project == project && own.allow(count.lane.workspace_in_space()));
    let lanes: Vec<Value> = counts
        .map(|count| {
            serde_json::json!({
                "lane": lane(&count.lane),
                "project": count.project,
                "state": count.state,
                "uploads": count.uploads,
                "oldest_at": timestamp(count.oldest),
            })
        })
        .collect();
    let allowed = || {
        let all = workspaces.iter();
        all.filter(|workspace| own.allow(*workspace))
    };
    let Workspace { space, workspace } = allowed().next().unwrap_or(workspaces.first());
    let all = allowed().map(|workspace| {
        let Workspace { space, workspace } = workspace;
        serde_json::json!({ "space": space.to_string(), "workspace": workspace.to_string() })
    });
    serde_json::json!({
        "schema": "octane.relay_lanes/1",
        "project": project,
        "version": env!("CARGO_PKG_VERSION"),
        "server": workspaces.server().to_string(),
        "space": space.to_string(),
        "workspace": workspace.to_string(),
        "workspaces": all.collect::<Vec<Value>>(),
        "lanes": lanes,
    })
}

fn lane(lane: &Lane) -> Value {
    let (space, workspace) = (lane.space.to_string(), lane.workspace.to_string());
    serde_json::json!({
        "server": lane.server,
        "space": space,
        "workspace": workspace,
        "suite": lane.named_suite(),
        "suite_run": lane.named_suite_run(),
    })
}

fn timestamp(time: Time) -> Option<Timestamp> {
    Timestamp::from_microsecond(time.micros()).ok()
}
