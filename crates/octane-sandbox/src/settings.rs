//! The settings of a sandbox.

mod access;
pub(crate) mod duration;
mod entities;
mod limits;
mod results;

use std::path::PathBuf;
use std::time::Duration;

use octane_model::{SharedSpaceId, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::fault::FaultPlan;
use crate::secret::SandboxApiKey;

pub(crate) use entities::field_name_problem;

pub use access::{AccessSettings, SignInWithCookies};
pub use entities::{
    BulkPosition, DefaultFields, EntitySettings, ListIds, OrderDefault, UserDefinedField,
    UserDefinedType,
};
pub use limits::{Limits, ThrottleStatus};
pub use results::{DuplicateStatus, OnUnknown, ResultSettings, SuiteRunWithoutId};

/// Where a sandbox stores its data.
///
/// In a settings file: `"memory"`, or the path of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Storage {
    /// In memory: lost when the sandbox ends.
    #[default]
    Memory,
    /// In this SQLite file, which is created if it does not exist. A file with the same name and the suffix
    /// `.lock` keeps a second sandbox from using it.
    File(PathBuf),
}

impl From<String> for Storage {
    fn from(text: String) -> Self {
        match text.as_str() {
            "memory" => Self::Memory,
            _ => Self::File(text.into()),
        }
    }
}

impl From<Storage> for String {
    fn from(storage: Storage) -> Self {
        match storage {
            Storage::Memory => "memory".to_owned(),
            Storage::File(path) => path.display().to_string(),
        }
    }
}

/// The settings of a sandbox.
///
/// Every behaviour of the product that public material leaves open is one of these settings. They can be
/// deserialized from any format that serde supports, such as a TOML file: names have hyphens, groups are
/// tables.
///
/// ```
/// use std::time::Duration;
/// use octane_sandbox::{Settings, Storage};
///
/// let mut settings = Settings::default()
///     .storage(Storage::File("sandbox.sqlite".into()))
///     .api_key("ci", "hush")
///     .ingest_delay(Duration::from_millis(200));
/// settings.results.queue_max = Some(4);
/// assert_eq!(settings.workspace.get(), 1002);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Settings {
    /// Where the data is stored; in memory by default.
    pub storage: Storage,
    /// The shared space; 1001 by default.
    pub space: SharedSpaceId,
    /// The workspace in it; 1002 by default.
    pub workspace: WorkspaceId,
    /// Whether a new database gets sample data: modules, suites, releases, and the backlog of a web shop
    /// whose stories have Jira keys; true by default.
    pub seed_data: bool,
    /// Who may sign in, how, and for how long.
    pub access: AccessSettings,
    /// How entities are presented and queried.
    pub entities: EntitySettings,
    /// How test results are accepted and ingested.
    pub results: ResultSettings,
    /// Size and rate limits for requests.
    pub limits: Limits,
    /// Random faults; none by default.
    pub faults: FaultPlan,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            storage: Storage::default(),
            space: SharedSpaceId::new(1001),
            workspace: WorkspaceId::new(1002),
            seed_data: true,
            access: AccessSettings::default(),
            entities: EntitySettings::default(),
            results: ResultSettings::default(),
            limits: Limits::default(),
            faults: FaultPlan::default(),
        }
    }
}

impl Settings {
    /// Sets where the data is stored.
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Makes this the only API key; use [`AccessSettings::api_keys`] for several.
    pub fn api_key(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.access.api_keys = vec![SandboxApiKey::new(id, secret)];
        self
    }

    /// Sets the shared space and the workspace.
    pub fn space(mut self, space: SharedSpaceId, workspace: WorkspaceId) -> Self {
        self.space = space;
        self.workspace = workspace;
        self
    }

    /// Sets the default and the maximum number of entities per page of a list.
    pub fn list_limits(mut self, default: u64, max: u64) -> Self {
        self.entities.limit_default = default;
        self.entities.limit_max = max;
        self
    }

    /// Sets whether automated runs have an editable field `covered_content`.
    pub fn run_backlog_field(mut self, exists: bool) -> Self {
        self.entities.run_backlog_field = exists;
        self
    }

    /// Sets whether payloads in the `evidence` dialect are accepted.
    pub fn accept_evidence(mut self, accept: bool) -> Self {
        self.results.accept_evidence = accept;
        self
    }

    /// Sets the name of the field with the Jira key.
    pub fn jira_field(mut self, name: impl Into<String>) -> Self {
        self.entities.jira_field = name.into();
        self
    }

    /// Sets how long each payload stays `running`.
    pub fn ingest_delay(mut self, delay: Duration) -> Self {
        self.results.ingest_delay = delay;
        self
    }

    /// Sets how long a session lives without a request, and its maximum lifetime.
    pub fn session(mut self, idle: Duration, absolute: Duration) -> Self {
        self.access.session_idle = idle;
        self.access.session_absolute = absolute;
        self
    }

    /// Sets the age at which a session cookie is renewed.
    pub fn session_renewal(mut self, renewal: Duration) -> Self {
        self.access.session_renewal = renewal;
        self
    }

    /// Sets whether a new database gets sample data.
    pub fn seed_data(mut self, seed: bool) -> Self {
        self.seed_data = seed;
        self
    }

    /// Sets the maximum body of a request, compressed and decompressed, in bytes.
    pub fn body_limits(mut self, bytes_max: usize, inflated_bytes_max: usize) -> Self {
        self.limits.body_bytes_max = bytes_max;
        self.limits.inflated_bytes_max = inflated_bytes_max;
        self
    }

    /// Sets the random faults.
    pub fn faults(mut self, plan: FaultPlan) -> Self {
        self.faults = plan;
        self
    }

    /// Fails with the first problem of the settings.
    pub(crate) fn check(&self) -> Result<(), String> {
        let problem = self
            .entities
            .problem()
            .or_else(|| self.limits.problem())
            .or_else(|| self.faults.problem());
        problem.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_can_be_read_and_an_unknown_name_is_reported() {
        let settings: Settings = serde_json::from_value(json!({
            "storage": "data/sandbox.sqlite",
            "workspace": 2002,
            "access": {
                "session-idle": "10m",
                "sign-in-with-cookies": "not-modified",
                "api-keys": [{ "id": "ci", "secret": "hush", "role": "team-member" }],
            },
            "entities": { "user-defined-fields": [{ "entity": "defect", "name": "level_udf", "type": "integer" }] },
            "results": { "duplicate-status": 200, "duplicate-memory": "1h", "unknown-test-field": "warn" },
            "limits": { "throttle-status": 503 },
            "faults": { "seed": 7, "plan": [{ "kind": "delay", "delay": "2s", "rate": 0.5 }] },
        }))
        .unwrap();
        assert_eq!(
            settings.storage,
            Storage::File("data/sandbox.sqlite".into())
        );
        assert_eq!(settings.access.session_idle, Duration::from_secs(600));
        assert_eq!(
            settings.results.duplicate_memory,
            Some(Duration::from_secs(3600))
        );
        assert_eq!(settings.limits.throttle_status, ThrottleStatus::Unavailable);
        assert_eq!(
            settings.entities.user_defined_fields,
            [UserDefinedField::new("defect", "level_udf").field_type(UserDefinedType::Integer)]
        );
        let written = serde_json::to_value(&settings).unwrap();
        assert_eq!(written["access"]["api-keys"][0]["secret"], "***");
        assert_eq!(written["faults"]["plan"][0]["delay"], "2s");
        let result =
            serde_json::from_value::<Settings>(json!({ "results": { "queue-maximum": 1 } }));
        assert!(result.unwrap_err().to_string().contains("`queue-maximum`"));
    }

    #[test]
    fn empty_settings_are_the_defaults() {
        let settings: Settings = serde_json::from_value(json!({})).unwrap();
        assert_eq!(settings, Settings::default());
    }
}
