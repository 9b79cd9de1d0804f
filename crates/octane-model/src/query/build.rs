//! Building queries in code.

use std::ops::{BitAnd, BitOr, Not};

use super::tree::{Comparison, Literal, Operand, Operator, Pattern, Query};

/// A field to compare with a value; created by [`Query::field`].
#[derive(Debug, Clone)]
#[must_use]
pub struct QueryField(String);

impl Query {
    /// Starts a comparison of the field `name`.
    pub fn field(name: impl Into<String>) -> QueryField {
        QueryField(name.into())
    }

    /// The conjunction of `queries`; `None` if there are none.
    pub fn all(queries: impl IntoIterator<Item = Query>) -> Option<Query> {
        queries.into_iter().reduce(|left, right| left & right)
    }
}

impl QueryField {
    fn compare(self, operator: Operator, operand: Operand) -> Query {
        Query::Comparison(Comparison {
            field: self.0,
            operator,
            operand,
        })
    }

    /// The field has this value; text is taken literally, without wildcards.
    pub fn is(self, value: impl Into<Literal>) -> Query {
        self.compare(Operator::Equal, Operand::Literal(value.into()))
    }

    /// The field's text matches `pattern`, in which `*` stands for any characters.
    pub fn is_like(self, pattern: &str) -> Query {
        let value = if pattern.contains('*') {
            Literal::Pattern(Pattern::new(pattern))
        } else {
            pattern.into()
        };
        self.is(value)
    }

    /// The field has no value.
    pub fn is_null(self) -> Query {
        self.is(Literal::Null)
    }

    /// The field has one of these values. `None` for an empty list, which the language cannot express.
    pub fn is_in<L: Into<Literal>>(self, values: impl IntoIterator<Item = L>) -> Option<Query> {
        let values: Vec<Literal> = values.into_iter().map(Into::into).collect();
        (!values.is_empty()).then(|| self.compare(Operator::In, Operand::List(values)))
    }

    /// The field is between these bounds, both included.
    pub fn is_between(self, low: impl Into<Literal>, high: impl Into<Literal>) -> Query {
        self.compare(Operator::Between, Operand::Range(low.into(), high.into()))
    }

    /// The field is less than this value.
    pub fn is_less_than(self, value: impl Into<Literal>) -> Query {
        self.compare(Operator::Less, Operand::Literal(value.into()))
    }

    /// The field is greater than this value.
    pub fn is_greater_than(self, value: impl Into<Literal>) -> Query {
        self.compare(Operator::Greater, Operand::Literal(value.into()))
    }

    /// The field refers to an entity that matches `query` (a *cross filter*).
    pub fn refers_to(self, query: Query) -> Query {
        self.compare(Operator::Equal, Operand::Entity(Box::new(query)))
    }

    /// The field refers to the entity with this id.
    pub fn refers_to_id(self, id: impl Into<crate::id::EntityId>) -> Query {
        self.refers_to(Query::field("id").is(&id.into()))
    }

    /// The field refers to no entity.
    pub fn is_unset(self) -> Query {
        self.compare(Operator::Equal, Operand::NoEntity)
    }
}

/// Both conditions hold. Chains stay flat: `a & b & c` is one list of three.
impl BitAnd for Query {
    type Output = Query;

    fn bitand(self, other: Query) -> Query {
        Query::All(join(self, other, |query| match query {
            Query::All(parts) => Ok(parts),
            other => Err(other),
        }))
    }
}

/// At least one condition holds. Chains stay flat.
impl BitOr for Query {
    type Output = Query;

    fn bitor(self, other: Query) -> Query {
        Query::Any(join(self, other, |query| match query {
            Query::Any(parts) => Ok(parts),
            other => Err(other),
        }))
    }
}

impl Not for Query {
    type Output = Query;

    fn not(self) -> Query {
        Query::Not(Box::new(self))
    }
}

fn join(left: Query, right: Query, open: fn(Query) -> Result<Vec<Query>, Query>) -> Vec<Query> {
    let mut parts = open(left).unwrap_or_else(|query| vec![query]);
    parts.extend(open(right).unwrap_or_else(|query| vec![query]));
    parts
}
