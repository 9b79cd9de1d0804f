//! `octane relay close`

use std::collections::BTreeSet;

use octane_client::suite_run_name;
use octane_model::plural::plural;
use octane_relay::{Event, LaneCount, State};
use serde_json::json;

use super::store::{Opened, failure};
use crate::args::DryRunArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::{Output, Text};

/// Lets the relays complete a suite run without the shards that are missing.
pub(super) async fn run(
    opened: &Opened,
    name: &str,
    suite: Option<&str>,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let name = suite_run_name(names::required("NAME", name)?);
    let suite = names::optional("--suite", suite)?;
    let overview = opened.store.overview().await.map_err(failure)?;
    let is_meant = |count: &&LaneCount| {
        let lane = &count.lane;
        count.state == State::AwaitingShards
            && lane.suite_run == name
            && suite.is_none_or(|suite| suite == lane.suite)
    };
    let awaiting: Vec<&LaneCount> = overview.lanes.iter().filter(is_meant).collect();
    let suites: BTreeSet<&str> = awaiting.iter().map(|count| &*count.lane.suite).collect();
    let Some(suite) = suites.first().filter(|_| suites.len() == 1) else {
        return Err(if suites.is_empty() {
            let message = format!("no shards of a suite run `{name}` are awaiting others");
            Failure::message(Exit::Usage, message)
                .hint("`octane relay status` shows what is stored, by suite and suite run")
        } else {
            let suites: Vec<&str> = suites.into_iter().collect();
            let message = format!("shards of several suite runs `{name}` are awaiting others");
            Failure::message(Exit::Usage, message)
                .hint(format!("choose one with `--suite`: {}", suites.join(", ")))
        });
    };
    let shards = if dry_run.dry_run {
        awaiting.iter().map(|count| count.uploads).sum()
    } else {
        let closing = opened.store.close(&name, Some(suite));
        let shards = closing.await.map_err(failure)?;
        let lane = awaiting.first().map(|count| count.lane.clone());
        opened
            .record(Event::Closed, |entry| entry.lane = lane)
            .await;
        shards
    };
    let json = json!({
        "schema": "octane.relay_close/1", "suite": suite, "suite_run": name, "shards": shards, "is_dry_run": dry_run.dry_run,
    });
    let of_shards = plural(usize::try_from(shards).unwrap_or(usize::MAX), "shard");
    let text = if dry_run.dry_run {
        format!("would complete suite run `{name}` of `{suite}`, of which {of_shards} arrived")
    } else {
        format!(
            "a relay completes suite run `{name}` of `{suite}` now, of which {of_shards} arrived"
        )
    };
    output.answer(|| Text::line(text), &json)?;
    Ok(Exit::Success)
}
