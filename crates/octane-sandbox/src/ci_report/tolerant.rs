//! Members of reports that clients write in more than one way.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Text, or a number as text: clients send either as IDs.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number, or text with one: clients send either as times.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = match &value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    let invalid = || D::Error::custom(format!("`{value}` is not a whole number"));
    number.map(Some).ok_or_else(invalid)
}

/// A list that may be null.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_may_be_text_but_must_be_whole() {
        for (value, expected) in [
            (json!(1_700_000_000_000_i64), Ok(Some(1_700_000_000_000))),
            (json!(" 1700000000000 "), Ok(Some(1_700_000_000_000))),
            (json!(null), Ok(None)),
            (json!(""), Ok(None)),
            (json!("soon"), Err("`\"soon\"` is not a whole number")),
            (json!(1.5), Err("`1.5` is not a whole number")),
            (json!([]), Err("`[]` is not a whole number")),
        ] {
            let number = number(&value).map_err(|error| error.to_string());
            assert_eq!(number, expected.map_err(str::to_owned), "{value}");
        }
    }
}
