//! The start of an element.

use super::scan::{Attribute, StartTag};
use crate::invalid::shortened;
use crate::read::line_column::LineColumn;
use crate::read::text::NextText;
use crate::text::position;

/// The start of an element.
#[derive(Debug)]
pub(crate) struct Tag<'x> {
    pub(super) text: NextText<'x>,
    pub(super) tag: &'x StartTag,
}

impl<'x> Tag<'x> {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &'x str {
        &self.text.text[self.tag.local..self.tag.name.end]
    }

    pub(crate) fn place(&self) -> LineColumn {
        self.text.place()
    }

    /// Whether bytes of it were invalid and have been replaced.
    pub(crate) fn has_invalid_bytes(&self) -> bool {
        self.text.has_invalid_bytes
    }

    /// The attributes as name and raw value. A name may be repeated.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'x str, &'x str)> + use<'x> {
        let text = self.text.text;
        self.tag.attributes.iter().map(move |attribute| {
            let Attribute { name, value } = attribute;
            (&text[name.clone()], &text[value.clone()])
        })
    }

    /// Whether the values are what is written, without references and line ends, as most are.
    pub(crate) fn has_plain_values(&self) -> bool {
        let text = self.text.text.as_bytes();
        position(text, |byte| (byte < b' ') | (byte == b'&')).is_none()
    }

    /// Why the attributes after these are malformed.
    pub(crate) fn malformed(&self) -> Option<String> {
        let malformed = self.tag.malformed.as_ref();
        malformed.map(|malformed| malformed.reason(self.text.text))
    }

    /// What is wrong if an attribute is given twice with different values.
    pub(crate) fn contradiction(&self) -> Option<String> {
        if !self.has_repeated_names() {
            return None;
        }
        let mut attributes: Vec<_> = self.attributes().collect();
        attributes.sort_by_key(|(name, _)| *name);
        attributes.windows(2).find_map(|pair| match pair {
            [(name, first), (next, other)] if name == next && first != other => {
                Some(contradictory(name, first, other))
            }
            _ => None,
        })
    }

    /// Whether a name may be repeated; not sure if there are many.
    pub(crate) fn has_repeated_names(&self) -> bool {
        self.tag.has_repeated_names
    }
}

/// What is wrong with an attribute that has two different values.
pub(crate) fn contradictory(name: &str, first: &str, other: &str) -> String {
    let (first, other) = (shortened(first), shortened(other));
    format!("attribute `{name}` is given twice, as `{first}` and as `{other}`")
}
