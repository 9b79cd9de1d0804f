//! A forward proxy: plain requests with an absolute URL, and tunnels (`CONNECT`).

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Listens on the loopback until the process ends.
pub struct ForwardProxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What a proxy does to the requests that pass.
#[derive(Debug, Clone, Default)]
struct Rules {
    /// The value of `Proxy-Authorization` that it requires.
    authorization: Option<String>,
    /// Takes the place of the servers' `Date`.
    date: Option<String>,
}

impl ForwardProxy {
    /// Everyone may use it.
    pub fn open() -> Self {
        Self::with(Rules::default())
    }

    /// Requires a user and a password, given as `base64(user:password)`.
    pub fn authenticated(encoded: &str) -> Self {
        Self::with(Rules {
            authorization: Some(format!("Basic {encoded}")),
            ..Rules::default()
        })
    }

    /// Everyone may use it, and its servers seem to live at this time.
    pub fn at_date(date: &str) -> Self {
        Self::with(Rules {
            date: Some(date.to_owned()),
            ..Rules::default()
        })
    }

    fn with(rules: Rules) -> Self {
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        let address = serve(move |stream| {
            let (rules, seen) = (rules.clone(), Arc::clone(&seen));
            async move { forward(stream, &rules, &seen).await }
        });
        Self { address, requests }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The first line of each request that was let through.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn forward(
    mut client: TcpStream,
    rules: &Rules,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let (head, rest) = read_head(&mut client).await?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let is_proxy_header = |line: &&str| line.to_ascii_lowercase().starts_with("proxy-");
    let authorization = lines.clone().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then_some(value)
    });
    if rules.authorization.is_some() && authorization != rules.authorization.as_deref() {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\n\
                      Content-Length: 0\r\nConnection: close\r\n\r\n";
        client.write_all(answer.as_bytes()).await?;
        return client.shutdown().await;
    }
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(first.clone());
    let mut words = first.split(' ');
    let (method, url) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    if method == "CONNECT" {
        let mut server = TcpStream::connect(url).await?;
        client
            .write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            .await?;
        return copy_bidirectional(&mut client, &mut server).await.map(drop);
    }
    let url = url.trim_start_matches("http://");
    let (host, path) = url.split_at(url.find('/').unwrap_or(url.len()));
    let mut server = TcpStream::connect(host).await?;
    let headers: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !is_proxy_header(line))
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{}\r\nConnection: close\r\n\r\n",
        headers.join("\r\n")
    );
    server.write_all(request.as_bytes()).await?;
    server.write_all(&rest).await?;
    let length = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default().saturating_sub(rest.len())];
    client.read_exact(&mut body).await?;
    server.write_all(&body).await?;
    if let Some(date) = &rules.date {
        let (head, rest) = read_head(&mut server).await?;
        let lines = head.split("\r\n").map(|line| {
            let is_date = line.to_ascii_lowercase().starts_with("date:");
            if is_date {
                format!("Date: {date}")
            } else {
                line.to_owned()
            }
        });
        let head = lines.collect::<Vec<_>>().join("\r\n");
        client.write_all(head.as_bytes()).await?;
        client.write_all(&rest).await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// The head of a message with its empty line, and what was read of the body.
async fn read_head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Serves each connection on a thread of its own, until the process ends.
pub(crate) fn serve<F>(connection: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let (tx, rx) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let _ = tx.send(listener.local_addr().expect("an address"));
            while let Ok((stream, _)) = listener.accept().await {
                // A client that is refused closes the connection.
                tokio::spawn(connection(stream));
            }
        });
    });
    rx.recv().expect("a listener")
}
