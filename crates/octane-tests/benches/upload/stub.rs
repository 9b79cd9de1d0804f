//! A server that accepts everything at once and reads none of it, so that only the client is measured.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What a stub has seen.
#[derive(Default)]
pub(crate) struct Seen {
    tasks: AtomicUsize,
    /// Bytes of payloads, as they were sent.
    bytes: AtomicUsize,
    in_flight: AtomicUsize,
    in_flight_max: AtomicUsize,
    /// How many requests of each kind.
    requests: Mutex<BTreeMap<String, usize>>,
}

impl Seen {
    pub(crate) fn payloads(&self) -> usize {
        self.tasks.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many payloads were on their way at once.
    pub(crate) fn in_flight_max(&self) -> usize {
        self.in_flight_max.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> BTreeMap<String, usize> {
        self.requests.lock().expect("no thread panics here").clone()
    }

    fn count(&self, kind: &str) {
        let mut requests = self.requests.lock().expect("no thread panics here");
        *requests.entry(kind.to_owned()).or_default() += 1;
    }
}

/// Serves connections until the process ends.
pub(crate) fn start() -> io::Result<(SocketAddr, Arc<Seen>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let seen = Arc::<Seen>::default();
    let shared = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&shared);
            // A connection that breaks off is the client's affair.
            thread::spawn(move || serve(&stream, &seen).ok());
        }
    });
    Ok((address, seen))
}

fn serve(stream: &TcpStream, seen: &Seen) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut input, mut output) = (BufReader::with_capacity(1 << 16, stream), stream);
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let request = line.trim_end().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            input.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let is_payload = request.starts_with("POST") && request.contains("/test-results");
        if is_payload {
            let now = seen.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            seen.in_flight_max.fetch_max(now, Ordering::Relaxed);
            seen.bytes.fetch_add(length, Ordering::Relaxed);
        }
        io::copy(&mut input.by_ref().take(length as u64), &mut io::sink())?;
        let (status, body) = answer(&request, seen);
        if is_payload {
            seen.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
        write!(
            output,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nSet-Cookie: LWSSO_COOKIE_KEY=bench; Path=/\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

fn answer(request: &str, seen: &Seen) -> (&'static str, String) {
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or(target);
    let place = path.rsplit("/workspaces/1002/").next().unwrap_or(path);
    let name = place.split('/').next().unwrap_or(place);
    seen.count(&format!("{method} {name}"));
    match (method, name) {
        ("POST", "test-results") => {
            let task = seen.tasks.fetch_add(1, Ordering::Relaxed) + 1;
            ("202 Accepted", format!(r#"{{"id":{task},"status":"queued"}}"#))
        }
        ("GET", "test-results") => {
            let task = place.rsplit('/').next().unwrap_or("0");
            ("200 OK", format!(r#"{{"id":{task},"status":"success"}}"#))
        }
        ("GET", "test_suites") => {
            let suite = r#"{"type":"test_suite","id":"4001","name":"Nightly"}"#;
            ("200 OK", page_or_entity(place, suite))
        }
        // As for an API key that may not read runs: then the status of the task counts.
        ("GET", "automated_runs" | "suite_run" | "runs") => (
            "403 Forbidden",
            r#"{"error_code":"platform.not_authorized","description":"no permission to read runs"}"#.to_owned(),
        ),
        ("GET", "metadata") => ("200 OK", r#"{"total_count":0,"data":[]}"#.to_owned()),
        ("POST" | "GET", _) if place.starts_with("/authentication/") => ("200 OK", "{}".to_owned()),
        _ => ("404 Not Found", r#"{"error_code":"platform.web_application"}"#.to_owned()),
    }
}

/// A list that holds the entity, or the entity alone where its ID is part of the path.
fn page_or_entity(place: &str, entity: &str) -> String {
    if place.contains('/') {
        entity.to_owned()
    } else {
        format!(r#"{{"total_count":1,"data":[{entity}],"exceeds_total_count":false}}"#)
    }
}
