//! What the suite run had before anything of an upload was sent.
//!
//! A batch that Octane rejects may repeat results which the suite run has from an earlier upload: seeing them proves nothing.
//! So the newest change of its runs is noted before the first batch is sent, with one request, and a run that was not changed
//! after it shows nothing of this upload:
//!
//! | the newest change before, as the server names it | untouched is a run that was last changed |
//! |---|---|
//! | with a fraction of a second that is not zero | then or earlier |
//! | in whole seconds | earlier; then, too, if that second is over by the server's clock |
//!
//! Where the server cannot say, nothing is known to be untouched.

use octane_model::{Entity, Order, Query, Select};

use crate::context::Context;
use crate::journal::{Journal, JournalError};
use crate::name::suite_run_name;
use crate::read_runs::{LAST_MODIFIED, milliseconds};
use crate::run_kind::RunKind;
use crate::stage::request;

/// How much later than a change the server's clock has to be so that its second is over, in milliseconds: a `Date` has whole
/// seconds too.
const SECOND_IS_OVER: i64 = 2000;

/// Before this time, in milliseconds since 1970-01-01 UTC, a run must have been changed last to be untouched; see the
/// [table](self). `server_time` is that of the server's clock, if it is known.
fn untouched_before(newest_change: &str, server_time: Option<i64>) -> Option<i64> {
    let changed = milliseconds(newest_change)?;
    if changed % 1000 != 0 {
        Some(changed + 1)
    } else if server_time.is_some_and(|now| now - changed >= SECOND_IS_OVER) {
        Some(changed + 1000)
    } else {
        Some(changed)
    }
}

/// Notes the newest change of the runs of the suite run, unless something of the upload was sent there. That it cannot be read has no
/// effect.
pub(crate) async fn note_state_before(context: &Context<'_>) -> Result<(), JournalError> {
    let journal = context.journal;
    if !journal.run(Journal::is_unsent).await? {
        return Ok(());
    }
    let kinds = journal.run(Journal::run_kinds).await?;
    let time = read_untouched_before(context, kinds).await;
    if context.cancellation.is_cancelled() {
        return Ok(());
    }
    journal
        .run(move |journal| journal.set_untouched_before(time))
        .await
}

async fn read_untouched_before(context: &Context<'_>, kinds: Vec<RunKind>) -> Option<i64> {
    let Context {
        client,
        target,
        cancellation,
        ..
    } = context;
    let is_called = Query::field("name").is(&*suite_run_name(&target.suite_run));
    let is_in_suite = Query::field("test").refers_to_id(target.suite.id);
    let is_in_suite_run = Query::field("parent_suite").refers_to(is_called & is_in_suite);
    let mut newest = None;
    for kind in kinds {
        let list = client.endpoint.collection(kind.collection()).list();
        let list = list
            .matching(is_in_suite_run.clone())
            .select(Select::names([LAST_MODIFIED]))
            .order_by(Order::descending(LAST_MODIFIED))
            .limit(1);
        let read: Vec<Entity> = request(cancellation, list.all()).await.ok()?;
        let changed = read.first().and_then(|run| run.text(LAST_MODIFIED));
        let server_time = client.endpoint.server_time().map(|seconds| seconds * 1000);
        newest = newest.max(changed.and_then(|changed| untouched_before(changed, server_time)));
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_holds() {
        let time = |text: &str| milliseconds(text).unwrap();
        let second = "2026-11-30T13:20:05Z";
        let zero = "2026-11-30T13:20:05.000Z";
        let precise = "2026-11-30T13:20:05.250Z";
        let later = |milliseconds: i64| Some(time(second) + milliseconds);
        for (changed, server_time, expected) in [
            (precise, None, Some(time(precise) + 1)),
            (precise, later(0), Some(time(precise) + 1)),
            (second, None, Some(time(second))),
            (zero, None, Some(time(second))),
            (zero, later(2000), Some(time(second) + 1000)),
            (second, later(0), Some(time(second))),
            (second, later(1000), Some(time(second))),
            (second, later(2000), Some(time(second) + 1000)),
            // A clock that is slow.
            (second, later(-60_000), Some(time(second))),
            ("soon", later(0), None),
        ] {
            let found = untouched_before(changed, server_time);
            assert_eq!(found, expected, "{changed} {server_time:?}");
        }
    }
}
