//! An agent: it plans an upload, and hands it over until the relay confirms that it is stored.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use octane_client::{Spool, TargetSpec};
use octane_relay::{Lane, NewUpload, Put, Store};
use tokio::time::sleep;

use super::super::case::{Case, CaseTarget};
use super::super::simulated_process::SimulatedProcess;
use super::super::world::{self, client};
use super::case::HandOver;
use super::process_store::ProcessStore;
use super::shared::Shared;
use super::upload_id::upload_id;

/// How long to wait after a hand-over that failed, and one for which there was no room.
const RETRY_PAUSE: Duration = Duration::from_secs(3);
const QUOTA_PAUSE: Duration = Duration::from_secs(30);
/// What a store does late it has done after this time.
const LATE_MAX: Duration = Duration::from_secs(60);

/// Hands over the upload with this number.
pub(super) async fn run(shared: &Shared<'_>, number: usize, case: &Case) -> Result<(), String> {
    let hand_over = &shared.case.hand_overs[number];
    let upload = plan(shared, number, case)?;
    let store = store(shared, number, hand_over);
    sleep(hand_over.start).await;
    let mut is_stored = false;
    while !is_stored {
        match store.put(upload.clone(), shared.case.uploads_max).await {
            Ok(Put::Stored | Put::Known) => is_stored = true,
            Ok(Put::Conflict) => return Err("it is taken for another upload".to_owned()),
            Ok(Put::QuotaExceeded) if hand_over.is_once => return Ok(()),
            Err(_) if hand_over.is_once => {
                // It may still be stored, and then it has to be delivered.
                sleep(LATE_MAX).await;
                return Ok(());
            }
            Ok(Put::QuotaExceeded) => sleep(QUOTA_PAUSE).await,
            Err(_) => sleep(RETRY_PAUSE).await,
        }
    }
    let Some(pause) = hand_over.again else {
        return Ok(());
    };
    sleep(pause).await;
    match store.put(upload, shared.case.uploads_max).await {
        Ok(Put::Known) | Err(_) => Ok(()),
        Ok(other) => Err(format!("handed over again it is {other:?}")),
    }
}

fn store(shared: &Shared<'_>, number: usize, hand_over: &HandOver) -> ProcessStore {
    ProcessStore::new(
        &shared.store,
        &shared.log,
        &Arc::new(SimulatedProcess::new(None)),
        &format!("agent {number}"),
        hand_over.faults,
        shared.mutation,
    )
}

/// The upload as it is handed over.
fn plan(shared: &Shared<'_>, number: usize, case: &Case) -> Result<NewUpload, String> {
    let failed = |error: &dyn std::error::Error| format!("it cannot be planned: {error:?}");
    let folder = shared.folder(&format!("agent {number}"));
    let (spool, bundle) = (Spool::at(&folder).inline(), folder.join("bundle"));
    let client = client(
        case.endpoint.clone(),
        shared.world.reliable_transport(),
        |_| {},
    );
    let spec = match case.target {
        CaseTarget::Given => TargetSpec::from(&shared.world.target),
        target => world::spec(target),
    };
    let rows = case.rows.iter().map(|row| row.run.clone());
    let id = upload_id(number);
    let prepared = client.prepare(rows, &spec, &case.upload, &spool, id.clone());
    let prepared = prepared.map_err(|error| failed(&error))?;
    prepared
        .journal
        .export(&bundle)
        .map_err(|error| failed(&error))?;
    drop(prepared);
    let summary = spool.summary(&id).map_err(|error| failed(&error))?;
    let journal = read_and_delete(&folder, &bundle).map_err(|error| failed(&error))?;
    Ok(NewUpload {
        id,
        // Stores compare it, and do nothing else with it.
        digest: format!("{number:064x}"),
        project: "shop".to_owned(),
        lane: Lane::of(&summary).map_err(|error| failed(&error))?,
        shard: summary.shard,
        results: summary.counts.read as u64,
        is_compared: false,
        journal,
    })
}

/// The agent keeps nothing.
fn read_and_delete(folder: &Path, bundle: &Path) -> std::io::Result<Vec<u8>> {
    let journal = fs::read(bundle)?;
    fs::remove_dir_all(folder)?;
    Ok(journal)
}
