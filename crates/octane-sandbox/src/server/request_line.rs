//! Request lines with characters that vendor clients send but URIs must not contain.
//!
//! The vendor's JavaScript and Java clients do not encode the two quotes of `query="…"`, and the product
//! accepts that. The HTTP library rejects them before any of our code sees the request. Therefore the bytes
//! of a connection pass through here first: such characters in a request line are percent-encoded, and
//! nothing else is touched. This requires knowing where a request line is, and thus the length of heads and
//! bodies.

use bytes::{BufMut, BytesMut};

/// A longer line is passed on unchanged; the HTTP library rejects it.
const LINE_BYTES_MAX: usize = 128 * 1024;

/// The filter between a socket and the HTTP library.
#[derive(Debug, Default)]
pub(super) struct RequestLines {
    place: Place,
    /// The beginning of the current line.
    line: Vec<u8>,
    /// What the header fields so far say about the body.
    body: Body,
}

/// The position of the next byte in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    RequestLine,
    HeaderField,
    /// The remaining bytes of a body.
    Body(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailer,
    /// Not understood: the HTTP library will reject it and close the connection.
    Opaque,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Body {
    #[default]
    None,
    Length(u64),
    Chunked,
}

impl RequestLines {
    /// Passes `input` on to `output`. A line is held back until it is complete.
    pub(super) fn pass(&mut self, mut input: &[u8], output: &mut BytesMut) {
        while !input.is_empty() {
            let taken = match self.place {
                Place::Opaque => {
                    output.put_slice(input);
                    return;
                }
                Place::Body(rest) | Place::ChunkData(rest) => self.data(rest, input, output),
                _ => self.line(input, output),
            };
            input = &input[taken..];
        }
    }

    fn data(&mut self, rest: u64, input: &[u8], output: &mut BytesMut) -> usize {
        let taken = usize::try_from(rest).map_or(input.len(), |rest| rest.min(input.len()));
        output.put_slice(&input[..taken]);
        let rest = rest - taken as u64;
        self.place = match self.place {
            Place::ChunkData(_) if rest == 0 => Place::ChunkEnd,
            Place::ChunkData(_) => Place::ChunkData(rest),
            _ if rest == 0 => Place::RequestLine,
            _ => Place::Body(rest),
        };
        taken
    }

    fn line(&mut self, input: &[u8], output: &mut BytesMut) -> usize {
        let end = input.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(input.len(), |end| end + 1);
        self.line.extend_from_slice(&input[..taken]);
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            if self.place == Place::RequestLine {
                encode(&line, output);
            } else {
                output.put_slice(&line);
            }
            self.place = self.after(line.trim_ascii());
        } else if self.line.len() > LINE_BYTES_MAX {
            output.put_slice(&std::mem::take(&mut self.line));
            self.place = Place::Opaque;
        }
        taken
    }

    /// The position after a line, which is passed without surrounding white space.
    fn after(&mut self, line: &[u8]) -> Place {
        match self.place {
            // Empty lines before a request are allowed.
            Place::RequestLine | Place::Trailer if line.is_empty() => Place::RequestLine,
            Place::RequestLine => {
                self.body = Body::None;
                Place::HeaderField
            }
            Place::HeaderField if line.is_empty() => match self.body {
                Body::None | Body::Length(0) => Place::RequestLine,
                Body::Length(length) => Place::Body(length),
                Body::Chunked => Place::ChunkSize,
            },
            Place::HeaderField => self.header_field(line),
            Place::ChunkSize => match chunk_size(line) {
                Some(0) => Place::Trailer,
                Some(size) => Place::ChunkData(size),
                None => Place::Opaque,
            },
            Place::ChunkEnd if line.is_empty() => Place::ChunkSize,
            Place::Trailer => Place::Trailer,
            Place::ChunkEnd | Place::Body(_) | Place::ChunkData(_) | Place::Opaque => Place::Opaque,
        }
    }

    fn header_field(&mut self, line: &[u8]) -> Place {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Place::Opaque;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or(value);
            if !last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Place::Opaque;
            }
            self.body = Body::Chunked;
        } else if name.eq_ignore_ascii_case(b"content-length") && self.body != Body::Chunked {
            match number(value, 10) {
                Some(length) => self.body = Body::Length(length),
                None => return Place::Opaque,
            }
        }
        Place::HeaderField
    }
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?;
    number(size.trim_ascii(), 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    // A sign would be accepted as well.
    if text.starts_with('+') {
        return None;
    }
    u64::from_str_radix(text, radix).ok()
}

/// Writes a request line; its target is between the first and the last space.
fn encode(line: &[u8], output: &mut BytesMut) {
    let is_space = |byte: &u8| *byte == b' ';
    let (Some(start), Some(end)) = (
        line.iter().position(is_space),
        line.iter().rposition(is_space),
    ) else {
        output.put_slice(line);
        return;
    };
    output.put_slice(&line[..start]);
    for byte in &line[start..end] {
        if is_refused(*byte) {
            output.put_slice(format!("%{byte:02X}").as_bytes());
        } else {
            output.put_u8(*byte);
        }
    }
    output.put_slice(&line[end..]);
}

/// What a URI must not contain (RFC 3986), except for its structural characters.
fn is_refused(byte: u8) -> bool {
    byte >= 0x80
        || matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The output when the input arrives in pieces of `size` bytes.
    fn passed(input: &[u8], size: usize) -> Vec<u8> {
        let (mut lines, mut output) = (RequestLines::default(), BytesMut::new());
        for piece in input.chunks(size) {
            lines.pass(piece, &mut output);
        }
        output.to_vec()
    }

    #[test]
    fn only_request_lines_change_however_the_input_is_split() {
        let input = b"GET /a?query=\"name='<x>'\" HTTP/1.1\r\nX-Raw: \"<>\"\r\n\r\n\
            \r\nPOST /b?q={\"} HTTP/1.1\r\ncontent-length: 20\r\n\r\nGET /\"<>\" HTTP/1.1\r\n\
            PUT /c\" HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
            5;x=\"\"\r\nab\"\r\n\r\n0\r\nTrailer: \"\"\r\n\r\nDELETE /d?\" HTTP/1.1\r\n\r\n";
        let expected = "GET /a?query=%22name='%3Cx%3E'%22 HTTP/1.1\r\nX-Raw: \"<>\"\r\n\r\n\
            \r\nPOST /b?q=%7B%22%7D HTTP/1.1\r\ncontent-length: 20\r\n\r\nGET /\"<>\" HTTP/1.1\r\n\
            PUT /c%22 HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
            5;x=\"\"\r\nab\"\r\n\r\n0\r\nTrailer: \"\"\r\n\r\nDELETE /d?%22 HTTP/1.1\r\n\r\n";
        for size in 1..=input.len() {
            assert_eq!(String::from_utf8_lossy(&passed(input, size)), expected);
        }
    }

    #[test]
    fn input_that_is_not_http_passes_unchanged() {
        for input in [
            "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n\"\"\" \" \"\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n \" \r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET /\" HTTP/1.1\r\n",
            "POST / HTTP/1.1\r\nno colon\r\n\r\nGET /\" HTTP/1.1\r\n",
            "\"\"\r\n",
        ] {
            assert_eq!(passed(input.as_bytes(), 7), input.as_bytes(), "{input}");
        }
    }

    #[test]
    fn an_endless_line_is_not_buffered() {
        let mut lines = RequestLines::default();
        let mut output = BytesMut::new();
        for _ in 0..64 {
            lines.pass(&[b'"'; 4096], &mut output);
        }
        assert_eq!((output.len(), lines.line.len()), (64 * 4096, 0));
    }

    proptest! {
        #[test]
        fn no_input_breaks_it_however_it_is_split(
            input in proptest::collection::vec(any::<u8>(), 0..400), size in 1_usize..50,
        ) {
            prop_assert_eq!(passed(&input, size), passed(&input, 1000));
        }
    }
}
