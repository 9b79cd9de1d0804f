//! A door before a sandbox, which refuses payloads for a word in them.

use std::sync::Arc;

use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::read_request;

/// A server on a free port of the loopback that passes every request on, but answers 400 to payloads of
/// test results that hold a word. They have to come unpacked.
pub struct Refusing {
    address: String,
}

impl Refusing {
    /// A door before the server at `host` (`127.0.0.1:8484`).
    pub async fn new(host: impl Into<String>, word: impl Into<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let host_and_word = Arc::new((host.into(), word.into()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let host_and_word = Arc::clone(&host_and_word);
                tokio::spawn(async move {
                    let (host, word) = &*host_and_word;
                    // A client that goes away is no business of the door.
                    let _ = serve(stream, host, word).await;
                });
            }
        });
        Self { address }
    }

    /// The door's address.
    pub fn url(&self) -> &str {
        &self.address
    }
}

/// Serves one request; its connection ends with it.
async fn serve(mut stream: TcpStream, host: &str, word: &str) -> std::io::Result<()> {
    let Some(request) = read_request(&mut stream).await else {
        return Ok(());
    };
    let is_payload = request
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("POST") && line.contains("/test-results"));
    if is_payload && request.contains(word) {
        let body = r#"{"error_code":"testbox.invalid","description":"something in it is no good"}"#;
        // No cookie: the session is the server's business.
        let head =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close";
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
