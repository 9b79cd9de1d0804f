//! Dates with the names of months, such as `28 Nov 2025`, in texts.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A text, whose words are separated by single spaces, with `<time>` in the place of each date with the name of a month.
pub(super) fn without_written_dates(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut kept = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some((first, others)) = rest.split_first() {
        match date_length(rest) {
            0 if is_date(first) => {
                kept.push(marked(first));
                rest = others;
            }
            0 => {
                kept.push((*first).to_owned());
                rest = others;
            }
            length => {
                kept.push(marked(rest[length - 1]));
                rest = &rest[length..];
            }
        }
    }
    kept.join(" ")
}

/// How many words at the beginning are a date: `Fri, 28 Nov 2025`, `Nov 28`.
fn date_length(words: &[&str]) -> usize {
    let word = |at: usize| words.get(at).copied().map(plain).unwrap_or_default();
    let start = usize::from(is_named(word(0), &WEEKDAYS));
    let (one, other) = (word(start), word(start + 1));
    let is_date =
        is_day(one) && is_named(other, &MONTHS) || is_named(one, &MONTHS) && is_day(other);
    match is_date {
        false => 0,
        true if is_number(word(start + 2), 4) => start + 3,
        true => start + 2,
    }
}

/// Whether a single word is a date: `28-Nov-2025`, `28/Nov/2025:05:00:00`.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = plain(word).split(['-', '/', '.']).collect();
    let [day, month, year] = parts.as_slice() else {
        return false;
    };
    is_day(day)
        && is_named(month, &MONTHS)
        && year.starts_with(|first: char| first.is_ascii_digit())
}

/// `<time>` with the punctuation that follows the last word of a date.
fn marked(last: &str) -> String {
    let end = last.trim_end_matches(is_punctuation).len();
    format!("<time>{}", &last[end..])
}

fn plain(word: &str) -> &str {
    word.trim_matches(is_punctuation)
}

fn is_punctuation(character: char) -> bool {
    matches!(
        character,
        ',' | '.' | ';' | ':' | '!' | '?' | '(' | ')' | '[' | ']' | '"' | '\'' | '`'
    )
}

/// A name or its first three letters; `Sept` too.
fn is_named(word: &str, names: &[&str]) -> bool {
    let word = word.to_ascii_lowercase();
    names
        .iter()
        .any(|name| word == *name || word.len() >= 3 && word.len() <= 4 && name.starts_with(&word))
}

fn is_day(word: &str) -> bool {
    let endings = ["st", "nd", "rd", "th"];
    let ending = endings.iter().find_map(|ending| word.strip_suffix(ending));
    let number = ending.unwrap_or(word);
    is_number(number, 1) || is_number(number, 2)
}

fn is_number(word: &str, digits: usize) -> bool {
    word.len() == digits && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_names_of_months_are_replaced() {
        for (text, expected) in [
            ("late since 28 Nov 2025.", "late since <time>."),
            (
                "due Nov 28, 2025, not 1st December",
                "due <time>, not <time>",
            ),
            ("at Fri, 28 November 2025 10 h", "at <time> 10 h"),
            ("Fri Nov 28 <time> UTC 2025", "<time> <time> UTC 2025"),
            ("(28-NOV-2025) [03/Sept/2025:05:00:00]", "<time>) <time>]"),
            ("it may fail 3 times", "it may fail 3 times"),
            (
                "march 2025, monday, 3 marches",
                "march 2025, monday, 3 marches",
            ),
            ("", ""),
        ] {
            assert_eq!(without_written_dates(text), expected, "{text}");
        }
    }
}
