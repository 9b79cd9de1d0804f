//! What the server says about its own types.

use octane_model::{FieldMetadata, Page};

use crate::{Endpoint, Error, Repeat};

impl Endpoint {
    /// The fields of an entity type, for example `run_automated`. An unknown type has none.
    pub async fn fields_of(&self, entity_name: &str) -> Result<Vec<FieldMetadata>, Error> {
        let request = self.workspace().fields_of(entity_name);
        let answer = self.execute(request, Repeat::Always).await?;
        Ok(answer.json::<Page<FieldMetadata>>()?.data)
    }
}
