//! `octane relay token`

use octane_relay::{Event, Store, Token, TokenId, TokenWorkspaces};
use serde_json::json;

use super::store::{Opened, failure};
use crate::args::DryRunArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::{Output, Text, table};

pub(super) async fn create(
    opened: &Opened,
    project: Option<&str>,
    workspaces: TokenWorkspaces,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let project = names::optional("PROJECT", project)?;
    let of = of(project, &workspaces);
    let names = workspaces.names();
    let answer = |id: Option<&TokenId>, text: Option<&str>| {
        json!({
            "schema": "octane.relay_token/1", "id": id, "project": project, "is_operator": project.is_none(), "workspaces": names,
            "token": text, "is_dry_run": dry_run.dry_run,
        })
    };
    if dry_run.dry_run {
        let text = format!("would create a token of {of}");
        output.answer(|| Text::line(text), &answer(None, None))?;
        return Ok(Exit::Success);
    }
    let mut token = project.map_or_else(Token::operator, Token::new);
    token.workspaces = workspaces;
    opened.store.add_token(&token).await.map_err(failure)?;
    opened
        .record(Event::TokenCreated, |entry| {
            entry.token = Some(token.id.clone());
            entry.project.clone_from(&token.project);
            let names = token.workspaces.names();
            entry.reason = names.map(|names| format!("for {}", names.join(", ")));
        })
        .await;
    let text = token.text.expose();
    let shown = match project {
        Some(_) => format!("export OCTANE_RELAY_TOKEN='{text}'"),
        None => text.to_owned(),
    };
    let human = || {
        Text::lines([
            format!("created token {} of {of}", token.id),
            String::new(),
            shown,
            String::new(),
            "It is shown only now; the store has a hash of it.".to_owned(),
        ])
    };
    output.answer(human, &answer(Some(&token.id), Some(text)))?;
    Ok(Exit::Success)
}

/// Whose a token is, and what it is for.
fn of(project: Option<&str>, workspaces: &TokenWorkspaces) -> String {
    let Some(project) = project else {
        return "an operator".to_owned();
    };
    match workspaces.names() {
        Some(names) => format!("the project `{project}` for {}", names.join(", ")),
        None => format!("the project `{project}`"),
    }
}

pub(super) async fn revoke(
    opened: &Opened,
    id: &str,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let list = opened.suggest.command("octane relay token list");
    let id: TokenId = id
        .parse()
        .map_err(|error| Failure::new(Exit::Usage, error).hint(format!("`{list}` lists them")))?;
    let store = &*opened.store;
    let found = store.token(&id).await.map_err(failure)?;
    let (is_done, verb) = if dry_run.dry_run {
        (found.is_some(), "would revoke")
    } else {
        (store.revoke_token(&id).await.map_err(failure)?, "revoked")
    };
    if !is_done {
        let message = format!("token {id} does not exist or was revoked");
        return Err(
            Failure::message(Exit::Usage, message).hint(format!("`{list}` lists the valid ones"))
        );
    }
    if !dry_run.dry_run {
        opened
            .record(Event::TokenRevoked, |entry| {
                entry.token = Some(id.clone());
                entry.project = found.as_ref().and_then(|found| found.project.clone());
            })
            .await;
    }
    // Another person may have revoked it at the same moment; then nothing more is known of it.
    let project = found.as_ref().and_then(|found| found.project.as_deref());
    let is_operator = found.as_ref().is_some_and(|found| found.project.is_none());
    let workspaces = found.as_ref().and_then(|found| found.workspaces.names());
    let json = json!({
        "schema": "octane.relay_token/1", "id": id, "project": project, "is_operator": is_operator, "workspaces": workspaces,
        "token": null, "is_dry_run": dry_run.dry_run,
    });
    output.answer(|| Text::line(format!("{verb} token {id}")), &json)?;
    Ok(Exit::Success)
}

pub(super) async fn list(store: &dyn Store, output: Output) -> Result<Exit> {
    let tokens = store.tokens().await.map_err(failure)?;
    let created = |time: octane_relay::Time| {
        let time = jiff::Timestamp::from_microsecond(time.micros()).ok();
        time.map_or_else(String::new, |time| time.to_string()[..19].to_owned() + "Z")
    };
    let entries: Vec<_> = tokens
        .iter()
        .map(|token| {
            json!({
                "id": token.id, "project": token.project, "is_operator": token.project.is_none(),
                "workspaces": token.workspaces.names(), "created_at": created(token.created),
            })
        })
        .collect();
    let json = json!({ "schema": "octane.relay_tokens/1", "tokens": entries });
    let human = || {
        let rows = tokens.iter().map(|token| {
            [
                token.id.to_string(),
                token
                    .project
                    .clone()
                    .unwrap_or_else(|| "(operator)".to_owned()),
                token
                    .workspaces
                    .names()
                    .map_or_else(|| "all".to_owned(), |names| names.join(", ")),
                created(token.created),
            ]
        });
        table(&["ID", "PROJECT", "WORKSPACES", "CREATED"], rows)
    };
    output.answer(human, &json)?;
    Ok(Exit::Success)
}
