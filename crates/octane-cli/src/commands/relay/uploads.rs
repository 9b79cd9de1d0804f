//! `octane relay status`, `retry` and `delete`.

use octane_client::UploadId;
use octane_model::plural::thousands;
use octane_relay::{Event, Lane, LaneCount, Remedy, State, Status, WorkspaceLabels};
use serde_json::{Value, json};

use super::store::{Opened, failure};
use super::suggest::RelaySuggest;
use crate::args::DryRunArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, table};

/// Shows what is stored by lane, and what waits.
pub(super) async fn status(opened: &Opened, output: Output) -> Result<Exit> {
    let store = &*opened.store;
    let overview = store.overview().await.map_err(failure)?;
    let problems = store.problems().await.map_err(failure)?;
    let age = |count: &LaneCount| overview.now.since(count.oldest).as_secs();
    let lanes: Vec<Value> = overview
        .lanes
        .iter()
        .map(|count| {
            json!({
                "project": count.project, "server": count.lane.server, "space": count.lane.space.to_string(),
                "workspace": count.lane.workspace.to_string(), "suite": count.lane.named_suite(), "suite_run": count.lane.named_suite_run(), "state": count.state,
                "uploads": count.uploads, "oldest_seconds": age(count),
            })
        })
        .collect();
    let waiting: Vec<Value> = problems
        .iter()
        .map(|status| {
            json!({
                "upload_id": status.id, "project": status.project, "server": status.lane.server,
                "space": status.lane.space.to_string(), "workspace": status.lane.workspace.to_string(), "suite": status.lane.named_suite(),
                "suite_run": status.lane.named_suite_run(), "state": status.state, "attempts": status.attempts,
                "results": status.results, "reason": status.reason,
            })
        })
        .collect();
    let name = |name: Option<&str>| name.unwrap_or("none").to_owned();
    let counts = overview.lanes.iter().filter(|count| count.state.waits());
    let waiting_count: u64 = counts.map(|count| count.uploads).sum();
    let json = json!({
        "schema": "octane.relay_status/1", "lanes": lanes, "waiting": waiting, "waiting_count": waiting_count,
    });
    let labels = WorkspaceLabels::of(overview.lanes.iter().map(|count| &count.lane));
    let human = || {
        let rows = overview.lanes.iter().map(|count| {
            let mut row = vec![count.project.clone()];
            row.extend(labels.label(&count.lane));
            row.extend([
                name(count.lane.named_suite()),
                name(count.lane.named_suite_run()),
                count.state.to_string(),
                count.uploads.to_string(),
                format!("{} s", age(count)),
            ]);
            row
        });
        let mut head = vec!["PROJECT"];
        head.extend(labels.are_needed().then_some("WORKSPACE"));
        head.extend(["SUITE", "SUITE RUN", "STATE", "UPLOADS", "OLDEST"]);
        table(&head, rows)
    };
    output.answer(human, &json)?;
    for status in &problems {
        output.say(&problem(status, labels, &opened.suggest));
    }
    if let Some(note) = unlisted(problems.len(), waiting_count) {
        output.say(&note);
    }
    Ok(Exit::Success)
}

/// What is said if not all uploads are listed that wait.
fn unlisted(listed: usize, waiting: u64) -> Option<String> {
    let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
    (waiting > listed).then(|| {
        format!(
            "these are the oldest {} of {} uploads that wait",
            thousands(listed),
            thousands(waiting)
        )
    })
}

fn problem(status: &Status, labels: WorkspaceLabels, suggest: &RelaySuggest) -> String {
    let reason = status.reason.as_deref().unwrap_or("no reason is known");
    let next = match status.state {
        State::Waiting => "another attempt follows".to_owned(),
        _ => what_helps(status, suggest),
    };
    let workspace = labels.label(&status.lane);
    let workspace = workspace.map_or_else(String::new, |label| format!(" for {label}"));
    format!(
        "upload {}{workspace} is {}: {reason}; {next}",
        status.id, status.state
    )
}

/// What to do about an upload that waits for a person.
fn what_helps(status: &Status, suggest: &RelaySuggest) -> String {
    let id = &status.id;
    let retry = |id: &UploadId| suggest.command(&format!("octane relay retry {id}"));
    let delete = suggest.command(&format!("octane relay delete {id} --force"));
    match status.remedy() {
        Remedy::RetryOthers(others) => {
            let commands = others.iter().map(|other| format!("`{}`", retry(other)));
            let commands: Vec<String> = commands.collect();
            format!(
                "{} tries the results of other shards again",
                commands.join(" or ")
            )
        }
        Remedy::DeleteOne => format!(
            "if this one does not belong to the suite run, `{delete}` deletes it; otherwise delete the other one, and `{}` tries again",
            retry(id)
        ),
        Remedy::Shards => "a missing shard is merged with the others when it arrives".to_owned(),
        Remedy::Input => {
            format!("correct the input and upload it again; `{delete}` deletes what is stored here")
        }
        Remedy::Upload => {
            format!("upload the results again; `{delete}` deletes what is stored here")
        }
        _ => format!("`{}` tries again", retry(id)),
    }
}

/// The command that completes a suite run of a lane.
async fn close(opened: &Opened, lane: &Lane) -> Result<String> {
    let overview = opened.store.overview().await.map_err(failure)?;
    let labels = WorkspaceLabels::of(overview.lanes.iter().map(|count| &count.lane));
    Ok(opened.suggest.close(lane, labels))
}

/// Asks for another attempt.
pub(super) async fn retry(
    opened: &Opened,
    id: &UploadId,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let store = &*opened.store;
    let found = known(opened, id).await?;
    let is_done = if dry_run.dry_run {
        found.state.waits()
    } else {
        store.retry(id).await.map_err(failure)?
    };
    if !is_done {
        let message = format!(
            "upload {id} is {}, and cannot be tried again",
            found.state.in_words()
        );
        let failure = Failure::message(Exit::Usage, message);
        return Err(match found.state {
            State::AwaitingShards => {
                let close = close(opened, &found.lane).await?;
                failure.hint(format!(
                    "`{close}` completes the suite run without the missing shards"
                ))
            }
            _ => failure,
        });
    }
    if !dry_run.dry_run {
        opened
            .record(Event::Retried, |entry| entry.upload_before(found))
            .await;
    }
    let is = if dry_run.dry_run { "would be" } else { "is" };
    let text = format!("upload {id} {is} tried again");
    changed(id, "stored", text, dry_run, output)
}

/// Deletes an upload.
pub(super) async fn delete(
    opened: &Opened,
    id: &UploadId,
    force: bool,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let store = &*opened.store;
    let found = known(opened, id).await?;
    if found.state != State::Delivered && !force {
        let (missing, lost) = match found.state {
            State::AwaitingShards => (
                "its results are in Octane, and they are not linked yet",
                "they are not linked then",
            ),
            _ => (
                "not all of it is in Octane",
                "what is missing in Octane is lost",
            ),
        };
        let message = format!("upload {id} is {}: {missing}", found.state.in_words());
        return Err(Failure::message(Exit::Usage, message)
            .hint(format!("use `--force` to delete it anyway; {lost}")));
    }
    let is_done = if dry_run.dry_run {
        found.state != State::Delivering
    } else {
        store.delete(id).await.map_err(failure)?
    };
    if !is_done {
        let message = format!("a relay is working on upload {id}");
        return Err(Failure::message(Exit::Configuration, message).hint("try again later"));
    }
    if !dry_run.dry_run {
        opened
            .record(Event::Deleted, |entry| entry.upload_before(found))
            .await;
    }
    let verb = if dry_run.dry_run {
        "would delete"
    } else {
        "deleted"
    };
    changed(
        id,
        "deleted",
        format!("{verb} upload {id}"),
        dry_run,
        output,
    )
}

async fn known(opened: &Opened, id: &UploadId) -> Result<Status> {
    let found = opened.store.status(id).await.map_err(failure)?;
    found.ok_or_else(|| {
        let status = opened.suggest.command("octane relay status");
        Failure::message(Exit::Usage, format!("no upload {id} is stored"))
            .hint(format!("`{status}` shows what is stored"))
    })
}

fn changed(
    id: &UploadId,
    state: &str,
    text: String,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let json = json!({
        "schema": "octane.relay_change/1", "upload_id": id, "state": state, "is_dry_run": dry_run.dry_run,
    });
    output.answer(|| Text::lines([text]), &json)?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_if_more_uploads_wait_than_are_listed() {
        assert_eq!(unlisted(1000, 1000), None);
        // One more may have ended since they were counted.
        assert_eq!(unlisted(3, 2), None);
        let note = "these are the oldest 1,000 of 1,001 uploads that wait";
        assert_eq!(unlisted(1000, 1001).as_deref(), Some(note));
    }
}
