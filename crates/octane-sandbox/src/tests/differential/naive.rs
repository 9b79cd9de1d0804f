//! A naive implementation of queries.

use std::cmp::Ordering;

use jiff::Timestamp;
use octane_model::{Comparison, Literal, Operand, Operator, Query};

use super::world::{Cell, Row, World};

impl World {
    /// Whether the query holds for an entity: comparing with null is false, and `!` inverts that.
    pub(super) fn holds(&self, row: &Row, query: &Query) -> bool {
        match query {
            Query::All(parts) => parts.iter().all(|part| self.holds(row, part)),
            Query::Any(parts) => parts.iter().any(|part| self.holds(row, part)),
            Query::Not(inner) => !self.holds(row, inner),
            Query::Comparison(phrase) => self.compares(row, phrase),
        }
    }

    fn compares(&self, row: &Row, phrase: &Comparison) -> bool {
        let cell = &row[phrase.field.as_str()];
        if let Cell::References(entity_type, ids) = cell {
            return match &phrase.operand {
                Operand::NoEntity | Operand::Literal(Literal::Null) => ids.is_empty(),
                Operand::Entity(query) => ids.iter().any(|id| {
                    let target = self.find(entity_type, *id);
                    target.is_some_and(|target| self.holds(target, query))
                }),
                other => panic!("{other:?}"),
            };
        }
        let ordered =
            |literal: &Literal, fits: fn(Ordering) -> bool| order(cell, literal).is_some_and(fits);
        match (phrase.operator, &phrase.operand) {
            (Operator::Equal, Operand::Literal(literal)) => equal(cell, literal),
            (Operator::In, Operand::List(literals)) => {
                literals.iter().any(|literal| equal(cell, literal))
            }
            (Operator::Between, Operand::Range(low, high)) => {
                ordered(low, Ordering::is_ge) && ordered(high, Ordering::is_le)
            }
            (Operator::Less, Operand::Literal(literal)) => ordered(literal, Ordering::is_lt),
            (Operator::Greater, Operand::Literal(literal)) => ordered(literal, Ordering::is_gt),
            (Operator::AtMost, Operand::Literal(literal)) => ordered(literal, Ordering::is_le),
            (Operator::AtLeast, Operand::Literal(literal)) => ordered(literal, Ordering::is_ge),
            other => panic!("{other:?}"),
        }
    }
}

fn equal(cell: &Cell, literal: &Literal) -> bool {
    match (cell, literal) {
        (Cell::Named(..), Literal::Null) => false,
        (cell, Literal::Null) => *cell == Cell::Null,
        (Cell::Text(text) | Cell::Named(Some(text), _), Literal::Pattern(pattern)) => {
            let pieces: Vec<String> = pattern.pieces().iter().map(|piece| fold(piece)).collect();
            matches(&pieces, &fold(text))
        }
        // A list value is identified by its logical name or its number.
        (Cell::Named(name, id), Literal::Text(text)) => match text.parse::<f64>() {
            Ok(_) => order(&Cell::Number(*id), literal).is_some_and(Ordering::is_eq),
            Err(_) => name.as_ref().is_some_and(|name| fold(name) == fold(text)),
        },
        (cell, literal) => order(cell, literal).is_some_and(Ordering::is_eq),
    }
}

/// Compares the value of a field with a value of a query; `None` if they cannot be ordered.
fn order(cell: &Cell, literal: &Literal) -> Option<Ordering> {
    match (cell, literal) {
        (Cell::Text(text), Literal::Text(other)) => Some(fold(text).cmp(&fold(other))),
        (Cell::Number(number) | Cell::Named(_, number), Literal::Integer(other)) => {
            Some(number.cmp(other))
        }
        (
            Cell::Number(number) | Cell::Named(_, number),
            Literal::Decimal(other) | Literal::Text(other),
        ) => {
            // The numbers of this test are small, and all fractions are halves.
            let halves: f64 = 2.0 * other.parse::<f64>().unwrap();
            (2.0 * f64::from(i32::try_from(*number).unwrap())).partial_cmp(&halves)
        }
        (Cell::Time(time), Literal::Text(text)) => {
            let midnight = format!("{text}T00:00:00Z");
            let other: Timestamp = text.parse().or_else(|_| midnight.parse()).unwrap();
            Some(time.cmp(&other.as_millisecond()))
        }
        (Cell::Flag(flag), Literal::Boolean(other)) => Some(flag.cmp(other)),
        (Cell::Flag(flag), Literal::Text(text)) => Some(flag.cmp(&(text == "true"))),
        _ => None,
    }
}

/// Only ASCII letters are compared ignoring case.
fn fold(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn matches(pieces: &[String], text: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return false;
    };
    let Some(after) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    if rest.is_empty() {
        return after.is_empty();
    }
    let mut cuts = (0..=after.len()).filter(|cut| after.is_char_boundary(*cut));
    cuts.any(|cut| matches(rest, &after[cut..]))
}
