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
    /// The words that are not keys, in order.
    pub(crate) others: Vec<&'t str>,
}

/// Finds the Jira keys in `text`.
///
/// Keys are separated by commas, semicolons or whitespace; brackets and quotes around them, as in a printed
/// list, are ignored. A key is a letter, then letters, digits or `_`, then `-` and a number.
pub(crate) fn jira_keys(text: &str) -> JiraKeys<'_> {
    let mut keys = KeyList::default();
    let mut others = Vec::new();
    let is_separator = |char: char| {
        char.is_whitespace() || matches!(char, ',' | ';' | '[' | ']' | '(' | ')' | '\'' | '"')
    };
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if !is_key(word) {
            others.push(word);
            continue;
        }
        keys.insert(word.to_ascii_uppercase());
    }
    JiraKeys {
        keys: keys.into_keys(),
        others,
    }
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
}
