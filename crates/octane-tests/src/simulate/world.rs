//! The server of a case: a copy of a template that was filled once.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use octane_client::{Client, ModuleChoice, SuiteChoice, Target, TargetSpec};
use octane_model::{ModuleId, SuiteId, WorkItemId};
use octane_rest::{ApiKey, Endpoint, RequestFinished, Transport};
use octane_sandbox::{Sandbox, Settings, Storage};
use serde_json::Value;
use tempfile::TempDir;

use super::case::{Case, CaseTarget, RunFaults};
use super::faulty_transport::FaultyTransport;
use super::payload;
use super::results::{AMBIGUOUS_KEY, KEYS, UNKNOWN_KEY};
use super::shared_network::{Order, SharedNetwork};
use super::simulated_process::SimulatedProcess;
use super::trace::Trace;

/// The secret that must never show anywhere, and the form that it has in `Authorization: Basic`.
pub(super) const SECRET: &str = "hush-hush-0d6f";
const BASIC: &str = "c2ltdWxhdGlvbjpodXNoLWh1c2gtMGQ2Zg==";
const CLIENT_ID: &str = "simulation";
pub(super) const URL: &str = "http://octane.invalid";
const SUITE_RUN: &str = "nightly-1";
/// The suite that uploaders create.
pub(super) const NEW_SUITE: &str = "Crowd";

/// A folder with the data that every server starts with.
#[derive(Debug)]
pub(super) struct Template {
    folder: TempDir,
    target: Target,
    stories: BTreeMap<String, WorkItemId>,
}

impl Template {
    /// Creates the folder where files are fastest, and the data.
    pub(super) async fn new() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("octane-simulate-");
        // In memory where the system has such a place: the files of a case are short-lived.
        let folder = builder
            .tempdir_in("/dev/shm")
            .or_else(|_| builder.tempdir())?;
        let settings = settings(Settings::default(), folder.path().join("template.sqlite"));
        let sandbox = Sandbox::open(settings).map_err(io::Error::other)?;
        let network = SharedNetwork::new(sandbox, Trace::new(), 0, Order::Matters);
        let transport = reliable_transport(&network);
        let client = client(octane_rest::EndpointSettings::default(), transport, |_| {});
        let module = client.modules().ensure("Shop").await;
        let module: ModuleId = module.map_err(io::Error::other)?.entity.id;
        let suite = client.suites().create("Simulated", None).await;
        let suite: SuiteId = suite.map_err(io::Error::other)?.id;
        let keys = KEYS.iter().chain([&UNKNOWN_KEY, &AMBIGUOUS_KEY]);
        let resolution = client.jira().resolve(keys).await;
        let found = resolution.map_err(io::Error::other)?.found;
        Ok(Self {
            folder,
            target: Target::new(suite, SUITE_RUN).module(module),
            stories: found
                .into_iter()
                .map(|(key, item)| (key, item.id))
                .collect(),
        })
    }

    /// The server of a case, with files of its own.
    pub(super) fn world(&self, case: &Case, trace: &Trace) -> io::Result<World> {
        let folder = tempfile::Builder::new().tempdir_in(self.folder.path())?;
        let file = folder.path().join("server.sqlite");
        std::fs::copy(self.folder.path().join("template.sqlite"), &file)?;
        let settings = settings(case.server.clone(), file);
        let sandbox = Sandbox::open(settings).map_err(io::Error::other)?;
        Ok(World {
            network: SharedNetwork::new(sandbox, trace.clone(), case.network_seed, case.order()),
            folder,
            target: self.target.clone(),
            reading: tokio::sync::Mutex::default(),
            stories: self.stories.clone(),
        })
    }
}

fn settings(mut settings: Settings, file: PathBuf) -> Settings {
    settings.access.basic = true;
    settings
        .storage(Storage::File(file))
        .api_key(CLIENT_ID, SECRET)
}

/// A client that uses `transport`.
pub(super) fn client(
    settings: octane_rest::EndpointSettings,
    transport: impl Transport,
    on_request_finished: impl Fn(&RequestFinished) + Send + Sync + 'static,
) -> Client {
    let endpoint = endpoint(settings, transport);
    let endpoint = endpoint.on_request_finished(on_request_finished).build();
    Client::new(endpoint.expect("the settings of a case are valid"))
}

/// What it is connected to.
pub(super) fn endpoint(
    settings: octane_rest::EndpointSettings,
    transport: impl Transport,
) -> octane_rest::Builder {
    Endpoint::builder(URL)
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new(CLIENT_ID, SECRET))
        .settings(settings)
        .transport(transport)
}

fn reliable_transport(network: &Arc<SharedNetwork>) -> Arc<FaultyTransport> {
    let process = Arc::new(SimulatedProcess::new(None));
    FaultyTransport::new(network, &process, &RunFaults::default())
}

/// A module and a suite that are created where they are missing.
pub(super) fn spec(target: CaseTarget) -> TargetSpec {
    let (suite, module) = match target {
        CaseTarget::Own(number) => (format!("Own {number}"), format!("Crowd/Own {number}")),
        CaseTarget::Given | CaseTarget::New => (NEW_SUITE.to_owned(), "Crowd/New".to_owned()),
    };
    TargetSpec::new(SuiteChoice::Named(suite), SUITE_RUN)
        .module(ModuleChoice::Path(module))
        .create_missing(true)
}

/// The server of a case, and what is known about it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) network: Arc<SharedNetwork>,
    folder: TempDir,
    pub(super) target: Target,
    /// Held while the content is read.
    pub(super) reading: tokio::sync::Mutex<()>,
    /// The story of each key that has one.
    pub(super) stories: BTreeMap<String, WorkItemId>,
}

impl World {
    /// Where everything of the case is stored.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn spool_folder(&self) -> PathBuf {
        self.folder.path().join("uploads")
    }

    /// A transport without faults.
    pub(super) fn reliable_transport(&self) -> Arc<FaultyTransport> {
        reliable_transport(&self.network)
    }

    /// The entities of a collection, read without the client; `None` if the server answers that there are too
    /// many requests.
    pub(super) async fn list(&self, collection: &str, fields: &str) -> Option<Vec<Value>> {
        let request = Request::get(format!(
            "{URL}/api/shared_spaces/1001/workspaces/1002/{collection}?fields={fields}&limit=10000"
        ))
        .header("authorization", format!("Basic {BASIC}"))
        .body(Bytes::new())
        .expect("the request is valid");
        let response = self.network.call(request).await;
        if response.status() == 429 {
            return None;
        }
        let mut page: Value =
            serde_json::from_slice(response.body()).expect("the sandbox answers JSON");
        match page["data"].take() {
            Value::Array(entities) => Some(entities),
            _ => panic!("`{collection}` cannot be listed: {page}"),
        }
    }

    /// The same, however often the server has to be asked.
    pub(super) async fn entities(&self, collection: &str, fields: &str) -> Vec<Value> {
        loop {
            if let Some(entities) = self.list(collection, fields).await {
                return entities;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    /// What must not show anywhere.
    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.network.cookies();
        secrets.extend([SECRET.to_owned(), BASIC.to_owned()]);
        secrets
    }

    /// The bytes of all files of the client.
    pub(super) fn files(&self) -> Vec<Vec<u8>> {
        let entries = std::fs::read_dir(self.spool_folder());
        let paths = entries.into_iter().flatten().flatten();
        paths
            .filter_map(|entry| std::fs::read(entry.path()).ok())
            .collect()
    }
}

/// Whether `secret` appears in `bytes`.
pub(super) fn contains(bytes: &[u8], secret: &str) -> bool {
    payload::contains(bytes, secret)
}
