//! Test suites.

use octane_model::{
    ApplicationModule, Entity, ModuleId, Query, Reference, Resource, SuiteId, TestSuite,
};

use crate::{Client, ClientError, Ensured};

/// Test suites. Names are compared exactly; several suites of one name are reported as ambiguous.
pub struct Suites<'a> {
    pub(crate) client: &'a Client,
}

impl Suites<'_> {
    /// The suite with this id; an error if there is none.
    pub async fn get(&self, id: SuiteId) -> Result<TestSuite, ClientError> {
        let found = self.client.endpoint.entities::<TestSuite>().get(id).await;
        found.map_err(ClientError::looking_for("test suite", id))
    }

    /// The suite `name`, in `module` where one is given; `None` if there is none.
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
        let query = Query::field("name").is(name);
        let mut found = self.list_where(Some(query), module).await?;
        found.retain(|suite| suite.name == name);
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(ClientError::Ambiguous {
                kind: "test suite",
                name: name.to_owned(),
                ids: found.iter().map(|suite| suite.id.into()).collect(),
            }),
        }
    }

    /// All suites, of `module` where one is given, by id.
    pub async fn list(&self, module: Option<ModuleId>) -> Result<Vec<TestSuite>, ClientError> {
        self.list_where(None, module).await
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
        crate::name::check("test suite", name)?;
        let mut suite = Entity::new().set("name", name);
        if let Some(module) = module {
            let area = Reference::new(ApplicationModule::TYPE, module);
            suite = suite.set_references("product_areas", [&area]);
        }
        Ok(self
            .client
            .endpoint
            .entities::<TestSuite>()
            .create_one(&suite)
            .await?)
    }

    /// The suite `name` in `module`; created if it is missing.
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
        if let Some(suite) = self.find(name, module).await? {
            return Ok(Ensured {
                entity: suite,
                created: Vec::new(),
            });
        }
        match self.create(name, module).await {
            Ok(suite) => Ok(Ensured {
                created: vec![suite.clone()],
                entity: suite,
            }),
            Err(ClientError::Rest(error)) if error.is_conflict() => {
                let theirs = self.find(name, module).await?;
                theirs
                    .map(|entity| Ensured {
                        entity,
                        created: Vec::new(),
                    })
                    .ok_or(ClientError::Rest(error))
            }
            Err(error) => Err(error),
        }
    }

    async fn list_where(
        &self,
        query: Option<Query>,
        module: Option<ModuleId>,
    ) -> Result<Vec<TestSuite>, ClientError> {
        let within = module.map(|module| Query::field("product_areas").refers_to_id(module));
        let mut list = self.client.endpoint.entities::<TestSuite>().list();
        if let Some(query) = Query::all(query.into_iter().chain(within)) {
            list = list.matching(query);
        }
        Ok(list.all().await?)
    }
}
