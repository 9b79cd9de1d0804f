//! Parts of names that differ from run to run.

use std::borrow::Cow;
use std::collections::HashMap;

use regex::Regex;

use crate::identity::Identity;
use crate::run::TestRun;
use crate::volatile::Volatile;

/// What is removed from the names of tests because it differs from run to run, such as memory addresses.
#[derive(Debug, Clone, Default)]
pub struct Scrub {
    volatile: Vec<Volatile>,
    patterns: Vec<Regex>,
}

/// What is in the place of what a pattern removed.
const PLACEHOLDER: &str = "*";

impl PartialEq for Scrub {
    fn eq(&self, other: &Self) -> bool {
        let texts = |of: &Self| -> Vec<String> {
            of.patterns
                .iter()
                .map(|pattern| pattern.as_str().to_owned())
                .collect()
        };
        self.volatile == other.volatile && texts(self) == texts(other)
    }
}

impl Eq for Scrub {}

impl Scrub {
    /// Replaces what `pattern` matches by `*`.
    #[must_use]
    pub fn with(mut self, pattern: Regex) -> Self {
        self.patterns.push(pattern);
        self
    }

    /// Replaces addresses, paths and the like by a fixed word, `<address>` for example, before any pattern applies.
    #[must_use]
    pub fn normalize(mut self, volatile: Volatile) -> Self {
        self.volatile.push(volatile);
        // A path is replaced before what is in it.
        self.volatile.sort_unstable();
        self.volatile.dedup();
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.volatile.is_empty() && self.patterns.is_empty()
    }

    fn apply(&self, text: &mut String) -> bool {
        let mut changed = Cow::Borrowed(text.as_str());
        for volatile in &self.volatile {
            if let Cow::Owned(replaced) = volatile.replace(&changed) {
                changed = Cow::Owned(replaced);
            }
        }
        for pattern in &self.patterns {
            if let Cow::Owned(replaced) = pattern.replace_all(&changed, PLACEHOLDER) {
                changed = Cow::Owned(replaced);
            }
        }
        match changed {
            Cow::Owned(changed) if changed != *text => {
                *text = changed;
                true
            }
            _ => false,
        }
    }
}

/// Scrubs the names of the tests of one input. Different names that become the same one are numbered in their order, so
/// that one test does not hide another: `t[*]`, `t[*] (2)`.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    scrub: Scrub,
    /// The number of each original name, by identity after the scrubbing; those with a number are such identities too.
    numbers: HashMap<Identity, Numbers>,
}

#[derive(Debug, Default)]
struct Numbers {
    of: HashMap<Identity, usize>,
    highest: usize,
}

impl Scrubber {
    pub(crate) fn new(scrub: Scrub) -> Self {
        Self {
            scrub,
            numbers: HashMap::new(),
        }
    }

    pub(crate) fn run(&mut self, run: &mut TestRun) {
        let original = run.identity.clone();
        let is_class_changed = self.scrub.apply(&mut run.identity.class);
        let is_changed = self.scrub.apply(&mut run.identity.name) || is_class_changed;
        // What is not scrubbed may be what another name becomes.
        let Identity { class, name, .. } = &run.identity;
        let is_like_scrubbed = || [class, name].iter().any(|text| text.contains(['*', '<']));
        if !is_changed && !is_like_scrubbed() {
            return;
        }
        let numbers = self.numbers.entry(run.identity.clone()).or_default();
        let mut number = numbers.of.get(&original).copied().unwrap_or(0);
        if number == 0 {
            number = numbers.highest + 1;
            while number > 1 && self.numbers.contains_key(&numbered(&run.identity, number)) {
                number += 1;
            }
            self.give(numbered(&run.identity, number), original.clone(), 1);
            self.give(run.identity.clone(), original, number);
        }
        run.identity = numbered(&run.identity, number);
    }
}

impl Scrubber {
    fn give(&mut self, scrubbed: Identity, original: Identity, number: usize) {
        let numbers = self.numbers.entry(scrubbed).or_default();
        numbers.of.insert(original, number);
        numbers.highest = numbers.highest.max(number);
    }
}

/// With its number in the name, unless it is the first one.
fn numbered(identity: &Identity, number: usize) -> Identity {
    let mut numbered = identity.clone();
    if number > 1 {
        numbered.name.push_str(&format!(" ({number})"));
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    #[test]
    fn names_that_become_the_same_are_numbered() {
        let scrub = Scrub::default().with(Regex::new("0x[0-9a-f]+").unwrap());
        let mut scrubber = Scrubber::new(scrub);
        let mut name = |name: &str| {
            let mut run = TestRun::new(name, Status::Passed);
            scrubber.run(&mut run);
            run.identity.name
        };
        assert_eq!(name("t[0x5257a0]"), "t[*]");
        assert_eq!(name("t[0x7711c8]"), "t[*] (2)");
        assert_eq!(name("t[0x5257a0]"), "t[*]");
        assert_eq!(name("u"), "u");
        // A name that is not scrubbed may be the same too, wherever it is.
        assert_eq!(name("t[*]"), "t[*] (3)");
        assert_eq!(name("v[*]"), "v[*]");
        assert_eq!(name("v[0x1]"), "v[*] (2)");
        assert_eq!(name("v[*] (2)"), "v[*] (2) (2)");
        // A name with a number may be one that a report has.
        assert_eq!(name("t[0x5257a0] (2)"), "t[*] (2) (2)");
        assert_eq!(name("s[0x1] (2)"), "s[*] (2)");
        assert_eq!(name("s[0x1]"), "s[*]");
        assert_eq!(name("s[0x2]"), "s[*] (3)");
        assert_eq!(name("s[0x2]"), "s[*] (3)");
    }

    #[test]
    fn paths_are_replaced_before_what_is_in_them_whatever_is_asked_first() {
        let scrub = Scrub::default()
            .normalize(Volatile::Hashes)
            .normalize(Volatile::Paths)
            .with(Regex::new("v[0-9]").unwrap());
        let mut name = "t[/tmp/5f2b1c3d9e4a/x, 5f2b1c3d9e4a, v2]".to_owned();
        assert!(scrub.apply(&mut name));
        assert_eq!(name, "t[<path>, <hash>, *]");
        assert!(!scrub.apply(&mut "plain".to_owned()));
    }
}
