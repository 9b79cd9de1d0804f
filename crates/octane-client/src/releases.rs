//! Releases.

use octane_model::{ReleaseEntity, ReleaseId};

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

    /// The release `name`; `None` if it does not exist.
    pub async fn find(&self, name: &str) -> Result<Option<ReleaseEntity>, ClientError> {
        named_entity::find_only(self.client, name, None).await
    }
}
