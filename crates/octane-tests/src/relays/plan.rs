//! How large a run is, and what happens in it.

use std::path::PathBuf;
use std::time::Duration;

/// Why a run has failed.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How large a run is, and what happens in it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `octane`.
    pub program: PathBuf,
    /// How many uploads there are in all.
    pub uploads: usize,
    /// How many results an upload has.
    pub rows: usize,
    /// How many agents hand them over, each of them one after the other into a suite run of its own.
    pub agents: usize,
    /// How many relays there are.
    pub relays: usize,
    /// How many requests per second all relays together may start.
    pub rate: u32,
    /// How long an agent waits before each hand-over: up to this long, evenly distributed. Nothing: all at once.
    pub think_time_max: Duration,
    /// Whether the server makes mistakes.
    pub has_faults: bool,
    /// Whether relays and databases die, and networks are cut.
    pub is_disrupted: bool,
    /// How long a relay is stopped (SIGSTOP); at least until others have taken over what it was doing.
    pub stopped_min: Duration,
    /// Whether they are the shards of one suite run instead, into a module and a suite that do not exist.
    pub are_shards: bool,
}
