//! The query language.

use octane_model::{Query, QueryError};

/// Parsing ends; a tree is printed and parsed as the same tree; a mistake has a place in the text, and its
/// diagram stays small.
///
/// # Panics
///
/// Where that does not hold.
pub fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match text.parse::<Query>() {
        Ok(query) => {
            let printed = query.to_string();
            assert_eq!(printed.parse().as_ref(), Ok(&query), "{printed}");
        }
        Err(error) => {
            assert!((1..=QueryError::MISTAKES_MAX).contains(&error.mistakes().len()));
            for mistake in error.mistakes() {
                assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            }
            let rows = error.mistakes().len() + 1;
            assert!(error.to_diagram().len() <= rows * (3 * text.len() + 300));
            assert!(!error.to_string().is_empty());
        }
    }
}
