//! A door before a sandbox, which refuses payloads for a word in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::read_request;

/// A server on a free port of the loopback that passes every request on, but answers 400 to payloads of
/// test results that hold a word. They have to come unpacked.
pub struct Refusing {
    address: String,
    is_open: Arc<AtomicBool>,
}

/// What is said of a payload that may not pass.
#[derive(Debug, Clone, Copy)]
enum Words {
    /// What Octane says.
    Octane,
    /// What a proxy says that does not find the server.
    Proxy,
}

impl Refusing {
    /// A door before the server at `host` (`127.0.0.1:8484`).
    pub async fn new(host: impl Into<String>, word: impl Into<String>) -> Self {
        Self::with(Words::Octane, host.into(), word.into()).await
    }

    /// The same with the page of a proxy, which is no answer of Octane's.
    pub async fn as_proxy(host: impl Into<String>, word: impl Into<String>) -> Self {
        Self::with(Words::Proxy, host.into(), word.into()).await
    }

    async fn with(words: Words, host: String, word: String) -> Self {
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
                let words = (!open.load(Ordering::Relaxed)).then_some(words);
                tokio::spawn(async move {
                    let (host, word) = &*host_and_word;
                    // A client that goes away is no business of the door.
                    let _ = serve(stream, host, word, words).await;
                });
            }
        });
        Self { address, is_open }
    }

    /// From now on everything passes.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    /// The door's address.
    pub fn url(&self) -> &str {
        &self.address
    }
}

/// Serves one request; its connection ends with it.
async fn serve(
    mut stream: TcpStream,
    host: &str,
    word: &str,
    words: Option<Words>,
) -> std::io::Result<()> {
    let Some(request) = read_request(&mut stream).await else {
        return Ok(());
    };
    let is_payload = request
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("POST") && line.contains("/test-results"));
    if let Some(words) = words.filter(|_| is_payload && request.contains(word)) {
        let (status, media_type, body) = match words {
            Words::Octane => (
                "400 Bad Request",
                "application/json",
                r#"{"error_code":"testbox.invalid","description":"something in it is no good"}"#,
            ),
            Words::Proxy => ("404 Not Found", "text/html", "<html>no such server</html>"),
        };
        // No cookie: the session is the server's business.
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
