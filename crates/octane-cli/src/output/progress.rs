//! Progress, shown while work proceeds.

use std::io::IsTerminal;
use std::sync::Mutex;

use octane_client::Event;

use super::printer::Output;
use super::stderr;
use octane_model::plural::plural;

/// One line that is redrawn on a terminal; nothing elsewhere, where it would fill the log.
pub(crate) struct Progress {
    state: Mutex<State>,
    is_drawn: bool,
    is_verbose: bool,
}

#[derive(Default)]
struct State {
    batches: usize,
    accepted: usize,
    ended: usize,
}

impl Progress {
    /// Draws on a terminal unless `--quiet` is given; with `-v`, prints a line for each event instead.
    pub(crate) fn new(output: Output) -> Self {
        let Output {
            is_quiet,
            is_verbose,
            ..
        } = output;
        Self {
            state: Mutex::default(),
            is_drawn: !is_quiet && !is_verbose && std::io::stderr().is_terminal(),
            is_verbose,
        }
    }

    /// Shows an event.
    pub(crate) fn show(&self, event: &Event) {
        if self.is_verbose {
            stderr::print_note(&sentence(event));
        }
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        match event {
            Event::Prepared { batches, .. } => state.batches = *batches,
            Event::Split { .. } => state.batches += 1,
            Event::Accepted { .. } | Event::Refused { .. } => state.accepted += 1,
            Event::Ended { .. } => state.ended += 1,
            _ => {}
        }
        if self.is_drawn {
            let State {
                batches,
                accepted,
                ended,
            } = *state;
            let line = match event {
                Event::Verified { .. } | Event::Resolved { .. } => "linking".to_owned(),
                // How many batches a resumed upload has left is not known.
                _ if batches == 0 => format!("batches: {accepted} accepted, {ended} ingested"),
                _ if ended == batches => "verifying runs".to_owned(),
                _ => {
                    format!("batches: {accepted}/{batches} accepted, {ended}/{batches} ingested")
                }
            };
            stderr::draw(&line);
        }
    }

    /// Clears the line.
    pub(crate) fn finish(&self) {
        if self.is_drawn {
            stderr::clear();
        }
    }
}

fn sentence(event: &Event) -> String {
    match event {
        Event::Prepared {
            upload,
            results,
            batches,
            bytes,
            ..
        } => {
            format!(
                "prepared as {upload}: {} in {}, {bytes} bytes",
                plural(*results, "result"),
                plural(*batches, "batch")
            )
        }
        Event::Split {
            batch,
            halves: [first, last],
            reason,
            ..
        } => format!("batch {batch}: {reason}; splitting it into batches {first} and {last}"),
        Event::Accepted {
            batch,
            task,
            is_duplicate: false,
            ..
        } => format!("batch {batch}: accepted as task {task}"),
        Event::Accepted { batch, task, .. } => {
            format!("batch {batch}: already received (task {task})")
        }
        Event::Refused { batch, reason, .. } => format!("batch {batch}: {reason}"),
        Event::Ended { batch, status, .. } => format!("batch {batch}: {status}"),
        Event::Waiting { batches, pause, .. } => {
            format!("waiting {pause:?} for {}", plural(*batches, "batch"))
        }
        Event::Verified {
            suite_run, runs, ..
        } => {
            format!("suite run {}: {}", suite_run.id, plural(*runs, "run"))
        }
        Event::Resending { results, .. } => format!(
            "sending {} again: Octane had ignored them as duplicates and shows other results",
            plural(*results, "result")
        ),
        Event::Resolved { keys, found, .. } => format!("Jira keys: {found} of {keys} found"),
        Event::Linked {
            changed, unchanged, ..
        } => format!("links: {changed} created, {unchanged} existing"),
        _ => String::new(),
    }
}
