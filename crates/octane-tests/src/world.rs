//! A sandbox and a client that speaks to it.

use std::path::PathBuf;

use octane_client::Client;
use octane_model::{SharedSpaceId, WorkspaceId};
use octane_rest::{ApiKey, Endpoint};
use octane_sandbox::{Running, Sandbox, Settings};

/// A sandbox on a free port of the loopback, in memory, and a client that speaks to it.
pub struct World {
    /// The sandbox.
    pub sandbox: Running,
    /// The client.
    pub client: Client,
}

impl World {
    /// A sandbox as it comes.
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// A sandbox with settings of its own.
    pub async fn with(settings: Settings) -> Self {
        let place = (settings.space, settings.workspace);
        let sandbox = Sandbox::start_with(settings)
            .await
            .expect("the sandbox starts");
        let client = Client::new(endpoint(&sandbox, place));
        Self { sandbox, client }
    }

    /// How many entities a collection of the sandbox holds.
    pub async fn count(&self, collection: &str) -> u64 {
        let list = self.client.endpoint().collection(collection).list();
        list.all()
            .await
            .expect("the collection can be listed")
            .len() as u64
    }
}

/// An endpoint that does not dawdle: the sandbox is ours alone.
fn endpoint(sandbox: &Running, (space, workspace): (SharedSpaceId, WorkspaceId)) -> Endpoint {
    let settings = octane_rest::Settings {
        requests_per_second: 1000,
        ..octane_rest::Settings::default()
    };
    Endpoint::builder(sandbox.url())
        .settings(settings)
        .space(space)
        .workspace(workspace)
        .credentials(ApiKey::new(sandbox.client_id(), sandbox.client_secret()))
        .build()
        .expect("the sandbox's address is one")
}

/// The folder of reports and schemas that belong to others, if it is here.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn shared() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("OCTANE_SHARED")
        .map_or_else(|| root.join("../shared"), |path| root.join(path));
    let is_here = folder.join("test-results.xsd").exists();
    if !is_here {
        eprintln!(
            "SKIPPED: no reports of others at {} (set OCTANE_SHARED)",
            folder.display()
        );
    }
    is_here.then_some(folder)
}
