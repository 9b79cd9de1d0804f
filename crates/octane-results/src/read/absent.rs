//! How tools print a missing value.

/// What pandas, polars, databases and Excel print for a missing value.
const ABSENT: [&str; 24] = [
    "nan", "-nan", "none", "null", "nil", "nat", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a",
    "#null!", "(null)", "\\n", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "-", "--", "\u{2013}",
    "\u{2014}", "(blank)",
];

/// The length of the longest of them.
const ABSENT_BYTES_MAX: usize = 8;

/// Whether a trimmed cell is empty or contains a word for a missing value.
pub(super) fn is_absent(trimmed: &str) -> bool {
    let is_word = || ABSENT.iter().any(|word| trimmed.eq_ignore_ascii_case(word));
    trimmed.is_empty() || trimmed.len() <= ABSENT_BYTES_MAX && is_word()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_for_a_missing_value_has_the_length_that_is_said() {
        let longest = ABSENT.iter().map(|word| word.len()).max();
        assert_eq!(longest, Some(ABSENT_BYTES_MAX));
    }
}
