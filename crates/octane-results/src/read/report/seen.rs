//! Tests of one name, which are numbered.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The highest number of each name, of which a digest is kept. Numbered names are names too.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<u64, u32>);

impl Seen {
    /// Adds its number to the name of a test, unless it is the first one; the next number that makes a name that no other test has.
    /// `place` is what distinguishes tests besides their names.
    pub(crate) fn number(&mut self, place: impl Hash, name: &mut String) {
        let digest = |name: &str| {
            let mut digest = DefaultHasher::new();
            (&place, name.trim()).hash(&mut digest);
            digest.finish()
        };
        let original = digest(name);
        let Some(mut count) = self.0.get(&original).copied() else {
            self.0.insert(original, 1);
            return;
        };
        let numbered = loop {
            count += 1;
            let mut numbered = name.clone();
            number(&mut numbered, count);
            if let Entry::Vacant(free) = self.0.entry(digest(&numbered)) {
                free.insert(1);
                break numbered;
            }
        };
        self.0.insert(original, count);
        *name = numbered;
    }
}

/// Adds its number to the name of a test, unless it is the first one.
pub(crate) fn number(name: &mut String, number: u32) {
    if number > 1 {
        *name = format!("{name} ({number})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_one_name_in_one_place_are_numbered() {
        let mut seen = Seen::default();
        let numbered: Vec<String> = [("a", "adds"), ("b", "adds"), ("a", "adds"), ("a", " adds")]
            .map(|(place, name)| {
                let mut name = name.to_owned();
                seen.number(place, &mut name);
                name
            })
            .to_vec();
        assert_eq!(numbered, ["adds", "adds", "adds (2)", " adds (3)"]);
    }

    #[test]
    fn a_number_does_not_make_the_name_of_another_test() {
        for (names, expected) in [
            (["a", "a (2)", "a", "a"], ["a", "a (2)", "a (3)", "a (4)"]),
            (
                ["a", "a", "a (2)", "a"],
                ["a", "a (2)", "a (2) (2)", "a (3)"],
            ),
        ] {
            let mut seen = Seen::default();
            let numbered = names.map(|name| {
                let mut name = name.to_owned();
                seen.number((), &mut name);
                name
            });
            assert_eq!(numbered, expected);
        }
    }
}
