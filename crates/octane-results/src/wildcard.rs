//! Patterns in which `*` stands for any text.

use std::collections::HashMap;

/// A text in which `*` stands for any text, an empty one included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard {
    /// What is between the `*`; never empty.
    pieces: Vec<String>,
}

impl Wildcard {
    pub(crate) fn new(pattern: &str) -> Self {
        Self {
            pieces: pattern.split('*').map(str::to_owned).collect(),
        }
    }

    /// What a text that matches begins with.
    fn prefix(&self) -> &str {
        &self.pieces[0]
    }

    /// What a text that matches ends with.
    fn suffix(&self) -> &str {
        self.pieces.last().map_or("", String::as_str)
    }

    fn is_literal(&self) -> bool {
        self.pieces.len() == 1
    }

    /// Whether all of `text` matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let [first, inner @ .., last] = &self.pieces[..] else {
            return text == self.prefix();
        };
        let rest = text.strip_prefix(first.as_str());
        let Some(mut rest) = rest.and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        for piece in inner {
            match rest.split_once(piece.as_str()) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}

/// The patterns that a text may match, found without trying all of them.
#[derive(Debug, Default)]
pub(crate) struct WildcardIndex {
    literal: HashMap<String, Vec<usize>>,
    /// By what is before the first `*`.
    prefixed: HashMap<String, Vec<usize>>,
    /// The lengths of what is before the first `*`.
    lengths: Vec<usize>,
    /// Those that begin with a `*`, by what is after the last one.
    suffixed: HashMap<String, Vec<usize>>,
    /// The lengths of what is after the last `*`.
    suffix_lengths: Vec<usize>,
}

impl WildcardIndex {
    /// Adds a pattern, which is found again as `number`.
    pub(crate) fn add(&mut self, pattern: &Wildcard, number: usize) {
        let (prefix, suffix) = (pattern.prefix(), pattern.suffix());
        let (patterns, lengths, fixed) = if pattern.is_literal() {
            (&mut self.literal, None, prefix)
        } else if prefix.is_empty() {
            (&mut self.suffixed, Some(&mut self.suffix_lengths), suffix)
        } else {
            (&mut self.prefixed, Some(&mut self.lengths), prefix)
        };
        if let Some(lengths) = lengths
            && let Err(at) = lengths.binary_search(&fixed.len())
        {
            lengths.insert(at, fixed.len());
        }
        patterns.entry(fixed.to_owned()).or_default().push(number);
    }

    /// The numbers of all patterns that begin, or end, as `text` does.
    pub(crate) fn candidates(&self, text: &str) -> impl Iterator<Item = usize> {
        let starts = self.lengths.iter().filter_map(|length| text.get(..*length));
        let prefixed = starts.filter_map(|prefix| self.prefixed.get(prefix));
        let ends = (self.suffix_lengths.iter())
            .filter_map(|length| text.get(text.len().checked_sub(*length)?..));
        let suffixed = ends.filter_map(|suffix| self.suffixed.get(suffix));
        let literal = self.literal.get(text).into_iter();
        literal.chain(prefixed).chain(suffixed).flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a.bc", false),
            ("a.*", "a.", true),
            ("a.*", "a.b.c", true),
            ("*.c", "a.b.c", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("**x", "x", true),
            ("ä*", "äö", true),
            ("t[*]", "t[*]", true),
        ] {
            let matches = Wildcard::new(pattern).matches(text);
            assert_eq!(matches, expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_index_finds_all_patterns_that_match() {
        let patterns = ["a.b", "a.*", "*.b", "ä*", "b*", "a.b"].map(Wildcard::new);
        let mut index = WildcardIndex::default();
        for (number, pattern) in patterns.iter().enumerate() {
            index.add(pattern, number);
        }
        let found = |text: &str| {
            let matching = index
                .candidates(text)
                .filter(|at| patterns[*at].matches(text));
            let mut found: Vec<usize> = matching.collect();
            found.sort_unstable();
            found
        };
        assert_eq!(found("a.b"), [0, 1, 2, 5]);
        assert_eq!(found("ä"), [3]);
        assert_eq!(found("c"), [0; 0]);
    }
}
