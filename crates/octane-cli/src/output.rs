//! What is written: data on standard output, talk on standard error.

pub(crate) mod annotate;
mod diagnostic;
mod progress;
mod summary;
mod table;

use std::io::{self, Write};

use serde::Serialize;

use crate::args::Format;

pub(crate) use diagnostic::{failure_json, print_failure, print_note};
pub(crate) use progress::Progress;
pub(crate) use summary::{problem_lines, summary};
pub(crate) use table::table;

/// Where and how answers are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) is_quiet: bool,
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

    /// Says something to people, unless they want quiet.
    pub(crate) fn say(self, text: &str) {
        if !self.is_quiet {
            print_note(text);
        }
    }
}

/// Writes to standard output. A reader that closes the pipe has seen enough: that is no error.
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
