//! What can be chosen about a sandbox.

use std::path::PathBuf;
use std::time::Duration;

use octane_model::{SharedSpaceId, WorkspaceId};

use crate::secret::ApiKey;

/// Where a sandbox keeps its data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Storage {
    /// In memory: gone with the sandbox.
    #[default]
    Memory,
    /// In this SQLite file, which is created where it is missing. Beside it lies a file with the ending
    /// `.lock`, by which a second sandbox notices the first.
    File(PathBuf),
}

/// What can be chosen about a sandbox.
///
/// ```
/// use std::time::Duration;
/// use octane_sandbox::{Settings, Storage};
///
/// let settings = Settings::default()
///     .storage(Storage::File("sandbox.sqlite".into()))
///     .api_key("ci", "hush")
///     .ingest_delay(Duration::from_millis(200));
/// assert_eq!(settings.workspace.get(), 1002);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Where the data lives; in memory by default.
    pub storage: Storage,
    /// The keys with which programs may sign in; by default one, `sandbox` with the secret
    /// `sandbox-secret`.
    pub api_keys: Vec<ApiKey>,
    /// The shared space; 1001 by default.
    pub space: SharedSpaceId,
    /// The workspace in it; 1002 by default.
    pub workspace: WorkspaceId,
    /// How many entities a list without `limit` holds; 200 by default. The product's own value is not
    /// published.
    pub limit_default: u64,
    /// The greatest `limit`; 20000 by default, as in the product.
    pub limit_max: u64,
    /// Whether automated runs have an editable field `covered_content`; true by default. Servers differ:
    /// where it is false, metadata does not list the field and writing it fails, so only tests can be
    /// linked to stories.
    pub run_backlog_field: bool,
    /// Whether payloads in the `evidence` dialect, which the official schema refuses, are accepted as
    /// well; false by default.
    pub accept_evidence: bool,
    /// The name of the user-defined text field of stories, features and defects that holds their Jira key;
    /// `jira_key_udf` by default. Lower-case letters, digits and `_`. An existing file gets the new field
    /// and keeps the old one unseen.
    pub jira_field: String,
    /// How long each payload stays in the state `running` before it is ingested; zero by default.
    pub ingest_delay: Duration,
    /// After how long without a request a session ends; 3 hours by default. The product's value is a
    /// setting of the site.
    pub session_idle: Duration,
    /// How long a session lives at most; 24 hours by default.
    pub session_absolute: Duration,
    /// How old a session cookie gets before an answer brings a new one; one minute by default.
    pub session_renewal: Duration,
    /// Whether a new database gets sample data: modules, suites, releases, and the backlog of a web shop
    /// whose stories carry Jira keys; true by default.
    pub seed_data: bool,
    /// The largest body of a request in bytes; 100 MB by default, as in the product.
    pub body_bytes_max: usize,
    /// The largest body after unpacking in bytes; 256 MB by default.
    pub inflated_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            storage: Storage::default(),
            api_keys: vec![ApiKey::new("sandbox", "sandbox-secret")],
            space: SharedSpaceId::new(1001),
            workspace: WorkspaceId::new(1002),
            limit_default: 200,
            limit_max: 20_000,
            run_backlog_field: true,
            accept_evidence: false,
            jira_field: "jira_key_udf".to_owned(),
            ingest_delay: Duration::ZERO,
            session_idle: Duration::from_secs(3 * 60 * 60),
            session_absolute: Duration::from_secs(24 * 60 * 60),
            session_renewal: Duration::from_secs(60),
            seed_data: true,
            body_bytes_max: 100_000_000,
            inflated_bytes_max: 256_000_000,
        }
    }
}

impl Settings {
    /// Sets where the data lives.
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Makes this the only API key; [`Settings::api_keys`] takes several.
    pub fn api_key(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.api_keys = vec![ApiKey::new(id, secret)];
        self
    }

    /// Sets the API keys.
    pub fn api_keys(mut self, keys: impl IntoIterator<Item = ApiKey>) -> Self {
        self.api_keys = keys.into_iter().collect();
        self
    }

    /// Sets the shared space and the workspace.
    pub fn space(mut self, space: SharedSpaceId, workspace: WorkspaceId) -> Self {
        self.space = space;
        self.workspace = workspace;
        self
    }

    /// Sets the default and the greatest number of entities of a list.
    pub fn limits(mut self, default: u64, max: u64) -> Self {
        self.limit_default = default;
        self.limit_max = max;
        self
    }

    /// Sets whether automated runs have an editable field `covered_content`.
    pub fn run_backlog_field(mut self, exists: bool) -> Self {
        self.run_backlog_field = exists;
        self
    }

    /// Sets whether payloads in the `evidence` dialect are accepted.
    pub fn accept_evidence(mut self, accept: bool) -> Self {
        self.accept_evidence = accept;
        self
    }

    /// Sets the name of the field with the Jira key.
    pub fn jira_field(mut self, name: impl Into<String>) -> Self {
        self.jira_field = name.into();
        self
    }

    /// Sets how long each payload stays `running`.
    pub fn ingest_delay(mut self, delay: Duration) -> Self {
        self.ingest_delay = delay;
        self
    }

    /// Sets how long a session lives without a request, and at most.
    pub fn session(mut self, idle: Duration, absolute: Duration) -> Self {
        self.session_idle = idle;
        self.session_absolute = absolute;
        self
    }

    /// Sets how old a session cookie gets before it is renewed.
    pub fn session_renewal(mut self, renewal: Duration) -> Self {
        self.session_renewal = renewal;
        self
    }

    /// Sets whether a new database gets sample data.
    pub fn seed_data(mut self, seed: bool) -> Self {
        self.seed_data = seed;
        self
    }

    /// Sets the largest body of a request, as it comes and unpacked, in bytes.
    pub fn body_limits(mut self, bytes_max: usize, inflated_bytes_max: usize) -> Self {
        self.body_bytes_max = bytes_max;
        self.inflated_bytes_max = inflated_bytes_max;
        self
    }

    /// What is wrong with the settings.
    pub(crate) fn mistake(&self) -> Option<String> {
        let is_name = self.jira_field.len() <= 64
            && self
                .jira_field
                .starts_with(|c: char| c.is_ascii_lowercase())
            && self
                .jira_field
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_name {
            let rule = "a field's name has at most 64 lower-case letters, digits and `_`";
            return Some(format!("`jira_field` is `{}`: {rule}", self.jira_field));
        }
        if self.limit_default == 0 || self.limit_default > self.limit_max {
            return Some(format!(
                "`limit_default` is {}, which does not lie between 1 and `limit_max` = {}",
                self.limit_default, self.limit_max
            ));
        }
        None
    }
}
