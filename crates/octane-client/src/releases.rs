//! Releases.

use octane_model::{Query, ReleaseEntity, ReleaseId};

use crate::{Client, ClientError};

/// Releases.
pub struct Releases<'a> {
    pub(crate) client: &'a Client,
}

impl Releases<'_> {
    /// The release with this id; an error if there is none.
    pub async fn get(&self, id: ReleaseId) -> Result<ReleaseEntity, ClientError> {
        let found = self
            .client
            .endpoint
            .entities::<ReleaseEntity>()
            .get(id)
            .await;
        found.map_err(ClientError::looking_for("release", id))
    }

    /// The release `name`; `None` if there is none.
    pub async fn find(&self, name: &str) -> Result<Option<ReleaseEntity>, ClientError> {
        let list = self.client.endpoint.entities::<ReleaseEntity>().list();
        let found = list.matching(Query::field("name").is(name)).all().await?;
        Ok(found.into_iter().find(|release| release.name == name))
    }
}
