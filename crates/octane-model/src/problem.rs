//! Errors as the server reports them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error_code;
use crate::excerpt::excerpt;
use crate::json_size::json_values;

/// An error reported by the server, parsed from any of its formats.
///
/// - the standard object with `error_code`, `description`, …
/// - an expired session: `{"errorCode":"VALIDATION_TOKEN_EXPIRED_…","accumulatedMessage":"…"}`
/// - the servlet layer: `{"message":"…JSON or text…"}`
/// - anything else, for example the HTML page of a proxy, of which the first characters are kept
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Value")]
#[non_exhaustive]
pub struct Problem {
    /// The code, for example `platform.unknown_field`; empty if the server gave none.
    pub error_code: String,
    /// The description for users; may be empty.
    pub description: String,
    /// The id by which an administrator of the server can find the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Details by name, such as `entity_type` and `field_name`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
    /// In a bulk response: the index of the entity in the request, from 0. Octane's help gives two names
    /// for this key; both are accepted, also together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
}

/// A problem as servers serialize it. A member of another type than usual is read as far as it can be, so that the others are not lost.
impl From<Value> for Problem {
    fn from(mut value: Value) -> Self {
        let text = |names: &[&str], chars_max| {
            let text = names.iter().find_map(|name| text(value.get(name)?));
            text.map(|text| shortened(text, chars_max))
        };
        let index = |name| text(&[name], CODE_CHARS_MAX)?.parse().ok();
        let code = CODE.iter().find_map(|name| code(value.get(name)?));
        let mut problem = Self {
            error_code: shortened(code.unwrap_or_default().to_owned(), CODE_CHARS_MAX),
            description: text(&DESCRIPTION, DESCRIPTION_CHARS_MAX).unwrap_or_default(),
            correlation_id: text(&["correlation_id"], CODE_CHARS_MAX),
            index: index("index").or_else(|| index("entity_index")),
            properties: Map::new(),
        };
        if let Some(Value::Object(properties)) = value.get_mut("properties").map(Value::take) {
            problem.properties = properties;
        }
        problem
    }
}

/// A text that is not empty, or a number as one.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A code. Those of Octane are texts, and numbers are those of gateways, whose errors are not final.
fn code(value: &Value) -> Option<&str> {
    value.as_str().filter(|code| !code.is_empty())
}

/// The names of the code.
const CODE: [&str; 2] = ["error_code", "errorCode"];
/// The names of the description.
const DESCRIPTION: [&str; 3] = ["description", "accumulatedMessage", "message"];

/// The codes of a session that has expired.
const SESSION_EXPIRED: [&str; 2] = [error_code::IDLE_TIMEOUT, error_code::GLOBAL_TIMEOUT];

/// How much of an error code is kept.
const CODE_CHARS_MAX: usize = 200;
/// How much of a description is kept, so that a server cannot fill logs and journals.
const DESCRIPTION_CHARS_MAX: usize = 4000;
/// Bodies with more values than this are not parsed: an error does not need them.
const VALUES_MAX: u64 = 200_000;

impl Problem {
    /// A problem with a code and a description.
    pub fn new(error_code: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            error_code: error_code.into(),
            description: description.into(),
            ..Self::default()
        }
    }

    /// Adds a detail.
    pub fn with(mut self, property: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(property.to_owned(), value.into());
        self
    }

    /// Parses the body of an error response. `None` if it contains no information.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        let value = (json_values(body) <= VALUES_MAX)
            .then(|| serde_json::from_slice::<Value>(body).ok())
            .flatten();
        value
            .and_then(|value| Self::from_json(value, 0))
            .or_else(|| Self::from_text(body))
    }

    fn from_json(value: Value, depth: u8) -> Option<Self> {
        let Value::Object(object) = &value else {
            return None;
        };
        let [own, other] = CODE.map(|name| object.get(name).and_then(code));
        // Gateways use the second name together with `message`, too.
        let has_code = own.is_some() || other.is_some_and(|code| SESSION_EXPIRED.contains(&code));
        if let Some(message) = object
            .get("message")
            .and_then(Value::as_str)
            .filter(|_| depth < 3 && !has_code)
        {
            let inner = (json_values(message.as_bytes()) <= VALUES_MAX)
                .then(|| serde_json::from_str(message).ok())
                .flatten()
                .and_then(|inner| Self::from_json(inner, depth + 1));
            return inner.or_else(|| {
                let message = shortened(message.to_owned(), DESCRIPTION_CHARS_MAX);
                Some(Self::new("", message))
            });
        }
        if let Some(errors) = object.get("errors").and_then(Value::as_array) {
            return errors
                .first()
                .cloned()
                .and_then(|error| Self::from_json(error, depth + 1));
        }
        let problem = Self::from(value);
        (!problem.error_code.is_empty() || !problem.description.is_empty()).then_some(problem)
    }

    /// The first characters of a text; for an HTML page, of the text without the tags.
    fn from_text(body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(&body[..body.len().min(8192)]);
        let mut plain = String::new();
        let mut inside_tag = false;
        for character in text.chars() {
            match character {
                '<' => inside_tag = true,
                '>' if inside_tag => {
                    inside_tag = false;
                    plain.push(' ');
                }
                _ if !inside_tag => plain.push(character),
                _ => {}
            }
        }
        let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let description = excerpt(&words);
        (!description.is_empty()).then(|| Self::new("", description))
    }

    /// Whether the session has expired, so that signing in again helps.
    pub fn is_session_expired(&self) -> bool {
        SESSION_EXPIRED.contains(&self.error_code.as_str())
    }

    /// Whether the server's queue of test results is full, which usually lasts longer than other transient
    /// errors.
    pub fn is_queue_full(&self) -> bool {
        [error_code::QUEUE_FULL, error_code::REQUEST_LIMIT].contains(&self.error_code.as_str())
    }
}

/// The text, or its first characters and an ellipsis.
fn shortened(mut text: String, chars_max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars_max) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// `description (error_code)`, or the one that is present.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.description.is_empty(), self.error_code.is_empty()) {
            (false, false) => write!(f, "{} ({})", self.description, self.error_code),
            (false, true) => f.write_str(&self.description),
            (true, _) => f.write_str(&self.error_code),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> Option<String> {
        Problem::from_body(body.as_bytes()).map(|problem| problem.to_string())
    }

    #[test]
    fn every_format_of_the_server_is_parsed() {
        let usual = r#"{"error_code":"platform.unknown_field","description":"no xyz","properties":null,"business_error":true}"#;
        assert_eq!(shown(usual).unwrap(), "no xyz (platform.unknown_field)");
        let expired =
            r#"{"errorCode":"VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT","accumulatedMessage":"idle"}"#;
        assert!(
            Problem::from_body(expired.as_bytes())
                .unwrap()
                .is_session_expired()
        );
        let escaped =
            r#"{"message":"{\"error_code\":\"platform.general_error\",\"description\":\"oops\"}"}"#;
        assert_eq!(shown(escaped).unwrap(), "oops (platform.general_error)");
        assert_eq!(shown(r#"{"message":"plain"}"#).unwrap(), "plain");
        let bulk = r#"{"total_count":0,"data":[],"errors":[{"entity_index":3,"error_code":"x","description":"bad"}]}"#;
        assert_eq!(Problem::from_body(bulk.as_bytes()).unwrap().index, Some(3));
        let both =
            r#"{"errors":[{"index":3,"entity_index":3,"error_code":"x","description":null}]}"#;
        assert_eq!(Problem::from_body(both.as_bytes()).unwrap().index, Some(3));
    }

    #[test]
    fn a_member_of_another_type_than_usual_does_not_hide_the_others() {
        for (body, expected) in [
            (
                r#"{"error_code":"a.b","description":"c","correlation_id":17,"properties":[],"index":"3"}"#,
                "c (a.b)",
            ),
            (r#"{"error_code":null,"description":"c"}"#, "c"),
            (r#"{"error_code":"a.b","description":{"en":"c"}}"#, "a.b"),
            (r#"{"error_code":404,"description":"c"}"#, "c"),
            (r#"{"errorCode":"OF_A_GATEWAY","message":"c"}"#, "c"),
            (r#"{"error_code":"a.b","message":"c"}"#, "c (a.b)"),
            (
                r#"{"message":"c","errorCode":"VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT"}"#,
                "c (VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT)",
            ),
        ] {
            assert_eq!(shown(body).unwrap(), expected, "{body}");
        }
        let body = r#"{"errors":[{"index":"3","error_code":"x","correlation_id":17}]}"#;
        let problem = Problem::from_body(body.as_bytes()).unwrap();
        assert_eq!(
            (problem.index, problem.correlation_id.as_deref()),
            (Some(3), Some("17"))
        );
    }

    #[test]
    fn a_problem_is_read_as_it_was_written() {
        let mut problem = Problem::new("a.b", "c").with("entity_type", "story");
        (problem.correlation_id, problem.index) = (Some("k7".to_owned()), Some(3));
        let written = serde_json::to_string(&problem).unwrap();
        assert_eq!(serde_json::from_str::<Problem>(&written).unwrap(), problem);
    }

    #[test]
    fn a_problem_is_short_however_long_the_response_is() {
        let long = "x".repeat(100_000);
        for body in [
            serde_json::json!({ "error_code": long, "description": long }).to_string(),
            serde_json::json!({ "message": long }).to_string(),
            format!(
                r#"{{"error_code":"x","stack":[{}0]}}"#,
                "[],".repeat(200_000)
            ),
            format!("{}0{}", "[".repeat(100_000), "]".repeat(100_000)),
        ] {
            let length = shown(&body).unwrap().chars().count();
            assert!(length < 5000, "{length}");
        }
    }

    #[test]
    fn an_html_page_is_kept_as_a_short_text() {
        assert_eq!(
            shown("<html><h1>502</h1>\n Bad  gateway</html>").unwrap(),
            "502 Bad gateway"
        );
        assert_eq!(shown(&"x".repeat(5000)).unwrap().chars().count(), 80);
        assert_eq!(shown(""), None);
        assert_eq!(shown("[]").unwrap(), "[]");
    }
}
