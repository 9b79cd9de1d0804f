//! One client at a time creates modules and suites.

use futures_util::future::BoxFuture;

/// Lets one of several clients at a time create modules and suites. It is for clients that have something in common, such as a
/// database: they look again once they have the lock, and find what another one has created.
///
/// Clients without it agree afterwards on the oldest of what they have created, and so do those that have lost it.
pub trait CreationLock: Send + Sync + 'static {
    /// Waits until no other client has the lock. It is given back when what is returned is dropped.
    fn lock(&self) -> BoxFuture<'_, Box<dyn Send>>;
}
