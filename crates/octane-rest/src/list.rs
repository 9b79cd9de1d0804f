//! Lists, page by page.

use std::collections::VecDeque;
use std::marker::PhantomData;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use octane_model::{Collection, List, Order, Page, Query, Select};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::task::JoinHandle;

use crate::{Endpoint, Error, Repeat};

/// How many pages may be on their way while one is worked on: enough to keep the pace where answers take
/// longer than the pace allows for, and few enough to be held.
const AHEAD: usize = 3;

/// A list to be asked for; made by [`Entities::list`](crate::Entities::list).
#[derive(Debug)]
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

// Derived, it would ask for entities that can be cloned.
impl<T> Clone for Listing<T> {
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

impl<T: DeserializeOwned + Send + 'static> Listing<T> {
    /// The entities, fetched a page at a time as they are taken; the next pages are on their way while one
    /// is worked on, as far as the server has counted.
    pub fn stream(mut self) -> BoxStream<'static, Result<T, Error>> {
        if self.list.order.is_empty() {
            self.list.order.push(Order::ascending("id"));
        }
        let pages = stream::try_unfold(Pages::of(self), |mut pages| async move {
            let page = pages.take().await?;
            Ok(page.map(|page| (page, pages)))
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

    /// The page with which what is left begins.
    async fn next_page(mut self) -> Result<Paged<T>, Error> {
        let wanted = self.wanted();
        if wanted == 0 {
            return Ok(Paged::default());
        }
        let page_size = self.list.limit;
        self.list.limit = u32::try_from(wanted).ok();
        let page: Page<T> = self.page().await?;
        self.list.limit = page_size;
        let count = u64::try_from(page.data.len()).unwrap_or(u64::MAX);
        let rest = self.after(count);
        // A server may give less than asked for, so a short page is the end only where the count does
        // not say more.
        let is_counted_off = |total| rest.list.offset >= total;
        let is_last = count == 0
            || rest.limit == Some(0)
            || match page.total_count {
                Some(total) if page.exceeds_total_count => count < wanted && is_counted_off(total),
                Some(total) => is_counted_off(total),
                None => count < wanted,
            };
        Ok(Paged {
            entities: page.data,
            rest: (!is_last).then_some(rest),
            // From a server that gives less than asked for, nobody knows where the page after the next begins.
            counted: page.total_count.filter(|_| count == wanted).unwrap_or(0),
        })
    }

    /// How many entities the next page shall have.
    fn wanted(&self) -> u64 {
        let page_size = u64::from(self.list.limit.unwrap_or(1));
        self.limit.map_or(page_size, |limit| limit.min(page_size))
    }

    /// What is left after the first `count` entities.
    fn after(mut self, count: u64) -> Self {
        self.list.offset += count;
        self.limit = self.limit.map(|limit| limit.saturating_sub(count));
        self
    }
}

/// A page, and what is known of the rest.
struct Paged<T> {
    entities: Vec<T>,
    /// What is left to ask for, if anything.
    rest: Option<Listing<T>>,
    /// So many entities there are at least, in full pages.
    counted: u64,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self {
            entities: Vec::new(),
            rest: None,
            counted: 0,
        }
    }
}

/// The pages of a list, some of which are on their way.
struct Pages<T> {
    /// Nothing is asked for before somebody takes.
    first: Option<Listing<T>>,
    coming: VecDeque<Coming<T>>,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    fn of(listing: Listing<T>) -> Self {
        Self {
            first: Some(listing),
            coming: VecDeque::new(),
        }
    }

    /// The next page, if there is one.
    async fn take(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Paged {
            entities,
            rest,
            counted,
        } = match (self.coming.pop_front(), self.first.take()) {
            (Some(coming), _) => coming.page().await?,
            (None, Some(first)) => first.next_page().await?,
            (None, None) => return Ok(None),
        };
        match rest {
            Some(rest) => self.ask(rest, counted),
            None => self.coming.clear(),
        }
        Ok(Some(entities))
    }

    /// Asks for what comes next, so that up to [`AHEAD`] pages are on their way. Only the first of them is
    /// certain to begin where the last one ended: the others are asked for as if all were full, like that one.
    fn ask(&mut self, rest: Listing<T>, counted: u64) {
        let is_on_its_way = |coming: &Coming<T>| coming.listing.list.offset == rest.list.offset;
        if !self.coming.front().is_some_and(is_on_its_way) {
            self.coming.clear();
            self.coming.push_back(Coming::of(rest));
        }
        while let Some(last) = self.coming.back().filter(|_| self.coming.len() < AHEAD) {
            let wanted = last.listing.wanted();
            let next = last.listing.clone().after(wanted);
            if next.limit == Some(0) || next.list.offset >= counted {
                break;
            }
            self.coming.push_back(Coming::of(next));
        }
    }
}

/// A page that is on its way; nobody waits for it any more once this is dropped.
struct Coming<T> {
    listing: Listing<T>,
    page: JoinHandle<Result<Paged<T>, Error>>,
}

impl<T: DeserializeOwned + Send + 'static> Coming<T> {
    fn of(listing: Listing<T>) -> Self {
        Self {
            page: tokio::spawn(listing.clone().next_page()),
            listing,
        }
    }

    async fn page(mut self) -> Result<Paged<T>, Error> {
        match (&mut self.page).await {
            Ok(page) => page,
            // Nobody ends the task but this, so it has panicked: here is where that belongs.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl<T> Drop for Coming<T> {
    fn drop(&mut self) {
        self.page.abort();
    }
}
