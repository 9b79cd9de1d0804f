//! Queries evaluated by SQL and by the simplest code that could do it give the same entities.

use std::collections::BTreeMap;

use octane_model::{Comparison, Literal, Operand, Operator, Query, Select};
use proptest::prelude::*;
use serde_json::json;

use crate::store::ListRequest;
use crate::{Sandbox, Settings};

/// A backlog item as the naive side sees it.
#[derive(Debug, Clone)]
struct Item {
    id: i64,
    name: String,
    key: Option<String>,
    stamp: i64,
    parent: Option<i64>,
    release: Option<i64>,
    tests: Vec<i64>,
}

#[derive(Debug, Clone)]
struct Plan {
    name: String,
    key: Option<String>,
    /// Below which of the items before it, counted from the last.
    parent: usize,
    release: Option<usize>,
    tests: Vec<usize>,
}

/// All that is in the small world of a case: items, releases and tests by name.
#[derive(Debug, Default)]
struct World {
    items: Vec<Item>,
    releases: BTreeMap<i64, String>,
    tests: BTreeMap<i64, String>,
}

const NAMES: [&str; 6] = ["a", "A", "ab", "b%", "b_c", ""];

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let name = prop::sample::select(vec!["a", "A", "ab", "b%", "b_c", "Zz"]);
    let key = prop::option::of(prop::sample::select(vec!["K-1", "k-1", "K-2"]));
    let plan = (
        name,
        key,
        0..4_usize,
        prop::option::of(0..2_usize),
        prop::collection::vec(0..3_usize, 0..3),
    );
    let plan = plan.prop_map(|(name, key, parent, release, tests)| Plan {
        name: name.to_owned(),
        key: key.map(str::to_owned),
        parent,
        release,
        tests,
    });
    prop::collection::vec(plan, 1..8)
}

fn text() -> impl Strategy<Value = Literal> {
    prop_oneof![
        prop::sample::select(NAMES.to_vec()).prop_map(Literal::from),
        prop::sample::select(vec!["K-1", "k-2"]).prop_map(Literal::from),
        prop::sample::select(vec!["*", "a*", "*B", "*_*", "b%*", "*k*1"])
            .prop_map(|pattern| Literal::Pattern(octane_model::Pattern::new(pattern))),
        Just(Literal::Null),
    ]
}

fn plain_text() -> impl Strategy<Value = Literal> {
    text().prop_filter("plain", |literal| matches!(literal, Literal::Text(_)))
}

fn number() -> impl Strategy<Value = Literal> {
    prop_oneof![
        (3001..3012_i64).prop_map(Literal::Integer),
        (0..3_i64).prop_map(Literal::Integer),
        Just(Literal::Decimal("3003.5".to_owned())),
    ]
}

fn comparison(field: &str, operator: Operator, operand: Operand) -> Query {
    Query::Comparison(Comparison {
        field: field.to_owned(),
        operator,
        operand,
    })
}

fn scalars(
    fields: &'static [&'static str],
    any: impl Strategy<Value = Literal> + Clone,
    plain: impl Strategy<Value = Literal> + Clone,
) -> impl Strategy<Value = Query> {
    use Operator::{AtLeast, AtMost, Between, Equal, Greater, In, Less};
    let field = prop::sample::select(fields);
    let order = prop::sample::select(vec![Less, Greater, AtMost, AtLeast]);
    prop_oneof![
        (field.clone(), any.clone()).prop_map(|(f, v)| comparison(f, Equal, Operand::Literal(v))),
        (field.clone(), order, plain.clone()).prop_map(|(f, o, v)| comparison(
            f,
            o,
            Operand::Literal(v)
        )),
        (field.clone(), prop::collection::vec(any, 1..4)).prop_map(|(f, v)| comparison(
            f,
            In,
            Operand::List(v)
        )),
        (field, plain.clone(), plain).prop_map(|(f, a, b)| comparison(
            f,
            Between,
            Operand::Range(a, b)
        )),
    ]
}

fn texts() -> BoxedStrategy<Query> {
    scalars(&["name"], text().boxed(), plain_text().boxed()).boxed()
}

fn queries() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![
        scalars(
            &["name", "jira_key_udf"],
            text().boxed(),
            plain_text().boxed()
        ),
        scalars(&["id", "version_stamp"], number().boxed(), number().boxed()),
        prop::sample::select(vec!["parent", "release", "test", "children"])
            .prop_map(|field| comparison(field, Operator::Equal, Operand::NoEntity)),
        (prop::sample::select(vec!["release", "test"]), texts()).prop_map(|(field, query)| {
            comparison(field, Operator::Equal, Operand::Entity(Box::new(query)))
        }),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| left & right),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| left | right),
            inner.clone().prop_map(|query| !query),
            (prop::sample::select(vec!["parent", "children"]), inner)
                .prop_map(|(field, query)| Query::field(field).refers_to(query)),
        ]
    })
}

/// A value that a column may hold.
#[derive(Debug, Clone)]
enum Cell {
    Text(Option<String>),
    Number(i64),
}

fn matches_pattern(pieces: &[String], text: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return false;
    };
    let Some(after) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    if rest.is_empty() {
        return after.is_empty();
    }
    let cuts = (0..=after.len()).filter(|cut| after.is_char_boundary(*cut));
    cuts.into_iter()
        .any(|cut| matches_pattern(rest, &after[cut..]))
}

fn holds(cell: &Cell, operator: Operator, operand: &Operand) -> bool {
    let compare = |literal: &Literal| match (cell, literal) {
        (Cell::Text(Some(text)), Literal::Text(other)) => {
            Some(text.to_ascii_lowercase().cmp(&other.to_ascii_lowercase()))
        }
        (Cell::Number(number), Literal::Integer(other)) => Some(number.cmp(other)),
        (Cell::Number(number), Literal::Decimal(other)) => {
            // All decimals of this test end in a half.
            let half: i64 = other.strip_suffix(".5").unwrap().parse().unwrap();
            Some((number * 2).cmp(&(half * 2 + 1)))
        }
        _ => None,
    };
    let equal = |literal: &Literal| match (cell, literal) {
        (Cell::Text(text), Literal::Null) => text.is_none(),
        (Cell::Text(Some(text)), Literal::Pattern(pattern)) => {
            let pieces: Vec<String> = pattern
                .pieces()
                .iter()
                .map(|piece| piece.to_ascii_lowercase())
                .collect();
            matches_pattern(&pieces, &text.to_ascii_lowercase())
        }
        (_, literal) => compare(literal).is_some_and(std::cmp::Ordering::is_eq),
    };
    match (operator, operand) {
        (Operator::Equal, Operand::Literal(literal)) => equal(literal),
        (Operator::In, Operand::List(literals)) => literals.iter().any(equal),
        (Operator::Between, Operand::Range(low, high)) => {
            compare(low).is_some_and(std::cmp::Ordering::is_ge)
                && compare(high).is_some_and(std::cmp::Ordering::is_le)
        }
        (Operator::Less, Operand::Literal(literal)) => {
            compare(literal).is_some_and(std::cmp::Ordering::is_lt)
        }
        (Operator::Greater, Operand::Literal(literal)) => {
            compare(literal).is_some_and(std::cmp::Ordering::is_gt)
        }
        (Operator::AtMost, Operand::Literal(literal)) => {
            compare(literal).is_some_and(std::cmp::Ordering::is_le)
        }
        (Operator::AtLeast, Operand::Literal(literal)) => {
            compare(literal).is_some_and(std::cmp::Ordering::is_ge)
        }
        other => panic!("{other:?}"),
    }
}

/// A thing with a name and nothing else: a release or a test.
fn named_holds(name: &str, query: &Query) -> bool {
    match query {
        Query::Comparison(Comparison {
            operator, operand, ..
        }) => holds(&Cell::Text(Some(name.to_owned())), *operator, operand),
        other => panic!("{other:?}"),
    }
}

impl World {
    fn holds(&self, item: &Item, query: &Query) -> bool {
        match query {
            Query::All(parts) => parts.iter().all(|part| self.holds(item, part)),
            Query::Any(parts) => parts.iter().any(|part| self.holds(item, part)),
            Query::Not(inner) => !self.holds(item, inner),
            Query::Comparison(Comparison {
                field,
                operator,
                operand,
            }) => {
                let cell = match field.as_str() {
                    "id" => Cell::Number(item.id),
                    "version_stamp" => Cell::Number(item.stamp),
                    "name" => Cell::Text(Some(item.name.clone())),
                    "jira_key_udf" => Cell::Text(item.key.clone()),
                    _ => return self.points(item, field, operand),
                };
                holds(&cell, *operator, operand)
            }
        }
    }

    fn points(&self, item: &Item, field: &str, operand: &Operand) -> bool {
        let targets: Vec<i64> = match field {
            "parent" => item.parent.into_iter().collect(),
            "release" => item.release.into_iter().collect(),
            "test" => item.tests.clone(),
            "children" => {
                let children = self
                    .items
                    .iter()
                    .filter(|other| other.parent == Some(item.id));
                children.map(|child| child.id).collect()
            }
            other => panic!("{other}"),
        };
        let Operand::Entity(query) = operand else {
            return targets.is_empty();
        };
        targets.iter().any(|target| match field {
            "release" => named_holds(&self.releases[target], query),
            "test" => named_holds(&self.tests[target], query),
            _ => {
                let found = self.items.iter().find(|other| other.id == *target);
                found.is_some_and(|other| self.holds(other, query))
            }
        })
    }
}

fn world(sandbox: &Sandbox, plans: &[Plan]) -> World {
    let filled = sandbox.shared.store.write_now(|writer| {
        let create = |kind: &str, fields: serde_json::Value| {
            writer.create(writer.catalog.known_type(kind), fields.as_object().unwrap())
        };
        let mut world = World::default();
        for name in ["a", "B"] {
            let dates = "2025-01-01T00:00:00Z";
            let id = create("release", json!({ "name": name, "start_date": dates, "end_date": dates }))?;
            world.releases.insert(id, name.to_owned());
        }
        for name in ["A", "ab", "c"] {
            let id = create("test_automated", json!({ "name": name }))?;
            world.tests.insert(id, name.to_owned());
        }
        let releases: Vec<i64> = world.releases.keys().copied().collect();
        let tests: Vec<i64> = world.tests.keys().copied().collect();
        // A chain of features would not be allowed below stories, so parents are set past the rules.
        let mut ids = vec![3001];
        for Plan { name, key, parent, release, tests: chosen } in plans {
            let parent = ids[ids.len().saturating_sub(1 + parent)];
            let mut chosen: Vec<i64> = chosen.iter().map(|n| tests[*n]).collect();
            chosen.sort_unstable();
            chosen.dedup();
            let data: Vec<_> = chosen.iter().map(|id| json!({ "type": "test", "id": id })).collect();
            let release = release.map(|n| releases[n]);
            let id = create(
                "story",
                json!({
                    "name": name, "jira_key_udf": key, "parent": { "type": "work_item", "id": 3001 },
                    "release": release.map(|id| json!({ "type": "release", "id": id })),
                    "test": { "data": data },
                }),
            )?;
            let sql = "UPDATE work_items SET parent = ? WHERE id = ?";
            writer.connection.execute(sql, [parent, id])?;
            ids.push(id);
            world.items.push(Item {
                id,
                name: name.clone(),
                key: key.clone(),
                stamp: 1,
                parent: Some(parent),
                release,
                tests: chosen,
            });
        }
        world.items.push(Item {
            id: 3001,
            name: "Backlog".to_owned(),
            key: None,
            stamp: 1,
            parent: None,
            release: None,
            tests: Vec::new(),
        });
        Ok(world)
    });
    filled.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sql_and_naive_evaluation_agree(plans in plans(), queries in prop::collection::vec(queries(), 1..40)) {
        let sandbox = Sandbox::open(Settings::default().seed_data(false)).unwrap();
        let world = world(&sandbox, &plans);
        for query in queries {
            // By way of text, as a request would bring it.
            let request = ListRequest {
                select: Select::names(["name"]),
                query: Some(query.to_string().parse().unwrap()),
                limit: 1000,
                ..ListRequest::default()
            };
            let page = sandbox.shared.store.read_now(|reader| {
                reader.list(reader.catalog.known_type("work_item"), &request)
            });
            let page = page.map_err(|error| TestCaseError::fail(format!("{query}: {error:?}")))?;
            let found: Vec<String> = page.data.iter().map(|entity| entity.id.as_ref().unwrap().to_string()).collect();
            let mut expected: Vec<i64> =
                world.items.iter().filter(|item| world.holds(item, &query)).map(|item| item.id).collect();
            expected.sort_unstable();
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            prop_assert_eq!(page.total_count, Some(expected.len() as u64));
            prop_assert_eq!(found, expected, "{}", query);
        }
    }
}
