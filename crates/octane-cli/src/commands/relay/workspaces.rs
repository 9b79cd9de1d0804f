//! The workspaces that a relay delivers to, by the options.

use std::collections::BTreeMap;

use octane_client::Endpoint;
use octane_model::plural::plural;
use octane_model::{Address, SharedSpaceId, Workspace};
use octane_relay::{Lane, Overview, State, Store, TokenWorkspaces, Workspaces};

use super::store::failure;
use crate::args::{ConnectionArgs, WorkspaceName};
use crate::connect::number;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;

/// The workspace of the endpoint, and those that are named besides.
pub(super) fn of(endpoint: &Endpoint, also: &[WorkspaceName]) -> Workspaces {
    let first = endpoint.workspace();
    let one = Workspaces::new(endpoint.address().clone(), first);
    also.iter()
        .filter_map(|workspace| workspace.within(Some(first.space)))
        .fold(one, Workspaces::and)
}

/// The workspaces of a token. A shared space that is not named is that of the URL.
pub(super) fn of_token(
    names: &[WorkspaceName],
    connection: &ConnectionArgs,
) -> Result<TokenWorkspaces> {
    let given = number(connection.space.as_deref(), "--space", env::SHARED_SPACE)?;
    let url = connection.url.as_deref().map(str::parse::<Address>);
    let of_url = url.and_then(|address| address.ok()?.space());
    let space = given.map(SharedSpaceId::new).or(of_url);
    let workspaces = names.iter().map(|name| {
        name.within(space).ok_or_else(|| {
            let message = "the shared space of the token's workspaces is not known";
            Failure::message(Exit::Usage, message)
                .hint("name it with each of them: `--for-workspace SPACE/WORKSPACE`")
        })
    });
    let workspaces: Result<Vec<Workspace>> = workspaces.collect();
    Ok(TokenWorkspaces::of(workspaces?))
}

/// Says what is stored and not delivered that a relay with these workspaces leaves to others.
pub(super) async fn say_what_is_left(
    store: &dyn Store,
    workspaces: &Workspaces,
    output: Output,
) -> Result<()> {
    let overview = store.overview().await.map_err(failure)?;
    for note in left_to_others(&overview, workspaces) {
        output.say(&note);
    }
    Ok(())
}

/// One sentence for each workspace. Its uploads are not delivered until another relay takes them.
fn left_to_others(overview: &Overview, workspaces: &Workspaces) -> Vec<String> {
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    for count in &overview.lanes {
        let is_waiting = count.state.is_open() || count.state == State::AwaitingShards;
        if !is_waiting || workspaces.has(&count.lane) {
            continue;
        }
        let Lane {
            server,
            space,
            workspace,
            ..
        } = &count.lane;
        *others
            .entry(format!("{server} {space}/{workspace}"))
            .or_default() += count.uploads;
    }
    let notes = others.into_iter().map(|(workspace, uploads)| {
        let uploads = plural(usize::try_from(uploads).unwrap_or(usize::MAX), "upload");
        format!("note: the store also has {uploads} for {workspace}, which only a relay that delivers to that workspace delivers")
    });
    notes.collect()
}

#[cfg(test)]
mod tests {
    use octane_relay::{LaneCount, Time};

    use super::*;

    #[test]
    fn what_waits_for_another_relay_is_said_by_workspace() {
        let count = |server: &str, workspace, state, uploads| LaneCount {
            lane: Lane::new(server, 1001, workspace, "Nightly", "1"),
            project: "shop".to_owned(),
            state,
            uploads,
            oldest: Time::EPOCH,
        };
        let server = "https://octane.example/";
        let overview = Overview {
            now: Time::EPOCH,
            lanes: vec![
                count(server, 1002, State::Stored, 1),
                count(server, 1003, State::Waiting, 2),
                count(server, 1004, State::Stored, 1),
                count(server, 1004, State::AwaitingShards, 2),
                count(server, 1004, State::Delivered, 100),
                count(server, 1004, State::Incomplete, 100),
                count("https://other.example/", 1002, State::Delivering, 1),
            ],
        };
        let endpoint = Endpoint::builder("https://octane.example/ui/?p=1001/1002");
        let also = "1003".parse().unwrap();
        let workspaces = of(&endpoint.build().unwrap(), &[also]);
        let notes = left_to_others(&overview, &workspaces);
        let expected = [
            "note: the store also has 3 uploads for https://octane.example/ 1001/1004, which only a relay that delivers to that \
             workspace delivers",
            "note: the store also has 1 upload for https://other.example/ 1001/1002, which only a relay that delivers to that \
             workspace delivers",
        ];
        assert_eq!(notes, expected);
    }
}
