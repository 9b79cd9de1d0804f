//! Buttons that change the sandbox itself: its clock, its faults, its data.
//!
//! They are forms, so they work without script; each answer redirects to the page. Other sites cannot send them:
//! everything that changes something is rejected if it comes from there.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::frame::{Page, Tab};
use super::parameters::Parameters;
use super::problem;
use crate::fault::Fault;
use crate::settings::duration;
use crate::state::AppState;
use octane_web::{Text, message, number};

/// The path of the page.
const PATH: &str = "/sandbox";

/// What has just been done, by the parameter `done`.
const DONE: [(&str, &str); 5] = [
    ("clock", "The clock was moved ahead."),
    ("fault", "The fault was added."),
    ("removed", "The fault was removed."),
    ("cleared", "All faults were removed."),
    ("reset", "The initial data were restored."),
];

/// How far the buttons move the clock.
const STEPS: [(&str, &str); 4] = [
    ("1m", "+1 minute"),
    ("1h", "+1 hour"),
    ("24h", "+1 day"),
    ("168h", "+7 days"),
];

/// The kinds of faults, and the members of the form that each has besides those of all faults.
const FAULTS: [(&str, &str, &[&str]); 14] = [
    ("status", "Status: this response only", &["status"]),
    ("html", "HTML page, as from a proxy", &["status"]),
    ("queue-full", "Queue full", &[]),
    ("request-limit", "Request limit", &[]),
    ("delay", "Late response", &["delay"]),
    ("slow-body", "Slow response (100 bytes per second)", &[]),
    (
        "reset-before",
        "Connection reset before the request is processed",
        &[],
    ),
    (
        "reset-after",
        "Connection reset after the request is processed",
        &[],
    ),
    ("truncated-body", "Half a response", &[]),
    ("session-expired", "Session expired", &[]),
    ("task-slow", "Task of a payload takes long", &["delay"]),
    ("task-failed", "Task of a payload fails", &[]),
    ("task-error", "Task of a payload ends with an error", &[]),
    ("task-stuck", "Task of a payload never ends", &[]),
];

pub(super) async fn page(State(state): State<Arc<AppState>>, parameters: Parameters) -> Response {
    let done = parameters.get("done");
    let found = DONE.iter().find(|(known, _)| Some(*known) == done);
    let note = found.map_or(String::new(), |(_, words)| {
        format!("<p class=\"note\" role=\"status\">{words}</p>")
    });
    render(&state, StatusCode::OK, &note)
}

pub(super) async fn advance(State(state): State<Arc<AppState>>, body: Bytes) -> Response {
    match advance_of(&form(&body)) {
        Ok(advance) => {
            state.clock.advance(advance);
            redirect("clock")
        }
        Err(problem) => refuse(&state, &problem),
    }
}

pub(super) async fn add_fault(State(state): State<Arc<AppState>>, body: Bytes) -> Response {
    match fault_of(&form(&body)) {
        Ok(fault) => match state.faults.add(fault) {
            Some(_) => redirect("fault"),
            None => refuse(&state, "too many pending faults; remove some first"),
        },
        Err(problem) => refuse(&state, &problem),
    }
}

pub(super) async fn remove_fault(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Response {
    if id.parse().is_ok_and(|id| state.faults.remove(id)) {
        redirect("removed")
    } else {
        refuse(
            &state,
            "this fault is gone already: it was triggered or removed",
        )
    }
}

pub(super) async fn clear_faults(State(state): State<Arc<AppState>>) -> Response {
    state.faults.clear();
    redirect("cleared")
}

pub(super) async fn reset(State(state): State<Arc<AppState>>) -> Response {
    match state.reset().await {
        Ok(()) => redirect("reset"),
        Err(error) => problem::page(&state, error),
    }
}

fn redirect(done: &str) -> Response {
    Redirect::to(&format!("{PATH}?done={done}")).into_response()
}

fn refuse(state: &AppState, problem: &str) -> Response {
    let note = format!(
        "<p class=\"note failed\" role=\"alert\">Nothing was changed: {}.</p>",
        message(problem)
    );
    render(state, StatusCode::BAD_REQUEST, &note)
}

/// The filled-in fields of a form.
fn form(body: &[u8]) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(body);
    let owned = pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned()));
    owned.filter(|(_, value)| !value.is_empty()).collect()
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = form.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

fn advance_of(form: &[(String, String)]) -> Result<Duration, String> {
    let text = field(form, "advance").ok_or("enter by how much the clock is to be moved")?;
    duration::parse(text)
}

/// The fault that a form describes. A kind has only the members that are its own, whatever else is filled in.
fn fault_of(form: &[(String, String)]) -> Result<Fault, String> {
    let kind = field(form, "kind").unwrap_or_default();
    let (kind, _, own) = FAULTS
        .iter()
        .find(|(known, ..)| *known == kind)
        .ok_or_else(|| format!("`{kind}` is not a kind of fault"))?;
    let mut members = Map::new();
    members.insert("kind".to_owned(), (*kind).into());
    if *kind == "slow-body" {
        members.insert("bytes-per-second".to_owned(), 100.into());
    }
    for (name, is_number) in [
        ("status", true),
        ("delay", false),
        ("method", false),
        ("path", false),
        ("times", true),
    ] {
        let is_of_all = ["method", "path", "times"].contains(&name);
        let Some(text) = field(form, name).filter(|_| is_of_all || own.contains(&name)) else {
            continue;
        };
        let value = if is_number {
            let number: u64 = text
                .parse()
                .map_err(|_| format!("`{name}` is `{text}`, which is not a number"))?;
            Value::from(number)
        } else {
            Value::from(text)
        };
        members.insert(name.to_owned(), value);
    }
    serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())
}

fn render(state: &AppState, code: StatusCode, note: &str) -> Response {
    let mut body = note.to_owned();
    body.push_str(&clock(state));
    body.push_str(&faults(state));
    body.push_str(RESET);
    Page {
        title: "Sandbox",
        tab: Some(Tab::Sandbox),
        above: String::new(),
        below: "<p class=\"lead\">Its clock, its faults and its data. Programs do the same with \
                <a href=\"/_sandbox/health\">/_sandbox</a>.</p>"
            .to_owned(),
        body,
    }
    .with_status(state, code)
}

fn clock(state: &AppState) -> String {
    let now = state.clock.now();
    let state = if state.clock.is_paused() {
        "It stands still until it is moved."
    } else {
        "It runs."
    };
    let buttons: String = STEPS
        .iter()
        .map(|(value, words)| {
            format!("<button name=\"advance\" value=\"{value}\">{words}</button>")
        })
        .collect();
    format!(
        "<section aria-labelledby=\"clock\"><h2 id=\"clock\">Clock</h2>\
         <p>It is <time datetime=\"{now}\">{}</time>. {state} Sessions expire and delays pass when it is moved ahead.</p>\
         <form class=\"buttons\" method=\"post\" action=\"{PATH}/clock\">{buttons}</form>\
         <form class=\"filters\" method=\"post\" action=\"{PATH}/clock\">\
         <label>Move ahead by <input name=\"advance\" placeholder=\"1h 30m\" required></label>\
         <button>Move</button></form></section>",
        now.strftime("%-d %b %Y, %H:%M:%S UTC")
    )
}

fn faults(state: &AppState) -> String {
    let kinds: String = FAULTS
        .iter()
        .map(|(kind, words, _)| format!("<option value=\"{kind}\">{words}</option>"))
        .collect();
    format!(
        "<section aria-labelledby=\"faults\"><h2 id=\"faults\">Faults</h2>{}\
         <form class=\"filters\" method=\"post\" action=\"{PATH}/faults\">\
         <label>Kind <select name=\"kind\">{kinds}</select></label>\
         <label>Status <input type=\"number\" name=\"status\" min=\"200\" max=\"599\" value=\"503\"></label>\
         <label>Delay <input name=\"delay\" value=\"5s\" size=\"6\"></label>\
         <label>Method <select name=\"method\"><option value=\"\">Any</option><option>GET</option>\
         <option>POST</option><option>PUT</option><option>DELETE</option></select></label>\
         <label>Path <input name=\"path\" placeholder=\"*/test-results\"></label>\
         <label>Times <input type=\"number\" name=\"times\" min=\"1\" value=\"1\"></label>\
         <button>Add</button></form>\
         <p class=\"quiet\">Status and delay count for the kinds that have them. Faults affect requests of clients, never \
         these pages.</p></section>",
        pending(state)
    )
}

/// The faults that wait for a request.
fn pending(state: &AppState) -> String {
    let rules = state.faults.list();
    if rules.is_empty() {
        return "<p class=\"empty\">No faults are pending.</p>".to_owned();
    }
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Pending faults\"><table>\
         <caption class=\"unseen\">Pending faults</caption><thead><tr>\
         <th scope=\"col\">Fault</th><th scope=\"col\">Where</th><th scope=\"col\" class=\"n\">Triggered</th>\
         <th scope=\"col\">Remove</th></tr></thead><tbody>",
    );
    for rule in rules {
        let members = serde_json::to_value(&rule).unwrap_or_default();
        let text = |name: &str| match &members[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let own: Vec<String> = ["kind", "status", "delay", "rate"]
            .map(text)
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let place = [text("method"), text("path")].join(" ");
        let place = match place.trim() {
            "" => "any request",
            place => place,
        };
        let triggered: i64 = text("struck").parse().unwrap_or(0);
        let of = match text("times").as_str() {
            "" => String::new(),
            times => format!(" of {}", Text(times)),
        };
        let words = own.join(", ");
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}{of}</td><td>\
             <form method=\"post\" action=\"{PATH}/faults/{id}/remove\">\
             <button aria-label=\"Remove fault {id}: {words}\">Remove</button></form></td></tr>",
            Text(&words),
            Text(place),
            number(triggered),
            id = rule.id,
            words = Text(&words),
        );
    }
    html.push_str("</tbody></table></div>");
    let _ = write!(
        html,
        "<form class=\"buttons\" method=\"post\" action=\"{PATH}/faults/clear\"><button>Remove all</button></form>"
    );
    html
}

/// It takes two clicks, because everything is lost.
const RESET: &str = "<section aria-labelledby=\"data\"><h2 id=\"data\">Data</h2>\
    <details class=\"danger\"><summary>Reset the sandbox…</summary>\
    <p>All results, tests, suites and backlog items are deleted, and the initial data are restored. Recorded requests and \
    added faults are dropped. This cannot be undone.</p>\
    <form class=\"buttons\" method=\"post\" action=\"/sandbox/reset\">\
    <button class=\"primary\">Delete everything and restore the initial data</button></form></details></section>";

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn every_kind_in_the_form_makes_a_fault_without_foreign_members() {
        for (kind, _, own) in FAULTS {
            let all = filled(&[
                ("kind", kind),
                ("status", "503"),
                ("delay", "5s"),
                ("path", "*/stories"),
                ("times", "2"),
            ]);
            let fault = fault_of(&all).unwrap_or_else(|problem| panic!("{kind}: {problem}"));
            let json = serde_json::to_value(&fault).unwrap();
            assert_eq!(
                (&json["kind"], &json["path"], &json["times"]),
                (&kind.into(), &"*/stories".into(), &2.into())
            );
            for name in ["status", "delay"] {
                assert_eq!(!json[name].is_null(), own.contains(&name), "{kind} {name}");
            }
        }
    }

    #[test]
    fn what_is_invalid_is_named() {
        for (pairs, part) in [
            (&[("kind", "nonsense")][..], "`nonsense`"),
            (&[], "not a kind"),
            (&[("kind", "status")], "status"),
            (&[("kind", "status"), ("status", "99")], "99"),
            (&[("kind", "status"), ("status", "x")], "`x`"),
            (&[("kind", "delay"), ("delay", "soon")], "soon"),
            (&[("kind", "queue-full"), ("times", "0")], "times"),
        ] {
            let problem = fault_of(&filled(pairs)).unwrap_err();
            assert!(problem.contains(part), "{pairs:?}: {problem}");
        }
        assert!(advance_of(&[]).is_err());
        assert!(advance_of(&filled(&[("advance", "-1m")])).is_err());
        let hour = advance_of(&filled(&[("advance", "1h")]));
        assert_eq!(hour, Ok(Duration::from_secs(3600)));
    }

    #[test]
    fn the_buttons_of_the_clock_have_valid_durations() {
        for (value, _) in STEPS {
            assert!(
                advance_of(&filled(&[("advance", value)])).is_ok(),
                "{value}"
            );
        }
    }
}
