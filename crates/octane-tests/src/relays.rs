//! Relays as processes over PostgreSQL with a standby, under load and under what happens to machines and networks.
//!
//! Everything is on this machine, on the loopback interface: a sandbox whose requests are logged ([`server`]), a primary and a standby of
//! PostgreSQL, processes of `octane relay` ([`relay`]), and agents as tasks that hand uploads over by HTTP ([`agents`]). Each relay
//! reaches the databases and the sandbox by [`link`]s that can be cut. [`disruptions`] are what happens meanwhile, [`checks`] what must
//! hold afterwards.

mod agents;
mod checks;
mod database;
mod disruptions;
mod figures;
mod link;
mod relay;
mod server;
mod world;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::agents::hand_over_all;
use self::disruptions::Disruptions;
use self::world::World;

pub use self::figures::Figures;

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

/// Runs a plan: an error is something that must not be. Nothing if PostgreSQL is not installed, which is recorded.
pub async fn run(plan: &Plan) -> Result<Option<Figures>, Failure> {
    let Some(mut world) = World::start(plan).await? else {
        return Ok(None);
    };
    let uploads = agents::plan_all(plan, &world).await?;
    let started = Instant::now();
    let handing_over = tokio::spawn(hand_over_all(plan.clone(), world.doors(), uploads.clone()));
    let disruptions = if plan.is_disrupted {
        Disruptions::run(plan, &mut world).await?
    } else {
        Disruptions::default()
    };
    let hand_overs = handing_over.await??;
    world.until_delivered(plan.uploads).await?;
    let drained = started.elapsed();
    let figures = Figures::of(plan, &world, &disruptions, hand_overs, drained);
    checks::check(plan, &world, &uploads).await?;
    Ok(Some(figures))
}
