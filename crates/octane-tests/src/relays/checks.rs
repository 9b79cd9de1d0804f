//! What must hold once everything is delivered, whatever has happened: nothing is lost or doubled, and each suite run got its uploads in
//! the order in which they were handed over.

use std::collections::{BTreeMap, BTreeSet};

use octane_client::Client;
use octane_rest::{ApiKey, Endpoint, EndpointSettings};

use super::agents::{MODULE, Planned, SUITE};
use super::plan::{Failure, Plan};
use super::server::{CLIENT_ID, CLIENT_SECRET, Payload};
use super::world::World;

pub(super) async fn check(plan: &Plan, world: &World, uploads: &[Planned]) -> Result<(), Failure> {
    world.server.direct.sandbox().clear_faults();
    let payloads: Vec<Payload> = {
        let log = world.server.log();
        log.iter()
            .filter_map(|received| received.payload.clone())
            .collect()
    };
    check_bytes(plan, &payloads)?;
    if !plan.are_shards {
        check_order(&payloads)?;
    }
    check_store(plan, world, uploads).await
}

/// Each upload was sent with the same bytes, however often.
fn check_bytes(plan: &Plan, payloads: &[Payload]) -> Result<(), Failure> {
    let mut bytes: BTreeMap<(usize, usize), BTreeSet<&[u8]>> = BTreeMap::new();
    for payload in payloads {
        let sent = bytes.entry((payload.agent, payload.upload)).or_default();
        sent.insert(&payload.bytes);
    }
    if bytes.len() != plan.uploads {
        return Err(format!("{} of {} uploads were sent", bytes.len(), plan.uploads).into());
    }
    match bytes.iter().find(|(_, bytes)| bytes.len() > 1) {
        Some((upload, bytes)) => Err(format!(
            "upload {upload:?} was sent with {} different contents",
            bytes.len()
        )
        .into()),
        None => Ok(()),
    }
}

/// The server has accepted the uploads of each agent in their order. What it has accepted, it may get again later, from a relay that did
/// not know: it recognises the bytes.
fn check_order(payloads: &[Payload]) -> Result<(), Failure> {
    let mut accepted: BTreeMap<usize, usize> = BTreeMap::new();
    for payload in payloads.iter().filter(|payload| payload.is_accepted) {
        let next = accepted.entry(payload.agent).or_default();
        if payload.upload > *next {
            return Err(format!(
                "agent {}: upload {} was accepted before upload {next}",
                payload.agent, payload.upload
            )
            .into());
        }
        *next = (*next).max(payload.upload + 1);
    }
    Ok(())
}

/// The server has each result once, and one of everything that had to be created.
async fn check_store(plan: &Plan, world: &World, uploads: &[Planned]) -> Result<(), Failure> {
    let mut settings = EndpointSettings::default();
    settings.requests_per_second = None;
    let endpoint = Endpoint::builder(world.server.direct.url())
        .space(1001)
        .workspace(1002)
        .settings(settings)
        .credentials(ApiKey::new(CLIENT_ID, CLIENT_SECRET))
        .build()?;
    let client = Client::new(endpoint);
    let count = async |collection: &str| -> Result<usize, Failure> {
        let counted = client.endpoint().collection(collection).list().count();
        Ok(usize::try_from(counted.await?.unwrap_or(0))?)
    };
    let suite_runs: BTreeSet<&str> = uploads.iter().map(|upload| &*upload.suite_run).collect();
    let mut wrong = Vec::new();
    for (collection, expected) in [
        ("automated_runs", plan.uploads * plan.rows),
        ("test_suites", 1),
        ("suite_runs", suite_runs.len()),
        // With the root.
        ("application_modules", MODULE.split('/').count() + 1),
    ] {
        let found = count(collection).await?;
        if found != expected {
            wrong.push(format!("{found} {collection} instead of {expected}"));
        }
    }
    if client.suites().find(SUITE, None).await?.is_none() {
        wrong.push(format!("no suite {SUITE}"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join(", ").into())
    }
}
