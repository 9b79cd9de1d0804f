//! How many runs there are of each type and status in each suite run, and how long they took.
//!
//! Triggers keep the numbers up to date with every write: counting a million runs takes too long for a page.

use rusqlite::Connection;

use super::schema_object::Object;
use crate::catalog::{LOW_BITS, LOW_MASK};

/// The types of runs, as the key of a total has them; a total of anything else has zero.
const TYPES: [&str; 4] = [
    "run_automated",
    "gherkin_automated_run",
    "run_manual",
    "run_suite",
];

/// The totals of a suite run have the keys from its ID times this on.
pub(super) const KEYS_PER_SUITE_RUN: i64 = 1 << 31;

/// Without constraints: what may fail after the first row makes SQLite keep a journal for each run that is inserted, which
/// takes four times as long.
const TABLE: &str = "(
        -- Made of the following four: a number is found much faster than four columns.
        key INTEGER PRIMARY KEY,
        -- Zero for runs outside of suite runs, such as suite runs themselves.
        suite_run INTEGER,
        subtype TEXT,
        -- Zero for none.
        native_status INTEGER,
        -- Whether a previous result of the runs failed.
        failed_before INTEGER,
        runs INTEGER,
        -- The sum of their durations in milliseconds, the lower bits and the others for themselves: together they may be more
        -- than a number can be.
        duration_high INTEGER,
        duration_low INTEGER
    )";

/// The columns, which a file of an older version may lack.
const COLUMNS: &str =
    "key,suite_run,subtype,native_status,failed_before,runs,duration_high,duration_low";

/// Notes in the runs of an older version which of them have a previous result that failed.
const FAILED_BEFORE: &str = "UPDATE runs SET failed_before = 1 WHERE id IN (
        SELECT p.run_id FROM previous_runs p JOIN list_nodes n ON n.id = p.run_native_status
        WHERE n.logical_name = 'list_node.run_native_status.failed' COLLATE NOCASE);";

/// Both parts of a duration.
fn duration(row: &str) -> [String; 2] {
    [
        format!("(COALESCE({row}.duration, 0) >> {LOW_BITS})"),
        format!("(COALESCE({row}.duration, 0) & {LOW_MASK})"),
    ]
}

/// The key of a row of `runs`.
fn key(row: &str) -> String {
    let types: String = TYPES
        .iter()
        .zip(1..)
        .map(|(name, number)| format!(" WHEN '{name}' THEN {number}"))
        .collect();
    format!(
        "COALESCE({row}.parent_suite, 0) * {KEYS_PER_SUITE_RUN} + COALESCE({row}.native_status, 0) * 16
         + {row}.failed_before * 8 + CASE {row}.subtype{types} ELSE 0 END"
    )
}

/// The values of a row of `runs` on its own.
fn values(row: &str) -> String {
    format!(
        "{}, COALESCE({row}.parent_suite, 0), COALESCE({row}.subtype, ''), COALESCE({row}.native_status, 0),
         {row}.failed_before",
        key(row)
    )
}

/// Creates what is missing, and counts the runs of a file of an older version.
pub(super) fn create_missing(connection: &Connection) -> rusqlite::Result<()> {
    // A trigger of older versions, which did what two do now; the others may do what they did there.
    let mut sql = "DROP TRIGGER IF EXISTS run_changed;".to_owned();
    for trigger in triggers() {
        sql.push_str(&format!("DROP TRIGGER IF EXISTS {};", trigger.name));
    }
    let columns = "SELECT group_concat(name) FROM pragma_table_info('run_totals')";
    let columns: Option<String> = connection.query_row(columns, [], |row| row.get(0))?;
    if columns.as_deref() != Some(COLUMNS) {
        let [high, low] = duration("r");
        sql.push_str("DROP TABLE IF EXISTS run_totals;");
        sql.push_str(FAILED_BEFORE);
        sql.push_str(&table().unless_exists());
        sql.push_str(&format!(
            "INSERT INTO run_totals SELECT {}, COUNT(*), SUM({high}), SUM({low}) FROM runs r GROUP BY 1;",
            values("r")
        ));
    }
    sql.extend(triggers().iter().map(Object::unless_exists));
    connection.execute_batch(&sql)
}

pub(super) fn table() -> Object {
    Object::table("run_totals", TABLE)
}

/// What keeps the numbers up to date.
pub(super) fn triggers() -> [Object; 4] {
    let ([new_high, new_low], [old_high, old_low]) = (duration("NEW"), duration("OLD"));
    let count = format!(
        "INSERT INTO run_totals VALUES ({}, 1, {new_high}, {new_low}) ON CONFLICT DO UPDATE SET runs = runs + 1,
         duration_high = duration_high + excluded.duration_high, duration_low = duration_low + excluded.duration_low;",
        values("NEW")
    );
    let old = key("OLD");
    let forget = format!(
        "UPDATE run_totals SET runs = runs - 1, duration_high = duration_high - {old_high},
         duration_low = duration_low - {old_low} WHERE key = {old};
         DELETE FROM run_totals WHERE key = {old} AND runs = 0;"
    );
    let [created, deleted] = [("INSERT", &count), ("DELETE", &forget)]
        .map(|(event, change)| format!("AFTER {event} ON runs BEGIN {change} END"));
    let moves = "OLD.parent_suite IS NOT NEW.parent_suite OR OLD.subtype IS NOT NEW.subtype
        OR OLD.native_status IS NOT NEW.native_status OR OLD.failed_before IS NOT NEW.failed_before";
    let changed_place = format!(
        "AFTER UPDATE OF parent_suite, subtype, native_status, failed_before ON runs
         WHEN {moves} BEGIN {forget} {count} END"
    );
    // What a new result of a run changes most often.
    let lasted = format!(
        "AFTER UPDATE OF duration ON runs WHEN OLD.duration IS NOT NEW.duration AND NOT ({moves})
         BEGIN UPDATE run_totals SET duration_high = duration_high + {new_high} - {old_high},
         duration_low = duration_low + {new_low} - {old_low} WHERE key = {old}; END"
    );
    [
        Object::trigger("run_created", "runs", &created),
        Object::trigger("run_deleted", "runs", &deleted),
        Object::trigger("run_moved", "runs", &changed_place),
        Object::trigger("run_lasted", "runs", &lasted),
    ]
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{TYPES, create_missing};
    use crate::catalog::Catalog;
    use crate::settings::Settings;

    /// A table of runs with what matters here.
    fn runs() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE runs (id INTEGER PRIMARY KEY, subtype TEXT, native_status INTEGER, duration INTEGER,
                 parent_suite INTEGER REFERENCES runs (id) ON DELETE CASCADE, name TEXT, failed_before INTEGER DEFAULT 0);
                 CREATE TABLE list_nodes (id INTEGER PRIMARY KEY, logical_name TEXT);
                 CREATE TABLE previous_runs (id INTEGER PRIMARY KEY, run_id INTEGER, run_native_status INTEGER);
                 INSERT INTO list_nodes VALUES (8, 'list_node.run_native_status.failed');
                 INSERT INTO previous_runs VALUES (1, 3, 7), (2, 2, 7), (3, 2, 8);
                 INSERT INTO runs (id, subtype, native_status, duration, parent_suite, name) VALUES
                 (1, 'run_suite', 7, NULL, NULL, 's'), (2, 'run_manual', 7, 40, 1, 'a'),
                 (3, 'run_automated', 7, 2, 1, 'b'), (4, 'run', 8, 5, 1, 'c'), (5, 'run', NULL, NULL, 1, 'd');",
            )
            .unwrap();
        connection
    }

    /// What is kept, which must be what counting finds.
    fn totals(connection: &Connection) -> Vec<(i64, i64, i64, i64)> {
        let list = |sql: &str| -> Vec<(i64, i64, i64, i64)> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.try_into());
            rows.unwrap().collect::<Result<_, _>>().unwrap()
        };
        let kept = list(
            "SELECT suite_run, native_status, runs, duration_high * (1 << 32) + duration_low FROM run_totals
             ORDER BY 1, 2, 3, 4",
        );
        let counted = list(
            "SELECT COALESCE(parent_suite, 0), COALESCE(native_status, 0), COUNT(*), SUM(COALESCE(duration, 0))
             FROM runs GROUP BY 1, 2, subtype, failed_before ORDER BY 1, 2, 3, 4",
        );
        assert_eq!(kept, counted);
        kept
    }

    #[test]
    fn every_type_of_run_has_a_key_of_its_own() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let types = catalog.types().iter();
        let mut names: Vec<&str> = types
            .filter(|entity_type| entity_type.table == "runs" && !entity_type.is_aggregate())
            .map(|entity_type| entity_type.name)
            .collect();
        let mut known = TYPES.to_vec();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, names);
    }

    #[test]
    fn runs_that_exist_already_are_counted_once() {
        let connection = runs();
        create_missing(&connection).unwrap();
        create_missing(&connection).unwrap();
        let expected = [
            (0, 7, 1, 0),
            (1, 0, 1, 0),
            (1, 7, 1, 2),
            (1, 7, 1, 40),
            (1, 8, 1, 5),
        ];
        assert_eq!(totals(&connection), expected);
    }

    #[test]
    fn the_totals_of_an_older_version_are_counted_again() {
        let connection = runs();
        connection
            .execute_batch(
                "CREATE TABLE run_totals (key INTEGER PRIMARY KEY, suite_run INTEGER, subtype TEXT, native_status INTEGER,
                 runs INTEGER, duration INTEGER);
                 INSERT INTO run_totals VALUES (1, 1, '', 7, 1, 1e19);
                 CREATE TRIGGER run_created AFTER INSERT ON runs BEGIN UPDATE run_totals SET duration = 1; END;",
            )
            .unwrap();
        create_missing(&connection).unwrap();
        assert_eq!(totals(&connection).len(), 5);
        let sql = "SELECT group_concat(id) FROM runs WHERE failed_before";
        let noted = connection.query_row(sql, [], |row| row.get::<_, String>(0));
        assert_eq!(noted.unwrap(), "2");
        let sql = "INSERT INTO runs VALUES (6, 'run', 8, 10, 1, 'e', 0)";
        connection.execute(sql, []).unwrap();
        assert_eq!(totals(&connection)[4], (1, 8, 2, 15));
    }

    #[test]
    fn every_change_is_counted() {
        let connection = runs();
        create_missing(&connection).unwrap();
        for (sql, runs) in [
            ("INSERT INTO runs VALUES (6, 'run', 8, 10, 1, 'e', 0)", 6),
            ("UPDATE runs SET failed_before = 1 WHERE id = 6", 6),
            (
                "UPDATE runs SET native_status = 7, duration = 1 WHERE id = 6",
                6,
            ),
            ("UPDATE runs SET duration = 3 WHERE id = 6", 6),
            ("UPDATE runs SET name = 'x'", 6),
            ("UPDATE runs SET duration = NULL WHERE id = 2", 6),
            ("UPDATE runs SET parent_suite = NULL WHERE id = 3", 6),
            ("DELETE FROM runs WHERE id = 4", 5),
            ("DELETE FROM runs WHERE id = 1", 1),
        ] {
            connection.execute(sql, []).unwrap();
            let total: i64 = totals(&connection).iter().map(|(.., runs, _)| runs).sum();
            assert_eq!(total, runs, "{sql}");
        }
    }
}
