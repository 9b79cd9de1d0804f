//! Resolves references and normalises line ends in XML.

use std::borrow::Cow;

use quick_xml::escape::resolve_xml_entity;

use crate::text::position;

/// The character of a reference, given without `&` and `;`.
pub(super) fn character(reference: &str) -> Option<char> {
    if let Some(number) = reference.strip_prefix('#') {
        let number = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return number
            .ok()
            .and_then(char::from_u32)
            .filter(|char| *char != '\0');
    }
    resolve_xml_entity(reference)?.chars().next()
}

/// The value of an attribute, with references resolved and whitespace normalised as XML requires.
///
/// Invalid references are kept as is; the first one is stored in `unknown`.
pub(crate) fn value<'x>(raw: &'x str, unknown: &mut Option<String>) -> Cow<'x, str> {
    if position(raw.as_bytes(), |byte| (byte < b' ') | (byte == b'&')).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\n', '\r', '\t']) {
        value.push_str(&rest[..at]);
        let found = &rest[at..];
        rest = if let Some(after) = found.strip_prefix("\r\n") {
            value.push(' ');
            after
        } else if let Some(reference) = found.strip_prefix('&') {
            let end = reference
                .find([';', '&'])
                .filter(|end| reference[*end..].starts_with(';'));
            if let Some((end, char)) =
                end.and_then(|end| Some((end, character(&reference[..end])?)))
            {
                value.push(char);
                &reference[end + 1..]
            } else {
                let shown = end.map_or("&", |end| &found[..end + 2]);
                unknown.get_or_insert_with(|| shown.to_owned());
                value.push('&');
                reference
            }
        } else {
            value.push(' ');
            &found[1..]
        };
    }
    value.push_str(rest);
    Cow::Owned(value)
}

/// Appends text with line ends normalised as XML requires.
pub(crate) fn push_text(into: &mut String, text: &str) {
    let mut parts = text.split('\r');
    into.push_str(parts.next().unwrap_or_default());
    for part in parts {
        into.push('\n');
        into.push_str(part.strip_prefix('\n').unwrap_or(part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_values_are_resolved_and_normalised() {
        let mut unknown = None;
        assert_eq!(
            value(
                "a\r\nb\tc&#10;&lt;&nbsp;&x &amp;&#0;&#xD800; R&D",
                &mut unknown
            ),
            "a b c\n<&nbsp;&x &&#0;&#xD800; R&D"
        );
        assert_eq!(unknown.as_deref(), Some("&nbsp;"));
    }

    #[test]
    fn all_line_ends_become_line_feeds() {
        let mut text = "a".to_owned();
        push_text(&mut text, "\r\nb\rc\n\r");
        assert_eq!(text, "a\nb\nc\n\n");
    }
}
