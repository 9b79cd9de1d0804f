//! Quotes of foreign text in messages.

/// The longest quote. Longer ones hide the message around them, and show more than they need: what is quoted may be a
/// file that was never meant to be shown.
const CHARS_MAX: usize = 80;

/// The beginning of `text` as a single line of at most 80 characters, for messages that quote what they are about.
///
/// ```
/// use octane_model::excerpt;
///
/// assert_eq!(excerpt(" passd\n"), "passd");
/// assert!(excerpt(&"x".repeat(1000)).ends_with("x…"));
/// ```
pub fn excerpt(text: &str) -> String {
    let line = text.trim();
    let is_long = line.chars().nth(CHARS_MAX).is_some();
    let chars = line.chars().take(CHARS_MAX - usize::from(is_long));
    let mut shown: String = chars
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    if is_long {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_one_line_of_at_most_eighty_characters() {
        let shown = excerpt(&format!("a\nb{}", "x".repeat(100)));
        assert_eq!(shown.chars().count(), 80);
        assert!(shown.starts_with("a bx") && shown.ends_with('…'));
        let exact = "é".repeat(80);
        assert_eq!(excerpt(&exact), exact);
    }
}
