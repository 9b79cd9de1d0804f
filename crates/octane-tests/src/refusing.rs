//! A proxy in front of a sandbox, which refuses payloads that contain a certain word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::read_request;

/// A proxy on a free loopback port that forwards every request, but refuses payloads of test results that contain
/// a certain word. Payloads must not be compressed.
pub struct Refusing {
    address: String,
    is_open: Arc<AtomicBool>,
}

/// How a payload is refused.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// The way Octane does it: a 400 in JSON.
    Octane,
    /// The page of a proxy that cannot find the server.
    Proxy,
}

impl Refusing {
    /// A proxy in front of the server at `host` (`127.0.0.1:8484`).
    pub async fn new(host: impl Into<String>, word: impl Into<String>) -> Self {
        Self::with(Refusal::Octane, host.into(), word.into()).await
    }

    /// The same, but a refusal is a proxy's own page and not a response of Octane.
    pub async fn as_proxy(host: impl Into<String>, word: impl Into<String>) -> Self {
        Self::with(Refusal::Proxy, host.into(), word.into()).await
    }

    async fn with(refusal: Refusal, host: String, word: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let host_and_word = Arc::new((host, word));
        let is_open = Arc::new(AtomicBool::new(false));
        let open = Arc::clone(&is_open);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let host_and_word = Arc::clone(&host_and_word);
                let refusal = (!open.load(Ordering::Relaxed)).then_some(refusal);
                tokio::spawn(async move {
                    let (host, word) = &*host_and_word;
                    // The proxy does not care about a client that has gone away.
                    let _ = serve(stream, host, word, refusal).await;
                });
            }
        });
        Self { address, is_open }
    }

    /// Forwards everything from now on.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    /// The proxy's address.
    pub fn url(&self) -> &str {
        &self.address
    }
}

/// Serves one request, then closes the connection.
async fn serve(
    mut stream: TcpStream,
    host: &str,
    word: &str,
    refusal: Option<Refusal>,
) -> std::io::Result<()> {
    let Some(request) = read_request(&mut stream).await else {
        return Ok(());
    };
    let is_payload = request
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("POST") && line.contains("/test-results"));
    if let Some(refusal) = refusal.filter(|_| is_payload && request.contains(word)) {
        let (status, media_type, body) = match refusal {
            Refusal::Octane => (
                "400 Bad Request",
                "application/json",
                r#"{"error_code":"testbox.invalid","description":"something in it is no good"}"#,
            ),
            Refusal::Proxy => ("404 Not Found", "text/html", "<html>no such server</html>"),
        };
        // Without a cookie: only the server renews the session.
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nConnection: close");
        let length = body.len();
        let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await?;
    } else {
        let request = request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let mut server = TcpStream::connect(host).await?;
        server.write_all(request.as_bytes()).await?;
        copy(&mut server, &mut stream).await?;
    }
    stream.shutdown().await
}
