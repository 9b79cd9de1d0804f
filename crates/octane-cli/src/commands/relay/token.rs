//! `octane relay token`

use octane_relay::{Store, Token, TokenId};
use serde_json::json;

use super::store::failure;
use crate::args::{DryRunArgs, TokenCommand};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::{Output, Text, table};

pub(super) async fn run(store: &dyn Store, command: &TokenCommand, output: Output) -> Result<Exit> {
    match command {
        TokenCommand::Create { project, dry_run } => create(store, project, *dry_run, output).await,
        TokenCommand::Revoke { id, dry_run } => revoke(store, id, *dry_run, output).await,
        TokenCommand::List => list(store, output).await,
    }
}

async fn create(
    store: &dyn Store,
    project: &str,
    dry_run: DryRunArgs,
    output: Output,
) -> Result<Exit> {
    let project = names::required("PROJECT", project)?;
    if dry_run.dry_run {
        let json = json!({
            "schema": "octane.relay_token/1", "id": null, "project": project, "token": null, "is_dry_run": true,
        });
        let text = format!("would create a token of the project `{project}`");
        output.answer(|| Text::line(text), &json)?;
        return Ok(Exit::Success);
    }
    let token = Token::new(project);
    store.add_token(&token).await.map_err(failure)?;
    let text = token.text.expose();
    let json = json!({
        "schema": "octane.relay_token/1", "id": token.id, "project": token.project, "token": text, "is_dry_run": false,
    });
    let human = || {
        Text::lines([
            format!(
                "created token {} of the project `{}`",
                token.id, token.project
            ),
            String::new(),
            format!("export OCTANE_RELAY_TOKEN='{text}'"),
            String::new(),
            "It is shown only now; the store has a hash of it.".to_owned(),
        ])
    };
    output.answer(human, &json)?;
    Ok(Exit::Success)
}

async fn revoke(store: &dyn Store, id: &str, dry_run: DryRunArgs, output: Output) -> Result<Exit> {
    let id: TokenId = id.parse().map_err(|error| {
        Failure::new(Exit::Usage, error).hint("`octane relay token list` lists them")
    })?;
    let (is_done, verb) = if dry_run.dry_run {
        let found = store.token(&id).await.map_err(failure)?;
        (found.is_some(), "would revoke")
    } else {
        (store.revoke_token(&id).await.map_err(failure)?, "revoked")
    };
    if !is_done {
        let message = format!("token {id} does not exist or was revoked");
        return Err(Failure::message(Exit::Usage, message)
            .hint("`octane relay token list` lists the valid ones"));
    }
    let json = json!({
        "schema": "octane.relay_token/1", "id": id, "project": null, "token": null, "is_dry_run": dry_run.dry_run,
    });
    output.answer(|| Text::line(format!("{verb} token {id}")), &json)?;
    Ok(Exit::Success)
}

async fn list(store: &dyn Store, output: Output) -> Result<Exit> {
    let tokens = store.tokens().await.map_err(failure)?;
    let created = |time: octane_relay::Time| {
        let time = jiff::Timestamp::from_microsecond(time.micros()).ok();
        time.map_or_else(String::new, |time| time.to_string()[..19].to_owned() + "Z")
    };
    let entries: Vec<_> = tokens
        .iter()
        .map(|token| {
            json!({ "id": token.id, "project": token.project, "created_at": created(token.created) })
        })
        .collect();
    let json = json!({ "schema": "octane.relay_tokens/1", "tokens": entries });
    let human = || {
        let rows = tokens.iter().map(|token| {
            [
                token.id.to_string(),
                token.project.clone(),
                created(token.created),
            ]
        });
        table(&["ID", "PROJECT", "CREATED"], rows)
    };
    output.answer(human, &json)?;
    Ok(Exit::Success)
}
