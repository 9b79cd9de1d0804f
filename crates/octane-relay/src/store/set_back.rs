//! What becomes of the moments in a file if the clock of its machine is set back, for example because it ran ahead when a relay was
//! started. Without this, leases, pauses and slots would last that much longer, and nothing would be sent.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, named_params};

use crate::time::Time;

/// A clock that goes back less than this is only adjusted.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Everything that lies ahead comes as much earlier as the clock was set back. `BETWEEN 1` is what makes an upload due, so none is before.
const STATEMENTS: [&str; 6] = [
    "UPDATE relay_pace SET next_slot = next_slot - :by WHERE next_slot > :now",
    "UPDATE relay_pace SET halved_at = halved_at - :by, grows_from = grows_from - :by WHERE MAX(halved_at, grows_from) > :now",
    "UPDATE relay_lanes SET expires = expires - :by WHERE expires > :now",
    "UPDATE relay_locks SET expires = expires - :by WHERE expires > :now",
    "UPDATE relay_uploads SET next_attempt = MAX(next_attempt - :by, 1) WHERE next_attempt > :now",
    // What was written is not ahead of the clock, so that the next process that opens the file does nothing. `:by` is not needed.
    "UPDATE relay_uploads SET changed = :now WHERE changed > :now AND :by > 0",
];

/// The latest moment at which something is known to have been written.
pub(super) fn last_known(connection: &Connection) -> rusqlite::Result<Time> {
    let changed = "SELECT COALESCE(MAX(changed), 0) FROM relay_uploads";
    let changed = connection.query_row(changed, [], |row| row.get(0))?;
    Ok(Time::from_micros(changed))
}

/// Moves what lies ahead if the clock was set back since `last`.
pub(super) fn follow(connection: &mut Connection, last: Time, now: Time) -> rusqlite::Result<()> {
    let by = last.since(now);
    if by <= TOLERANCE {
        return Ok(());
    }
    tracing::warn!(
        seconds = by.as_secs(),
        "the clock of this machine was set back; pauses and leases end as much earlier"
    );
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for statement in STATEMENTS {
        transaction.execute(statement, named_params! { ":by": by, ":now": now.micros() })?;
    }
    transaction.commit()
}
