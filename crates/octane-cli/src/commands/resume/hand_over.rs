//! `octane resume` with `--via`: uploads that wait here go to a relay.

use octane_client::{Journal, UploadId};

use super::super::delivery::Delivery;
use super::super::hand_over::{HandOver, unusable};
use super::all::unfinished;
use crate::args::ResumeArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::policies::Policies;
use crate::relay::Door;
use crate::spool::{journal_failure, spool};

pub(super) async fn run(
    args: &ResumeArgs,
    door: Door,
    output: Output,
    delivery: &Delivery<'_>,
) -> Result<Exit> {
    HandOver::check(&args.delivery)?;
    let spool = spool(&args.delivery.spool)?;
    let hand_over = HandOver {
        door,
        spool: spool.clone(),
        via: &args.via,
        args: &args.delivery,
        output,
    };
    let open = |id: &UploadId| -> Result<Journal> {
        spool
            .open(id)
            .map_err(|error| journal_failure(error, &delivery.suggest))
    };
    if let Some(id) = &args.id {
        let journal = open(id)?;
        let summary = spool.summary(id)?;
        let policies = Policies::resumed(&args.delivery, &summary.options);
        let delivery = delivery
            .of_upload(policies, delivery.suggest.clone())
            .knowing_failed(summary.counts.failed);
        return hand_over.alone(journal, &delivery, None).await;
    }
    if args.delivery.relay_wait().is_some() {
        let reason = "it waits for a single upload";
        return Err(unusable("--all --wait", reason).hint("add `--no-wait`"));
    }
    let mut failures: Vec<Failure> = Vec::new();
    failures.extend(spool.unreadable()?.into_iter().map(Failure::from));
    let summaries = unfinished(&spool)?;
    if summaries.is_empty() && failures.is_empty() {
        output.say("nothing to resume");
    }
    // A sandbox belongs to this machine.
    let (of_sandbox, to_server): (Vec<_>, Vec<_>) = summaries
        .into_iter()
        .partition(|summary| summary.sandbox.is_some());
    failures.extend(of_sandbox.iter().map(|summary| {
        let (id, server) = (&summary.id, &summary.server);
        let message = format!("not handed over: upload {id} belongs to {server}");
        Failure::message(Exit::Configuration, message).upload(id)
    }));
    let journals = failures
        .into_iter()
        .map(Err)
        .chain(to_server.iter().map(|summary| open(&summary.id)));
    hand_over.several(journals, delivery).await
}
