//! Pages of lists, and search patterns.

use crate::store::value::like;

/// Which part of a list to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// The pattern of `LIKE … ESCAPE '\'` for text that contains `text`.
pub(super) fn somewhere(text: &str) -> String {
    like(&[String::new(), text.to_owned(), String::new()])
}

/// Ids as a JSON array.
pub(super) fn id_list(ids: &[i64]) -> String {
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}
