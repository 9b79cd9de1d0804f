//! Servers that violate HTTP: raw bytes, at their own speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use octane_rest::{Endpoint, EndpointSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{pause, sleep};

use crate::network::{endpoint, read, signed_in};

/// What a server does with a connection after the request. In the end it closes it.
#[derive(Clone)]
pub(crate) enum Move {
    /// Sends this.
    Say(Vec<u8>),
    /// Sends this again and again until the client closes the connection.
    Repeat(Vec<u8>),
    /// Sends this, one byte per second.
    Trickle(Vec<u8>),
    /// Sends nothing until the client closes the connection, on a paused clock.
    Hang,
    /// Sends nothing until the client closes the connection.
    Listen,
}

pub(crate) fn say(bytes: impl Into<Vec<u8>>) -> Move {
    Move::Say(bytes.into())
}

/// A server that accepts every sign-in and plays its moves for every other request.
pub(crate) struct Stage {
    address: String,
    actor: Actor,
}

#[derive(Clone)]
struct Actor {
    moves: Arc<[Move]>,
    written: Arc<AtomicU64>,
    is_time_still: Arc<AtomicBool>,
}

impl Stage {
    pub(crate) async fn new(moves: Vec<Move>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let actor = Actor {
            moves: moves.into(),
            written: Arc::default(),
            is_time_still: Arc::default(),
        };
        tokio::spawn({
            let actor = actor.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(actor.clone().play(stream));
                }
            }
        });
        Self { address, actor }
    }

    /// How many bytes were written except for sign-ins, whether they were read or not.
    pub(crate) fn written(&self) -> u64 {
        self.actor.written.load(Ordering::SeqCst)
    }

    pub(crate) fn endpoint(&self, change: impl FnOnce(&mut EndpointSettings)) -> Endpoint {
        endpoint(&self.address, change)
    }
}

impl Actor {
    async fn play(self, mut stream: TcpStream) {
        let request = read(&mut stream).await;
        if request.starts_with("POST /authentication/sign_in ") {
            let _ = stream.write_all(&signed_in()).await;
            return;
        }
        for one in self.moves.iter() {
            match one {
                Move::Say(bytes) => {
                    self.write(&mut stream, bytes).await;
                }
                Move::Repeat(bytes) => while self.write(&mut stream, bytes).await {},
                Move::Trickle(bytes) => {
                    self.stop_time();
                    for byte in bytes {
                        sleep(Duration::from_secs(1)).await;
                        if !self.write(&mut stream, &[*byte]).await {
                            return;
                        }
                    }
                }
                Move::Hang => {
                    self.stop_time();
                    listen(&mut stream).await;
                }
                Move::Listen => listen(&mut stream).await,
            }
        }
    }

    async fn write(&self, stream: &mut TcpStream, bytes: &[u8]) -> bool {
        let length = u64::try_from(bytes.len()).unwrap();
        self.written.fetch_add(length, Ordering::SeqCst);
        stream.write_all(bytes).await.is_ok()
    }

    /// Pauses the clock: it stands still while something happens and jumps while nothing does, so that no
    /// timeout is waited for. Everything sent so far has arrived: it did not leave this machine.
    fn stop_time(&self) {
        if !self.is_time_still.swap(true, Ordering::SeqCst) {
            pause();
        }
    }
}

async fn listen(stream: &mut TcpStream) {
    while stream
        .read(&mut [0; 1024])
        .await
        .is_ok_and(|count| count > 0)
    {}
}
