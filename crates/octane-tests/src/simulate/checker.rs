//! What must hold, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use octane_client::{Counts, LinkLevel, Outcome, Report, UploadSettings};
use octane_results::Status;

use super::case::Case;
use super::content::{Content, Key, key};
use super::faulty_transport::Traffic;
use super::payload::contains_result;
use super::results::{AMBIGUOUS_KEY, EARLIER, Flaw, Row, UNKNOWN_KEY};
use super::world::World;

type Checked = Result<(), String>;

/// Requests may begin this much early, to make up for a timer that fired late.
const CATCH_UP_MAX: Duration = Duration::from_millis(10);

macro_rules! must {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

/// Checks that rate, concurrency and attempts stay within their limits.
pub(super) fn traffic(
    seen: &Traffic,
    settings: &octane_rest::EndpointSettings,
    upload: &UploadSettings,
    attempts: u32,
) -> Checked {
    let per_second = settings.requests_per_second.unwrap_or(u32::MAX - 1);
    let per_second = usize::try_from(per_second).unwrap_or(usize::MAX - 1);
    for pair in seen.begun.windows(per_second + 1) {
        let (first, last) = (pair[0], pair[per_second]);
        must!(
            last - first + CATCH_UP_MAX >= Duration::from_secs(1),
            "{} requests began within {:?}; the limit is {per_second} a second",
            per_second + 1,
            last - first
        );
    }
    must!(
        seen.in_flight_max <= settings.concurrency_max,
        "{} requests were in flight at once; the limit is {}",
        seen.in_flight_max,
        settings.concurrency_max
    );
    must!(
        seen.payloads_in_flight_max <= upload.batches_in_flight_max,
        "{} payloads were in flight at once; the limit is {}",
        seen.payloads_in_flight_max,
        upload.batches_in_flight_max
    );
    let attempts_max = u64::from(settings.attempts_max) + seen.expiries;
    must!(
        u64::from(attempts) <= attempts_max,
        "a request was sent {attempts} times; the limit is {attempts_max}"
    );
    Ok(())
}

/// Compares what a report says with what the server holds.
pub(super) struct Checker<'a> {
    pub(super) case: &'a Case,
    pub(super) world: &'a World,
    pub(super) report: &'a Report,
    pub(super) content: &'a Content,
}

impl Checker<'_> {
    /// What holds for every report, including one of an unfinished upload.
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
            counts.read == case.rows.len() + case.invalid_rows
                && counts.invalid == case.invalid_rows
                && (counts.passed, counts.failed, counts.test_skipped)
                    == (read.passed, read.failed, read.test_skipped),
            "the counts of what was read are wrong: {counts:?}"
        );
        let results = self.content.results();
        for (duration, times) in &results {
            // A server that forgets payloads ingests them again, as a further result of the same run.
            must!(
                *times == 1 || case.server.results.duplicate_memory.is_some(),
                "the result with the duration {duration:?} is stored {times} times"
            );
        }
        let rejected = lines(report, "rejected");
        must!(
            rejected.len() == counts.rejected,
            "{} results were rejected, but {} are listed",
            counts.rejected,
            rejected.len()
        );
        let mut stored = 0;
        for row in &case.rows {
            let line = row.line();
            let is_stored = results.contains_key(&row.run.duration);
            stored += usize::from(is_stored);
            must!(
                !(is_stored && rejected.contains(&line)),
                "line {line} is reported as rejected, but it is stored"
            );
        }
        must!(
            counts.ingested <= stored,
            "{} results are reported as ingested, but {stored} are stored",
            counts.ingested
        );
        must!(
            (counts.pending > 0) <= (report.outcome != Outcome::Success),
            "results are pending, but the outcome is a success"
        );
        Ok(())
    }

    /// What holds when there is nothing left to do.
    pub(super) fn check_end(&self, lost: &[Bytes]) -> Checked {
        let Self { case, report, .. } = self;
        let counts = report.counts;
        let rejected = lines(report, "rejected");
        // A result is not sent again if its task was forgotten and a later result of its test was ingested.
        let superseded = lines(report, "superseded");
        must!(
            counts.pending == superseded.len() && (superseded.is_empty() || !case.has_no_repeats()),
            "{} results are pending",
            counts.pending
        );
        let results = self.content.results();
        let ingested = judged(case, &results, lost, &rejected, &superseded)?;
        must!(
            results.len() == ingested.len() + case.earlier.len(),
            "{} results are stored, but {} were ingested",
            results.len(),
            ingested.len() + case.earlier.len()
        );
        let expected = if counts.rejected > 0 && counts.ingested + counts.pending == 0 {
            Outcome::Refused
        } else if counts.rejected + counts.invalid + counts.pending > 0 {
            Outcome::Partial
        } else {
            Outcome::Success
        };
        must!(
            report.outcome == expected,
            "the outcome is {:?}, not {expected:?}",
            report.outcome
        );
        // Of results of the same runs, any uploader's may be the last one, with the links of all.
        if !case.has_own_runs() {
            return Ok(());
        }
        self.check_runs(&ingested)?;
        if case.shares_tests && !case.server.entities.run_backlog_field {
            return Ok(());
        }
        self.check_links(&ingested)
    }

    /// Checks that each run exists once, with the last result of the input.
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
            "{} runs are reported, but {} exist",
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
        for stored in &self.content.runs {
            let Some(run) = last.get(&stored.key) else {
                return Err(format!("{:?} was never sent", stored.key));
            };
            must!(
                stored.duration == run.duration
                    && stored.status == run.status.as_str().to_lowercase(),
                "{:?} shows the result with the duration {:?}, but the last one took {:?}",
                stored.key,
                stored.duration,
                run.duration
            );
        }
        Ok(())
    }

    /// Checks the links and what the report says of them. A shard has none before it is merged.
    fn check_links(&self, ingested: &[&Row]) -> Checked {
        let is_part = self.case.upload.shard.is_some();
        let (linked, keys) = self.check_linked(ingested, !is_part)?;
        if is_part {
            must!(
                self.report.links.is_none(),
                "a shard is linked before it is merged"
            );
            return Ok(());
        }
        link_summary(self.case, self.report, &keys, linked)
    }

    /// Checks that runs, or tests, are linked to the stories of their keys and no others, or to none. Returns how many are, and all
    /// keys.
    pub(super) fn check_linked(
        &self,
        ingested: &[&Row],
        are_linked: bool,
    ) -> Result<(usize, BTreeSet<String>), String> {
        let mut run_stories: BTreeMap<Key, BTreeSet<i64>> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for row in ingested
            .iter()
            .filter(|_| self.case.upload.link && are_linked)
        {
            let stories = run_stories
                .entry(key(&row.run, self.case.upload.dialect))
                .or_default();
            for key in &row.run.jira {
                keys.insert(key.clone());
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
                    "{:?} is linked to {:?}, not {wanted:?}",
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
                "test {test} is linked to {stories:?}, not {wanted:?}"
            );
            linked += usize::from(!wanted.is_empty());
        }
        Ok((linked, keys))
    }
}

/// The lines of the results that are reported with this code.
pub(super) fn lines(report: &Report, code: &str) -> BTreeSet<u64> {
    let problems = report.problems.iter();
    problems
        .filter(|problem| problem.code == code)
        .filter_map(|problem| Some(problem.position.as_ref()?.line))
        .collect()
}

/// Checks what is reported of each result, given the lines of those that are reported as rejected or superseded and the payloads whose
/// tasks did not ingest them. Returns the results that are ingested.
pub(super) fn judged<'a>(
    case: &'a Case,
    results: &BTreeMap<Duration, usize>,
    lost: &[Bytes],
    rejected: &BTreeSet<u64>,
    superseded: &BTreeSet<u64>,
) -> Result<Vec<&'a Row>, String> {
    let mut ingested = Vec::new();
    for row in &case.rows {
        let line = row.line();
        let is_ingested = !(rejected.contains(&line) || superseded.contains(&line));
        must!(
            is_ingested == results.contains_key(&row.run.duration),
            "line {line} is reported as ingested: {is_ingested}, but the opposite is true"
        );
        let must_fail = match row.flaw {
            Some(Flaw::Refused) => true,
            Some(Flaw::UnknownRelease) => !case.upload.skip_errors,
            None => false,
        };
        let may_fail = must_fail
            || superseded.contains(&line)
            || lost
                .iter()
                .any(|xml| contains_result(xml, row.run.duration));
        must!(
            if is_ingested { !must_fail } else { may_fail },
            "line {line} is ingested: {is_ingested}, and its flaw is {:?}",
            row.flaw
        );
        if is_ingested {
            ingested.push(row);
        }
    }
    Ok(ingested)
}

/// Checks what a report says of links.
pub(super) fn link_summary(
    case: &Case,
    report: &Report,
    keys: &BTreeSet<String>,
    linked: usize,
) -> Checked {
    let Some(links) = &report.links else {
        must!(!case.upload.link, "the report does not mention links");
        return Ok(());
    };
    let level = if case.server.entities.run_backlog_field {
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
        "{linked} are linked by the keys {keys:?}, but the report says {links:?}"
    );
    Ok(())
}

/// Checks that nothing that was uploaded earlier is gone.
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
