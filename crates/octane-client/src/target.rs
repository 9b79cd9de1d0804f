//! The target of an upload: module, suite and suite run, found or created.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use octane_model::{ApplicationModule, ModuleId, SuiteId, SuiteRun, TestSuite};
use octane_results::LongNames;

use crate::ambiguous_name::AmbiguousName;
use crate::client::Client;
use crate::ensure::Ensured;
use crate::error::{ClientError, Missing};
use crate::id_or_name::IdOrName;
use crate::likeness::Similar;
use crate::modules::segments;
use crate::name::{as_id, is_repaired, suite_run_name, trim_name};
use crate::named_entity::{NamedEntity, check_name};
use crate::report::{CreatedEntity, IdAndName, ReportedProblem};

/// How long until the second look, if the first one has found several entities of one name.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

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
    /// The name of the suite run as it was given, if it had to be repaired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_suite_run: Option<String>,
    module: Option<ModuleChoice>,
    create_missing: bool,
    #[serde(default)]
    create_similar: bool,
}

/// A suite by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SuiteChoice {
    /// The suite with this id; it must exist.
    Id(SuiteId),
    /// The suite of this name.
    Named(String),
    /// The suite with this number as its ID, or as its name if no suite has that ID; it must exist, because a mistyped ID
    /// is more likely than a new suite with such a name.
    IdOrName(String),
}

/// A module by id or by its path below the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ModuleChoice {
    /// The module with this id; it must exist.
    Id(ModuleId),
    /// The module at this path, for example `Shop/Checkout`.
    Path(String),
    /// The module with this number as its ID, or as its name if no module has that ID; it must exist.
    IdOrPath(String),
}

impl SuiteChoice {
    /// What people mean by `text`: a number is an ID, or a name if no suite has that ID; anything else is a name.
    pub fn from_text(text: &str) -> Self {
        let text = trim_name(text).to_owned();
        match as_id(&text) {
            Some(_) => Self::IdOrName(text),
            None => Self::Named(text),
        }
    }
}

impl ModuleChoice {
    /// What people mean by `text`: a number is an ID, or a name if no module has that ID; anything else is a path.
    pub fn from_text(text: &str) -> Self {
        let text = trim_name(text).to_owned();
        match as_id(&text) {
            Some(_) => Self::IdOrPath(text),
            None => Self::Path(text),
        }
    }
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
    /// What should be reported about how they were found.
    #[serde(skip)]
    pub problems: Vec<ReportedProblem>,
}

/// Stands for no suite: that of a payload that another program wrote and that names none.
pub(crate) const NO_SUITE: SuiteId = SuiteId::new(0);

impl Target {
    /// The suite, unless there is none.
    pub(crate) fn known_suite(&self) -> Option<&IdAndName<SuiteId>> {
        (self.suite.id != NO_SUITE).then_some(&self.suite)
    }
}

impl TargetSpec {
    /// The suite run `suite_run` of a suite. A name that Octane cannot hold is repaired; see [`suite_run_name`].
    pub fn new(suite: SuiteChoice, suite_run: impl Into<String>) -> Self {
        let given = suite_run.into();
        Self {
            suite,
            suite_run: suite_run_name(&given).into_owned(),
            given_suite_run: is_repaired(&given).then_some(given),
            module: None,
            create_missing: false,
            create_similar: false,
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
            SuiteChoice::Named(name) | SuiteChoice::IdOrName(name) => name.clone(),
        }
    }

    /// Whether the suite was given by its ID, perhaps.
    pub(crate) fn may_be_suite_by_id(&self) -> bool {
        !matches!(self.suite, SuiteChoice::Named(_))
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

    /// Whether a later look could find another module or suite.
    pub(crate) fn is_by_name(&self) -> bool {
        matches!(self.suite, SuiteChoice::Named(_))
            || matches!(self.module, Some(ModuleChoice::Path(_)))
    }

    /// Whether to create the module and the suite if they do not exist; otherwise that is an error.
    pub fn create_missing(mut self, create: bool) -> Self {
        self.create_missing = create;
        self
    }

    /// Whether to create them even if the name of an existing one looks like a correct spelling of the new one; otherwise
    /// that is an error.
    pub fn create_similar(mut self, create: bool) -> Self {
        self.create_similar = create;
        self
    }

    /// Whether what does not exist may be created as far as its name is concerned: it looks like no existing one, or that
    /// was allowed.
    pub fn may_create(&self, missing: &[Missing]) -> bool {
        self.create_similar || missing.iter().all(|missing| missing.similar.is_empty())
    }

    /// Fails if a name is empty or too long. Makes no request; [`Client::resolve_target`] checks this first.
    pub fn check(&self) -> Result<(), ClientError> {
        check_name(SuiteRun::LABEL, &self.suite_run)?;
        if let SuiteChoice::Named(name) = &self.suite {
            check_name(TestSuite::LABEL, name)?;
        }
        if let Some(ModuleChoice::Path(path)) = &self.module {
            for name in segments(path)? {
                check_name(ApplicationModule::LABEL, name)?;
            }
        }
        Ok(())
    }

    /// The same where names that are too long may not be shortened.
    pub fn check_with(&self, long_names: LongNames) -> Result<(), ClientError> {
        if let (LongNames::Refuse, Some(given)) = (long_names, &self.given_suite_run) {
            check_name(SuiteRun::LABEL, given)?;
        }
        self.check()
    }

    /// The problem that the name of the suite run had to be repaired.
    pub fn repaired(&self) -> Option<ReportedProblem> {
        self.given_suite_run.as_ref()?;
        let message = format!(
            "the name of the suite run is too long or has characters that Octane cannot hold; it was changed to `{}`",
            self.suite_run
        );
        Some(ReportedProblem::new("repaired", message))
    }
}

/// Ids that no suite and no module has, of the largest width.
pub(crate) const SUITE_PLACEHOLDER: SuiteId = SuiteId::new(i64::MAX);
pub(crate) const MODULE_PLACEHOLDER: ModuleId = ModuleId::new(i64::MAX - 1);

impl From<&Target> for TargetSpec {
    fn from(target: &Target) -> Self {
        let spec = Self::new(SuiteChoice::Id(target.suite.id), &target.suite_run);
        match &target.module {
            Some(module) => spec.module(ModuleChoice::Id(module.id)),
            None => spec,
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
            problems: Vec::new(),
        }
    }

    /// Whether the same results would go to the same place.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        (&self.suite, &self.suite_run, &self.module)
            == (&other.suite, &other.suite_run, &other.module)
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

/// What a look has found: entities, or the path or name under which there is none.
struct Looked<'a> {
    module: Option<Result<ApplicationModule, &'a str>>,
    suite: Result<TestSuite, &'a str>,
    ambiguous: Vec<AmbiguousName>,
    problems: Vec<ReportedProblem>,
}

impl Client {
    /// Finds the module and the suite, or creates them if `spec` allows it.
    ///
    /// Both are looked up before anything is created, so nothing is created if an id is unknown or a name is not allowed.
    /// A suite given by name is looked up in the module first and then anywhere, so a suite that was moved is found
    /// and not created a second time. What does not exist is compared with the names that do. Clients that create the same
    /// ones at the same moment end with the same ones.
    pub async fn resolve_target(&self, spec: &TargetSpec) -> Result<Target, ClientError> {
        spec.check()?;
        let mut looked = self.look_twice(spec).await?;
        let missing = self.missing(looked.module.as_ref(), &looked.suite).await?;
        if !spec.create_missing && !missing.is_empty() {
            return Err(ClientError::Missing(missing));
        }
        if !spec.may_create(&missing) {
            return Err(ClientError::Similar(missing));
        }
        let mut creating = None;
        if let Some(lock) = self.creation_lock.as_ref().filter(|_| !missing.is_empty()) {
            creating = Some(lock.lock().await);
            // The process that had it may have created it.
            looked = self.look_twice(spec).await?;
        }
        let mut created = Vec::new();
        let module = match looked.module {
            None => None,
            Some(Ok(module)) => Some(module),
            Some(Err(path)) => Some(record(self.modules().ensure(path).await?, &mut created)),
        };
        let module = module.map(|module| IdAndName {
            id: module.id,
            name: module.name,
        });
        let suite = match looked.suite {
            Ok(suite) => {
                let is_by_name = matches!(spec.suite, SuiteChoice::Named(_));
                if let (true, Some(module)) = (is_by_name && spec.create_missing, &module) {
                    let suites = self.suites();
                    let set = suites.set_missing_module(&suite, module.id).await;
                    set.map_err(|error| error.after(&created))?;
                }
                suite
            }
            Err(name) => {
                let module = module.as_ref().map(|module| module.id);
                let suite = self.suites().ensure_anywhere(name, module).await;
                record(suite.map_err(|error| error.after(&created))?, &mut created)
            }
        };
        drop(creating);
        let ambiguous = looked.ambiguous.iter().map(AmbiguousName::problem);
        Ok(Target {
            suite: IdAndName {
                id: suite.id,
                name: suite.name,
            },
            suite_run: spec.suite_run.clone(),
            module,
            created,
            problems: looked.problems.into_iter().chain(ambiguous).collect(),
        })
    }

    /// Looks once more if the first look has found several entities of one name: all but the oldest may be about to be deleted by the
    /// clients that have just created them.
    async fn look_twice<'a>(&self, spec: &'a TargetSpec) -> Result<Looked<'a>, ClientError> {
        match self.look(spec).await {
            Err(ClientError::Ambiguous(_)) => {}
            looked => {
                let looked = looked?;
                if looked.ambiguous.is_empty() {
                    return Ok(looked);
                }
            }
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        self.look(spec).await
    }

    async fn look<'a>(&self, spec: &'a TargetSpec) -> Result<Looked<'a>, ClientError> {
        let (mut ambiguous, mut problems) = (Vec::new(), Vec::new());
        let module = match &spec.module {
            None => None,
            Some(ModuleChoice::Id(id)) => Some(Ok(self.modules().get(*id).await?)),
            Some(ModuleChoice::Path(path)) => {
                let mut report = |name| ambiguous.push(name);
                let modules = self.modules();
                let found = modules.find_path_or_report(path, &mut report).await?;
                Some(found.ok_or(&**path))
            }
            Some(ModuleChoice::IdOrPath(text)) => {
                let found = self.modules().find_id_or_path(text).await?;
                Some(Ok(known(text, found, &mut problems)?))
            }
        };
        let suite = match &spec.suite {
            SuiteChoice::Id(id) => Ok(self.suites().get(*id).await?),
            SuiteChoice::Named(name) => {
                let module = module.as_ref().and_then(|module| module.as_ref().ok());
                let module = module.map(|module| module.id);
                let suites = self.suites();
                let found = suites.find_preferably_in(name, module, |name| ambiguous.push(name));
                found.await?.ok_or(&**name)
            }
            SuiteChoice::IdOrName(text) => {
                let found = self.suites().find_id_or_name(text).await?;
                Ok(known(text, found, &mut problems)?)
            }
        };
        Ok(Looked {
            module,
            suite,
            ambiguous,
            problems,
        })
    }

    /// What does not exist, and what has a similar name: one more request for each of module and suite.
    async fn missing(
        &self,
        module: Option<&Result<ApplicationModule, &str>>,
        suite: &Result<TestSuite, &str>,
    ) -> Result<Vec<Missing>, ClientError> {
        let mut missing = Vec::new();
        if let Some(Err(path)) = module {
            let similar = self.modules().similar(path).await?;
            missing.push(not_found::<ApplicationModule>(path, similar));
        }
        if let Err(name) = suite {
            let similar = self.suites().similar(name).await?;
            missing.push(not_found::<TestSuite>(name, similar));
        }
        Ok(missing)
    }
}

impl ClientError {
    /// This error, with what was created before it.
    pub(crate) fn after_creating<E: NamedEntity>(self, created: &[E]) -> Self {
        self.after(&created.iter().map(CreatedEntity::of).collect::<Vec<_>>())
    }

    fn after(self, before: &[CreatedEntity]) -> Self {
        match self {
            error if before.is_empty() => error,
            Self::AfterCreating { created, error } => Self::AfterCreating {
                created: [before, &created].concat(),
                error,
            },
            error => Self::AfterCreating {
                created: before.to_vec(),
                error: Box::new(error),
            },
        }
    }
}

impl CreatedEntity {
    fn of<E: NamedEntity>(entity: &E) -> Self {
        Self {
            entity_type: E::TYPE.into(),
            id: entity.id(),
            name: entity.name().to_owned(),
        }
    }
}

fn not_found<E: NamedEntity>(name: &str, similar: Vec<Similar>) -> Missing {
    Missing {
        kind: E::LABEL,
        name: name.to_owned(),
        similar,
    }
}

/// What was found by a number. It is not created: a mistyped ID is more likely than such a name.
fn known<E: NamedEntity>(
    text: &str,
    found: Option<IdOrName<E>>,
    problems: &mut Vec<ReportedProblem>,
) -> Result<E, ClientError> {
    let found = found.ok_or_else(|| ClientError::UnknownIdOrName {
        kind: E::LABEL,
        id: text.to_owned(),
    })?;
    problems.extend(found.problem());
    Ok(found.entity)
}

/// The entity; what was created for it is added to `created`.
fn record<E: NamedEntity>(ensured: Ensured<E>, created: &mut Vec<CreatedEntity>) -> E {
    created.extend(ensured.created.iter().map(CreatedEntity::of));
    ensured.entity
}
