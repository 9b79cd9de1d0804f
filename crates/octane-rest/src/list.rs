//! Lists, fetched page by page.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use octane_model::{Collection, ListParams, Order, Page, Query, Select};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::endpoint::Endpoint;
use crate::error::{Error, Kind};
use crate::list_error::ListError;
use crate::request_context::RequestContext;
use crate::response::Response;
use crate::retry::Idempotency;

/// How many pages may be prefetched while one is processed: enough to reach the rate limit even if
/// responses are slow, and few enough to be kept in memory.
const PREFETCH_PAGES_MAX: usize = 3;

/// A request for a list; created by [`Entities::list`](crate::Entities::list).
#[derive(Debug)]
#[must_use]
pub struct ListRequest<T> {
    endpoint: Endpoint,
    collection: Collection,
    list: ListParams,
    limit: Option<u64>,
    entity: PhantomData<fn() -> T>,
}

impl<T> ListRequest<T> {
    pub(crate) fn new(endpoint: Endpoint, collection: Collection, select: Select) -> Self {
        let page_size = endpoint.settings().page_size;
        Self {
            endpoint,
            collection,
            list: ListParams {
                select,
                limit: Some(page_size),
                ..ListParams::default()
            },
            limit: None,
            entity: PhantomData,
        }
    }

    /// Only entities that match `query`, and any earlier query too.
    pub fn matching(mut self, query: Query) -> Self {
        self.list.query = Query::all(self.list.query.into_iter().chain([query]));
        self
    }

    /// Sorts by this, then by any later order. The default is by ID, because the server's own order
    /// differs between versions and need not be stable between pages.
    pub fn order_by(mut self, order: Order) -> Self {
        self.list.order.push(order);
        self
    }

    /// The number of entities per page; by default the setting `page_size`.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.list.limit = Some(page_size.max(1));
        self
    }

    /// Skips the first `count` entities.
    pub fn skip(mut self, count: u64) -> Self {
        self.list.offset = count;
        self
    }

    /// Ends after `count` entities.
    pub fn limit(mut self, count: u64) -> Self {
        self.limit = Some(count);
        self
    }

    /// Requests these fields instead.
    pub fn select(mut self, select: Select) -> Self {
        self.list.select = select;
        self
    }

    /// The number of matching entities, regardless of `skip` and `limit`. `None` if the server does not
    /// count that far.
    pub async fn count(mut self) -> Result<Option<u64>, Error> {
        self.list.limit = Some(1);
        self.list.offset = 0;
        self.list.select = Select::default();
        let (page, _): (Page<IgnoredAny>, _) = self.page().await?;
        Ok(page.total_count.filter(|_| !page.exceeds_total_count))
    }

    /// A page, and the response that it comes from.
    async fn page<P: DeserializeOwned>(&self) -> Result<(Page<P>, Response), Error> {
        let request = self.collection.list(&self.list);
        let response = self
            .endpoint
            .execute(request, Idempotency::Idempotent)
            .await?;
        let page: Page<P> = entities(&response)?;
        let received = length(&page);
        match self.list.limit.map(u64::from) {
            Some(requested) if received > requested => {
                let error = ListError::PageTooLong {
                    requested,
                    received,
                };
                Err(invalid(error, &response))
            }
            _ => Ok((page, response)),
        }
    }
}

// Derived, it would require `T: Clone`.
impl<T> Clone for ListRequest<T> {
    fn clone(&self) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            collection: self.collection.clone(),
            list: self.list.clone(),
            limit: self.limit,
            entity: PhantomData,
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> ListRequest<T> {
    /// The first page alone, and the number of all matching entities if the server counts that far.
    pub async fn first_page(mut self) -> Result<(Vec<T>, Option<u64>), Error> {
        if self.list.order.is_empty() {
            self.list.order.push(Order::ascending("id"));
        }
        let (page, _): (Page<T>, _) = self.page().await?;
        let total = page.total_count.filter(|_| !page.exceeds_total_count);
        Ok((page.data, total))
    }

    /// The entities, fetched a page at a time as the stream is polled; the next pages are prefetched while
    /// one is processed, as far as the server has counted.
    pub fn stream(mut self) -> BoxStream<'static, Result<T, Error>> {
        if self.list.order.is_empty() {
            self.list.order.push(Order::ascending("id"));
        }
        let pages = stream::try_unfold(Pages::new(self), |mut pages| async move {
            let page = pages.next().await?;
            Ok(page.map(|page| (page, pages)))
        });
        pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    /// All entities.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.stream().try_collect().await
    }

    /// The first entity.
    pub async fn first(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().try_next().await
    }

    /// Fetches the first page of the remaining list.
    async fn next_page(mut self) -> Result<PageResult<T>, Error> {
        let wanted = self.wanted();
        if wanted == 0 {
            return Ok(PageResult::default());
        }
        let page_size = self.list.limit;
        self.list.limit = u32::try_from(wanted).ok();
        let (page, response): (Page<T>, _) = self.page().await?;
        self.list.limit = page_size;
        let count = length(&page);
        let offset = self.list.offset;
        // Of a list that the server counts no further, there are at least as many.
        if let (0, Some(counted)) = (count, page.total_count)
            && counted > offset
        {
            let received = offset;
            return Err(invalid(ListError::Missing { counted, received }, &response));
        }
        let rest = self.after(count);
        // A server may return less than requested, so a short page is not the end: an empty one is, or the count.
        let total = page.total_count.filter(|_| !page.exceeds_total_count);
        let is_last = count == 0
            || rest.limit == Some(0)
            || total.is_some_and(|total| rest.list.offset >= total);
        let is_whole_list = is_last && offset == 0;
        Ok(PageResult {
            entities: page.data,
            fingerprint: (count > 0 && !is_whole_list).then(|| fingerprint(&response)),
            offset,
            context: Some(response.context().clone()),
            rest: (!is_last).then_some(rest),
            // If the server returns less than requested, the offset of the page after the next is unknown.
            counted: page.total_count.filter(|_| count == wanted).unwrap_or(0),
        })
    }

    /// The number of entities to request for the next page.
    fn wanted(&self) -> u64 {
        let page_size = u64::from(self.list.limit.unwrap_or(1));
        self.limit.map_or(page_size, |limit| limit.min(page_size))
    }

    /// The list that remains after the first `count` entities.
    fn after(mut self, count: u64) -> Self {
        self.list.offset += count;
        self.limit = self.limit.map(|limit| limit.saturating_sub(count));
        self
    }
}

/// The entities of a response to a request for some. JSON without them, as something between this program and Octane may send, is not a
/// list of none: on one, suites would be created and links would be left as they are.
pub(crate) fn entities<T: DeserializeOwned>(response: &Response) -> Result<Page<T>, Error> {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "T: Deserialize<'de>"))]
    struct Listed<T> {
        data: Vec<T>,
        #[serde(default)]
        total_count: Option<u64>,
        #[serde(default)]
        exceeds_total_count: bool,
    }
    let Listed {
        data,
        total_count,
        exceeds_total_count,
    } = response.json()?;
    Ok(Page {
        total_count,
        data,
        exceeds_total_count,
        errors: Vec::new(),
    })
}

fn length<T>(page: &Page<T>) -> u64 {
    u64::try_from(page.data.len()).unwrap_or(u64::MAX)
}

fn invalid(error: ListError, response: &Response) -> Error {
    Error::new(Kind::InvalidList(error), response.context().clone())
}

/// A hash of the IDs of a page; of the whole response if they are missing.
fn fingerprint(response: &Response) -> u64 {
    #[derive(Deserialize)]
    struct Identified {
        id: Value,
    }
    let mut hasher = DefaultHasher::new();
    match response.json::<Page<Identified>>() {
        Ok(page) => page
            .data
            .iter()
            .for_each(|entity| entity.id.hash(&mut hasher)),
        Err(_) => response.body.hash(&mut hasher),
    }
    hasher.finish()
}

/// A page, and what is known about the rest.
struct PageResult<T> {
    entities: Vec<T>,
    /// What distinguishes the page from others of a list with several.
    fingerprint: Option<u64>,
    offset: u64,
    /// The request, if there was one.
    context: Option<RequestContext>,
    /// The rest of the list, if there is any.
    rest: Option<ListRequest<T>>,
    /// At least this many entities exist, in full pages.
    counted: u64,
}

impl<T> Default for PageResult<T> {
    fn default() -> Self {
        Self {
            entities: Vec::new(),
            fingerprint: None,
            offset: 0,
            context: None,
            rest: None,
            counted: 0,
        }
    }
}

/// The pages of a list, some of which are being prefetched.
struct Pages<T> {
    /// Nothing is requested before the first page is needed.
    first: Option<ListRequest<T>>,
    prefetched: VecDeque<Prefetch<T>>,
    /// The fingerprints of all pages.
    seen: HashSet<u64>,
    /// How many entities they have.
    received: u64,
    entities_max: u64,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    fn new(list: ListRequest<T>) -> Self {
        Self {
            entities_max: list.endpoint.settings().list_entities_max,
            first: Some(list),
            prefetched: VecDeque::new(),
            seen: HashSet::new(),
            received: 0,
        }
    }

    /// The next page, if there is one.
    async fn next(&mut self) -> Result<Option<Vec<T>>, Error> {
        let page = match (self.prefetched.pop_front(), self.first.take()) {
            (Some(prefetch), _) => prefetch.page().await?,
            (None, Some(first)) => first.next_page().await?,
            (None, None) => return Ok(None),
        };
        self.check(&page)?;
        let PageResult {
            entities,
            rest,
            counted,
            ..
        } = page;
        match rest {
            Some(rest) => self.prefetch(rest, counted),
            None => self.prefetched.clear(),
        }
        Ok(Some(entities))
    }

    /// Fails if the server repeats itself, or does not end.
    fn check(&mut self, page: &PageResult<T>) -> Result<(), Error> {
        let count = u64::try_from(page.entities.len()).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(count);
        let is_new = page.fingerprint.is_none_or(|it| self.seen.insert(it));
        let (offset, entities_max) = (page.offset, self.entities_max);
        let error = match (is_new, &page.context) {
            (false, Some(context)) => (ListError::RepeatedPage { offset }, context),
            (true, Some(context)) if self.received > entities_max => {
                (ListError::Endless { entities_max }, context)
            }
            _ => return Ok(()),
        };
        let (error, context) = error;
        Err(Error::new(Kind::InvalidList(error), context.clone()))
    }

    /// Prefetches up to [`PREFETCH_PAGES_MAX`] pages. Only the offset of the first one is certain; the
    /// others are requested on the assumption that all pages before them are full.
    fn prefetch(&mut self, rest: ListRequest<T>, counted: u64) {
        let is_rest = |prefetch: &Prefetch<T>| prefetch.request.list.offset == rest.list.offset;
        if !self.prefetched.front().is_some_and(is_rest) {
            self.prefetched.clear();
            self.prefetched.push_back(Prefetch::start(rest));
        }
        while let Some(last) = self
            .prefetched
            .back()
            .filter(|_| self.prefetched.len() < PREFETCH_PAGES_MAX)
        {
            let wanted = last.request.wanted();
            let next = last.request.clone().after(wanted);
            if next.limit == Some(0) || next.list.offset >= counted {
                break;
            }
            self.prefetched.push_back(Prefetch::start(next));
        }
    }
}

/// A page that is being fetched; cancelled when it is dropped.
struct Prefetch<T> {
    request: ListRequest<T>,
    page: JoinHandle<Result<PageResult<T>, Error>>,
}

impl<T: DeserializeOwned + Send + 'static> Prefetch<T> {
    fn start(request: ListRequest<T>) -> Self {
        Self {
            page: tokio::spawn(request.clone().next_page()),
            request,
        }
    }

    async fn page(mut self) -> Result<PageResult<T>, Error> {
        match (&mut self.page).await {
            Ok(page) => page,
            // Only `drop` cancels the task, so it has panicked; the panic belongs to the caller.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl<T> Drop for Prefetch<T> {
    fn drop(&mut self) {
        self.page.abort();
    }
}
