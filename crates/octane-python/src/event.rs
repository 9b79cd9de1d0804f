//! What happens in an upload, as JSON and as a record of the log.

use octane_client::{Event, LinkLevel};
use octane_model::plural::plural;
use serde_json::{Map, Value, json};

use crate::log;

/// An event with its kind, the upload, and a sentence for people. The event is logged.
pub(crate) fn report(event: &Event, upload: &str) -> Value {
    let (kind, message, data) = describe(event);
    let Value::Object(mut members) = data else {
        return Value::Null;
    };
    members.insert("upload_id".to_owned(), upload.into());
    log::record(LEVEL_INFO, "octane", message.clone(), members.clone());
    let mut event = Map::new();
    event.insert("kind".to_owned(), kind.into());
    event.insert("upload_id".to_owned(), upload.into());
    event.insert("message".to_owned(), message.into());
    event.insert("data".to_owned(), Value::Object(members));
    Value::Object(event)
}

const LEVEL_INFO: u8 = 20;

fn describe(event: &Event) -> (&'static str, String, Value) {
    match event {
        Event::Prepared {
            upload,
            results,
            batches,
            bytes,
            ..
        } => (
            "prepared",
            format!(
                "upload {upload}: {} in {}",
                plural(*results, "result"),
                plural(*batches, "batch")
            ),
            json!({ "results": results, "batches": batches, "bytes": bytes }),
        ),
        Event::Accepted {
            batch,
            task,
            is_duplicate,
            ..
        } => (
            "accepted",
            format!("batch {batch} was accepted"),
            json!({ "batch": batch, "task": task.to_string(), "is_duplicate": is_duplicate }),
        ),
        Event::Split {
            batch,
            halves,
            reason,
            ..
        } => (
            "split",
            format!("batch {batch} was rejected, so its halves are tried: {reason}"),
            json!({ "batch": batch, "halves": halves, "reason": reason }),
        ),
        Event::Refused { batch, reason, .. } => (
            "refused",
            format!("batch {batch} was rejected: {reason}"),
            json!({ "batch": batch, "reason": reason }),
        ),
        Event::Ended { batch, status, .. } => (
            "ended",
            format!("batch {batch} has ended: {status}"),
            json!({ "batch": batch, "status": status }),
        ),
        Event::Waiting { batches, pause, .. } => (
            "waiting",
            format!("waiting for {}", plural(*batches, "batch")),
            json!({ "batches": batches, "pause": pause.as_secs_f64() }),
        ),
        Event::Verified {
            suite_run, runs, ..
        } => (
            "verified",
            format!("read {} of suite run {suite_run}", plural(*runs, "run")),
            json!({ "suite_run": suite_run.to_string(), "runs": runs }),
        ),
        Event::Reading { runs, .. } => (
            "reading",
            format!("read {} so far", plural(*runs, "run")),
            json!({ "runs": runs }),
        ),
        Event::Linking { done, total, .. } => (
            "linking",
            format!("{done} of {total} are linked"),
            json!({ "done": done, "total": total }),
        ),
        Event::Resending { results, .. } => (
            "resending",
            format!("sending {} again", plural(*results, "result")),
            json!({ "results": results }),
        ),
        Event::Resolved { keys, found, .. } => (
            "resolved",
            format!("found stories for {found} of {}", plural(*keys, "Jira key")),
            json!({ "keys": keys, "found": found }),
        ),
        Event::Linked {
            level,
            changed,
            unchanged,
            ..
        } => {
            let what = match level {
                LinkLevel::Runs => "run",
                LinkLevel::Tests => "test",
            };
            let changes = plural(*changed, what);
            let message = format!("linked {changes}; {unchanged} had their links before");
            let data = json!({ "level": level, "changed": changed, "unchanged": unchanged });
            ("linked", message, data)
        }
        _ => ("other", format!("{event:?}"), json!({})),
    }
}
