//! Attachments that the output of a test names.

use memchr::memchr;
use memchr::memmem::find;

use crate::metadata::Attachment;
use crate::read::file_names::base_name;

/// The mark of an attachment by the convention of Jenkins: `[[ATTACHMENT|path]]`.
const START: &str = "[[ATTACHMENT|";
const END: &str = "]]";

/// The longest path that is waited for.
const PATH_BYTES_MAX: usize = 4096;

/// How much text is looked at together.
const CHUNK_BYTES: usize = 8 * 1024;

/// Media types by extension.
const MEDIA_TYPES: [(&str, &str); 22] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("bmp", "image/bmp"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("avi", "video/x-msvideo"),
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("csv", "text/csv"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("md", "text/markdown"),
    ("xml", "application/xml"),
    ("json", "application/json"),
    ("har", "application/json"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
];

/// Finds attachments in a text that is read in pieces, of which it keeps no more than an unfinished mark.
#[derive(Debug, Default)]
pub(super) struct OutputScanner {
    unfinished: String,
}

impl OutputScanner {
    /// Forgets what is unfinished.
    pub(super) fn reset(&mut self) {
        self.unfinished.clear();
    }

    /// Looks at the next piece.
    pub(super) fn feed(&mut self, text: &str, found: &mut impl FnMut(Attachment)) {
        let mut rest = text;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(boundary(rest, CHUNK_BYTES));
            rest = after;
            if self.unfinished.is_empty() && memchr(b'[', chunk.as_bytes()).is_none() {
                continue;
            }
            self.unfinished.push_str(chunk);
            self.scan(found);
        }
    }

    /// Takes what is complete out of what is unfinished.
    fn scan(&mut self, found: &mut impl FnMut(Attachment)) {
        let text = self.unfinished.as_str();
        let mut at = 0;
        let unfinished = loop {
            let Some(start) = find(&text.as_bytes()[at..], START.as_bytes()) else {
                break at + before_partial_start(&text[at..]);
            };
            let start = at + start;
            let path = start + START.len();
            let line = memchr(b'\n', &text.as_bytes()[path..]);
            let line_end = line.map_or(text.len(), |line| path + line);
            match find(&text.as_bytes()[path..line_end], END.as_bytes()) {
                Some(end) => {
                    if let Some(attachment) = attachment(&text[path..path + end]) {
                        found(attachment);
                    }
                    at = path + end + END.len();
                }
                None if line.is_some() => at = line_end,
                None if text.len() - path <= PATH_BYTES_MAX => break start,
                // Whatever begins before that is too long.
                None => at = boundary(text, text.len() - PATH_BYTES_MAX),
            }
        };
        self.unfinished.drain(..unfinished);
    }
}

/// The last place up to `at` where a character begins, or the end.
fn boundary(text: &str, at: usize) -> usize {
    let mut places = (0..=at.min(text.len())).rev();
    let place = places.find(|place| text.is_char_boundary(*place));
    place.unwrap_or(0)
}

/// Where the beginning of a mark is at the end of `text`; its length if there is none.
fn before_partial_start(text: &str) -> usize {
    let lengths = (1..START.len()).rev();
    let mut partial = lengths.filter(|length| text.ends_with(&START[..*length]));
    text.len() - partial.next().unwrap_or(0)
}

fn attachment(path: &str) -> Option<Attachment> {
    let path = path.trim();
    let name = base_name(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let media_type = extension.and_then(|extension| {
        let mut known = MEDIA_TYPES.iter();
        known.find(|(known, _)| extension.eq_ignore_ascii_case(known))
    });
    (!path.is_empty()).then(|| Attachment {
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        path: path.to_owned(),
        media_type: media_type.map(|(_, media_type)| (*media_type).to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths that are found in `text`, read in pieces of `length` characters, and how much was kept at most.
    fn found(text: &str, length: usize) -> (Vec<String>, usize) {
        let mut scanner = OutputScanner::default();
        let mut paths = Vec::new();
        let mut kept = 0;
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(length) {
            let piece: String = piece.iter().collect();
            scanner.feed(&piece, &mut |attachment| paths.push(attachment.path));
            kept = kept.max(scanner.unfinished.len());
        }
        (paths, kept)
    }

    #[test]
    fn marks_are_found_whatever_the_size_of_the_pieces() {
        let text = "before [[ATTACHMENT|/b/shot.png]] [x] [[ATTACHMENT| ä/b.zip ]]\n[[[ATTACHMENT|c]]\
                    [[ATTACHMENT|not\nended]] [[ATTACHMENT|]] [[ATTACHMENT|[[ATTACHMENT|d";
        for length in [1, 2, 3, 7, 13, 64, 1000] {
            let (paths, _) = found(text, length);
            assert_eq!(paths, ["/b/shot.png", "ä/b.zip", "c"], "{length}");
        }
    }

    #[test]
    fn a_long_text_takes_no_memory() {
        let noise = "[[ATTACHMENT|".to_owned() + &"x".repeat(100_000) + &"[[".repeat(50_000);
        for length in [10, 5000] {
            let (paths, kept) = found(&noise, length);
            assert_eq!(paths, [""; 0]);
            assert!(kept < PATH_BYTES_MAX + CHUNK_BYTES, "{kept}");
        }
    }

    #[test]
    fn the_media_type_is_that_of_the_extension() {
        for (path, name, media_type) in [
            ("/b/shot.PNG", "shot.PNG", Some("image/png")),
            (r"C:\b\a.log", "a.log", Some("text/plain")),
            ("trace", "trace", None),
            ("a.unknown", "a.unknown", None),
        ] {
            let attachment = attachment(path).unwrap();
            assert_eq!(attachment.name.as_deref(), Some(name));
            assert_eq!(attachment.media_type.as_deref(), media_type);
        }
        assert_eq!(attachment("  "), None);
    }
}
