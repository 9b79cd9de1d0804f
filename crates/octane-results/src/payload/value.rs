//! What an attribute may hold.

use crate::text::{find_forbidden, length};

/// The type of an attribute's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Any text.
    AnyText,
    /// A text of so many characters.
    Text { min: usize, max: usize },
    /// A 64-bit whole number.
    Long,
    /// `true`, `false`, `1` or `0`.
    Boolean,
    /// One of some words, exact in case and without blanks around; the name is that of the XSD type.
    Word {
        name: &'static str,
        words: &'static [&'static str],
    },
    /// The address of a report.
    Link,
}

/// How long a link may be, in characters.
pub(super) const LINK_CHARS: (usize, usize) = (6, 512);

/// The pattern of a link, as an XSD writes it. [`is_link`] is the same in code.
///
/// It is the official schema's rule with all that it lets through: one slash is enough after `http:`,
/// and nothing at all has to follow `testdirector`.
pub(super) const LINK_PATTERN: &str = "[Hh][Tt][Tt][Pp][Ss]?:/.*|[Tt][Dd][Ss]?:/.*|testdirector.*";

impl Value {
    /// Says what is wrong with `text`, as a predicate: "`attribute` …".
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        match self {
            Self::AnyText => Ok(()),
            Self::Text { min, max } => check_length(text, *min, *max),
            Self::Long => parse_long(text)
                .map(|_| ())
                .ok_or_else(|| format!("is `{}`, not a whole number of 64 bits", excerpt(text))),
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
                        "is `{}`, not an address such as `https://…`",
                        excerpt(text)
                    ))
                }
            }
        }
    }
}

fn check_length(text: &str, min: usize, max: usize) -> Result<(), String> {
    // A text has no more characters than bytes.
    if text.len() >= min && text.len() <= max && (min < 2 || text.is_ascii()) {
        return Ok(());
    }
    let chars = text.chars().count();
    if chars < min && text.is_empty() {
        Err("is empty".to_owned())
    } else if chars < min {
        Err(format!("has {chars} characters, at least {min} are needed"))
    } else if chars > max {
        Err(format!("has {chars} characters, the server takes {max}"))
    } else {
        Ok(())
    }
}

/// The number that `text` writes: blanks around it, a sign and leading zeros are allowed.
pub(super) fn parse_long(text: &str) -> Option<i64> {
    trim(text).parse().ok()
}

/// The truth that `text` writes, blanks around it allowed.
pub(super) fn parse_boolean(text: &str) -> Option<bool> {
    match trim(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The blanks of XML, which are fewer than those of Unicode.
pub(super) const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Whether `text` matches [`LINK_PATTERN`]. A line break is no character of a pattern's dot.
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

/// Whether any server takes `text` as a link: in all ways of counting and of reading the pattern.
pub(crate) fn is_safe_link(text: &str) -> bool {
    // Java's idea of a line break is wider.
    let is_break = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    is_link(text)
        && text.chars().count() >= LINK_CHARS.0
        && length(text) <= LINK_CHARS.1
        && !text.contains(is_break)
        && find_forbidden(text, 0).is_none()
}

/// The beginning of a value, short enough for a message.
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
    fn a_long_may_have_blanks_a_sign_and_zeros_and_nothing_else() {
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
    fn a_link_is_what_the_official_pattern_lets_through() {
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
            "has 4 characters, the server takes 3"
        );
    }
}
