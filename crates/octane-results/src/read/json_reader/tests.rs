//! Documents, and what is read of them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::read::text::DecodedText;

/// Returns few bytes per read, so that everything may be cut.
struct Dripping<'a>(&'a [u8], usize);

impl io::Read for Dripping<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.0.len().min(self.1).min(into.len());
        self.0.read(&mut into[..amount])
    }
}

fn value(text: &str) -> std::result::Result<Value, String> {
    let mut json = JsonReader::new(SliceText::new(text));
    let value = json.value().and_then(|value| {
        if json.has_next()? {
            return Err(JsonError::Malformed("more"));
        }
        Ok(value)
    });
    value.map_err(|error| {
        let place = json.place();
        format!("{}:{} {error:?}", place.line, place.column)
    })
}

#[test]
fn values_are_read_as_the_standard_says() {
    for text in [
        "{}",
        " [ ] ",
        "{\"a\":[1,-0.5e+3,true,false,null,\"x\"],\"b\":{\"c\":[]}}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9 \u{1F389}\"",
        "\"\\ud83c\\udf89\"",
        "[1,\n2,\r\n\t3]",
        "0",
        "-12.75",
    ] {
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value(text), Ok(expected.clone()), "{text}");
        for step in [1, 2, 3, 7] {
            let bytes = Dripping(text.as_bytes(), step);
            let text = DecodedText::new(bytes, text.as_bytes(), None).unwrap();
            assert_eq!(JsonReader::new(text).value().unwrap(), expected);
        }
    }
    assert_eq!(value("{\"a\":[1],\"a\":2}"), Ok(json!({ "a": 2 })));
    for same in ["1,\"a\":1", "1,\"a\":null", "null,\"a\":1"] {
        assert_eq!(value(&format!("{{\"a\":{same}}}")), Ok(json!({ "a": 1 })));
    }
}

#[test]
fn lone_surrogates_are_replaced() {
    for (text, expected) in [
        ("\"a\\ud83cb\"", "a\u{FFFD}b"),
        ("\"\\udf89\"", "\u{FFFD}"),
        ("\"\\ud83c\"", "\u{FFFD}"),
        ("\"\\ud83c\\ud83c\\udf89\"", "\u{FFFD}\u{1F389}"),
        ("\"\\ud83c\\n\"", "\u{FFFD}\n"),
    ] {
        assert_eq!(value(text), Ok(json!(expected)), "{text}");
    }
}

#[test]
fn numbers_are_exact_if_that_is_wanted_and_repeated_names_are_lists() {
    assert_eq!(
        exact_line("{\"a\":1.10,\"b\":123456789012345678901234567890,\"a\":[1e2]}"),
        Ok(json!({ "a": ["1.10", ["1e2"]], "b": "123456789012345678901234567890" }))
    );
    assert_eq!(
        exact_line("{\"a\":1,\"a\":[2],\"a\":3,\"b\":[4],\"b\":5}"),
        Ok(json!({ "a": ["1", ["2"], "3"], "b": [["4"], "5"] }))
    );
    assert_eq!(value("1e999"), Ok(json!("1e999")));
    assert_eq!(exact_line("{\"a\":1} x"), Err(9));
    assert_eq!(exact_line("{\"a\" 1}"), Err(6));
}

#[test]
fn what_is_no_json_has_a_place_and_a_reason() {
    for (text, expected) in [
        ("", "1:1 Truncated"),
        ("{\"a\":", "1:6 Truncated"),
        ("[1", "1:3 Truncated"),
        ("\"abc", "1:5 Truncated"),
        ("\"\\u12", "1:6 Truncated"),
        ("tru", "1:4 Truncated"),
        ("[1,\n 2 3]", "2:4 Malformed(\"a comma is missing here\")"),
        ("[1,]", "1:4 Malformed(\"nothing follows after the comma\")"),
        (
            "{a:1}",
            "1:2 Malformed(\"a name in double quotes is expected here\")",
        ),
        ("{\"a\" 1}", "1:6 Malformed(\"a colon is missing here\")"),
        ("[}", "1:2 Malformed(\"a value is expected here\")"),
        ("[01]", "1:3 Malformed(\"a comma is missing here\")"),
        ("[1.]", "1:4 Malformed(\"a digit is expected here\")"),
        ("-", "1:2 Truncated"),
        ("nul1", "1:4 Malformed(\"an unknown word\")"),
        ("NaN", "1:1 Malformed(\"a value is expected here\")"),
        (
            "\"a\u{1}\"",
            "1:3 Malformed(\"a control character in a string\")",
        ),
        ("\"\\x\"", "1:3 Malformed(\"an unknown escape sequence\")"),
        (
            "\"\\u12g4\"",
            "1:6 Malformed(\"four hexadecimal digits are expected here\")",
        ),
        ("1 2", "1:3 Malformed(\"more\")"),
        (
            "{\"a\":\"failed\",\"a\":\"passed\"}",
            "1:27 Malformed(\"a name occurs twice in an object with different values; the second value ends here\")",
        ),
    ] {
        assert_eq!(value(text), Err(expected.to_owned()), "{text}");
    }
    let deep = "[".repeat(DEPTH_MAX + 1);
    assert_eq!(value(&deep), Err(format!("1:{} TooDeep", DEPTH_MAX + 1)));
}

#[test]
fn what_is_skipped_is_checked_too() {
    let mut json = JsonReader::new(SliceText::new(
        "[{\"a\":[1,{\"b\":\"\\\"\"}],\"c\":null},true,\"next\"]",
    ));
    json.begin().unwrap();
    assert!(json.has_next().unwrap());
    json.skip().unwrap();
    assert!(json.has_next().unwrap());
    json.skip().unwrap();
    assert!(json.has_next().unwrap());
    assert_eq!(json.value().unwrap(), json!("next"));
    assert!(!json.has_next().unwrap());
    json.end().unwrap();
    for text in ["[1 2]", "{\"a\":}", "[\"\\x\"]", "[[", "{\"a\":1"] {
        assert!(
            JsonReader::new(SliceText::new(text)).skip().is_err(),
            "{text}"
        );
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_the_library_writes_is_read(expected in any_value(), is_pretty in any::<bool>(), step in 1..40_usize) {
        let text = if is_pretty {
            serde_json::to_string_pretty(&expected).unwrap()
        } else {
            expected.to_string()
        };
        prop_assert_eq!(value(&text), Ok(expected.clone()));
        let bytes = Dripping(text.as_bytes(), step);
        let decoded = DecodedText::new(bytes, text.as_bytes(), None).unwrap();
        let mut json = JsonReader::new(decoded);
        prop_assert_eq!(json.value().unwrap(), expected);
        let mut skipping = JsonReader::new(SliceText::new(&text));
        prop_assert!(skipping.skip().is_ok() && !skipping.has_next().unwrap());
    }

    /// Reading and skipping agree with the library about what is JSON, apart from what is lenient on purpose.
    #[test]
    fn what_the_library_refuses_is_refused(text in "[\\[\\]{}:,\"\\\\a1.e0-]{0,12}") {
        let expected = serde_json::from_str::<Value>(&text);
        let found = value(&text);
        if expected.is_ok() {
            prop_assert!(found.is_ok(), "{text} {found:?}");
        } else {
            prop_assert!(found.is_err() || text.contains("\\u") || text.contains('e'), "{text}");
        }
    }
}
