//! The target of an upload: module, suite and suite run, found or created.

use serde::{Deserialize, Serialize};

use octane_model::{ApplicationModule, ModuleId, SuiteId, SuiteRun, TestSuite};

use crate::client::Client;
use crate::error::{ClientError, Missing};
use crate::named_entity::{Ensured, NamedEntity, check_name};
use crate::report::{CreatedEntity, IdAndName};

/// The suite run to upload results to, and its suite and module, by id or by name.
///
/// ```
/// use octane_client::{ModuleChoice, SuiteChoice, TargetSpec};
///
/// let spec = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-4711")
///     .module(ModuleChoice::Path("Shop/Checkout".into()))
///     .create_missing(true);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct TargetSpec {
    suite: SuiteChoice,
    suite_run: String,
    module: Option<ModuleChoice>,
    create_missing: bool,
}

/// A suite by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SuiteChoice {
    /// The suite with this id; it must exist.
    Id(SuiteId),
    /// The suite of this name.
    Named(String),
}

/// A module by id or by its path below the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ModuleChoice {
    /// The module with this id; it must exist.
    Id(ModuleId),
    /// The module at this path, for example `Shop/Checkout`.
    Path(String),
}

/// The suite run to upload results to: a [`TargetSpec`] resolved to existing entities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The suite.
    pub suite: IdAndName<SuiteId>,
    /// The name of the suite run, the payload's `external_run_id`.
    pub suite_run: String,
    /// The module.
    pub module: Option<IdAndName<ModuleId>>,
    /// The entities that had to be created.
    pub created: Vec<CreatedEntity>,
}

impl TargetSpec {
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

    /// The suite's id or name, as it was given.
    pub fn suite(&self) -> String {
        match &self.suite {
            SuiteChoice::Id(id) => id.to_string(),
            SuiteChoice::Named(name) => name.clone(),
        }
    }

    /// A target with the largest possible ids, which are replaced by the real ones once they are known. So
    /// batch boundaries do not depend on ids.
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

    /// Whether to create the module and the suite if they do not exist; otherwise that is an error.
    pub fn create_missing(mut self, create: bool) -> Self {
        self.create_missing = create;
        self
    }
}

/// Ids that no suite and no module has, of the largest width.
pub(crate) const SUITE_PLACEHOLDER: SuiteId = SuiteId::new(i64::MAX);
pub(crate) const MODULE_PLACEHOLDER: ModuleId = ModuleId::new(i64::MAX - 1);

impl From<&Target> for TargetSpec {
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
    /// A suite run of a suite whose id is known. Nothing is looked up on the server.
    pub fn new(suite: SuiteId, suite_run: impl Into<String>) -> Self {
        Self {
            suite: IdAndName {
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
        self.module = Some(IdAndName {
            id: module,
            name: String::new(),
        });
        self
    }
}

impl Client {
    /// Finds the module and the suite, or creates them if `spec` allows it.
    ///
    /// Both are looked up before anything is created, so nothing is created if a name is ambiguous or an id is
    /// unknown. A suite given by name is looked up in the module first and then anywhere, so a suite that was
    /// moved is found and not created a second time.
    pub async fn resolve_target(&self, spec: &TargetSpec) -> Result<Target, ClientError> {
        check_name(SuiteRun::LABEL, &spec.suite_run)?;
        // Either found, or the path or name under which it does not exist.
        let module = match &spec.module {
            None => None,
            Some(ModuleChoice::Id(id)) => Some(Ok(self.modules().get(*id).await?)),
            Some(ModuleChoice::Path(path)) => {
                Some(self.modules().find_path(path).await?.ok_or(path))
            }
        };
        let suite = match &spec.suite {
            SuiteChoice::Id(id) => Ok(self.suites().get(*id).await?),
            SuiteChoice::Named(name) => {
                let module = module.as_ref().and_then(|module| module.as_ref().ok());
                self.find_suite(name, module).await?.ok_or(name)
            }
        };
        if !spec.create_missing {
            let module = module.as_ref().and_then(|module| module.as_ref().err());
            let module = module.map(|path| missing::<ApplicationModule>(path));
            let suite = suite.as_ref().err().map(|name| missing::<TestSuite>(name));
            let missing: Vec<Missing> = module.into_iter().chain(suite).collect();
            if !missing.is_empty() {
                return Err(ClientError::Missing(missing));
            }
        }
        let mut created = Vec::new();
        let module = match module {
            None => None,
            Some(Ok(module)) => Some(module),
            Some(Err(path)) => Some(record(self.modules().ensure(path).await?, &mut created)),
        };
        let module = module.map(|module| IdAndName {
            id: module.id,
            name: module.name,
        });
        let suite = match suite {
            Ok(suite) => suite,
            Err(name) => {
                let module = module.as_ref().map(|module| module.id);
                record(self.suites().ensure(name, module).await?, &mut created)
            }
        };
        Ok(Target {
            suite: IdAndName {
                id: suite.id,
                name: suite.name,
            },
            suite_run: spec.suite_run.clone(),
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
}

fn missing<E: NamedEntity>(name: &str) -> Missing {
    Missing {
        kind: E::LABEL,
        name: name.to_owned(),
    }
}

/// The entity; what was created for it is added to `created`.
fn record<E: NamedEntity>(ensured: Ensured<E>, created: &mut Vec<CreatedEntity>) -> E {
    created.extend(ensured.created.iter().map(|entity| CreatedEntity {
        entity_type: E::TYPE.into(),
        id: entity.id(),
        name: entity.name().to_owned(),
    }));
    ensured.entity
}
