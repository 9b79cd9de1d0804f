//! Long texts in lists.

/// How much of a text a list shows.
pub(crate) const TEXT_CHARACTERS_MAX: usize = 1_000;

/// SQL for the beginning of the text in a column, with an ellipsis if that is not all of it.
pub(super) fn shortened(column: &str) -> String {
    format!(
        "CASE WHEN length({column}) > {TEXT_CHARACTERS_MAX}
         THEN substr({column}, 1, {TEXT_CHARACTERS_MAX}) || '…' ELSE {column} END"
    )
}
