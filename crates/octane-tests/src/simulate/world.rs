//! The server of a case: a copy of one that was filled once.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use octane_client::{Client, Target};
use octane_model::{ModuleId, SuiteId, WorkItemId};
use octane_rest::{ApiKey, Endpoint, Finished, Transport};
use octane_sandbox::{Sandbox, Settings, Storage};
use serde_json::Value;
use tempfile::TempDir;

use super::case::{AMBIGUOUS_KEY, Case, KEYS, Troubles, UNKNOWN_KEY};
use super::death::Mortal;
use super::line::Line;
use super::story::Story;
use super::wire::{Order, Wire};

/// What nobody may ever read anywhere, and the same as `Authorization: Basic` has it.
pub(super) const SECRET: &str = "hush-hush-0d6f";
const BASIC: &str = "c2ltdWxhdGlvbjpodXNoLWh1c2gtMGQ2Zg==";
const CLIENT_ID: &str = "simulation";
const URL: &str = "http://octane.invalid";
const SUITE_RUN: &str = "nightly-1";

/// A folder with the data that every server begins with.
#[derive(Debug)]
pub(super) struct Template {
    folder: TempDir,
    target: Target,
    stories: BTreeMap<String, WorkItemId>,
}

impl Template {
    /// Makes the folder where files are quickest, and the data.
    pub(super) async fn new() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("octane-simulate-");
        // In memory, where the system has such a place; the files of a case live for a moment.
        let folder = builder
            .tempdir_in("/dev/shm")
            .or_else(|_| builder.tempdir())?;
        let settings = settings(Settings::default(), folder.path().join("template.sqlite"));
        let sandbox = Sandbox::open(settings).map_err(io::Error::other)?;
        let wire = Wire::new(sandbox, Story::new(), 0, Order::Matters);
        let line = Line::new(&wire, &Arc::new(Mortal::new(None)), &Troubles::default());
        let client = client(octane_rest::Settings::default(), line, |_| {});
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
    pub(super) fn world(&self, case: &Case, story: &Story) -> io::Result<World> {
        let folder = tempfile::Builder::new().tempdir_in(self.folder.path())?;
        let file = folder.path().join("server.sqlite");
        std::fs::copy(self.folder.path().join("template.sqlite"), &file)?;
        let settings = settings(case.server.clone(), file);
        let sandbox = Sandbox::open(settings).map_err(io::Error::other)?;
        Ok(World {
            wire: Wire::new(sandbox, story.clone(), case.chance, case.order()),
            folder,
            target: self.target.clone(),
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

/// A client that speaks over `line`.
pub(super) fn client(
    settings: octane_rest::Settings,
    line: impl Transport,
    on_finished: impl Fn(&Finished) + Send + Sync + 'static,
) -> Client {
    let endpoint = Endpoint::builder(URL)
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new(CLIENT_ID, SECRET))
        .settings(settings)
        .transport(line)
        .on_finished(on_finished)
        .build();
    Client::new(endpoint.expect("the settings of a case are sound"))
}

/// The server of a case, and what is known about it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) wire: Arc<Wire>,
    folder: TempDir,
    pub(super) target: Target,
    /// The story of each key that has one.
    pub(super) stories: BTreeMap<String, WorkItemId>,
}

impl World {
    pub(super) fn spool_folder(&self) -> PathBuf {
        self.folder.path().join("uploads")
    }

    /// A line without trouble.
    pub(super) fn calm_line(&self) -> Arc<Line> {
        Line::new(
            &self.wire,
            &Arc::new(Mortal::new(None)),
            &Troubles::default(),
        )
    }

    /// The entities of a collection, asked for beside the client; none if the server says that this is one
    /// request too many.
    pub(super) async fn list(&self, collection: &str, fields: &str) -> Option<Vec<Value>> {
        let request = Request::get(format!(
            "{URL}/api/shared_spaces/1001/workspaces/1002/{collection}?fields={fields}&limit=10000"
        ))
        .header("authorization", format!("Basic {BASIC}"))
        .body(Bytes::new())
        .expect("the request is sound");
        let answer = self.wire.ask(request).await;
        if answer.status() == 429 {
            return None;
        }
        let mut page: Value =
            serde_json::from_slice(answer.body()).expect("the sandbox answers JSON");
        match page["data"].take() {
            Value::Array(entities) => Some(entities),
            _ => panic!("`{collection}` cannot be listed: {page}"),
        }
    }

    /// What must not be read anywhere.
    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.wire.cookies();
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

/// Whether `secret` stands in `bytes`.
pub(super) fn stands_in(bytes: &[u8], secret: &str) -> bool {
    super::payload::holds(bytes, secret)
}
