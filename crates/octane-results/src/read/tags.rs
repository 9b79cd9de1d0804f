//! Tags in a cell.

use std::collections::HashSet;

use crate::context::Tag;

/// Parses `OS:Linux; Browser:Firefox`; on failure returns the invalid part. A value may contain colons.
pub(super) fn tags(text: &str) -> Result<Vec<Tag>, &str> {
    let mut tags = Vec::new();
    let mut known = HashSet::new();
    for part in text
        .split([';', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (tag_type, value) = part.split_once(':').ok_or(part)?;
        let (tag_type, value) = (tag_type.trim(), value.trim());
        if tag_type.is_empty() || value.is_empty() {
            return Err(part);
        }
        if known.insert((tag_type, value)) {
            let (tag_type, value) = (tag_type.to_owned(), value.to_owned());
            tags.push(Tag { tag_type, value });
        }
    }
    Ok(tags)
}
