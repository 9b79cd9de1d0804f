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
    match trimmed.as_bytes() {
        [] => true,
        [first, ..] => trimmed.len() <= ABSENT_BYTES_MAX && begins_word(*first) && is_word(),
    }
}

/// Whether one of the words begins with this byte, in whatever case.
const fn begins_word(byte: u8) -> bool {
    matches!(
        byte,
        b'n' | b'N' | b'-' | b'<' | b'#' | b'(' | b'\\' | b'1' | 0xE2
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_for_a_missing_value_has_the_length_that_is_said() {
        let longest = ABSENT.iter().map(|word| word.len()).max();
        assert_eq!(longest, Some(ABSENT_BYTES_MAX));
    }

    #[test]
    fn words_are_recognised_in_any_case() {
        for word in ABSENT {
            assert!(
                is_absent(word) && is_absent(&word.to_ascii_uppercase()),
                "{word}"
            );
        }
        for word in ["0", "1", "nanx", "no", "none at all", "(no)", "a"] {
            assert!(!is_absent(word), "{word}");
        }
    }
}
