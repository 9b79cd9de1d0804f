//! The attributes of an element.

use crate::invalid::InvalidCell;
use crate::read::xml::escape::value;
use crate::read::xml::{Tag, contradictory};

/// What is odd about attributes.
pub(super) enum Odd {
    /// They are malformed, for this reason; none of them was passed on.
    Malformed(String),
    /// They were passed on.
    Read {
        /// A reference to an entity that is not known.
        unknown: Option<String>,
        /// Attributes that contradict each other.
        cells: Vec<InvalidCell>,
    },
}

/// Passes each attribute of `tag` to `set`, with references resolved.
pub(super) fn read_attributes(
    tag: &Tag<'_>,
    mut set: impl FnMut(&str, &str),
) -> Result<(), Box<Odd>> {
    let mut unknown = None;
    let mut cells = Vec::new();
    if let Some(reason) = tag.malformed() {
        return Err(Box::new(Odd::Malformed(reason)));
    }
    if tag.has_repeated_names() {
        let attributes: Vec<_> = tag.attributes().collect();
        let (attributes, found) = distinct(attributes);
        for (name, raw) in attributes {
            set(name, &value(raw, &mut unknown));
        }
        cells = found;
    } else if tag.has_plain_values() {
        for (name, value) in tag.attributes() {
            set(name, value);
        }
    } else {
        for (name, raw) in tag.attributes() {
            set(name, &value(raw, &mut unknown));
        }
    }
    if unknown.is_some() || !cells.is_empty() {
        return Err(Box::new(Odd::Read { unknown, cells }));
    }
    Ok(())
}

/// The attributes by name, and the names that are given twice with different values.
fn distinct<'x>(
    attributes: Vec<(&'x str, &'x str)>,
) -> (Vec<(&'x str, &'x str)>, Vec<InvalidCell>) {
    let mut order: Vec<usize> = (0..attributes.len()).collect();
    order.sort_by_key(|index| attributes[*index].0);
    let mut is_repeated = vec![false; attributes.len()];
    let mut cells = Vec::new();
    let same_name = |one: &usize, other: &usize| attributes[*one].0 == attributes[*other].0;
    for same in order.chunk_by(same_name) {
        let (name, first) = attributes[same[0]];
        for further in &same[1..] {
            is_repeated[*further] = true;
            let other = attributes[*further].1;
            if other != first {
                let reason = contradictory(name, first, other);
                cells.push(InvalidCell::new(None, "", reason).hint("remove one of them"));
            }
        }
    }
    let mut is_repeated = is_repeated.into_iter();
    let mut attributes = attributes;
    attributes.retain(|_| !is_repeated.next().unwrap_or_default());
    (attributes, cells)
}
