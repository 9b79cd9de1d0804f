//! What became of each result.

use rusqlite::{Connection, Transaction};

use super::found::{SHOWN, same};
use super::{Journal, JournalError};

/// What is known of the results beside the states of their tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The runs were read, or it is known that there are none; and with them, where the server has such a
    /// history, the results that others have taken the place of.
    Runs { has_history: bool },
    /// The runs cannot be read by whoever uploads, so Octane's word has to do.
    Word,
    /// Nobody knows yet what the runs show.
    None,
}

impl Journal {
    /// Says of every row what became of it, from the states of the batches and the runs that were found.
    ///
    /// A row is in if this very result shows, or did so before another one took its place. A row of a batch that
    /// ended well is also in if a later result of the same test shows: one that started later, or not earlier as
    /// far as is known, or that comes later in the upload, whenever it started.
    pub(crate) fn settle_rows(&self, evidence: Evidence) -> Result<(), JournalError> {
        let very = format!(
            "EXISTS (SELECT 1 FROM found f WHERE f.key = rows.key AND ({} OR EXISTS (
                SELECT 1 FROM former p WHERE p.run = f.run AND {})))",
            same("f"),
            same("p")
        );
        let shown = format!("({SHOWN} OR {very})");
        let followed =
            "fate = 'kept' AND EXISTS (SELECT 1 FROM rows later WHERE later.key = rows.key
            AND later.n > rows.n AND later.fate = 'ingested')";
        self.write("account", |transaction| {
            let unsettled = match evidence {
                // What was seen once is not forgotten because nobody can look now.
                Evidence::None => "fate = 'rejected'",
                Evidence::Word | Evidence::Runs { .. } => "fate <> 'kept'",
            };
            let sql = format!(
                "UPDATE rows SET fate = 'kept', message = NULL WHERE {unsettled} OR message IS NOT NULL"
            );
            transaction.execute(&sql, [])?;
            let batches = match evidence {
                Evidence::None => Vec::new(),
                Evidence::Word | Evidence::Runs { .. } => settled(transaction)?,
            };
            let take_in = |batch: &Settled, is_in: &str| {
                transaction
                    .prepare_cached(&format!(
                        "UPDATE rows SET fate = 'ingested' WHERE n BETWEEN ? AND ? AND {is_in}"
                    ))?
                    .execute((batch.first, batch.last))
            };
            // With a warning, Octane may have left out any result, so each must be seen, if that can be.
            let is_enough = |batch: &Settled| match (&*batch.status, evidence) {
                ("success", _) => true,
                ("warning", evidence) => evidence != Evidence::Runs { has_history: true },
                _ => false,
            };
            for batch in &batches {
                match (is_enough(batch), evidence) {
                    (true, Evidence::Runs { .. }) => take_in(batch, &shown)?,
                    (false, Evidence::Runs { .. }) => take_in(batch, &very)?,
                    (true, _) => take_in(batch, "1")?,
                    (false, _) => 0,
                };
            }
            for batch in batches.iter().filter(|batch| is_enough(batch)) {
                take_in(batch, followed)?;
            }
            for batch in &batches {
                explain(transaction, batch, evidence)?;
            }
            reject(transaction)
        })
    }
}

/// A batch whose task has ended.
struct Settled {
    first: i64,
    last: i64,
    status: String,
    complaints: Option<String>,
}

fn settled(connection: &Connection) -> rusqlite::Result<Vec<Settled>> {
    connection
        .prepare_cached(
            "SELECT first, last, status, complaints FROM batches WHERE state = 'settled' ORDER BY n",
        )?
        .query_map([], |row| {
            Ok(Settled {
                first: row.get(0)?,
                last: row.get(1)?,
                status: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                complaints: row.get(3)?,
            })
        })?
        .collect()
}

/// Says of the rows of a batch that are not in why.
fn explain(
    transaction: &Transaction<'_>,
    batch: &Settled,
    evidence: Evidence,
) -> rusqlite::Result<()> {
    let Settled {
        first,
        last,
        status,
        complaints,
    } = batch;
    let is_clean = status == "success";
    let is_lost = status == "lost";
    let missing: Vec<(i64, String)> = transaction
        .prepare_cached(
            "SELECT n, name FROM rows WHERE n BETWEEN ? AND ? AND fate <> 'ingested' ORDER BY n",
        )?
        .query_map((first, last), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut update =
        transaction.prepare_cached("UPDATE rows SET fate = ?, message = ? WHERE n = ?")?;
    for (row, name) in missing {
        let (fate, message) = if is_clean {
            let message = "Octane reported success, but its suite run does not show this result";
            ("kept", message.to_owned())
        } else if is_lost {
            (
                "kept",
                "Octane has forgotten the task, and its suite run does not show this result"
                    .to_owned(),
            )
        } else {
            let message = match complaints {
                Some(complaints) => complaint_about(&name, complaints),
                None => format!("Octane ended the batch as `{status}` without saying why"),
            };
            if evidence == Evidence::Word {
                // Octane leaves out what is at fault, and takes the rest.
                (
                    "kept",
                    format!("nobody may see whether it is in: {message}"),
                )
            } else {
                ("rejected", message)
            }
        };
        update.execute((fate, message, row))?;
    }
    Ok(())
}

/// Rejects the rows that the server refused.
fn reject(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut update = transaction
        .prepare_cached("UPDATE rows SET fate = 'rejected', message = ? WHERE n BETWEEN ? AND ?")?;
    let mut refused = transaction
        .prepare_cached("SELECT reason, first, last FROM batches WHERE state = 'refused'")?;
    let mut refused = refused.query([])?;
    while let Some(batch) = refused.next()? {
        let (reason, first, last): (Option<String>, i64, i64) = batch.try_into()?;
        update.execute((reason, first, last))?;
    }
    Ok(())
}

/// The line of the server's log that names the test, or its first lines.
fn complaint_about(name: &str, complaints: &str) -> String {
    let line = complaints.lines().find(|line| names(line, name));
    line.map_or_else(|| first_lines(complaints, 3), str::to_owned)
}

/// Whether `line` has `name` in it, and not as a part of a longer name.
fn names(line: &str, name: &str) -> bool {
    let is_part =
        |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || next == '_');
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

/// The first lines of a text, and how many more there are.
pub(crate) fn first_lines(text: &str, count: usize) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first: Vec<&str> = lines.by_ref().take(count).collect();
    match lines.count() {
        0 => first.join("; "),
        more => format!("{}; and {more} more", first.join("; ")),
    }
}
