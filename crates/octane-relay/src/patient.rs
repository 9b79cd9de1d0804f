//! A connection to a client that has to take what it is sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Fails once the other side has taken nothing for a while of what it is sent. Reading has no limit here.
pub(crate) struct Patient<S> {
    stream: S,
    stall_time_max: Duration,
    /// Since when nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S, stall_time_max: Duration) -> Self {
        Self {
            stream,
            stall_time_max,
            stalled: None,
        }
    }

    /// Gives up on what is pending for too long.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        poll: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if poll.is_ready() {
            self.stalled = None;
            return poll;
        }
        let stall_time_max = self.stall_time_max;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(stall_time_max)));
        stalled
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, poll)
    }

    // Neither of them waits for the client.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.watch(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const STALL_TIME_MAX: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (stream, _client) = duplex(16);
        let mut stream = Patient::new(stream, STALL_TIME_MAX);
        let since = tokio::time::Instant::now();
        let error = stream.write_all(&[0; 17]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(since.elapsed().as_secs(), STALL_TIME_MAX.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_only_slow_gets_everything() {
        let (stream, mut client) = duplex(16);
        let mut stream = Patient::new(stream, STALL_TIME_MAX);
        let sending = async {
            stream.write_all(&[7; 160]).await.unwrap();
            drop(stream);
        };
        let taking = async {
            let mut taken = 0;
            loop {
                sleep(STALL_TIME_MAX / 2).await;
                match client.read(&mut [0; 16]).await.unwrap() {
                    0 => break taken,
                    count => taken += count,
                }
            }
        };
        let ((), taken) = tokio::join!(sending, taking);
        assert_eq!(taken, 160);
    }
}
