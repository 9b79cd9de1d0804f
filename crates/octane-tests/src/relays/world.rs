//! Everything that runs.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use super::agents::Doors;
use super::database::Databases;
use super::link::{Far, Link};
use super::plan::{Failure, Plan};
use super::relay::{Links, Relay, Settings};
use super::server::Server;

/// The databases, the server and the relays.
pub(super) struct World {
    // First, so that they end first.
    pub(super) relays: Vec<Relay>,
    pub(super) databases: Databases,
    pub(super) server: Server,
    pub(super) folder: TempDir,
    token: String,
}

/// Without any progress for so long, nothing follows any more: leases, pauses after failures and connections that are given up take less.
const STILL_MAX: Duration = Duration::from_secs(180);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Each look starts a program, which those that are measured would wait for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

impl World {
    /// Starts everything; nothing if PostgreSQL is not installed.
    pub(super) async fn start(plan: &Plan) -> Result<Option<Self>, Failure> {
        let Some(databases) = Databases::start() else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let server = Server::start(plan.has_faults).await?;
        let octane = format!("{}/ui/?p=1001/1002", server.http.url());
        let mut relays = Vec::new();
        let (primary, standby) = databases.sockets();
        for number in 0..plan.relays {
            let links = Links {
                octane: Link::to(Far::Address(server.http.address())).await?,
                primary: Link::to(Far::Socket(primary.clone())).await?,
                standby: Link::to(Far::Socket(standby.clone())).await?,
            };
            let settings = Settings {
                program: plan.program.clone(),
                folder: folder.path().join(format!("relay-{number}")),
                // Links take time that is not the relay's.
                database: (!plan.is_disrupted).then(|| databases.url()),
                octane: octane.clone(),
                rate: plan.rate,
            };
            // It waits for the relay to start, which needs the links.
            let started = tokio::task::block_in_place(|| Relay::start(settings, links));
            relays.push(started?);
        }
        let token = token(plan, &folder, &databases)?;
        Ok(Some(Self {
            relays,
            databases,
            server,
            folder,
            token,
        }))
    }

    /// What agents know of the relays.
    pub(super) fn doors(&self) -> Doors {
        let urls = self.relays.iter().map(Relay::url);
        Doors::new(urls.collect(), &self.token)
    }

    /// Waits until so many uploads are delivered, and no others are there.
    pub(super) async fn until_delivered(&mut self, uploads: usize) -> Result<(), Failure> {
        let mut last = (0, Instant::now());
        loop {
            let states = self.databases.states()?;
            let delivered = states.get("delivered").copied().unwrap_or(0);
            for relay in &mut self.relays {
                relay.note_memory();
            }
            if delivered == uploads && states.len() == 1 {
                return Ok(());
            }
            let requests = self.server.log().len();
            if requests != last.0 {
                last = (requests, Instant::now());
            }
            if last.1.elapsed() > STILL_MAX || states.contains_key("incomplete") {
                let reasons = self.databases.reasons();
                return Err(
                    format!("{uploads} uploads are not delivered: {states:?}\n{reasons}").into(),
                );
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until the server has accepted so many payloads.
    pub(super) async fn until_accepted(&self, payloads: usize) -> Result<(), Failure> {
        let accepted = || {
            let log = self.server.log();
            let payloads = log.iter().filter_map(|received| received.payload.as_ref());
            payloads.filter(|payload| payload.is_accepted).count()
        };
        let mut last = (0, Instant::now());
        while accepted() < payloads {
            let requests = self.server.log().len();
            if requests != last.0 {
                last = (requests, Instant::now());
            }
            if last.1.elapsed() > STILL_MAX {
                let reasons = self.databases.reasons();
                return Err(format!("no request arrives any more\n{reasons}").into());
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }
}

fn token(plan: &Plan, folder: &TempDir, databases: &Databases) -> Result<String, Failure> {
    let created = Command::new(&plan.program)
        .args([
            "relay",
            "token",
            "create",
            "shop",
            "--format",
            "json",
            "--relay-data",
            "data",
        ])
        .current_dir(folder.path())
        .env_clear()
        .env("OCTANE_RELAY_DATABASE", databases.url())
        .output()?;
    let json: Value = serde_json::from_slice(&created.stdout)?;
    Ok(json["token"]
        .as_str()
        .ok_or("there is no token")?
        .to_owned())
}
