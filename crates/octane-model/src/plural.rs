//! Counts with their nouns, for messages: `1 batch`, `2 batches`, `12,431 results`.

/// A count and its noun, which is given in the singular.
///
/// ```
/// use octane_model::plural::plural;
///
/// assert_eq!(plural(1, "story"), "1 story");
/// assert_eq!(plural(12_431, "story"), "12,431 stories");
/// ```
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u');
    let noun = match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(is_vowel) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") || noun.ends_with("sh") => {
            format!("{noun}es")
        }
        _ => format!("{noun}s"),
    };
    format!("{} {noun}", thousands(count))
}

/// `12431` as `12,431`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_nouns_agree_with_them() {
        assert_eq!(plural(1, "result"), "1 result");
        assert_eq!(plural(0, "result"), "0 results");
        assert_eq!(plural(12_431, "result"), "12,431 results");
        assert_eq!(plural(2, "batch"), "2 batches");
        assert_eq!(plural(1, "story"), "1 story");
        assert_eq!(plural(1_000_000, "story"), "1,000,000 stories");
        assert_eq!(plural(3, "Jira key"), "3 Jira keys");
    }
}
