//! A client of one workspace.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Method;
use octane_client::{ClientError, ClientSettings, LinkOutcome, OnAmbiguous, Parent};
use octane_model::{Address, ModuleId, ReleaseId, RunId, SuiteId, SuiteRunId, WorkItemId};
use octane_rest::{Body, Endpoint, EndpointSettings};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::{Value, json};

use crate::credentials::PythonCredentials;
use crate::entity::ToJson;
use crate::error::Failure;
use crate::job::{here, output};
use crate::json as json_value;
use crate::log;
use crate::runtime;
use crate::task::Task;

/// Whether a URL names both space and workspace.
#[pyfunction]
pub(crate) fn names_workspace(url: &str) -> bool {
    let address = url.parse::<Address>();
    address.is_ok_and(|address| address.space().is_some() && address.workspace().is_some())
}

/// A client of one workspace. A forked process gets a session of its own, because that of its parent depends on threads which
/// do not exist there.
#[pyclass(frozen, module = "octane_client._core")]
pub(crate) struct Client {
    recipe: Recipe,
    /// The process that has built the client, and the client. Locked only by attached threads; see `runtime`.
    built: Mutex<Option<(u32, octane_client::Client)>>,
}

/// What a client is built from.
struct Recipe {
    endpoint: EndpointSettings,
    client: ClientSettings,
    credentials: Py<PyAny>,
}

impl Recipe {
    fn build(&self, py: Python<'_>) -> Result<octane_client::Client, Failure> {
        // Building opens nothing, but what it makes belongs to the runtime.
        let _runtime = runtime::runtime()?.enter();
        let endpoint = octane_rest::Builder::from(self.endpoint.clone())
            .credentials(PythonCredentials(self.credentials.clone_ref(py)))
            .build()?;
        let client = octane_client::Client::with_settings(endpoint, self.client.clone());
        Ok(client.on_ambiguous_name(|name| {
            log::record(30, "octane", name.resolved(), serde_json::Map::default());
        }))
    }
}

impl Client {
    /// The client of this process.
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<octane_client::Client> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        match &*built {
            Some((owner, client)) if *owner == process => Ok(client.clone()),
            _ => {
                let client = here(|| self.recipe.build(py));
                let client = client.map_err(|failure| failure.into_exception(py))?;
                // Dropping the parent's would wait for threads that do not exist.
                std::mem::forget(built.replace((process, client.clone())));
                Ok(client)
            }
        }
    }

    fn entity<T, F>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(octane_client::Client) -> F,
    ) -> PyResult<Task>
    where
        T: ToJson,
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
    {
        let asking = ask(self.get(py)?);
        Ok(Task::json(async move { Ok(asking.await?.to_json()) }))
    }

    fn rest<T>(&self, py: Python<'_>, ask: impl FnOnce(Endpoint) -> T) -> PyResult<Task>
    where
        T: Future<Output = Result<Value, octane_rest::Error>> + Send + 'static,
    {
        let asking = ask(self.get(py)?.endpoint().clone());
        Ok(Task::json(async move { Ok(asking.await?) }))
    }
}

impl Drop for Client {
    /// Forgets the client of a parent process: its connections are closed by threads that do not exist here.
    fn drop(&mut self) {
        let built = self.built.get_mut();
        let built = built.unwrap_or_else(PoisonError::into_inner).take();
        if let Some((owner, client)) = built
            && owner != std::process::id()
        {
            std::mem::forget(client);
        }
    }
}

fn link_outcome(outcome: &LinkOutcome) -> Value {
    let failed = outcome.failed.iter().map(
        |failure| json!({ "id": failure.id.as_str(), "message": failure.problem.to_string() }),
    );
    json!({
        "level": outcome.level,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "failed": failed.collect::<Vec<_>>(),
    })
}

#[pymethods]
impl Client {
    /// `endpoint` has the members of `EndpointSettings`; `credentials()` is called at each sign-in.
    #[new]
    #[pyo3(signature = (endpoint, credentials, jira_field=None, link_field=None, on_ambiguous="first"))]
    fn new(
        py: Python<'_>,
        endpoint: &Bound<'_, PyDict>,
        credentials: Py<PyAny>,
        jira_field: Option<String>,
        link_field: Option<String>,
        on_ambiguous: &str,
    ) -> PyResult<Self> {
        let endpoint = json_value::from_python(endpoint)?;
        let endpoint = serde_json::from_value(endpoint).map_err(|error| {
            Failure::new("ConfigError", format!("invalid setting: {error}")).into_exception(py)
        })?;
        let mut client = ClientSettings::default();
        client.jira_field = jira_field;
        client.link_field = link_field;
        client.on_ambiguous = match on_ambiguous {
            "fail" => OnAmbiguous::Fail,
            _ => OnAmbiguous::First,
        };
        let client = Self {
            recipe: Recipe {
                endpoint,
                client,
                credentials,
            },
            built: Mutex::new(None),
        };
        // What is wrong with the settings is found now.
        client.get(py)?;
        Ok(client)
    }

    /// The server's URL, the shared space and the workspace.
    fn address(&self, py: Python<'_>) -> PyResult<(String, i64, i64)> {
        let client = self.get(py)?;
        let (address, workspace) = (client.endpoint().address(), client.endpoint().workspace());
        Ok((
            address.to_string(),
            workspace.space.get(),
            workspace.workspace.get(),
        ))
    }

    /// Makes any request: `(status, content type, body)`, whatever the status.
    #[pyo3(signature = (method, path, content_type=None, body=None))]
    fn call(
        &self,
        py: Python<'_>,
        method: &str,
        path: String,
        content_type: Option<String>,
        body: Option<&[u8]>,
    ) -> PyResult<Task> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| {
            let message = format!("`{method}` is not a valid HTTP method");
            Failure::new("InputError", message).into_exception(py)
        })?;
        let body = match (content_type, body) {
            (Some(content_type), Some(body)) => Body::Raw {
                content_type,
                bytes: Bytes::copy_from_slice(body),
            },
            _ => Body::None,
        };
        let endpoint = self.get(py)?.endpoint().clone();
        Ok(Task::new(async move {
            let response = endpoint.call(method, &path, body).await?;
            let content_type = response.headers.get(http::header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let (status, body) = (response.status.as_u16(), response.body);
            Ok(output(move |py| {
                let body = PyBytes::new(py, &body);
                Ok((status, content_type, body).into_pyobject(py)?.into_any())
            }))
        }))
    }

    /// Signs in now.
    fn sign_in(&self, py: Python<'_>) -> PyResult<Task> {
        self.rest(py, |endpoint| async move {
            endpoint.sign_in().await?;
            Ok(Value::Null)
        })
    }

    /// The header `Cookie` of the session; signs in if there is none, or, if it `is_checked`, one that has expired.
    #[pyo3(signature = (is_checked=false))]
    fn cookie(&self, py: Python<'_>, is_checked: bool) -> PyResult<Task> {
        self.rest(py, move |endpoint| async move {
            if is_checked {
                // Any response will do: after a 401, the endpoint signs in again.
                let path = "releases?limit=1&fields=id";
                endpoint.call(Method::GET, path, Body::None).await?;
            }
            Ok(endpoint.cookie_header().await?.expose().into())
        })
    }

    #[pyo3(signature = (name, parent=None, parent_name=None))]
    fn find_module(
        &self,
        py: Python<'_>,
        name: String,
        parent: Option<i64>,
        parent_name: Option<String>,
    ) -> PyResult<Task> {
        let parent = below(parent, parent_name);
        self.entity(py, |client| async move {
            client.modules().find(&name, parent).await
        })
    }

    fn get_module(&self, py: Python<'_>, id: i64) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            client.modules().get(ModuleId::new(id)).await
        })
    }

    fn find_module_path(&self, py: Python<'_>, path: String) -> PyResult<Task> {
        self.entity(py, |client| async move {
            client.modules().find_path(&path).await
        })
    }

    /// The modules below a parent, which has to exist if it is given by its ID and `is_checked`.
    #[pyo3(signature = (parent=None, parent_name=None, is_checked=false))]
    fn list_modules(
        &self,
        py: Python<'_>,
        parent: Option<i64>,
        parent_name: Option<String>,
        is_checked: bool,
    ) -> PyResult<Task> {
        let below = below(parent, parent_name);
        self.entity(py, move |client| async move {
            let found = client.modules().list(below).await?;
            if let Some(parent) = missed(&found, parent.filter(|_| is_checked)) {
                client.modules().get(ModuleId::new(parent)).await?;
            }
            Ok(found)
        })
    }

    fn root_module(&self, py: Python<'_>) -> PyResult<Task> {
        self.entity(py, |client| async move { client.modules().root().await })
    }

    #[pyo3(signature = (name, parent=None))]
    fn create_module(&self, py: Python<'_>, name: String, parent: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            client
                .modules()
                .create(&name, parent.map(ModuleId::new))
                .await
        })
    }

    fn ensure_module(&self, py: Python<'_>, path: String) -> PyResult<Task> {
        self.entity(py, |client| async move {
            Ok(client.modules().ensure(&path).await?.entity)
        })
    }

    fn ensure_root_module(&self, py: Python<'_>, name: String) -> PyResult<Task> {
        self.entity(py, |client| async move {
            Ok(client.modules().ensure_root(&name).await?.entity)
        })
    }

    fn get_suite(&self, py: Python<'_>, id: i64) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            client.suites().get(SuiteId::new(id)).await
        })
    }

    #[pyo3(signature = (name, module=None))]
    fn find_suite(&self, py: Python<'_>, name: String, module: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            client.suites().find(&name, module.map(ModuleId::new)).await
        })
    }

    #[pyo3(signature = (module=None))]
    fn list_suites(&self, py: Python<'_>, module: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let found = client.suites().list(module.map(ModuleId::new)).await?;
            if let Some(module) = missed(&found, module) {
                client.modules().get(ModuleId::new(module)).await?;
            }
            Ok(found)
        })
    }

    #[pyo3(signature = (name, module=None))]
    fn create_suite(&self, py: Python<'_>, name: String, module: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            client
                .suites()
                .create(&name, module.map(ModuleId::new))
                .await
        })
    }

    #[pyo3(signature = (name, module=None))]
    fn ensure_suite(&self, py: Python<'_>, name: String, module: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let module = module.map(ModuleId::new);
            Ok(client.suites().ensure(&name, module).await?.entity)
        })
    }

    fn get_suite_run(&self, py: Python<'_>, id: i64) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            client.suite_runs().get(SuiteRunId::new(id)).await
        })
    }

    /// The suite run of this name; without a suite there may be only one.
    #[pyo3(signature = (name, suite=None))]
    fn find_suite_run(&self, py: Python<'_>, name: String, suite: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            match suite {
                Some(suite) => client.suite_runs().find(&name, SuiteId::new(suite)).await,
                None => client.suite_runs().find_in_any_suite(&name).await,
            }
        })
    }

    #[pyo3(signature = (suite=None))]
    fn list_suite_runs(&self, py: Python<'_>, suite: Option<i64>) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let found = client.suite_runs().list(suite.map(SuiteId::new)).await?;
            if let Some(suite) = missed(&found, suite) {
                client.suites().get(SuiteId::new(suite)).await?;
            }
            Ok(found)
        })
    }

    /// A planned suite run; in the workspace's default release unless one is given.
    #[pyo3(signature = (name, suite, release=None))]
    fn create_suite_run(
        &self,
        py: Python<'_>,
        name: String,
        suite: i64,
        release: Option<i64>,
    ) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let (suite, release) = (SuiteId::new(suite), release.map(ReleaseId::new));
            client.suite_runs().create(&name, suite, release).await
        })
    }

    #[pyo3(signature = (name, suite, release=None))]
    fn ensure_suite_run(
        &self,
        py: Python<'_>,
        name: String,
        suite: i64,
        release: Option<i64>,
    ) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let (suite, release) = (SuiteId::new(suite), release.map(ReleaseId::new));
            let ensured = client.suite_runs().ensure(&name, suite, release).await?;
            Ok(ensured.entity)
        })
    }

    fn suite_run_url(&self, py: Python<'_>, id: i64) -> PyResult<Option<String>> {
        Ok(self.get(py)?.suite_runs().url(SuiteRunId::new(id)))
    }

    fn get_run(&self, py: Python<'_>, id: i64) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let unknown = match client.runs().get(RunId::new(id)).await {
                Err(error @ ClientError::UnknownId { .. }) => error,
                found => return found,
            };
            // The runs of features are elsewhere.
            let (features, select) = client.runs().features();
            match features.select(select).get(id).await {
                Ok(feature) => feature.into_typed().map_err(|_| unknown),
                Err(error) if error.is_not_found() && !error.is_retryable() => Err(unknown),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// The runs of a suite run by ID, also those of features, without the first `skip`; the suite run has to exist if `is_checked`.
    #[pyo3(signature = (suite_run, skip=0, is_checked=false))]
    fn list_runs(
        &self,
        py: Python<'_>,
        suite_run: i64,
        skip: u64,
        is_checked: bool,
    ) -> PyResult<Task> {
        self.entity(py, move |client| async move {
            let id = SuiteRunId::new(suite_run);
            let found = client.runs().of(id).skip(skip).all_with_features().await?;
            if missed(&found, Some(suite_run).filter(|_| is_checked)).is_some() {
                client.suite_runs().get(id).await?;
            }
            Ok(found)
        })
    }

    fn link(&self, py: Python<'_>, story: i64, runs: Vec<i64>) -> PyResult<Task> {
        let client = self.get(py)?;
        Ok(Task::json(async move {
            let runs: Vec<RunId> = runs.into_iter().map(RunId::new).collect();
            let outcome = client.links().link(WorkItemId::new(story), &runs).await?;
            Ok(link_outcome(&outcome))
        }))
    }

    fn unlink(&self, py: Python<'_>, story: i64, runs: Vec<i64>) -> PyResult<Task> {
        let client = self.get(py)?;
        Ok(Task::json(async move {
            let runs: Vec<RunId> = runs.into_iter().map(RunId::new).collect();
            let outcome = client.links().unlink(WorkItemId::new(story), &runs).await?;
            Ok(link_outcome(&outcome))
        }))
    }

    /// The backlog items of Jira keys: key → items.
    fn resolve_jira(&self, py: Python<'_>, keys: Vec<String>) -> PyResult<Task> {
        let client = self.get(py)?;
        Ok(Task::json(async move {
            let resolution = client.jira().resolve(&keys).await?;
            let found = resolution
                .found
                .into_iter()
                .map(|(key, item)| (key, vec![item]));
            let missing = resolution.missing.into_iter().map(|key| (key, Vec::new()));
            let items = found.chain(missing).chain(resolution.ambiguous);
            Ok(items.map(|(key, items)| (key, items.to_json())).collect())
        }))
    }

    /// The field that holds Jira keys.
    fn jira_field(&self, py: Python<'_>) -> PyResult<Task> {
        let client = self.get(py)?;
        Ok(Task::json(async move {
            Ok(client.jira().field().await?.into())
        }))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (url, space, workspace) = self.address(py)?;
        Ok(format!(
            "<octane_client._core.Client {url} {space}/{workspace}>"
        ))
    }
}

/// The owner of what was listed, if nothing was found: it may not exist, which a list does not say.
fn missed<T>(found: &[T], owner: Option<i64>) -> Option<i64> {
    owner.filter(|_| found.is_empty())
}

fn below(parent: Option<i64>, name: Option<String>) -> Parent {
    match (parent, name) {
        (Some(id), _) => Parent::Id(ModuleId::new(id)),
        (None, Some(name)) => Parent::Named(name),
        (None, None) => Parent::Any,
    }
}
