//! What relays promise, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use bytes::Bytes;
use octane_client::{Outcome, Report, UploadId};
use octane_relay::{State, Status};

use super::super::case::Case;
use super::super::checker::Checker;
use super::super::content::Content;
use super::super::payload;
use super::super::results::uploader_of;
use super::shared::Shared;
use super::suite_runs::SuiteRun;
use super::upload_id::upload_id;

/// Checks what the store says of each upload that was handed over. `is_end`: nothing is left to do. Returns those that wait for a
/// person, and the reports of the others.
pub(super) async fn uploads(
    shared: &Shared<'_>,
    is_end: bool,
) -> Result<BTreeMap<usize, Option<Report>>, String> {
    let stored: BTreeSet<UploadId> = shared.log.all_stored().into_iter().collect();
    let content = shared.world.content(&shared.case.uploads).await;
    let mut reports = BTreeMap::new();
    let mut shards: BTreeMap<usize, (Status, Option<Report>)> = BTreeMap::new();
    for (number, case) in shared.uploads() {
        let content = content.clone().of(case);
        let status = shared.status(number).await?;
        let of_upload = |problem: String| format!("upload {number}: {problem}");
        match status {
            Some(status) if shared.case.sharded_run(number).is_some() => {
                let report = report_of(&status).map_err(of_upload)?;
                shards.insert(number, (status, report));
            }
            Some(status) => {
                let report = upload(shared, case, &status, &content, is_end);
                reports.insert(number, report.map_err(of_upload)?);
            }
            None if stored.contains(&upload_id(number)) => {
                return Err(of_upload("it was stored, and is gone".to_owned()));
            }
            None => never_stored(shared, number, &content).map_err(of_upload)?,
        }
    }
    for run in &shared.case.sharded_runs {
        let mine = |number: &usize| run.shards.contains_key(number);
        let stored = shards.iter().filter(|(number, _)| mine(number));
        let suite_run = SuiteRun {
            shared,
            run,
            stored: stored
                .map(|(number, shard)| (*number, shard.clone()))
                .collect(),
            content: &content,
            is_end,
        };
        reports.extend(suite_run.check()?);
    }
    Ok(reports)
}

fn report_of(status: &Status) -> Result<Option<Report>, String> {
    let report = status.report.as_deref().map(serde_json::from_str::<Report>);
    let report = report.transpose();
    report.map_err(|error| format!("its report cannot be read: {error}"))
}

/// Checks an upload. Returns the report if it is delivered.
fn upload(
    shared: &Shared<'_>,
    case: &Case,
    status: &Status,
    content: &Content,
    is_end: bool,
) -> Result<Option<Report>, String> {
    let report = report_of(status)?;
    let is_delivered = match status.state {
        State::Delivered => true,
        State::Incomplete => false,
        state => return Err(format!("in the end it is {state}")),
    };
    let is_explained = status
        .reason
        .as_deref()
        .is_some_and(|reason| !reason.is_empty());
    if is_explained == is_delivered {
        return Err(format!("it is {}: {:?}", status.state, status.reason));
    }
    let Some(report) = report else {
        return if is_delivered || is_end {
            Err("it has no report".to_owned())
        } else {
            Ok(None)
        };
    };
    if (report.outcome == Outcome::Success) != is_delivered || report.upload_id != status.id {
        return Err(format!(
            "it is {}, and the report of {} says {:?}",
            status.state, report.upload_id, report.outcome
        ));
    }
    if report.counts.duplicate > 0 {
        return Err(format!(
            "no other upload has sent its results, but {} are reported as duplicates",
            report.counts.duplicate
        ));
    }
    let checker = Checker {
        case,
        world: shared.world,
        report: &report,
        content,
    };
    checker.check()?;
    if is_delivered || is_end {
        checker.check_end(&shared.world.network.lost_payloads())?;
    }
    Ok(is_delivered.then_some(report))
}

/// Checks that nothing of an upload was sent that was never stored.
fn never_stored(shared: &Shared<'_>, number: usize, content: &Content) -> Result<(), String> {
    if !shared.case.hand_overs[number].is_once {
        return Err("it was handed over until it was stored, and it is not".to_owned());
    }
    match content.results().len() {
        0 => Ok(()),
        count => Err(format!("it was never stored, and has {count} results")),
    }
}

/// Checks that in each lane the server has accepted all payloads of an upload before the first one of a later upload.
///
/// `accepted` are the payloads as they were accepted. An upload that was given up does not block others, and what of it was under way may
/// arrive later; and so may what a merge of shards sends again: results that were rejected, and failures that another shard has hidden.
pub(super) fn order(shared: &Shared<'_>, accepted: &[Bytes]) -> Result<(), String> {
    let stored = shared.log.all_stored();
    let place = |number: usize| stored.iter().position(|id| *id == upload_id(number));
    let places: Vec<Option<usize>> = shared.uploads().map(|(number, _)| place(number)).collect();
    let targets: Vec<_> = shared.uploads().map(|(_, case)| case.target).collect();
    let uploads_of = |xml: &Bytes| -> BTreeSet<usize> {
        let durations = payload::durations(xml);
        durations.map(uploader_of).collect()
    };
    let (mut seen, mut last) = (HashSet::new(), BTreeMap::new());
    for (index, xml) in accepted.iter().enumerate() {
        if !seen.insert(xml) {
            continue;
        }
        for number in uploads_of(xml) {
            let Some(Some(place)) = places.get(number).copied() else {
                return Err(format!("upload {number} was sent, and never stored"));
            };
            let left = shared.log.left(&upload_id(number));
            if left.is_some_and(|accepted| accepted <= index) {
                continue;
            }
            let lane = format!("{:?}", targets[number]);
            let latest = last.entry(lane).or_insert((place, number));
            if latest.0 > place {
                return Err(format!(
                    "a payload of upload {number} was accepted after one of upload {}, which was stored later",
                    latest.1
                ));
            }
            *latest = (place, number);
        }
    }
    Ok(())
}

/// Checks that all processes together started no more requests in any second than the rate allows.
pub(super) fn pace(shared: &Shared<'_>) -> Result<(), String> {
    let transports = shared.transports();
    let seen = transports.iter().map(|transport| transport.seen().begun);
    let mut begun: Vec<_> = seen.flatten().collect();
    begun.sort_unstable();
    let rate = usize::try_from(shared.case.rate).unwrap_or(usize::MAX - 1);
    // When the clock of the store is set forward, each process may have got slots before that: for the request at the head of
    // its queue, and for a sign-in.
    let more = if shared.case.skew.is_steady() {
        0
    } else {
        2 * shared.case.relays.len()
    };
    for window in begun.windows(rate + more + 1) {
        let time = window[rate + more] - window[0];
        if time < Duration::from_secs(1) {
            return Err(format!(
                "{} requests began within {time:?}; the limit is {rate} a second",
                window.len()
            ));
        }
    }
    Ok(())
}
