//! Ranges of IDs in queries that contain all IDs there are.

use octane_model::{Comparison, Literal, Operand, Operator, Query};

use crate::catalog::{EntityType, FieldType};

/// Whether a query, or a part that has to hold, compares the ID.
pub(super) fn is_in(entity_type: &EntityType, query: &Query) -> bool {
    match query {
        Query::All(parts) => parts.iter().any(|part| is_in(entity_type, part)),
        Query::Comparison(comparison) => is_id(entity_type, comparison),
        Query::Any(_) | Query::Not(_) => false,
    }
}

fn is_id(entity_type: &EntityType, comparison: &Comparison) -> bool {
    let field = entity_type.field(&comparison.field);
    field.is_some_and(|field| matches!(field.field_type, FieldType::Id))
}

/// The query without the parts that hold for all IDs, of which these are the least and the greatest: what holds for both ends
/// of a range holds for all of it. `None` if another part is about the ID.
#[expect(
    clippy::option_option,
    reason = "no query and an unknown answer differ"
)]
pub(super) fn without(
    entity_type: &EntityType,
    query: &Query,
    ends: [Option<i64>; 2],
) -> Option<Option<Query>> {
    match query {
        Query::All(parts) => {
            let parts = parts.iter();
            let remaining = parts.map(|part| without(entity_type, part, ends));
            let remaining: Vec<Option<Query>> = remaining.collect::<Option<_>>()?;
            let mut remaining: Vec<Query> = remaining.into_iter().flatten().collect();
            Some(match remaining.len() {
                0 | 1 => remaining.pop(),
                _ => Some(Query::All(remaining)),
            })
        }
        Query::Comparison(comparison) if is_id(entity_type, comparison) => {
            let mut ends = ends.iter().flatten();
            ends.all(|id| holds(comparison, *id)).then_some(None)
        }
        other => Some(Some(other.clone())),
    }
}

/// Whether a range of IDs contains this one; no for everything that is not a range of whole numbers.
fn holds(comparison: &Comparison, id: i64) -> bool {
    match (comparison.operator, &comparison.operand) {
        (Operator::Between, Operand::Range(Literal::Integer(low), Literal::Integer(high))) => {
            (*low..=*high).contains(&id)
        }
        (operator, Operand::Literal(Literal::Integer(number))) => match operator {
            Operator::Less => id < *number,
            Operator::Greater => id > *number,
            Operator::AtMost => id <= *number,
            Operator::AtLeast => id >= *number,
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use octane_model::Query;

    use super::{is_in, without};
    use crate::catalog::Catalog;
    use crate::settings::Settings;

    #[test]
    fn only_ranges_that_contain_all_ids_are_left_out() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let entity_type = catalog.known_type("run");
        let ends = [Some(10), Some(20)];
        for (query, remaining) in [
            ("id GT 9", Some("")),
            ("id GT 10", None),
            ("id GE 10", Some("")),
            ("id LT 21", Some("")),
            ("id LT 20", None),
            ("id LE 20", Some("")),
            ("id BTW 10...20", Some("")),
            ("id BTW 11...20", None),
            ("id EQ 10", None),
            ("id IN 10,20", None),
            ("id GE 10;id LE 20", Some("")),
            ("id GE 10;name EQ ^a^", Some("name EQ ^a^")),
            ("id GE 10;name EQ ^a^;id GT 15", None),
        ] {
            let query: Query = query.parse().unwrap();
            assert!(is_in(entity_type, &query), "{query}");
            let found = without(entity_type, &query, ends);
            let found =
                found.map(|found| found.map_or_else(String::new, |found| found.to_string()));
            let expected = remaining.map(|text| match text {
                "" => String::new(),
                text => text.parse::<Query>().unwrap().to_string(),
            });
            assert_eq!(found, expected, "{query}");
        }
        for query in ["name EQ ^a^", "!id GT 9", "id GT 9||id LT 9"] {
            let query: Query = query.parse().unwrap();
            assert!(!is_in(entity_type, &query), "{query}");
        }
        let query: Query = "id GT 9".parse().unwrap();
        assert_eq!(without(entity_type, &query, [None; 2]), Some(None));
    }
}
