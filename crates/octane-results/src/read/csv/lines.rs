//! Line ends of spreadsheets that write carriage returns only.

use std::io::{self, Read};

use super::chunks::MARK;

/// An input in which, with `is_old_mac`, all lines end with line feeds.
pub(super) struct LineFeeds<R> {
    input: R,
    is_old_mac: bool,
    is_after_return: bool,
}

impl<R> LineFeeds<R> {
    pub(super) const fn new(input: R, is_old_mac: bool) -> Self {
        Self {
            input,
            is_old_mac,
            is_after_return: false,
        }
    }

    /// The input as it is.
    pub(super) const fn get_ref(&self) -> &R {
        &self.input
    }
}

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.input.read(into)?;
            if !self.is_old_mac || read == 0 {
                return Ok(read);
            }
            let mut written = 0;
            for at in 0..read {
                let byte = into[at];
                let is_return = byte == b'\r';
                // A line feed after a carriage return ends the same line.
                if !(byte == b'\n' && self.is_after_return) {
                    into[written] = if is_return { b'\n' } else { byte };
                    written += 1;
                }
                self.is_after_return = is_return;
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

/// Whether lines end with a single carriage return, as some spreadsheets still write them: the first line end outside of
/// quotes is one. Line ends inside of a cell may be others.
pub(super) fn is_old_mac(head: &[u8]) -> bool {
    let mut head = head;
    while let Some(text) = head.strip_prefix(MARK) {
        head = text;
    }
    let mut is_quoted = false;
    let mut before = b'\n';
    for (at, byte) in head.iter().enumerate() {
        match byte {
            b'"' if is_quoted => is_quoted = false,
            // Also the second one of `""`.
            b'"' => is_quoted = matches!(before, b'\n' | b'\r' | b',' | b';' | b'\t' | b'|' | b'"'),
            b'\n' if !is_quoted => return false,
            b'\r' if !is_quoted => return head.get(at + 1) != Some(&b'\n'),
            _ => {}
        }
        before = *byte;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_end_outside_of_quotes_counts() {
        for (head, expected) in [
            ("name,status\ra,ok\r", true),
            ("name,status\ra,\"x\ny\"\r", true),
            ("\u{FEFF}\"na\nme\",status\ra,ok\r", true),
            ("\"na\"\"me\n\",status\ra,ok\r", true),
            ("5\" wide,status\ra,ok\r", true),
            ("name,status\r\na,\"x\ry\"\r\n", false),
            ("\"na\rme\",status\na,ok\n", false),
            ("name,status", false),
        ] {
            assert_eq!(is_old_mac(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn carriage_returns_of_old_spreadsheets_become_line_feeds() {
        for (text, is_old_mac, expected) in [
            ("a\rb\r\rc\r\nd\n", true, "a\nb\n\nc\nd\n"),
            ("\r", true, "\n"),
            ("a\rb\r\n", false, "a\rb\r\n"),
        ] {
            for room in [1, 2, 100] {
                let mut lines = LineFeeds::new(text.as_bytes(), is_old_mac);
                let (mut found, mut piece) = (Vec::new(), vec![0; room]);
                loop {
                    let read = lines.read(&mut piece).unwrap();
                    if read == 0 {
                        break;
                    }
                    found.extend_from_slice(&piece[..read]);
                }
                assert_eq!(found, expected.as_bytes(), "{text:?}, {room}");
            }
        }
    }
}
