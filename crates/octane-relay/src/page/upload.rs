//! The page of an upload.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use octane_client::{Report, UploadId};
use octane_web::trail;

use super::access::Operator;
use super::frame::{Page, problem};
use super::text::{Foreign, chip, count, lane, number, rest, time};
use crate::door::Door;
use crate::state;
use crate::store::Status;

/// No list on the page is longer.
const LINES_MAX: usize = 500;

/// `GET /uploads/ID`
pub(super) async fn page(
    _: Operator,
    State(door): State<Door>,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let upload = found(&door, &id).await?;
    Ok(render(&upload).response())
}

/// An upload, or the page that says that it is not stored.
pub(super) async fn found(door: &Door, id: &str) -> Result<Status, Response> {
    let id: UploadId = id.parse().map_err(|_| unknown())?;
    let status = door.store.status(&id).await.map_err(problem)?;
    status.ok_or_else(unknown)
}

/// The page of an upload that is not stored.
pub(super) fn unknown() -> Response {
    let message = "no such upload is stored; it may have been deleted";
    Page::problem("Not found", message).with_status(StatusCode::NOT_FOUND)
}

fn render(upload: &Status) -> Page<'static> {
    let id = &upload.id;
    let mut body = facts(upload);
    let report = upload.report.as_deref();
    match report.map(serde_json::from_str::<Report>) {
        None => body.push_str("<p class=\"empty\">There is no report yet.</p>"),
        // Another version has written it.
        Some(Err(_)) => body.push_str("<p class=\"empty\">The report cannot be shown.</p>"),
        Some(Ok(report)) => body.push_str(&self::report(&report)),
    }
    body.push_str("<h2>What you can do</h2>");
    if upload.state.waits() {
        let _ = write!(
            body,
            "<form class=\"buttons\" method=\"post\" action=\"/uploads/{id}/retry\">\
             <button class=\"primary\">Try again</button></form>"
        );
    }
    let loss = if upload.state == state::State::Delivered {
        "Everything is in Octane; only what is stored here is deleted."
    } else {
        "Results that are not in Octane are lost."
    };
    let _ = write!(
        body,
        "<details class=\"danger\"><summary>Delete this upload …</summary><p>{loss}</p>\
         <form id=\"delete\" class=\"buttons\" method=\"post\" action=\"/uploads/{id}/delete\"><button>Delete it for good</button></form></details>"
    );
    Page {
        title: "Upload",
        is_signed_in: true,
        above: trail(&[("/", "Queue")]),
        below: format!(
            "<p class=\"lead\"><code>{id}</code> {} {}</p>",
            chip(upload.state),
            lane(&upload.lane)
        ),
        body,
    }
}

fn facts(upload: &Status) -> String {
    let lane = &upload.lane;
    let mut facts = vec![
        ("Project", Foreign(&upload.project).to_string()),
        ("Server", Foreign(&lane.server).to_string()),
        (
            "Shared space and workspace",
            format!("{}/{}", lane.space, lane.workspace),
        ),
        ("Results", number(upload.results)),
        ("Attempts", number(upload.attempts.into())),
        ("Stored", time(upload.created)),
        ("Last change", time(upload.changed)),
    ];
    if let Some(next) = upload.next_attempt {
        facts.push(("Next attempt", time(next)));
    }
    let facts: String = facts
        .into_iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd class=\"when\">{value}</dd></div>"))
        .collect();
    let reason = upload.reason.as_deref().map_or_else(String::new, |reason| {
        format!("<p class=\"note failed\">{}</p>", Foreign(reason))
    });
    format!("<dl class=\"figures\">{facts}</dl>{reason}")
}

fn report(report: &Report) -> String {
    let counts = &report.counts;
    let figures = [
        ("Read", counts.read),
        ("Ingested", counts.ingested),
        ("Rejected", counts.rejected),
        ("Invalid", counts.invalid),
        ("Pending", counts.pending),
    ];
    let figures: String = figures
        .into_iter()
        .map(|(name, count)| {
            let is_bad = count > 0 && !["Read", "Ingested"].contains(&name);
            let class = if is_bad { " class=\"failing\"" } else { "" };
            let count = number(count as u64);
            format!("<div{class}><dt>{name}</dt><dd>{count}</dd></div>")
        })
        .collect();
    let mut html = format!(
        "<h2>Report of the last attempt: {}</h2><dl class=\"figures\">{figures}</dl>",
        Foreign(&report.outcome.to_string())
    );
    if let Some(links) = &report.links {
        let _ = write!(
            html,
            "<p>{}: {} linked, {} failed.</p>",
            count(links.keys as u64, "Jira key"),
            count(links.linked as u64, "run"),
            number(links.failed as u64),
        );
    }
    problems(&mut html, report);
    batches(&mut html, report);
    html
}

fn problems(html: &mut String, report: &Report) {
    if report.problems.is_empty() {
        return;
    }
    html.push_str(
        "<h3>Problems</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Problems\"><table>\
         <caption class=\"unseen\">Problems</caption><thead><tr><th scope=\"col\">What</th>\
         <th scope=\"col\">Test</th><th scope=\"col\">Why</th></tr></thead><tbody>\n",
    );
    for problem in report.problems.iter().take(LINES_MAX) {
        let place = problem.position.as_ref().map_or_else(String::new, |place| {
            format!(
                "<div class=\"remarks\">{}</div>",
                Foreign(&place.to_string())
            )
        });
        let _ = writeln!(
            html,
            "<tr><td><span class=\"tag\">{}</span></td><th scope=\"row\">{}{place}</th><td>{}</td></tr>",
            Foreign(&problem.code),
            Foreign(problem.test.as_deref().unwrap_or("–")),
            Foreign(&problem.message),
        );
    }
    html.push_str("</tbody></table></div>");
    html.push_str(&rest(report.problems.len() as u64, LINES_MAX, ""));
}

fn batches(html: &mut String, report: &Report) {
    if report.batches.is_empty() {
        return;
    }
    html.push_str(
        "<h3>Batches</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Batches\"><table>\
         <caption class=\"unseen\">Batches</caption><thead><tr><th scope=\"col\" class=\"n\">Number</th>\
         <th scope=\"col\">Status</th><th scope=\"col\" class=\"n\">Results</th><th scope=\"col\">Task</th></tr></thead><tbody>\n",
    );
    for batch in report.batches.iter().take(LINES_MAX) {
        let task = batch
            .task
            .map_or_else(|| "–".to_owned(), |task| task.to_string());
        let _ = writeln!(
            html,
            "<tr><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td>{task}</td></tr>",
            batch.number,
            Foreign(&batch.status),
            number(batch.results as u64),
        );
    }
    html.push_str("</tbody></table></div>");
    html.push_str(&rest(report.batches.len() as u64, LINES_MAX, ""));
}
