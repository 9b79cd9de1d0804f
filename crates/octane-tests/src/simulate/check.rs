//! What must hold, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use octane_client::{Counts, LinkLevel, Outcome, Report, UploadSettings};
use octane_results::Status;

use super::case::{AMBIGUOUS_KEY, Case, EARLIER, Flaw, Row, UNKNOWN_KEY};
use super::content::{Content, Key, key};
use super::line::Traffic;
use super::payload::holds_result;
use super::world::World;

type Checked = Result<(), String>;

/// A timer that woke late is made up for, by so much at most.
const CATCH_UP_MAX: Duration = Duration::from_millis(10);

macro_rules! must {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

/// Pace, concurrency and attempts stay in their bounds.
pub(super) fn traffic(
    seen: &Traffic,
    settings: &octane_rest::Settings,
    upload: &UploadSettings,
    attempts: u32,
) -> Checked {
    let per_second = usize::try_from(settings.requests_per_second).unwrap_or(usize::MAX);
    for pair in seen.begun.windows(per_second + 1) {
        let (first, last) = (pair[0], pair[per_second]);
        must!(
            last - first + CATCH_UP_MAX >= Duration::from_secs(1),
            "{} requests began within {:?}, {per_second} a second are allowed",
            per_second + 1,
            last - first
        );
    }
    must!(
        seen.in_flight_max <= settings.concurrency_max,
        "{} requests were under way at once, {} may be",
        seen.in_flight_max,
        settings.concurrency_max
    );
    must!(
        seen.payloads_in_flight_max <= upload.batches_in_flight_max,
        "{} payloads were under way at once, {} may be",
        seen.payloads_in_flight_max,
        upload.batches_in_flight_max
    );
    let attempts_max = u64::from(settings.attempts_max) + seen.expiries;
    must!(
        u64::from(attempts) <= attempts_max,
        "a request was sent {attempts} times, {attempts_max} times are allowed"
    );
    Ok(())
}

/// What a report says, compared with what is so.
pub(super) struct Books<'a> {
    pub(super) case: &'a Case,
    pub(super) world: &'a World,
    pub(super) report: &'a Report,
    pub(super) content: &'a Content,
}

impl Books<'_> {
    /// What holds for every report, also for one of an upload that is not done.
    pub(super) fn check(&self) -> Checked {
        let Self { case, report, .. } = self;
        let counts = report.counts;
        must!(counts.add_up(), "the numbers do not add up: {counts:?}");
        let mut read = Counts::default();
        for Row { run, .. } in &case.rows {
            *match run.status {
                Status::Passed => &mut read.passed,
                Status::Failed => &mut read.failed,
                Status::Skipped => &mut read.test_skipped,
                Status::Planned => &mut read.planned,
            } += 1;
        }
        must!(
            counts.read == case.rows.len() + case.skipped_rows
                && counts.skipped == case.skipped_rows
                && (counts.passed, counts.failed, counts.test_skipped)
                    == (read.passed, read.failed, read.test_skipped),
            "what was read is counted wrong: {counts:?}"
        );
        let results = self.content.results();
        for (duration, times) in &results {
            // A server that forgets bytes takes them again, as a further result of the same run.
            must!(
                *times == 1 || case.server.results.duplicate_memory.is_some(),
                "the result of {duration:?} is there {times} times"
            );
        }
        let rejected = self.lines("rejected");
        must!(
            rejected.len() == counts.rejected,
            "{} results were rejected, {} are named",
            counts.rejected,
            rejected.len()
        );
        let mut held = 0;
        for (line, Row { run, .. }) in (1..).zip(&case.rows) {
            let is_held = results.contains_key(&run.duration);
            held += usize::from(is_held);
            must!(
                !(is_held && rejected.contains(&line)),
                "line {line} is reported as rejected and is there"
            );
        }
        must!(
            counts.ingested <= held,
            "{} results are reported as ingested, {held} are there",
            counts.ingested
        );
        must!(
            (counts.kept > 0) <= (report.outcome != Outcome::Success),
            "results are kept, and the outcome is a success"
        );
        Ok(())
    }

    /// What holds where there is nothing left to do.
    pub(super) fn check_end(&self, lost: &[Bytes]) -> Checked {
        let Self { case, report, .. } = self;
        let counts = report.counts;
        let rejected = self.lines("rejected");
        // A result whose task was forgotten, and of whose test a later one is in, is not sent again.
        let given_up = self.lines("unconfirmed");
        must!(
            counts.kept == given_up.len() && (given_up.is_empty() || !case.has_no_repeats()),
            "{} results are kept",
            counts.kept
        );
        let results = self.content.results();
        let mut ingested = Vec::new();
        for (line, row) in (1..).zip(&case.rows) {
            let is_ingested = !(rejected.contains(&line) || given_up.contains(&line));
            must!(
                is_ingested == results.contains_key(&row.run.duration),
                "line {line} is reported as ingested: {is_ingested}, which is not so"
            );
            let must_fail = match row.flaw {
                Some(Flaw::Refused) => true,
                Some(Flaw::UnknownRelease) => !case.upload.skip_errors,
                None => false,
            };
            let may_fail = must_fail
                || given_up.contains(&line)
                || lost.iter().any(|xml| holds_result(xml, row.run.duration));
            must!(
                if is_ingested { !must_fail } else { may_fail },
                "line {line} is ingested: {is_ingested}, and its flaw is {:?}",
                row.flaw
            );
            if is_ingested {
                ingested.push(row);
            }
        }
        must!(
            results.len() == ingested.len() + case.earlier.len(),
            "there are {} results, {} were ingested",
            results.len(),
            ingested.len() + case.earlier.len()
        );
        let expected = if counts.rejected > 0 && counts.ingested + counts.kept == 0 {
            Outcome::Refused
        } else if counts.rejected + counts.skipped + counts.kept > 0 {
            Outcome::Partial
        } else {
            Outcome::Success
        };
        must!(
            report.outcome == expected,
            "the outcome is {:?}, not {expected:?}",
            report.outcome
        );
        self.check_runs(&ingested)?;
        self.check_links(&ingested)
    }

    /// Each run is there once, with the last result of the input.
    fn check_runs(&self, ingested: &[&Row]) -> Checked {
        let dialect = self.case.upload.dialect;
        let rows = ingested.iter().map(|row| &row.run);
        let mut last = BTreeMap::new();
        for run in self.case.earlier.iter().chain(rows.clone()) {
            last.insert(key(run, dialect), run);
        }
        let keys: BTreeSet<Key> = rows.map(|run| key(run, dialect)).collect();
        must!(
            keys.len() == self.report.counts.runs,
            "{} runs are reported, {} are there",
            self.report.counts.runs,
            keys.len()
        );
        must!(
            self.content.runs.len() == last.len() && self.content.suite_runs <= 1,
            "there are {} runs and {} suite runs, not {} and 1",
            self.content.runs.len(),
            self.content.suite_runs,
            last.len()
        );
        for held in &self.content.runs {
            let Some(run) = last.get(&held.key) else {
                return Err(format!("nobody has sent {:?}", held.key));
            };
            must!(
                held.duration == run.duration && held.status == run.status.as_str().to_lowercase(),
                "{:?} shows the result of {:?}, and the last one took {:?}",
                held.key,
                held.duration,
                run.duration
            );
        }
        Ok(())
    }

    /// Runs, or tests, carry the stories of their keys and no others.
    fn check_links(&self, ingested: &[&Row]) -> Checked {
        let mut run_stories: BTreeMap<Key, BTreeSet<i64>> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for row in ingested.iter().filter(|_| self.case.upload.link) {
            let stories = run_stories
                .entry(key(&row.run, self.case.upload.dialect))
                .or_default();
            for key in &row.run.jira {
                keys.insert(key.as_str());
                stories.extend(self.world.stories.get(key).map(|story| story.get()));
            }
        }
        let is_of_runs = self.case.server.entities.run_backlog_field;
        let mut test_stories: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        let mut linked = 0;
        for run in &self.content.runs {
            let wanted = run_stories.remove(&run.key).unwrap_or_default();
            if is_of_runs {
                must!(
                    run.stories == wanted,
                    "{:?} carries {:?}, not {wanted:?}",
                    run.key,
                    run.stories
                );
                linked += usize::from(!wanted.is_empty());
            } else {
                test_stories.entry(&run.test).or_default().extend(wanted);
            }
        }
        for (test, stories) in &self.content.tests {
            let wanted = test_stories.remove(&**test).unwrap_or_default();
            must!(
                *stories == wanted,
                "test {test} carries {stories:?}, not {wanted:?}"
            );
            linked += usize::from(!wanted.is_empty());
        }
        let Some(links) = &self.report.links else {
            must!(!self.case.upload.link, "nothing is said about links");
            return Ok(());
        };
        let level = if is_of_runs {
            LinkLevel::Runs
        } else {
            LinkLevel::Tests
        };
        let has = |key: &str| keys.contains(key).then(|| key.to_owned());
        must!(
            links.keys == keys.len()
                && links.level == (!keys.is_empty()).then_some(level)
                && (links.linked, links.failed) == (linked, 0)
                && links.unknown == Vec::from_iter(has(UNKNOWN_KEY))
                && links.ambiguous == Vec::from_iter(has(AMBIGUOUS_KEY)),
            "{linked} are linked by the keys {keys:?}, and the report says {links:?}"
        );
        Ok(())
    }

    /// The lines of the results that are reported with this word.
    fn lines(&self, code: &str) -> BTreeSet<u64> {
        let problems = self.report.problems.iter();
        problems
            .filter(|problem| problem.code == code)
            .filter_map(|problem| Some(problem.position.as_ref()?.line))
            .collect()
    }
}

/// Nothing that was sent before is gone.
pub(super) fn earlier(case: &Case, content: &Content) -> Checked {
    let results = content.results();
    let numbers = EARLIER..EARLIER + case.earlier.len() as u64;
    for milliseconds in numbers {
        must!(
            results.contains_key(&Duration::from_millis(milliseconds)),
            "a result of an earlier upload is gone"
        );
    }
    Ok(())
}
