//! Conditions about columns with a single value.

use octane_model::{Comparison, Literal, Operand, Operator, Query};
use rusqlite::types::Value as Sql;

use super::builder::SqlBuilder;
use crate::catalog::{EntityType, Field, FieldType};
use crate::error::ApiError;
use crate::store::value::{self, collation, invalid, is_text};

/// `SQLite` accepts patterns of 50000 bytes. It matches them recursively, one level per wildcard, and 20000
/// levels overflow the stack of a thread.
const PATTERN_BYTES_MAX: usize = 50_000;
const WILDCARDS_MAX: usize = 1000;

impl<'a> SqlBuilder<'a> {
    /// The ID of a list value or phase: its logical name, or its number.
    pub(super) fn named_id(
        &mut self,
        entity_type: &'a EntityType,
        alias: &str,
        field: &Field,
        phrase: &Comparison,
    ) -> Result<(), ApiError> {
        let name = entity_type.field("logical_name").unwrap_or(field);
        let (names, numbers): (Vec<&Literal>, Vec<&Literal>) =
            match (phrase.operator, &phrase.operand) {
                (Operator::Equal, Operand::Literal(literal)) => vec![literal],
                (Operator::In, Operand::List(literals)) => literals.iter().collect(),
                _ => return self.scalar(entity_type, field, &format!("{alias}.id"), phrase),
            }
            .into_iter()
            .partition(|literal| {
                matches!(literal, Literal::Text(text) if text.trim().parse::<i64>().is_err())
                    || matches!(literal, Literal::Pattern(_))
            });
        // No constant in addition to these two: SQLite would not use an index then.
        self.push("(");
        if !names.is_empty() {
            let names: Vec<Literal> = names.into_iter().cloned().collect();
            self.in_list(entity_type, name, &format!("{alias}.logical_name"), &names)?;
            self.push(if numbers.is_empty() { "" } else { " OR " });
        }
        if !numbers.is_empty() {
            let numbers: Vec<Literal> = numbers.into_iter().cloned().collect();
            self.in_list(entity_type, field, &format!("{alias}.id"), &numbers)?;
        }
        self.push(")");
        Ok(())
    }

    /// A column with a single value.
    pub(super) fn scalar(
        &mut self,
        entity_type: &EntityType,
        field: &Field,
        column: &str,
        phrase: &Comparison,
    ) -> Result<(), ApiError> {
        let invalid = |violation: String| invalid(entity_type, field, &violation);
        let sign = match (phrase.operator, &phrase.operand) {
            (Operator::Equal, Operand::Literal(literal)) => {
                return self.equal(entity_type, field, column, literal);
            }
            (Operator::In, Operand::List(literals)) => {
                return self.in_list(entity_type, field, column, literals);
            }
            (Operator::Between, Operand::Range(low, high)) => {
                let low = value::from_literal(field, low).map_err(invalid)?;
                let high = value::from_literal(field, high).map_err(invalid)?;
                self.between(field, column, low, high);
                return Ok(());
            }
            (Operator::Less, Operand::Literal(literal)) => (" < ", literal),
            (Operator::Greater, Operand::Literal(literal)) => (" > ", literal),
            (Operator::AtMost, Operand::Literal(literal)) => (" <= ", literal),
            (Operator::AtLeast, Operand::Literal(literal)) => (" >= ", literal),
            _ => {
                return Err(invalid(
                    "is not a reference, so braces are not allowed".to_owned(),
                ));
            }
        };
        let value = value::from_literal(field, sign.1).map_err(invalid)?;
        self.push(column);
        self.push(collation(field));
        self.push(sign.0);
        self.bind(match phrase.operator {
            Operator::Less | Operator::AtLeast => value::first_shown_as(field, value),
            _ => value::last_shown_as(field, value),
        });
        Ok(())
    }

    fn between(&mut self, field: &Field, column: &str, low: Sql, high: Sql) {
        self.push(&format!("{column}{} BETWEEN ", collation(field)));
        self.bind(value::first_shown_as(field, low));
        self.push(" AND ");
        self.bind(value::last_shown_as(field, high));
    }

    fn equal(
        &mut self,
        entity_type: &EntityType,
        field: &Field,
        column: &str,
        literal: &Literal,
    ) -> Result<(), ApiError> {
        let is_time = matches!(field.field_type, FieldType::DateTime);
        if is_time && *literal != Literal::Null {
            let value = value::from_literal(field, literal)
                .map_err(|violation| invalid(entity_type, field, &violation))?;
            self.between(field, column, value.clone(), value);
            return Ok(());
        }
        self.push(column);
        match literal {
            Literal::Null => self.push(" IS NULL"),
            Literal::Pattern(pattern) if is_text(field) => {
                if pattern.pieces().len() > WILDCARDS_MAX + 1 {
                    let violation =
                        format!("supports patterns with at most {WILDCARDS_MAX} wildcards");
                    return Err(invalid(entity_type, field, &violation));
                }
                let pattern = value::like(pattern.pieces());
                if pattern.len() > PATTERN_BYTES_MAX {
                    let violation =
                        format!("supports patterns of at most {PATTERN_BYTES_MAX} bytes");
                    return Err(invalid(entity_type, field, &violation));
                }
                self.push(" LIKE ");
                self.bind(Sql::Text(pattern));
                self.push(" ESCAPE '\\'");
            }
            literal => {
                let value = value::from_literal(field, literal)
                    .map_err(|violation| invalid(entity_type, field, &violation))?;
                self.push(collation(field));
                self.push(" = ");
                self.bind(value);
            }
        }
        Ok(())
    }

    /// Plain values go into one `IN`, which can use an index; wildcards, times and null are compared separately.
    fn in_list(
        &mut self,
        entity_type: &EntityType,
        field: &Field,
        column: &str,
        literals: &[Literal],
    ) -> Result<(), ApiError> {
        let is_plain = |literal: &&Literal| {
            !matches!(field.field_type, FieldType::DateTime)
                && !matches!(literal, Literal::Null | Literal::Pattern(_))
        };
        let values: Vec<Sql> = literals
            .iter()
            .filter(is_plain)
            .map(|literal| value::from_literal(field, literal))
            .collect::<Result<_, _>>()
            .map_err(|violation| invalid(entity_type, field, &violation))?;
        let others: Vec<Query> = literals
            .iter()
            .filter(|literal| !is_plain(literal))
            .map(|literal| {
                Query::Comparison(Comparison {
                    field: field.name.to_string(),
                    operator: Operator::Equal,
                    operand: Operand::Literal(literal.clone()),
                })
            })
            .collect();
        self.push("(");
        if !values.is_empty() {
            self.push(column);
            self.push(collation(field));
            self.list(values);
            self.push(if others.is_empty() { "" } else { " OR " });
        }
        self.any_equal(entity_type, field, column, &others)?;
        self.push(")");
        Ok(())
    }

    fn any_equal(
        &mut self,
        entity_type: &EntityType,
        field: &Field,
        column: &str,
        phrases: &[Query],
    ) -> Result<(), ApiError> {
        match phrases {
            [] => Ok(()),
            [Query::Comparison(phrase)] => self.scalar(entity_type, field, column, phrase),
            phrases => {
                let (left, right) = phrases.split_at(phrases.len() / 2);
                self.push("(");
                self.any_equal(entity_type, field, column, left)?;
                self.push(" OR ");
                self.any_equal(entity_type, field, column, right)?;
                self.push(")");
                Ok(())
            }
        }
    }
}
