//! Path patterns.

/// Text in which each `*` matches any characters, including slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Matches each part at its first occurrence, which leaves the most room for the rest.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == text;
        };
        let Some(mut text) = text.strip_prefix(first) else {
            return false;
        };
        let mut parts = rest.split('*');
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            let Some(place) = text.find(part) else {
                return false;
            };
            text = &text[place + part.len()..];
        }
        text.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_characters() {
        let matches = |pattern: &str, text: &str| Pattern::new(pattern).matches(text);
        assert!(matches("/a/b", "/a/b"));
        assert!(matches("*", ""));
        assert!(matches("*/stories*", "/api/shared_spaces/1/stories/5"));
        assert!(matches("/a*b*b", "/a/b/b"));
        assert!(matches("/a**c", "/abc"));
        assert!(!matches("/a/b", "/a/b/c"));
        assert!(!matches("/a*b*b", "/a/b"));
        assert!(!matches("*/stories", "/stories/5"));
        assert!(!matches("ab*ba", "aba"));
    }
}
