//! Where results go: module, suite and suite run, found or created.

use serde::{Deserialize, Serialize};

use octane_model::{ApplicationModule, ModuleId, Resource, SuiteId, TestSuite};

use crate::report::{Created, Named};
use crate::{Client, ClientError, Missing};

/// Where results shall go, by id or by name.
///
/// ```
/// use octane_client::{Destination, ModuleChoice, SuiteChoice};
///
/// let destination = Destination::new(SuiteChoice::Named("Nightly".into()), "nightly-4711")
///     .module(ModuleChoice::Path("Shop/Checkout".into()))
///     .create_missing(true);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Destination {
    suite: SuiteChoice,
    suite_run: String,
    module: Option<ModuleChoice>,
    create_missing: bool,
}

/// A suite by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuiteChoice {
    /// The suite with this id; it must exist.
    Id(SuiteId),
    /// The suite of this name.
    Named(String),
}

/// A module by id or by its path below the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleChoice {
    /// The module with this id; it must exist.
    Id(ModuleId),
    /// The module at this path, for example `Shop/Checkout`.
    Path(String),
}

/// Where results go: what a [`Destination`] turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The suite.
    pub suite: Named<SuiteId>,
    /// The name of the suite run, the payload's `external_run_id`.
    pub suite_run: String,
    /// The module.
    pub module: Option<Named<ModuleId>>,
    /// What had to be created.
    pub created: Vec<Created>,
}

impl Destination {
    /// The suite run `suite_run` of a suite.
    pub fn new(suite: SuiteChoice, suite_run: impl Into<String>) -> Self {
        Self {
            suite,
            suite_run: suite_run.into(),
            module: None,
            create_missing: false,
        }
    }

    /// The module of the tests, and of the suite if it has to be created.
    pub fn module(mut self, module: ModuleChoice) -> Self {
        self.module = Some(module);
        self
    }

    /// The suite, as people name it.
    pub fn suite(&self) -> String {
        match &self.suite {
            SuiteChoice::Id(id) => id.to_string(),
            SuiteChoice::Named(name) => name.clone(),
        }
    }

    /// A target with the greatest ids there are, in whose place the real ones are put when they are known.
    /// So it does not depend on ids where one batch ends and the next begins.
    pub(crate) fn placeholder(&self) -> Target {
        let target = Target::new(SUITE_PLACEHOLDER, self.suite_run.clone());
        match self.module {
            Some(_) => target.module(MODULE_PLACEHOLDER),
            None => target,
        }
    }

    /// The name of the suite run.
    pub fn suite_run(&self) -> &str {
        &self.suite_run
    }

    /// Whether a module or suite that is missing is created. Without it, that is an error.
    pub fn create_missing(mut self, create: bool) -> Self {
        self.create_missing = create;
        self
    }
}

/// Ids that no suite and no module has, of the greatest width.
pub(crate) const SUITE_PLACEHOLDER: SuiteId = SuiteId::new(i64::MAX);
pub(crate) const MODULE_PLACEHOLDER: ModuleId = ModuleId::new(i64::MAX - 1);

impl From<&Target> for Destination {
    fn from(target: &Target) -> Self {
        Self {
            suite: SuiteChoice::Id(target.suite.id),
            suite_run: target.suite_run.clone(),
            module: target
                .module
                .as_ref()
                .map(|module| ModuleChoice::Id(module.id)),
            create_missing: false,
        }
    }
}

impl Target {
    /// A suite and suite run whose ids and names are known. Nothing is asked of the server.
    pub fn new(suite: SuiteId, suite_run: impl Into<String>) -> Self {
        Self {
            suite: Named {
                id: suite,
                name: String::new(),
            },
            suite_run: suite_run.into(),
            module: None,
            created: Vec::new(),
        }
    }

    /// The module of the tests.
    pub fn module(mut self, module: ModuleId) -> Self {
        self.module = Some(Named {
            id: module,
            name: String::new(),
        });
        self
    }
}

impl Client {
    /// Makes sure that module and suite exist: looks for both first, and creates what is missing if it
    /// may, so that a name which is ambiguous or an id which is unknown leaves nothing behind.
    ///
    /// A suite that is looked up by name is looked for in the module first, and then anywhere, so that
    /// a suite which somebody moved is found and not made a second time.
    pub async fn locate(&self, destination: &Destination) -> Result<Target, ClientError> {
        let Destination {
            suite,
            suite_run,
            module,
            create_missing,
        } = destination;
        crate::name::check("suite run", suite_run)?;
        let mut missing = Vec::new();
        let found_module = match module {
            None => None,
            Some(ModuleChoice::Id(id)) => Some(self.modules().get(*id).await?),
            Some(ModuleChoice::Path(path)) => {
                let found = self.modules().find_path(path).await?;
                if found.is_none() {
                    missing.push(Missing {
                        kind: "application module",
                        name: path.clone(),
                    });
                }
                found
            }
        };
        let found_suite = match suite {
            SuiteChoice::Id(id) => Some(self.suites().get(*id).await?),
            SuiteChoice::Named(name) => {
                let found = self.find_suite(name, found_module.as_ref()).await?;
                if found.is_none() {
                    missing.push(Missing {
                        kind: "test suite",
                        name: name.clone(),
                    });
                }
                found
            }
        };
        if !missing.is_empty() && !create_missing {
            return Err(ClientError::Missing(missing));
        }
        let mut created = Vec::new();
        let module = match (found_module, module) {
            (None, Some(ModuleChoice::Path(path))) => {
                Some(self.ensure_module(path, &mut created).await?)
            }
            (found, _) => found,
        };
        let module = module.map(|module| Named {
            id: module.id,
            name: module.name,
        });
        let suite = match (found_suite, suite) {
            (Some(suite), _) => suite,
            (None, SuiteChoice::Named(name)) => {
                let module = module.as_ref().map(|module| module.id);
                self.ensure_suite(name, module, &mut created).await?
            }
            (None, SuiteChoice::Id(id)) => self.suites().get(*id).await?,
        };
        let suite = Named {
            id: suite.id,
            name: suite.name,
        };
        Ok(Target {
            suite,
            suite_run: suite_run.clone(),
            module,
            created,
        })
    }

    async fn find_suite(
        &self,
        name: &str,
        module: Option<&ApplicationModule>,
    ) -> Result<Option<TestSuite>, ClientError> {
        if let Some(module) = module
            && let Some(suite) = self.suites().find(name, Some(module.id)).await?
        {
            return Ok(Some(suite));
        }
        self.suites().find(name, None).await
    }

    async fn ensure_module(
        &self,
        path: &str,
        created: &mut Vec<Created>,
    ) -> Result<ApplicationModule, ClientError> {
        let ensured = self.modules().ensure(path).await?;
        created.extend(ensured.created.into_iter().map(|module| Created {
            kind: ApplicationModule::TYPE.into(),
            id: module.id.get(),
            name: module.name,
        }));
        Ok(ensured.entity)
    }

    async fn ensure_suite(
        &self,
        name: &str,
        module: Option<ModuleId>,
        created: &mut Vec<Created>,
    ) -> Result<TestSuite, ClientError> {
        let ensured = self.suites().ensure(name, module).await?;
        created.extend(ensured.created.into_iter().map(|suite| Created {
            kind: TestSuite::TYPE.into(),
            id: suite.id.get(),
            name: suite.name,
        }));
        Ok(ensured.entity)
    }
}
