//! The sprints of a release.

use rusqlite::params;

use super::writer::Writer;
use crate::error::ApiError;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The maximum number of sprints, whatever the dates are.
const SPRINTS_MAX: i64 = 500;

/// Divides a new release into sprints of `sprint_duration` days; the last one may be shorter.
pub(super) fn cut(writer: Writer<'_>, release: i64) -> Result<(), ApiError> {
    let sql = "SELECT start_date, end_date, sprint_duration FROM releases WHERE id = ?";
    let mut statement = writer.connection.prepare_cached(sql)?;
    let (start, end, days): (i64, i64, Option<i64>) =
        statement.query_row([release], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let Some(length) = days.filter(|days| (1..=10_000).contains(days)) else {
        return Ok(());
    };
    let mut insert = writer.connection.prepare_cached(
        "INSERT INTO sprints (name, release, start_date, end_date, creation_time, last_modified)
         VALUES (?, ?, ?, ?, ?5, ?5)",
    )?;
    for number in 0..SPRINTS_MAX {
        let from = start + number * length * DAY_MS;
        if from >= end {
            break;
        }
        let until = (from + length * DAY_MS).min(end);
        let name = format!("Sprint {}", number + 1);
        insert.execute(params![name, release, from, until, writer.now])?;
    }
    Ok(())
}
