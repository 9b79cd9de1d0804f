//! The server's metadata about entity types.

use octane_model::FieldMetadata;

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::list::entities;
use crate::retry::Idempotency;

impl Endpoint {
    /// The fields of an entity type, for example `run_automated`. An unknown type has none.
    pub async fn field_metadata(&self, entity_name: &str) -> Result<Vec<FieldMetadata>, Error> {
        let request = self.workspace().field_metadata(entity_name);
        let response = self.execute(request, Idempotency::Idempotent).await?;
        Ok(entities(&response)?.data)
    }
}
