//! The live page of received requests, with faults marked.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::frame::{Page, Tab};
use super::parameters::{LINES_MAX, Parameters};
use super::pieces::empty;
use super::status::code_chip;
use crate::requests::{Filter, ReceivedRequest};
use crate::state::AppState;
use octane_web::{Text, count, number};

/// The values of the filter `show`.
const SHOW: [(&str, &str); 3] = [
    ("", "All"),
    ("faults", "Only those with a fault"),
    ("others", "Only the others"),
];

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// How much of a digest is shown: enough to distinguish bodies.
const DIGEST_CHARACTERS: usize = 12;

pub(super) async fn page(State(state): State<Arc<AppState>>, parameters: Parameters) -> Response {
    let filter = Filter {
        method: parameters.get("method").map(str::to_owned),
        path: parameters.get("path").map(str::to_owned),
        status: parameters.get("status").and_then(|text| text.parse().ok()),
        is_faulted: match parameters.get("show") {
            Some("faults") => Some(true),
            Some("others") => Some(false),
            _ => None,
        },
        after: None,
    };
    let lines = usize::try_from(LINES_MAX).unwrap_or(usize::MAX);
    let requests = state.requests.list(&filter, lines);
    render(&state, &parameters, &requests)
}

fn render(state: &AppState, parameters: &Parameters, requests: &[ReceivedRequest]) -> Response {
    let mut body = form(parameters);
    let shown = i64::try_from(requests.len()).unwrap_or(i64::MAX);
    let _ = write!(
        body,
        "<div id=\"results\" data-live-list data-version=\"{}\" data-summary=\"{} shown\">",
        version(requests),
        count(shown, "request")
    );
    if requests.is_empty() {
        body.push_str(&empty("No matching requests yet."));
    } else {
        body.push_str(&table(requests));
    }
    body.push_str("</div>");
    Page {
        title: "Requests",
        tab: Some(Tab::Requests),
        above: String::new(),
        below: format!(
            "<p class=\"lead\">The latest requests of clients, at most {LINES_MAX}; secrets are masked. \
             All of it as JSON: <a href=\"/_sandbox/requests\">/_sandbox/requests</a></p>"
        ),
        body,
    }
    .response(state)
}

/// Changes whenever the list does: a request was received, or a response was sent.
fn version(requests: &[ReceivedRequest]) -> String {
    let last = requests.last().map_or(0, |request| request.number);
    let open = requests.iter().filter(|request| request.duration.is_none());
    format!("{last}-{}-{}", requests.len(), open.count())
}

fn form(parameters: &Parameters) -> String {
    let option = |value: &str, word: &str, chosen: &str| {
        let mark = if value == chosen { " selected" } else { "" };
        format!("<option value=\"{value}\"{mark}>{word}</option>")
    };
    let value = |name: &str| parameters.get(name).unwrap_or_default();
    let show: String = SHOW
        .iter()
        .map(|(known, word)| option(known, word, value("show")))
        .collect();
    let methods: String = METHODS
        .iter()
        .map(|method| option(method, method, value("method")))
        .collect();
    format!(
        "<form class=\"filters\" role=\"search\" data-live>\
         <label>Show <select name=\"show\">{show}</select></label>\
         <label>Method <select name=\"method\"><option value=\"\">All</option>{methods}</select></label>\
         <label>Status <input type=\"number\" name=\"status\" min=\"100\" max=\"599\" value=\"{}\"></label>\
         <label>Path <input type=\"search\" name=\"path\" value=\"{}\" placeholder=\"Part of the path\"></label>\
         <button>Filter</button><button type=\"button\" data-pause aria-pressed=\"false\" hidden>Pause</button></form>",
        Text(value("status")),
        Text(value("path")),
    )
}

fn table(requests: &[ReceivedRequest]) -> String {
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Requests\"><table class=\"requests\">\
         <caption class=\"unseen\">Requests that came in, the newest first</caption><thead><tr>\
         <th scope=\"col\" class=\"n\">Number</th><th scope=\"col\">Time</th><th scope=\"col\">Response</th>\
         <th scope=\"col\">Request</th><th scope=\"col\" class=\"n\">Duration</th><th scope=\"col\">Body</th></tr></thead><tbody>\n",
    );
    for request in requests.iter().rev() {
        row(&mut html, request);
    }
    html.push_str("</tbody></table></div>");
    html
}

fn row(html: &mut String, request: &ReceivedRequest) {
    let (class, fault) = match &request.fault {
        Some(fault) => (
            " class=\"faulted\"",
            format!(" <span class=\"flag\">fault: {}</span>", Text(fault)),
        ),
        None => ("", String::new()),
    };
    let query = request.query.as_ref().map_or(String::new(), |query| {
        format!("<span class=\"quiet\">?{}</span>", Text(query))
    });
    let _ = write!(
        html,
        "<tr{class}><td class=\"n quiet\">{}</td><td><time datetime=\"{}\">{}</time></td><td>{}</td>\
         <th scope=\"row\"><details><summary><b>{}</b> <span class=\"path\">{}{query}</span>{fault}</summary>{}</details></th>",
        request.number,
        request.time,
        request.time.strftime("%H:%M:%S.%3f"),
        code_chip(
            request
                .status
                .and_then(|code| StatusCode::from_u16(code).ok())
        ),
        Text(&request.method),
        Text(&request.path),
        headers(request),
    );
    let took = request.duration.map_or("–".to_owned(), |took| {
        format!(
            "{}.{} ms",
            took.as_millis(),
            took.subsec_micros() % 1_000 / 100
        )
    });
    let _ = writeln!(
        html,
        "<td class=\"n\">{took}</td><td>{}</td></tr>",
        sent(request)
    );
}

/// The size of the body and the beginning of its digest.
fn sent(request: &ReceivedRequest) -> String {
    let bytes = i64::try_from(request.body_bytes).unwrap_or(i64::MAX);
    if bytes == 0 {
        return "<span class=\"quiet\">–</span>".to_owned();
    }
    let digest = request
        .body_digest
        .as_ref()
        .map_or(String::new(), |digest| {
            let beginning = digest.get(..DIGEST_CHARACTERS).unwrap_or(digest);
            format!(
                "<br><code title=\"SHA-256 {}\">{}</code>",
                Text(digest),
                Text(beginning)
            )
        });
    format!("{} bytes{digest}", number(bytes))
}

fn headers(request: &ReceivedRequest) -> String {
    let lines: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", Text(name), Text(value)))
        .collect();
    format!("<dl class=\"headers\">{lines}</dl>")
}
