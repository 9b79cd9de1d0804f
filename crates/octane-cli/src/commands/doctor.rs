//! `octane doctor`

use jiff::Timestamp;
use serde_json::{Value, json};

use super::hand_over::unusable;
use crate::args::{ConnectionArgs, DoctorArgs};
use crate::connect::{warn_about_insecure, warn_about_typed_secret};
use crate::doctor::check::{Finding, Findings, Status};
use crate::doctor::observe::{Doctor, Examined};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text};
use crate::sandbox::LocalServer;

pub(super) async fn run(
    args: &DoctorArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Result<Exit> {
    warn_about_typed_secret(connection, output);
    warn_about_insecure(connection);
    // Each line says what happens now, not after several attempts, and the session belongs to this process.
    let connection = ConnectionArgs {
        retries: connection.retries.or(Some(0)),
        session_cache: false,
        ..connection.clone()
    };
    if connection.sandbox && args.via.url().is_some() {
        return Err(unusable("--sandbox", "a relay delivers to a server"));
    }
    let sandbox = if connection.sandbox {
        Some(LocalServer::start(&connection.sandbox_data).await?)
    } else {
        None
    };
    let doctor = Doctor {
        connection: &connection,
        via: &args.via,
        spool: &args.spool,
        sandbox: sandbox.as_ref(),
        now: Timestamp::now(),
    };
    let Examined {
        findings,
        server,
        relay,
    } = doctor.examine().await;
    if let Some(sandbox) = sandbox {
        sandbox.shutdown().await;
    }
    let exit = findings.exit();
    output.answer(
        || {
            let labels = findings.0.iter().map(|finding| finding.check.label().len());
            let width = labels.max().unwrap_or_default();
            Text::lines(findings.0.iter().map(|finding| line(finding, width)))
        },
        &json!({
            "schema": "octane.doctor/1",
            "outcome": outcome(&findings),
            "exit_code": exit.code(),
            "server": server,
            "relay": relay,
            "checks": findings.0.iter().map(to_json).collect::<Vec<_>>(),
        }),
    )?;
    Ok(exit)
}

fn outcome(findings: &Findings) -> &'static str {
    let has =
        |wanted: fn(&Status) -> bool| findings.0.iter().any(|finding| wanted(&finding.status));
    if has(|status| matches!(status, Status::Failed(_))) {
        "failed"
    } else if has(|status| *status == Status::Warning) {
        "warning"
    } else {
        "ok"
    }
}

/// `failed   Sign-in          credentials rejected (401); check OCTANE_CLIENT_ID`
fn line(finding: &Finding, width: usize) -> String {
    let Finding {
        check,
        status,
        message,
        hint,
    } = finding;
    let hint = hint
        .as_ref()
        .map_or(String::new(), |hint| format!("; {hint}"));
    let (status, label) = (status.word(), check.label());
    format!("{status:8} {label:width$} {message}{hint}")
}

fn to_json(finding: &Finding) -> Value {
    let exit = match finding.status {
        Status::Failed(exit) => Some(exit.code()),
        _ => None,
    };
    json!({
        "check": finding.check.id(),
        "status": finding.status.id(),
        "message": finding.message,
        "hint": finding.hint,
        "exit_code": exit,
    })
}
