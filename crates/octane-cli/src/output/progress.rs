//! Progress, shown while work proceeds.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use jiff::SignedDuration;
use octane_client::Event;
use tokio::time::{Instant, sleep_until};

use super::printer::Output;
use super::stderr;
use octane_model::plural::plural;

/// How often a line is printed where no line can be redrawn: often enough to see that it works, and not to fill the log.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// How far an upload is.
///
/// | standard error is | shown is |
/// | --- | --- |
/// | a terminal | one line that is redrawn |
/// | something else, as in CI | a line at the start, every 15 seconds, and at the end |
/// | any, with `-v` | a line for each event |
/// | any, with `--quiet` | nothing |
#[derive(Debug)]
pub(crate) struct Progress {
    state: Mutex<State>,
    is_drawn: bool,
    is_verbose: bool,
    /// Prints a line, where lines are printed.
    print: Option<fn(&str)>,
    started: Instant,
}

#[derive(Debug, Default)]
struct State {
    results: usize,
    batches: usize,
    accepted: usize,
    ended: usize,
    is_verified: bool,
}

impl Progress {
    /// The progress of an upload that starts now.
    pub(crate) fn new(output: Output) -> Self {
        let Output {
            is_quiet,
            is_verbose,
            ..
        } = output;
        let is_terminal = std::io::stderr().is_terminal();
        let is_shown = !is_quiet && !is_verbose;
        Self {
            state: Mutex::default(),
            is_drawn: is_shown && is_terminal,
            is_verbose,
            print: (is_shown && !is_terminal).then_some(stderr::print_note),
            started: Instant::now(),
        }
    }

    /// Says what begins.
    pub(crate) fn start(&self) {
        self.print(|state, _| match state {
            State { batches: 0, .. } => "continuing the upload".to_owned(),
            State {
                results, batches, ..
            } => {
                format!(
                    "sending {} in {}",
                    plural(*results, "result"),
                    plural(*batches, "batch")
                )
            }
        });
    }

    /// Works, and says from time to time how far it is.
    pub(crate) fn during<'a, F: Future + 'a>(
        &'a self,
        work: F,
    ) -> impl Future<Output = F::Output> + 'a {
        let mut work = Box::pin(work);
        let periods = self.started.elapsed().as_secs() / LINE_EVERY.as_secs() + 1;
        let mut next = self.started + LINE_EVERY * u32::try_from(periods).unwrap_or(u32::MAX);
        async move {
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    () = sleep_until(next) => {
                        next += LINE_EVERY;
                        self.print(|state, after| format!("{after}: {}", state.line()));
                    }
                }
            }
        }
    }

    fn print(&self, line: impl FnOnce(&State, &str) -> String) {
        if let (Some(print), Ok(state)) = (self.print, self.state.lock()) {
            let seconds = i64::try_from(self.started.elapsed().as_secs()).unwrap_or(i64::MAX);
            let after = format!("{:#}", SignedDuration::from_secs(seconds));
            print(&line(&state, &after));
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
            Event::Prepared {
                results, batches, ..
            } => (state.results, state.batches) = (*results, *batches),
            Event::Split { .. } => state.batches += 1,
            Event::Accepted { .. } | Event::Refused { .. } => state.accepted += 1,
            Event::Ended { .. } => state.ended += 1,
            Event::Verified { .. } | Event::Resolved { .. } => state.is_verified = true,
            _ => {}
        }
        if self.is_drawn {
            stderr::draw(&state.line());
        }
    }

    /// Clears the line, or says how far it came.
    pub(crate) fn finish(&self) {
        if self.is_drawn {
            stderr::clear();
        }
        self.print(|state, after| format!("ended after {after}: {}", state.batches_line()));
    }
}

impl State {
    /// What is being done.
    fn line(&self) -> String {
        if self.is_verified {
            "linking".to_owned()
        } else if self.batches > 0 && self.ended >= self.batches {
            "verifying runs".to_owned()
        } else {
            self.batches_line()
        }
    }

    fn batches_line(&self) -> String {
        let Self {
            batches,
            accepted,
            ended,
            ..
        } = *self;
        if batches == 0 {
            // How many batches a resumed upload has left is not known.
            format!("batches: {accepted} accepted, {ended} ingested")
        } else {
            format!("batches: {accepted}/{batches} accepted, {ended}/{batches} ingested")
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
            format!("suite run {suite_run}: {} read", plural(*runs, "run"))
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn progress() -> Progress {
        Progress {
            state: Mutex::default(),
            is_drawn: false,
            is_verbose: false,
            print: Some(|line| LINES.with_borrow_mut(|lines| lines.push(line.to_owned()))),
            started: Instant::now(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn off_a_terminal_there_is_a_line_at_the_start_every_15_seconds_and_at_the_end() {
        let progress = progress();
        *progress.state.lock().unwrap() = State {
            results: 1500,
            batches: 3,
            ..State::default()
        };
        progress.start();
        // The time of several stages adds up.
        progress
            .during(tokio::time::sleep(Duration::from_secs(20)))
            .await;
        progress.state.lock().unwrap().accepted = 2;
        progress
            .during(tokio::time::sleep(Duration::from_secs(52)))
            .await;
        progress.finish();
        assert_eq!(
            LINES.take(),
            [
                "sending 1,500 results in 3 batches",
                "15s: batches: 0/3 accepted, 0/3 ingested",
                "30s: batches: 2/3 accepted, 0/3 ingested",
                "45s: batches: 2/3 accepted, 0/3 ingested",
                "1m: batches: 2/3 accepted, 0/3 ingested",
                "ended after 1m 12s: batches: 2/3 accepted, 0/3 ingested",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_printed_where_a_line_is_redrawn_or_nothing_is_wanted() {
        let progress = Progress {
            print: None,
            ..progress()
        };
        progress.start();
        progress
            .during(tokio::time::sleep(Duration::from_secs(60)))
            .await;
        progress.finish();
        assert!(LINES.take().is_empty());
    }
}
