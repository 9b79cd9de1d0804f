//! Finds keys of Jira issues in a text.

use std::collections::HashSet;

/// How many keys are compared with each other before a table of them pays.
const FEW: usize = 16;

/// Different Jira keys, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyList {
    /// The keys; after the first `count` of them, the memory of earlier ones.
    keys: Vec<String>,
    count: usize,
    /// The same keys, if there are more than a few.
    known: HashSet<String>,
}

impl KeyList {
    /// Adds a key, unless it is there already.
    pub(crate) fn insert(&mut self, key: impl AsRef<str>) {
        let key = key.as_ref();
        if self.count < FEW {
            if self.iter().any(|known| known == key) {
                return;
            }
        } else {
            if self.known.is_empty() {
                self.known = self.iter().cloned().collect();
            }
            if !self.known.insert(key.to_owned()) {
                return;
            }
        }
        match self.keys.get_mut(self.count) {
            Some(unused) => key.clone_into(unused),
            None => self.keys.push(key.to_owned()),
        }
        self.count += 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &String> {
        self.keys[..self.count].iter()
    }

    /// Forgets all keys.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.known.clear();
    }

    /// Replaces `keys` by these.
    pub(crate) fn copy_to(&self, keys: &mut Vec<String>) {
        keys.truncate(self.count);
        for (at, key) in self.iter().enumerate() {
            match keys.get_mut(at) {
                Some(known) => known.clone_from(key),
                None => keys.push(key.clone()),
            }
        }
    }

    pub(crate) fn into_keys(mut self) -> Vec<String> {
        self.keys.truncate(self.count);
        self.keys
    }
}

impl FromIterator<String> for KeyList {
    fn from_iter<I: IntoIterator<Item = String>>(keys: I) -> Self {
        let mut list = Self::default();
        for key in keys {
            list.insert(key);
        }
        list
    }
}

/// The Jira keys in a text, and the other words.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct JiraKeys<'t> {
    /// The keys in upper case, without duplicates, in order.
    pub(crate) keys: Vec<String>,
    /// The words that are not keys, in order; the whole text if there is no key in it.
    pub(crate) others: Vec<&'t str>,
}

/// Finds the Jira keys in `text`.
///
/// Keys are separated by commas, semicolons or whitespace; brackets and quotes around them, as in a printed
/// list, are ignored. A key is a letter, then letters, digits or `_`, then `-` and a number. The address of an issue counts as
/// its key, and so does a key in a sentence: `see SHOP-12: the tax`. The words of such a sentence are no mistakes.
pub(crate) fn jira_keys(text: &str) -> JiraKeys<'_> {
    let mut keys = KeyList::default();
    let mut others = Vec::new();
    let is_separator = |char: char| {
        let is_bracket = matches!(char, '[' | ']' | '(' | ')' | '<' | '>' | '{' | '}');
        is_bracket || char.is_whitespace() || matches!(char, ',' | ';' | '|' | '\'' | '"')
    };
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if is_key(word) {
            keys.insert(word.to_ascii_uppercase());
        } else if !add_from_word(word, &mut keys) {
            others.push(word);
        }
    }
    let keys = keys.into_keys();
    let is_sentence = others.iter().filter(|word| is_prose(word)).count() > 1;
    if keys.is_empty() && !others.is_empty() {
        others = vec![text.trim()];
    } else if is_sentence {
        others.retain(|word| !is_prose(word));
    }
    JiraKeys { keys, others }
}

/// Adds the keys in a word that is not a key itself: those of an address, or of `jira:SHOP-12`, `SHOP-12/SHOP-13.` and the like.
fn add_from_word(word: &str, keys: &mut KeyList) -> bool {
    if is_url(word) {
        let key = key_of_url(word);
        let has_key = key.is_some();
        key.into_iter().for_each(|key| keys.insert(key));
        return has_key;
    }
    let mut has_keys = false;
    for part in word.split([':', '=', '/', '#', '@']) {
        let part = part.trim_matches(|char: char| !char.is_ascii_alphanumeric());
        if is_key(part) {
            keys.insert(part.to_ascii_uppercase());
            has_keys = true;
        }
    }
    has_keys
}

/// Whether it is a word of a sentence rather than a mistaken key.
fn is_prose(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ':', '!', '?']);
    word.chars().all(char::is_alphabetic) && word.chars().any(char::is_lowercase)
}

/// Whether `word` is an address on the web.
pub(crate) fn is_url(word: &str) -> bool {
    let starts_with = |scheme: &str| {
        (word.as_bytes().get(..scheme.len()))
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    starts_with("https://") || starts_with("http://")
}

/// The key in an address that is given where only issues of Jira are expected: as in [`key_of_jira_url`], or else the last
/// segment of its path.
pub(crate) fn key_of_url(url: &str) -> Option<String> {
    key_of_jira_url(url).or_else(|| {
        let last = segments(url).next_back()?;
        is_key(last).then(|| last.to_ascii_uppercase())
    })
}

/// The key in an address that is certainly that of an issue of Jira, wherever it is given: `…/browse/SHOP-12`,
/// `…/projects/SHOP/issues/SHOP-12`, `…?selectedIssue=SHOP-12`.
pub(crate) fn key_of_jira_url(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?').unwrap_or_default();
    let query = query.split('#').next().unwrap_or_default();
    let selected = query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name.eq_ignore_ascii_case("selectedIssue") && is_key(value)).then_some(value)
    });
    let browsed = || {
        let mut before = "";
        segments(url).find(|segment| {
            let before = std::mem::replace(&mut before, segment);
            matches!(before, "browse" | "issues") && is_key(segment)
        })
    };
    let key = selected.or_else(browsed)?;
    Some(key.to_ascii_uppercase())
}

/// The segments of the path of an address, without its host.
fn segments(url: &str) -> impl DoubleEndedIterator<Item = &str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, path) = path.split_once("://").unwrap_or(("", path));
    let (_, path) = path.split_once('/').unwrap_or_default();
    path.split('/').filter(|segment| !segment.is_empty())
}

pub(crate) fn is_key(word: &str) -> bool {
    let word = word.as_bytes();
    let number = word.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let number = number.count();
    let [project @ .., b'-'] = &word[..word.len() - number] else {
        return false;
    };
    number > 0
        && project.len() >= 2
        && project[0].is_ascii_alphabetic()
        && (project.iter()).all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_upper_cased_and_deduplicated() {
        for text in [
            "SHOP-12,PAY_2-7",
            " shop-12; PAY_2-7 ; SHOP-12",
            "SHOP-12 PAY_2-7",
            "['SHOP-12', 'PAY_2-7']",
            "[\"SHOP-12\",\"PAY_2-7\"]",
        ] {
            let found = jira_keys(text);
            assert_eq!(found.keys, ["SHOP-12", "PAY_2-7"], "{text}");
            assert_eq!(found.others, [""; 0], "{text}");
        }
        assert_eq!(jira_keys(" "), JiraKeys::default());
    }

    #[test]
    fn other_words_are_returned_separately() {
        let found = jira_keys("SHOP-12, SHOP, 12, A-1, 1SHOP-2, SHOP-2x, SHÖP-1, SHOP-");
        assert_eq!(found.keys, ["SHOP-12"]);
        assert_eq!(
            found.others,
            ["SHOP", "12", "A-1", "1SHOP-2", "SHOP-2x", "SHÖP-1", "SHOP-"]
        );
    }

    #[test]
    fn addresses_of_issues_count_as_their_keys() {
        for (text, expected) in [
            ("https://jira.example.com/browse/SHOP-12", "SHOP-12"),
            (
                "https://jira.example.com/browse/shop-12?focus=1#c-9",
                "SHOP-12",
            ),
            (
                "<HTTPS://x.example/jira/projects/SHOP/issues/SHOP-12/>",
                "SHOP-12",
            ),
            (
                "https://x.example/boards/7?a=b&selectedIssue=SHOP-12&c=d",
                "SHOP-12",
            ),
            (
                "[SHOP-12|https://jira.example.com/browse/SHOP-12]",
                "SHOP-12",
            ),
            ("https://tms.example/case/SHOP-12", "SHOP-12"),
        ] {
            let found = jira_keys(text);
            assert_eq!(found.keys, [expected], "{text}");
            assert_eq!(found.others, [""; 0], "{text}");
        }
        for text in [
            "https://build-12/browse",
            "http://x",
            "https://x.example/a-1",
        ] {
            assert_eq!(jira_keys(text).keys, [""; 0], "{text}");
            assert_eq!(jira_keys(text).others, [text]);
        }
    }

    #[test]
    fn only_unmistakable_addresses_count_everywhere() {
        let found = |url| key_of_jira_url(url);
        assert_eq!(found("https://x/browse/SHOP-1").as_deref(), Some("SHOP-1"));
        assert_eq!(
            found("https://x/a?selectedIssue=SHOP-1").as_deref(),
            Some("SHOP-1")
        );
        assert_eq!(found("https://ci.example/job/nightly/sprint-12"), None);
        assert_eq!(found("https://x/browse/"), None);
    }

    #[test]
    fn keys_are_found_in_sentences_and_marked_words() {
        for (text, keys, others) in [
            (
                "Fixes SHOP-12: see SHOP-13.",
                &["SHOP-12", "SHOP-13"][..],
                &[][..],
            ),
            (
                "jira:SHOP-1 requirement=SHOP-2 #SHOP-3",
                &["SHOP-1", "SHOP-2", "SHOP-3"],
                &[],
            ),
            ("SHOP-1/SHOP-2 SHOP12", &["SHOP-1", "SHOP-2"], &["SHOP12"]),
            ("none of them", &[], &["none of them"]),
        ] {
            let found = jira_keys(text);
            assert_eq!(found.keys, keys, "{text}");
            assert_eq!(found.others, others, "{text}");
        }
    }
}
