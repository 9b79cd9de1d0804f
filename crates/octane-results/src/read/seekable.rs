//! Inputs that are not read from their beginning to their end.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use super::report::file::Input;
use crate::source::Source;

/// How many bytes distinguish a file from the compressed one that it is in.
const MARK_BYTES: usize = 4;

/// The content of `source` as a file: its own, unless that is compressed or a pipe. Then it is a temporary one with all of
/// `input`, whose first bytes are `head`.
pub(super) fn seekable(source: &Source, mut input: Input, head: &[u8]) -> io::Result<File> {
    if let Some(mut file) = source.regular_file() {
        let mut mark = [0; MARK_BYTES];
        let is_plain = file.read_exact(&mut mark).is_ok() && head.starts_with(&mark);
        file.rewind()?;
        if is_plain {
            return Ok(file);
        }
    }
    let mut copy = tempfile::tempfile()?;
    io::copy(&mut input, &mut copy)?;
    copy.flush()?;
    copy.rewind()?;
    Ok(copy)
}
