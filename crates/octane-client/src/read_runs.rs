//! Reading the automated runs of a suite run, with a number of requests that is bounded by one's own results.
//!
//! Many jobs may upload into one suite run. If each of them read all of it, the requests would grow with the square of their
//! number. So the newest page is read first, and then:
//!
//! | the suite run holds | what else is read |
//! |---|---|
//! | no more than the server has returned, or all runs that are wanted are in it | nothing |
//! | at most twice as many runs as are wanted, or no more than a page holds | the rest of it |
//! | more | the runs that are wanted: where each batch begins and ends is looked up by name, then the ranges of IDs between are read, as a server creates the runs of a payload together; what is not in them is looked up by name |
//! | more, and so many are missing then that looking them up costs more than reading everything | the rest of it |

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, Order, Query, Reference, Resource, Select, SuiteRun};
use octane_rest::ListRequest;
use octane_results::Identity;
use serde_json::Value;

use crate::context::Context;
use crate::error::ClientError;
use crate::journal::{Journal, ServerRun};
use crate::link_field::{LinkField, LinkLevel};
use crate::run_key::run_key;
use crate::stage::{StageError, request};

/// How many IDs one query asks for; the vendor's clients keep lists below a hundred too.
pub(crate) const IDS_MAX: usize = 100;

/// How many runs are read, and written to the journal, at a time.
const PAGE: u16 = 1000;

/// How many ranges of IDs one query asks for.
const RANGES_MAX: usize = 20;

/// What is read after the newest page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Nothing,
    Rest,
    Wanted,
}

/// Decides what is read after the newest page, of `page` runs, of which `found` are `wanted`; see the [table](self).
fn next(page: usize, found: usize, wanted: usize, total: Option<u64>) -> Next {
    // A server may return shorter pages than requested, so the length of a page does not say that it is the last one.
    let is_all = total.is_some_and(|total| total <= page as u64);
    let is_rest_cheap = match total {
        Some(total) => total <= 2 * wanted as u64 || total <= u64::from(PAGE),
        None => page < usize::from(PAGE),
    };
    if is_all || found >= wanted {
        Next::Nothing
    } else if is_rest_cheap {
        Next::Rest
    } else {
        Next::Wanted
    }
}

/// Whether looking up `missing` runs by name needs more requests than reading all runs of the suite run.
fn is_reading_all_cheaper(missing: usize, total: Option<u64>) -> bool {
    let lookups = missing.div_ceil(IDS_MAX) as u64;
    total.is_some_and(|total| total.div_ceil(u64::from(PAGE)) <= lookups)
}

/// Finds the suite run and reads the runs that are wanted into the journal, with their links where `field` says that runs
/// have any. Returns the suite run, and how many runs were read.
pub(crate) async fn read_runs(
    context: &Context<'_>,
    field: Option<&LinkField>,
) -> Result<(SuiteRun, usize), StageError> {
    let Context {
        client,
        journal,
        target,
        cancellation,
        ..
    } = context;
    let suite = target.suite.id;
    let suite_runs = client.suite_runs();
    let suite_run = request(cancellation, suite_runs.find(&target.suite_run, suite)).await?;
    let suite_run = suite_run.ok_or_else(|| ClientError::NoSuiteRun {
        suite,
        name: target.suite_run.clone(),
        similar: Vec::new(),
    })?;
    let linked = field.filter(|field| field.level == LinkLevel::Runs);
    let mut select = AutomatedRun::select().with("duration");
    if let Some(field) = linked {
        select = select.with(&field.name);
    }
    let mut reader = Reader {
        context,
        linked,
        query: Query::field("parent_suite").refers_to_id(suite_run.id),
        select,
        read: 0,
    };
    let newest_first = reader.list(None).order_by(Order::descending("id"));
    let first = newest_first.clone().page_size(u32::from(PAGE)).first_page();
    let (page, total) = request(cancellation, first).await?;
    let length = page.len();
    reader.store(page).await?;
    let (found, wanted) = journal.run(Journal::wanted_runs).await?;
    match next(length, found, wanted, total) {
        Next::Nothing => {}
        // Runs that arrive while this reads move others to later pages, where they are read twice: none is missed.
        Next::Rest => reader.read(newest_first.skip(length as u64)).await?,
        Next::Wanted => reader.read_wanted(total).await?,
    }
    let read = reader.read;
    journal.run(Journal::finish_server_runs).await?;
    Ok((suite_run, read))
}

struct Reader<'a> {
    context: &'a Context<'a>,
    linked: Option<&'a LinkField>,
    /// The runs of the suite run.
    query: Query,
    select: Select,
    read: usize,
}

impl Reader<'_> {
    /// The runs of the suite run, or those that match `query` too.
    fn list(&self, query: Option<Query>) -> ListRequest<Entity> {
        let runs = self
            .context
            .client
            .endpoint
            .collection(AutomatedRun::COLLECTION);
        let list = runs
            .list()
            .select(self.select.clone())
            .matching(self.query.clone());
        match query {
            Some(query) => list.matching(query),
            None => list,
        }
    }

    async fn read_wanted(&mut self, total: Option<u64>) -> Result<(), StageError> {
        let journal = self.context.journal;
        let ends = journal.run(Journal::names_of_batch_ends).await?;
        self.read_named(&ends).await?;
        let ranges = journal.run(Journal::ranges_of_batches).await?;
        for some in ranges.chunks(RANGES_MAX) {
            let between = |&(first, last): &(i64, i64)| Query::field("id").is_between(first, last);
            let ranges = some.iter().map(between).reduce(|one, other| one | other);
            self.read(self.list(ranges)).await?;
        }
        let missing = journal.run(Journal::names_of_missing_runs).await?;
        if is_reading_all_cheaper(missing.len(), total) {
            return self.read(self.list(None)).await;
        }
        self.read_named(&missing).await
    }

    /// Reads the runs that are called like this, whatever their tests are.
    async fn read_named(&mut self, names: &[String]) -> Result<(), StageError> {
        for some in names.chunks(IDS_MAX) {
            let names = Query::field("name").is_in(some.iter().map(String::as_str));
            self.read(self.list(names)).await?;
        }
        Ok(())
    }

    async fn read(&mut self, list: ListRequest<Entity>) -> Result<(), StageError> {
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

    async fn store(&mut self, page: Vec<Entity>) -> Result<(), StageError> {
        let linked = self.linked;
        let runs: Vec<ServerRun> = page
            .into_iter()
            .filter_map(|entity| server_run(entity, linked))
            .collect();
        self.read += runs.len();
        let journal = self.context.journal;
        journal
            .run(move |journal| journal.add_server_runs(&runs))
            .await?;
        Ok(())
    }
}

fn server_run(entity: Entity, linked: Option<&LinkField>) -> Option<ServerRun> {
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
    Some(ServerRun {
        id,
        key: run_key(&identity, Some(&run.name)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_after_the_newest_page_is_bounded_by_what_is_wanted() {
        for (page, found, wanted, total, expected) in [
            (999, 10, 5000, Some(999), Next::Nothing),
            (0, 0, 5000, Some(0), Next::Nothing),
            // Pages that the server has made shorter.
            (200, 200, 900, Some(900), Next::Rest),
            (200, 0, 10, Some(900), Next::Rest),
            (200, 200, 900, None, Next::Rest),
            (200, 200, 200, None, Next::Nothing),
            (1000, 1000, 1000, Some(100_000), Next::Nothing),
            (1000, 1000, 4000, Some(4000), Next::Rest),
            (1000, 0, 1000, Some(2000), Next::Rest),
            (1000, 0, 1000, Some(2001), Next::Wanted),
            (1000, 1000, 4000, None, Next::Wanted),
        ] {
            let decided = next(page, found, wanted, total);
            assert_eq!(decided, expected, "{page} {found} {wanted} {total:?}");
        }
    }

    #[test]
    fn all_is_read_if_looking_up_what_is_missing_costs_more() {
        assert!(!is_reading_all_cheaper(0, Some(5000)));
        assert!(!is_reading_all_cheaper(400, Some(5000)));
        assert!(is_reading_all_cheaper(500, Some(5000)));
        assert!(!is_reading_all_cheaper(500, None));
    }
}
