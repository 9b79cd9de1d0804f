//! Releases.

use octane_model::{Order, ReleaseEntity, ReleaseId, Resource, Select};
use serde::Deserialize;

use crate::client::Client;
use crate::error::ClientError;
use crate::likeness::Similar;
use crate::named_entity;

/// Releases. Names are compared exactly; several releases of one name are an error that lists them.
pub struct Releases<'a> {
    client: &'a Client,
}

impl Client {
    /// Releases.
    pub fn releases(&self) -> Releases<'_> {
        Releases { client: self }
    }
}

impl Releases<'_> {
    /// The release with this id; an error if it does not exist.
    pub async fn get(&self, id: ReleaseId) -> Result<ReleaseEntity, ClientError> {
        named_entity::get(self.client, id).await
    }

    /// Releases whose names look like `name`, the most similar first, among the newest thousand; one request.
    pub async fn similar(&self, name: &str) -> Result<Vec<Similar>, ClientError> {
        named_entity::similar::<ReleaseEntity>(self.client, name, None).await
    }

    /// The default release of the workspace; `None` if it has none.
    pub async fn find_default(&self) -> Result<Option<ReleaseEntity>, ClientError> {
        let list = self.client.endpoint.entities::<MaybeDefault>().list();
        let releases = list.order_by(Order::descending("id")).all().await?;
        // The vendor's CI SDK reads the field rather than querying it.
        let default = releases
            .into_iter()
            .find(|release| release.is_default == Some(true));
        Ok(default.map(|release| release.release))
    }

    /// The release `name`; `None` if it does not exist.
    pub async fn find(&self, name: &str) -> Result<Option<ReleaseEntity>, ClientError> {
        named_entity::find_only(self.client, name, None).await
    }
}

/// A release, and whether it is the default one.
#[derive(Deserialize)]
struct MaybeDefault {
    #[serde(flatten)]
    release: ReleaseEntity,
    #[serde(default)]
    is_default: Option<bool>,
}

impl Resource for MaybeDefault {
    const TYPE: &'static str = ReleaseEntity::TYPE;
    const COLLECTION: &'static str = ReleaseEntity::COLLECTION;

    fn select() -> Select {
        ReleaseEntity::select().with("is_default")
    }
}
