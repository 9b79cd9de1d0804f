//! Sharing the rate limit with other processes.
//!
//! A process that is not alone asks for a slot before each request, and starts the request within the slot. What it learns of an
//! overload of the server it passes on.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// The time in which a request may start. One that comes too late takes another slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slot {
    /// Not earlier.
    pub start: Instant,
    /// Not later.
    pub end: Instant,
}

impl Slot {
    /// A slot that begins at `start` and is this long.
    pub fn new(start: Instant, length: Duration) -> Self {
        let end = start + length;
        Self { start, end }
    }
}

/// The rate of requests to a server, in all processes together. It replaces
/// [`EndpointSettings::requests_per_second`](crate::EndpointSettings::requests_per_second).
pub trait SharedPace: Send + Sync + 'static {
    /// The next free slot; waits for as long as none can be found out. The request's deadline ends the wait.
    fn slot(&self) -> BoxFuture<'_, Slot>;

    /// The server has rejected a request as one too many (429 or 503). It was sent `since` ago, and the server says to come back after
    /// `pause`.
    fn overloaded(&self, since: Duration, pause: Duration) -> BoxFuture<'_, ()>;
}
