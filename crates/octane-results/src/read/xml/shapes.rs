//! Start tags that look like earlier ones.

use memchr::memchr;

use super::scan::{Attribute, StartTag};

/// How many shapes are kept. A report has few, each of them thousands of times.
const KEPT: usize = 16;

/// Shorter tags are quickly taken apart anyway, and are not kept.
const TAG_MIN: usize = 1 + size_of::<u64>();

/// Tags with more attributes, or with more text outside of their values, are not kept.
const ATTRIBUTES_MAX: usize = 12;
const TEXT_MAX: usize = 256;

/// How many tags in a row have to differ from a shape that was found before that of the last one takes its place.
const TRUST_MAX: u8 = 3;

/// The shapes of the start tags of a document. Most tags are like one before but for their values, so that it is enough to
/// compare the rest and to look for the quotes.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    kept: [Shape; KEPT],
}

/// A start tag without its values.
#[derive(Debug, Default)]
struct Shape {
    /// All of it up to `>` or `/>`, without the values: `<case name="" time=""`.
    text: Vec<u8>,
    /// Where its values belong, in order.
    values: Vec<Value>,
    name_end: usize,
    local: usize,
    has_repeated_names: bool,
    /// How many more tags have to differ in a row before another shape takes its place: one, if no tag was like this one yet.
    trust: u8,
}

/// Where a value is in a shape.
#[derive(Debug)]
struct Value {
    /// The end of what is before it, which includes the quote.
    start: usize,
    /// How far before the value the name starts and ends.
    name_start: usize,
    name_end: usize,
    quote: u8,
}

impl Shapes {
    /// Takes apart the start tag at the start of `bytes`, if it is like one before and complete.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], tag: &mut StartTag) -> bool {
        let Some(shape) = slot(bytes).and_then(|slot| self.kept.get_mut(slot)) else {
            return false;
        };
        let is_read = shape.read(bytes, tag).is_some();
        if is_read {
            shape.trust = TRUST_MAX;
        }
        is_read
    }

    /// Keeps the shape of a tag that was taken apart, unless it is malformed.
    pub(super) fn keep(&mut self, bytes: &[u8], tag: &StartTag) {
        if tag.length < TAG_MIN || tag.attributes.len() > ATTRIBUTES_MAX || tag.malformed.is_some()
        {
            return;
        }
        let Some(shape) = slot(bytes).and_then(|slot| self.kept.get_mut(slot)) else {
            return;
        };
        shape.trust = shape.trust.saturating_sub(1);
        if shape.trust == 0 {
            shape.learn(bytes, tag);
        }
    }
}

/// Where a tag is kept, by the first bytes of its name; `None` close to the end of `bytes`.
#[inline]
fn slot(bytes: &[u8]) -> Option<usize> {
    let name = bytes.get(1..)?.first_chunk().copied()?;
    let mixed = u64::from_le_bytes(name).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Some((mixed >> 60) as usize % KEPT)
}

impl Shape {
    #[inline]
    fn read(&self, bytes: &[u8], tag: &mut StartTag) -> Option<()> {
        tag.attributes.clear();
        let mut text = self.text.as_slice();
        let mut at = 0;
        let mut used = 0;
        for value in &self.values {
            let (before, after) = text.split_at_checked(value.start - used)?;
            if !starts_with(bytes.get(at..)?, before) {
                return None;
            }
            (text, used) = (after, value.start);
            at += before.len();
            let length = memchr(value.quote, &bytes[at..])?;
            tag.attributes.push(Attribute {
                name: at - value.name_start..at - value.name_end,
                value: at..at + length,
            });
            at += length;
        }
        if text.is_empty() || !starts_with(&bytes[at..], text) {
            return None;
        }
        at += text.len();
        (tag.is_empty, tag.length) = match bytes[at..] {
            [b'>', ..] => (false, at + 1),
            [b'/', b'>', ..] => (true, at + 2),
            _ => return None,
        };
        tag.name = 1..self.name_end;
        tag.local = self.local;
        tag.has_repeated_names = self.has_repeated_names;
        tag.malformed = None;
        Some(())
    }

    fn learn(&mut self, bytes: &[u8], tag: &StartTag) {
        self.text.clear();
        self.values.clear();
        let mut from = 0;
        for Attribute { name, value } in &tag.attributes {
            self.text.extend_from_slice(&bytes[from..value.start]);
            from = value.end;
            self.values.push(Value {
                start: self.text.len(),
                name_start: value.start - name.start,
                name_end: value.start - name.end,
                quote: bytes[value.end],
            });
        }
        let end = tag.length - if tag.is_empty { 2 } else { 1 };
        self.text.extend_from_slice(&bytes[from..end]);
        if self.text.len() > TEXT_MAX {
            *self = Self::default();
            return;
        }
        self.name_end = tag.name.end;
        self.local = tag.local;
        self.has_repeated_names = tag.has_repeated_names;
        self.trust = 1;
    }
}

/// Whether `bytes` start with `text`, which is short: as a call, the comparison would take longer than this.
#[inline]
fn starts_with(bytes: &[u8], text: &[u8]) -> bool {
    const WORD: usize = 8;
    let Some(start) = bytes.get(..text.len()) else {
        return false;
    };
    let (Some(end), Some(end_of_text)) = (start.last_chunk::<WORD>(), text.last_chunk()) else {
        return start.iter().eq(text);
    };
    let words = start.as_chunks::<WORD>().0.iter().zip(text.as_chunks().0);
    words.fold(end == end_of_text, |same, (one, other)| {
        same & (one == other)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::scan::{Markup, markup};
    use super::*;

    /// The tags of `text`, taken apart with the help of those before, or each on its own.
    fn read(text: &str, shapes: Option<&mut Shapes>) -> (Vec<StartTag>, usize) {
        let mut shapes = shapes;
        let mut tags = Vec::new();
        let mut alike = 0;
        for (at, _) in text.match_indices('<') {
            let bytes = &text.as_bytes()[at..];
            let mut tag = StartTag::default();
            if let Some(shapes) = &mut shapes
                && shapes.read(bytes, &mut tag)
            {
                alike += 1;
                tags.push(tag);
            } else if markup(bytes, &mut tag) == Markup::Start {
                if let Some(shapes) = &mut shapes {
                    shapes.keep(bytes, &tag);
                }
                tags.push(tag);
            }
        }
        (tags, alike)
    }

    fn alike(text: &str) -> usize {
        let text = format!("{text}          ");
        let (tags, alike) = read(&text, Some(&mut Shapes::default()));
        assert_eq!(tags, read(&text, None).0, "{text}");
        alike
    }

    #[test]
    fn a_tag_like_one_before_is_taken_apart_in_the_same_way() {
        for (text, expected) in [
            ("<case name='a'><case name='bc'>", 1),
            ("<case name='a'><case name='b'/>", 1),
            ("<case name='a' /><case name='b' >", 1),
            ("<testcase><testcase>", 1),
            ("<testcase><testcase/>", 1),
            ("<case><case>", 0),
            ("<p:case name='a>'><p:case name='/>'>", 1),
            ("<case a='1' b='2'/><case a='' b=''/>", 1),
            ("<case a='1' a='2'/><case a='3' a='3'/>", 1),
        ] {
            assert_eq!(alike(text), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_that_differs_outside_of_its_values_is_read_as_a_new_one() {
        for text in [
            "<case name='a'><case name=\"a\">",
            "<case name='a'><case name='a' >",
            "<case name='a'><case name='a' time='1'>",
            "<case name='a' time='1'><case name='a'>",
            "<case name='a'><case nama='a'>",
            "<case name='a'><cases name='a'>",
            "<case name='a'><case  name='a'>",
            "<case><case name='a'>",
            "<case name='a'><case>",
            "<case name='a'><case name='a'/ >",
            "<case name='a'><case name='a",
            "<case name><case name>",
        ] {
            assert_eq!(alike(text), 0, "{text}");
        }
    }

    #[test]
    fn a_shape_is_replaced_only_after_others_in_a_row() {
        let (one, other) = ("<case name='a'>", "<case name='a' time='1'>");
        let text = format!("{one}{one}{other}{one}{other}{other}{one}{other}{other}{other}{other}");
        // The second and all later ones of the first shape, and the last one of the other.
        assert_eq!(alike(&text), 3 + 1, "{text}");
    }

    #[test]
    fn tags_that_are_too_long_are_not_kept() {
        let many: String = (0..=ATTRIBUTES_MAX).map(|n| format!(" a{n}='1'")).collect();
        let long = format!(" {}='1'", "a".repeat(TEXT_MAX));
        for attributes in [many, long] {
            assert_eq!(alike(&format!("<case{attributes}><case{attributes}>")), 0);
        }
    }

    proptest! {
        #[test]
        fn tags_are_the_same_with_and_without_shapes(parts in proptest::collection::vec(
            prop::sample::select(vec!["<test", "<testcase", "<p:testcase", " ", "\n", "name", "=", "'", "\"", "x", "/", ">", " name='1'", " time=\"2\"", "/>", "é"]),
            0..60,
        )) {
            let text = parts.concat().repeat(3);
            prop_assert_eq!(read(&text, Some(&mut Shapes::default())).0, read(&text, None).0);
        }
    }
}
