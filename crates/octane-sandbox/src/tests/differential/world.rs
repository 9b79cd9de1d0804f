//! A small world of backlog items, releases, tests and list values, in a sandbox and in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::Sandbox;

/// An entity of the naive side: its fields by name.
pub(super) type Row = BTreeMap<&'static str, Cell>;

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Text(String),
    Number(i64),
    /// Milliseconds since 1970-01-01 UTC.
    Time(i64),
    Flag(bool),
    /// The ID of a list value: its logical name, if it has one, and its number.
    Named(Option<String>, i64),
    /// The IDs of entities of another type.
    References(&'static str, Vec<i64>),
}

/// The entities by type.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) rows: BTreeMap<&'static str, Vec<Row>>,
}

/// A backlog item to create.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    name: &'static str,
    key: Option<&'static str>,
    /// The previous item, counted from the last one, that is its parent.
    parent: usize,
    release: Option<usize>,
    tests: Vec<usize>,
    priority: Option<usize>,
}

pub(super) const NAMES: [&str; 9] = ["a", "A", "ab", "b%", "b_c", "é", "É", "a*(b)", r#"\"'^"#];
pub(super) const KEYS: [&str; 3] = ["K-1", "k-1", "K-2"];
pub(super) const TIMES: [&str; 3] = [
    "2025-01-01T00:00:00Z",
    "2025-02-01T12:30:00Z",
    "2025-03-01T00:00:00Z",
];

pub(super) fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let plan = (
        prop::sample::select(NAMES.to_vec()),
        prop::option::of(prop::sample::select(KEYS.to_vec())),
        0..4_usize,
        prop::option::of(0..3_usize),
        prop::collection::vec(0..4_usize, 0..3),
        prop::option::of(0..3_usize),
    );
    let plan = plan.prop_map(|(name, key, parent, release, tests, priority)| Plan {
        name,
        key,
        parent,
        release,
        tests,
        priority,
    });
    prop::collection::vec(plan, 1..10)
}

impl World {
    pub(super) fn of(&self, entity_type: &str) -> &[Row] {
        self.rows.get(entity_type).map_or(&[], Vec::as_slice)
    }

    pub(super) fn find(&self, entity_type: &str, id: i64) -> Option<&Row> {
        self.of(entity_type).iter().find(|row| id_of(row) == id)
    }

    /// Creates the planned items, and records everything.
    pub(super) fn new(sandbox: &Sandbox, plans: &[Plan]) -> Self {
        let filled = sandbox.state.store.write_now(|writer| {
            let create = |entity_type: &str, fields: Value| {
                let fields = fields.as_object().unwrap();
                writer.create(writer.catalog.known_type(entity_type), fields)
            };
            for (position, name) in ["a", "B"].iter().enumerate() {
                let (start, end) = (TIMES[position], TIMES[position + 1]);
                let release = json!({ "name": name, "start_date": start, "end_date": end });
                create("release", release)?;
            }
            let mut tests = Vec::new();
            for (name, component) in [("A", Some("m")), ("ab", None), ("c", Some("")), ("a*(b)", None)] {
                let test = json!({ "name": name, "component": component });
                tests.push(create("test_automated", test)?);
            }
            let releases = ids(writer.connection, "SELECT id FROM releases ORDER BY id");
            let priorities = ids(
                writer.connection,
                "SELECT id FROM list_nodes WHERE logical_name LIKE 'list_node.priority.%' ORDER BY id",
            );
            let root = ids(writer.connection, "SELECT id FROM work_items WHERE parent IS NULL")[0];
            let mut items = vec![root];
            for plan in plans {
                let parent = items[items.len().saturating_sub(1 + plan.parent)];
                let test: Vec<_> = plan.tests.iter().map(|n| json!({ "type": "test", "id": tests[*n] })).collect();
                let release = plan.release.map(|n| json!({ "type": "release", "id": releases[n % releases.len()] }));
                let priority = plan.priority.map(|n| json!({ "type": "list_node", "id": priorities[n % priorities.len()] }));
                let story = json!({
                    "name": plan.name, "jira_key_udf": plan.key, "test": { "data": test },
                    "release": release, "priority": priority, "parent": { "type": "work_item", "id": root },
                });
                let id = create("story", story)?;
                // A chain of stories violates the rules, so stories are skipped as parents.
                let sql = "UPDATE work_items SET parent = ? WHERE id = ?";
                writer.connection.execute(sql, [parent, id])?;
                items.push(id);
            }
            Ok(Self::read(writer.connection))
        });
        filled.unwrap()
    }

    /// Reads with the simplest possible SQL, and joins in memory.
    fn read(connection: &Connection) -> Self {
        let mut world = Self::default();
        let links = pairs(
            connection,
            "SELECT work_item, test FROM test_covered_content",
        );
        let sql = "SELECT id, name, jira_key_udf, version_stamp, subtype, parent, release, priority FROM work_items";
        let mut items = rows(connection, sql, |row| {
            Ok(Row::from([
                ("id", Cell::Number(row.get(0)?)),
                ("name", text(row.get(1)?)),
                ("jira_key_udf", text(row.get(2)?)),
                ("version_stamp", Cell::Number(row.get(3)?)),
                ("subtype", text(row.get(4)?)),
                ("parent", reference("item", row.get(5)?)),
                ("release", reference("release", row.get(6)?)),
                ("priority", reference("value", row.get(7)?)),
            ]))
        });
        let parents: Vec<(i64, i64)> = items
            .iter()
            .filter_map(|row| match &row["parent"] {
                Cell::References(_, parent) => Some((*parent.first()?, id_of(row))),
                _ => None,
            })
            .collect();
        for row in &mut items {
            let id = id_of(row);
            let (children, tests) = (far(&parents, id), far(&links, id));
            row.insert("has_children", Cell::Flag(!children.is_empty()));
            row.insert(
                "covering_tests",
                Cell::Number(i64::try_from(tests.len()).unwrap()),
            );
            row.insert("children", Cell::References("item", children));
            row.insert("test", Cell::References("test", tests));
        }
        world.rows.insert("item", items);

        let sql = "SELECT id, name, start_date, end_date, COALESCE(is_default, 0) FROM releases";
        let releases = rows(connection, sql, |row| {
            Ok(Row::from([
                ("id", Cell::Number(row.get(0)?)),
                ("name", text(row.get(1)?)),
                ("start_date", Cell::Time(row.get(2)?)),
                ("end_date", Cell::Time(row.get(3)?)),
                (
                    "is_default",
                    row.get::<_, Option<bool>>(4)?
                        .map_or(Cell::Null, Cell::Flag),
                ),
            ]))
        });
        world.rows.insert("release", releases);

        let back: Vec<(i64, i64)> = links.iter().map(|(item, test)| (*test, *item)).collect();
        let tests = rows(connection, "SELECT id, name, component FROM tests", |row| {
            let id = row.get(0)?;
            Ok(Row::from([
                ("id", Cell::Number(id)),
                ("name", text(row.get(1)?)),
                ("component", text(row.get(2)?)),
                ("covered_content", Cell::References("item", far(&back, id))),
            ]))
        });
        world.rows.insert("test", tests);

        let sql = "SELECT id, name, logical_name FROM list_nodes";
        let values = rows(connection, sql, |row| {
            let logical_name: Option<String> = row.get(2)?;
            Ok(Row::from([
                ("id", Cell::Named(logical_name.clone(), row.get(0)?)),
                ("name", text(row.get(1)?)),
                ("logical_name", text(logical_name)),
            ]))
        });
        world.rows.insert("value", values);
        world
    }
}

pub(super) fn id_of(row: &Row) -> i64 {
    match row["id"] {
        Cell::Number(id) | Cell::Named(_, id) => id,
        ref other => panic!("{other:?} is not an ID"),
    }
}

fn text(text: Option<String>) -> Cell {
    text.map_or(Cell::Null, Cell::Text)
}

fn reference(entity_type: &'static str, id: Option<i64>) -> Cell {
    Cell::References(entity_type, id.into_iter().collect())
}

fn far(pairs: &[(i64, i64)], near: i64) -> Vec<i64> {
    pairs
        .iter()
        .filter(|(own, _)| *own == near)
        .map(|(_, other)| *other)
        .collect()
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut statement = connection.prepare(sql).unwrap();
    statement
        .query_map([], read)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn ids(connection: &Connection, sql: &str) -> Vec<i64> {
    rows(connection, sql, |row| row.get(0))
}

fn pairs(connection: &Connection, sql: &str) -> Vec<(i64, i64)> {
    rows(connection, sql, |row| Ok((row.get(0)?, row.get(1)?)))
}
