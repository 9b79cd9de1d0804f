//! Relays as processes over PostgreSQL with a standby, under load and under what happens to machines and networks.
//!
//! Everything is on this machine, on the loopback interface: a sandbox whose requests are logged (`server`), a primary and a standby of
//! PostgreSQL, processes of `octane relay` (`relay`), and agents as tasks that hand uploads over by HTTP (`agents`). Each relay
//! reaches the sandbox by a `link`, and the databases too if it is to be cut off from them. `disruptions` are what happens at the same time, `checks` what must
//! hold afterwards.

mod agents;
mod checks;
mod database;
mod disruptions;
mod figures;
mod link;
mod plan;
mod relay;
mod server;
mod world;

use std::time::Instant;

use self::agents::hand_over_all;
use self::disruptions::Disruptions;
use self::world::World;

pub use self::figures::Figures;
pub use self::plan::{Failure, Plan};

/// Runs a plan: an error is something that must not be. Nothing if PostgreSQL is not installed, which is recorded.
pub async fn run(plan: &Plan) -> Result<Option<Figures>, Failure> {
    let Some(mut world) = World::start(plan).await? else {
        return Ok(None);
    };
    let uploads = agents::plan_all(plan, &world.server.http.url(), world.folder.path()).await?;
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
