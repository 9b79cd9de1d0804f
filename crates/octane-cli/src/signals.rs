//! Signals that end the program: Ctrl-C, or a request to terminate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use octane_client::CancellationToken;

use crate::args::Format;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{print_failure, print_note};

/// How long work may take to notice that it was interrupted.
const NOTICE_MAX: Duration = Duration::from_millis(500);

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
        let is_command_running = Arc::new(AtomicBool::new(false));
        let is_running = Arc::clone(&is_command_running);
        let (tx, rx) = tokio::sync::watch::channel(Exit::Interrupted);
        let task = tokio::spawn(async move {
            let first = self.next().await;
            tx.send_replace(first);
            stop.cancel();
            let what = if is_running.load(Ordering::SeqCst) {
                "for the command to end"
            } else {
                "up to 3 seconds for requests in flight"
            };
            print_note(&format!(
                "stopping; waiting {what} (press Ctrl-C again to quit now)"
            ));
            let second = self.next().await;
            // Asked for the second time: no more waiting.
            std::process::exit(second.code().into());
        });
        Stopping {
            rx,
            is_command_running,
            task,
        }
    }
}

/// Listens until it is dropped.
pub(crate) struct Stopping {
    rx: tokio::sync::watch::Receiver<Exit>,
    /// Whether the command of `octane exec` is running, which ends when it wants to.
    is_command_running: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Stopping {
    /// The exit code of the signal that arrived.
    pub(crate) fn exit(&self) -> Exit {
        *self.rx.borrow()
    }

    /// Says whether the command of `octane exec` is running.
    pub(crate) fn set_command_running(&self, is_running: bool) {
        self.is_command_running.store(is_running, Ordering::SeqCst);
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Runs work that has nothing to finish, until it is done or a signal arrives. Work that blocks its thread, for example because it
/// reads standard input, does not notice signals; the process ends then, too.
pub(crate) async fn unless_interrupted(
    work: impl Future<Output = Result<Exit>>,
    format: Format,
) -> Result<Exit> {
    // They are caught before the work begins: it may never come back to this task.
    let mut signals = Signals::new()?;
    let (tx, mut rx) = tokio::sync::oneshot::channel();
    let is_ending = Arc::new(AtomicBool::new(false));
    let may_end = Arc::clone(&is_ending);
    let watch = tokio::spawn(async move {
        let first = signals.next().await;
        let _ = tx.send(first);
        tokio::select! {
            () = tokio::time::sleep(NOTICE_MAX) => {}
            _ = signals.next() => {}
        }
        if !may_end.swap(true, Ordering::SeqCst) {
            end_process(first, format);
        }
    });
    let done = tokio::select! {
        biased;
        Ok(exit) = &mut rx => Err(interrupted(exit)),
        done = work => done,
    };
    if is_ending.swap(true, Ordering::SeqCst) {
        // The process is ending on the other thread, which says why.
        std::future::pending::<()>().await;
    }
    watch.abort();
    done
}

fn interrupted(exit: Exit) -> Failure {
    Failure::message(
        exit,
        match exit {
            Exit::Terminated => "terminated",
            _ => "interrupted",
        },
    )
}

/// Ends the process, whatever its other threads do. What they hold, such as standard output, may prevent that the reason is printed.
#[expect(clippy::exit, reason = "the thread that would return may be blocked")]
fn end_process(exit: Exit, format: Format) -> ! {
    let (tx, rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        print_failure(&interrupted(exit), format, exit);
        let _ = tx.send(());
    });
    let _ = rx.recv_timeout(NOTICE_MAX);
    std::process::exit(exit.code().into())
}
