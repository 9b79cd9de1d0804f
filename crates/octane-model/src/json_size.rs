//! How much memory a JSON document will need, known before it is parsed.

/// The number of values in a JSON document, objects, arrays and keys included, or more if it is not valid JSON.
///
/// Parsed, each value takes up to a hundred bytes, however short its text is: `[[],[],[]]` needs many times the memory of
/// its text. Counting takes a fraction of the time of parsing.
pub fn json_values(json: &[u8]) -> u64 {
    let mut values = 0;
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| b"\"[{,:".contains(byte)) {
        values += 1;
        let is_text = rest[at] == b'"';
        rest = &rest[at + 1..];
        if is_text {
            rest = after_text(rest);
        }
    }
    values + 1
}

/// What follows a text, whose opening quote is not part of `json`.
fn after_text(json: &[u8]) -> &[u8] {
    let mut is_escaped = false;
    let end = json.iter().position(|&byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(&[], |end| &json[end + 1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn texts_count_once_whatever_they_contain() {
        assert_eq!(json_values(br#""[[[[,,,,\"]]]]{{{{\\""#), 2);
        assert_eq!(json_values(b"["), 2);
        assert_eq!(json_values(b""), 1);
        assert_eq!(json_values("[[],".repeat(1000).as_bytes()), 3001);
    }

    fn count(value: &Value) -> u64 {
        match value {
            Value::Array(values) => 1 + values.iter().map(count).sum::<u64>(),
            Value::Object(members) => {
                1 + members.values().map(|value| 1 + count(value)).sum::<u64>()
            }
            _ => 1,
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a\"\\\\,:\\[{]{0,5}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("[a\",]{0,3}", inner, 0..5)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_count_bounds_the_values_from_above_by_a_small_factor(value in json()) {
            let (counted, actual) = (json_values(value.to_string().as_bytes()), count(&value));
            prop_assert!(counted >= actual && counted <= 3 * actual + 1, "{counted} for {actual} in {value}");
        }
    }
}
