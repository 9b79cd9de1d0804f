//! Keys of Jira issues in a text.

/// The Jira keys in a text, and what is none.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Keys<'t> {
    /// The keys, upper-cased, each once, in order.
    pub(crate) keys: Vec<String>,
    /// The words that are no key, in order.
    pub(crate) others: Vec<&'t str>,
}

/// Reads the Jira keys in `text`.
///
/// Keys are parted by commas, semicolons or blanks; brackets and quotes around them, as a list leaves
/// behind when it is printed into a cell, do not count. A key is a letter, then letters, digits or `_`,
/// then `-` and a number.
pub(crate) fn keys(text: &str) -> Keys<'_> {
    let mut found = Keys::default();
    let is_separator = |char: char| {
        char.is_whitespace() || matches!(char, ',' | ';' | '[' | ']' | '(' | ')' | '\'' | '"')
    };
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if !is_key(word) {
            found.others.push(word);
            continue;
        }
        let key = word.to_ascii_uppercase();
        if !found.keys.contains(&key) {
            found.keys.push(key);
        }
    }
    found
}

fn is_key(word: &str) -> bool {
    let Some((project, number)) = word.rsplit_once('-') else {
        return false;
    };
    project.len() >= 2
        && project.starts_with(|char: char| char.is_ascii_alphabetic())
        && (project.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parted_upper_cased_and_come_once() {
        for text in [
            "SHOP-12,PAY_2-7",
            " shop-12; PAY_2-7 ; SHOP-12",
            "SHOP-12 PAY_2-7",
            "['SHOP-12', 'PAY_2-7']",
            "[\"SHOP-12\",\"PAY_2-7\"]",
        ] {
            let found = keys(text);
            assert_eq!(found.keys, ["SHOP-12", "PAY_2-7"], "{text}");
            assert_eq!(found.others, [""; 0], "{text}");
        }
        assert_eq!(keys(" "), Keys::default());
    }

    #[test]
    fn what_is_no_key_is_named() {
        let found = keys("SHOP-12, SHOP, 12, A-1, 1SHOP-2, SHOP-2x, SHÖP-1, SHOP-");
        assert_eq!(found.keys, ["SHOP-12"]);
        assert_eq!(
            found.others,
            ["SHOP", "12", "A-1", "1SHOP-2", "SHOP-2x", "SHÖP-1", "SHOP-"]
        );
    }
}
