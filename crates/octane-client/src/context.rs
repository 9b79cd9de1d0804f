//! What every stage of a delivery needs.

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::event::Event;
use crate::journal::Journal;
use crate::plan::Manifest;
use crate::settings::UploadSettings;
use crate::target::Target;

/// What every stage of a delivery needs.
pub(crate) struct Context<'a> {
    pub(crate) client: &'a Client,
    pub(crate) journal: &'a Journal,
    pub(crate) manifest: &'a Manifest,
    pub(crate) target: &'a Target,
    pub(crate) settings: &'a UploadSettings,
    pub(crate) cancellation: &'a CancellationToken,
    pub(crate) on_event: &'a (dyn Fn(&Event) + Send + Sync),
}
