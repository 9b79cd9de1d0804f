//! `octane doctor`

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::args::{ConnectionArgs, DoctorArgs};
use crate::connect::{warn_about_insecure, warn_about_typed_secret};
use crate::doctor::check::{Finding, Findings, Status};
use crate::doctor::observe::Doctor;
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
    let sandbox = if connection.sandbox {
        Some(LocalServer::start(&connection.sandbox_data).await?)
    } else {
        None
    };
    let doctor = Doctor {
        connection: &connection,
        spool: &args.spool,
        sandbox: sandbox.as_ref(),
        now: Timestamp::now(),
    };
    let (findings, endpoint) = doctor.examine().await;
    let server = endpoint.map(|endpoint| endpoint.address().to_string());
    if let Some(sandbox) = sandbox {
        sandbox.shutdown().await;
    }
    let exit = findings.exit();
    output.answer(
        || Text::lines(findings.0.iter().map(line)),
        &json!({
            "schema": "octane.doctor/1",
            "outcome": outcome(&findings),
            "exit_code": exit.code(),
            "server": server,
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
fn line(finding: &Finding) -> String {
    let Finding {
        check,
        status,
        message,
        hint,
    } = finding;
    let hint = hint
        .as_ref()
        .map_or(String::new(), |hint| format!("; {hint}"));
    format!("{:8} {:15} {message}{hint}", status.word(), check.label())
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
