//! What happens, shown while it happens.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use octane_client::Event;

use crate::output::Output;

/// One line that is drawn over on a terminal; nothing elsewhere, where it would fill the log.
pub(crate) struct Progress {
    state: Mutex<State>,
    is_drawn: bool,
    is_told: bool,
}

#[derive(Default)]
struct State {
    batches: usize,
    accepted: usize,
    settled: usize,
}

impl Progress {
    /// Draws on a terminal unless quiet is wanted; with `is_told`, a line for each event instead.
    pub(crate) fn new(output: Output, is_told: bool) -> Self {
        let is_drawn = !output.is_quiet && !is_told && std::io::stderr().is_terminal();
        Self {
            state: Mutex::default(),
            is_drawn,
            is_told,
        }
    }

    /// Takes note of an event.
    pub(crate) fn show(&self, event: &Event) {
        if self.is_told {
            let _ = writeln!(anstream::stderr().lock(), "{}", sentence(event));
        }
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        match event {
            Event::Planned { batches, .. } => state.batches = *batches,
            Event::Split { .. } => state.batches += 1,
            Event::Accepted { .. } | Event::Refused { .. } => state.accepted += 1,
            Event::Settled { .. } => state.settled += 1,
            _ => {}
        }
        if self.is_drawn {
            let State {
                batches,
                accepted,
                settled,
            } = *state;
            let line = match event {
                Event::Verified { .. } | Event::Resolved { .. } => "linking".to_owned(),
                // Of an upload that goes on, nobody has counted what is left.
                _ if batches == 0 => format!("batches: {accepted} accepted, {settled} ingested"),
                _ if settled == batches => "counting runs".to_owned(),
                _ => {
                    format!("batches: {accepted}/{batches} accepted, {settled}/{batches} ingested")
                }
            };
            let _ = write!(anstream::stderr().lock(), "\r\u{1b}[2K{line}");
        }
    }

    /// Leaves a clean line.
    pub(crate) fn finish(&self) {
        if self.is_drawn {
            let _ = write!(anstream::stderr().lock(), "\r\u{1b}[2K");
        }
    }
}

fn sentence(event: &Event) -> String {
    match event {
        Event::Planned {
            upload,
            results,
            batches,
            bytes,
        } => {
            format!("planned as {upload}: {results} results in {batches} batches, {bytes} bytes")
        }
        Event::Split {
            batch,
            halves: [first, last],
            reason,
        } => format!("batch {batch}: {reason}; trying its halves as batches {first} and {last}"),
        Event::Accepted {
            batch,
            task,
            is_known: false,
        } => format!("batch {batch}: accepted as task {task}"),
        Event::Accepted { batch, task, .. } => format!("batch {batch}: known from task {task}"),
        Event::Refused { batch, reason } => format!("batch {batch}: {reason}"),
        Event::Settled { batch, status } => format!("batch {batch}: {status}"),
        Event::Waiting { batches, pause } => format!("waiting {pause:?} for {batches} batches"),
        Event::Verified { suite_run, runs } => format!("suite run {}: {runs} runs", suite_run.id),
        Event::Resolved { keys, found } => format!("Jira keys: {found} of {keys} found"),
        Event::Linked {
            changed, unchanged, ..
        } => format!("links: {changed} made, {unchanged} there already"),
        _ => String::new(),
    }
}
