//! What happens to relays, databases and networks while uploads are delivered, one after the other.
//!
//! Each begins once some share of the payloads has arrived, and most of them last until other relays have taken over what the one in
//! trouble was doing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::plan::{Failure, Plan};
use super::world::World;

/// What was measured while it happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Disruptions {
    /// How others took over what a relay in trouble was doing.
    pub(super) taken_over: Vec<TakenOver>,
    /// From the end of the primary until the server got the next payload.
    pub(super) failed_over: Option<Duration>,
}

/// How others took over what a relay in trouble was doing.
#[derive(Debug, Clone)]
pub(super) struct TakenOver {
    pub(super) what: &'static str,
    pub(super) lanes: usize,
    /// Until the first lane was taken over, and until all were.
    pub(super) first: Duration,
    pub(super) all: Duration,
}

const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Leases last 10 seconds.
const TAKE_OVER_TIME_MAX: Duration = Duration::from_secs(90);
const CUT_OFF_MAX: Duration = Duration::from_secs(15);

impl Disruptions {
    pub(super) async fn run(plan: &Plan, world: &mut World) -> Result<Self, Failure> {
        let mut seen = Self::default();
        let share = |percent: usize| plan.uploads * percent / 100;

        world.until_accepted(share(8)).await?;
        seen.kill(world, 0).await?;

        world.until_accepted(share(22)).await?;
        seen.fail_over(world).await?;

        world.until_accepted(share(36)).await?;
        let leases = world.databases.lanes_of(&world.relays[1].holder());
        let since = Instant::now();
        world.relays[1].set_running(false)?;
        seen.wait_for("SIGSTOP", world, &leases, since).await?;
        sleep(plan.stopped_min.saturating_sub(since.elapsed())).await;
        world.relays[1].set_running(true)?;

        world.until_accepted(share(52)).await?;
        let leases = world.databases.lanes_of(&world.relays[2].holder());
        let since = Instant::now();
        world.relays[2].links.set_databases_up(false);
        seen.wait_for("cut off from the databases", world, &leases, since)
            .await?;
        world.relays[2].links.set_databases_up(true);

        world.until_accepted(share(68)).await?;
        // Its requests fail; the lanes stay with it, so that others may have nothing to do.
        world.relays[0].links.octane.set_up(false);
        let others = world.until_accepted(share(74));
        let _ = timeout(CUT_OFF_MAX, others).await;
        world.relays[0].links.octane.set_up(true);

        world.until_accepted(share(82)).await?;
        seen.kill(world, 1).await?;
        Ok(seen)
    }

    async fn kill(&mut self, world: &mut World, relay: usize) -> Result<(), Failure> {
        let leases = world.databases.lanes_of(&world.relays[relay].holder());
        let since = Instant::now();
        world.relays[relay].kill()?;
        self.wait_for("SIGKILL", world, &leases, since).await?;
        tokio::task::block_in_place(|| world.relays[relay].restart())
    }

    async fn fail_over(&mut self, world: &mut World) -> Result<(), Failure> {
        let since = Instant::now();
        tokio::task::block_in_place(|| world.databases.fail_over());
        let before = world.server.log().len();
        loop {
            let next = {
                let log = world.server.log();
                let mut later = log.iter().skip(before);
                // What was on its way at that moment does not count.
                later.find_map(|received| {
                    let after = received.at.saturating_duration_since(since);
                    (after > Duration::from_secs(1) && received.payload.is_some()).then_some(after)
                })
            };
            if next.is_some() {
                self.failed_over = next;
                return Ok(());
            }
            if since.elapsed() > TAKE_OVER_TIME_MAX {
                return Err("no relay goes on after the standby was promoted".into());
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until other leases have followed those that a relay had.
    async fn wait_for(
        &mut self,
        what: &'static str,
        world: &World,
        leases: &BTreeMap<String, String>,
        since: Instant,
    ) -> Result<(), Failure> {
        let mut first = None;
        loop {
            let followed = tokio::task::block_in_place(|| world.databases.followed(leases));
            if followed > 0 {
                first.get_or_insert(since.elapsed());
            }
            if followed == leases.len() {
                break;
            }
            if since.elapsed() > TAKE_OVER_TIME_MAX {
                return Err(format!("{what}: no other relay takes over {leases:?}").into());
            }
            sleep(POLL_INTERVAL).await;
        }
        let all = since.elapsed();
        self.taken_over.push(TakenOver {
            what,
            lanes: leases.len(),
            first: first.unwrap_or(all),
            all,
        });
        Ok(())
    }
}
