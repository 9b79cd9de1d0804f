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
#[serde(from = "Wire")]
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

/// A problem as servers serialize it.
#[derive(Deserialize)]
struct Wire {
    #[serde(default, alias = "errorCode")]
    error_code: String,
    #[serde(default, alias = "accumulatedMessage")]
    description: Option<String>,
    correlation_id: Option<String>,
    properties: Option<Map<String, Value>>,
    index: Option<usize>,
    entity_index: Option<usize>,
}

impl From<Wire> for Problem {
    fn from(wire: Wire) -> Self {
        Self {
            error_code: shortened(wire.error_code, CODE_CHARS_MAX),
            description: shortened(wire.description.unwrap_or_default(), DESCRIPTION_CHARS_MAX),
            correlation_id: wire.correlation_id,
            properties: wire.properties.unwrap_or_default(),
            index: wire.index.or(wire.entity_index),
        }
    }
}

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
        if let Some(message) = object
            .get("message")
            .and_then(Value::as_str)
            .filter(|_| depth < 3)
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
        let problem = Self::deserialize(value).ok()?;
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
        [error_code::IDLE_TIMEOUT, error_code::GLOBAL_TIMEOUT].contains(&self.error_code.as_str())
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
