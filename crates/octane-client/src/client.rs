//! The client of one workspace.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use octane_rest::Endpoint;
use tokio::sync::OnceCell;

use crate::ambiguous_name::{AmbiguousName, OnAmbiguous};
use crate::creation_lock::CreationLock;
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
    /// The same for runs of features.
    pub(crate) feature_link_field: Arc<OnceCell<LinkField>>,
    pub(crate) jira_field: Arc<OnceCell<String>>,
    pub(crate) on_ambiguous_name: Arc<dyn Fn(&AmbiguousName) + Send + Sync>,
    pub(crate) creation_lock: Option<Arc<dyn CreationLock>>,
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
    /// What to do if several modules or suites have the name that is looked for.
    pub on_ambiguous: OnAmbiguous,
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

    /// Sets what to do if several modules or suites have the name that is looked for.
    pub fn on_ambiguous(mut self, policy: OnAmbiguous) -> Self {
        self.on_ambiguous = policy;
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
            feature_link_field: Arc::default(),
            jira_field: Arc::default(),
            on_ambiguous_name: Arc::new(|_| {}),
            creation_lock: None,
        }
    }

    /// Calls `report` for each name of which `find` has used the oldest entity. Uploads report theirs as a problem of the
    /// code `ambiguous_name`.
    #[must_use]
    pub fn on_ambiguous_name(
        mut self,
        report: impl Fn(&AmbiguousName) + Send + Sync + 'static,
    ) -> Self {
        self.on_ambiguous_name = Arc::new(report);
        self
    }

    /// Creates modules and suites of uploads only while it has this lock.
    #[must_use]
    pub fn creation_lock(mut self, lock: impl CreationLock) -> Self {
        self.creation_lock = Some(Arc::new(lock));
        self
    }

    /// The data folder of the sandbox that this client is connected to, if it runs in this process.
    pub fn sandbox(&self) -> Option<&Path> {
        self.settings.sandbox.as_deref()
    }

    /// The underlying endpoint, for everything this client has no method for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
