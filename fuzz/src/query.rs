//! The query language.

use octane_model::{Query, QueryError};

/// Parsing terminates, a printed query parses to the same tree, syntax errors have positions in the text, and
/// their diagram stays small.
///
/// # Panics
///
/// If that does not hold.
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
            assert!((1..=QueryError::SYNTAX_ERRORS_MAX).contains(&error.syntax_errors().len()));
            for syntax_error in error.syntax_errors() {
                assert!(
                    text.get(syntax_error.span.clone()).is_some(),
                    "{syntax_error:?}"
                );
            }
            let rows = error.syntax_errors().len() + 1;
            assert!(error.to_diagram().len() <= rows * (3 * text.len() + 300));
            assert!(!error.to_string().is_empty());
        }
    }
}
