//! What every stage of a delivery needs.

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::common_links::CommonLinks;
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
    /// What it shares with other shards, if it is merged with them.
    pub(crate) common_links: Option<&'a CommonLinks>,
    pub(crate) on_event: &'a (dyn Fn(&Event) + Send + Sync),
}
