//! Secret members of JSON in what is not JSON as a whole: the parts of a form with files, and JSON that is cut off.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::exchange::MASK;

/// A member of JSON with its name, and its value as far as it goes.
static MEMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?s-u)("((?:[^"\\]|\\.)*)"\s*:\s*)("(?:[^"\\]|\\.)*(?:"|\\?$)|-?[0-9][0-9.eE+-]*)"#,
    )
    .ok()
});

/// The bytes without the values of the members that `is_secret` names; `learn` gets these values.
pub(super) fn masked(
    bytes: &[u8],
    is_secret: impl Fn(&str) -> bool,
    learn: impl Fn(&str),
) -> Cow<'_, [u8]> {
    let Some(members) = MEMBER.as_ref() else {
        return Cow::Borrowed(bytes);
    };
    members.replace_all(bytes, |found: &Captures<'_>| {
        let name = String::from_utf8_lossy(&found[2]);
        if !is_secret(&name) {
            return found[0].to_vec();
        }
        let value = String::from_utf8_lossy(&found[3]);
        // A number, or text that may be cut off.
        let text = serde_json::from_str::<String>(&value);
        match text.or_else(|_| serde_json::from_str(&format!("{value}\""))) {
            Ok(secret) => learn(&secret),
            Err(_) => learn(value.trim_matches('"')),
        }
        [&found[1], format!("\"{MASK}\"").as_bytes()].concat()
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn secret_members_are_masked_and_learned_wherever_they_are() {
        for (sent, expected, learned) in [
            (
                "--b\r\n\r\n{\"name\":\"x\",\"secret\" : \"hush\"}\r\n--b--",
                "--b\r\n\r\n{\"name\":\"x\",\"secret\" : \"***\"}\r\n--b--",
                "hush",
            ),
            (
                r#"{"secret":"a\"","n":1"#,
                r#"{"secret":"***","n":1"#,
                "a\"",
            ),
            (
                r#"{"secret":12345678,"n"#,
                r#"{"secret":"***","n"#,
                "12345678",
            ),
            (
                r#"{"n":1,"secret":"cut o"#,
                r#"{"n":1,"secret":"***""#,
                "cut o",
            ),
        ] {
            let known = RefCell::new(Vec::new());
            let learn = |secret: &str| known.borrow_mut().push(secret.to_owned());
            let masked = masked(sent.as_bytes(), |name| name == "secret", learn);
            assert_eq!(String::from_utf8_lossy(&masked), expected);
            assert_eq!(known.into_inner(), [learned]);
        }
        assert!(matches!(
            masked(b"plain", |_| true, |_| {}),
            Cow::Borrowed(_)
        ));
    }
}
