//! Finding the automated runs that results became.

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, Query, Resource, SuiteRun};
use octane_results::Identity;

use crate::journal::{FoundRun, Journal};
use crate::links::{LinkField, LinkLevel};
use crate::plan::{Header, run_key};
use crate::{Client, ClientError, Event, JournalError, Stop, Target};

/// How many runs are written into the journal at once.
const PAGE: usize = 1000;

/// What looking for the runs came to.
pub(crate) enum Found {
    /// Nothing can be there: no batch has ended, or all were turned down.
    Nothing,
    /// Nobody looked, because the upload is to stop.
    NotRead,
    /// The runs of this suite run are in the journal.
    Runs {
        suite_run: SuiteRun,
        field: Option<LinkField>,
    },
    /// They could not be read.
    Unread(ClientError),
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
    let field = if header.link && journal.has_jira_keys()? {
        // Where it cannot be told now, linking will say why.
        client.links().field().await.ok()
    } else {
        None
    };
    let reading = read(client, journal, target, field.as_ref());
    let (suite_run, runs) = match stop.within_grace(reading).await {
        None => return Ok(Found::NotRead),
        Some(Err(Trouble::Journal(error))) => return Err(error),
        Some(Err(Trouble::Client(error))) => {
            journal.forget_found()?;
            // Where everything was turned down there is no suite run, and nothing to verify.
            let is_expected =
                matches!(error, ClientError::NoSuiteRun { .. }) && !journal.has_success()?;
            return Ok(if is_expected {
                Found::Nothing
            } else {
                Found::Unread(error)
            });
        }
        Some(Ok(read)) => read,
    };
    on_event(&Event::Verified {
        suite_run: suite_run.clone(),
        runs,
    });
    Ok(Found::Runs { suite_run, field })
}

enum Trouble {
    Client(ClientError),
    Journal(JournalError),
}

impl<E: Into<ClientError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Client(error.into())
    }
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
    let mut select = AutomatedRun::select();
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
            journal.add_found(&page).map_err(Trouble::Journal)?;
            page.clear();
        }
    }
    total += page.len();
    journal.add_found(&page).map_err(Trouble::Journal)?;
    Ok((suite_run, total))
}

fn found(entity: Entity, linked: Option<&LinkField>) -> Option<FoundRun> {
    let links = linked.map(|field| entity.references(&field.name));
    let id = entity.id.clone()?;
    let run = entity.into_typed::<AutomatedRun>().ok()?;
    let identity = Identity {
        module: run.component.unwrap_or_default(),
        package: run.package.unwrap_or_default(),
        class: run.class_name.unwrap_or_default(),
        name: run.test_name.unwrap_or_else(|| run.name.clone()),
    };
    let status = run.native_status.map(|status| {
        let id = status.id.as_str().to_owned();
        // An opaque id tells nothing.
        id.rsplit_once('.')
            .map_or_else(|| "?".to_owned(), |(_, word)| word.to_owned())
    });
    Some(FoundRun {
        id,
        key: run_key(&identity, Some(&run.name)),
        status,
        started: run.started.as_deref().and_then(milliseconds),
        test: run.test.map(|test| test.id),
        links,
    })
}

fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}
