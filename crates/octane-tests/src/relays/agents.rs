//! Agents: they plan uploads, and hand them over one after the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use octane_client::{
    Client, ModuleChoice, Shard, Spool, Status, SuiteChoice, TargetSpec, TestRun, UploadId,
    UploadSettings,
};
use octane_model::Address;
use octane_rest::{Endpoint, EndpointSettings, Transport, network_transport};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::plan::{Failure, Plan};

/// An upload that was planned.
#[derive(Clone)]
pub(super) struct Planned {
    pub(super) agent: usize,
    pub(super) upload: usize,
    pub(super) suite_run: String,
    id: UploadId,
    journal: Bytes,
    digest: String,
}

/// What agents know of the relays.
#[derive(Clone)]
pub(super) struct Doors {
    urls: Arc<Vec<String>>,
    token: Arc<str>,
}

pub(super) const MODULE: &str = "Shop/Checkout";
pub(super) const SUITE: &str = "Nightly";

impl Doors {
    pub(super) fn new(urls: Vec<String>, token: &str) -> Self {
        Self {
            urls: Arc::new(urls),
            token: token.into(),
        }
    }
}

/// Plans all uploads, in the order of their numbers: agents take turns.
pub(super) async fn plan_all(
    plan: &Plan,
    url: &str,
    folder: &Path,
) -> Result<Vec<Planned>, Failure> {
    let mut planned = Vec::new();
    let numbers: Vec<usize> = (0..plan.uploads).collect();
    for numbers in numbers.chunks(plan.uploads.div_ceil(4).max(1)) {
        let (plan, url, numbers) = (plan.clone(), url.to_owned(), numbers.to_vec());
        let folder = folder.join(format!("agents-{}", numbers[0]));
        planned.push(tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let client = Client::new(
                Endpoint::builder(&url)
                    .space(1001)
                    .workspace(1002)
                    .build()?,
            );
            let uploads = numbers
                .iter()
                .map(|number| one(&plan, &client, &folder, *number));
            let uploads: Result<Vec<Planned>, Failure> = uploads.collect();
            std::fs::remove_dir_all(&folder)?;
            uploads
        }));
    }
    let mut all = Vec::new();
    for part in planned {
        all.extend(part.await??);
    }
    Ok(all)
}

fn one(plan: &Plan, client: &Client, folder: &Path, number: usize) -> Result<Planned, Failure> {
    let (agent, upload) = (number % plan.agents, number / plan.agents);
    let name = |row| format!("test {row} of agent-{agent}-upload-{upload}");
    let results = (0..plan.rows).map(|row| {
        let passed = TestRun::new(name(row), Status::Passed);
        passed.class("Shop").duration(Duration::from_millis(7))
    });
    let suite_run = if plan.are_shards {
        "sharded".to_owned()
    } else {
        format!("agent {agent}")
    };
    let spec = TargetSpec::new(SuiteChoice::Named(SUITE.to_owned()), &*suite_run)
        .module(ModuleChoice::Path(MODULE.to_owned()))
        .create_missing(true);
    let mut settings = UploadSettings::default();
    settings.batch_limits.runs_max = plan.rows;
    if plan.are_shards {
        settings.shard = Some(Shard::new(
            u32::try_from(number + 1)?,
            u32::try_from(plan.uploads)?,
        )?);
    }
    let id = UploadId::new();
    let spool = Spool::at(folder.join("spool"));
    drop(client.prepare(
        results.collect::<Vec<_>>(),
        &spec,
        &settings,
        &spool,
        id.clone(),
    )?);
    let file = folder.join("bundle");
    spool.export(&id, &file)?;
    let journal = std::fs::read(&file)?;
    std::fs::remove_file(&file)?;
    spool.open(&id)?.discard();
    let digest = Sha256::digest(&journal);
    Ok(Planned {
        agent,
        upload,
        suite_run,
        id,
        digest: base64(&digest),
        journal: journal.into(),
    })
}

/// Hands everything over, and returns how long each hand-over took.
pub(super) async fn hand_over_all(
    plan: Plan,
    doors: Doors,
    uploads: Vec<Planned>,
) -> Result<Vec<Duration>, Failure> {
    let mut agents = JoinSet::new();
    for agent in 0..plan.agents {
        let own = uploads.iter().filter(|upload| upload.agent == agent);
        let (own, doors): (Vec<Planned>, Doors) = (own.cloned().collect(), doors.clone());
        let think_time_max = plan.think_time_max;
        agents.spawn(async move {
            let door = Door::open(&doors, agent)?;
            let mut taken = Vec::new();
            for upload in own {
                // Spread evenly, the same way each time.
                let share = (agent * 619 + upload.upload * 271) % 1000;
                sleep(think_time_max * u32::try_from(share)? / 1000).await;
                taken.push(door.hand_over(&upload).await?);
            }
            Ok::<_, Failure>(taken)
        });
    }
    let mut taken = Vec::new();
    while let Some(done) = agents.join_next().await {
        taken.extend(done??);
    }
    Ok(taken)
}

/// The connections of an agent.
struct Door {
    relays: Vec<(String, Box<dyn Transport>)>,
    token: Arc<str>,
    first: usize,
}

/// How long an agent waits before it tries another relay.
const PAUSE: Duration = Duration::from_millis(200);
/// Relays are away for at most as long as it takes to give up what is broken.
const TIME_MAX: Duration = Duration::from_secs(180);
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(20);

impl Door {
    fn open(doors: &Doors, agent: usize) -> Result<Self, Failure> {
        let settings = EndpointSettings::default();
        let relays = doors.urls.iter().map(|url| {
            let address: Address = url.parse()?;
            let transport = network_transport(&address, &settings)?;
            Ok((url.clone(), Box::new(transport) as Box<dyn Transport>))
        });
        Ok(Self {
            relays: relays.collect::<Result<_, Failure>>()?,
            token: Arc::clone(&doors.token),
            first: agent,
        })
    }

    /// Hands an upload over to one relay after the other, until one has stored it.
    async fn hand_over(&self, upload: &Planned) -> Result<Duration, Failure> {
        let started = Instant::now();
        for attempt in 0.. {
            let (url, transport) = &self.relays[(self.first + attempt) % self.relays.len()];
            let request = Request::builder()
                .method(Method::PUT)
                .uri(format!("{url}/v1/uploads/{}", upload.id))
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
                .header("content-digest", format!("sha-256=:{}:", upload.digest))
                .body(upload.journal.clone())?;
            let answer = tokio::time::timeout(ATTEMPT_TIME_MAX, transport.send(request)).await;
            let mut pause = PAUSE;
            match answer {
                Ok(Ok(response)) if response.status().is_success() => break,
                Ok(Ok(response))
                    if response.status().is_server_error()
                        || response.status() == StatusCode::TOO_MANY_REQUESTS =>
                {
                    // As the program does.
                    let seconds = response.headers().get(header::RETRY_AFTER);
                    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                    pause = seconds.map_or(PAUSE, Duration::from_secs);
                }
                Ok(Ok(response)) => {
                    let body = String::from_utf8_lossy(response.body()).into_owned();
                    return Err(
                        format!("an upload is refused: {} {body}", response.status()).into(),
                    );
                }
                Ok(Err(_)) | Err(_) => {}
            }
            if started.elapsed() > TIME_MAX {
                return Err(format!("upload {} cannot be handed over", upload.id).into());
            }
            sleep(pause).await;
        }
        Ok(started.elapsed())
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
