//! The names with which reading the runs of a suite run begins.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;
use super::feature_row::is_of;
use super::row_table::{each, is_in_journal};
use crate::in_list::VALUES_MAX;
use crate::run_kind::RunKind;

/// How many of the other names there are about, if there are too many for one query: enough to notice that tests have several runs.
const OTHERS: i64 = 20;

/// Names of runs of one kind, of batches whose task has ended.
#[derive(Debug, Default)]
pub(crate) struct FirstNames {
    /// Those of the runs at the beginning and the end of each batch, then those of others.
    pub(crate) names: Vec<String>,
    /// How many are those at the beginning and the end of a batch.
    pub(crate) ends: usize,
    /// Whether these are the names of all runs.
    pub(crate) are_all: bool,
}

impl Journal {
    /// The names at the beginning and the end of each batch, and others: all of them if they are few.
    pub(crate) fn first_names(&self, kind: RunKind) -> Result<FirstNames, JournalError> {
        let of_batches = format!(
            "b.state = 'ended' AND b.ended_as <> 'refused' AND {}",
            is_of(kind, "b.first_row")
        );
        self.read(|connection| {
            if is_in_journal(connection)? {
                of_old_journal(connection, &of_batches)
            } else {
                of_facts(connection, &of_batches)
            }
        })
    }
}

/// The API key may not read any runs. Then this is all that is ever looked up, so it does without the table of all rows.
fn of_facts(connection: &Connection, of_batches: &str) -> rusqlite::Result<FirstNames> {
    let count: i64 = connection
        .prepare_cached(&format!(
            "SELECT COALESCE(SUM(last_row - first_row + 1), 0) FROM batches b WHERE {of_batches}"
        ))?
        .query_row([], |row| row.get(0))?;
    let are_all = usize::try_from(count).is_ok_and(|count| count <= VALUES_MAX);
    let distance = if are_all { 1 } else { count / OTHERS };
    let mut batches = connection.prepare_cached(&format!(
        "SELECT f.first_row, f.last_row, f.packed, b.first_row, b.last_row FROM batches b
         JOIN facts f ON f.batch = b.body WHERE {of_batches}"
    ))?;
    let mut batches = batches.query([])?;
    let (mut ends, mut others) = (BTreeSet::new(), BTreeSet::new());
    while let Some(row) = batches.next()? {
        let [first, last]: [i64; 2] = [row.get(3)?, row.get(4)?];
        each(
            row.get_ref(2)?.as_blob()?,
            row.get(0)?,
            row.get(1)?,
            |number, fact| {
                let is_end = number == first || number == last;
                if is_end || (first..=last).contains(&number) && number % distance == 0 {
                    let name = fact.run_name.as_ref().unwrap_or(&fact.identity.name);
                    let names = if is_end { &mut ends } else { &mut others };
                    names.insert(name.clone());
                }
                Ok(())
            },
        )?;
    }
    let others = others.difference(&ends).cloned();
    Ok(FirstNames {
        ends: ends.len(),
        names: ends.iter().cloned().chain(others).collect(),
        are_all,
    })
}

fn of_old_journal(connection: &Connection, of_batches: &str) -> rusqlite::Result<FirstNames> {
    let names: Vec<String> = connection
        .prepare_cached(&format!(
            "SELECT DISTINCT COALESCE(rows.run_name, rows.name) FROM batches b
             JOIN rows ON rows.number IN (b.first_row, b.last_row) WHERE {of_batches} ORDER BY 1"
        ))?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(FirstNames {
        ends: names.len(),
        names,
        are_all: false,
    })
}
