//! What the server finds out about runs from earlier results.

use super::field::{Field, IS_OWNER, boolean, derived, integer, one, text};

/// The list of what runs report.
pub(super) const NATIVE_STATUS: &str = "list_node.run_native_status";
/// The list of what follows from it.
pub(super) const STATUS: &str = "list_node.run_status";

/// When a row started, or arrived where the start is not known; this is how the index `last_runs` has it.
macro_rules! time_of {
    ($row:literal) => {
        concat!(
            "COALESCE(",
            $row,
            ".started, ",
            $row,
            ".arrived, ",
            $row,
            ".creation_time, 0)"
        )
    };
}

/// Whether there is no other run of the test of a row that has its name, release, milestone, program and environment, and for which
/// the rest of the condition holds; this is what the index `last_runs` begins with.
macro_rules! no_other_run {
    ($row:literal, $($later:expr),+) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM runs n WHERE n.test = ",
            $row,
            ".test AND n.run_key IS ",
            $row,
            ".run_key AND n.release IS ",
            $row,
            ".release AND n.milestone IS ",
            $row,
            ".milestone AND n.program IS ",
            $row,
            ".program AND ",
            $($later),+,
            ")"
        )
    };
}

/// Whether a row is the last run of its test: none of the same name, release, milestone, program and environment
/// started later, or arrived later where the start is not known (ALM Octane help, "Last runs"). Of those at the same time, the one
/// with the highest ID is the last.
///
/// SQLite looks up both in the index: later times, and higher IDs at the same time. It would not use the index for pairs of time and ID.
macro_rules! is_last_run {
    ($row:literal) => {
        concat!(
            "(",
            $row,
            ".subtype <> 'run_suite' AND ",
            no_other_run!($row, time_of!("n"), " > ", time_of!($row)),
            " AND ",
            no_other_run!(
                $row,
                time_of!("n"),
                " = ",
                time_of!($row),
                " AND n.id > ",
                $row,
                ".id"
            ),
            ")"
        )
    };
}

/// Whether the row `@` is the last run of its test.
pub(super) const IS_LAST_RUN: &str = is_last_run!("@");

/// The backlog items that the last runs of tests are about: those that the test covers, and those that the run itself does.
pub(super) const WORK_ITEMS_OF_LAST_RUN: &str = concat!(
    "(SELECT r.id AS owner, c.work_item AS target FROM test_covered_content c JOIN runs r ON r.test = c.test WHERE ",
    is_last_run!("r"),
    " UNION ALL SELECT r.id, c.work_item FROM run_covered_content c JOIN runs r ON r.id = c.run WHERE ",
    is_last_run!("r"),
    " AND NOT EXISTS (SELECT 1 FROM test_covered_content t WHERE t.test = r.test AND t.work_item = c.work_item))"
);

/// The results that preceded the current one and had its status, one after the other.
const SAME_BEFORE: &str = "FROM previous_runs p WHERE p.run_id = @.id AND p.id > COALESCE((
    SELECT MAX(q.id) FROM previous_runs q WHERE q.run_id = @.id AND q.run_status IS NOT @.status), 0)";

/// Whether the row `@` failed.
const HAS_FAILED: &str = "@.status IN (SELECT id FROM list_nodes WHERE logical_name = 'list_node.run_status.failed' COLLATE NOCASE)";

/// For how many results the status is what it is.
pub(super) fn status_age() -> String {
    format!("1 + (SELECT COUNT(*) {SAME_BEFORE})")
}

/// The fields of what machines ran.
pub(super) fn of_results() -> [Field; 6] {
    [
        text("cluster").blank(),
        integer("failed_build_age").computed(format!(
            "CASE WHEN {HAS_FAILED} THEN 1 + (SELECT COUNT(*) {SAME_BEFORE}) END"
        )),
        integer("failed_since_build").computed(format!(
            "CASE WHEN {HAS_FAILED} THEN COALESCE((SELECT p.build {SAME_BEFORE} ORDER BY p.id LIMIT 1), @.build) END"
        )),
        text("failed_since_build_info").computed(format!(
            "CASE WHEN {HAS_FAILED} THEN COALESCE((SELECT p.build_name {SAME_BEFORE} ORDER BY p.id LIMIT 1),
             (SELECT b.name FROM ci_builds b WHERE b.id = @.build)) END"
        )),
        boolean("full_error_details").computed("@.error_details IS NOT NULL"),
        one("merged_on_it", "workspace_user").in_column("on_it"),
    ]
}

/// The fields of automated tests alone.
pub(super) fn of_automated_tests() -> [Field; 2] {
    [
        text("custom_report_link").blank(),
        derived("problem", PROBLEMS, "list_node", &[]).of_list("list_node.run_problem"),
    ]
}

/// The problems of runs, which follow from the latest results of their tests (ALM Octane help, "Problematic tests"). Runs that are planned
/// or in progress have no result yet.
///
/// | problem | |
/// | --- | --- |
/// | continuously failing | the latest 8 failed |
/// | continuously skipped | the latest 8 were skipped |
/// | oscillating | there are 8, and at least 4 changes between passed and failed in the latest 8 |
/// | regression | the latest failed, the 2 before passed |
/// | unstable | at least 5 failures between two that passed, in the latest 50 |
///
/// `octane-client` has the same rules for histories that it reads; both are tested with one table.
///
/// The results of a test are read once, however many of its runs are wanted; `statuses` has a letter for each, the latest first:
/// `P`assed, `F`ailed, `S`kipped or `-`.
const PROBLEMS: &str = "(
    WITH histories (test, statuses) AS MATERIALIZED (
        SELECT test, (SELECT group_concat(counted.letter, '') FROM (
            SELECT CASE n.logical_name WHEN 'list_node.run_native_status.passed' THEN 'P'
                WHEN 'list_node.run_native_status.failed' THEN 'F'
                WHEN 'list_node.run_native_status.skipped' THEN 'S' ELSE '-' END AS letter
            FROM (
                SELECT a.native_status AS status, COALESCE(a.started, a.arrived, a.creation_time) AS time, 1 AS is_current, a.id AS id
                FROM runs a WHERE a.test = counted_test.test
                UNION ALL
                SELECT p.run_native_status, COALESCE(p.run_started, p.arrived), 0, p.id
                FROM runs b JOIN previous_runs p ON p.run_id = b.id WHERE b.test = counted_test.test
            ) counted JOIN list_nodes n ON n.id = counted.status
            WHERE n.logical_name NOT IN ('list_node.run_native_status.planned', 'list_node.run_native_status.not_completed')
            ORDER BY counted.time DESC, counted.is_current DESC, counted.id DESC LIMIT 50
        ) counted)
        FROM (SELECT DISTINCT r.test AS test FROM runs r WHERE r.id @is_owner) counted_test
    )
    -- The plus keeps SQLite from looking up each of the runs for each of the tests.
    SELECT r.id AS owner, n.id AS target FROM histories counted_history
    CROSS JOIN list_nodes n ON n.list_root =
        (SELECT l.id FROM list_nodes l WHERE l.logical_name = 'list_node.run_problem' COLLATE NOCASE)
    AND CASE n.logical_name
        WHEN 'list_node.run_problem.continuously_failing' THEN statuses LIKE 'FFFFFFFF%'
        WHEN 'list_node.run_problem.continuously_skipped' THEN statuses LIKE 'SSSSSSSS%'
        WHEN 'list_node.run_problem.oscillating' THEN length(statuses) >= 8 AND
            (16 - length(replace(substr(statuses, 1, 8), 'PF', '')) - length(replace(substr(statuses, 1, 8), 'FP', ''))) / 2 >= 4
        WHEN 'list_node.run_problem.regression' THEN statuses LIKE 'FPP%'
        WHEN 'list_node.run_problem.unstable' THEN
            length(replace(statuses, 'P', 'PP')) - length(replace(replace(statuses, 'P', 'PP'), 'PFP', '')) >= 15
    END
    CROSS JOIN runs r ON r.test = counted_history.test AND +r.id @is_owner)";

/// The problems of the runs whose IDs fulfil a condition, for example `= 7001`.
pub(crate) fn problems_of(is_wanted: &str) -> String {
    PROBLEMS.replace(IS_OWNER, is_wanted)
}

/// The problems of earlier results, which are not looked into.
pub(super) fn no_problems() -> Field {
    let none = "(SELECT p.id AS owner, p.run_status AS target FROM previous_runs p WHERE 0)";
    derived("problem", none, "list_node", &[]).of_list("list_node.run_problem")
}
