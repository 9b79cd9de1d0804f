//! The types of attribute values.

use crate::text::{find_forbidden, length};
use octane_model::plural::plural;

/// The type of an attribute's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Any text.
    AnyText,
    /// A text of `min` to `max` characters.
    Text { min: usize, max: usize },
    /// A 64-bit integer.
    Long,
    /// `true`, `false`, `1` or `0`.
    Boolean,
    /// One of several words, case-sensitive and without surrounding whitespace; `name` is that of the XSD type.
    Word {
        name: &'static str,
        words: &'static [&'static str],
    },
    /// The URL of a report.
    Link,
}

/// The minimum and maximum length of a link, in characters.
pub(super) const LINK_CHARS: (usize, usize) = (6, 512);

/// The pattern of a link, as an XSD regular expression; [`is_link`] is equivalent.
///
/// It is as lenient as the official schema: one slash suffices after `http:`, and nothing has to follow
/// `testdirector`.
pub(super) const LINK_PATTERN: &str = "[Hh][Tt][Tt][Pp][Ss]?:/.*|[Tt][Dd][Ss]?:/.*|testdirector.*";

impl Value {
    /// Checks `text`; an error is a predicate, as in "`attribute` …".
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        match self {
            Self::AnyText => Ok(()),
            Self::Text { min, max } => check_length(text, *min, *max),
            Self::Long => parse_long(text)
                .map(|_| ())
                .ok_or_else(|| format!("is `{}`, not a 64-bit integer", excerpt(text))),
            Self::Boolean => parse_boolean(text).map(|_| ()).ok_or_else(|| {
                format!(
                    "is `{}`, not one of `true`, `false`, `1`, `0`",
                    excerpt(text)
                )
            }),
            Self::Word { words, .. } if words.contains(&text) => Ok(()),
            Self::Word { words, .. } => Err(format!(
                "is `{}`, not one of `{}`",
                excerpt(text),
                words.join("`, `")
            )),
            Self::Link => {
                check_length(text, LINK_CHARS.0, LINK_CHARS.1)?;
                if is_link(text) {
                    Ok(())
                } else {
                    Err(format!(
                        "is `{}`, not a URL such as `https://…`",
                        excerpt(text)
                    ))
                }
            }
        }
    }
}

fn check_length(text: &str, min: usize, max: usize) -> Result<(), String> {
    // A text never has more characters than bytes.
    if text.len() >= min && text.len() <= max && (min < 2 || text.is_ascii()) {
        return Ok(());
    }
    let chars = text.chars().count();
    if chars < min && text.is_empty() {
        Err("is empty".to_owned())
    } else if chars < min {
        Err(format!(
            "is {} long; the minimum is {min}",
            plural(chars, "character")
        ))
    } else if chars > max {
        Err(format!("is {chars} characters long; the limit is {max}"))
    } else {
        Ok(())
    }
}

/// Parses an integer; surrounding whitespace, a sign and leading zeros are allowed.
pub(crate) fn parse_long(text: &str) -> Option<i64> {
    trim(text).parse().ok()
}

/// Parses a Boolean; surrounding whitespace is allowed.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match trim(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Whether `character` is whitespace in XML, which has less than Unicode.
pub(super) const fn is_whitespace(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_whitespace)
}

/// Whether `text` matches [`LINK_PATTERN`]. The dot of a pattern does not match a line break.
fn is_link(text: &str) -> bool {
    let has_scheme = |scheme: &str| {
        let Some((head, rest)) = text.split_at_checked(scheme.len()) else {
            return false;
        };
        let rest = rest.strip_prefix(['s', 'S']).unwrap_or(rest);
        head.eq_ignore_ascii_case(scheme) && rest.starts_with(":/")
    };
    !text.contains(['\n', '\r'])
        && (has_scheme("http") || has_scheme("td") || text.starts_with("testdirector"))
}

/// Whether every server accepts `text` as the link of a run, however it counts characters and interprets the pattern of the
/// schema: 6 to 512 characters that begin with `http://`, `https://` or a scheme of the vendor's.
pub fn is_safe_link(text: &str) -> bool {
    // Java has more line breaks.
    let is_break = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    is_link(text)
        && text.chars().count() >= LINK_CHARS.0
        && length(text) <= LINK_CHARS.1
        && !text.contains(is_break)
        && find_forbidden(text, 0).is_none()
}

/// The beginning of a value, for messages.
pub(super) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_may_have_whitespace_a_sign_and_leading_zeros() {
        for good in [
            "0",
            " +007\n",
            "-0",
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert!(Value::Long.check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "12.5",
            "1 2",
            "+-1",
            "９",
            "\u{A0}7",
            "9223372036854775808",
            "0x1",
        ] {
            assert!(Value::Long.check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn links_match_the_official_pattern() {
        for good in [
            "http:/x",
            "HTTPs://a b",
            "td:///x",
            "tds:/xx",
            "testdirector",
            "testdirectorfoo",
        ] {
            assert!(Value::Link.check(good).is_ok(), "{good}");
        }
        for bad in [
            "http:x",
            "ftp://x",
            "td:/x",
            "httpss://x",
            "Testdirector:",
            "http://a\nb",
            "ü://xx",
        ] {
            assert!(Value::Link.check(bad).is_err(), "{bad}");
        }
        assert!(
            Value::Link
                .check(&format!("http://{}", "x".repeat(506)))
                .is_err()
        );
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let text = Value::Text { min: 1, max: 3 };
        assert!(text.check("😀😀😀").is_ok());
        assert_eq!(text.check("").unwrap_err(), "is empty");
        assert_eq!(
            text.check("abcd").unwrap_err(),
            "is 4 characters long; the limit is 3"
        );
    }
}
