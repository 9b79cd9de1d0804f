//! Runs in lists, with the stories they cover.

use std::collections::HashMap;

use rusqlite::Row;

use super::change::Shown;
use super::shortened::shortened;
use super::status::{NativeStatus, Statuses};
use super::story::Story;
use super::window::id_list;
use crate::error::ApiError;
use crate::store::read::Reader;

/// How much of an error's details a list shows.
const DETAILS_CHARACTERS_MAX: usize = 4_000;

/// A run with the stories it covers.
#[derive(Debug)]
pub(crate) struct RunLine {
    pub(crate) id: i64,
    pub(crate) test: Option<i64>,
    pub(crate) name: String,
    /// Module, package and class, if any.
    pub(crate) place: Vec<String>,
    pub(crate) status: Option<NativeStatus>,
    pub(crate) duration_ms: Option<i64>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Id and name.
    pub(crate) suite_run: Option<(i64, String)>,
    pub(crate) error_type: Option<String>,
    /// The beginning of the message.
    pub(crate) error_message: Option<String>,
    /// The beginning of the details.
    pub(crate) error_details: Option<String>,
    pub(crate) report_url: Option<String>,
    /// Such as `Browser: Firefox`.
    pub(crate) environment: Vec<String>,
    /// The problems of its test by now, such as `Continuously failing`.
    pub(crate) problems: Vec<String>,
    /// Whether an earlier result failed, and the current one did not.
    pub(crate) is_flaky: bool,
    /// How many earlier results it replaced.
    pub(crate) earlier: i64,
    /// The backlog items that the run itself is linked to, or otherwise its test.
    pub(crate) stories: Vec<Story>,
}

impl Reader<'_> {
    /// The runs with these IDs, in this order.
    pub(super) fn run_lines(
        self,
        ids: &[i64],
        statuses: &Statuses,
    ) -> Result<Vec<RunLine>, ApiError> {
        let sql = format!(
            "SELECT r.id, r.test, r.name, r.component, r.package, r.class_name, r.native_status,
             r.duration, r.started, s.id, s.name, {}, {},
             substr(r.error_details, 1, {DETAILS_CHARACTERS_MAX}), r.external_report_url,
             (SELECT COUNT(*) FROM previous_runs p WHERE p.run_id = r.id), r.failed_before
             FROM runs r LEFT JOIN runs s ON s.id = r.parent_suite
             WHERE r.id IN (SELECT value FROM json_each(?))",
            shortened("r.error_type"),
            shortened("r.error_message"),
        );
        let mut statement = self.page_statement(&sql)?;
        let rows = statement.query_map([id_list(ids)], |row| run_line(row, statuses))?;
        let mut environments = self.environments(ids)?;
        let mut problems = self.problems(ids)?;
        let mut lines: Vec<RunLine> = rows.collect::<Result<_, _>>()?;
        let owners: Vec<(i64, Option<i64>)> =
            lines.iter().map(|line| (line.id, line.test)).collect();
        let mut stories = self.stories_of_runs(&owners)?;
        for line in &mut lines {
            line.environment = environments.remove(&line.id).unwrap_or_default();
            line.problems = problems.remove(&line.id).unwrap_or_default();
            line.stories = stories.remove(&line.id).unwrap_or_default();
        }
        let mut found: HashMap<i64, RunLine> =
            lines.into_iter().map(|line| (line.id, line)).collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    fn environments(self, runs: &[i64]) -> Result<HashMap<i64, Vec<String>>, ApiError> {
        let mut statement = self.page_statement(
            "WITH wanted (id) AS (SELECT value FROM json_each(?))
             SELECT l.run, COALESCE(c.name || ': ', '') || n.name FROM wanted w
             CROSS JOIN run_taxonomies l ON l.run = w.id JOIN taxonomy_nodes n ON n.id = l.taxonomy
             LEFT JOIN taxonomy_nodes c ON c.id = n.category ORDER BY 1, 2",
        )?;
        let mut rows = statement.query([id_list(runs)])?;
        let mut names: HashMap<i64, Vec<String>> = HashMap::new();
        while let Some(row) = rows.next()? {
            names.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        Ok(names)
    }
}

fn run_line(row: &Row<'_>, statuses: &Statuses) -> rusqlite::Result<RunLine> {
    let place: [Option<String>; 3] = [row.get(3)?, row.get(4)?, row.get(5)?];
    let suite_run: (Option<i64>, Option<String>) = (row.get(9)?, row.get(10)?);
    let status = statuses.of(row.get(6)?);
    Ok(RunLine {
        id: row.get(0)?,
        test: row.get(1)?,
        name: row.get(2)?,
        place: place.into_iter().flatten().collect(),
        status,
        is_flaky: Shown::of(status, row.get(16)?) == Shown::Flaky,
        duration_ms: row.get(7)?,
        started: row.get(8)?,
        suite_run: suite_run.0.zip(suite_run.1),
        error_type: row.get(11)?,
        error_message: row.get(12)?,
        error_details: row.get(13)?,
        report_url: row.get(14)?,
        environment: Vec::new(),
        problems: Vec::new(),
        earlier: row.get(15)?,
        stories: Vec::new(),
    })
}
