//! Cuts a report before test cases, wherever these words are.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use memchr::memmem::{self, Finder};

use crate::read::line_column::LineColumn;
use crate::read::parts::fill::Ahead;
use crate::read::report::file::Input;
use crate::read::xml::is_start_of_content;

/// The byte order mark, which is not part of the text.
const MARK: &[u8] = b"\xEF\xBB\xBF";

const CASE: &[u8] = b"<testcase";
const SUITE: &[u8] = b"testsuite";

/// A part of more bytes than that would need too much memory.
const PART_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How much there may be in the suites around a part before their first cases.
const OUTER_BYTES_MAX: usize = 64 * 1024;

/// A part of a report, and what is supposed to be around it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    /// Where it starts.
    pub(super) place: LineColumn,
    /// The suites around it, each up to its first case.
    pub(super) outer: Vec<Arc<[u8]>>,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
}

impl Part {
    /// The bytes without the byte order mark.
    pub(super) fn text(&self) -> &[u8] {
        let text = self.bytes.strip_prefix(MARK).filter(|_| self.is_first);
        text.unwrap_or(&self.bytes)
    }
}

/// Cuts a report into parts.
///
/// What a part is inside of is a guess, since `<testcase` and `<testsuite` may be text as well.
pub(super) struct Splitter {
    input: Input,
    part_bytes: usize,
    /// What was read and not cut off yet.
    ahead: Ahead,
    place: LineColumn,
    outer: Vec<Arc<[u8]>>,
    suites: Finder<'static>,
    has_begun: bool,
    /// Whether there are no further parts.
    pub(super) is_over: bool,
    /// Why the input could not be read on.
    failed: Option<io::Error>,
    /// The memory of parts that are no longer needed.
    unused: Vec<Vec<u8>>,
}

impl Splitter {
    pub(super) fn new(input: Input, part_bytes: usize) -> Self {
        Self {
            input,
            part_bytes,
            ahead: Ahead::default(),
            place: LineColumn::START,
            outer: Vec::new(),
            suites: Finder::new(SUITE),
            has_begun: false,
            is_over: false,
            failed: None,
            unused: Vec::new(),
        }
    }

    /// The next part. Without one, the report is over, or what is [left](Self::rest) cannot be cut.
    pub(super) fn next_part(&mut self) -> Option<Part> {
        if self.is_over {
            return None;
        }
        let mut wanted = self.part_bytes;
        let mut searched = 1;
        let (cut, is_last) = loop {
            match self.ahead.fill(&mut self.input, wanted) {
                Ok(true) => {}
                Ok(false) => break (self.ahead.len(), true),
                Err(error) => {
                    self.failed = Some(error);
                    self.is_over = true;
                    return None;
                }
            }
            if let Some(cut) = last_case(&self.ahead, searched) {
                break (cut, false);
            }
            if self.ahead.len() > PART_BYTES_MAX.max(self.part_bytes) {
                self.is_over = true;
                return None;
            }
            // The end may be the beginning of the mark.
            searched = self.ahead.len().saturating_sub(CASE.len()).max(1);
            wanted = self.ahead.len() * 2;
        };
        let unused = self.unused.pop().unwrap_or_default();
        let bytes = self.ahead.cut(cut, unused);
        let part = Part {
            place: self.place,
            outer: self.outer.clone(),
            is_first: !std::mem::replace(&mut self.has_begun, true),
            is_last,
            bytes,
        };
        self.is_over = is_last;
        self.place = self.place.after(part.text());
        self.see_suites(&part.bytes);
        Some(part)
    }

    /// Uses the memory of a part for a later one.
    pub(super) fn recycle(&mut self, part: Part) {
        self.unused.push(part.bytes);
    }

    /// What follows the parts.
    pub(super) fn rest(&mut self) -> Input {
        let ahead = Cursor::new(self.ahead.cut(self.ahead.len(), Vec::new()));
        match self.failed.take() {
            Some(error) => Box::new(ahead.chain(Failing(Some(error)))),
            None => {
                let input = std::mem::replace(&mut self.input, Box::new(io::empty()));
                Box::new(ahead.chain(input))
            }
        }
    }

    /// Follows the suites that begin and end in a part.
    fn see_suites(&mut self, bytes: &[u8]) {
        let mut open = None;
        for at in self.suites.find_iter(bytes) {
            let Some((mark, is_start)) = suite_tag(bytes, at) else {
                continue;
            };
            if let Some(start) = open.take() {
                self.outer.push(upto_case(&bytes[start..mark]));
            }
            if !is_start {
                self.outer.pop();
            } else if is_start_of_content(&bytes[mark..]) {
                open = Some(mark);
            }
        }
        if let Some(start) = open {
            self.outer.push(upto_case(&bytes[start..]));
        }
        let outer: usize = self.outer.iter().map(|suite| suite.len()).sum();
        self.is_over |= outer > OUTER_BYTES_MAX;
    }
}

/// The last case that starts at `from` or later.
fn last_case(bytes: &[u8], from: usize) -> Option<usize> {
    let mut end = bytes.len();
    loop {
        let found = from + memmem::rfind(bytes.get(from..end)?, CASE)?;
        if is_name_end(bytes.get(found + CASE.len())) {
            return Some(found);
        }
        end = found + CASE.len() - 1;
    }
}

/// The tag of a suite whose name is at `at`: where it is, and whether it is a start tag.
fn suite_tag(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let after = at + SUITE.len();
    let after = after + usize::from(bytes.get(after) == Some(&b's'));
    if !is_name_end(bytes.get(after)) {
        return None;
    }
    match bytes[..at] {
        [.., b'<', b'/'] => Some((at - 2, false)),
        [.., b'<'] => Some((at - 1, true)),
        _ => None,
    }
}

fn is_name_end(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}

/// A suite up to its first case.
fn upto_case(suite: &[u8]) -> Arc<[u8]> {
    suite[..memmem::find(suite, CASE).unwrap_or(suite.len())].into()
}

/// An input that could not be read.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
