//! What the context of an upload refers to by its ID.

use octane_model::{Entity, EntityId, Query, Select};
use octane_results::{Context, Release};

use crate::client::Client;
use crate::error::ClientError;

/// Entities of one collection.
struct Referred {
    /// What messages call one of them.
    kind: &'static str,
    collection: &'static str,
    ids: Vec<i64>,
}

impl Client {
    /// Checks that the release, the milestone, the program and the backlog items exist to which `context` refers by their IDs; one
    /// request for each of the four. Octane rejects each run that refers to something else, unless it is to skip errors. What the API
    /// key may not read, or the server does not have, is not checked.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownId`] for the first one that does not exist.
    pub async fn check_references(&self, context: &Context) -> Result<(), ClientError> {
        for referred in referred(context) {
            let ids = referred.ids.iter().copied();
            let Some(query) = Query::field("id").is_in(ids) else {
                continue;
            };
            let list = self.endpoint.collection(referred.collection).list();
            let list = list.select(Select::names(["id"])).matching(query);
            let found: Vec<Entity> = match list.all().await {
                Ok(found) => found,
                Err(error) if error.is_forbidden() || error.is_not_found() => continue,
                Err(error) => return Err(error.into()),
            };
            let is_found =
                |id: &EntityId| found.iter().any(|entity| entity.id.as_ref() == Some(id));
            let ids = referred.ids.into_iter().map(EntityId::from);
            if let Some(id) = ids.into_iter().find(|id| !is_found(id)) {
                let kind = referred.kind;
                return Err(ClientError::UnknownId { kind, id });
            }
        }
        Ok(())
    }
}

fn referred(context: &Context) -> [Referred; 4] {
    let release = match &context.release {
        Some(Release::Id(id)) => vec![id.get()],
        _ => Vec::new(),
    };
    let items = context.backlog_items.iter().map(|id| id.get()).collect();
    let milestone = context.milestone.iter().map(|id| id.get()).collect();
    let program = context.program.iter().map(|id| id.get()).collect();
    [
        ("release", "releases", release),
        ("milestone", "milestones", milestone),
        ("program", "programs", program),
        ("backlog item", "work_items", items),
    ]
    .map(|(kind, collection, ids)| Referred {
        kind,
        collection,
        ids,
    })
}
