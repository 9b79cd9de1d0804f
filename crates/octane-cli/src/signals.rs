//! Signals that end the program: Ctrl-C, or a request to terminate.

use octane_client::CancellationToken;

use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::print_note;

/// The signals that ask the program to end. They are caught from the moment this is created, so that a caller
/// that has read the first line of output can end the program in an orderly way.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let listen = |kind| signal(kind).map_err(|error| Failure::new(Exit::Internal, error));
            Ok(Self {
                interrupt: listen(SignalKind::interrupt())?,
                terminate: listen(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next signal and returns its exit code.
    pub(crate) async fn next(&mut self) -> Exit {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
        #[cfg(not(unix))]
        {
            // If Ctrl-C cannot be waited for, the process is ended from outside.
            let _ = tokio::signal::ctrl_c().await;
            Exit::Interrupted
        }
    }

    /// Cancels the work at the first signal and remembers its exit code. The second one ends the process at
    /// once, which the journal is made for.
    pub(crate) fn stopping(mut self, stop: CancellationToken) -> Stopping {
        let (tx, rx) = tokio::sync::watch::channel(Exit::Interrupted);
        let task = tokio::spawn(async move {
            let first = self.next().await;
            tx.send_replace(first);
            stop.cancel();
            print_note(
                "stopping; waiting up to 3 seconds for requests in flight (press Ctrl-C again to quit now)",
            );
            let second = self.next().await;
            // Asked for the second time: no more waiting.
            std::process::exit(second.code().into());
        });
        Stopping { rx, task }
    }
}

/// Listens until it is dropped.
pub(crate) struct Stopping {
    rx: tokio::sync::watch::Receiver<Exit>,
    task: tokio::task::JoinHandle<()>,
}

impl Stopping {
    /// The exit code of the signal that arrived.
    pub(crate) fn exit(&self) -> Exit {
        *self.rx.borrow()
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        self.task.abort();
    }
}
