//! A link between two places that can be cut: connections stay open, and nothing passes any more until it is mended.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a link leads.
#[derive(Debug, Clone)]
pub(super) enum Far {
    Socket(PathBuf),
    Address(SocketAddr),
}

/// A link; dropping it closes its connections.
pub(super) struct Link {
    pub(super) address: SocketAddr,
    is_up: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

type Reader = Pin<Box<dyn AsyncRead + Send>>;
type Writer = Pin<Box<dyn AsyncWrite + Send>>;

impl Link {
    pub(super) async fn to(far: Far) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let is_up = watch::Sender::new(true);
        let up = is_up.subscribe();
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                tokio::select! {
                    Some(_) = connections.join_next() => {}
                    accepted = listener.accept() => {
                        let Ok((near, _)) = accepted else { continue };
                        connections.spawn(connect(near, far.clone(), up.clone()));
                    }
                }
            }
        });
        Ok(Self {
            address,
            is_up,
            accepting,
        })
    }

    /// Cuts the link, or mends it.
    pub(super) fn set_up(&self, is_up: bool) {
        self.is_up.send_replace(is_up);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A connection, until both sides have closed it. Where nothing listens, the near side sees it close.
async fn connect(near: TcpStream, far: Far, up: watch::Receiver<bool>) {
    let mut is_up = up.clone();
    if is_up.wait_for(|is_up| *is_up).await.is_err() {
        return;
    }
    let opened = async {
        Ok::<(Reader, Writer), io::Error>(match far {
            Far::Socket(path) => {
                let (reader, writer) = UnixStream::connect(path).await?.into_split();
                (Box::pin(reader), Box::pin(writer))
            }
            Far::Address(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                (Box::pin(reader), Box::pin(writer))
            }
        })
    };
    let Ok((far_reader, far_writer)) = opened.await else {
        return;
    };
    if near.set_nodelay(true).is_err() {
        return;
    }
    let (near_reader, near_writer) = near.into_split();
    // Whatever ends, ends both directions: none of the protocols goes on with half a connection.
    tokio::select! {
        _ = copy(Box::pin(near_reader), far_writer, up.clone()) => {}
        _ = copy(far_reader, Box::pin(near_writer), up) => {}
    }
}

async fn copy(mut from: Reader, mut to: Writer, mut up: watch::Receiver<bool>) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if up.wait_for(|is_up| *is_up).await.is_err() || count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count]).await?;
    }
}
