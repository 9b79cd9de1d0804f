//! Values on their way between JSON, the query language and SQLite.

use jiff::civil::Date;
use jiff::{Timestamp, Unit};
use octane_model::Literal;
use rusqlite::types::{Value as Sql, ValueRef};
use serde_json::Value as Json;

use crate::catalog::{Field, Kind};

/// Why a value does not fit a field, as the end of a sentence about the field.
pub(crate) type Misfit = String;

/// A value of a request on its way into a column. Pointers are not handled here.
pub(crate) fn from_json(field: &Field, value: &Json) -> Result<Sql, Misfit> {
    if value.is_null() {
        return Ok(Sql::Null);
    }
    match (&field.kind, value) {
        (Kind::Text { max_length }, Json::String(text)) => {
            let length = text.chars().count();
            if length > *max_length {
                return Err(format!("has {length} characters, {max_length} are allowed"));
            }
            Ok(Sql::Text(text.clone()))
        }
        (Kind::Memo, Json::String(text)) => Ok(Sql::Text(text.clone())),
        (Kind::Object, value) => Ok(Sql::Text(match value {
            // Objects may come as JSON or as its text.
            Json::String(text) if serde_json::from_str::<Json>(text).is_ok() => text.clone(),
            value => value.to_string(),
        })),
        (Kind::Float, Json::Number(number)) => number
            .as_f64()
            .map(Sql::Real)
            .ok_or_else(|| format!("is `{number}`, which is no number")),
        (Kind::Integer, Json::Number(number)) => number
            .as_i64()
            .map(Sql::Integer)
            .ok_or_else(|| format!("is `{number}`, which is no whole number of 64 bits")),
        (Kind::Boolean, Json::Bool(flag)) => Ok(Sql::Integer(i64::from(*flag))),
        (Kind::DateTime, Json::String(text)) => timestamp(text).map(Sql::Integer),
        (Kind::Date, Json::String(text)) => day(text).map(Sql::Integer),
        (_, value) => Err(format!("takes a {}, not `{value}`", field.type_word())),
    }
}

/// A column on its way into an answer. Pointers are not handled here.
pub(crate) fn to_json(kind: &Kind, value: ValueRef<'_>) -> Json {
    match (kind, value) {
        (_, ValueRef::Null) => Json::Null,
        (Kind::Boolean, ValueRef::Integer(number)) => Json::Bool(number != 0),
        (Kind::DateTime, ValueRef::Integer(millisecond)) => {
            written(millisecond, "%Y-%m-%dT%H:%M:%SZ")
        }
        (Kind::Date, ValueRef::Integer(millisecond)) => written(millisecond, "%Y-%m-%d"),
        (Kind::Float, ValueRef::Integer(number)) =>
        {
            #[expect(clippy::cast_precision_loss, reason = "a float is what was asked for")]
            Json::from(number as f64)
        }
        (Kind::Object, ValueRef::Text(text)) => serde_json::from_slice(text).unwrap_or(Json::Null),
        (Kind::Id, ValueRef::Integer(number)) => Json::String(number.to_string()),
        (_, ValueRef::Integer(number)) => Json::from(number),
        (_, ValueRef::Real(number)) => Json::from(number),
        (_, ValueRef::Text(text) | ValueRef::Blob(text)) => {
            Json::String(String::from_utf8_lossy(text).into_owned())
        }
    }
}

/// A value of a query on its way into a comparison with a column that holds a single value. Wildcards
/// and null are not handled here.
pub(crate) fn from_literal(field: &Field, literal: &Literal) -> Result<Sql, Misfit> {
    let misfit = || {
        let taken = match field.kind {
            Kind::Id | Kind::Integer | Kind::Workspace => "a whole number",
            Kind::Float => "a number",
            Kind::Boolean => "`true` or `false`",
            Kind::DateTime => "a time such as `2025-03-04T05:06:07Z`",
            Kind::Date => "a day such as `2025-03-04`",
            Kind::One(_) | Kind::Many(_) | Kind::Inverse { .. } => "a condition in braces",
            _ => "text",
        };
        let given = match literal {
            Literal::Null => "null",
            Literal::Boolean(flag) => &flag.to_string(),
            Literal::Integer(number) => &number.to_string(),
            Literal::Decimal(text) | Literal::Text(text) | Literal::Token(text) => text,
            Literal::Pattern(_) => "*",
        };
        format!("takes {taken}, not `{given}`")
    };
    let text = match literal {
        Literal::Integer(number) => match field.kind {
            Kind::Id | Kind::Integer | Kind::Float | Kind::Workspace => {
                return Ok(Sql::Integer(*number));
            }
            Kind::Text { .. } | Kind::Memo | Kind::Subtype | Kind::Object => {
                return Ok(Sql::Text(number.to_string()));
            }
            _ => return Err(misfit()),
        },
        Literal::Boolean(flag) => match field.kind {
            Kind::Boolean => return Ok(Sql::Integer(i64::from(*flag))),
            _ => return Err(misfit()),
        },
        Literal::Decimal(text) | Literal::Text(text) => text,
        Literal::Token(word) => return Err(format!("`[{word}]` is not known to this sandbox")),
        Literal::Null | Literal::Pattern(_) => return Err(misfit()),
    };
    match field.kind {
        Kind::Text { .. } | Kind::Memo | Kind::Subtype | Kind::Object => {
            Ok(Sql::Text(text.clone()))
        }
        Kind::Id | Kind::Integer | Kind::Float | Kind::Workspace => {
            let whole = text.trim().parse().map(Sql::Integer);
            whole.or_else(|_| {
                // Rust reads `inf` and `nan` as numbers, too.
                let real = text
                    .trim()
                    .parse()
                    .ok()
                    .filter(|real: &f64| real.is_finite());
                real.map(Sql::Real).ok_or_else(misfit)
            })
        }
        Kind::Boolean => match text.as_str() {
            "true" => Ok(Sql::Integer(1)),
            "false" => Ok(Sql::Integer(0)),
            _ => Err(misfit()),
        },
        Kind::DateTime => timestamp(text).map(Sql::Integer),
        Kind::Date => day(text).map(Sql::Integer),
        Kind::Secret => Err("cannot be asked for".to_owned()),
        Kind::One(_) | Kind::Many(_) | Kind::Inverse { .. } => Err(misfit()),
    }
}

/// A time as answers have it. Milliseconds are kept and compared, but not shown: the vendor's Java SDK takes
/// text for a time only if it ends in whole seconds.
fn written(millisecond: i64, format: &str) -> Json {
    Timestamp::from_second(millisecond.div_euclid(1000)).map_or(Json::Null, |time| {
        Json::String(time.strftime(format).to_string())
    })
}

/// Milliseconds of the midnight of a day, or of the day that a time lies in.
fn day(text: &str) -> Result<i64, Misfit> {
    let day_ms = 24 * 60 * 60 * 1000;
    let misfit = |_| format!("takes a day such as `2025-03-04`, not `{text}`");
    let time = timestamp(text).map_err(misfit)?;
    Ok(time - time.rem_euclid(day_ms))
}

/// Milliseconds since 1970-01-01 UTC of ISO 8601 text; of a mere date, its midnight.
fn timestamp(text: &str) -> Result<i64, Misfit> {
    let text = text.trim();
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let date: Date = text.parse().ok()?;
        format!("{date}T00:00:00Z").parse().ok()
    });
    time.and_then(|time| time.round(Unit::Millisecond).ok())
        .map(Timestamp::as_millisecond)
        .ok_or_else(|| format!("takes a time such as `2025-03-04T05:06:07Z`, not `{text}`"))
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
    fn times_are_kept_to_the_millisecond_and_a_date_is_its_midnight() {
        assert_eq!(timestamp("1970-01-01T00:00:01.5Z"), Ok(1500));
        assert_eq!(timestamp("1970-01-01T00:00:01.5000009Z"), Ok(1500));
        assert_eq!(timestamp("1970-01-01T00:01Z"), Ok(60_000));
        assert_eq!(timestamp("1970-01-02"), Ok(86_400_000));
        assert_eq!(timestamp("1970-01-01T02:00:00+02:00"), Ok(0));
        assert!(timestamp("yesterday").is_err());
    }

    #[test]
    fn times_are_shown_in_whole_seconds() {
        let shown = |millisecond| to_json(&Kind::DateTime, ValueRef::Integer(millisecond));
        assert_eq!(shown(1500), "1970-01-01T00:00:01Z");
        assert_eq!(shown(-1), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn only_wildcards_stay_wild() {
        let pieces = ["100%".to_owned(), "a_b\\".to_owned()];
        assert_eq!(like(&pieces), r"100\%%a\_b\\");
    }
}
