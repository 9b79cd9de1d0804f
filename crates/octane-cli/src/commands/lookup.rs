//! Modules, suites and suite runs given by ID or by name.

use octane_client::{Client, ClientError, IdOrName, Similar};
use octane_model::{ApplicationModule, ModuleId, SuiteRun, TestSuite};

use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::Output;

/// Finds entities, and warns where a number could mean two of them.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    client: &'a Client,
    output: Output,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(client: &'a Client, output: Output) -> Self {
        Self { client, output }
    }

    /// The module with an ID, or at a path, that `option` has.
    pub(super) async fn module(self, option: &str, text: &str) -> Result<ApplicationModule> {
        let path = names::required_path(option, text)?;
        let modules = self.client.modules();
        if let Some(found) = modules.find_id_or_path(path).await? {
            return Ok(self.entity(found));
        }
        let similar = modules.similar(path).await?;
        Err(unknown(
            "application module",
            path,
            similar,
            "octane module list",
        ))
    }

    /// The id of a module, if one is given.
    pub(super) async fn module_id(
        self,
        option: &str,
        text: Option<&str>,
    ) -> Result<Option<ModuleId>> {
        match text {
            Some(text) => Ok(Some(self.module(option, text).await?.id)),
            None => Ok(None),
        }
    }

    /// The suite with an ID or a name that `option` has.
    pub(super) async fn suite(self, option: &str, text: &str) -> Result<TestSuite> {
        let name = names::required(option, text)?;
        let suites = self.client.suites();
        if let Some(found) = suites.find_id_or_name(name).await? {
            return Ok(self.entity(found));
        }
        let similar = suites.similar(name).await?;
        Err(unknown("test suite", name, similar, "octane suite list"))
    }

    /// The suite run with an ID, or with a name, of a suite if one is given.
    pub(super) async fn suite_run(
        self,
        option: &str,
        text: &str,
        suite: Option<&str>,
    ) -> Result<SuiteRun> {
        let name = names::required(option, text)?;
        let suite = match suite {
            Some(suite) => Some(self.suite("--suite", suite).await?.id),
            None => None,
        };
        let suite_runs = self.client.suite_runs();
        if let Some(found) = suite_runs.find_id_or_name(name, suite).await? {
            return Ok(self.entity(found));
        }
        let similar = suite_runs.similar(name, suite).await?;
        let Some(suite) = suite else {
            return Err(unknown("suite run", name, similar, "octane suite-run list"));
        };
        let name = name.to_owned();
        let error = ClientError::NoSuiteRun {
            suite,
            name,
            similar,
        };
        Err(Failure::new(Exit::Refused, error).hint(format!(
            "`octane suite-run list --suite {suite}` lists its suite runs"
        )))
    }

    /// The suite with a number as its ID, or as its name in `module`, if `name` is a number; a new one is not created under it, because
    /// a mistyped ID is more likely.
    pub(super) async fn numbered_suite(
        self,
        name: &str,
        module: Option<ModuleId>,
    ) -> Result<Option<TestSuite>> {
        if !is_id(name) {
            return Ok(None);
        }
        let suites = self.client.suites();
        let found = match suites.find_id_or_name(name).await? {
            Some(found) if found.entity.id.to_string() == name => Some(self.entity(found)),
            _ => suites.find(name, module).await?,
        };
        found
            .map(Some)
            .ok_or_else(|| not_created("test suite", name))
    }

    /// The same for a module.
    pub(super) async fn numbered_module(self, path: &str) -> Result<Option<ApplicationModule>> {
        if !is_id(path) {
            return Ok(None);
        }
        let found = self.client.modules().find_id_or_path(path).await?;
        let found = found.ok_or_else(|| not_created("application module", path))?;
        Ok(Some(self.entity(found)))
    }

    fn entity<E>(self, found: IdOrName<E>) -> E {
        if let Some(warning) = found.warning {
            self.output.say(&format!("warning: {warning}"));
        }
        found.entity
    }
}

fn unknown(kind: &'static str, name: &str, similar: Vec<Similar>, list_command: &str) -> Failure {
    let is_id = is_id(name);
    let name = name.to_owned();
    let error = if is_id {
        ClientError::UnknownIdOrName { kind, id: name }
    } else {
        ClientError::UnknownName {
            kind,
            name,
            similar,
        }
    };
    Failure::new(Exit::Refused, error).hint(format!("`{list_command}` lists all {kind}s"))
}

fn not_created(kind: &'static str, number: &str) -> Failure {
    let id = number.to_owned();
    ClientError::UnknownIdOrName { kind, id }.into()
}

/// Whether a name can be an ID: `007` is a name.
fn is_id(name: &str) -> bool {
    let id = name.parse::<i64>();
    id.is_ok_and(|id| id >= 0 && id.to_string() == name)
}
