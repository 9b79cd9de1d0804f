//! Reading the automated runs of a suite run, with a number of requests that is bounded by one's own results.
//!
//! Many jobs may upload into one suite run. If each of them read all of it, the requests would grow with the square of their
//! number. So one's own runs are read first, and then what has not been found with them:
//!
//! | step | requests |
//! |---|---|
//! | the runs with which each batch begins and ends, and some others, by their names, in the suite run of this name, whose ID they have too; if the upload has few results, all | 1 for 100 names |
//! | the suite run, by its name, if none of them is found | 1 |
//! | the ranges of IDs between these runs, as a server creates the runs of a payload together | 1 for 1000 results |
//! | what is still missing: by name if those are few, otherwise the newest page, and then whatever costs less of the rest of the suite run and the names | 1 for 100 names, or 1 for 1000 runs |
//!
//! A test may have several runs, such as one for each environment, and be missing although one of them was read: where any
//! test is seen to have several, each result is missing whose own run was not read, by its start time.

mod next;

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, EntityId, Order, Query, Reference, Select, SuiteRunId};
use octane_rest::ListRequest;
use serde_json::Value;

use crate::context::Context;
use crate::error::ClientError;
use crate::event::Event;
use crate::in_list;
use crate::journal::{FirstNames, Journal, ServerRun};
use crate::link_field::{LinkField, LinkLevel};
use crate::name::suite_run_name;
use crate::run_kind::RunKind;
use crate::stage::{StageError, request};
use next::{Next, PAGE, next};

/// The field that says when an entity was last changed.
pub(crate) const LAST_MODIFIED: &str = "last_modified";

/// How many ranges of IDs one query asks for.
const RANGES_MAX: usize = 20;

/// Finds the suite run and reads the runs that are wanted into the journal, with their links if `has_keys` says that there may be
/// something to link. Returns the ID of the suite run, and how many runs were read.
pub(crate) async fn read_runs(
    context: &Context<'_>,
    has_keys: bool,
) -> Result<(SuiteRunId, usize), StageError> {
    let journal = context.journal;
    let mut found = None;
    for kind in journal.run(Journal::run_kinds).await? {
        let linked = if has_keys {
            linked_field(context, kind).await?
        } else {
            None
        };
        found = Some(read_kind(context, kind, linked.as_ref(), found).await?);
    }
    let suite_run = match found {
        Some(id) => id,
        None => find_by_name(context).await?,
    };
    journal.run(Journal::finish_server_runs).await?;
    let read = journal.run(Journal::server_run_count).await?;
    Ok((suite_run, read))
}

/// The field that holds the links of runs of a kind; none if their tests are linked.
async fn linked_field(
    context: &Context<'_>,
    kind: RunKind,
) -> Result<Option<LinkField>, StageError> {
    let links = context.client.links();
    match request(context.cancellation, links.field_of(kind)).await {
        Ok(field) => Ok(Some(field).filter(|field| field.level == LinkLevel::Runs)),
        Err(StageError::Cancelled) => Err(StageError::Cancelled),
        // If it cannot be found out now, linking will say why.
        Err(_) => Ok(None),
    }
}

/// Reads the runs of a kind, in a suite run that has been `found` or is to be found.
async fn read_kind(
    context: &Context<'_>,
    kind: RunKind,
    linked: Option<&LinkField>,
    found: Option<SuiteRunId>,
) -> Result<SuiteRunId, StageError> {
    let Context {
        journal, target, ..
    } = context;
    let untouched_before = journal.run(Journal::untouched_before).await?;
    let mut select = kind.select().with("duration");
    if untouched_before.is_some() {
        select = select.with(LAST_MODIFIED);
    }
    if let Some(field) = linked {
        select = select.with(&field.name);
    }
    let is_called = Query::field("name").is(&*suite_run_name(&target.suite_run));
    let is_in_suite = Query::field("test").refers_to_id(target.suite.id);
    let in_suite_run = Query::field("parent_suite");
    let mut reader = Reader {
        context,
        kind,
        linked,
        query: in_suite_run.refers_to(is_called & is_in_suite),
        select,
        untouched_before,
        read: AtomicUsize::new(0),
        of_others: journal.run(Journal::server_run_count).await?,
    };
    let first = journal.run(move |journal| journal.first_names(kind));
    let FirstNames {
        names,
        ends,
        are_all,
    } = first.await?;
    let first = in_list::parts(&names).next().unwrap_or_default();
    let (suite_run, is_first_read) = match found {
        Some(id) => (id, false),
        None => match reader.find_suite_run(first).await? {
            Some(id) => (id, true),
            None => (find_by_name(context).await?, false),
        },
    };
    reader.query = Query::field("parent_suite").refers_to_id(suite_run);
    if !is_first_read {
        reader.read_named(first).await?;
    }
    if !are_all || first.len() < names.len() {
        reader
            .read_named(names.get(first.len()..ends).unwrap_or_default())
            .await?;
        reader.read_batches().await?;
        reader.read_missing().await?;
    }
    Ok(suite_run)
}

/// The suite run of this name.
async fn find_by_name(context: &Context<'_>) -> Result<SuiteRunId, StageError> {
    let target = context.target;
    let suite = target.suite.id;
    let suite_runs = context.client.suite_runs();
    let name = suite_run_name(&target.suite_run);
    let found = request(context.cancellation, suite_runs.find(&name, suite)).await?;
    let found = found.ok_or_else(|| ClientError::NoSuiteRun {
        suite,
        name: target.suite_run.clone(),
        similar: Vec::new(),
    })?;
    Ok(found.id)
}

struct Reader<'a> {
    context: &'a Context<'a>,
    kind: RunKind,
    linked: Option<&'a LinkField>,
    /// The runs of the suite run.
    query: Query,
    select: Select,
    /// A run that was last changed before this time shows nothing of this upload; none if that does not matter.
    untouched_before: Option<i64>,
    /// How many runs were read so far.
    read: AtomicUsize,
    /// How many runs of other kinds the journal has.
    of_others: usize,
}

impl Reader<'_> {
    /// The runs of the suite run, or those that match `query` too.
    fn list(&self, query: Option<Query>) -> ListRequest<Entity> {
        let endpoint = &self.context.client.endpoint;
        let runs = endpoint.collection(self.kind.collection());
        let list = runs
            .list()
            .select(self.select.clone())
            .matching(self.query.clone());
        match query {
            Some(query) => list.matching(query),
            None => list,
        }
    }

    /// The newest suite run with runs that are called like this, which are stored. Nothing if the server cannot say.
    async fn find_suite_run(&self, names: &[String]) -> Result<Option<SuiteRunId>, StageError> {
        if names.is_empty() {
            return Ok(None);
        }
        let cancellation = self.context.cancellation;
        let select = self.select.clone().with("parent_suite");
        let list = self.list(named(names)).select(select).all();
        let Some(read) = cancellation.within_grace(list).await else {
            return Err(StageError::Cancelled);
        };
        let entities = match read {
            Ok(entities) => entities,
            // A server that does not know this kind of query is asked in another way.
            Err(error) if !error.is_retryable() && !error.is_unauthorized() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let parent = |entity: &Entity| entity.reference("parent_suite")?.id.as_str().parse().ok();
        let newest: Option<SuiteRunId> = entities.iter().filter_map(parent).max();
        let of_newest = |entity: &Entity| parent(entity) == newest;
        if newest.is_some() {
            self.store(entities.into_iter().filter(of_newest).collect())
                .await?;
        }
        Ok(newest)
    }

    /// Reads what is between the first and the last run of each batch.
    async fn read_batches(&self) -> Result<(), StageError> {
        let (journal, kind) = (self.context.journal, self.kind);
        let ranges = journal.run(move |journal| journal.ranges_of_batches(kind));
        let ranges = ranges.await?;
        for some in ranges.chunks(RANGES_MAX) {
            let between = |&(first, last): &(i64, i64)| Query::field("id").is_between(first, last);
            let ranges = some.iter().map(between).reduce(|one, other| one | other);
            self.read(self.list(ranges)).await?;
        }
        Ok(())
    }

    async fn read_missing(&self) -> Result<(), StageError> {
        let (journal, kind) = (self.context.journal, self.kind);
        let names = || journal.run(move |journal| journal.names_of_missing_runs(kind));
        let mut missing = names().await?;
        if in_list::parts(&missing).count() > 1 {
            let newest_first = self.list(None).order_by(Order::descending("id"));
            let first = newest_first.clone().page_size(u32::from(PAGE)).first_page();
            let (page, total) = request(self.context.cancellation, first).await?;
            let length = page.len();
            self.store(page).await?;
            let read = journal.run(Journal::server_run_count).await? - self.of_others;
            if total.is_some_and(|total| total <= read as u64) {
                return Ok(());
            }
            missing = names().await?;
            match next(length, in_list::parts(&missing).count(), total) {
                Next::Nothing => return Ok(()),
                // Runs that arrive while this reads move others to later pages, where they are read twice: none is missed.
                Next::Rest => return self.read(newest_first.skip(length as u64)).await,
                Next::Missing => {}
            }
        }
        self.read_named(&missing).await
    }

    /// Reads the runs that are called like this, whatever their tests are.
    async fn read_named(&self, names: &[String]) -> Result<(), StageError> {
        for some in in_list::parts(names) {
            self.read(self.list(named(some))).await?;
        }
        Ok(())
    }

    async fn read(&self, list: ListRequest<Entity>) -> Result<(), StageError> {
        let mut entities = std::pin::pin!(list.stream());
        let mut page = Vec::with_capacity(PAGE.into());
        while let Some(entity) = request(self.context.cancellation, entities.try_next()).await? {
            page.push(entity);
            if page.len() == usize::from(PAGE) {
                let full = std::mem::replace(&mut page, Vec::with_capacity(PAGE.into()));
                self.store(full).await?;
            }
        }
        self.store(page).await
    }

    /// Whether a run was not changed since before this upload sent anything.
    fn is_untouched(&self, run: &Entity) -> bool {
        let changed = || run.text(LAST_MODIFIED).and_then(milliseconds);
        self.untouched_before
            .is_some_and(|time| changed().is_some_and(|changed| changed < time))
    }

    async fn store(&self, page: Vec<Entity>) -> Result<(), StageError> {
        let (kind, linked) = (self.kind, self.linked);
        let untouched: Vec<EntityId> = page
            .iter()
            .filter(|run| self.is_untouched(run))
            .filter_map(|run| run.id.clone())
            .collect();
        let runs: Vec<ServerRun> = page
            .into_iter()
            .filter_map(|entity| server_run(entity, kind, linked))
            .collect();
        let Context {
            journal, on_event, ..
        } = self.context;
        let count = runs.len();
        journal
            .run(move |journal| {
                journal.add_server_runs(&runs)?;
                if untouched.is_empty() {
                    return Ok(());
                }
                journal.add_untouched_runs(&untouched)
            })
            .await?;
        let runs = self.read.fetch_add(count, Ordering::Relaxed) + count;
        // The few of a small upload are not worth a word.
        if runs >= usize::from(PAGE) {
            on_event(&Event::Reading { runs });
        }
        Ok(())
    }
}

fn named(names: &[String]) -> Option<Query> {
    Query::field("name").is_in(names)
}

fn server_run(entity: Entity, kind: RunKind, linked: Option<&LinkField>) -> Option<ServerRun> {
    let links = linked.map(|field| entity.references(&field.name));
    let duration = entity.fields.get("duration").and_then(Value::as_i64);
    let id = entity.id.clone()?;
    let run = entity.into_typed::<AutomatedRun>().ok()?;
    Some(ServerRun {
        id,
        key: kind.key(&RunKind::identity(&run), Some(&run.name)),
        status: run.native_status.as_ref().map(status),
        started: run.started.as_deref().and_then(milliseconds),
        duration,
        test: run.test.map(|test| test.id),
        links,
    })
}

/// The word at the end of a status such as `list_node.run_native_status.passed`; `?` for an opaque ID.
pub(crate) fn status(status: &Reference) -> String {
    let word = status.id.as_str().rsplit_once('.');
    word.map_or_else(|| "?".to_owned(), |(_, word)| word.to_owned())
}

pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}
