//! What formats in JSON have in common: fields, thrown errors, exact durations.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::draft::{Moment, Took};
use super::json::{items, text};
use crate::colors::without_colors;
use crate::metadata::Property;
pub(crate) use crate::read::file_names::base_name;
use crate::read::jira_keys::{is_key, key_of_url};
use crate::run::Failure;
use crate::step::{Step, Steps};

/// The text of the field `name`; `None` if it is absent, empty or structured.
pub(crate) fn field(value: &Value, name: &str) -> Option<String> {
    text(value.get(name))
}

/// The text of the first of these fields that has one.
pub(crate) fn first_field(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| field(value, name))
}

/// The field `name`, if it is a text; otherwise empty.
pub(crate) fn text_or_empty<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the field `name` is there and true.
pub(crate) fn is_set(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

/// A text of several lines, written as one text or as a list of lines.
pub(crate) fn lines(value: Option<&Value>) -> Option<String> {
    let Some(Value::Array(items)) = value else {
        return text(value);
    };
    let lines: Vec<String> = items.iter().filter_map(|item| text(Some(item))).collect();
    Some(lines.join("\n")).filter(|lines| !lines.is_empty())
}

/// A number of milliseconds as a duration. Writers put -1 where they do not know it.
pub(crate) fn millis(value: &Value, name: &str) -> Took {
    let given = field(value, name).filter(|text| !text.starts_with('-'));
    given.map_or(Took::Unknown, Took::Milliseconds)
}

/// A point in time. Writers put 0 or -1 where they do not know it.
pub(crate) fn moment(value: &Value, name: &str) -> Moment {
    let given = field(value, name).filter(|text| text != "0" && !text.starts_with('-'));
    given.map_or(Moment::Unknown, Moment::Text)
}

/// The names and values of an object, with one property for each value of a list; other structured values are ignored.
pub(crate) fn properties(value: Option<&Value>) -> Vec<Property> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    let values = fields.flat_map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        values.iter().map(move |value| (name, value))
    });
    values
        .filter_map(|(name, value)| Some(Property::new(name, text(Some(value))?)))
        .collect()
}

/// A step and the steps inside of it, in order.
pub(crate) fn flatten(
    steps: &[Value],
    inner: &str,
    make: &mut dyn FnMut(&Value) -> Option<Step>,
) -> Vec<Step> {
    let mut all = Vec::new();
    for step in steps {
        all.extend(make(step));
        all.extend(flatten(items(step.get(inner)), inner, make));
    }
    all
}

/// The steps of a result, as its only iteration; none if there are none.
pub(crate) fn as_iteration(steps: Vec<Step>) -> Vec<Steps> {
    if steps.is_empty() {
        return Vec::new();
    }
    vec![Steps {
        iteration: None,
        steps,
    }]
}

/// A shared text, unless it is empty.
pub(crate) fn shared(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| Arc::from(text))
}

/// The number `text` × 10^`shift` of nanoseconds, exactly; a fraction of a nanosecond is cut off. `None` if it is negative,
/// too long or no number.
pub(crate) fn nanoseconds(text: &str, shift: i32) -> Option<Duration> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(shift);
    let mut nanos = 0_u64;
    let mut seen = 0_i64;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        if seen < kept {
            nanos = nanos
                .checked_mul(10)?
                .checked_add(u64::from(digit - b'0'))?;
        }
        seen += 1;
    }
    while seen < kept && nanos > 0 {
        nanos = nanos.checked_mul(10)?;
        seen += 1;
    }
    Some(Duration::from_nanos(nanos))
}

/// The failure that a printed error describes: type and message are in its [`error_line`], all of it is the details.
///
/// | line | type | message |
/// |---|---|---|
/// | `java.lang.AssertionError: 1 is not 2` | `java.lang.AssertionError` | `1 is not 2` |
/// | `AssertionError [ERR_ASSERTION]: 1 is not 2` | `AssertionError` | `1 is not 2` |
/// | `1 is not 2 (RuntimeError)` | `RuntimeError` | `1 is not 2` |
/// | any other | none | the line |
pub(crate) fn thrown(printed: &str) -> Failure {
    let printed = without_colors(printed);
    let details = printed.trim_end().trim_start_matches(['\r', '\n']);
    let line = error_line(details);
    let (error_type, message) = type_and_message(line);
    let message = if message.is_empty() { line } else { message };
    Failure {
        error_type: error_type.map(str::to_owned),
        message: Some(message.to_owned()).filter(|message| !message.is_empty()),
        details: details.to_owned(),
    }
}

/// The line of a printed error that says what is wrong: the first one that is not empty. Where that begins a traceback of Python, it is the
/// line below the last traceback, and in what pytest prints the first one that is marked with `E`.
pub(crate) fn error_line(printed: &str) -> &str {
    const TRACEBACK: &str = "Traceback (most recent call last):";
    if let Some(line) = printed.lines().find_map(|line| line.strip_prefix("E   ")) {
        return line.trim();
    }
    let is_said = |line: &&str| !line.trim().is_empty();
    let first = printed.lines().find(is_said).unwrap_or_default();
    let below = printed
        .rsplit_once(TRACEBACK)
        .map_or("", |(_, below)| below);
    let mut below = below.lines().filter(is_said);
    let thrown = below.find(|line| !line.starts_with(char::is_whitespace));
    match thrown {
        Some(thrown) if first.trim_end() == TRACEBACK => thrown.trim(),
        _ => first.trim(),
    }
}

fn type_and_message(line: &str) -> (Option<&str>, &str) {
    let is_type = |word: &str| {
        let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '$' | ':');
        let ends = [
            "Error",
            "Exception",
            "Failure",
            "Failed",
            "Warning",
            "Interrupt",
        ];
        word.starts_with(char::is_alphabetic)
            && word.chars().all(is_word)
            && ends.iter().any(|end| word.ends_with(end))
    };
    // `AssertionError [ERR_ASSERTION]` has a code besides.
    let without_code = |word: &'_ str| word.find(" [").map_or(word.len(), |at| at);
    if let Some((before, message)) = line.split_once(": ") {
        let word = &before[..without_code(before)];
        if is_type(word) {
            return (Some(word), message.trim());
        }
    }
    if let Some(word) = line.strip_suffix(':').filter(|word| is_type(word)) {
        return (Some(word), "");
    }
    let in_brackets = line
        .strip_suffix(')')
        .and_then(|line| line.rsplit_once('('))
        .filter(|(_, word)| is_type(word));
    match in_brackets {
        Some((message, word)) => (Some(word), message.trim()),
        None if is_type(line) => (Some(line), ""),
        None => (None, line),
    }
}

/// A text without colours and without space around it.
pub(crate) fn plain(text: &str) -> String {
    without_colors(text).trim().to_owned()
}

/// The first failure, with the further ones appended to its details.
pub(crate) fn joined(failures: impl IntoIterator<Item = Failure>) -> Option<Failure> {
    let mut failures = failures.into_iter();
    let mut first = failures.next()?;
    for further in failures {
        let text = if further.details.is_empty() {
            further.message.unwrap_or_default()
        } else {
            further.details
        };
        if text.is_empty() {
            continue;
        }
        if !first.details.is_empty() {
            first.details.push_str("\n\n");
        }
        first.details.push_str(&text);
    }
    Some(first)
}

/// The failures of earlier attempts of which a report only says how many there were.
pub(crate) fn untold_failures(count: u64) -> Vec<Failure> {
    const MOST: u64 = 20;
    (1..=count.min(MOST))
        .map(|attempt| {
            Failure::new(format!(
                "attempt {attempt} failed; the report does not say why"
            ))
        })
        .collect()
}

/// The Jira key that the name of a link is, or the one in its address.
pub(crate) fn linked_key(name: Option<&str>, url: &str) -> Option<String> {
    let name = name.unwrap_or_default().trim();
    is_key(name)
        .then(|| name.to_ascii_uppercase())
        .or_else(|| key_of_url(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_message_are_in_the_first_line() {
        for (line, error_type, message) in [
            (
                "java.lang.AssertionError: 1 is not 2",
                "java.lang.AssertionError",
                "1 is not 2",
            ),
            (
                "AssertionError [ERR_ASSERTION]: a: b",
                "AssertionError",
                "a: b",
            ),
            ("1 is not 2 (RuntimeError)", "RuntimeError", "1 is not 2"),
            (
                "expected 1 (RSpec::Expectations::ExpectationNotMetError)",
                "RSpec::Expectations::ExpectationNotMetError",
                "expected 1",
            ),
            (
                "java.lang.NullPointerException",
                "java.lang.NullPointerException",
                "java.lang.NullPointerException",
            ),
            ("the price: 2", "", "the price: 2"),
            ("", "", ""),
        ] {
            let failure = thrown(line);
            assert_eq!(failure.error_type.unwrap_or_default(), error_type, "{line}");
            assert_eq!(failure.message.unwrap_or_default(), message, "{line}");
        }
        let failure = thrown("\n\u{1b}[31mError: one\u{1b}[39m\n    at a.js:1\n");
        assert_eq!(failure.message.as_deref(), Some("one"));
        assert_eq!(failure.details, "Error: one\n    at a.js:1");
    }

    #[test]
    fn an_error_of_python_is_below_its_traceback() {
        let traceback = |error: &str| {
            format!(
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    f()\n{error}\n"
            )
        };
        let both = format!(
            "{}\nDuring handling of the above exception, another exception occurred:\n\n{}",
            traceback("KeyError: 'x'"),
            traceback("shop.CartError: no cart\nat all")
        );
        let of_pytest = "cart = <Cart object at 0x7f3a003fe2a0>\n\n    def test_pays():\n>       assert 1 == 2\nE       AssertionError: 1 is not 2\nE       assert 1 == 2\n\na.py:3: AssertionError";
        for (printed, error_type, message) in [
            (
                &*traceback("AssertionError: 1 is not 2"),
                "AssertionError",
                "1 is not 2",
            ),
            (&both, "shop.CartError", "no cart"),
            (of_pytest, "AssertionError", "1 is not 2"),
            (
                "Traceback (most recent call last):\n  cut off",
                "",
                "Traceback (most recent call last):",
            ),
            ("Error: 1 is not 2\nE: none", "Error", "1 is not 2"),
        ] {
            let failure = thrown(printed);
            assert_eq!(
                failure.error_type.unwrap_or_default(),
                error_type,
                "{printed}"
            );
            assert_eq!(failure.message.unwrap_or_default(), message, "{printed}");
            assert_eq!(failure.details, printed.trim_end());
        }
    }

    #[test]
    fn nanoseconds_are_exact() {
        for (text, shift, nanos) in [
            ("961166", 0, Some(961_166)),
            ("0.0003008842468", 9, Some(300_884)),
            ("1.5", 9, Some(1_500_000_000)),
            ("1e-05", 9, Some(10_000)),
            ("2.5e3", 0, Some(2500)),
            ("0", 9, Some(0)),
            ("-1", 0, None),
            ("1e300", 0, None),
            ("0e300", 0, Some(0)),
            ("x", 0, None),
        ] {
            let expected = nanos.map(Duration::from_nanos);
            assert_eq!(nanoseconds(text, shift), expected, "{text}");
        }
    }

    #[test]
    fn keys_are_found_in_links() {
        let url = "https://jira.example/browse/SHOP-12?focus=1";
        assert_eq!(linked_key(None, url).as_deref(), Some("SHOP-12"));
        assert_eq!(
            linked_key(Some("SHOP-3"), "https://x").as_deref(),
            Some("SHOP-3")
        );
        assert_eq!(linked_key(Some("bug"), "https://x/y/"), None);
    }
}
