//! What becomes of the moments in a file if the clock of its machine is set back, for example because it ran ahead when a relay was
//! started. Without this, leases, pauses and slots would last that much longer, and nothing would be sent.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, named_params};

use crate::time::Time;

/// A clock that goes back less than this is only adjusted.
const TOLERANCE: Duration = Duration::from_secs(60);

/// What lies further ahead than it can comes as much earlier as the clock was set back: pauses end within 5 minutes, and slots and leases
/// within a minute, so that what another process has moved is left alone. Only what does no harm if it comes too early is moved, because
/// a clock that is wrong for a while goes forward again: shards are awaited that much longer, and what was delivered keeps its date.
const STATEMENTS: [&str; 5] = [
    "UPDATE relay_pace SET next_slot = next_slot - :by WHERE next_slot > :now + 60000000",
    "UPDATE relay_pace SET halved_at = halved_at - :by, grows_from = grows_from - :by WHERE MAX(halved_at, grows_from) > :now",
    "UPDATE relay_lanes SET expires = expires - :by WHERE expires > :now + 60000000",
    "UPDATE relay_locks SET expires = expires - :by WHERE expires > :now + 60000000",
    "UPDATE relay_uploads SET next_attempt = MAX(next_attempt - :by, 1) WHERE next_attempt > :now + 300000000 AND state = 'waiting'",
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
        "the clock of this machine was set back; pauses and leases end as much earlier, and shards are awaited that much longer"
    );
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for statement in STATEMENTS {
        transaction.execute(statement, named_params! { ":by": by, ":now": now.micros() })?;
    }
    transaction.commit()
}
