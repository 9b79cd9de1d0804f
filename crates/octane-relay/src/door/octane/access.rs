//! Who may do what: the token of a request, and the workspace of the relay.

use http::{HeaderMap, StatusCode, header};
use octane_model::error_code;

use super::problem::OctaneProblem;
use super::session;
use crate::audit::Actor;
use crate::door::caller::Caller;
use crate::door::shared::Door;
use crate::token::TokenEntry;

/// Who sends a request: by the cookie of a session, or as agents show it.
pub(super) async fn authenticate(
    door: &Door,
    headers: &HeaderMap,
) -> Result<Caller, OctaneProblem> {
    if let Some(cookie) = session::cookie(headers) {
        return of_project(session::check(door, cookie).await?);
    }
    if !headers.contains_key(header::AUTHORIZATION) {
        let description = "authentication is required; sign in first";
        return Err(OctaneProblem::unauthorized(description));
    }
    door.authenticate(headers).await.map_err(|refusal| {
        if refusal.is_unauthorized() {
            OctaneProblem::unauthorized("the token is not valid")
        } else if refusal.is_forbidden() {
            no_project()
        } else {
            OctaneProblem::store_unavailable()
        }
    })
}

/// Who has a token of a project.
pub(super) fn of_project(token: TokenEntry) -> Result<Caller, OctaneProblem> {
    let project = token.project.ok_or_else(no_project)?;
    Ok(Caller {
        project,
        actor: Actor::Token(token.id),
    })
}

fn no_project() -> OctaneProblem {
    let description =
        "this is the token of an operator, for the pages; programs need one of a project";
    OctaneProblem::new(
        StatusCode::FORBIDDEN,
        error_code::NOT_AUTHORIZED,
        description,
    )
}

/// Fails for any other workspace than the one that the relay delivers to.
pub(super) fn check_workspace(door: &Door, place: (&str, &str)) -> Result<(), OctaneProblem> {
    let workspace = &door.settings.workspace;
    let (space, workspace) = (workspace.space.to_string(), workspace.workspace.to_string());
    if place == (space.as_str(), workspace.as_str()) {
        return Ok(());
    }
    let description = format!(
        "this relay delivers to shared space {space}, workspace {workspace}, and to no other"
    );
    Err(OctaneProblem::new(
        StatusCode::NOT_FOUND,
        error_code::ENTITY_NOT_FOUND,
        description,
    ))
}
