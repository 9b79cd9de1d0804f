//! Conversion of values between JSON, the query language and SQLite.

use jiff::civil::Date;
use jiff::{Timestamp, Unit};
use octane_model::Literal;
use rusqlite::types::{Value as Sql, ValueRef};
use serde_json::Value as Json;

use crate::catalog::{EntityType, Field, FieldType};
use crate::error::ApiError;

/// Why a value is not valid for a field, as the end of a sentence about the field.
pub(crate) type Violation = String;

/// The error about a field whose value is not valid.
pub(super) fn invalid(entity_type: &EntityType, field: &Field, violation: &str) -> ApiError {
    let description = format!("the field `{}` {violation}", field.name);
    ApiError::illegal_value(entity_type.name, &field.name, description)
}

pub(super) fn is_text(field: &Field) -> bool {
    matches!(
        field.field_type,
        FieldType::Text { .. } | FieldType::Memo | FieldType::Subtype
    )
}

/// Text is compared ignoring the case of ASCII letters, as `LIKE` does.
pub(super) fn collation(field: &Field) -> &'static str {
    if is_text(field) {
        " COLLATE NOCASE"
    } else {
        ""
    }
}

pub(super) fn json_list(ids: &[i64]) -> Sql {
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Sql::Text(format!("[{}]", numbers.join(",")))
}

/// The condition that a column is one of these IDs, and its bound value, the first of the statement. Often there is one ID, which is
/// found without a list.
pub(super) fn any_of(ids: &[i64]) -> (&'static str, Sql) {
    match ids {
        [id] => ("= ?1", Sql::Integer(*id)),
        ids => ("IN (SELECT value FROM json_each(?1))", json_list(ids)),
    }
}

/// Converts a request's value for a column. References are not handled here.
pub(crate) fn from_json(field: &Field, value: &Json) -> Result<Sql, Violation> {
    if value.is_null() {
        return Ok(Sql::Null);
    }
    match (&field.field_type, value) {
        (FieldType::Text { max_length }, Json::String(text)) => {
            let length = text.chars().count();
            if length > *max_length {
                return Err(format!(
                    "is {length} characters long; the limit is {max_length}"
                ));
            }
            Ok(Sql::Text(text.clone()))
        }
        (FieldType::Memo, Json::String(text)) => Ok(Sql::Text(text.clone())),
        (FieldType::Object, value) => Ok(Sql::Text(match value {
            // Objects may be JSON or text with JSON.
            Json::String(text) if serde_json::from_str::<Json>(text).is_ok() => text.clone(),
            value => value.to_string(),
        })),
        (FieldType::Float, Json::Number(number)) => number
            .as_f64()
            .map(Sql::Real)
            .ok_or_else(|| format!("is `{number}`, which is not a number")),
        (FieldType::Integer, Json::Number(number)) => number
            .as_i64()
            .map(Sql::Integer)
            .ok_or_else(|| format!("is `{number}`, which is not a 64-bit integer")),
        (FieldType::Boolean, Json::Bool(flag)) => Ok(Sql::Integer(i64::from(*flag))),
        (FieldType::DateTime, Json::String(text)) => timestamp(text).map(Sql::Integer),
        (FieldType::Date, Json::String(text)) => day(text).map(Sql::Integer),
        (_, value) => Err(format!("must be a {}, not `{value}`", field.type_word())),
    }
}

/// Converts a column's value for a response. References are not handled here.
pub(crate) fn to_json(field_type: &FieldType, value: ValueRef<'_>) -> Json {
    match (field_type, value) {
        (_, ValueRef::Null) => Json::Null,
        (FieldType::Boolean, ValueRef::Integer(number)) => Json::Bool(number != 0),
        (FieldType::DateTime, ValueRef::Integer(millisecond)) => {
            written(millisecond, "%Y-%m-%dT%H:%M:%SZ")
        }
        (FieldType::Date, ValueRef::Integer(millisecond)) => written(millisecond, "%Y-%m-%d"),
        (FieldType::Float, ValueRef::Integer(number)) =>
        {
            #[expect(clippy::cast_precision_loss, reason = "a float is what was asked for")]
            Json::from(number as f64)
        }
        (FieldType::Object, ValueRef::Text(text)) => {
            serde_json::from_slice(text).unwrap_or(Json::Null)
        }
        (FieldType::Id, ValueRef::Integer(number)) => Json::String(number.to_string()),
        (_, ValueRef::Integer(number)) => Json::from(number),
        (FieldType::Integer, ValueRef::Real(number)) =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number was asked for"
            )]
            Json::from(number.round() as i64)
        }
        (_, ValueRef::Real(number)) => Json::from(number),
        (_, ValueRef::Text(text) | ValueRef::Blob(text)) => {
            Json::String(String::from_utf8_lossy(text).into_owned())
        }
    }
}

/// Converts a query's value for a comparison with a single-value column. Wildcards and null are not handled
/// here.
pub(crate) fn from_literal(field: &Field, literal: &Literal) -> Result<Sql, Violation> {
    let violation = || {
        let taken = match field.field_type {
            FieldType::Id | FieldType::Integer | FieldType::Workspace => "a whole number",
            FieldType::Float => "a number",
            FieldType::Boolean => "`true` or `false`",
            FieldType::DateTime => "a time such as `2025-03-04T05:06:07Z`",
            FieldType::Date => "a day such as `2025-03-04`",
            FieldType::One(_) | FieldType::Many(_) | FieldType::Inverse { .. } => {
                "a condition in braces"
            }
            _ => "text",
        };
        let given = match literal {
            Literal::Null => "null",
            Literal::Boolean(flag) => &flag.to_string(),
            Literal::Integer(number) => &number.to_string(),
            Literal::Decimal(text) | Literal::Text(text) | Literal::Token(text) => text,
            Literal::Pattern(_) => "*",
        };
        format!("must be {taken}, not `{given}`")
    };
    let text = match literal {
        Literal::Integer(number) => match field.field_type {
            FieldType::Id | FieldType::Integer | FieldType::Float | FieldType::Workspace => {
                return Ok(Sql::Integer(*number));
            }
            FieldType::Text { .. } | FieldType::Memo | FieldType::Subtype | FieldType::Object => {
                return Ok(Sql::Text(number.to_string()));
            }
            _ => return Err(violation()),
        },
        Literal::Boolean(flag) => match field.field_type {
            FieldType::Boolean => return Ok(Sql::Integer(i64::from(*flag))),
            _ => return Err(violation()),
        },
        Literal::Decimal(text) | Literal::Text(text) => text,
        Literal::Token(word) => return Err(format!("contains the unknown placeholder `[{word}]`")),
        Literal::Null | Literal::Pattern(_) => return Err(violation()),
    };
    match field.field_type {
        FieldType::Text { .. } | FieldType::Memo | FieldType::Subtype | FieldType::Object => {
            Ok(Sql::Text(text.clone()))
        }
        FieldType::Id | FieldType::Integer | FieldType::Float | FieldType::Workspace => {
            let whole = text.trim().parse().map(Sql::Integer);
            whole.or_else(|_| {
                // Rust parses `inf` and `nan` as numbers, too.
                let real = text
                    .trim()
                    .parse()
                    .ok()
                    .filter(|real: &f64| real.is_finite());
                real.map(Sql::Real).ok_or_else(violation)
            })
        }
        FieldType::Boolean => match text.as_str() {
            "true" => Ok(Sql::Integer(1)),
            "false" => Ok(Sql::Integer(0)),
            _ => Err(violation()),
        },
        FieldType::DateTime => timestamp(text).map(Sql::Integer),
        FieldType::Date => day(text).map(Sql::Integer),
        FieldType::Secret => Err("cannot be queried".to_owned()),
        FieldType::One(_) | FieldType::Many(_) | FieldType::Inverse { .. } => Err(violation()),
    }
}

/// The smallest stored value that is shown as this one or a greater one: of times, only whole seconds are shown.
pub(super) fn first_shown_as(field: &Field, value: Sql) -> Sql {
    match (&field.field_type, value) {
        (FieldType::DateTime, Sql::Integer(time)) => {
            Sql::Integer(time.saturating_add((-time).rem_euclid(1000)))
        }
        (_, value) => value,
    }
}

/// The greatest stored value that is shown as this one or a smaller one.
pub(super) fn last_shown_as(field: &Field, value: Sql) -> Sql {
    match (&field.field_type, value) {
        (FieldType::DateTime, Sql::Integer(time)) => {
            Sql::Integer((time - time.rem_euclid(1000)).saturating_add(999))
        }
        (_, value) => value,
    }
}

/// The SQL of a value as it is shown.
pub(super) fn shown(field: &Field, value: String) -> String {
    match field.field_type {
        FieldType::DateTime => format!("{value} - ({value} % 1000 + 1000) % 1000"),
        _ => value,
    }
}

/// A time in a response. Milliseconds are stored and sorted by, but not shown: the vendor's Java SDK
/// recognises a time only if it ends in whole seconds.
fn written(millisecond: i64, format: &str) -> Json {
    Timestamp::from_second(millisecond.div_euclid(1000)).map_or(Json::Null, |time| {
        Json::String(time.strftime(format).to_string())
    })
}

/// The milliseconds of midnight of a day, or of the day of a time.
fn day(text: &str) -> Result<i64, Violation> {
    let day_ms = 24 * 60 * 60 * 1000;
    let violation = |_| format!("must be a day such as `2025-03-04`, not `{text}`");
    let time = timestamp(text).map_err(violation)?;
    Ok(time - time.rem_euclid(day_ms))
}

/// The milliseconds since 1970-01-01 UTC of ISO 8601 text; of a date, those of midnight.
fn timestamp(text: &str) -> Result<i64, Violation> {
    let text = text.trim();
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let date: Date = text.parse().ok()?;
        format!("{date}T00:00:00Z").parse().ok()
    });
    time.and_then(|time| time.round(Unit::Millisecond).ok())
        .map(Timestamp::as_millisecond)
        .ok_or_else(|| format!("must be a time such as `2025-03-04T05:06:07Z`, not `{text}`"))
}

/// A pattern of `LIKE … ESCAPE '\'` for text between wildcards.
pub(crate) fn like(pieces: &[String]) -> String {
    let mut pattern = String::new();
    for (position, piece) in pieces.iter().enumerate() {
        if position > 0 {
            pattern.push('%');
        }
        for character in piece.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_stored_in_milliseconds_and_a_date_means_midnight() {
        assert_eq!(timestamp("1970-01-01T00:00:01.5Z"), Ok(1500));
        assert_eq!(timestamp("1970-01-01T00:00:01.5000009Z"), Ok(1500));
        assert_eq!(timestamp("1970-01-01T00:01Z"), Ok(60_000));
        assert_eq!(timestamp("1970-01-02"), Ok(86_400_000));
        assert_eq!(timestamp("1970-01-01T02:00:00+02:00"), Ok(0));
        assert!(timestamp("yesterday").is_err());
    }

    #[test]
    fn times_are_shown_in_whole_seconds() {
        let shown = |millisecond| to_json(&FieldType::DateTime, ValueRef::Integer(millisecond));
        assert_eq!(shown(1500), "1970-01-01T00:00:01Z");
        assert_eq!(shown(-1), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn only_wildcards_match_anything() {
        let pieces = ["100%".to_owned(), "a_b\\".to_owned()];
        assert_eq!(like(&pieces), r"100\%%a\_b\\");
    }
}
