//! The parts of a form with files.

use std::ops::Range;

/// Where the contents of the parts of a form are; empty if the bytes are not a form.
pub(super) fn contents(bytes: &[u8]) -> Vec<Range<usize>> {
    let Some(end) = find(bytes, b"\r\n", 0).filter(|_| bytes.starts_with(b"--")) else {
        return Vec::new();
    };
    let delimiter = [b"\r\n", &bytes[..end]].concat();
    let mut contents = Vec::new();
    // The first delimiter has nothing before it.
    let mut start = end;
    while let Some(next) = find(bytes, &delimiter, start) {
        let head = find(&bytes[..next], b"\r\n\r\n", start);
        contents.extend(head.map(|head| head + 4..next));
        start = next + delimiter.len();
    }
    contents
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let at = rest.windows(wanted.len()).position(|part| part == wanted);
    at.map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_of_parts_are_found_between_their_heads_and_delimiters() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"entity\"\r\nX: y\r\n\r\n{\"a\":1}\r\n--b\r\n\
            Content-Disposition: form-data; name=\"content\"\r\n\r\n\xff--b\n\r\n--b--\r\n";
        let found: Vec<&[u8]> = contents(form).into_iter().map(|part| &form[part]).collect();
        assert_eq!(found, [b"{\"a\":1}" as &[u8], b"\xff--b\n"]);
        for other in [
            b"" as &[u8],
            b"--",
            b"--b\r\n",
            b"--b\r\nx\r\n",
            b"-- b",
            b"{\"a\":1}",
        ] {
            assert!(contents(other).is_empty(), "{other:?}");
        }
    }
}
