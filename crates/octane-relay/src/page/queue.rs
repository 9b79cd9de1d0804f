//! The front page: what waits, and the queue by lane.

use std::fmt::Write;

use axum::extract::State;
use axum::response::Response;

use super::access::Operator;
use super::frame::{Page, problem};
use super::text::{Foreign, chip, count, duration, lane, number, rest, time};
use crate::door::Door;
use crate::state;
use crate::store::{LaneCount, Overview, Status};
use crate::workspace_labels::WorkspaceLabels;

/// No list on the page is longer.
const LINES_MAX: u32 = 200;

/// Where the rest of a list is.
const MORE: &str = "; <code>octane relay status</code> lists more";

/// `GET /`
pub(super) async fn page(_: Operator, State(door): State<Door>) -> Result<Response, Response> {
    let overview = door.store.overview().await.map_err(problem)?;
    let waiting = door.store.oldest_problems(LINES_MAX).await;
    let waiting = waiting.map_err(problem)?;
    Ok(render(&overview, &waiting).response())
}

fn render(overview: &Overview, waiting: &[Status]) -> Page<'static> {
    let all = overview.lanes.iter().map(|count| &count.lane);
    let labels = WorkspaceLabels::of(all.chain(waiting.iter().map(|upload| &upload.lane)));
    let mut body = figures(overview);
    body.push_str("<h2>Waiting for a person or for another attempt</h2>");
    if waiting.is_empty() {
        body.push_str("<p class=\"empty\">Nothing waits.</p>");
    } else {
        body.push_str("<ul class=\"cards\">");
        for upload in waiting {
            card(&mut body, upload, labels);
        }
        body.push_str("</ul>");
        let all = overview.lanes.iter().filter(|count| count.state.waits());
        let all: u64 = all.map(|count| count.uploads).sum();
        body.push_str(&rest(all, waiting.len(), MORE));
    }
    body.push_str("<h2>By suite run</h2>");
    if overview.lanes.is_empty() {
        body.push_str("<p class=\"empty\">No uploads are stored.</p>");
    } else {
        body.push_str(&lanes(overview, labels));
    }
    Page {
        title: "Queue",
        is_signed_in: true,
        below: "<p class=\"lead\">Uploads that are stored here, until they are in Octane. Reload the page to see \
                what has changed.</p>"
            .to_owned(),
        body,
        ..Page::default()
    }
}

/// How much there is, and how old it is.
fn figures(overview: &Overview) -> String {
    let of = |is_meant: fn(state::State) -> bool| {
        let meant = overview.lanes.iter().filter(|lane| is_meant(lane.state));
        meant.map(|lane| lane.uploads).sum::<u64>()
    };
    let open = overview.lanes.iter().filter(|lane| lane.state.is_open());
    let oldest = open.map(|lane| overview.now.since(lane.oldest)).max();
    let incomplete = of(|state| state == state::State::Incomplete);
    let class = if incomplete > 0 {
        " class=\"failing\""
    } else {
        ""
    };
    format!(
        "<dl class=\"figures\" aria-label=\"All uploads\">\
         <div><dt>Not delivered yet</dt><dd>{}</dd></div>\
         <div><dt>The oldest of them</dt><dd class=\"when\">{}</dd></div>\
         <div{class}><dt>Waiting for a person</dt><dd>{}</dd></div>\
         <div><dt>Awaiting other shards</dt><dd>{}</dd></div>\
         <div><dt>Delivered in the last 14 days</dt><dd>{}</dd></div></dl>",
        number(of(state::State::is_open)),
        oldest.map_or_else(|| "–".to_owned(), duration),
        number(incomplete),
        number(of(|state| state == state::State::AwaitingShards)),
        number(of(|state| state == state::State::Delivered)),
    )
}

fn card(html: &mut String, upload: &Status, labels: WorkspaceLabels) {
    let id = &upload.id;
    let next = upload.next_attempt.map_or_else(String::new, |next| {
        format!(" · next attempt {}", time(next))
    });
    let reason = upload.reason.as_deref().unwrap_or("no reason is known");
    let workspace = labels
        .label(&upload.lane)
        .map_or_else(String::new, |label| {
            format!(", workspace {}", Foreign(&label))
        });
    let _ = writeln!(
        html,
        "<li class=\"card\"><div class=\"what\"><h3><a href=\"/uploads/{id}\">{id}</a> {}</h3>\
         <p>{} <span class=\"quiet\">of {}{workspace}</span></p>\
         <p class=\"quiet\">{} · stored {} · {}{next}</p><p class=\"reason\">{}</p></div>\
         <form method=\"post\" action=\"/uploads/{id}/retry\"><button>Try again<span class=\"unseen\"> with {id}</span></button></form>\
         <a class=\"button\" href=\"/uploads/{id}#delete\">Delete …<span class=\"unseen\"> {id}</span></a></li>",
        chip(upload.state),
        lane(&upload.lane),
        Foreign(&upload.project),
        count(upload.results, "result"),
        time(upload.created),
        count(upload.attempts.into(), "attempt"),
        Foreign(reason),
    );
}

/// Those that are not delivered come first, the oldest on top; then the newest.
fn lanes(overview: &Overview, labels: WorkspaceLabels) -> String {
    let mut lines: Vec<&LaneCount> = overview.lanes.iter().collect();
    lines.sort_by_key(|line| {
        let is_done = line.state == state::State::Delivered;
        let age = line.oldest.micros();
        (is_done, if is_done { -age } else { age })
    });
    let workspace = if labels.are_needed() {
        "<th scope=\"col\">Workspace</th>"
    } else {
        ""
    };
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"By suite run\"><table>\
         <caption class=\"unseen\">Uploads by suite run and state</caption><thead><tr>\
         <th scope=\"col\">State</th><th scope=\"col\">Suite run</th>{workspace}<th scope=\"col\">Project</th>\
         <th scope=\"col\" class=\"n\">Uploads</th><th scope=\"col\" class=\"n\">Oldest</th></tr></thead><tbody>\n",
    );
    let shown = lines.len().min(LINES_MAX as usize);
    for line in &lines[..shown] {
        let workspace = labels.label(&line.lane);
        let workspace =
            workspace.map_or_else(String::new, |label| format!("<td>{}</td>", Foreign(&label)));
        let _ = writeln!(
            html,
            "<tr><td>{}</td><th scope=\"row\">{}</th>{workspace}<td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            chip(line.state),
            lane(&line.lane),
            Foreign(&line.project),
            number(line.uploads),
            duration(overview.now.since(line.oldest)),
        );
    }
    html.push_str("</tbody></table></div>");
    html.push_str(&rest(lines.len() as u64, shown, MORE));
    html
}
