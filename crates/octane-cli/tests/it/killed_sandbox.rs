//! The sandbox is killed while it replaces all of its data: it starts again, with data that are complete.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::program::{Place, Started};

const ROUNDS: u64 = 12;
/// The snapshot.
const NAME: &str = r#"{"name":"x"}"#;

fn start(place: &Place) -> (Started, String) {
    let arguments = [
        "sandbox",
        "--port",
        "0",
        "--sandbox-data",
        "data",
        "--format",
        "json",
    ];
    let mut process = place.start(&arguments, &[]);
    let url = process.answer()["url"].as_str().unwrap().to_owned();
    (process, url.trim_start_matches("http://").to_owned())
}

/// Sends a request; the response of a server that was killed is empty.
fn ask(address: &str, method: &str, path: &str, body: &str) -> String {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut response = String::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_string(&mut response);
    }
    response
}

#[test]
fn a_sandbox_that_is_killed_while_it_replaces_its_data_starts_again() {
    let place = Place::new();
    for round in 0..ROUNDS {
        let (process, address) = start(&place);
        let health = ask(&address, "GET", "/_sandbox/health", "");
        assert!(
            health.starts_with("HTTP/1.1 200"),
            "round {round}: {health}"
        );
        let front = ask(&address, "GET", "/", "");
        assert!(front.starts_with("HTTP/1.1 200"), "round {round}: {front}");
        let changing = std::thread::spawn(move || {
            let mut done = Vec::new();
            ask(&address, "POST", "/_sandbox/snapshot", NAME);
            loop {
                let reset = ask(&address, "POST", "/_sandbox/reset", "");
                let restore = ask(&address, "POST", "/_sandbox/restore", NAME);
                if reset.is_empty() || restore.is_empty() {
                    return done;
                }
                done.extend([reset, restore]);
            }
        });
        // Whenever that is, nothing but the time differs from round to round.
        std::thread::sleep(Duration::from_millis(15 + 17 * round));
        process.kill();
        for response in changing.join().unwrap() {
            assert!(
                response.starts_with("HTTP/1.1 2"),
                "round {round}: {response}"
            );
        }
    }
}
