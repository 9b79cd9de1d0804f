//! Counted nouns.

/// `1 batch`, `2 batches`, `3 stories`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    let is_vowel = |c: char| "aeiou".contains(c);
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(is_vowel) => format!("{count} {stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{count} {noun}es"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn a_noun_gets_the_ending_that_its_count_needs() {
        assert_eq!(plural(1, "batch"), "1 batch");
        assert_eq!(plural(0, "batch"), "0 batches");
        assert_eq!(plural(2, "result"), "2 results");
        assert_eq!(plural(3, "story"), "3 stories");
        assert_eq!(plural(2, "key"), "2 keys");
    }
}
