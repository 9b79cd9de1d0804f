//! A server that repeats what it was sent: a sandbox behind a gateway that answers some requests itself, and quotes in the
//! answer everything that it has seen.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The gateway.
pub(crate) struct Echoing {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

/// How the gateway answers requests whose path contains a text.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) path: &'static str,
    pub(crate) status: &'static str,
    pub(crate) content_type: &'static str,
    /// The body; `{}` stands for the quotation, as it is or inside of a JSON text.
    pub(crate) body: &'static str,
}

#[derive(Default)]
struct Seen {
    /// Everything that clients have sent.
    text: String,
    /// The values of session cookies.
    cookies: Vec<String>,
}

struct Message {
    first: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Message {
    fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = || {
            let mut line = String::new();
            stream
                .read_line(&mut line)
                .ok()
                .filter(|count| *count > 0)?;
            Some(line.trim_end().to_owned())
        };
        let first = line()?;
        let headers: Vec<String> = std::iter::from_fn(&mut line)
            .take_while(|line| !line.is_empty())
            .collect();
        let mut message = Self {
            first,
            headers,
            body: Vec::new(),
        };
        if let Some(length) = message.header("content-length") {
            message.body = vec![0; length.parse().ok()?];
            stream.read_exact(&mut message.body).ok()?;
        } else if message
            .header("connection")
            .is_some_and(|value| value == "close")
        {
            stream.read_to_end(&mut message.body).ok()?;
        }
        Some(message)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.headers.iter().filter_map(|line| line.split_once(": "));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

impl Echoing {
    /// Stands before a server.
    pub(crate) fn before(server: SocketAddr, answer: Option<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        std::thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                for stream in listener.incoming().flatten() {
                    let (seen, answer) = (Arc::clone(&seen), answer.clone());
                    std::thread::spawn(move || pass_on(stream, server, answer.as_ref(), &seen));
                }
            }
        });
        Self { address, seen }
    }

    /// The values of the session cookies that the server has set so far.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.seen.lock().unwrap().cookies.clone()
    }
}

/// Passes a request on to the server, or answers it.
fn pass_on(
    mut stream: TcpStream,
    server: SocketAddr,
    answer: Option<&Answer>,
    seen: &Mutex<Seen>,
) -> Option<()> {
    let request = Message::read(&mut BufReader::new(stream.try_clone().ok()?))?;
    let quotation = {
        let mut seen = seen.lock().unwrap();
        let body = String::from_utf8_lossy(&request.body);
        let text = format!("{} {} {body}\n", request.first, request.headers.join("\n"));
        // Payloads are long, and hold no secret.
        if !request.first.contains("test-results") {
            seen.text.push_str(&text);
        }
        let names: Vec<&str> = request.headers.iter().map(String::as_str).collect();
        format!("{}\n{}", seen.text, names.join("\n"))
    };
    if let Some(answer) = answer.filter(|answer| request.first.contains(answer.path)) {
        let quotation = if answer.content_type.contains("json") {
            serde_json::Value::from(quotation)
                .to_string()
                .trim_matches('"')
                .to_owned()
        } else {
            quotation
        };
        let body = answer.body.replace("{}", &quotation);
        let header = request.header("cookie").unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {}\r\ncontent-type: {}\r\nx-seen: {header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.status,
            answer.content_type,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).ok()?;
        return Some(());
    }
    let mut onward = TcpStream::connect(server).ok()?;
    let kept = request
        .headers
        .iter()
        .filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head: Vec<&str> = std::iter::once(request.first.as_str())
        .chain(kept.map(String::as_str))
        .collect();
    let head = format!("{}\r\nconnection: close\r\n\r\n", head.join("\r\n"));
    onward.write_all(head.as_bytes()).ok()?;
    onward.write_all(&request.body).ok()?;
    let response = Message::read(&mut BufReader::new(onward))?;
    for header in &response.headers {
        if let Some((_, rest)) = header.split_once("LWSSO_COOKIE_KEY=") {
            let value = rest.split(';').next().unwrap_or_default();
            // Signing out sets an empty one.
            let values = (!value.is_empty()).then(|| value.to_owned());
            seen.lock().unwrap().cookies.extend(values);
        }
    }
    let kept = response.headers.iter().filter(|line| {
        let line = line.to_lowercase();
        !line.starts_with("connection:")
            && !line.starts_with("content-length:")
            && !line.starts_with("transfer-")
    });
    let head: Vec<&str> = std::iter::once(response.first.as_str())
        .chain(kept.map(String::as_str))
        .collect();
    let head = format!(
        "{}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        head.join("\r\n"),
        response.body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&response.body).ok()
}
