//! How a relay works.

use std::path::PathBuf;
use std::time::Duration;

use crate::audit::{Actor, Audit, AuditEntry};

/// How a relay works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerSettings {
    /// The name that distinguishes this relay from others, for people.
    pub holder: String,
    /// Where journals are while they are worked on.
    pub folder: PathBuf,
    /// How long a lane belongs to a relay that does not say that it lives. Default: 10 s.
    pub lease_time: Duration,
    /// How often a relay that has nothing to do looks for something. Default: 1 s.
    pub poll_interval: Duration,
    /// How often the store learns how far a journal is. Default: 5 s.
    pub checkpoint_interval: Duration,
    /// How many lanes are worked on at the same time; as many again if other relays have left lanes that they had begun. Default: 16.
    pub lanes_max: usize,
    /// Learns what is leased and how attempts end. Default: none.
    pub audit: Audit,
}

impl WorkerSettings {
    /// The settings of a relay with this name, which has journals below this folder while it works on them.
    pub fn new(holder: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self {
            holder: holder.into(),
            folder: folder.into(),
            lease_time: Duration::from_secs(10),
            poll_interval: Duration::from_secs(1),
            checkpoint_interval: Duration::from_secs(5),
            lanes_max: 16,
            audit: Audit::default(),
        }
    }

    /// An entry of the audit log about what this relay does.
    pub(crate) fn entry(&self) -> AuditEntry {
        AuditEntry::by(Actor::Relay(self.holder.clone()))
    }
}
