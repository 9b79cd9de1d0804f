//! Lists, page by page.

use std::marker::PhantomData;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use octane_model::{Collection, List, Order, Page, Query, Select};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::task::JoinHandle;

use crate::{Endpoint, Error, Repeat};

/// A list to be asked for; made by [`Entities::list`](crate::Entities::list).
#[derive(Debug, Clone)]
#[must_use]
pub struct Listing<T> {
    endpoint: Endpoint,
    collection: Collection,
    list: List,
    limit: Option<u64>,
    entity: PhantomData<fn() -> T>,
}

impl<T> Listing<T> {
    pub(crate) fn new(endpoint: Endpoint, collection: Collection, select: Select) -> Self {
        let page_size = endpoint.settings().page_size;
        Self {
            endpoint,
            collection,
            list: List {
                select,
                limit: Some(page_size),
                ..List::default()
            },
            limit: None,
            entity: PhantomData,
        }
    }

    /// Only those for which `query` holds, and any earlier query too.
    pub fn matching(mut self, query: Query) -> Self {
        self.list.query = Query::all(self.list.query.into_iter().chain([query]));
        self
    }

    /// Ordered by this, then by any later order. Without one it is by id, because the server's own
    /// order differs between versions and need not be stable between pages.
    pub fn order_by(mut self, order: Order) -> Self {
        self.list.order.push(order);
        self
    }

    /// How many to ask for at once; the setting `page_size` if not told.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.list.limit = Some(page_size.max(1));
        self
    }

    /// Leaves out the first `count`.
    pub fn skip(mut self, count: u64) -> Self {
        self.list.offset = count;
        self
    }

    /// Ends after `count`.
    pub fn limit(mut self, count: u64) -> Self {
        self.limit = Some(count);
        self
    }

    /// Asks for these fields instead.
    pub fn select(mut self, select: Select) -> Self {
        self.list.select = select;
        self
    }

    /// How many there are, whatever is skipped or limited. `None` where the server does not count so far.
    pub async fn count(mut self) -> Result<Option<u64>, Error> {
        self.list.limit = Some(1);
        self.list.offset = 0;
        self.list.select = Select::default();
        let page: Page<IgnoredAny> = self.page().await?;
        Ok(page.total_count.filter(|_| !page.exceeds_total_count))
    }

    async fn page<P: DeserializeOwned>(&self) -> Result<Page<P>, Error> {
        let request = self.collection.list(&self.list);
        self.endpoint.execute(request, Repeat::Always).await?.json()
    }
}

impl<T: DeserializeOwned + Send + 'static> Listing<T> {
    /// The entities, fetched a page at a time as they are taken; the next page is on its way while one is
    /// worked on.
    pub fn stream(mut self) -> BoxStream<'static, Result<T, Error>> {
        if self.list.order.is_empty() {
            self.list.order.push(Order::ascending("id"));
        }
        let pages = stream::try_unfold(Turn::First(self), |turn| async move {
            let (page, rest) = match turn {
                Turn::First(listing) => listing.next_page().await?,
                Turn::Next(coming) => coming.page().await?,
                Turn::Over => return Ok(None),
            };
            let next = rest.map_or(Turn::Over, |rest| Turn::Next(Coming::of(rest)));
            Ok(Some((page, next)))
        });
        pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    /// All of them.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.stream().try_collect().await
    }

    /// The first of them.
    pub async fn first(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().try_next().await
    }

    /// A page, and what is left to ask for.
    async fn next_page(mut self) -> Paged<T> {
        let page_size = u64::from(self.list.limit.unwrap_or(1));
        let wanted = self.limit.map_or(page_size, |limit| limit.min(page_size));
        if wanted == 0 {
            return Ok((Vec::new(), None));
        }
        self.list.limit = u32::try_from(wanted).ok();
        let page: Page<T> = self.page().await?;
        self.list.limit = u32::try_from(page_size).ok();
        let count = u64::try_from(page.data.len()).unwrap_or(u64::MAX);
        self.list.offset += count;
        self.limit = self.limit.map(|limit| limit.saturating_sub(count));
        // A server may give less than asked for, so a short page is the end only where the count does
        // not say more.
        let is_counted_off = |total| self.list.offset >= total;
        let is_last = count == 0
            || self.limit == Some(0)
            || match page.total_count {
                Some(total) if page.exceeds_total_count => count < wanted && is_counted_off(total),
                Some(total) => is_counted_off(total),
                None => count < wanted,
            };
        Ok((page.data, (!is_last).then_some(self)))
    }
}

/// Where a stream of pages is.
enum Turn<T> {
    /// Nothing is asked for before somebody takes.
    First(Listing<T>),
    Next(Coming<T>),
    Over,
}

type Paged<T> = Result<(Vec<T>, Option<Listing<T>>), Error>;

/// A page that is on its way; nobody waits for it any more once this is dropped.
struct Coming<T>(JoinHandle<Paged<T>>);

impl<T: DeserializeOwned + Send + 'static> Coming<T> {
    fn of(listing: Listing<T>) -> Self {
        Self(tokio::spawn(listing.next_page()))
    }

    async fn page(mut self) -> Paged<T> {
        match (&mut self.0).await {
            Ok(page) => page,
            // Nobody ends the task but this, so it has panicked: here is where that belongs.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl<T> Drop for Coming<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
