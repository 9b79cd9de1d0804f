//! `octane jira`

use octane_client::Client;
use octane_model::WorkItem;
use serde_json::{Map, Value, json};

use super::entity::{id_of, text};
use crate::args::JiraCommand;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, table};

pub(super) async fn run(command: JiraCommand, client: &Client, output: Output) -> Result<Exit> {
    let JiraCommand::Resolve { keys } = command;
    let resolution = client.jira().resolve(&keys).await?;
    let found: Map<String, Value> = resolution
        .found
        .iter()
        .map(|(key, item)| (key.clone(), value(item)))
        .collect();
    let ambiguous: Map<String, Value> = resolution
        .ambiguous
        .iter()
        .map(|(key, items)| (key.clone(), items.iter().map(value).collect()))
        .collect();
    let is_complete = resolution.missing.is_empty() && ambiguous.is_empty();
    let json = json!({
        "schema": "octane.jira_keys/1",
        "found": found,
        "unknown": resolution.missing,
        "ambiguous": ambiguous,
    });
    let human = || {
        let found = resolution.found.iter().map(|(key, item)| row(key, item));
        let several = resolution.ambiguous.iter().flat_map(|(key, items)| {
            items
                .iter()
                .map(move |item| row(&format!("{key} (ambiguous)"), item))
        });
        let missing = resolution
            .missing
            .iter()
            .map(|key| [key.as_str(), "-", "-", "not found"].map(str::to_owned));
        table(
            &["KEY", "ID", "TYPE", "NAME"],
            found.chain(several).chain(missing),
        )
    };
    output.answer(human, &json)?;
    // A script needs to know that a key has no backlog item, or several.
    Ok(if is_complete {
        Exit::Success
    } else {
        Exit::Refused
    })
}

fn value(item: &WorkItem) -> Value {
    json!({
        "type": text(&item.subtype),
        "id": item.id.to_string(),
        "name": item.name,
        "phase": id_of(item.phase.as_ref()),
    })
}

fn row(key: &str, item: &WorkItem) -> [String; 4] {
    [
        key.to_owned(),
        item.id.to_string(),
        item.subtype.clone(),
        item.name.clone(),
    ]
}
