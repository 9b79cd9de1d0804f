//! `octane resume --dry-run`: what would be sent, as far as the journals know.

use super::super::changes;
use super::super::delivery::{Delivery, worst};
use super::super::remaining::changes_of_upload;
use super::all::unfinished;
use super::route::{Asked, Route, route};
use crate::args::ResumeArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::spool::{journal_failure, spool};
use crate::test_failures::Tests;

/// Shows what a resume of one upload, or of all, would send.
pub(super) fn run(args: &ResumeArgs, output: Output, delivery: &Delivery<'_>) -> Result<Exit> {
    let spool = spool(&args.delivery.spool)?;
    let summaries = match &args.id {
        Some(id) => {
            let summary = spool.summary(id);
            vec![summary.map_err(|error| journal_failure(error, &delivery.suggest))?]
        }
        None => unfinished(&spool)?,
    };
    let asked = Asked::of(&args.connection);
    let mut exit = Exit::Success;
    if args.all {
        for failure in spool.unreadable()?.into_iter().map(Failure::from) {
            exit = worst(exit, delivery.report_failure_and_continue(&failure));
        }
    }
    let mut all = Vec::new();
    for summary in &summaries {
        let reason = if summary.is_in_use {
            Some("is in use by another process".to_owned())
        } else if args.all && route(summary.sandbox.as_deref(), &asked, true) == Route::Elsewhere {
            Some(format!("belongs to {}", summary.server))
        } else {
            None
        };
        if let Some(reason) = reason {
            output.say(&format!(
                "would not resume upload {}: it {reason}",
                summary.id
            ));
            exit = worst(
                exit,
                delivery.apply_exit_policy(Exit::Configuration, Tests::Unknown),
            );
            continue;
        }
        let found = changes_of_upload(&spool, summary, args.id.is_some());
        all.extend(found.map_err(|error| journal_failure(error, &delivery.suggest))?);
    }
    changes::show(&all, output)?;
    let written = delivery.write_report(&changes::document(&all));
    Ok(written.unwrap_or(exit))
}
