//! Numbers as people and tools write them: where the fraction begins, and what commas mean.

use thiserror::Error;

/// Why a text is not a valid duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DurationError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is not a decimal number.
    #[error("is not a number")]
    NotANumber,
    /// The number is negative.
    #[error("is negative")]
    Negative,
    /// `1,234` may mean either 1234 or 1.234.
    #[error("is ambiguous: the comma may be a thousands or a decimal separator")]
    Ambiguous,
    /// `01:30` may mean either minutes and seconds, or hours and minutes.
    #[error("is ambiguous: minutes and seconds, or hours and minutes")]
    AmbiguousClock,
    /// The duration has more milliseconds than the 64-bit integers of payloads can hold.
    #[error("is too long")]
    TooLong,
}

/// What a comma before three digits means, as in `1,234`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommaMeaning {
    /// Either.
    Unknown,
    /// It is a decimal comma.
    Decimal,
    /// It separates thousands.
    Thousands,
}

/// What another duration of the same file shows about its commas, if it is not ambiguous itself.
pub(crate) fn comma_meaning(text: &str) -> Option<CommaMeaning> {
    let ungrouped = ungrouped(text);
    let number = ungrouped.as_deref().unwrap_or(text).trim();
    let number = number.trim_start_matches(['+', '-']);
    let is_number = |char: char| char.is_ascii_digit() || matches!(char, '.' | ',');
    // A unit says nothing of commas.
    let (number, unit) =
        number.split_at(number.find(|char| !is_number(char)).unwrap_or(number.len()));
    let is_unit = unit.trim_start().chars().all(char::is_alphabetic);
    if !is_unit || split(number, CommaMeaning::Decimal).is_err() {
        return None;
    }
    match (number.rfind('.'), number.rfind(',')) {
        (Some(point), Some(comma)) if point > comma => Some(CommaMeaning::Thousands),
        (Some(_), Some(_)) => Some(CommaMeaning::Decimal),
        // `1.234` may be a whole number in a language with decimal commas.
        (Some(last), None) => match (is_grouped(number, '.'), number[..last].contains('.')) {
            (true, true) => Some(CommaMeaning::Decimal),
            (true, false) => None,
            (false, _) => Some(CommaMeaning::Thousands),
        },
        (None, Some(first)) => match (is_grouped(number, ','), number[..first].contains(',')) {
            (true, true) => Some(CommaMeaning::Thousands),
            (true, false) => None,
            (false, _) => Some(CommaMeaning::Decimal),
        },
        (None, None) => None,
    }
}

/// The text without the blanks or apostrophes that separate thousands; `None` if there are none.
pub(super) fn ungrouped(text: &str) -> Option<String> {
    let text = text.trim();
    let is_separator = |char: char| char == '\'' || char == '\u{2019}' || char.is_whitespace();
    let end = text.find(|char: char| !char.is_ascii_digit() && !is_separator(char));
    let (whole, rest) = text.split_at(end.unwrap_or(text.len()));
    let digits = whole.trim_end_matches(is_separator);
    let separator = digits.chars().find(|char| is_separator(*char))?;
    let is_attached = digits.len() == whole.len() || rest.starts_with(char::is_alphabetic);
    (is_attached && is_grouped(digits, separator))
        .then(|| digits.replace(separator, "") + &whole[digits.len()..] + rest)
}

/// Splits a mantissa at the decimal point.
pub(super) fn split(mantissa: &str, meaning: CommaMeaning) -> Result<(&str, &str), DurationError> {
    let (whole, fraction) = match (mantissa.rfind('.'), mantissa.rfind(',')) {
        (None, None) => (mantissa, ""),
        (Some(_), None) if meaning == CommaMeaning::Decimal && is_grouped(mantissa, '.') => {
            (mantissa, "")
        }
        (Some(point), None) => (&mantissa[..point], &mantissa[point + 1..]),
        (Some(point), Some(comma)) => {
            let last = point.max(comma);
            let thousands = if point > comma { ',' } else { '.' };
            let whole = &mantissa[..last];
            if !is_grouped(whole, thousands) {
                return Err(DurationError::NotANumber);
            }
            (whole, &mantissa[last + 1..])
        }
        (None, Some(comma)) => {
            let (whole, fraction) = (&mantissa[..comma], &mantissa[comma + 1..]);
            match (is_grouped(mantissa, ','), whole.contains(',')) {
                (true, true) => (mantissa, ""),
                (true, false) => match meaning {
                    CommaMeaning::Unknown => return Err(DurationError::Ambiguous),
                    CommaMeaning::Decimal => (whole, fraction),
                    CommaMeaning::Thousands => (mantissa, ""),
                },
                (false, true) => return Err(DurationError::NotANumber),
                (false, false) => (whole, fraction),
            }
        }
    };
    let has_digits = |part: &str| part.bytes().any(|byte| byte.is_ascii_digit());
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // Points may separate thousands only if commas are known to be decimal; `1.234.567` alone is invalid.
    let has_groups = mantissa.contains(',') || meaning == CommaMeaning::Decimal;
    let is_grouped_whole = has_groups && (is_grouped(whole, ',') || is_grouped(whole, '.'));
    let whole_is_fine = only_digits(whole) || is_grouped_whole;
    if !whole_is_fine || !only_digits(fraction) || !(has_digits(whole) || has_digits(fraction)) {
        return Err(DurationError::NotANumber);
    }
    Ok((whole, fraction))
}

/// Whether the points of a number, such as `1.234` or `1.234.567 ms`, separate thousands where commas are decimal.
pub(crate) fn has_grouped_point(text: &str) -> bool {
    // Most durations have none.
    if !text.contains('.') || text.contains(',') {
        return false;
    }
    let number = text.trim_start_matches(['+', '-']);
    let end = number.find(|char: char| !char.is_ascii_digit() && char != '.');
    is_grouped(&number[..end.unwrap_or(number.len())], '.')
}

/// Whether `text` consists of at least two groups of three digits and does not start with a zero.
fn is_grouped(text: &str, separator: char) -> bool {
    let mut groups = text.split(separator);
    let first = groups.next().unwrap_or_default();
    let first_is_fine = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let mut further = groups.clone().peekable();
    further.peek().is_some()
        && first_is_fine
        && groups.all(|group| group.len() == 3)
        && (first.bytes().chain(further.flat_map(str::bytes))).all(|byte| byte.is_ascii_digit())
}
