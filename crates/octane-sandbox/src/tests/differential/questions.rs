//! Queries generated from bytes: any bytes result in a query about the world.

use octane_model::{Comparison, Literal, Operand, Operator, Pattern, Query};

use super::world::{KEYS, NAMES, TIMES};

/// What a field can be compared with.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    Number,
    Time,
    Flag,
    Named,
    /// To this type.
    Reference(&'static str),
}

/// The maximum nesting of these queries.
const DEPTH_MAX: usize = 6;

fn fields(entity_type: &str) -> &'static [(&'static str, Shape)] {
    use Shape::{Flag, Named, Number, Reference, Text, Time};
    match entity_type {
        "item" => &[
            ("name", Text),
            ("parent", Reference("item")),
            ("test", Reference("test")),
            ("children", Reference("item")),
            ("release", Reference("release")),
            ("priority", Reference("value")),
            ("id", Number),
            ("jira_key_udf", Text),
            ("version_stamp", Number),
            ("subtype", Text),
            ("covering_tests", Number),
            ("has_children", Flag),
        ],
        "test" => &[
            ("name", Text),
            ("covered_content", Reference("item")),
            ("component", Text),
            ("id", Number),
        ],
        "release" => &[
            ("name", Text),
            ("start_date", Time),
            ("end_date", Time),
            ("is_default", Flag),
            ("id", Number),
        ],
        "value" => &[("id", Named), ("name", Text), ("logical_name", Text)],
        other => panic!("{other} is not a known entity type"),
    }
}

/// A query about backlog items.
pub(super) fn question(bytes: &[u8]) -> Query {
    Choices(bytes.iter()).query("item", DEPTH_MAX)
}

/// Decisions, one byte each; when the bytes are used up, the first option is taken.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % count
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn query(&mut self, entity_type: &'static str, depth: usize) -> Query {
        let deeper = depth.saturating_sub(1);
        match self.below(if depth == 0 { 1 } else { 8 }) {
            1 => self.query(entity_type, deeper) & self.query(entity_type, deeper),
            2 => self.query(entity_type, deeper) | self.query(entity_type, deeper),
            3 => !self.query(entity_type, deeper),
            4.. => self.reference(entity_type, deeper),
            _ => self.comparison(entity_type, depth),
        }
    }

    /// A reference if the type has any.
    fn reference(&mut self, entity_type: &'static str, depth: usize) -> Query {
        let references: Vec<_> = fields(entity_type)
            .iter()
            .filter(|(_, shape)| matches!(shape, Shape::Reference(_)))
            .collect();
        if references.is_empty() {
            return self.comparison(entity_type, depth);
        }
        let (field, shape) = references[self.below(references.len())];
        self.compare(field, *shape, depth)
    }

    fn comparison(&mut self, entity_type: &'static str, depth: usize) -> Query {
        let (field, shape) = self.pick(fields(entity_type));
        self.compare(field, shape, depth)
    }

    fn compare(&mut self, field: &'static str, shape: Shape, depth: usize) -> Query {
        use Operator::{AtLeast, AtMost, Between, Equal, Greater, In, Less};
        let (operator, operand) = match (shape, self.below(6)) {
            (Shape::Reference(_), 1) => (Equal, Operand::NoEntity),
            (Shape::Reference(_), 2) => (Equal, Operand::Literal(Literal::Null)),
            (Shape::Reference(target), _) => {
                let query = self.query(target, depth.saturating_sub(1));
                (Equal, Operand::Entity(Box::new(query)))
            }
            (_, 1) => {
                let values = (0..=self.below(4)).map(|_| self.value(shape)).collect();
                (In, Operand::List(values))
            }
            (_, 2) => {
                let (low, high) = (self.plain(shape), self.plain(shape));
                (Between, Operand::Range(low, high))
            }
            (_, 3) => {
                let operator = self.pick(&[Less, Greater, AtMost, AtLeast]);
                (operator, Operand::Literal(self.plain(shape)))
            }
            _ => (Equal, Operand::Literal(self.value(shape))),
        };
        Query::Comparison(Comparison {
            field: field.to_owned(),
            operator,
            operand,
        })
    }

    /// The operands of `EQ` and `IN`.
    fn value(&mut self, shape: Shape) -> Literal {
        const PATTERNS: [&str; 9] = ["*", "**", "a*", "*B", "*_*", "b%*", "*k*1", "é*", "*e*"];
        match (shape, self.below(6)) {
            (_, 1) => Literal::Null,
            (Shape::Text, 2 | 3) => Literal::Pattern(Pattern::new(self.pick(&PATTERNS))),
            (Shape::Named, 2) => {
                Literal::Pattern(Pattern::new(self.pick(&["*high", "LIST*", "*"])))
            }
            (Shape::Named, 3 | 4) => {
                let names = [
                    "list_node.priority.high",
                    "LIST_NODE.priority.Low",
                    "list_node.priority",
                    "nothing",
                ];
                Literal::from(self.pick(&names))
            }
            _ => self.plain(shape),
        }
    }

    /// The operands of all operators.
    fn plain(&mut self, shape: Shape) -> Literal {
        match shape {
            Shape::Text => match self.below(3) {
                0 => Literal::from(self.pick(&NAMES)),
                1 => Literal::from(self.pick(&KEYS)),
                _ => Literal::from(self.pick(&["", "story", "STORY", "m", "High"])),
            },
            Shape::Number | Shape::Named => {
                let number = match self.below(3) {
                    0 => 3001 + self.below(12),
                    1 => self.pick(&[0, 1, 2, 1001, 1020, 4001, 4002]),
                    _ => 2001 + self.below(4),
                };
                match self.below(4) {
                    0 => Literal::Decimal(format!("{number}.5")),
                    1 => Literal::from(number.to_string()),
                    _ => Literal::Integer(i64::try_from(number).unwrap()),
                }
            }
            Shape::Time => match self.below(3) {
                0 => Literal::from(self.pick(&TIMES)),
                1 => Literal::from(self.pick(&["2025-01-01", "2025-03-01", "2026-01-01"])),
                _ => Literal::from(
                    self.pick(&["2025-02-01T13:30:00+01:00", "2025-01-01T00:00:00.001Z"]),
                ),
            },
            Shape::Flag => match self.below(2) {
                0 => Literal::Boolean(self.below(2) == 0),
                _ => Literal::from(self.pick(&["true", "false"])),
            },
            Shape::Reference(_) => panic!("references are compared with braces"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// How deep cross filters nest, and which fields and operators occur.
    fn survey(query: &Query, seen: &mut BTreeSet<String>) -> usize {
        match query {
            Query::All(parts) | Query::Any(parts) => {
                parts.iter().map(|part| survey(part, seen)).max().unwrap()
            }
            Query::Not(inner) => {
                seen.insert("!".to_owned());
                survey(inner, seen)
            }
            Query::Comparison(phrase) => {
                seen.insert(format!("{} {}", phrase.field, phrase.operator.as_str()));
                match &phrase.operand {
                    Operand::Entity(inner) => 1 + survey(inner, seen),
                    _ => 0,
                }
            }
        }
    }

    #[test]
    fn the_queries_cover_every_field_and_operator_and_nest_deeply() {
        let mut state = 1_u64;
        let mut byte = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        };
        let mut seen = BTreeSet::new();
        let depths: Vec<usize> = (0..4000)
            .map(|_| {
                let bytes: Vec<u8> = (0..120).map(|_| byte()).collect();
                survey(&question(&bytes), &mut seen)
            })
            .collect();
        let deep = depths.iter().filter(|depth| **depth >= 3).count();
        assert!(deep > 400, "only {deep} of {} are deep", depths.len());
        for field in [
            "name",
            "id",
            "jira_key_udf",
            "start_date",
            "is_default",
            "logical_name",
        ] {
            for operator in ["EQ", "IN", "BTW", "LT", "GT", "LE", "GE"] {
                assert!(
                    seen.contains(&format!("{field} {operator}")),
                    "{field} {operator}"
                );
            }
        }
        for reference in [
            "parent",
            "children",
            "test",
            "covered_content",
            "release",
            "priority",
        ] {
            assert!(seen.contains(&format!("{reference} EQ")), "{reference}");
        }
    }
}
