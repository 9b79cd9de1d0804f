//! Answers on standard output, notes on standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Read, Write};

use serde::Serialize;
use serde::de::IgnoredAny;

use super::stderr::print_note;
use super::text::Text;
use super::{json, secrets};
use crate::args::Format;
use crate::unwritten::Unwritten;

/// Where and how answers are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) is_quiet: bool,
    pub(crate) is_verbose: bool,
}

impl Output {
    /// Writes an answer: as `human` text, or as JSON.
    pub(crate) fn answer<T: Serialize>(
        self,
        human: impl FnOnce() -> Text,
        json: &T,
    ) -> io::Result<()> {
        match self.format {
            Format::Human => write_text(human()),
            Format::Json => write_json(json),
            Format::Ndjson => write_json_line(json),
        }
    }

    /// Prints a note for people, one line, unless `--quiet` is given.
    pub(crate) fn say(self, text: &str) {
        if !self.is_quiet {
            print_note(text);
        }
    }
}

/// Writes text to standard output. Of nothing, nothing is written, not even the end of a line.
pub(crate) fn write_text(text: Text) -> io::Result<()> {
    match text.styled() {
        text if text.is_empty() => Ok(()),
        text => write_line(anstream::stdout().lock(), text.as_bytes()),
    }
}

/// Writes a JSON document to standard output.
pub(crate) fn write_json(value: &impl Serialize) -> io::Result<()> {
    write_file(json::pretty(value)?.as_bytes())
}

/// The same on one line.
pub(crate) fn write_json_line(value: &impl Serialize) -> io::Result<()> {
    write_file(json::compact(value)?.as_bytes())
}

/// Writes a document that someone else has made, such as the body of a response. A terminal gets text that cannot steer
/// it. A pipe gets the document, without the secrets of this process; in JSON, whatever steers a CI system is escaped.
pub(crate) fn write_document(document: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(document);
    if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        write_file(json::shown(&text).as_bytes())
    } else if io::stdout().is_terminal() {
        write_text(Text::document(&text))
    } else {
        match secrets::redact(&text) {
            Cow::Borrowed(_) => write_file(document),
            Cow::Owned(redacted) => write_file(redacted.as_bytes()),
        }
    }
}

/// Writes a file that this program has made to standard output, byte for byte.
pub(crate) fn write_file(bytes: &[u8]) -> io::Result<()> {
    write_line(io::stdout().lock(), bytes)
}

/// Copies a file that this program has made to standard output, byte for byte.
pub(crate) fn copy_file(file: &mut impl Read) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let copied = io::copy(file, &mut out).and_then(|_| out.flush());
    is_read(copied).map(drop)
}

/// Writes to standard output, and a line break after it. A reader that closes the pipe has seen enough: that is not an error.
fn write_line(mut out: impl Write, line: &[u8]) -> io::Result<()> {
    is_read(write_flushed(&mut out, line)).map(drop)
}

fn write_flushed(out: &mut impl Write, line: &[u8]) -> io::Result<()> {
    out.write_all(line)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Whether what was written has a reader.
fn is_read(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Unwritten::of(error)),
    }
}

/// Writes text of which more follows. Returns false if it is not read any more.
pub(crate) fn write_part(text: Text) -> io::Result<bool> {
    let mut out = anstream::stdout().lock();
    is_read(write_flushed(&mut out, text.styled().as_bytes()))
}

/// Writes JSON on a line of which more follow. Returns false if it is not read any more.
pub(crate) fn write_json_part(value: &impl Serialize) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    is_read(write_flushed(&mut out, json::compact(value)?.as_bytes()))
}
