//! Whole numbers.

use std::str::FromStr;

/// Parses an ID or a count.
pub(super) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.trim()
        .parse()
        .map_err(|_| "not a whole number such as 1001".to_owned())
}
