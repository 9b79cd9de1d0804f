//! The traceability matrix: backlog items by suite runs.

use std::collections::{BTreeMap, HashMap};

use rusqlite::params;

use super::counts::{Counts, Tally};
use super::status::{NativeStatus, Statuses};
use super::story::Story;
use super::story::story;
use super::suites::SuiteRunLine;
use super::window::{Window, id_list, somewhere};
use crate::error::ApiError;
use crate::store::read::Reader;
use crate::store::run_totals::KEYS_PER_SUITE_RUN;

/// How well a backlog item is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Coverage {
    /// No run and no test is linked to it.
    Nothing,
    /// Something is linked to it, but nothing in the suite runs shown.
    Elsewhere,
    /// It is covered by a run in the suite runs shown.
    Shown,
}

/// Which rows and columns to read.
#[derive(Debug, Clone)]
pub(crate) struct MatrixFilter {
    /// The entity type of the rows, such as `story`.
    pub(crate) entity_type: String,
    /// A suite; without one, the newest suite runs of all suites.
    pub(crate) suite: Option<i64>,
    pub(crate) suite_runs_max: i64,
    /// Text in the name, or the whole Jira key.
    pub(crate) search: Option<String>,
    pub(crate) show: Option<Coverage>,
    /// Only items with a failed run in the suite runs shown.
    pub(crate) is_failing: bool,
}

/// What the runs of one suite run say about one backlog item.
pub(crate) type Cell = Counts;

/// The cells of a backlog item by the ID of the suite run.
type Cells = HashMap<i64, Cell>;

#[derive(Debug)]
pub(crate) struct MatrixRow {
    pub(crate) story: Story,
    pub(crate) coverage: Coverage,
    /// By the ID of the suite run.
    pub(crate) cells: Cells,
}

#[derive(Debug)]
pub(crate) struct Matrix {
    /// The oldest first; their runs are not counted.
    pub(crate) suite_runs: Vec<SuiteRunLine>,
    pub(crate) rows: Vec<MatrixRow>,
    /// How many items match, ignoring what is to be shown of them, by their coverage.
    pub(crate) nothing: i64,
    pub(crate) elsewhere: i64,
    pub(crate) shown: i64,
    /// How many of them have a failed run in the suite runs shown, if only these are wanted.
    pub(crate) failing: Option<i64>,
}

/// The rows with their coverage. Parameters: suite runs, the smallest ID of their runs, type, pattern, key,
/// failed status or null, passed status. A run that failed and neither failed nor passed after that is a failure, as on the page of
/// the story. The smallest ID separates the links of the runs shown from those of a long history.
fn rows(columns: &str, key: &str) -> String {
    let covered_by_run = |select: &str, condition: &str| {
        format!(
            "EXISTS (SELECT {select} FROM run_covered_content l JOIN runs r ON r.id = l.run
             WHERE l.work_item = w.id AND l.run >= ?2 AND +r.parent_suite IN (SELECT id FROM shown)
             {condition})
             OR EXISTS (SELECT {select} FROM test_covered_content l JOIN runs r ON r.test = l.test
             WHERE l.work_item = w.id AND r.parent_suite IN (SELECT id FROM shown) {condition})"
        )
    };
    format!(
        "WITH shown (id) AS (SELECT value FROM json_each(?1)), found AS (SELECT {columns},
         CASE WHEN {} THEN 2 WHEN EXISTS (SELECT 1 FROM run_covered_content l WHERE l.work_item = w.id)
         OR EXISTS (SELECT 1 FROM test_covered_content l WHERE l.work_item = w.id) THEN 1 ELSE 0 END
         AS coverage, CASE WHEN ?6 IS NULL THEN 0 ELSE {} END AS is_failing
         FROM work_items w WHERE w.subtype = ?3
         AND (?4 IS NULL OR w.name LIKE ?4 ESCAPE '\\' OR w.\"{key}\" = ?5 COLLATE NOCASE))",
        covered_by_run("1", ""),
        covered_by_run(
            "1",
            "AND (r.native_status = ?6 OR r.failed_before AND r.native_status IS NOT ?7)"
        )
    )
}

impl Reader<'_> {
    pub(crate) fn matrix(
        self,
        filter: &MatrixFilter,
        window: Window,
        statuses: &Statuses,
    ) -> Result<Matrix, ApiError> {
        let latest = Window {
            limit: filter.suite_runs_max,
            offset: 0,
        };
        let mut suite_runs = match filter.suite {
            Some(suite) => self.suite_runs_of(suite, latest, statuses)?,
            None => self.latest_suite_runs(latest.limit, statuses)?,
        };
        suite_runs.reverse();
        let ids: Vec<i64> = suite_runs.iter().map(|run| run.id).collect();
        let shown = id_list(&ids);
        let first = self.first_run(&shown)?;
        let failed = filter
            .is_failing
            .then(|| statuses.row_id(NativeStatus::Failed))
            .flatten();
        let passed = statuses.row_id(NativeStatus::Passed);
        let pattern = filter.search.as_deref().map(somewhere);
        let rows = rows(&self.story_columns(), &self.catalog.jira_field);
        let values = params![
            shown,
            first,
            filter.entity_type,
            pattern,
            filter.search,
            failed,
            passed
        ];

        let mut statement = self.page_statement(&format!(
            "{rows} SELECT coverage, COUNT(*), SUM(is_failing) FROM found GROUP BY coverage"
        ))?;
        let counts =
            statement.query_map(values, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let counts: BTreeMap<i64, (i64, i64)> = counts.collect::<Result<_, _>>()?;
        let count = |coverage: i64| counts.get(&coverage).map_or(0, |(all, _)| *all);
        let failing: i64 = counts.values().map(|(_, failing)| failing).sum();

        let show = filter.show.map(|coverage| coverage as i64);
        let Window { limit, offset } = window;
        let mut statement = self.page_statement(&format!(
            "{rows} SELECT * FROM found WHERE (?8 IS NULL OR coverage = ?8) AND (?6 IS NULL OR is_failing)
             ORDER BY coverage, id LIMIT ?9 + 0 OFFSET ?10 + 0"
        ))?;
        let values = params![
            shown,
            first,
            filter.entity_type,
            pattern,
            filter.search,
            failed,
            passed,
            show,
            limit,
            offset
        ];
        let found = statement.query_map(values, |row| Ok((story(row)?, row.get(4)?)))?;
        let found: Vec<(Story, i64)> = found.collect::<Result<_, _>>()?;
        let stories: Vec<i64> = found.iter().map(|(story, _)| story.id).collect();
        let mut cells = self.cells(&stories, &shown, first, statuses)?;
        let rows = found.into_iter().map(|(story, coverage)| MatrixRow {
            cells: cells.remove(&story.id).unwrap_or_default(),
            coverage: match coverage {
                0 => Coverage::Nothing,
                1 => Coverage::Elsewhere,
                _ => Coverage::Shown,
            },
            story,
        });
        Ok(Matrix {
            rows: rows.collect(),
            suite_runs,
            nothing: count(Coverage::Nothing as i64),
            elsewhere: count(Coverage::Elsewhere as i64),
            shown: count(Coverage::Shown as i64),
            failing: failed.map(|_| failing),
        })
    }

    /// The smallest ID of the runs of these suite runs.
    fn first_run(self, shown: &str) -> Result<i64, ApiError> {
        let mut statement = self.page_statement(&format!(
            "WITH shown (id) AS (SELECT value FROM json_each(?1))
             SELECT COALESCE(MIN((SELECT r.id FROM runs r INDEXED BY runs_by_status WHERE r.parent_suite = s.id
                 AND r.native_status IS NULLIF(t.native_status, 0) ORDER BY r.id LIMIT 1)), 0)
             FROM shown s CROSS JOIN run_totals t ON t.key >= s.id * {KEYS_PER_SUITE_RUN}
             AND t.key < (s.id + 1) * {KEYS_PER_SUITE_RUN}"
        ))?;
        Ok(statement.query_row([shown], |row| row.get(0))?)
    }

    /// By backlog item and suite run. A run that is linked twice, directly and through its test, counts once.
    fn cells(
        self,
        stories: &[i64],
        shown: &str,
        first: i64,
        statuses: &Statuses,
    ) -> Result<HashMap<i64, Cells>, ApiError> {
        let mut statement = self.page_statement(
            "WITH wanted (id) AS (SELECT value FROM json_each(?1)),
             shown (id) AS (SELECT value FROM json_each(?2)),
             linked (work_item, run, suite_run, status, failed_before) AS (
                 SELECT l.work_item, r.id, r.parent_suite, r.native_status, r.failed_before FROM wanted w
                 CROSS JOIN run_covered_content l ON l.work_item = w.id AND l.run >= ?3
                 CROSS JOIN runs r ON r.id = l.run WHERE +r.parent_suite IN (SELECT id FROM shown)
                 UNION SELECT l.work_item, r.id, r.parent_suite, r.native_status, r.failed_before FROM wanted w
                 CROSS JOIN test_covered_content l ON l.work_item = w.id
                 CROSS JOIN runs r ON r.test = l.test AND r.parent_suite IN (SELECT id FROM shown))
             SELECT work_item, suite_run, status, failed_before, COUNT(*) FROM linked GROUP BY 1, 2, 3, 4",
        )?;
        let rows = statement.query_map(params![id_list(stories), shown, first], |row| {
            let tally = (row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((row.get(0)?, row.get(1)?, tally))
        })?;
        let mut tallies: BTreeMap<(i64, i64), Vec<Tally>> = BTreeMap::new();
        for row in rows {
            let (story, suite_run, tally) = row?;
            tallies.entry((story, suite_run)).or_default().push(tally);
        }
        let mut cells: HashMap<i64, Cells> = HashMap::new();
        for ((story, suite_run), tallies) in tallies {
            let of_story = cells.entry(story).or_default();
            of_story.insert(suite_run, Counts::new(statuses, tallies));
        }
        Ok(cells)
    }
}
