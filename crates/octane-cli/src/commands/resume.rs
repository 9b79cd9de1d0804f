//! `octane resume`: uploads that were cut off go on.

use octane_client::{Client, ClientError, JournalError, Spool, UploadId, UploadSettings};

use super::delivery::Delivery;
use crate::args::{ConnectionArgs, ResumeArgs};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::spool::spool;

pub(super) async fn run(
    args: &ResumeArgs,
    connection: &ConnectionArgs,
    output: Output,
    verbosity: u8,
) -> Outcome<Exit> {
    let delivery = Delivery::new(&args.delivery, output, verbosity)?;
    let done = resume(args, connection, output, verbosity, &delivery).await;
    done.or_else(|failure| delivery.failed(failure))
}

async fn resume(
    args: &ResumeArgs,
    connection: &ConnectionArgs,
    output: Output,
    verbosity: u8,
    delivery: &Delivery<'_>,
) -> Outcome<Exit> {
    let spool = spool(&args.delivery.spool)?;
    let mut worst = Exit::Success;
    let ids = match &args.id {
        Some(id) => vec![id.clone()],
        None => {
            for failure in spool.unreadable()?.into_iter().map(Failure::from) {
                worst = worse(worst, delivery.given_up(failure));
            }
            unfinished(&spool)?
        }
    };
    if ids.is_empty() {
        output.say("nothing to resume: every upload that can be read is done");
        return Ok(worst);
    }
    let connected = Connection::open(connection, verbosity).await?;
    for id in &ids {
        if let Some(signal) = delivery.stopped() {
            worst = worse(worst, signal);
            break;
        }
        let done = one(&spool, id, args, &connected.client, delivery).await;
        let exit = match done {
            Ok(exit) => exit,
            Err(failure) if args.all && is_of_others(&failure) => {
                output.say(&format!("{id}: {}", failure.error));
                continue;
            }
            // One that cannot go on does not keep the others.
            Err(failure) if args.all => {
                delivery.given_up(failure.context(format!("upload {id}")).upload(id))
            }
            Err(failure) => {
                connected.close().await;
                return Err(failure);
            }
        };
        worst = worse(worst, exit);
    }
    connected.close().await;
    Ok(worst)
}

/// The one with the higher code.
fn worse(one: Exit, other: Exit) -> Exit {
    std::cmp::max_by_key(one, other, |exit| exit.code())
}

/// The uploads that are not done, the oldest first.
fn unfinished(spool: &Spool) -> Outcome<Vec<UploadId>> {
    let mut summaries = spool.list()?;
    summaries.retain(|summary| !summary.is_finished);
    summaries.reverse();
    Ok(summaries.into_iter().map(|summary| summary.id).collect())
}

fn is_of_others(failure: &Failure) -> bool {
    let journal = failure.error.downcast_ref::<JournalError>();
    journal.is_some_and(|error| {
        matches!(
            error,
            JournalError::InUse { .. } | JournalError::Elsewhere { .. }
        )
    })
}

async fn one(
    spool: &Spool,
    id: &UploadId,
    args: &ResumeArgs,
    client: &Client,
    delivery: &Delivery<'_>,
) -> Outcome<Exit> {
    let journal = spool.open(id)?;
    client.check_destination(&journal)?;
    client.reopen(&journal, &delivery.stop).await?;
    if journal.target()?.is_none() {
        let destination = journal.destination()?;
        let finding = delivery.stop.within_grace(client.locate(&destination));
        let found = finding.await.ok_or_else(|| delivery.interrupted())?;
        let target = found.map_err(|error| {
            let is_missing = matches!(error, ClientError::Missing(_));
            let failure = Failure::from(error);
            if is_missing {
                let again = args.delivery.spool.resume(id);
                failure.hint(format!("create what is missing, then `{again}` again"))
            } else {
                failure
            }
        })?;
        client.aim(&journal, &target)?;
    }
    let mut settings = UploadSettings::default();
    settings.ingestion_wait_max = std::time::Duration::from_secs(args.delivery.wait);
    settings.needs_every_key = args.delivery.on_unresolved == "fail";
    delivery
        .deliver(client, &journal, &settings, None, None)
        .await
}
