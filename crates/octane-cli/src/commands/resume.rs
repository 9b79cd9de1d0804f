//! `octane resume`: continues uploads that were interrupted.

use octane_client::{Client, JournalError, Spool, UploadId, UploadSettings};

use super::delivery::Delivery;
use crate::args::{OnUnresolved, ResumeArgs};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::spool::spool;

pub(super) async fn run(args: &ResumeArgs, output: Output) -> Result<Exit> {
    let delivery = Delivery::new(&args.delivery, output)?;
    let done = resume(args, output, &delivery).await;
    done.or_else(|failure| delivery.report_failure(failure))
}

async fn resume(args: &ResumeArgs, output: Output, delivery: &Delivery<'_>) -> Result<Exit> {
    let spool = spool(&args.delivery.spool)?;
    let mut exit = Exit::Success;
    let ids = match &args.id {
        Some(id) => vec![id.clone()],
        None => {
            for failure in spool.unreadable()?.into_iter().map(Failure::from) {
                exit = worst(exit, delivery.report_failure_and_continue(failure));
            }
            unfinished(&spool)?
        }
    };
    if ids.is_empty() {
        output.say("nothing to resume");
        return Ok(exit);
    }
    let connected = Connection::open(&args.connection, output).await?;
    for id in &ids {
        if let Some(signal) = delivery.stopped() {
            exit = worst(exit, signal);
            break;
        }
        let done = resume_one(&spool, id, args, &connected.client, delivery).await;
        let of_upload = match done {
            Ok(of_upload) => of_upload,
            Err(failure) if args.all && is_not_ours(&failure) => {
                output.say(&format!("{id}: {}", failure.error));
                continue;
            }
            // An upload that fails does not stop the others.
            Err(failure) if args.all => {
                let failure = failure.context(format!("could not resume upload {id}"));
                delivery.report_failure_and_continue(failure.upload(id))
            }
            Err(failure) => {
                connected.close().await;
                return Err(failure);
            }
        };
        exit = worst(exit, of_upload);
    }
    connected.close().await;
    Ok(exit)
}

/// The one with the higher code.
fn worst(one: Exit, other: Exit) -> Exit {
    std::cmp::max_by_key(one, other, |exit| exit.code())
}

/// The unfinished uploads, oldest first.
fn unfinished(spool: &Spool) -> Result<Vec<UploadId>> {
    let mut summaries = spool.list()?;
    summaries.retain(|summary| !summary.is_finished);
    summaries.reverse();
    Ok(summaries.into_iter().map(|summary| summary.id).collect())
}

/// Whether the upload is another process's, or belongs to another server.
fn is_not_ours(failure: &Failure) -> bool {
    let journal = failure.error.downcast_ref::<JournalError>();
    journal.is_some_and(|error| {
        matches!(
            error,
            JournalError::InUse { .. } | JournalError::DifferentServer { .. }
        )
    })
}

async fn resume_one(
    spool: &Spool,
    id: &UploadId,
    args: &ResumeArgs,
    client: &Client,
    delivery: &Delivery<'_>,
) -> Result<Exit> {
    let journal = spool.open(id)?;
    let mut settings = UploadSettings::default();
    settings.ingestion_wait_max = args.delivery.wait;
    settings.require_all_jira_keys = args.delivery.on_unresolved == OnUnresolved::Fail;
    delivery
        .deliver(client, &journal, &settings, None, None)
        .await
}
