//! Work that blocks.

use std::convert::Infallible;
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread;

use tokio::sync::Semaphore;

/// As much is done at the same time as there are processors: more would not be faster, but each thread keeps memory of its own.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(processors.max(2))
});

/// Does `work` on a thread on which blocking is allowed.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _turn = TURNS.acquire().await;
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and nothing waits for this any more.
            Err(_) => never().await,
        },
    }
}

async fn never<T>() -> T {
    let never: Infallible = std::future::pending().await;
    match never {}
}
