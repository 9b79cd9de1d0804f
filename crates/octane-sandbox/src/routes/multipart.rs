//! Multipart forms (RFC 7578), as far as attachments need them.

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content: &'a [u8],
}

/// The parts of a form, or what is wrong with it. Anything before the first boundary and after the last one
/// is ignored.
pub(super) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, String> {
    let boundary = parameter(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| "`Content-Type` has no `boundary`".to_owned())?;
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = after(body, delimiter.as_bytes())
        .ok_or_else(|| format!("the form has no line `{delimiter}`"))?;
    while !rest.starts_with(b"--") {
        rest = skip_line_end(rest);
        let (head, content) = head_of(rest)
            .ok_or_else(|| "a part of the form has no empty line after its headers".to_owned())?;
        let inner = format!("\r\n{delimiter}");
        let end = find(content, inner.as_bytes())
            .ok_or_else(|| format!("the form does not end with `{delimiter}--`"))?;
        parts.push(part(head, &content[..end])?);
        rest = &content[end + inner.len()..];
    }
    Ok(parts)
}

fn part<'a>(head: &str, content: &'a [u8]) -> Result<Part<'a>, String> {
    let disposition = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map_or("", |(_, value)| value);
    Ok(Part {
        name: parameter(disposition, "name")
            .ok_or_else(|| "a part of the form has no name".to_owned())?,
        file_name: parameter(disposition, "filename"),
        content,
    })
}

/// The headers of a part, and what follows the empty line after them.
fn head_of(part: &[u8]) -> Option<(&str, &[u8])> {
    if let Some(content) = part.strip_prefix(b"\r\n") {
        return Some(("", content));
    }
    let end = find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..end]).ok()?;
    Some((head, &part[end + 4..]))
}

/// Clients may add spaces after a boundary.
fn skip_line_end(rest: &[u8]) -> &[u8] {
    let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let rest = &rest[spaces.count()..];
    rest.strip_prefix(b"\r\n").unwrap_or(rest)
}

/// The parameter `name` of a header such as `form-data; name="entity"; filename="a\"b.txt"`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once(';')?;
        let (key, after) = after.split_once('=')?;
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// The text before the closing quote, and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            // Browsers do not escape the backslashes of a path; only quotes and backslashes are escaped.
            '\\' if matches!(text[at + 1..].chars().next(), Some('"' | '\\')) => {
                value.extend(characters.next().map(|(_, escaped)| escaped));
            }
            character => value.push(character),
        }
    }
    (value, "")
}

fn after<'a>(text: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    find(text, needle).map(|at| &text[at + needle.len()..])
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = 0;
    while let Some(offset) = text[at..].iter().position(|byte| *byte == first) {
        at += offset;
        if text[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPE: &str = "multipart/form-data; charset=utf-8; boundary=\"a b\"";

    #[test]
    fn the_parts_of_a_form_are_read_byte_for_byte() {
        let body = b"\r\n--a b\r\nContent-Disposition: form-data; name=\"entity\"\r\n\
            content-transfer-encoding: binary\r\n\r\n{}\r\n--a b  \r\n\
            content-disposition: form-data; name=content; filename=\"b\\\"\xc3\xa4.txt\"\r\n\
            Content-Type: text/plain\r\n\r\n--a\r\n\x00\r\n\r\n--a b--\r\n";
        let parts = parts(TYPE, body).unwrap();
        assert_eq!(
            parts,
            [
                Part {
                    name: "entity".to_owned(),
                    file_name: None,
                    content: b"{}"
                },
                Part {
                    name: "content".to_owned(),
                    file_name: Some("b\"ä.txt".to_owned()),
                    content: b"--a\r\n\x00\r\n",
                },
            ]
        );
    }

    #[test]
    fn a_broken_form_is_explained() {
        let rejection = |content_type: &str, body: &[u8]| parts(content_type, body).unwrap_err();
        assert!(rejection("multipart/form-data", b"").contains("boundary"));
        assert!(rejection(TYPE, b"x").contains("no line"));
        assert!(rejection(TYPE, b"--a b\r\nx").contains("empty line"));
        assert!(rejection(TYPE, b"--a b\r\nA: b\r\n\r\nx").contains("does not end"));
        assert!(rejection(TYPE, b"--a b\r\nA: b\r\n\r\nx\r\n--a b--").contains("no name"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(body in r#"(--b|\r\n|"|=|;|name|: |x|ä){0,40}"#) {
            let _ = parts("form-data; boundary=b", body.as_bytes());
            let _ = parts(&body, b"--b\r\n\r\n--b--");
        }
    }
}
