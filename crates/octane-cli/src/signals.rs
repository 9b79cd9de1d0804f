//! Being asked to end: Ctrl-C, or a request from outside.

use octane_client::Stop;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::print_note;

/// The signals that ask the program to end. They are caught from when this is made, so that whoever has
/// read the first line of output can end the program in an orderly way.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> Outcome<Self> {
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

    /// Waits for the next one, and gives the exit code that belongs to it.
    pub(crate) async fn next(&mut self) -> Exit {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
        #[cfg(not(unix))]
        {
            // Where Ctrl-C cannot be waited for, the process is ended from outside.
            let _ = tokio::signal::ctrl_c().await;
            Exit::Interrupted
        }
    }

    /// Asks `stop` to stop with the first signal and gives the code of that; with the second one the
    /// process ends at once, which its journal bears.
    pub(crate) fn stopping(mut self, stop: Stop) -> Stopping {
        let (tell, told) = tokio::sync::watch::channel(Exit::Interrupted);
        let task = tokio::spawn(async move {
            let first = self.next().await;
            tell.send_replace(first);
            stop.ask();
            print_note("stopping: what is under way gets 3 seconds; a second signal ends at once");
            let second = self.next().await;
            // Somebody asks for the second time and wants no more waiting.
            std::process::exit(second.code().into());
        });
        Stopping { told, task }
    }
}

/// Listens until it is dropped.
pub(crate) struct Stopping {
    told: tokio::sync::watch::Receiver<Exit>,
    task: tokio::task::JoinHandle<()>,
}

impl Stopping {
    /// The code of the signal that came.
    pub(crate) fn exit(&self) -> Exit {
        *self.told.borrow()
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        self.task.abort();
    }
}
