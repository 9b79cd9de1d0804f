//! Queries as SQL.
//!
//! Names of tables and columns come from the catalog only; everything in a request becomes a bound value.
//! Comparing with null is false, and `!` inverts exactly that: null does not equal 5, so `!x EQ 5` holds for
//! it.
//!
//! Each cross filter becomes a common table expression of its own: `SQLite` limits the depth of nested
//! selects far below what the query language allows.

mod builder;
mod condition;
mod scalar;

use octane_model::{Comparison, Literal, Operand, Operator, Query};
use rusqlite::types::Value as Sql;

use crate::catalog::{Catalog, EntityType, Field, FieldType};
use crate::error::{ApiError, own_code};
use crate::store::value::invalid;

use builder::SqlBuilder;

pub(super) use condition::Condition;

/// `SQLite` accepts 32766 bound values.
const VALUES_MAX: usize = 30_000;

/// The entities of `entity_type` for which `query` holds.
pub(crate) fn condition(
    catalog: &Catalog,
    entity_type: &EntityType,
    query: Option<&Query>,
) -> Result<Condition, ApiError> {
    let mut builder = SqlBuilder::new(catalog);
    let subtype = builder.subtype_condition(entity_type, "t0.");
    builder.sql.push_str(&subtype);
    if let Some(query) = query {
        builder.sql.push_str(" AND ");
        builder.expression(entity_type, "t0", query)?;
    }
    if builder.values.len() > VALUES_MAX {
        return Err(ApiError::bad_request(
            own_code::QUERY,
            format!("the query has more than {VALUES_MAX} values"),
        ));
    }
    let with = if builder.filters.is_empty() {
        String::new()
    } else {
        format!("WITH {} ", builder.filters.join(", "))
    };
    Ok(Condition {
        with,
        sql: builder.sql,
        values: builder.values,
    })
}

impl<'a> SqlBuilder<'a> {
    fn expression(
        &mut self,
        entity_type: &'a EntityType,
        alias: &str,
        query: &Query,
    ) -> Result<(), ApiError> {
        match query {
            Query::All(parts) => self.chain(entity_type, alias, parts, " AND "),
            Query::Any(parts) => self.chain(entity_type, alias, parts, " OR "),
            Query::Not(inner) => {
                self.push("NOT COALESCE(");
                self.expression(entity_type, alias, inner)?;
                self.push(", 0)");
                Ok(())
            }
            Query::Comparison(comparison) => self.comparison(entity_type, alias, comparison),
        }
    }

    /// Splits in halves: `SQLite` limits the depth of an expression, and a chain of a thousand conditions
    /// would be a thousand deep.
    fn chain(
        &mut self,
        entity_type: &'a EntityType,
        alias: &str,
        parts: &[Query],
        sign: &str,
    ) -> Result<(), ApiError> {
        match parts {
            [] => self.push("1"),
            [only] => self.expression(entity_type, alias, only)?,
            parts => {
                let (left, right) = parts.split_at(parts.len() / 2);
                self.push("(");
                self.chain(entity_type, alias, left, sign)?;
                self.push(sign);
                self.chain(entity_type, alias, right, sign)?;
                self.push(")");
            }
        }
        Ok(())
    }

    fn comparison(
        &mut self,
        entity_type: &'a EntityType,
        alias: &str,
        phrase: &Comparison,
    ) -> Result<(), ApiError> {
        let field = entity_type
            .field(&phrase.field)
            .ok_or_else(|| ApiError::unknown_field(entity_type.name, &phrase.field))?;
        let column = field.expression(alias);
        match &field.field_type {
            FieldType::One(reference) => {
                let target = self.catalog.known_type(reference.target);
                match (phrase.operator, &phrase.operand) {
                    (Operator::Equal, Operand::NoEntity | Operand::Literal(Literal::Null)) => {
                        self.push(&format!("{column} IS NULL"));
                        Ok(())
                    }
                    (Operator::Equal, Operand::Entity(query)) => {
                        self.one_of(&column, target, query)
                    }
                    // A vendor client compares such a field with an ID, though metadata calls it a reference.
                    (Operator::Equal | Operator::In, operand) if field.name.ends_with("_id") => {
                        let query = Query::Comparison(Comparison {
                            field: "id".to_owned(),
                            operator: phrase.operator,
                            operand: operand.clone(),
                        });
                        self.one_of(&column, target, &query)
                    }
                    _ => Err(needs_braces(entity_type, field)),
                }
            }
            FieldType::Many(link) => {
                let target = self.catalog.known_type(link.target);
                let source = format!("SELECT {} FROM {} WHERE 1", link.owner_column, link.all());
                self.multi_reference(
                    entity_type,
                    alias,
                    field,
                    phrase,
                    target,
                    &source,
                    link.target_column,
                )
            }
            FieldType::Inverse {
                target,
                field: back,
            } => {
                let target = self.catalog.known_type(target);
                let subtype = self.subtype_condition(target, "");
                let source = format!(
                    "SELECT \"{back}\" FROM {} WHERE \"{back}\" IS NOT NULL{subtype}",
                    target.table
                );
                self.multi_reference(entity_type, alias, field, phrase, target, &source, "id")
            }
            FieldType::Id if self.catalog.table_of(entity_type).is_named => {
                self.named_id(entity_type, alias, field, phrase)
            }
            FieldType::Secret => Err(invalid(entity_type, field, "cannot be queried")),
            FieldType::Workspace => {
                let workspace = self.catalog.workspace.to_string();
                self.scalar(entity_type, field, &workspace, phrase)
            }
            _ => self.scalar(entity_type, field, &column, phrase),
        }
    }

    /// A multi-reference matches if any of its targets does. `source` selects the IDs, none of them null, of
    /// the entities that have targets; its column `target_column` contains the targets.
    #[expect(
        clippy::too_many_arguments,
        reason = "both kinds of multi-references in one place"
    )]
    fn multi_reference(
        &mut self,
        entity_type: &EntityType,
        alias: &str,
        field: &Field,
        phrase: &Comparison,
        target: &'a EntityType,
        source: &str,
        target_column: &str,
    ) -> Result<(), ApiError> {
        match (phrase.operator, &phrase.operand) {
            (Operator::Equal, Operand::NoEntity | Operand::Literal(Literal::Null)) => {
                self.push(&format!("{alias}.id NOT IN ({source})"));
            }
            (Operator::Equal, Operand::Entity(query)) => {
                self.push(&format!("{alias}.id IN ({source} AND "));
                self.one_of(target_column, target, query)?;
                self.push(")");
            }
            _ => return Err(needs_braces(entity_type, field)),
        }
        Ok(())
    }

    /// The column contains the ID of an entity of `target` for which `query` holds.
    fn one_of(
        &mut self,
        column: &str,
        target: &'a EntityType,
        query: &Query,
    ) -> Result<(), ApiError> {
        if let Some(ids) = self.plain_ids(target, query) {
            self.push(column);
            self.list(ids);
            return Ok(());
        }
        if let Some(name) = self.plain_name(target, query) {
            // Logical names are unique. Other than `IN`, this lets SQLite read the matches in the order of an index.
            self.push(&format!(
                "{column} = (SELECT x.id FROM {} x WHERE x.logical_name = ",
                target.table
            ));
            self.bind(name);
            self.push(" COLLATE NOCASE)");
            return Ok(());
        }
        let alias = self.alias();
        let outside = std::mem::take(&mut self.sql);
        self.expression(target, &alias, query)?;
        let condition = std::mem::replace(&mut self.sql, outside);
        let table = target.table;
        let filter =
            format!("f{alias} (id) AS (SELECT {alias}.id FROM {table} {alias} WHERE {condition})");
        self.filters.push(filter);
        self.push(&format!("{column} IN (SELECT id FROM f{alias})"));
        Ok(())
    }

    /// `{id EQ ^list_node.run_native_status.passed^}` names one entity.
    fn plain_name(&self, target: &EntityType, query: &Query) -> Option<Sql> {
        let Query::Comparison(phrase) = query else {
            return None;
        };
        let Operand::Literal(Literal::Text(text)) = &phrase.operand else {
            return None;
        };
        let is_name = phrase.field == "id"
            && phrase.operator == Operator::Equal
            && self.catalog.table_of(target).is_named
            && text.trim().parse::<i64>().is_err();
        is_name.then(|| Sql::Text(text.clone()))
    }

    /// `{id EQ 7003}` and `{id IN 1,2}` can be answered without the target's table.
    fn plain_ids(&self, target: &EntityType, query: &Query) -> Option<Vec<Sql>> {
        let Query::Comparison(phrase) = query else {
            return None;
        };
        if phrase.field != "id" || self.catalog.table_of(target).is_named {
            return None;
        }
        let literals = match (phrase.operator, &phrase.operand) {
            (Operator::Equal, Operand::Literal(literal)) => std::slice::from_ref(literal),
            (Operator::In, Operand::List(literals)) => literals,
            _ => return None,
        };
        let number = |literal: &Literal| match literal {
            Literal::Integer(number) => Some(Sql::Integer(*number)),
            // As the Java SDK writes IDs.
            Literal::Text(text) => text.trim().parse().ok().map(Sql::Integer),
            _ => None,
        };
        literals.iter().map(number).collect()
    }
}

fn needs_braces(entity_type: &EntityType, field: &Field) -> ApiError {
    let name = &field.name;
    let violation =
        format!("is a reference; write `{name} EQ {{id EQ 1001}}` or `{name} EQ {{null}}`");
    invalid(entity_type, field, &violation)
}
