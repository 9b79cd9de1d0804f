//! A sandbox and a client for it.

use octane_client::Client;
use octane_model::{SharedSpaceId, WorkspaceId};
use octane_rest::{ApiKey, Endpoint};
use octane_sandbox::{Running, Sandbox, Settings};

/// A sandbox in memory on a free loopback port, and a client for it.
pub struct World {
    /// The sandbox.
    pub sandbox: Running,
    /// The client.
    pub client: Client,
}

impl World {
    /// A sandbox with default settings.
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// A sandbox with these settings.
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

/// An endpoint with a high rate limit: nothing else uses the sandbox.
fn endpoint(sandbox: &Running, (space, workspace): (SharedSpaceId, WorkspaceId)) -> Endpoint {
    let mut settings = octane_rest::EndpointSettings::default();
    settings.requests_per_second = Some(1000);
    Endpoint::builder(sandbox.url())
        .settings(settings)
        .space(space)
        .workspace(workspace)
        .credentials(ApiKey::new(sandbox.client_id(), sandbox.client_secret()))
        .build()
        .expect("the sandbox's URL is valid")
}
