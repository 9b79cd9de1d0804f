//! What a relay has to know about the server.

use std::time::Duration;

use octane_client::{Client, UploadSettings, UploadSummary};

use crate::workspaces::Workspaces;

/// Where uploads are delivered to, and how.
pub trait Deliveries: Send + Sync + 'static {
    /// The workspaces that are delivered to; uploads to others are left to other relays.
    fn workspaces(&self) -> &Workspaces;

    /// The client of the workspace that the upload goes to, and the settings that apply to what is not stored with it.
    fn of(&self, upload: &UploadSummary) -> (Client, UploadSettings);

    /// How long a shard awaits the others, before its suite run is completed without those that are missing. Default: for as long as it
    /// takes.
    fn shard_timeout(&self, upload: &UploadSummary) -> Option<Duration> {
        let _ = upload;
        None
    }
}
