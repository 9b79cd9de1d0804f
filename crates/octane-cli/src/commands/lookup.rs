//! Modules, suites and suite runs given by id or by name.

use octane_client::{Client, ClientError};
use octane_model::{ApplicationModule, ModuleId, SuiteRun, SuiteRunId, TestSuite};

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// The module with an id, or at a path.
pub(super) async fn module(client: &Client, text: &str) -> Result<ApplicationModule> {
    if let Ok(id) = text.parse::<ModuleId>() {
        return Ok(client.modules().get(id).await?);
    }
    let found = client.modules().find_path(text).await?;
    found.ok_or_else(|| unknown("application module", text, "octane module list"))
}

/// The id of a module, if one is given.
pub(super) async fn module_id(client: &Client, text: Option<&str>) -> Result<Option<ModuleId>> {
    match text {
        Some(text) => Ok(Some(module(client, text).await?.id)),
        None => Ok(None),
    }
}

/// The suite with an id or a name.
pub(super) async fn suite(client: &Client, text: &str) -> Result<TestSuite> {
    if let Ok(id) = text.parse() {
        return Ok(client.suites().get(id).await?);
    }
    let found = client.suites().find(text, None).await?;
    found.ok_or_else(|| unknown("test suite", text, "octane suite list"))
}

/// The suite run with an id, or with a name in a suite.
pub(super) async fn suite_run(
    client: &Client,
    text: &str,
    suite_name: Option<&str>,
) -> Result<SuiteRun> {
    let suite_runs = client.suite_runs();
    let id = text.parse::<SuiteRunId>();
    let Some(suite_name) = suite_name else {
        if let Ok(id) = id {
            return Ok(suite_runs.get(id).await?);
        }
        let found = suite_runs.find_in_any_suite(text).await?;
        return found.ok_or_else(|| unknown("suite run", text, "octane suite-run list"));
    };
    let suite = suite(client, suite_name).await?.id;
    if let Some(found) = suite_runs.find(text, suite).await? {
        return Ok(found);
    }
    if let Ok(id) = id {
        return Ok(suite_runs.get(id).await?);
    }
    let name = text.to_owned();
    let failure = Failure::new(Exit::Refused, ClientError::NoSuiteRun { suite, name });
    Err(failure.hint(format!(
        "`octane suite-run list --suite {suite}` lists its suite runs"
    )))
}

fn unknown(kind: &'static str, name: &str, list_command: &str) -> Failure {
    let name = name.to_owned();
    let failure = Failure::new(Exit::Refused, ClientError::UnknownName { kind, name });
    failure.hint(format!("`{list_command}` lists all {kind}s"))
}
