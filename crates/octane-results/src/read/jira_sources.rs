//! Where Jira keys are looked for.

use regex::Regex;

use crate::read::jira_keys::{KeyList, is_key, is_url, jira_keys, key_of_jira_url};
use crate::read::spelling::{folded, is_same};

/// The names of properties and attributes that contain Jira keys by default, ignoring case, `_` and `-`.
const PROPERTIES: [&str; 13] = [
    "jira",
    "jiraid",
    "jiraids",
    "jirakey",
    "jirakeys",
    "jiraissue",
    "jiraissues",
    "jiralink",
    "jiraurl",
    "testkey",
    "testkeys",
    "requirement",
    "requirements",
];

/// The names of properties that contain Jira keys or something else, such as the number of an issue at GitHub.
const OTHER_PROPERTIES: [&str; 3] = ["issue", "issues", "tms"];

/// Words in names that look like Jira keys, and are encodings, digests and standards.
const STANDARDS: [&str; 22] = [
    "AES", "ANSI", "ASCII", "BASE", "COVID", "CP", "CVE", "EC", "HTTP", "IEC", "IEEE", "IP", "ISO",
    "LATIN", "MD", "RFC", "RSA", "SHA", "SSL", "TLS", "UTF", "WINDOWS",
];

/// What a property says of Jira keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PropertyMeaning {
    /// It contains keys; other words are mistakes.
    Keys,
    /// It may contain keys, and is a property like others.
    PerhapsKeys,
    /// It contains tags, among which keys count.
    Tags,
    /// Nothing, unless its value is the address of an issue.
    Link,
    /// Nothing.
    #[default]
    Nothing,
}

/// Where Jira keys are looked for in a report; the column `jira` of a table always counts.
#[derive(Debug, Clone)]
#[must_use]
pub struct JiraSources {
    /// The names of properties, and of attributes of test cases, in addition to the default ones if those count.
    properties: Vec<String>,
    has_default_properties: bool,
    in_tags: bool,
    in_names: bool,
    pattern: Option<Regex>,
}

impl Default for JiraSources {
    /// The default properties: `jira`, `jira_id`, `jira_key`, `jira_issue`, `jira_link`, `jira_url`, `test_key`, `requirement`,
    /// `issue`, `tms`, and their plurals; and links to issues, `https://jira.example.com/browse/SHOP-12`.
    fn default() -> Self {
        Self {
            has_default_properties: true,
            ..Self::none()
        }
    }
}

impl PartialEq for JiraSources {
    fn eq(&self, other: &Self) -> bool {
        let pattern = |of: &Self| {
            of.pattern
                .as_ref()
                .map(|pattern| pattern.as_str().to_owned())
        };
        self.properties == other.properties
            && self.has_default_properties == other.has_default_properties
            && self.in_tags == other.in_tags
            && self.in_names == other.in_names
            && pattern(self) == pattern(other)
    }
}

impl Eq for JiraSources {}

impl JiraSources {
    /// Nowhere.
    pub fn none() -> Self {
        Self {
            properties: Vec::new(),
            has_default_properties: false,
            in_tags: false,
            in_names: false,
            pattern: None,
        }
    }

    /// Also in properties, and in attributes of test cases, with this name.
    pub fn property(mut self, name: impl Into<String>) -> Self {
        self.properties.push(name.into());
        self
    }

    /// Also in the default properties and in links.
    pub fn default_properties(mut self) -> Self {
        self.has_default_properties = true;
        self
    }

    /// Also in properties called `tag` or `tags`, whose other words are not reported.
    pub fn tags(mut self) -> Self {
        self.in_tags = true;
        self
    }

    /// Also in the names of tests: `[SHOP-1] adds`, `SHOP_1_adds`, `adds (shop-1)`, `adds @SHOP-1`. `UTF-8` and the
    /// like are not keys.
    pub fn names(mut self) -> Self {
        self.in_names = true;
        self
    }

    /// What keys in tags and names look like: the first group of `pattern`, or all of it.
    pub fn pattern(mut self, pattern: Regex) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// Whether a property, or an attribute of a test case, called `name` contains keys and nothing else.
    pub(crate) fn is_property(&self, name: &str) -> bool {
        self.meaning(name) == PropertyMeaning::Keys
    }

    /// What a property, or an attribute of a test case, called `name` contains.
    pub(crate) fn meaning(&self, name: &str) -> PropertyMeaning {
        let is_one_of = |known: &[&str]| known.iter().any(|known| is_same(known, name));
        let mut own = self.properties.iter();
        if own.any(|own| is_same(&folded(own), name))
            || self.has_default_properties && is_one_of(&PROPERTIES)
        {
            PropertyMeaning::Keys
        } else if self.is_tag(name) {
            PropertyMeaning::Tags
        } else if !self.has_default_properties {
            PropertyMeaning::Nothing
        } else if is_one_of(&OTHER_PROPERTIES) {
            PropertyMeaning::PerhapsKeys
        } else {
            PropertyMeaning::Link
        }
    }

    /// Whether a property called `name` contains tags, among which keys count.
    pub(crate) fn is_tag(&self, name: &str) -> bool {
        self.in_tags && (is_same("tag", name) || is_same("tags", name))
    }

    /// Adds the key of a link to an issue of Jira.
    pub(crate) fn add_from_link(&self, url: &str, keys: &mut KeyList) {
        if self.has_default_properties
            && is_url(url)
            && let Some(key) = key_of_jira_url(url)
        {
            keys.insert(key);
        }
    }

    /// Adds the keys in the value of a property that may contain other things as well.
    pub(crate) fn add_from_property(
        &self,
        meaning: PropertyMeaning,
        value: &str,
        keys: &mut KeyList,
    ) {
        match meaning {
            PropertyMeaning::Keys | PropertyMeaning::PerhapsKeys => {
                jira_keys(value)
                    .keys
                    .into_iter()
                    .for_each(|key| keys.insert(key));
            }
            PropertyMeaning::Tags => self.add_from_text(value, keys),
            PropertyMeaning::Link => self.add_from_link(value, keys),
            PropertyMeaning::Nothing => {}
        }
    }

    /// Whether keys are looked for in the names of tests.
    pub(crate) const fn has_names(&self) -> bool {
        self.in_names
    }

    /// Adds the keys in the name of a test.
    pub(crate) fn add_from_name(&self, name: &str, keys: &mut KeyList) {
        if self.in_names {
            self.add_from_text(name, keys);
        }
    }

    /// Adds the keys in a text with other words.
    pub(crate) fn add_from_text(&self, text: &str, keys: &mut KeyList) {
        if let Some(pattern) = &self.pattern {
            for found in pattern.captures_iter(text) {
                let key = found.get(1).or_else(|| found.get(0));
                let key = key.map(|key| key.as_str().to_ascii_uppercase().replace('_', "-"));
                if let Some(key) = key.filter(|key| is_key(key)) {
                    keys.insert(key);
                }
            }
            return;
        }
        let is_inside = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-');
        let mut before = ' ';
        let mut start = 0;
        while let Some(offset) = text[start..].find(is_inside) {
            before = text[..start + offset].chars().next_back().unwrap_or(before);
            start += offset;
            let rest = &text[start..];
            let word = &rest[..rest.find(|char| !is_inside(char)).unwrap_or(rest.len())];
            let is_marked = matches!(before, '[' | '(' | '@' | '#');
            if let Some(key) = key_in(word, is_marked) {
                keys.insert(key);
            }
            start += word.len();
        }
    }
}

/// The key that a word is, or begins with: `SHOP-12`, `SHOP_12_adds`. Only a marked one may be in lower case.
fn key_in(word: &str, is_marked: bool) -> Option<String> {
    let end = word.find(['-', '_'])?;
    let (project, rest) = (&word[..end], &word[end + 1..]);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let tail = &rest[digits..];
    let is_end = tail.is_empty() || tail.starts_with(['_', '-']);
    let is_upper = !project.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_whole = tail.is_empty() && word.as_bytes()[end] == b'-';
    let key = format!("{}-{}", project.to_ascii_uppercase(), &rest[..digits]);
    let is_standard = STANDARDS.contains(&&key[..project.len()]);
    (is_end && is_key(&key) && !is_standard && (is_upper || is_marked && is_whole)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sources: &JiraSources, text: &str) -> Vec<String> {
        let mut keys = KeyList::default();
        sources.add_from_text(text, &mut keys);
        keys.into_keys()
    }

    #[test]
    fn keys_are_found_among_other_words() {
        let sources = JiraSources::none();
        for (text, expected) in [
            ("[SHOP-101] adds", &["SHOP-101"][..]),
            ("SHOP_102_adds", &["SHOP-102"]),
            ("adds (shop-103)", &["SHOP-103"]),
            ("pays @SHOP-104, @PAY2-5", &["SHOP-104", "PAY2-5"]),
            ("SHOP-1: SHOP-1 and SHOP-2", &["SHOP-1", "SHOP-2"]),
            ("@requirements=SHOP-105,SHOP-106", &["SHOP-105", "SHOP-106"]),
            ("UTF-8 and SHA-256 stay", &[]),
            ("ISO-8859, (utf-8), CP-1252", &[]),
            (
                "adds shop-1, test_1, a-1, x-SHOP-1, SHOP-1x, SHOP-, -1",
                &[],
            ),
            ("SHÖP-1, ÄSHOP-2", &[]),
        ] {
            assert_eq!(found(&sources, text), expected, "{text}");
        }
    }

    #[test]
    fn a_pattern_decides_what_a_key_is() {
        let sources = JiraSources::none().pattern(Regex::new(r"(?i)story (shop[-_]\d+)").unwrap());
        assert_eq!(found(&sources, "SHOP-1 of story Shop_2"), ["SHOP-2"]);
        let whole = JiraSources::none().pattern(Regex::new(r"SHOP-\d+|x").unwrap());
        assert_eq!(found(&whole, "xSHOP-3x"), ["SHOP-3"]);
    }

    #[test]
    fn properties_are_recognised_in_all_spellings() {
        let sources = JiraSources::default().property("my ticket");
        for name in [
            "jira",
            "JIRA_KEY",
            "jira-keys",
            "Requirements",
            "test_key",
            "My_Ticket",
        ] {
            assert!(sources.is_property(name), "{name}");
        }
        assert!(!sources.is_property("tags") && !sources.is_tag("tags"));
        assert!(JiraSources::none().tags().is_tag("Tags"));
        assert!(!JiraSources::none().is_property("jira"));
        let meaning = |name| JiraSources::default().meaning(name);
        assert_eq!(meaning("Issues"), PropertyMeaning::PerhapsKeys);
        assert_eq!(meaning("url"), PropertyMeaning::Link);
        assert_eq!(
            JiraSources::none().meaning("issue"),
            PropertyMeaning::Nothing
        );
    }
}
