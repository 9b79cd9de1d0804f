//! JSON that can be shown anywhere.

use std::borrow::Cow;

use octane_model::clean_with;
use serde::Serialize;
use serde_json::Value;

use super::secrets;

/// A value as JSON on several lines.
pub(crate) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|json| shown(&json))
}

/// A value as JSON on one line.
pub(crate) fn compact(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|json| shown(&json))
}

/// A JSON document without secrets, in which texts have escapes for all that [`octane_model::clean`] changes. It means the
/// same to every reader of JSON, and nothing to a terminal or a CI system. Everything but texts stays as it is.
pub(crate) fn shown(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        let end = end_of_text(&rest[start..]).map_or(rest.len(), |end| start + end);
        shown.push_str(&rest[..start]);
        push_text(&mut shown, &rest[start..end]);
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

/// Where a text that starts with a quote ends, after its closing quote.
fn end_of_text(json: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map(|position| position + 2)
}

/// Adds a text with its quotes.
fn push_text(shown: &mut String, quoted: &str) {
    let text = serde_json::from_str::<String>(quoted);
    let redacted = text.as_ref().map(|text| secrets::redact(text));
    let requoted = match redacted {
        Ok(Cow::Owned(redacted)) => Cow::Owned(Value::from(redacted).to_string()),
        _ => Cow::Borrowed(quoted),
    };
    shown.push_str(&clean_with(&requoted, |shown, character| {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    }));
}

#[cfg(test)]
mod tests {
    use octane_model::is_unsafe;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn usual_json_stays_as_it_is() {
        for json in [
            r#"{"a":"x","b":[1.50,null,true,"\u00e9 \"\\\" \n"],"id":"12"}"#,
            "{\n  \"a\": \"shop::cart – é\"\n}",
            "",
        ] {
            assert_eq!(shown(json), json);
        }
    }

    #[test]
    fn commands_are_escaped_and_mean_the_same() {
        let json = shown(r#"{"name":"x ##vso[task.complete]","b":"a\n::error::c"}"#);
        assert_eq!(
            json,
            r#"{"name":"x #\u0023vso[task.complete]","b":"a\n:\u003aerror::c"}"#
        );
    }

    #[test]
    fn what_is_no_json_is_not_lost() {
        assert_eq!(shown(r#"{"a":"b\"#), r#"{"a":"b\"#);
        assert_eq!(shown("\"\\\""), "\"\\\"");
    }

    proptest! {
        #[test]
        fn every_value_is_read_back_and_nothing_unsafe_is_shown(
            texts in prop::collection::vec("(##|vso|\\[|::error::|\n|\u{1b}|\u{9b}|\u{202e}|\u{e0001}|\"|\\\\|.){0,9}", 0..5)
        ) {
            let value = json!({ "a": texts, "b": { "c": texts } });
            for json in [pretty(&value).unwrap(), compact(&value).unwrap()] {
                prop_assert!(!json.chars().any(|c| is_unsafe(c) && c != '\n'), "{json}");
                prop_assert!(!json.contains("##[") && !json.contains("##vso[") && !json.contains("::error::"), "{json}");
                prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), &value);
            }
        }
    }
}
