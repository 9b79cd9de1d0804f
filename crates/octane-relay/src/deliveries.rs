//! What a relay has to be told about the server.

use octane_client::{Client, UploadSettings, UploadSummary};

/// Where uploads are delivered to, and how.
pub trait Deliveries: Send + Sync + 'static {
    /// The client of the workspace that the upload goes to, and the settings that apply to what is not stored with it.
    fn of(&self, upload: &UploadSummary) -> (Client, UploadSettings);
}
