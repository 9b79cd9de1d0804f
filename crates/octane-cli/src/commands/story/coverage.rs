//! What the results of an upload say of each Jira key.

use std::collections::BTreeSet;

use octane_client::{CoverageState, CoveredKey, Journal, Shard, UploadId, UploadSummary, coverage};
use octane_model::plural::{plural, thousands};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::uploads::newest;
use super::verdict::{name_of, state_of, verdict_of};
use crate::args::{Format, SpoolArgs, Verdict};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text, table, verdict_word, write_json_part};
use crate::spool::{journal_failure, spool};
use crate::suggest::Suggest;

/// Shows what the results of an upload say of each Jira key.
pub(crate) fn coverage_of(
    id: Option<&UploadId>,
    verdicts: &[Verdict],
    args: &SpoolArgs,
    output: Output,
) -> Result<Exit> {
    let spool = spool(args)?;
    let suggest = Suggest::offline(args);
    let id = match id {
        Some(id) => id.clone(),
        None => newest(&spool)?,
    };
    let failed = |error| journal_failure(error, &suggest);
    let summary = spool.summary(&id).map_err(failed)?;
    // One shard says nothing about a test that another one has too.
    let uploads = match summary.shard {
        Some(_) => spool.shards_of(&summary).map_err(failed)?,
        None => vec![summary.clone()],
    };
    let journals = uploads.iter().map(|upload| spool.open(&upload.id));
    let journals: Vec<Journal> = journals.collect::<Result<_, _>>().map_err(failed)?;
    let mut keys = coverage(&journals).map_err(failed)?;
    keys.retain(|key| {
        verdicts.is_empty()
            || verdicts
                .iter()
                .any(|verdict| state_of(*verdict) == key.state())
    });
    let shards = summary.shard.map(|shard| Arrived::of(shard, &uploads));
    if output.format == Format::Ndjson {
        for key in &keys {
            if !write_json_part(&json_of(key))? {
                break;
            }
        }
    } else {
        let json = json!({
            "schema": "octane.story_coverage/1",
            "upload_id": id,
            "shards": shards,
            "count": keys.len(),
            "keys": keys.iter().map(json_of).collect::<Vec<_>>(),
        });
        output.answer(|| rows(&keys), &json)?;
    }
    if output.format == Format::Human {
        let found = plural(keys.len(), "Jira key");
        output.say(&match &shards {
            Some(Arrived { arrived, total, .. }) => format!(
                "{found} in {arrived} of {total} shards of the suite run {}",
                summary.suite_run
            ),
            None => found,
        });
    }
    if let Some(Arrived { missing, total, .. }) = shards.filter(|shards| !shards.missing.is_empty())
    {
        let missing: Vec<String> = missing.iter().map(u32::to_string).collect();
        output.say(&format!(
            "note: not all shards are stored here, so their results may change a verdict; missing, of {total}: {}",
            missing.join(", ")
        ));
    }
    Ok(Exit::Success)
}

/// Which shards of a suite run are stored on this machine.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Arrived {
    total: u32,
    /// How many there are. One may have been uploaded more than once.
    arrived: usize,
    missing: Vec<u32>,
}

impl Arrived {
    fn of(shard: Shard, uploads: &[UploadSummary]) -> Self {
        let shards = uploads.iter().filter_map(|upload| upload.shard);
        let arrived: BTreeSet<u32> = shards.map(Shard::index).collect();
        let total = shard.total();
        Self {
            total,
            arrived: arrived.len(),
            missing: (1..=total)
                .filter(|index| !arrived.contains(index))
                .collect(),
        }
    }
}

fn rows(keys: &[CoveredKey]) -> Text {
    let counts = |key: &CoveredKey| {
        let counts = key.tests.iter();
        let counts =
            counts.map(|(state, count)| format!("{} {}", thousands(*count), verdict_word(*state)));
        counts.collect::<Vec<_>>().join(", ")
    };
    // The worst is the first.
    let example = |key: &CoveredKey| match key.named.first() {
        Some((state, test)) if *state != CoverageState::Passed => test.clone(),
        _ => String::new(),
    };
    table(
        &["JIRA KEY", "VERDICT", "TESTS", "FOR EXAMPLE"],
        keys.iter().map(|key| {
            [
                key.key.clone(),
                verdict_word(key.state()).to_owned(),
                counts(key),
                example(key),
            ]
        }),
    )
}

fn json_of(key: &CoveredKey) -> Value {
    let count = |state| key.tests.get(&state).copied().unwrap_or(0);
    let named = key
        .named
        .iter()
        .map(|(state, test)| json!({ "verdict": verdict_of(*state).map(name_of), "test": test }));
    json!({
        "key": key.key,
        "verdict": verdict_of(key.state()).map(name_of),
        "tests": {
            "total": key.total(),
            "failed": count(CoverageState::Failed),
            "not_in_octane": count(CoverageState::NotInOctane),
            "flaky": count(CoverageState::Flaky),
            "not_run": count(CoverageState::NotRun),
            "passed": count(CoverageState::Passed),
        },
        "named": named.collect::<Vec<_>>(),
    })
}
