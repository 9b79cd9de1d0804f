//! What messages say about a step that has ended.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::features::field;
use crate::read::report::json::text;
use crate::run::Failure;

/// The words for a status, from the best to the worst.
pub(super) const WORDS: [&str; 7] = [
    "UNKNOWN",
    "PASSED",
    "SKIPPED",
    "PENDING",
    "UNDEFINED",
    "AMBIGUOUS",
    "FAILED",
];

/// A step that has ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) word: String,
    pub(super) duration: Duration,
    pub(super) failure: Failure,
    pub(super) will_be_retried: bool,
}

impl Finished {
    pub(super) fn new(message: &Value) -> Self {
        // The second name is that of older versions.
        let result = message
            .get("testStepResult")
            .or_else(|| message.get("testResult"))
            .unwrap_or(&Value::Null);
        let exception = result.get("exception").unwrap_or(&Value::Null);
        let given = text(result.get("message"));
        let details = text(exception.get("stackTrace")).or_else(|| given.clone());
        let message = text(exception.get("message")).or(given);
        Self {
            word: field(result, "status").to_owned(),
            duration: duration(result.get("duration")).unwrap_or_default(),
            failure: Failure {
                error_type: text(exception.get("type")).or_else(|| class_in(message.as_deref()?)),
                message: message.map(|message| first_line(&message).to_owned()),
                details: details.unwrap_or_default(),
            },
            will_be_retried: result.get("willBeRetried") == Some(&Value::Bool(true)),
        }
    }

    /// How bad the status is. A word that is not known is worse than all that do not fail a test.
    pub(super) fn rank(&self) -> usize {
        let rank = WORDS.iter().position(|word| *word == self.word);
        match rank {
            Some(0) | None => 3,
            Some(rank @ 1..=2) => rank,
            Some(rank) => rank + 1,
        }
    }
}

/// The class of an exception of Java, with which a message begins.
fn class_in(message: &str) -> Option<String> {
    let (class, _) = message.trim_start().split_once(": ")?;
    let is_class = class.contains('.')
        && class
            .chars()
            .all(|char| char.is_alphanumeric() || matches!(char, '.' | '_' | '$'));
    is_class.then(|| class.to_owned())
}

/// The first line that says something.
pub(super) fn first_line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// A number; some versions write large ones as texts.
fn number<N: std::str::FromStr>(value: &Value, key: &str) -> Option<N> {
    match value.get(key) {
        None => "0".parse().ok(),
        found => text(found)?.parse().ok(),
    }
}

fn duration(value: Option<&Value>) -> Option<Duration> {
    let value = value?;
    let seconds = Duration::from_secs(number(value, "seconds")?);
    seconds.checked_add(Duration::from_nanos(number(value, "nanos")?))
}

/// The time of a message.
pub(super) fn moment(message: &Value) -> Option<Timestamp> {
    let time = message.get("timestamp")?;
    Timestamp::new(number(time, "seconds")?, number(time, "nanos")?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_class_of_an_exception_of_java_is_its_type() {
        let type_of = |message: &str| {
            let result = json!({"testStepResult": {"status": "FAILED", "message": message}});
            Finished::new(&result).failure.error_type
        };
        let class = Some("java.lang.AssertionError".to_owned());
        assert_eq!(type_of("java.lang.AssertionError: boom\n\tat a.B"), class);
        assert_eq!(type_of("expected 1.5 s: got 2"), None);
        assert_eq!(type_of("boom"), None);
    }

    #[test]
    fn older_messages_are_understood() {
        let message = json!({
            "testResult": {"status": "PASSED", "duration": {"seconds": "1", "nanos": 5}},
            "timestamp": {"seconds": "1795812743", "nanos": 0},
        });
        let finished = Finished::new(&message);
        assert_eq!(finished.word, "PASSED");
        assert_eq!(finished.duration, Duration::new(1, 5));
        let expected = Timestamp::from_second(1_795_812_743).ok();
        assert_eq!(moment(&message), expected);
    }
}
