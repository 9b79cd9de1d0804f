//! `octane relay close`

use std::collections::BTreeSet;

use octane_client::suite_run_name;
use octane_model::plural::plural;
use octane_model::{Address, SharedSpaceId, WorkspaceId};
use octane_relay::{Event, Lane, LaneCount, State, WorkspaceLabels};
use serde_json::json;

use super::store::{Opened, failure};
use crate::args::{ConnectionArgs, DryRunArgs, SuiteRunOfShards};
use crate::connect::number;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::{Output, Text};

/// Which suite run is to be completed, by what was typed: the variables of the relay's machine name the first of its workspaces.
pub(super) struct Chosen {
    name: String,
    suite: Option<String>,
    server: Option<Address>,
    space: Option<i64>,
    workspace: Option<i64>,
}

impl Chosen {
    pub(super) fn of(
        name: &str,
        of: &SuiteRunOfShards,
        connection: &ConnectionArgs,
    ) -> Result<Self> {
        let typed = connection.typed;
        let url = connection.url.as_deref().filter(|_| typed.is_url);
        let server = url.map(str::parse::<Address>).transpose();
        let server = server.map_err(|error| Failure::new(Exit::Usage, error).context("`--url`"))?;
        let space = connection.space.as_deref().filter(|_| typed.is_space);
        let workspace = connection.workspace.as_deref();
        let workspace = workspace.filter(|_| typed.is_workspace);
        let space = number(space, "--space", env::SHARED_SPACE)?;
        let workspace = number(workspace, "--workspace", env::WORKSPACE)?;
        let of_url = |address: &Address| {
            let (space, workspace) = (address.space(), address.workspace());
            (
                space.map(SharedSpaceId::get),
                workspace.map(WorkspaceId::get),
            )
        };
        let (url_space, url_workspace) = server.as_ref().map(of_url).unwrap_or_default();
        Ok(Self {
            name: suite_run_name(names::required("NAME", name)?).into_owned(),
            suite: names::optional("--suite", of.suite.as_deref())?.map(str::to_owned),
            server,
            space: space.or(url_space),
            workspace: workspace.or(url_workspace),
        })
    }

    fn is(&self, lane: &Lane) -> bool {
        let is_server = |server: &Address| {
            let address = lane.server.parse::<Address>();
            address.is_ok_and(|address| address.is_same_server(server))
        };
        lane.suite_run == self.name
            && self.suite.as_ref().is_none_or(|suite| *suite == lane.suite)
            && self.server.as_ref().is_none_or(is_server)
            && self.space.is_none_or(|space| space == lane.space)
            && self
                .workspace
                .is_none_or(|workspace| workspace == lane.workspace)
    }
}

/// Lets the relays complete a suite run without the shards that are missing.
pub(super) async fn run(
    opened: &Opened,
    chosen: &Chosen,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let overview = opened.store.overview().await.map_err(failure)?;
    let is_meant =
        |count: &&LaneCount| count.state == State::AwaitingShards && chosen.is(&count.lane);
    let awaiting: Vec<&LaneCount> = overview.lanes.iter().filter(is_meant).collect();
    let lanes: BTreeSet<&Lane> = awaiting.iter().map(|count| &count.lane).collect();
    let Some(lane) = lanes.first().filter(|_| lanes.len() == 1) else {
        return Err(not_one(opened, &chosen.name, &lanes));
    };
    let shards = if dry_run.dry_run {
        awaiting.iter().map(|count| count.uploads).sum()
    } else {
        let shards = opened.store.close(lane).await.map_err(failure)?;
        opened
            .record(Event::Closed, |entry| entry.lane = Some((*lane).clone()))
            .await;
        shards
    };
    let Lane {
        server,
        space,
        workspace,
        suite,
        suite_run,
        ..
    } = lane;
    let json = json!({
        "schema": "octane.relay_close/1", "server": server, "space": space.to_string(), "workspace": workspace.to_string(),
        "suite": suite, "suite_run": suite_run, "shards": shards, "is_dry_run": dry_run.dry_run,
    });
    let of_shards = plural(usize::try_from(shards).unwrap_or(usize::MAX), "shard");
    let text = if dry_run.dry_run {
        format!("would complete suite run `{suite_run}` of `{suite}`, of which {of_shards} arrived")
    } else {
        format!(
            "a relay completes suite run `{suite_run}` of `{suite}` now, of which {of_shards} arrived"
        )
    };
    output.answer(|| Text::line(text), &json)?;
    Ok(Exit::Success)
}

/// Why these lanes are not one.
fn not_one(opened: &Opened, name: &str, lanes: &BTreeSet<&Lane>) -> Failure {
    if lanes.is_empty() {
        let message = format!("no shards of a suite run `{name}` are awaiting others");
        let status = opened.suggest.command("octane relay status");
        return Failure::message(Exit::Usage, message).hint(format!(
            "`{status}` shows what is stored, by suite and suite run"
        ));
    }
    let labels = WorkspaceLabels::of(lanes.iter().copied());
    let workspaces: BTreeSet<String> = lanes.iter().filter_map(|lane| labels.label(lane)).collect();
    if !workspaces.is_empty() {
        let message =
            format!("shards of suite runs `{name}` in several workspaces are awaiting others");
        let workspaces: Vec<String> = workspaces.into_iter().collect();
        return Failure::message(Exit::Usage, message).hint(format!(
            "choose one with `--workspace`, or with `--space` or `--url` if they differ: {}",
            workspaces.join(", ")
        ));
    }
    let suites: BTreeSet<&str> = lanes.iter().map(|lane| &*lane.suite).collect();
    let suites: Vec<&str> = suites.into_iter().collect();
    let message = format!("shards of several suite runs `{name}` are awaiting others");
    Failure::message(Exit::Usage, message)
        .hint(format!("choose one with `--suite`: {}", suites.join(", ")))
}
