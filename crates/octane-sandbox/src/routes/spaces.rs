//! The spaces in a URL, and the current user.

use std::sync::Arc;

use axum::extract::{Path, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use octane_model::Select;

use super::address::Address;
use super::negotiation;
use super::parameters::Parameters;
use crate::auth::CurrentUser;
use crate::catalog::Scope;
use crate::error::ApiError;
use crate::state::AppState;

/// There is one workspace in one shared space.
pub(super) async fn in_workspace(
    State(state): State<Arc<AppState>>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let workspace = piece(&path, "workspace");
    if let Err(error) = is_space(&state, &path) {
        return error.into_response();
    }
    let own = state.settings.workspace.to_string();
    if workspace != own {
        return ApiError::other_workspace(workspace, &own).into_response();
    }
    request.extensions_mut().insert(Scope::Workspace);
    next.run(request).await
}

pub(super) async fn in_shared_space(
    State(state): State<Arc<AppState>>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(error) = is_space(&state, &path) {
        return error.into_response();
    }
    request.extensions_mut().insert(Scope::SharedSpace);
    next.run(request).await
}

pub(super) async fn in_site(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Scope::Site);
    next.run(request).await
}

fn is_space(state: &AppState, path: &RawPathParams) -> Result<(), ApiError> {
    let space = piece(path, "space");
    if space == state.settings.space.to_string() {
        Ok(())
    } else {
        Err(ApiError::entity_not_found("shared_space", space))
    }
}

fn piece<'a>(path: &'a RawPathParams, name: &str) -> &'a str {
    let found = path.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, value)| value)
}

/// The shared spaces of the site.
pub(super) async fn shared_spaces(
    state: State<Arc<AppState>>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    super::entities::list(state, of_site(String::new()), parameters, headers).await
}

/// One shared space.
pub(super) async fn shared_space(
    state: State<Arc<AppState>>,
    Path(space): Path<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    super::entities::get(state, of_site(space), parameters, headers).await
}

/// The URL under `/admin` for the same shared spaces.
fn of_site(id: String) -> Address {
    Address {
        scope: Scope::Site,
        collection: "shared_spaces".to_owned(),
        id,
        part: String::new(),
    }
}

/// The user who sent the request.
pub(super) async fn current_user(
    State(state): State<Arc<AppState>>,
    current_user: CurrentUser,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let catalog = state.catalog();
    let entity_type = catalog.known_type("sharedspace_user");
    let mut select = parameters.select(&catalog, entity_type)?;
    if select.is_empty() {
        select = Select::names(["name", "full_name", "first_name", "last_name", "email"]);
    }
    let user = state
        .store
        .read(move |reader| {
            let name = &current_user.account.name;
            let entity_type = reader.catalog.known_type("sharedspace_user");
            let row_id = reader.user_named(name)?;
            let user = match row_id {
                Some(row_id) => reader.get(entity_type, row_id, &select)?,
                None => None,
            };
            user.ok_or_else(|| ApiError::entity_not_found(entity_type.name, name))
        })
        .await?;
    Ok(negotiation::tagged(&headers, &user))
}
