//! Clients that send one request again and again over sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: usize = 16;

/// A request, and where to send it.
pub(crate) struct Load {
    address: SocketAddr,
    request: Arc<[u8]>,
}

/// What was done, and the processor time that it took.
pub(crate) struct Done {
    requests: u32,
    time: Duration,
    clients: Duration,
    process: Duration,
}

impl Done {
    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.requests) / self.time.as_secs_f64()
    }

    pub(crate) fn clients_each(&self) -> Duration {
        self.clients / self.requests
    }

    pub(crate) fn server_each(&self) -> Duration {
        self.process.saturating_sub(self.clients) / self.requests
    }
}

impl Load {
    /// `{story}` in the path becomes the ID of a story.
    pub(crate) fn new(address: SocketAddr, path: &str, cookies: &str) -> Self {
        let mut path = path.to_owned();
        if path.contains("{story}") {
            let list = "/api/shared_spaces/1001/workspaces/1002/stories?limit=1&fields=id";
            let text = exchange(address, &get(list, cookies));
            let id = text.split("\"id\":\"").nth(1).unwrap().split('"').next();
            path = path.replace("{story}", id.unwrap());
        }
        let request = get(&path, cookies).into_bytes().into();
        Self { address, request }
    }

    /// Sends the request over all connections until the time is over.
    pub(crate) fn run(&self, time: Duration) -> Done {
        let (before, start) = (process_time(), Instant::now());
        let (address, request) = (self.address, Arc::clone(&self.request));
        let clients = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let requests = runtime.block_on(async {
                let connections: Vec<_> = (0..CONNECTIONS)
                    .map(|_| tokio::spawn(repeat(address, Arc::clone(&request), start + time)))
                    .collect();
                let mut requests = 0;
                for connection in connections {
                    requests += connection.await.unwrap();
                }
                requests
            });
            // That of this thread is not found any more when it has ended.
            (
                requests,
                thread_time("thread-self"),
                process_time(),
                start.elapsed(),
            )
        });
        let (requests, clients, after, time) = clients.join().unwrap();
        Done {
            requests,
            time,
            clients,
            process: after.saturating_sub(before),
        }
    }
}

/// Sends a request until the time is over, at least once; returns how often.
async fn repeat(address: SocketAddr, request: Arc<[u8]>, end: Instant) -> u32 {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut count, mut received) = (0, Vec::with_capacity(1 << 20));
    loop {
        stream.write_all(&request).await.unwrap();
        received.clear();
        while received.len() < length(&received).unwrap_or(usize::MAX) {
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0, "closed");
        }
        assert!(received.starts_with(b"HTTP/1.1 200"), "refused");
        count += 1;
        if Instant::now() >= end {
            return count;
        }
    }
}

/// The length of a response, once its head is complete.
fn length(received: &[u8]) -> Option<usize> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&received[..end]).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Some(end + length.unwrap().1.trim().parse::<usize>().unwrap())
}

/// Signs in; returns the cookies.
pub(crate) fn sign_in(address: SocketAddr) -> String {
    let body = r#"{"client_id":"sandbox","client_secret":"sandbox-secret"}"#;
    let response = exchange(
        address,
        &format!(
            "POST /authentication/sign_in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let cookies = response.lines().filter_map(|line| line.split_once(": "));
    let pairs: Vec<&str> = cookies
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .filter_map(|(_, cookie)| cookie.split(';').next())
        .collect();
    pairs.join("; ")
}

pub(crate) fn get(path: &str, cookies: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: {cookies}\r\n\r\n"
    )
}

/// Sends one request; returns the response.
pub(crate) fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut received, mut chunk) = (Vec::new(), [0; 4096]);
    while received.len() < length(&received).unwrap_or(usize::MAX) {
        let count = stream.read(&mut chunk).unwrap();
        assert_ne!(count, 0, "closed");
        received.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8(received).unwrap()
}

/// The processor time of this process, with that of threads that have ended; zero where the system does not say.
fn process_time() -> Duration {
    /// What Linux counts in, whatever the processor.
    const TICKS_PER_SECOND: u32 = 100;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may contain spaces. The state follows it, and eleven fields later the times of the user and the system.
    let fields = text.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u32 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    Duration::from_secs(1) * ticks / TICKS_PER_SECOND
}

fn thread_time(of: &str) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{of}/schedstat"));
    let text = text.unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
