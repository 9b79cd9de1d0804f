//! Modules, suites and suite runs as people name them: by id or by name.

use octane_client::{Client, ClientError};
use octane_model::{ApplicationModule, ModuleId, SuiteRun, SuiteRunId, TestSuite};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// The module with an id, or at a path.
pub(crate) async fn module(client: &Client, text: &str) -> Outcome<ApplicationModule> {
    if let Ok(id) = text.parse::<ModuleId>() {
        return Ok(client.modules().get(id).await?);
    }
    let found = client.modules().find_path(text).await?;
    found.ok_or_else(|| {
        let error = ClientError::UnknownName {
            kind: "application module",
            name: text.to_owned(),
        };
        Failure::new(Exit::Refused, error)
            .hint("`octane module list` shows the modules that there are")
    })
}

/// The id of a module that may have been named.
pub(crate) async fn module_id(client: &Client, text: Option<&str>) -> Outcome<Option<ModuleId>> {
    match text {
        Some(text) => Ok(Some(module(client, text).await?.id)),
        None => Ok(None),
    }
}

/// The suite with an id or a name.
pub(crate) async fn suite(client: &Client, text: &str) -> Outcome<TestSuite> {
    if let Ok(id) = text.parse() {
        return Ok(client.suites().get(id).await?);
    }
    let found = client.suites().find(text, None).await?;
    found.ok_or_else(|| {
        let error = ClientError::UnknownName {
            kind: "test suite",
            name: text.to_owned(),
        };
        Failure::new(Exit::Refused, error)
            .hint("`octane suite list` shows the suites that there are")
    })
}

/// The suite run with an id, or with a name in a suite.
pub(crate) async fn suite_run(
    client: &Client,
    text: &str,
    suite_name: Option<&str>,
) -> Outcome<SuiteRun> {
    let Some(suite_name) = suite_name else {
        if let Ok(id) = text.parse::<SuiteRunId>() {
            return Ok(client.suite_runs().get(id).await?);
        }
        let found = client.suite_runs().find_in_any_suite(text).await?;
        return found.ok_or_else(|| {
            let error = ClientError::UnknownName {
                kind: "suite run",
                name: text.to_owned(),
            };
            Failure::new(Exit::Refused, error)
                .hint("`octane suite-run list` shows the suite runs that there are")
        });
    };
    let suite = suite(client, suite_name).await?;
    if let Some(found) = client.suite_runs().find(text, suite.id).await? {
        return Ok(found);
    }
    if let Ok(id) = text.parse::<SuiteRunId>() {
        return Ok(client.suite_runs().get(id).await?);
    }
    let error = ClientError::NoSuiteRun {
        suite: suite.id,
        name: text.to_owned(),
    };
    Err(Failure::new(Exit::Refused, error)
        .hint("`octane suite-run list --suite …` shows the suite runs that there are"))
}
