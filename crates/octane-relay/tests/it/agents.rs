//! Agents that hand uploads over, and a sandbox to deliver them to.

use std::sync::Arc;
use std::time::Duration;

use octane_client::{
    CancellationToken, Client, Shard, Spool, Status as TestStatus, SuiteChoice, TargetSpec,
    TestRun, UploadId, UploadSettings, UploadSummary,
};
use octane_model::Workspace;
use octane_relay::{
    Deliveries, Lane, NewUpload, Put, Rate, SqliteStore, State, Store, StorePace, Worker,
    WorkerSettings, Workspaces, system_clock,
};
use octane_rest::{ApiKey, Endpoint};
use octane_sandbox::{Running, Sandbox, Settings};
use sha2::{Digest, Sha256};

/// A sandbox, a store, and the folders of agents and relays.
pub(crate) struct World {
    pub(crate) sandbox: Running,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) folder: tempfile::TempDir,
    /// How long the relays let shards await others.
    pub(crate) shard_timeout: Option<Duration>,
    /// The shard whose agent wants all of its Jira keys to be linked.
    pub(crate) strict_shard: Option<u32>,
    rate: u32,
}

/// Delivers to the sandbox.
struct ToSandbox {
    workspaces: Workspaces,
    client: Client,
    shard_timeout: Option<Duration>,
    strict_shard: Option<u32>,
}

impl Deliveries for ToSandbox {
    fn workspaces(&self) -> &Workspaces {
        &self.workspaces
    }

    fn of(&self, upload: &UploadSummary) -> (Client, UploadSettings) {
        let mut settings = UploadSettings::default();
        let shard = upload.shard.map(Shard::index);
        settings.require_all_jira_keys = shard.is_some() && shard == self.strict_shard;
        (self.client.clone(), settings)
    }

    fn shard_timeout(&self, _: &UploadSummary) -> Option<Duration> {
        self.shard_timeout
    }
}

impl World {
    pub(crate) async fn new(rate: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("relay.db"), system_clock()).unwrap();
        Self::over(Arc::new(store), folder, rate).await
    }

    pub(crate) async fn over(store: Arc<dyn Store>, folder: tempfile::TempDir, rate: u32) -> Self {
        Self {
            sandbox: Sandbox::start_with(Settings::default()).await.unwrap(),
            store,
            folder,
            shard_timeout: None,
            strict_shard: None,
            rate,
        }
    }

    pub(crate) fn endpoint(&self) -> octane_rest::Builder {
        let settings = Settings::default();
        Endpoint::builder(self.sandbox.url())
            .space(settings.space)
            .workspace(settings.workspace)
    }

    /// The workspace of the sandbox.
    pub(crate) fn workspaces(&self) -> Workspaces {
        let endpoint = self.endpoint().build().unwrap();
        Workspaces::new(endpoint.address().clone(), endpoint.workspace())
    }

    /// The lane of a suite run of the suite of all uploads.
    pub(crate) fn lane(&self, suite_run: &str) -> Lane {
        let workspaces = self.workspaces();
        let Workspace { space, workspace } = workspaces.first();
        let server = workspaces.server().base().to_string();
        Lane::new(server, space.get(), workspace.get(), "Nightly", suite_run)
    }

    /// Plans an upload as an agent does, without credentials: its journal as it is handed over, and what it is.
    pub(crate) fn plan(
        &self,
        suite_run: &str,
        results: &[TestRun],
        shard: Option<Shard>,
    ) -> (Vec<u8>, UploadSummary) {
        self.plan_in(self.workspaces().first(), suite_run, results, shard)
    }

    /// The same for any workspace.
    pub(crate) fn plan_in(
        &self,
        workspace: Workspace,
        suite_run: &str,
        results: &[TestRun],
        shard: Option<Shard>,
    ) -> (Vec<u8>, UploadSummary) {
        let endpoint = self.endpoint().build().unwrap();
        let client = Client::new(endpoint.in_workspace(workspace));
        let spool = Spool::at(self.folder.path().join("agent"));
        let spec =
            TargetSpec::new(SuiteChoice::Named("Nightly".into()), suite_run).create_missing(true);
        let mut settings = UploadSettings::default();
        settings.shard = shard;
        settings.batch_limits.runs_max = 10;
        let id = UploadId::new();
        let prepared = client.prepare(results.to_vec(), &spec, &settings, &spool, id.clone());
        drop(prepared.unwrap());
        let file = self.folder.path().join(format!("{id}.bundle"));
        spool.export(&id, &file).unwrap();
        (std::fs::read(&file).unwrap(), spool.summary(&id).unwrap())
    }

    /// Plans an upload, and puts it into the store.
    pub(crate) async fn hand_over(
        &self,
        suite_run: &str,
        results: &[TestRun],
        shard: Option<Shard>,
    ) -> UploadId {
        let workspace = self.workspaces().first();
        self.hand_over_in(workspace, suite_run, results, shard)
            .await
    }

    /// The same for any workspace.
    pub(crate) async fn hand_over_in(
        &self,
        workspace: Workspace,
        suite_run: &str,
        results: &[TestRun],
        shard: Option<Shard>,
    ) -> UploadId {
        let (journal, summary) = self.plan_in(workspace, suite_run, results, shard);
        let id = summary.id.clone();
        let digest = Sha256::digest(&journal);
        let upload = NewUpload {
            id: id.clone(),
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            project: "shop".to_owned(),
            lane: Lane::of(&summary).unwrap(),
            shard,
            results: results.len() as u64,
            is_compared: false,
            journal,
        };
        assert_eq!(self.store.put(upload, 1000).await.unwrap(), Put::Stored);
        id
    }

    /// A relay over the store.
    pub(crate) fn relay(&self, name: &str) -> Worker {
        self.relay_of(name, self.workspaces())
    }

    /// A relay over the store that is to deliver to these workspaces; it knows only the way to that of the sandbox.
    pub(crate) fn relay_of(&self, name: &str, workspaces: Workspaces) -> Worker {
        let mut settings = WorkerSettings::new(name, self.folder.path().join(name));
        settings.lease_time = Duration::from_secs(2);
        settings.poll_interval = Duration::from_millis(20);
        settings.checkpoint_interval = Duration::from_millis(100);
        let (id, secret) = (self.sandbox.client_id(), self.sandbox.client_secret());
        let pace = StorePace::new(
            Arc::clone(&self.store),
            self.sandbox.url(),
            Rate::per_second(self.rate),
        );
        let endpoint = self
            .endpoint()
            .credentials(ApiKey::new(id, secret))
            .shared_pace(pace)
            .build()
            .unwrap();
        Worker::new(
            Arc::clone(&self.store),
            ToSandbox {
                workspaces,
                client: Client::new(endpoint),
                shard_timeout: self.shard_timeout,
                strict_shard: self.strict_shard,
            },
            settings,
        )
    }

    /// Lets a relay work until these uploads have ended, and returns how.
    pub(crate) async fn until_ended(&self, relay: &Worker, ids: &[UploadId]) -> Vec<State> {
        self.until_ended_by(std::slice::from_ref(relay), ids).await
    }

    /// Lets several relays work at once until these uploads have ended, and returns how.
    pub(crate) async fn until_ended_by(&self, relays: &[Worker], ids: &[UploadId]) -> Vec<State> {
        let stop = CancellationToken::new();
        let working = futures_util::future::join_all(relays.iter().map(|relay| relay.run(&stop)));
        let (states, _) = tokio::join!(
            async {
                let states = self.ended(ids).await;
                stop.cancel();
                states
            },
            working
        );
        states
    }

    /// Lets a relay work until all of these uploads are in this state.
    pub(crate) async fn until(&self, relay: &Worker, ids: &[UploadId], state: State) -> Vec<State> {
        let reached = async {
            loop {
                let states = self.states(ids).await;
                if states.iter().all(|found| *found == state) {
                    break states;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        self.while_running(relay, reached).await
    }

    /// Lets a relay work until `done` is, and stops it then.
    pub(crate) async fn while_running<T>(
        &self,
        relay: &Worker,
        done: impl Future<Output = T>,
    ) -> T {
        let stop = CancellationToken::new();
        let done = async {
            let done = done.await;
            stop.cancel();
            done
        };
        tokio::join!(done, relay.run(&stop)).0
    }

    /// Waits until these uploads have ended. Several of them can end together while one after the other is read, so that they are read again
    /// once none is open.
    pub(crate) async fn ended(&self, ids: &[UploadId]) -> Vec<State> {
        while self.states(ids).await.iter().any(|state| state.is_open()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.states(ids).await
    }

    async fn states(&self, ids: &[UploadId]) -> Vec<State> {
        let mut states = Vec::new();
        for id in ids {
            states.push(self.store.status(id).await.unwrap().unwrap().state);
        }
        states
    }

    /// The report of an upload.
    pub(crate) async fn report(&self, id: &UploadId) -> octane_client::Report {
        let status = self.store.status(id).await.unwrap().unwrap();
        serde_json::from_str(&status.report.unwrap()).unwrap()
    }

    /// How many payloads the sandbox has received.
    pub(crate) fn payloads(&self) -> Vec<octane_sandbox::ReceivedRequest> {
        let mut requests = self.sandbox.sandbox().requests();
        requests
            .retain(|request| request.method == "POST" && request.path.contains("test-results"));
        requests
    }
}

/// Results of tests with these numbers, in this state.
pub(crate) fn results(numbers: std::ops::Range<u32>, status: TestStatus) -> Vec<TestRun> {
    numbers
        .map(|number| TestRun::new(format!("test {number}"), status).class("Shop"))
        .collect()
}

/// A workspace of the shared space of the sandbox.
pub(crate) fn workspace(number: i64) -> Workspace {
    Workspace {
        space: Settings::default().space,
        workspace: number.into(),
    }
}
