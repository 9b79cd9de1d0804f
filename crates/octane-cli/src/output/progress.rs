//! Progress, shown while work proceeds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use octane_client::Event;
use tokio::time::{Instant, sleep_until};

use super::printer::Output;
use super::stderr;
use octane_model::plural::{plural, thousands};

/// How often a line is printed where no line can be redrawn: often enough to see that it works, and not to fill the log.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// How often the line on a terminal is redrawn although nothing happens: its rate and its time left change.
const REDRAW_EVERY: Duration = Duration::from_secs(1);

/// How far an upload is.
///
/// | standard error is | shown is |
/// | --- | --- |
/// | a terminal | one line that is redrawn, with the rate and the time left of the stage |
/// | something else, as in CI, or a terminal that cannot redraw lines | a line at the start, every 15 seconds, and at the end |
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
    refused: usize,
    /// How many of the accepted ones ended, and how many of those as a success.
    ended: usize,
    ingested: usize,
    is_verified: bool,
    /// How many runs were read since the last look began.
    runs_read: usize,
    /// How many runs, or tests, of how many are linked, once that has begun.
    linking: Option<(usize, usize)>,
    /// The stage that was last drawn, and when it began.
    stage_began: Option<(std::mem::Discriminant<Stage>, Instant)>,
    /// How many results were read so far, while they are read.
    reading: Option<Arc<AtomicUsize>>,
}

/// What begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Begins {
    /// A new upload, which was prepared.
    Upload,
    /// The rest of an upload.
    Resume,
    /// What is done once for all shards.
    Merge,
}

/// What is done one after the other.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// So many results were read.
    Reading(usize),
    Sending,
    Ingesting,
    /// So many runs were read, of about as many as there are results.
    Verifying {
        read: usize,
        results: usize,
    },
    Linking {
        done: usize,
        total: usize,
    },
}

impl Progress {
    /// The progress of reading results, which `read` counts. Nothing is said at its start and its end.
    pub(crate) fn reading(output: Output, read: Arc<AtomicUsize>) -> Self {
        let progress = Self::new(output);
        if let Ok(mut state) = progress.state.lock() {
            state.reading = Some(read);
        }
        progress
    }

    /// The progress of an upload that starts now.
    pub(crate) fn new(output: Output) -> Self {
        let Output {
            is_quiet,
            is_verbose,
            ..
        } = output;
        let is_terminal = stderr::can_redraw();
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
    pub(crate) fn start(&self, begins: Begins) {
        self.print(|state, _| match begins {
            Begins::Upload => format!(
                "prepared {} in {}",
                plural(state.results, "result"),
                plural(state.batches, "batch")
            ),
            Begins::Resume => "continuing the upload".to_owned(),
            Begins::Merge => "completing the suite run".to_owned(),
        });
    }

    /// Works, and says from time to time how far it is.
    pub(crate) fn during<'a, F: Future + 'a>(
        &'a self,
        work: F,
    ) -> impl Future<Output = F::Output> + 'a {
        let mut work = Box::pin(work);
        let period = if self.is_drawn {
            REDRAW_EVERY
        } else {
            LINE_EVERY
        };
        let periods = self.started.elapsed().as_secs() / period.as_secs() + 1;
        let mut next = self.started + period * u32::try_from(periods).unwrap_or(u32::MAX);
        async move {
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    () = sleep_until(next) => {
                        next += period;
                        self.draw();
                        self.print(|state, after| format!("{after}: {}", state.line()));
                    }
                }
            }
        }
    }

    /// Redraws the line, where there is one.
    fn draw(&self) {
        if let (true, Ok(mut state)) = (self.is_drawn, self.state.lock()) {
            let now = Instant::now();
            let stage = std::mem::discriminant(&state.stage());
            let (_, since) = match state.stage_began {
                Some(began) if began.0 == stage => began,
                _ => *state.stage_began.insert((stage, now)),
            };
            stderr::draw(&state.live_line(now - self.started, now - since));
        }
    }

    /// Clears the line.
    pub(crate) fn clear(&self) {
        if self.is_drawn {
            stderr::clear();
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
        if let Ok(mut state) = self.state.lock() {
            state.see(event);
        }
        self.draw();
    }

    /// Clears the line, or says how far it came.
    pub(crate) fn finish(&self) {
        self.clear();
        self.print(|state, after| match state {
            State {
                batches: 0,
                accepted: 0,
                refused: 0,
                ended: 0,
                ..
            } => format!("ended after {after}"),
            _ => format!("ended after {after}: {}", state.batches_line()),
        });
    }
}

impl State {
    fn see(&mut self, event: &Event) {
        let state = self;
        match event {
            Event::Prepared {
                results, batches, ..
            } => (state.results, state.batches) = (*results, *batches),
            Event::Split { .. } => state.batches += 1,
            Event::Accepted { .. } => state.answered(|state| &mut state.accepted),
            Event::Refused { .. } => state.answered(|state| &mut state.refused),
            Event::Ended { status, .. } => {
                state.ended += 1;
                state.ingested += usize::from(status == "success");
            }
            Event::Reading { runs, .. } => state.runs_read = *runs,
            Event::Verified { .. } | Event::Resolved { .. } => state.is_verified = true,
            Event::Linking { done, total, .. } => state.linking = Some((*done, *total)),
            _ => {}
        }
    }

    /// The server has answered a batch, which is counted here.
    fn answered(&mut self, count: fn(&mut Self) -> &mut usize) {
        *count(self) += 1;
        // More of them if results are sent again.
        if self.batches > 0 {
            self.batches = self.batches.max(self.accepted + self.refused);
        }
    }

    /// The stage that the upload is in: what is counted in it.
    fn stage(&self) -> Stage {
        let Self {
            results,
            batches,
            accepted,
            refused,
            ended,
            runs_read,
            linking,
            ..
        } = *self;
        if let Some(read) = &self.reading {
            Stage::Reading(read.load(Ordering::Relaxed))
        } else if let Some((done, total)) = linking {
            Stage::Linking { done, total }
        } else if self.is_verified {
            Stage::Linking { done: 0, total: 0 }
        } else if batches > 0 && ended + refused >= batches {
            Stage::Verifying {
                read: runs_read,
                results,
            }
        } else if accepted + refused < batches {
            Stage::Sending
        } else {
            Stage::Ingesting
        }
    }

    /// What is being done, with the rate and the time left if they are known; `elapsed` since the upload began, and since its stage did.
    fn live_line(&self, elapsed: Duration, in_stage: Duration) -> String {
        let Self {
            results,
            batches,
            accepted,
            ended,
            ..
        } = *self;
        let line = self.line();
        let with = |pace: Option<(usize, SignedDuration)>, what: &str| match pace {
            Some((rate, left)) => format!("{line} · {} {what}/s · {left:#} left", thousands(rate)),
            None => line.clone(),
        };
        match self.stage() {
            Stage::Reading(read) => match per_second(read, in_stage) {
                Some(rate) => format!("{line} · {}/s", thousands(rate)),
                None => line,
            },
            // Batches are ingested while others are sent.
            Stage::Sending => with(pace(accepted, batches, results, elapsed), "results"),
            Stage::Ingesting => with(pace(ended, batches, results, elapsed), "results"),
            Stage::Verifying { read, results } => {
                with(pace(read, results, results, in_stage), "runs")
            }
            Stage::Linking { done, total } => with(pace(done, total, total, in_stage), "runs"),
        }
    }

    /// What is being done.
    fn line(&self) -> String {
        match self.stage() {
            Stage::Reading(read) => format!("reading results: {}", thousands(read)),
            Stage::Sending | Stage::Ingesting => self.batches_line(),
            Stage::Verifying { read: 0, .. } => "verifying runs".to_owned(),
            Stage::Verifying { read, .. } => format!("verifying runs: {}", thousands(read)),
            Stage::Linking { total: 0, .. } => "linking".to_owned(),
            Stage::Linking { done, total } => {
                format!("linking: {}/{}", thousands(done), thousands(total))
            }
        }
    }

    fn batches_line(&self) -> String {
        let Self {
            batches,
            accepted,
            refused,
            ended,
            ingested,
            ..
        } = *self;
        let mut line = if batches == 0 {
            // How many batches a resumed upload has left is not known, and those of before are not counted.
            format!(
                "{} accepted, {} ingested",
                plural(accepted, "more batch"),
                thousands(ingested)
            )
        } else {
            format!("batches: {accepted}/{batches} accepted, {ingested}/{batches} ingested")
        };
        for (count, what) in [(ended - ingested, "with problems"), (refused, "refused")] {
            if count > 0 {
                line.push_str(&format!(", {} {what}", thousands(count)));
            }
        }
        line
    }
}

/// How many results a second a stage does, and how much time it has left, if `done` of `total` batches took so long. Nothing before there is something
/// to conclude from, and nothing once it is done.
fn pace(
    done: usize,
    total: usize,
    results: usize,
    elapsed: Duration,
) -> Option<(usize, SignedDuration)> {
    if done == 0 || done >= total {
        return None;
    }
    let rate = per_second(results.checked_mul(done)? / total, elapsed)?;
    let milliseconds = usize::try_from(elapsed.as_millis()).ok()?;
    let left = milliseconds.checked_mul(total - done)? / done;
    let seconds = i64::try_from(left.div_ceil(1000)).ok()?;
    Some((rate, SignedDuration::from_secs(seconds)))
}

fn per_second(count: usize, elapsed: Duration) -> Option<usize> {
    let milliseconds = usize::try_from(elapsed.as_millis()).ok()?;
    if milliseconds < 1000 {
        return None;
    }
    Some(count.checked_mul(1000)? / milliseconds)
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
        Event::Reading { runs, .. } => format!("read {} so far", plural(*runs, "run")),
        Event::Linking { done, total, .. } => format!("{done} of {total} are linked"),
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
        progress.start(Begins::Upload);
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
                "prepared 1,500 results in 3 batches",
                "15s: batches: 0/3 accepted, 0/3 ingested",
                "30s: batches: 2/3 accepted, 0/3 ingested",
                "45s: batches: 2/3 accepted, 0/3 ingested",
                "1m: batches: 2/3 accepted, 0/3 ingested",
                "ended after 1m 12s: batches: 2/3 accepted, 0/3 ingested",
            ]
        );
    }

    #[test]
    fn batches_that_are_not_in_octane_are_not_counted_as_such() {
        let mut state = State {
            batches: 4,
            accepted: 3,
            refused: 1,
            ended: 3,
            ingested: 1,
            ..State::default()
        };
        let expected = "batches: 3/4 accepted, 1/4 ingested, 2 with problems, 1 refused";
        assert_eq!(state.batches_line(), expected);
        assert!(matches!(state.stage(), Stage::Verifying { .. }));
        state.answered(|state| &mut state.refused);
        assert_eq!((state.batches, state.refused), (5, 2));
    }

    #[test]
    fn the_line_on_a_terminal_has_the_rate_and_the_time_left_of_its_stage() {
        let mut state = State {
            results: 12_000,
            batches: 24,
            ..State::default()
        };
        let after = |state: &State, seconds, in_stage| {
            state.live_line(Duration::from_secs(seconds), Duration::from_secs(in_stage))
        };
        let line = after(&state, 5, 5);
        assert_eq!(line, "batches: 0/24 accepted, 0/24 ingested");
        (state.accepted, state.ended, state.ingested) = (6, 2, 2);
        assert_eq!(
            after(&state, 3, 3),
            "batches: 6/24 accepted, 2/24 ingested · 1,000 results/s · 9s left"
        );
        // Once all are sent, the time left is that of their ingestion.
        (state.accepted, state.ended, state.ingested) = (24, 12, 12);
        assert_eq!(
            after(&state, 70, 1),
            "batches: 24/24 accepted, 12/24 ingested · 85 results/s · 1m 10s left"
        );
        (state.ended, state.ingested) = (24, 24);
        assert_eq!(after(&state, 140, 1), "verifying runs");
        state.runs_read = 3000;
        let line = after(&state, 141, 2);
        assert_eq!(line, "verifying runs: 3,000 · 1,500 runs/s · 6s left");
        state.is_verified = true;
        assert_eq!(after(&state, 150, 1), "linking");
        state.linking = Some((500, 2000));
        let line = after(&state, 155, 5);
        assert_eq!(line, "linking: 500/2,000 · 100 runs/s · 15s left");
    }

    #[test]
    fn while_results_are_read_the_line_has_their_number_and_rate() {
        let state = State {
            reading: Some(Arc::new(AtomicUsize::new(90_000))),
            ..State::default()
        };
        assert_eq!(state.line(), "reading results: 90,000");
        let seconds = Duration::from_secs(2);
        let line = state.live_line(seconds, seconds);
        assert_eq!(line, "reading results: 90,000 · 45,000/s");
    }

    #[test]
    fn no_pace_is_told_of_nothing_or_of_too_little_time() {
        let second = Duration::from_secs(1);
        assert_eq!(pace(0, 10, 100, second), None);
        assert_eq!(pace(10, 10, 100, second), None);
        assert_eq!(pace(0, 0, 0, second), None);
        assert_eq!(pace(5, 10, 100, Duration::from_millis(900)), None);
        let (rate, left) = pace(5, 10, 100, second).unwrap();
        assert_eq!((rate, left), (50, SignedDuration::from_secs(1)));
        assert_eq!(pace(5, 10, usize::MAX, second), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_printed_where_a_line_is_redrawn_or_nothing_is_wanted() {
        let progress = Progress {
            print: None,
            ..progress()
        };
        progress.start(Begins::Upload);
        progress
            .during(tokio::time::sleep(Duration::from_secs(60)))
            .await;
        progress.finish();
        assert!(LINES.take().is_empty());
    }
}
