//! Tests of one name, which are numbered.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many tests there were of each name, of which a digest is kept.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<u64, u32>);

impl Seen {
    /// Adds its number to the name of a test, unless it is the first one. `place` is what distinguishes tests besides their names.
    pub(crate) fn number(&mut self, place: impl Hash, name: &mut String) {
        let mut digest = DefaultHasher::new();
        (place, name.trim()).hash(&mut digest);
        let count = self.0.entry(digest.finish()).or_default();
        *count += 1;
        number(name, *count);
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
}
