//! What relays promise of suite runs whose uploads are shards.

use std::collections::{BTreeMap, BTreeSet};

use octane_client::{Outcome, Report};
use octane_relay::{State, Status};
use octane_results::Status as ResultStatus;

use super::super::case::Case;
use super::super::checker::{self, Checker};
use super::super::content::{Content, Key, key};
use super::super::results::Row;
use super::super::shards::failures_are_shown;
use super::completion;
use super::sharded_run::ShardedRun;
use super::shared::Shared;

/// A suite run, and what there is of it in the end.
pub(super) struct SuiteRun<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) run: &'a ShardedRun,
    /// The shards that are stored, by the number of the upload, each with its report.
    pub(super) stored: BTreeMap<usize, (Status, Option<Report>)>,
    pub(super) content: &'a Content,
    /// Whether nothing is left to do.
    pub(super) is_end: bool,
}

type Reports = BTreeMap<usize, Option<Report>>;

impl SuiteRun<'_> {
    /// Checks the shards. Returns those that wait for a person, and the reports of those that are delivered.
    pub(super) fn check(&self) -> Result<Reports, String> {
        let Self { shared, run, .. } = self;
        let Some((first, _)) = self.stored.values().next() else {
            return Ok(Reports::new());
        };
        let events = shared.events_of(run);
        completion::check(run, &events)?;
        self.check_links(&events)?;
        let is_completed = |(status, report): &(Status, Option<Report>)| {
            let shards = report.as_ref().and_then(|report| report.shards.as_ref());
            let is_merged = shards.is_some_and(|shards| shards.is_merged);
            is_merged && matches!(status.state, State::Delivered | State::Incomplete)
        };
        if self.stored.values().all(is_completed) {
            let is_same = |(status, _): &&(Status, Option<Report>)| {
                (status.state, &status.report) == (first.state, &first.report)
            };
            if let Some((other, _)) = self.stored.values().find(|stored| !is_same(stored)) {
                return Err(format!(
                    "shards of a suite run have ended as {first:?} and {other:?}"
                ));
            }
            self.completed()?;
        } else {
            // One without a report was given up before it got anywhere, and awaits a person.
            let is_given_up = |(status, report): &(Status, Option<Report>)| {
                !self.is_end && status.state == State::Incomplete && report.is_none()
            };
            let awaits =
                |(status, _): &(Status, Option<Report>)| status.state == State::AwaitingShards;
            let must_follow = run.missing(self.stored.keys()).is_empty()
                || completion::must_follow(run, &events) && self.stored.values().any(awaits);
            if must_follow && !self.stored.values().any(is_given_up) {
                let states = self.stored.values().map(|(status, _)| status.state);
                let states: Vec<State> = states.collect();
                return Err(format!(
                    "a suite run is not completed, its shards are {states:?}"
                ));
            }
            for (number, stored) in self
                .stored
                .iter()
                .filter(|(_, stored)| !is_completed(stored))
            {
                let checked = self.single(*number, stored);
                checked.map_err(|problem| format!("shard {number}: {problem}"))?;
            }
        }
        let ended =
            self.stored
                .iter()
                .filter_map(|(number, (status, report))| match status.state {
                    State::Delivered => Some((*number, report.clone())),
                    State::Incomplete => Some((*number, None)),
                    _ => None,
                });
        Ok(ended.collect())
    }

    fn cases(&self) -> Vec<(u32, &Case)> {
        let cases = self.shared.uploads().filter_map(|(number, case)| {
            self.stored.get(&number)?;
            Some((*self.run.shards.get(&number)?, case))
        });
        cases.collect()
    }

    /// Checks a shard that is not part of a suite run that is completed.
    fn single(
        &self,
        number: usize,
        (status, report): &(Status, Option<Report>),
    ) -> Result<(), String> {
        let is_awaiting = status.state == State::AwaitingShards;
        let is_refused = report
            .as_ref()
            .is_some_and(|report| report.outcome == Outcome::Refused);
        let is_given_up = status.state == State::Incomplete && (is_refused || !self.is_end);
        if !is_awaiting && !is_given_up {
            return Err(format!("in the end it is {}", status.state));
        }
        let Some(report) = report else {
            return if is_awaiting {
                Err("it has no report".to_owned())
            } else {
                Ok(())
            };
        };
        let case = self.shared.uploads().find(|(other, _)| *other == number);
        let (_, case) = case.ok_or("no upload has this number")?;
        let content = self.content.clone().of(case);
        let checker = Checker {
            case,
            world: self.shared.world,
            report,
            content: &content,
        };
        checker.check()?;
        if is_awaiting || is_refused {
            checker.check_end(&self.shared.world.network.lost_payloads())?;
        }
        Ok(())
    }

    /// Checks the report of a suite run that is completed.
    fn completed(&self) -> Result<(), String> {
        let Some((status, Some(report))) = self.stored.values().next() else {
            return Err("a suite run has no report".to_owned());
        };
        let cases = self.cases();
        let missing = self.run.missing(self.stored.keys());
        let shards = report.shards.as_ref().ok_or("the report has no shards")?;
        let uploads: BTreeSet<_> = shards
            .uploads
            .iter()
            .map(|upload| &upload.upload_id)
            .collect();
        let stored: BTreeSet<_> = self.stored.values().map(|(status, _)| &status.id).collect();
        if shards.total != self.run.total
            || shards.missing.as_ref() != Some(&missing)
            || uploads != stored
        {
            return Err(format!(
                "shards {missing:?} are missing, but the report says {shards:?}"
            ));
        }
        let named = report
            .problems
            .iter()
            .find(|problem| problem.code == "missing_shards");
        let names_all = missing
            .iter()
            .all(|index| named.is_some_and(|problem| problem.message.contains(&index.to_string())));
        if named.is_some() == missing.is_empty() || !names_all {
            return Err(format!(
                "shards {missing:?} are missing, but the report says {named:?}"
            ));
        }
        let is_delivered = status.state == State::Delivered;
        let is_explained = status
            .reason
            .as_deref()
            .is_some_and(|reason| !reason.is_empty());
        if is_explained == is_delivered || (report.outcome == Outcome::Success) != is_delivered {
            return Err(format!(
                "a suite run is {} because of {:?}, and its report says {:?}",
                status.state, status.reason, report.outcome
            ));
        }
        let results = self.content.results();
        let rows: Vec<&Row> = cases.iter().flat_map(|(_, case)| &case.rows).collect();
        for row in &rows {
            let times = results.get(&row.run.duration).copied().unwrap_or_default();
            // A failure that another shard has hidden is sent again.
            let may_be_again = cases.iter().any(|(_, case)| case.shares_tests)
                && row.run.status == ResultStatus::Failed;
            if times > 1 && !may_be_again {
                return Err(format!(
                    "the result with the duration {:?} is stored {times} times",
                    row.run.duration
                ));
            }
        }
        let is_stored = |row: &&&Row| results.contains_key(&row.run.duration);
        let ingested = rows.iter().filter(is_stored).count();
        let counts = report.counts;
        if !counts.add_up()
            || (counts.read, counts.invalid, counts.duplicate) != (rows.len(), 0, 0)
            || counts.ingested > ingested
        {
            return Err(format!(
                "{} rows, {ingested} stored, but the report of the suite run says {counts:?}",
                rows.len()
            ));
        }
        if is_delivered || self.is_end {
            self.check_end(report, &cases, missing.is_empty())?;
        }
        Ok(())
    }

    /// What holds of a suite run when nothing is left to do, or all is said to be in.
    fn check_end(
        &self,
        report: &Report,
        cases: &[(u32, &Case)],
        is_complete: bool,
    ) -> Result<(), String> {
        let results = self.content.results();
        let lost = self.shared.world.network.lost_payloads();
        let (rejected, superseded) = (
            checker::lines(report, "rejected"),
            checker::lines(report, "superseded"),
        );
        let mut ingested: Vec<Vec<&Row>> = Vec::new();
        for (_, case) in cases {
            let judged = checker::judged(case, &results, &lost, &rejected, &superseded)?;
            ingested.push(judged);
        }
        let counts = report.counts;
        let count: usize = ingested.iter().map(Vec::len).sum();
        if (counts.ingested, counts.rejected, counts.pending)
            != (count, rejected.len(), superseded.len())
        {
            return Err(format!(
                "{count} results are ingested, but the report of the suite run says {counts:?}"
            ));
        }
        let expected = if counts.rejected > 0 && counts.ingested + counts.pending == 0 {
            Outcome::Refused
        } else if counts.rejected + counts.pending > 0 || !is_complete {
            Outcome::Partial
        } else {
            Outcome::Success
        };
        if report.outcome != expected {
            return Err(format!(
                "the outcome of the suite run is {:?}, not {expected:?}",
                report.outcome
            ));
        }
        let is_of_them = |content: &Content, case: &Case| content.clone().of(case);
        let suite_run = report.target.suite_run_id().map(|id| id.to_string());
        for (_, case) in cases {
            let runs = is_of_them(self.content, case).runs;
            if let Some(other) = runs
                .iter()
                .find(|run| Some(&run.suite_run) != suite_run.as_ref())
            {
                return Err(format!("{other:?} is not in the suite run {suite_run:?}"));
            }
        }
        let keys: BTreeSet<Key> = cases
            .iter()
            .zip(&ingested)
            .flat_map(|((_, case), rows)| rows.iter().map(|row| key(&row.run, case.upload.dialect)))
            .collect();
        if counts.runs != keys.len() {
            return Err(format!(
                "{} runs are reported, but {} exist",
                counts.runs,
                keys.len()
            ));
        }
        let Some((_, first)) = cases.first() else {
            return Ok(());
        };
        if first.shares_tests {
            return failures_are_shown(cases, self.content, &results);
        }
        let (mut linked, mut jira_keys) = (0, BTreeSet::new());
        for ((_, case), rows) in cases.iter().zip(&ingested) {
            let checker = Checker {
                case,
                world: self.shared.world,
                report,
                content: &is_of_them(self.content, case),
            };
            let (more, of_shard) = checker.check_linked(rows, true)?;
            linked += more;
            jira_keys.extend(of_shard);
        }
        checker::link_summary(first, report, &jira_keys, linked)
    }

    /// Checks that nothing was linked before the suite run was completed, and, unless something has gone wrong, nothing twice.
    fn check_links(&self, events: &[completion::LaneEvent]) -> Result<(), String> {
        let holders = self.holders();
        let network = self.shared.world.network.state();
        let from = completion::linked_from(self.run, events);
        let is_calm = self.shared.case.has_calm_network && completion::is_undisturbed(events);
        let mut linked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for update in network
            .linked
            .iter()
            .filter(|update| holders.contains(&update.holder))
        {
            if from.is_none_or(|from| update.at < from) {
                return Err(format!(
                    "{} was linked before the suite run was completed",
                    update.holder
                ));
            }
            let stories = linked.entry(&update.holder).or_default();
            let before = stories.len();
            stories.extend(update.stories.iter().map(String::as_str));
            if is_calm && stories.len() == before {
                return Err(format!("{} was linked twice", update.holder));
            }
        }
        Ok(())
    }

    /// The IDs of the runs of the suite run, or of their tests, whichever are linked.
    fn holders(&self) -> BTreeSet<String> {
        let cases = self.cases();
        let is_of_runs = self.shared.case.uploads.server.entities.run_backlog_field;
        let runs = cases
            .iter()
            .flat_map(|(_, case)| self.content.clone().of(case).runs);
        runs.map(|run| if is_of_runs { run.id } else { run.test })
            .collect()
    }
}
