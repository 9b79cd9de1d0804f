//! Comments that mention a user, as IDE plug-ins dismiss them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::auth::CurrentUser;
use crate::error::{ApiError, json_response};
use crate::state::AppState;

/// The comment no longer mentions the user who sent the request.
pub(super) async fn dismiss(
    State(state): State<Arc<AppState>>,
    current_user: CurrentUser,
    Path((_, _, comment)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let id = comment.clone();
    let user = current_user.account.name.clone();
    state
        .store
        .write(move |writer| {
            let writer = writer.on_behalf_of(&user)?;
            let unknown = || ApiError::entity_not_found("comment", &comment);
            let row_id = comment.parse().map_err(|_| unknown())?;
            let row_id = writer
                .existing("comments", &[], row_id)?
                .ok_or_else(unknown)?;
            writer
                .connection
                .prepare_cached("DELETE FROM comment_mentions WHERE comment = ? AND user IS ?")?
                .execute((row_id, writer.current_user))?;
            Ok(())
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({ "id": id })))
}
