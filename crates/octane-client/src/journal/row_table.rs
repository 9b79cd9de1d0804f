//! The table `rows`: what is known of each result, for everything that looks up single results.
//!
//! It is made of the [facts](crate::facts) when it is needed for the first time, lives as long as the connection, and is not part of
//! the journal. In journals of older formats it is.

use rusqlite::types::Type;
use rusqlite::{Connection, Statement};

use super::feature_row::is_of;
use super::schema;
use crate::facts::{Fact, Facts, UnreadableFacts};
use crate::run_kind::RunKind;

/// Where the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Journal,
    Connection,
}

/// Makes the table, unless it is there.
pub(super) fn ensure_rows(connection: &Connection) -> rusqlite::Result<()> {
    ensure(connection).map(drop)
}

/// Makes the table, and an index to look up rows by their keys: most uploads of which the runs cannot be read never need it.
pub(super) fn ensure_index_of_keys(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(match ensure(connection)? {
        Place::Journal => "CREATE INDEX IF NOT EXISTS rows_by_key ON rows (key)",
        Place::Connection => "CREATE INDEX IF NOT EXISTS temp.rows_by_key ON rows (key)",
    })
}

/// Whether the journal itself has the table.
pub(super) fn is_in_journal(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'rows'")?
        .exists([])
}

fn ensure(connection: &Connection) -> rusqlite::Result<Place> {
    if is_in_journal(connection)? {
        return Ok(Place::Journal);
    }
    let is_made = connection
        .prepare_cached("SELECT 1 FROM temp.sqlite_schema WHERE type = 'table' AND name = 'rows'")?
        .exists([])?;
    if !is_made {
        connection.execute_batch(schema::ROWS)?;
        let filled = fill(connection);
        if filled.is_err() {
            // A part of the results must not be taken for all of them.
            connection.execute_batch("DROP TABLE temp.rows")?;
        }
        filled?;
    }
    Ok(Place::Connection)
}

fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut facts = connection.prepare(&format!(
        "SELECT batch, first_row, last_row, packed, {} FROM facts ORDER BY batch",
        is_of(RunKind::Feature, "first_row")
    ))?;
    let mut insert = connection.prepare(
        "INSERT INTO temp.rows (number, batch, key, test, name, status, started, duration, file, line, column, jira,
             body_end, run_name)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut facts = facts.query([])?;
    while let Some(row) = facts.next()? {
        let (batch, first, last): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let kind = if row.get(4)? {
            RunKind::Feature
        } else {
            RunKind::Test
        };
        each(row.get_ref(3)?.as_blob()?, first, last, |number, fact| {
            add(&mut insert, number, batch, kind, fact)
        })?;
    }
    Ok(())
}

/// Fails unless what is known of all results can be read.
pub(super) fn check_facts(connection: &Connection) -> rusqlite::Result<()> {
    let mut facts = connection
        .prepare("SELECT first_row, last_row, packed FROM facts WHERE packed IS NOT NULL")?;
    let mut facts = facts.query([])?;
    while let Some(row) = facts.next()? {
        let packed = row.get_ref(2)?.as_blob()?;
        each(packed, row.get(0)?, row.get(1)?, |_, _| Ok(()))?;
    }
    Ok(())
}

/// Passes the results of a batch to `visit`, with their numbers.
pub(super) fn each(
    packed: &[u8],
    first: i64,
    last: i64,
    mut visit: impl FnMut(i64, &Fact) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut facts = Facts::new(packed).map_err(unreadable)?;
    let mut next = first;
    while let Some(fact) = facts.read().map_err(unreadable)? {
        visit(next, fact)?;
        next += 1;
    }
    if next == last + 1 {
        Ok(())
    } else {
        Err(unreadable(UnreadableFacts))
    }
}

/// Something stored that cannot be read.
pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error))
}

fn add(
    insert: &mut Statement<'_>,
    number: i64,
    batch: i64,
    kind: RunKind,
    fact: &Fact,
) -> rusqlite::Result<()> {
    let jira = (!fact.jira.is_empty())
        .then(|| serde_json::to_string(&fact.jira))
        .transpose()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    insert.execute((
        number,
        batch,
        kind.key(&fact.identity, fact.run_name.as_deref()),
        fact.identity.to_string(),
        &fact.identity.name,
        fact.status.as_str(),
        fact.started,
        fact.duration,
        fact.place.map(|(file, _)| file),
        fact.place.map(|(_, line)| line),
        fact.column,
        jira,
        fact.body_end,
        &fact.run_name,
    ))?;
    Ok(())
}
