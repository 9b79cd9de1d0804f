//! What the runs of a suite run prove about a result.
//!
//! Octane keeps a run of a test for each release, milestone, program and environment. If uploads that differ in these go into one
//! suite run, a run of a test may be that of another upload, and it proves less:
//!
//! | the tests of this upload have | the batch | proof that a result is in |
//! |---|---|---|
//! | one run each | succeeded | the run shows this or a newer result |
//! | | is in doubt | the run shows this result, or held it before |
//! | several runs | succeeded | one of them shows this result, or held it before, or may show it and has no start time; if there is no history, a newer one is enough |
//! | | is in doubt | the same, and the result has a start time: others may look just like it |
//!
//! That a single test of the upload has several runs is enough. Runs that were not changed since before the upload prove nothing of a
//! batch in doubt.
//!
//! Conditions are about a row of `rows` and a run of `server_runs`, which is called `f`.

use rusqlite::Connection;

use super::feature_row::is_of;
use super::row_table::ensure_index_of_keys;
use super::schema::INDEX_OF_SERVER_RUNS;
use crate::run_kind::RunKind;

/// Whether a test of this upload has several runs. Features of one name have a run each.
pub(super) fn has_several_runs(connection: &Connection) -> rusqlite::Result<bool> {
    connection.execute_batch(INDEX_OF_SERVER_RUNS)?;
    ensure_index_of_keys(connection)?;
    let is_test = is_of(RunKind::Test, "rows.number");
    connection
        .prepare_cached(&format!(
            "SELECT 1 FROM (SELECT key, COUNT(*) AS runs FROM server_runs GROUP BY key HAVING runs > 1) f
             WHERE EXISTS (SELECT 1 FROM rows WHERE rows.key = f.key AND ({is_test}
                 OR f.runs > (SELECT COUNT(*) FROM rows same WHERE same.key = f.key)))"
        ))?
        .exists([])
}

/// Whether the run shows this or a newer result. The product may not store milliseconds, so whole seconds are compared.
pub(super) const NEWER_OR_SAME: &str =
    "(rows.started IS NULL OR f.started IS NULL OR f.started / 1000 >= rows.started / 1000)";

/// Whether the run shows a result that is newer for certain.
pub(super) const NEWER: &str = "f.started / 1000 > rows.started / 1000";

/// Whether the result `shown` (a row of `server_runs` or `previous_runs`) is that of `row` (one of `rows`), and not another one of
/// the same run. The product may not store the milliseconds of the start; what it does not show cannot differ.
pub(super) fn exact_match(row: &str, shown: &str) -> String {
    let is_started = started_alike(row, shown);
    format!(
        "(({row}.started IS NULL OR {is_started})
         AND ({shown}.status IS NULL OR {shown}.status IN (lower({row}.status), '?'))
         AND ({shown}.duration IS NULL OR {shown}.duration = {row}.duration))"
    )
}

/// Whether both started at the same time, which is known. Of the result that is shown, it may be that of its second.
fn started_alike(row: &str, shown: &str) -> String {
    format!("{shown}.started IN ({row}.started, {row}.started / 1000 * 1000)")
}

/// Whether the result `shown`, of which the server does not say when it started, may be that of `row`.
pub(super) fn match_without_start(row: &str, shown: &str) -> String {
    format!(
        "({row}.started IS NOT NULL AND {shown}.started IS NULL
         AND ({shown}.status IS NULL OR {shown}.status IN (lower({row}.status), '?'))
         AND ({shown}.duration IS NULL OR {shown}.duration = {row}.duration))"
    )
}

/// Whether `run` (one of `server_runs`) held the result of `row` before, as far as its history was read: an
/// [exact match](exact_match), in terms of the [index](super::schema::INDEX_OF_PREVIOUS_RUNS). Of a test with many results, each may
/// be in the history, so that a search there would take too long for each.
pub(super) fn held_before(row: &str, run: &str) -> String {
    let is_started = started_alike(row, "p");
    let alike = format!(
        "SELECT 1 FROM previous_runs p WHERE p.run = {run}.run AND COALESCE(p.status, '?') IN (lower({row}.status), '?')
             AND COALESCE(p.duration, -1) IN ({row}.duration, -1)"
    );
    format!("(EXISTS ({alike} AND {is_started}) OR {row}.started IS NULL AND EXISTS ({alike}))")
}
