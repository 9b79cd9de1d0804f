//! The client: one endpoint, and the jobs that can be done with it.

use std::sync::Arc;

use octane_rest::Endpoint;
use tokio::sync::OnceCell;

use crate::jira::Jira;
use crate::links::{LinkField, Links};
use crate::modules::Modules;
use crate::releases::Releases;
use crate::runs::Runs;
use crate::suite_runs::SuiteRuns;
use crate::suites::Suites;

/// Everything that results and stories need of an Octane workspace.
///
/// A client is a cheap handle: clones share the session, the pace and what was learned from metadata.
/// Each noun has a door of its own: [`modules`](Self::modules), [`suites`](Self::suites),
/// [`suite_runs`](Self::suite_runs), [`runs`](Self::runs), [`links`](Self::links),
/// [`jira`](Self::jira) and [`releases`](Self::releases); [`upload`](Self::upload) is the main job.
#[derive(Clone)]
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) settings: Arc<ClientSettings>,
    pub(crate) link_field: Arc<OnceCell<LinkField>>,
    pub(crate) jira_field: Arc<OnceCell<String>>,
}

/// What differs between workspaces and is otherwise asked of their metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ClientSettings {
    /// The user-defined field that holds Jira keys, for example `jira_key_udf`. Absent: the only
    /// user-defined string field of stories whose name contains `jira`.
    pub jira_field: Option<String>,
    /// The multi-reference field that ties a run or a test to backlog items. Absent: `covered_content`.
    pub link_field: Option<String>,
}

impl ClientSettings {
    /// Pins the field that holds Jira keys.
    pub fn jira_field(mut self, field: impl Into<String>) -> Self {
        self.jira_field = Some(field.into());
        self
    }

    /// Pins the field that ties runs or tests to backlog items.
    pub fn link_field(mut self, field: impl Into<String>) -> Self {
        self.link_field = Some(field.into());
        self
    }
}

impl Client {
    /// A client of the workspace that `endpoint` speaks to.
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_settings(endpoint, ClientSettings::default())
    }

    /// A client with pinned fields.
    pub fn with_settings(endpoint: Endpoint, settings: ClientSettings) -> Self {
        Self {
            endpoint,
            settings: Arc::new(settings),
            link_field: Arc::default(),
            jira_field: Arc::default(),
        }
    }

    /// The endpoint beneath, for everything that has no door here.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Application modules.
    pub fn modules(&self) -> Modules<'_> {
        Modules { client: self }
    }

    /// Test suites.
    pub fn suites(&self) -> Suites<'_> {
        Suites { client: self }
    }

    /// Suite runs.
    pub fn suite_runs(&self) -> SuiteRuns<'_> {
        SuiteRuns { client: self }
    }

    /// Automated runs.
    pub fn runs(&self) -> Runs<'_> {
        Runs { client: self }
    }

    /// Links between runs and stories.
    pub fn links(&self) -> Links<'_> {
        Links { client: self }
    }

    /// Jira keys.
    pub fn jira(&self) -> Jira<'_> {
        Jira { client: self }
    }

    /// Releases.
    pub fn releases(&self) -> Releases<'_> {
        Releases { client: self }
    }
}
