//! Reasons of the operating system, as people say them.

use std::io;

/// The reason of an I/O error in plain words: `permission denied`.
pub(crate) fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_in_plain_words() {
        let denied = io::Error::from_raw_os_error(13);
        assert!(io_reason(&denied).starts_with("permission denied"));
        assert!(!io_reason(&denied).contains("os error"));
    }
}
