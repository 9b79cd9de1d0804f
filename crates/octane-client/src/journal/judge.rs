//! Judging results: SQL observes what the suite run shows of each, [`verdict`] decides, and SQL stores it.

use rusqlite::{Transaction, params};

use super::batch::{StoredBatch, batches};
use super::database::Journal;
use super::error::JournalError;
use super::evidence::{
    NEWER, NEWER_OR_SAME, exact_match, has_several_runs, held_before, match_without_start,
};
use super::resume::update_superseded;
use super::row_table::{ensure_index_of_keys, ensure_rows};
use super::state::{Reason, RowState};
use super::untouched_run::{ensure_untouched_runs, is_touched};
use crate::resend::BatchState;
use crate::verdict::{BatchEnd, Observation, Verdict, verdict};

/// How much is known about the runs apart from the states of their tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The runs were read, or there are none; with them, if the server has such a history, the results they held
    /// before.
    Verified { has_history: bool },
    /// The API key may not read the runs, so the task's status is all there is.
    TaskOnly,
    /// The payload names no suite run, or may not be looked up, and its task's status counts.
    Unnamed,
    /// The runs were not read this time.
    Unknown,
}

impl Journal {
    /// Judges every result, by how its batch ended and by the runs that were read.
    pub(crate) fn judge(&self, confirmation: Confirmation) -> Result<(), JournalError> {
        self.write("judge", |transaction| {
            let mut ended = Vec::new();
            for batch in batches(transaction, "state = 'ended'")? {
                if let BatchState::Ended(end) = &batch.state {
                    ended.push((batch.clone(), end.clone()));
                }
            }
            if confirmation != Confirmation::Unknown {
                // What a batch came to that is sent again is not known.
                transaction.execute("DELETE FROM row_states", [])?;
            }
            let has_several_runs = matches!(confirmation, Confirmation::Verified { .. })
                && has_several_runs(transaction)?;
            for (batch, end) in &ended {
                match (end, confirmation) {
                    (BatchEnd::Refused, _) | (_, Confirmation::Unknown) => {
                        judge_all(transaction, batch, end, Observation::Unread)?;
                    }
                    (_, Confirmation::TaskOnly) => {
                        judge_all(transaction, batch, end, Observation::Forbidden)?;
                    }
                    (_, Confirmation::Unnamed) => {
                        judge_all(transaction, batch, end, Observation::Unnamed)?;
                    }
                    (_, Confirmation::Verified { has_history }) => {
                        observe_and_judge(transaction, batch, end, has_history, has_several_runs)?;
                    }
                }
            }
            if let Confirmation::Verified { has_history } = confirmation {
                // Only now is it known which later rows are in.
                find_last_ingested(transaction)?;
                for (batch, end) in ended.iter().filter(|(_, end)| *end != BatchEnd::Refused) {
                    judge_later_rows(transaction, batch, end, has_history)?;
                }
            }
            if confirmation != Confirmation::Unknown {
                let with_log = ended.iter().filter(|(_, end)| !has_fixed_message(end));
                for (batch, end) in with_log {
                    quote_task_log(transaction, batch, end, confirmation)?;
                }
            }
            update_superseded(transaction)
        })
    }
}

/// Whether this upload has a later result of the run of a row.
const LATER_ROW: &str =
    "EXISTS (SELECT 1 FROM rows later WHERE later.key = rows.key AND later.number > rows.number)";

/// Notes what the suite run shows of each result of a batch, and judges it by that.
fn observe_and_judge(
    transaction: &Transaction<'_>,
    batch: &StoredBatch,
    end: &BatchEnd,
    has_history: bool,
    has_several_runs: bool,
) -> rusqlite::Result<()> {
    let (now, before) = (exact_match("rows", "f"), held_before("rows", "f"));
    let is_in_doubt = *end != BatchEnd::Success;
    // The history of a run may hold the result of the earlier upload that had these bytes: it counts only if what
    // the run shows is newer for certain, or if the run has to show a later result of this upload.
    let (is_history_enough, newer) = if batch.is_duplicate {
        (format!("({NEWER} OR {LATER_ROW})"), NEWER)
    } else {
        ("1".to_owned(), NEWER_OR_SAME)
    };
    // With bytes that Octane had received, a batch changes nothing.
    let is_evidence = if is_in_doubt && !batch.is_duplicate {
        ensure_untouched_runs(transaction)?;
        is_touched("f")
    } else {
        "1".to_owned()
    };
    let is_recognised = if is_in_doubt && has_several_runs {
        "rows.started IS NOT NULL"
    } else {
        "1"
    };
    // Where there is a history, the run of this upload has shown the result now or before.
    let without_start = match_without_start("rows", "f");
    let newer = if !(has_several_runs && has_history) {
        newer
    } else if is_in_doubt || batch.is_duplicate {
        "0"
    } else {
        &without_start
    };
    // One step for all three observations: each row is written once.
    let of_row = format!("SELECT 1 FROM server_runs f WHERE f.key = rows.key AND {is_evidence}");
    let sql = format!(
        "WITH seen AS MATERIALIZED (SELECT number, CASE
             WHEN {is_recognised} AND EXISTS ({of_row} AND ({now} OR {is_history_enough} AND {before})) THEN 'exact'
             WHEN EXISTS ({of_row} AND {newer}) THEN 'newer'
             ELSE 'absent' END AS observed FROM rows WHERE number BETWEEN ?1 AND ?2)
         INSERT INTO row_states (number, observed, state, reason, message) SELECT number, observed,
             CASE observed WHEN 'exact' THEN ?3 WHEN 'newer' THEN ?4 ELSE ?5 END,
             CASE observed WHEN 'exact' THEN ?6 WHEN 'newer' THEN ?7 ELSE ?8 END,
             CASE observed WHEN 'exact' THEN ?9 WHEN 'newer' THEN ?10 ELSE ?11 END FROM seen"
    );
    let judged = [Observation::Exact, Observation::Newer, Observation::Absent]
        .map(|seen| Judgement::of(batch, end, seen, has_history));
    let [exact, newer, absent] = judged.map(Option::unwrap_or_default);
    transaction.prepare_cached(&sql)?.execute(params![
        batch.first_row,
        batch.last_row,
        exact.state,
        newer.state,
        absent.state,
        exact.reason,
        newer.reason,
        absent.reason,
        exact.message,
        newer.message,
        absent.message,
    ])?;
    Ok(())
}

/// Finds the last result that is in of each test of which others are not: once, as looking for a later one from each result would take
/// too long for a test with many.
fn find_last_ingested(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    ensure_index_of_keys(transaction)?;
    transaction.execute_batch(
        "DROP TABLE IF EXISTS temp.last_ingested;
         CREATE TEMP TABLE last_ingested (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
         INSERT INTO temp.last_ingested SELECT rows.key, MAX(rows.number)
             FROM rows JOIN row_states s ON s.number = rows.number AND s.state = 'ingested'
             WHERE rows.key IN (SELECT missing.key FROM row_states t CROSS JOIN rows missing ON missing.number = t.number
                 WHERE t.state <> 'ingested')
             GROUP BY rows.key",
    )
}

/// Notes which results of a batch are not in although a later one of the same test is, and judges them by that.
fn judge_later_rows(
    transaction: &Transaction<'_>,
    batch: &StoredBatch,
    end: &BatchEnd,
    has_history: bool,
) -> rusqlite::Result<()> {
    let judgement = Judgement::of(batch, end, Observation::LaterRow, has_history);
    let is_judged = judgement.is_some();
    let Judgement {
        state,
        reason,
        message,
    } = judgement.unwrap_or_default();
    transaction
        .prepare_cached(
            "UPDATE row_states SET observed = 'later_row', state = IIF(?6, ?3, state), reason = IIF(?6, ?4, reason),
                 message = IIF(?6, ?5, message)
             WHERE number BETWEEN ?1 AND ?2 AND state <> 'ingested' AND EXISTS (
                 SELECT 1 FROM rows CROSS JOIN temp.last_ingested last ON last.key = rows.key
                 WHERE rows.number = row_states.number AND last.number > rows.number)",
        )?
        .execute(params![
            batch.first_row,
            batch.last_row,
            state,
            reason,
            message,
            is_judged
        ])?;
    Ok(())
}

/// Numbers from 0, by which one statement writes many rows; a recursive one for each batch would take twice as long.
const NUMBERS: &str = "CREATE TEMP TABLE IF NOT EXISTS numbers AS
    WITH RECURSIVE next (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM next WHERE number < 999)
    SELECT number FROM next";

/// How many they are.
const NUMBERS_COUNT: usize = 1000;

/// Judges all results of a batch alike.
fn judge_all(
    transaction: &Transaction<'_>,
    batch: &StoredBatch,
    end: &BatchEnd,
    seen: Observation,
) -> rusqlite::Result<()> {
    let Some(judgement) = Judgement::of(batch, end, seen, false) else {
        return Ok(());
    };
    transaction.execute_batch(NUMBERS)?;
    let mut judge = transaction.prepare_cached(
        "INSERT INTO row_states (number, state, reason, message)
         SELECT ?4 + number, ?1, ?2, ?3 FROM temp.numbers WHERE number <= ?5 - ?4
         ON CONFLICT (number) DO UPDATE
         SET state = excluded.state, reason = excluded.reason, message = excluded.message",
    )?;
    for first in (batch.first_row..=batch.last_row).step_by(NUMBERS_COUNT) {
        judge.execute(params![
            judgement.state,
            judgement.reason,
            &judgement.message,
            first,
            batch.last_row,
        ])?;
    }
    Ok(())
}

/// A verdict on a result, as it is stored.
struct Judgement {
    state: RowState,
    reason: Option<Reason>,
    message: Option<String>,
}

impl Default for Judgement {
    /// What is known of a result that has not been judged.
    fn default() -> Self {
        Self {
            state: RowState::Open,
            reason: None,
            message: None,
        }
    }
}

impl Judgement {
    /// The verdict on the results of a batch of which this was seen; `None` if they stay as they are.
    fn of(
        batch: &StoredBatch,
        end: &BatchEnd,
        seen: Observation,
        has_history: bool,
    ) -> Option<Self> {
        let state = match verdict(end, seen, has_history) {
            Verdict::Ingested => RowState::Ingested,
            Verdict::Rejected => RowState::Rejected,
            Verdict::Unconfirmed => RowState::Unconfirmed,
            Verdict::Unchanged => return None,
        };
        let reason = (state != RowState::Ingested).then_some(match (end, seen) {
            (BatchEnd::Refused, _) => Reason::Refused,
            (BatchEnd::Success, _) => Reason::Missing,
            (BatchEnd::Forgotten, _) => Reason::Forgotten,
            (_, Observation::Forbidden) => Reason::NotReadable,
            _ => Reason::Task,
        });
        let message = reason.and_then(|reason| match reason {
            Reason::Refused => batch.reason.clone(),
            Reason::Missing if batch.is_duplicate => Some(
                "Octane had received these bytes from an earlier upload and ignored them; the suite run shows \
                 another result, or none"
                    .to_owned(),
            ),
            Reason::Missing => Some(
                "Octane reported success, but the result is missing from the suite run".to_owned(),
            ),
            Reason::Forgotten => Some(
                "Octane no longer knows the task, and the result is missing from the suite run"
                    .to_owned(),
            ),
            Reason::Task | Reason::NotReadable => None,
        });
        Some(Self {
            state,
            reason,
            message,
        })
    }
}

/// Whether the messages of a batch's results do not depend on the task's log.
fn has_fixed_message(end: &BatchEnd) -> bool {
    matches!(
        end,
        BatchEnd::Success | BatchEnd::Forgotten | BatchEnd::Refused
    )
}

/// Quotes for each result of a batch that is not in what the task's log says about it.
fn quote_task_log(
    transaction: &Transaction<'_>,
    batch: &StoredBatch,
    end: &BatchEnd,
    confirmation: Confirmation,
) -> rusqlite::Result<()> {
    let is_any_missing = transaction
        .prepare_cached(
            "SELECT 1 FROM row_states WHERE number BETWEEN ? AND ? AND state <> 'ingested'",
        )?
        .exists((batch.first_row, batch.last_row))?;
    if !is_any_missing {
        return Ok(());
    }
    ensure_rows(transaction)?;
    let missing: Vec<(i64, String, RowState)> = transaction
        .prepare_cached(
            "SELECT s.number, name, s.state FROM row_states s CROSS JOIN rows ON rows.number = s.number
             WHERE s.number BETWEEN ? AND ? AND s.state <> 'ingested' ORDER BY s.number",
        )?
        .query_map((batch.first_row, batch.last_row), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut update =
        transaction.prepare_cached("UPDATE row_states SET message = ? WHERE number = ?")?;
    for (row, name, state) in missing {
        let message = match &batch.task_log {
            Some(log) => log_line_for(&name, log),
            None => format!("the batch ended with status `{end}`; Octane gave no reason"),
        };
        let message = match (state, confirmation) {
            (RowState::Unconfirmed, Confirmation::Unnamed) => {
                format!("it may be missing, and no suite run can show it: {message}")
            }
            (RowState::Unconfirmed, _) => {
                format!("cannot verify (no permission to read runs): {message}")
            }
            _ => message,
        };
        update.execute((message, row))?;
    }
    Ok(())
}

/// The line of the task's log that names the test, or its first lines.
fn log_line_for(name: &str, log: &str) -> String {
    let line = log.lines().find(|line| mentions(line, name));
    line.map_or_else(|| first_lines(log, 3), str::to_owned)
}

/// Whether `line` contains `name`, and not as a part of a longer name.
fn mentions(line: &str, name: &str) -> bool {
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
