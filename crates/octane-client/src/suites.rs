//! Test suites.

use octane_model::{
    ApplicationModule, Entity, ModuleId, Query, Reference, Resource, SuiteId, SuiteRun, TestSuite,
};

use crate::ambiguous_name::AmbiguousName;
use crate::client::Client;
use crate::ensure::{Ensured, ensure};
use crate::error::ClientError;
use crate::id_or_name::{self, IdOrName, Meaning};
use crate::likeness::Similar;
use crate::named_entity::{self, list_named};

/// Test suites. Names are compared exactly. Of several suites of one name the oldest is used, or none: see
/// [`OnAmbiguous`](crate::OnAmbiguous).
pub struct Suites<'a> {
    client: &'a Client,
}

impl Client {
    /// Test suites.
    pub fn suites(&self) -> Suites<'_> {
        Suites { client: self }
    }
}

impl Suites<'_> {
    /// The suite with this id; an error if it does not exist.
    pub async fn get(&self, id: SuiteId) -> Result<TestSuite, ClientError> {
        named_entity::get(self.client, id).await
    }

    /// The suite `name`, in `module` if one is given; `None` if it does not exist.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// octane.suites().create("Nightly", None).await?;
    /// assert!(octane.suites().find("Nightly", None).await?.is_some());
    /// assert!(octane.suites().find("Weekly", None).await?.is_none());
    /// # Ok(()) }) }
    /// ```
    pub async fn find(
        &self,
        name: &str,
        module: Option<ModuleId>,
    ) -> Result<Option<TestSuite>, ClientError> {
        named_entity::find(self.client, name, within(module)).await
    }

    /// The suite with the ID `text`, or of the name `text` if no suite has that ID; see [`IdOrName`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let suite = octane.suites().create("2026", None).await?;
    /// let found = octane.suites().find_id_or_name("2026").await?;
    /// assert_eq!(found.map(|found| found.entity.id), Some(suite.id));
    /// # Ok(()) }) }
    /// ```
    pub async fn find_id_or_name(
        &self,
        text: &str,
    ) -> Result<Option<IdOrName<TestSuite>>, ClientError> {
        match id_or_name::find(self.client, text, None).await? {
            Meaning::Id(found) => Ok(Some(found)),
            Meaning::Name(found) => {
                let mut warning = None;
                let report = |name: AmbiguousName| warning = Some(name.resolved());
                let entity = self.client.oldest(text, found, report)?;
                Ok(entity.map(|entity| IdOrName { entity, warning }))
            }
        }
    }

    /// Suites whose names look like `name`, the most similar first, among the newest thousand; one request.
    pub async fn similar(&self, name: &str) -> Result<Vec<Similar>, ClientError> {
        named_entity::similar::<TestSuite>(self.client, name, None).await
    }

    /// All suites, or those of `module`, by id.
    pub async fn list(&self, module: Option<ModuleId>) -> Result<Vec<TestSuite>, ClientError> {
        named_entity::list(self.client, within(module)).await
    }

    /// Creates a suite in `module`, or in none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let module = octane.modules().ensure("Bookshop").await?.entity.id;
    /// let suite = octane.suites().create("Nightly", Some(module)).await?;
    /// assert!(suite.product_areas.contains(&module.into()));
    /// # Ok(()) }) }
    /// ```
    pub async fn create(
        &self,
        name: &str,
        module: Option<ModuleId>,
    ) -> Result<TestSuite, ClientError> {
        named_entity::create(self.client, &draft(name, module)?).await
    }

    /// The suite `name` in `module`; created if it does not exist.
    ///
    /// If other clients do the same at the same moment, all get the same suite: the oldest one. A client that has created
    /// another one deletes it again.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let first = octane.suites().ensure("Nightly", None).await?;
    /// let second = octane.suites().ensure("Nightly", None).await?;
    /// assert_eq!(first.entity.id, second.entity.id);
    /// # Ok(()) }) }
    /// ```
    pub async fn ensure(
        &self,
        name: &str,
        module: Option<ModuleId>,
    ) -> Result<Ensured<TestSuite>, ClientError> {
        let draft = draft(name, module)?;
        ensure(self.client, name, within(module), &draft).await
    }

    /// The suite to upload into: of the suites of this name those in `module` come first, and then any, so that a suite
    /// that was moved is found.
    pub(crate) async fn find_preferably_in(
        &self,
        name: &str,
        module: Option<ModuleId>,
        on_several: impl FnOnce(AmbiguousName),
    ) -> Result<Option<TestSuite>, ClientError> {
        let found: Vec<TestSuite> = list_named(self.client, name, None).await?;
        let is_in = |suite: &TestSuite| {
            module.is_some_and(|module| suite.product_areas.contains(&module.into()))
        };
        let found = if found.iter().any(is_in) {
            found.into_iter().filter(is_in).collect()
        } else {
            found
        };
        self.client.oldest(name, found, on_several)
    }

    /// The only suite of this name, created in `module` if no module has one.
    ///
    /// Its module is set once it is known that the suite stays. So a client that looks for a suite in that module never prefers one
    /// that is about to be deleted because another client has created the suite in another module at the same moment. If the response
    /// to the creation is lost, or the process dies before it has set the module, [`set_missing_module`](Self::set_missing_module) does.
    pub(crate) async fn ensure_anywhere(
        &self,
        name: &str,
        module: Option<ModuleId>,
    ) -> Result<Ensured<TestSuite>, ClientError> {
        let suite: Ensured<TestSuite> =
            ensure(self.client, name, None, &draft(name, None)?).await?;
        match (module, &*suite.created) {
            (None, _) => {}
            (Some(module), []) => self.set_missing_module(&suite.entity, module).await?,
            (Some(module), [created, ..]) => {
                let set = self.set_module(created.id, module).await;
                set.map_err(|error| ClientError::from(error).after_creating(&suite.created))?;
            }
        }
        Ok(suite)
    }

    /// Sets the module of a suite that has none, if nothing was uploaded into it. A server that does not allow it leaves it as it is.
    pub(crate) async fn set_missing_module(
        &self,
        suite: &TestSuite,
        module: ModuleId,
    ) -> Result<(), ClientError> {
        if !suite.product_areas.data.is_empty() {
            return Ok(());
        }
        let runs = self.client.endpoint.entities::<SuiteRun>().list();
        let runs = runs.matching(Query::field("test").refers_to_id(suite.id));
        let set = match runs.first().await {
            Ok(None) => self.set_module(suite.id, module).await,
            Ok(Some(_)) => Ok(()),
            Err(error) => Err(error),
        };
        match set {
            Err(error) if error.is_retryable() => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn set_module(&self, suite: SuiteId, module: ModuleId) -> Result<(), octane_rest::Error> {
        let suites = self.client.endpoint.entities::<TestSuite>();
        let change = in_module(Entity::new(), module);
        suites.update(suite, &change).await.map(drop)
    }
}

fn draft(name: &str, module: Option<ModuleId>) -> Result<Entity, ClientError> {
    let suite = named_entity::draft::<TestSuite>(name)?;
    Ok(match module {
        Some(module) => in_module(suite, module),
        None => suite,
    })
}

impl Suites<'_> {
    /// The query for the suites of a module.
    pub fn in_module(module: ModuleId) -> Query {
        Query::field("product_areas").refers_to_id(module)
    }
}

fn in_module(suite: Entity, module: ModuleId) -> Entity {
    let area = Reference::new(ApplicationModule::TYPE, module);
    suite.set_references("product_areas", [&area])
}

fn within(module: Option<ModuleId>) -> Option<Query> {
    module.map(Suites::in_module)
}

#[cfg(test)]
mod tests;
