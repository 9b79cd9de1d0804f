//! Answers on standard output, notes on standard error.

use std::io::{self, Write};

use serde::Serialize;

use super::stderr::print_note;
use crate::args::Format;

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
        human: impl FnOnce() -> String,
        json: &T,
    ) -> io::Result<()> {
        match self.format {
            Format::Human => write_line(&human()),
            Format::Json => write_line(&serde_json::to_string_pretty(json)?),
        }
    }

    /// Prints a note for people, unless `--quiet` is given.
    pub(crate) fn say(self, text: &str) {
        if !self.is_quiet {
            print_note(text);
        }
    }
}

/// Writes to standard output. A reader that closes the pipe has seen enough: that is not an error.
pub(crate) fn write_line(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"));
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
