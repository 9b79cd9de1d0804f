//! Finding the automated runs that results became.

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, EntityId, Query, Reference, Resource, Select, SuiteRun};
use octane_results::Identity;
use serde_json::Value;

use crate::journal::{FormerResult, FoundRun, Journal};
use crate::links::{LinkField, LinkLevel};
use crate::plan::{Header, run_key};
use crate::trouble::Trouble;
use crate::{Client, ClientError, Event, JournalError, Stop, Target};

/// How many runs are written into the journal at once.
const PAGE: usize = 1000;

/// How many ids one query asks for; the vendor's clients keep lists below a hundred too.
const IDS_MAX: usize = 100;

/// What looking for the runs came to.
pub(crate) enum Found {
    /// No batch has ended, so there is nothing to look for.
    Nothing,
    /// Nobody looked, because the upload is to stop.
    NotRead,
    /// There is no suite run.
    NoSuiteRun,
    /// The runs of this suite run are in the journal.
    Runs {
        suite_run: SuiteRun,
        field: Option<LinkField>,
        has_history: bool,
    },
    /// They could not be read this time.
    Unread(ClientError),
    /// Whoever uploads may not read them, now or later.
    Unreadable(ClientError),
}

/// Reads all runs of the suite run into the journal, if anything can be there.
pub(crate) async fn verify(
    client: &Client,
    journal: &Journal,
    header: &Header,
    target: &Target,
    stop: &Stop,
    on_event: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Found, JournalError> {
    journal.forget_found()?;
    if !journal.has_settled()? {
        return Ok(Found::Nothing);
    }
    if stop.is_asked() {
        return Ok(Found::NotRead);
    }
    let has_keys = header.link && journal.has_jira_keys()?;
    let reading = async {
        let field = if has_keys {
            // Where it cannot be told now, linking will say why.
            client.links().field().await.ok()
        } else {
            None
        };
        let (suite_run, runs) = read(client, journal, target, field.as_ref()).await?;
        let has_history = read_former(client, journal).await?;
        Ok((suite_run, runs, field, has_history))
    };
    let (suite_run, runs, field, has_history) = match stop.within_grace(reading).await {
        None => {
            journal.forget_found()?;
            return Ok(Found::NotRead);
        }
        Some(Err(Trouble::Journal(error))) => return Err(error),
        Some(Err(Trouble::Client(error))) => {
            journal.forget_found()?;
            return Ok(match error {
                ClientError::NoSuiteRun { .. } => Found::NoSuiteRun,
                ClientError::Rest(ref cause) if !cause.is_passing() => Found::Unreadable(error),
                _ => Found::Unread(error),
            });
        }
        Some(Ok(read)) => read,
    };
    on_event(&Event::Verified {
        suite_run: suite_run.clone(),
        runs,
    });
    Ok(Found::Runs {
        suite_run,
        field,
        has_history,
    })
}

/// Reads in pages, with the runs' links where `field` says that runs have any.
async fn read(
    client: &Client,
    journal: &Journal,
    target: &Target,
    field: Option<&LinkField>,
) -> Result<(SuiteRun, usize), Trouble> {
    let suite = target.suite.id;
    let suite_run = client.suite_runs().find(&target.suite_run, suite).await?;
    let suite_run = suite_run.ok_or_else(|| ClientError::NoSuiteRun {
        suite,
        name: target.suite_run.clone(),
    })?;
    let linked = field.filter(|field| field.level == LinkLevel::Runs);
    let mut select = AutomatedRun::select().with("duration");
    if let Some(field) = linked {
        select = select.with(&field.name);
    }
    let query = Query::field("parent_suite").refers_to_id(suite_run.id);
    let list = client.endpoint.collection(AutomatedRun::COLLECTION).list();
    let mut entities = std::pin::pin!(list.matching(query).select(select).stream());
    let mut page = Vec::with_capacity(PAGE);
    let mut total = 0;
    while let Some(entity) = entities.try_next().await? {
        page.extend(found(entity, linked));
        if page.len() == PAGE {
            total += page.len();
            journal.add_found(&page)?;
            page.clear();
        }
    }
    total += page.len();
    journal.add_found(&page)?;
    journal.found_all()?;
    Ok((suite_run, total))
}

/// Reads the results that others have taken the place of, where one of them may be a result that was sent and
/// does not show. Whether the server has such a history.
async fn read_former(client: &Client, journal: &Journal) -> Result<bool, Trouble> {
    let runs = journal.doubtful_runs()?;
    let select = Select::names(["run_id", "run_native_status", "run_started", "run_duration"]);
    for some in runs.chunks(IDS_MAX) {
        let Some(query) = Query::field("run_id").is_in(some) else {
            continue;
        };
        let list = client.endpoint.collection("previous_runs").list();
        let former = match list.matching(query).select(select.clone()).all().await {
            Ok(former) => former,
            // A server without that collection, or that hides it, cannot clear the doubt.
            Err(error) if !error.is_passing() => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let former: Vec<FormerResult> = former.iter().filter_map(former_result).collect();
        journal.add_former(&former)?;
    }
    Ok(true)
}

fn former_result(entity: &Entity) -> Option<FormerResult> {
    let run = entity.fields.get("run_id")?;
    let run = run.as_str().map_or_else(|| run.to_string(), str::to_owned);
    Some(FormerResult {
        run: EntityId::from(run),
        status: entity.reference("run_native_status").as_ref().map(status),
        started: entity.text("run_started").and_then(milliseconds),
        duration: entity.fields.get("run_duration").and_then(Value::as_i64),
    })
}

fn found(entity: Entity, linked: Option<&LinkField>) -> Option<FoundRun> {
    let links = linked.map(|field| entity.references(&field.name));
    let duration = entity.fields.get("duration").and_then(Value::as_i64);
    let id = entity.id.clone()?;
    let run = entity.into_typed::<AutomatedRun>().ok()?;
    let identity = Identity {
        module: run.component.unwrap_or_default(),
        package: run.package.unwrap_or_default(),
        class: run.class_name.unwrap_or_default(),
        name: run.test_name.unwrap_or_else(|| run.name.clone()),
    };
    Some(FoundRun {
        id,
        key: run_key(&identity, Some(&run.name)),
        status: run.native_status.as_ref().map(status),
        started: run.started.as_deref().and_then(milliseconds),
        duration,
        test: run.test.map(|test| test.id),
        links,
    })
}

/// The word at the end of a status such as `list_node.run_native_status.passed`; an opaque id tells nothing.
fn status(status: &Reference) -> String {
    let word = status.id.as_str().rsplit_once('.');
    word.map_or_else(|| "?".to_owned(), |(_, word)| word.to_owned())
}

fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}
