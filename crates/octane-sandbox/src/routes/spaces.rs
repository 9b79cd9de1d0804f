//! The spaces that a request addresses, and who sent it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use octane_model::Select;

use super::address::Address;
use super::negotiation;
use super::parameters::Parameters;
use crate::auth::Visitor;
use crate::catalog::Scope;
use crate::error::ApiError;
use crate::server::Shared;

/// There is one workspace in one shared space.
pub(super) async fn in_workspace(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<HashMap<String, String>>,
    mut request: Request,
    next: Next,
) -> Response {
    let workspace = path.get("workspace").map_or("", String::as_str);
    if let Err(error) = is_space(&shared, &path) {
        return error.into_response();
    }
    if workspace != shared.settings.workspace.to_string() {
        return ApiError::entity_not_found("workspace", workspace).into_response();
    }
    request.extensions_mut().insert(Scope::Workspace);
    next.run(request).await
}

pub(super) async fn in_shared_space(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<HashMap<String, String>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(error) = is_space(&shared, &path) {
        return error.into_response();
    }
    request.extensions_mut().insert(Scope::SharedSpace);
    next.run(request).await
}

pub(super) async fn in_site(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Scope::Site);
    next.run(request).await
}

fn is_space(shared: &Shared, path: &HashMap<String, String>) -> Result<(), ApiError> {
    let space = path.get("space").map_or("", String::as_str);
    if space == shared.settings.space.to_string() {
        Ok(())
    } else {
        Err(ApiError::entity_not_found("shared_space", space))
    }
}

/// The shared spaces of the site.
pub(super) async fn shared_spaces(
    state: State<Arc<Shared>>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    super::entities::list(state, of_site(String::new()), parameters, headers).await
}

/// One shared space.
pub(super) async fn shared_space(
    state: State<Arc<Shared>>,
    Path(space): Path<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    super::entities::get(state, of_site(space), parameters, headers).await
}

/// The address below `/admin` at which the same shared spaces stand.
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
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let catalog = shared.catalog();
    let kind = catalog.known_type("sharedspace_user");
    let mut select = parameters.select(kind)?;
    if select.is_empty() {
        select = Select::names(["name", "full_name", "first_name", "last_name", "email"]);
    }
    let user = shared
        .store
        .read(move |reader| {
            let name = &visitor.account.name;
            let kind = reader.catalog.known_type("sharedspace_user");
            let key = reader.user_named(name)?;
            let user = match key {
                Some(key) => reader.get(kind, key, &select)?,
                None => None,
            };
            user.ok_or_else(|| ApiError::entity_not_found(kind.name, name))
        })
        .await?;
    Ok(negotiation::tagged(&headers, &user))
}
