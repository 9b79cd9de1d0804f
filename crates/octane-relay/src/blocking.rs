//! Work that blocks.

use std::convert::Infallible;

/// Does `work` on a thread on which blocking is allowed.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and nobody waits for this any more.
            Err(_) => never().await,
        },
    }
}

async fn never<T>() -> T {
    let never: Infallible = std::future::pending().await;
    match never {}
}
