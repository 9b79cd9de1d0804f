//! Who may do what: the token of a request, and the workspace in its path.

use http::{HeaderMap, StatusCode, header};
use octane_model::{Workspace, error_code};

use super::problem::OctaneProblem;
use super::session;
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
    Ok(door.authenticate(headers).await?)
}

/// Who has a token of a project.
pub(super) fn of_project(token: TokenEntry) -> Result<Caller, OctaneProblem> {
    Ok(Caller::of_project(token)?)
}

/// The workspace of a path, if it is one of those that the relay delivers to and that the token is for.
pub(super) fn workspace(
    door: &Door,
    caller: &Caller,
    (space, workspace): (&str, &str),
) -> Result<Workspace, OctaneProblem> {
    let workspaces = &door.settings.workspaces;
    let mut all = workspaces.iter();
    let found = all
        .find(|known| known.space.to_string() == space && known.workspace.to_string() == workspace);
    let found = found.ok_or_else(|| {
        let Workspace { space, workspace } = workspaces.first();
        let delivers = if workspaces.iter().count() == 1 {
            format!("shared space {space}, workspace {workspace}")
        } else {
            format!("shared spaces and workspaces {}", workspaces.names())
        };
        let description = format!("this relay delivers to {delivers}, and to no other");
        OctaneProblem::new(
            StatusCode::NOT_FOUND,
            error_code::ENTITY_NOT_FOUND,
            description,
        )
    })?;
    if caller.workspaces.allow(found) {
        return Ok(found);
    }
    Err(OctaneProblem::new(
        StatusCode::FORBIDDEN,
        error_code::NOT_AUTHORIZED,
        caller.not_allowed(),
    ))
}
