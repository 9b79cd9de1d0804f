//! The client of one workspace.

use std::path::PathBuf;
use std::sync::Arc;

use octane_rest::Endpoint;
use tokio::sync::OnceCell;

use crate::link_field::LinkField;

/// Access to one Octane workspace: test results, and the stories they cover.
///
/// A client is a cheap handle: clones share the session, the rate limit and what metadata said.
/// Each kind of entity has an accessor: [`modules`](Self::modules), [`suites`](Self::suites),
/// [`suite_runs`](Self::suite_runs), [`runs`](Self::runs), [`links`](Self::links),
/// [`jira`](Self::jira) and [`releases`](Self::releases); [`upload`](Self::upload) does the main job.
#[derive(Clone)]
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) settings: Arc<ClientSettings>,
    pub(crate) link_field: Arc<OnceCell<LinkField>>,
    pub(crate) jira_field: Arc<OnceCell<String>>,
}

/// What differs between workspaces and is otherwise discovered from their metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ClientSettings {
    /// The user-defined field that holds Jira keys, for example `jira_key_udf`. Default: the only
    /// user-defined string field of stories whose name contains `jira`.
    pub jira_field: Option<String>,
    /// The multi-reference field that links a run or a test to backlog items. Default: `covered_content`.
    pub link_field: Option<String>,
    /// The folder of a sandbox that runs in this process. Uploads into it belong to that folder and not to a URL,
    /// because it has another port whenever it is started. Default: none, the endpoint leads to a server.
    pub sandbox: Option<PathBuf>,
}

impl ClientSettings {
    /// Sets the field that holds Jira keys.
    pub fn jira_field(mut self, field: impl Into<String>) -> Self {
        self.jira_field = Some(field.into());
        self
    }

    /// Sets the field that links runs or tests to backlog items.
    pub fn link_field(mut self, field: impl Into<String>) -> Self {
        self.link_field = Some(field.into());
        self
    }

    /// Says that the endpoint leads to a sandbox in this process, with its data in this folder.
    pub fn sandbox(mut self, folder: impl Into<PathBuf>) -> Self {
        self.sandbox = Some(folder.into());
        self
    }
}

impl Client {
    /// A client of the workspace that `endpoint` is connected to.
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_settings(endpoint, ClientSettings::default())
    }

    /// A client with explicit fields.
    pub fn with_settings(endpoint: Endpoint, settings: ClientSettings) -> Self {
        Self {
            endpoint,
            settings: Arc::new(settings),
            link_field: Arc::default(),
            jira_field: Arc::default(),
        }
    }

    /// The underlying endpoint, for everything this client has no method for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
