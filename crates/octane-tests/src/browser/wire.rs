//! One exchange with a driver: JSON over HTTP on the loopback.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than the browser looks for an element.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Sends a command and gives the `value` of its answer.
pub(super) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &Value,
) -> io::Result<Value> {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
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
    let mut answer: Value = serde_json::from_slice(&bytes)?;
    let value = answer["value"].take();
    if status.split(' ').nth(1) == Some("200") {
        Ok(value)
    } else {
        // The message goes on with the driver's version and addresses of its code.
        let message = value["message"].as_str().unwrap_or_default();
        Err(io::Error::other(
            message.lines().next().unwrap_or_default().to_owned(),
        ))
    }
}
