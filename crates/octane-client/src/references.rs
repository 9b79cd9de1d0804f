//! What the context of an upload refers to by its ID.

use futures_util::TryStreamExt;
use octane_model::{Entity, EntityId, Select};
use octane_results::{Context, Release};

use crate::client::Client;
use crate::error::ClientError;
use crate::in_list::list_in;

/// Entities of one collection.
struct Referred {
    /// What messages call one of them.
    kind: &'static str,
    collection: &'static str,
    ids: Vec<EntityId>,
}

impl Client {
    /// Checks that the release, the milestone, the program and the backlog items exist to which `context` refers by their IDs; one
    /// request for each of the four, and one more for each further hundred backlog items. Octane rejects each run that refers to
    /// something else, unless it is to skip errors. What the API key may not read, or the server does not have, is not checked.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownId`] for the first one that does not exist.
    pub async fn check_references(&self, context: &Context) -> Result<(), ClientError> {
        for referred in referred(context) {
            let list = self.endpoint.collection(referred.collection).list();
            let list = list.select(Select::names(["id"]));
            let lists = list_in(list, "id", &referred.ids);
            let found: Vec<Entity> = match lists.try_concat().await {
                Ok(found) => found,
                Err(error) if error.is_forbidden() || error.is_not_found() => continue,
                Err(error) => return Err(error.into()),
            };
            let is_found =
                |id: &EntityId| found.iter().any(|entity| entity.id.as_ref() == Some(id));
            if let Some(id) = referred.ids.into_iter().find(|id| !is_found(id)) {
                let kind = referred.kind;
                return Err(ClientError::UnknownId { kind, id });
            }
        }
        Ok(())
    }
}

fn referred(context: &Context) -> [Referred; 4] {
    let release = match &context.release {
        Some(Release::Id(id)) => vec![EntityId::from(*id)],
        _ => Vec::new(),
    };
    let items = context.backlog_items.iter();
    let items = items.map(|id| EntityId::from(*id)).collect();
    let milestone = context.milestone.iter();
    let milestone = milestone.map(|id| EntityId::from(*id)).collect();
    let program = context.program.iter();
    let program = program.map(|id| EntityId::from(*id)).collect();
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

#[cfg(test)]
mod tests {
    use octane_model::WorkItemId;
    use serde_json::json;

    use super::*;
    use crate::fake_octane::{FakeOctane, page};

    #[tokio::test(start_paused = true)]
    async fn many_backlog_items_are_looked_up_in_several_requests() {
        let server = FakeOctane::new(|request| {
            let all = (1001..1251).map(|id: i64| id.to_string());
            let asked = all.filter(|id| request.query.contains(id));
            let items: Vec<_> = asked
                .map(|id| json!({ "id": id, "type": "work_item" }))
                .collect();
            page(&items, items.len())
        });
        let mut context = Context {
            backlog_items: (1001..1251).map(WorkItemId::new).collect(),
            ..Context::default()
        };
        server.client(1).check_references(&context).await.unwrap();
        assert_eq!(server.received("work_items").len(), 3);
        context.backlog_items.push(WorkItemId::new(2000));
        let checked = server.client(1).check_references(&context).await;
        let is_unknown =
            |error| matches!(error, ClientError::UnknownId { id, .. } if id == 2000.into());
        assert!(checked.is_err_and(is_unknown));
    }
}
