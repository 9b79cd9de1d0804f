//! One request to the driver and its response: JSON over HTTP on the loopback.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than the browser waits for an element.
const RESPONSE_MAX: Duration = Duration::from_secs(60);

/// A session of the driver: one browser with one window.
#[derive(Debug)]
pub(super) struct Session {
    address: SocketAddr,
    id: String,
}

impl Session {
    /// Opens a session with these capabilities.
    pub(super) fn open(address: SocketAddr, capabilities: &Value) -> io::Result<Self> {
        let session = exchange(address, "POST", "/session", capabilities)?;
        let id = text(&session["sessionId"]);
        Ok(Self { address, id })
    }

    /// Sends a command of the session and returns its value.
    pub(super) fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.id);
        exchange(self.address, method, &path, body)
            .unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    /// Closes the browser, if it is still there.
    pub(super) fn close(&self) {
        let path = format!("/session/{}", self.id);
        let _ = exchange(self.address, "DELETE", &path, &Value::Null);
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Sends a command and returns the `value` of the response.
fn exchange(address: SocketAddr, method: &str, path: &str, body: &Value) -> io::Result<Value> {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(RESPONSE_MAX))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    let mut response: Value = serde_json::from_slice(&bytes)?;
    let value = response["value"].take();
    if status.split(' ').nth(1) == Some("200") {
        Ok(value)
    } else {
        // The following lines are the driver's version and a stack trace.
        let message = value["message"].as_str().unwrap_or_default();
        Err(io::Error::other(
            message.lines().next().unwrap_or_default().to_owned(),
        ))
    }
}
