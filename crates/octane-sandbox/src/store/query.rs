//! Queries as SQL.
//!
//! Names of tables and columns come from the catalog alone; everything that a request says becomes a
//! bound value. Comparing with nothing is false, and `!` turns exactly that round: what is null does not
//! equal 5, so `!x EQ 5` holds for it.
//!
//! Each cross filter becomes a common table expression of its own: `SQLite` bounds the depth of nested
//! selects far below what the query language may nest.

mod scalar;

use octane_model::{Comparison, Literal, Operand, Operator, Query};
use rusqlite::types::Value as Sql;

use crate::catalog::{Catalog, EntityType, Field, Kind};
use crate::error::{ApiError, own_code};

pub(super) use scalar::collation;

/// `SQLite` takes 32766 bound values.
const VALUES_MAX: usize = 30_000;

/// The condition of a `WHERE` about the table alias `t0`. Its values are numbered from `?1` on.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// What stands before the `SELECT`: `WITH …`, or nothing.
    pub(crate) with: String,
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}

/// The entities of `kind` for which `query` holds.
pub(crate) fn condition(
    catalog: &Catalog,
    kind: &EntityType,
    query: Option<&Query>,
) -> Result<Condition, ApiError> {
    let mut writer = Writer {
        catalog,
        sql: "1".to_owned(),
        filters: Vec::new(),
        values: Vec::new(),
        aliases: 1,
    };
    let own = writer.own_rows(kind, "t0.");
    writer.sql.push_str(&own);
    if let Some(query) = query {
        writer.sql.push_str(" AND ");
        writer.expression(kind, "t0", query)?;
    }
    if writer.values.len() > VALUES_MAX {
        return Err(ApiError::bad_request(
            own_code::QUERY,
            format!("the query has more than {VALUES_MAX} values"),
        ));
    }
    let with = if writer.filters.is_empty() {
        String::new()
    } else {
        format!("WITH {} ", writer.filters.join(", "))
    };
    Ok(Condition {
        with,
        sql: writer.sql,
        values: writer.values,
    })
}

struct Writer<'a> {
    catalog: &'a Catalog,
    sql: String,
    /// Common table expressions, inner ones first.
    filters: Vec<String>,
    values: Vec<Sql>,
    aliases: usize,
}

type Written = Result<(), ApiError>;

impl<'a> Writer<'a> {
    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn bind(&mut self, value: Sql) {
        self.values.push(value);
        let number = self.values.len();
        self.push(&format!("?{number}"));
    }

    fn alias(&mut self) -> String {
        let alias = format!("t{}", self.aliases);
        self.aliases += 1;
        alias
    }

    /// ` AND` what tells the rows of `kind` from others of its table; nothing where there are no others.
    fn own_rows(&self, kind: &EntityType, prefix: &str) -> String {
        if self.catalog.table_of(kind).has_subtype && !kind.is_aggregate() {
            // Without the hint SQLite takes equality for selective, and prefers the index of this column.
            format!(" AND likelihood({prefix}subtype = '{}', 0.5)", kind.name)
        } else {
            String::new()
        }
    }

    fn expression(&mut self, kind: &'a EntityType, alias: &str, query: &Query) -> Written {
        match query {
            Query::All(parts) => self.chain(kind, alias, parts, " AND "),
            Query::Any(parts) => self.chain(kind, alias, parts, " OR "),
            Query::Not(inner) => {
                self.push("NOT COALESCE(");
                self.expression(kind, alias, inner)?;
                self.push(", 0)");
                Ok(())
            }
            Query::Comparison(comparison) => self.comparison(kind, alias, comparison),
        }
    }

    /// Halves instead of a row: `SQLite` bounds the depth of an expression, and a row of a thousand
    /// conditions would be a thousand deep.
    fn chain(&mut self, kind: &'a EntityType, alias: &str, parts: &[Query], sign: &str) -> Written {
        match parts {
            [] => self.push("1"),
            [only] => self.expression(kind, alias, only)?,
            parts => {
                let (left, right) = parts.split_at(parts.len() / 2);
                self.push("(");
                self.chain(kind, alias, left, sign)?;
                self.push(sign);
                self.chain(kind, alias, right, sign)?;
                self.push(")");
            }
        }
        Ok(())
    }

    fn comparison(&mut self, kind: &'a EntityType, alias: &str, phrase: &Comparison) -> Written {
        let field = kind
            .field(&phrase.field)
            .ok_or_else(|| ApiError::unknown_field(kind.name, &phrase.field))?;
        let column = field.expression(alias);
        match &field.kind {
            Kind::One(pointer) => {
                let target = self.catalog.known_type(pointer.target);
                match (phrase.operator, &phrase.operand) {
                    (Operator::Equal, Operand::NoEntity | Operand::Literal(Literal::Null)) => {
                        self.push(&format!("{column} IS NULL"));
                        Ok(())
                    }
                    (Operator::Equal, Operand::Entity(query)) => {
                        self.one_of(&column, target, query)
                    }
                    _ => Err(needs_braces(kind, field)),
                }
            }
            Kind::Many(link) => {
                let target = self.catalog.known_type(link.target);
                let source = format!("SELECT {} FROM {} WHERE 1", link.own, link.table);
                self.pointing(kind, alias, field, phrase, target, &source, link.other)
            }
            Kind::Inverse {
                target,
                field: back,
            } => {
                let target = self.catalog.known_type(target);
                let own = self.own_rows(target, "");
                let source = format!(
                    "SELECT \"{back}\" FROM {} WHERE \"{back}\" IS NOT NULL{own}",
                    target.table
                );
                self.pointing(kind, alias, field, phrase, target, &source, "id")
            }
            Kind::Id if self.catalog.table_of(kind).is_named => {
                self.named_id(kind, alias, field, phrase)
            }
            Kind::Workspace => {
                let workspace = self.catalog.workspace.to_string();
                self.scalar(kind, field, &workspace, phrase)
            }
            _ => self.scalar(kind, field, &column, phrase),
        }
    }

    /// A multi-reference holds what is asked if any of its pointers does. `source` selects the ids, none of
    /// them null, of those that have a pointer; its column `far` says where it points.
    #[expect(
        clippy::too_many_arguments,
        reason = "both kinds of multi-references in one place"
    )]
    fn pointing(
        &mut self,
        kind: &EntityType,
        alias: &str,
        field: &Field,
        phrase: &Comparison,
        target: &'a EntityType,
        source: &str,
        far: &str,
    ) -> Written {
        match (phrase.operator, &phrase.operand) {
            (Operator::Equal, Operand::NoEntity | Operand::Literal(Literal::Null)) => {
                self.push(&format!("{alias}.id NOT IN ({source})"));
            }
            (Operator::Equal, Operand::Entity(query)) => {
                self.push(&format!("{alias}.id IN ({source} AND "));
                self.one_of(far, target, query)?;
                self.push(")");
            }
            _ => return Err(needs_braces(kind, field)),
        }
        Ok(())
    }

    /// The column with an id is the id of an entity of `target` for which `query` holds.
    fn one_of(&mut self, column: &str, target: &'a EntityType, query: &Query) -> Written {
        if let Some(ids) = self.plain_ids(target, query) {
            self.push(column);
            self.list(ids);
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

    /// `{id EQ 7003}` and `{id IN 1,2}` need no look at the other table, which has what is pointed at.
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
            // As the Java SDK writes ids.
            Literal::Text(text) => text.trim().parse().ok().map(Sql::Integer),
            _ => None,
        };
        literals.iter().map(number).collect()
    }

    /// ` = ?` or ` IN (?, …)`.
    fn list(&mut self, values: Vec<Sql>) {
        if values.len() == 1 {
            self.push(" = ");
            values.into_iter().for_each(|value| self.bind(value));
            return;
        }
        self.push(" IN (");
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.push(",");
            }
            self.bind(value);
        }
        self.push(")");
    }
}

fn wrong(kind: &EntityType, field: &Field, misfit: &str) -> ApiError {
    let description = format!("the field `{}` {misfit}", field.name);
    ApiError::illegal_value(kind.name, &field.name, description)
}

fn needs_braces(kind: &EntityType, field: &Field) -> ApiError {
    let name = &field.name;
    let misfit =
        format!("is a reference; write `{name} EQ {{id EQ 1001}}` or `{name} EQ {{null}}`");
    wrong(kind, field, &misfit)
}
