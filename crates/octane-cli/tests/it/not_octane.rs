//! Something else than Octane that responds in its place.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

use crate::program::Place;

/// A server that gives this response to everything.
fn server(response: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = BufReader::new(stream.try_clone().unwrap());
            // Bodies are short, so they have arrived with the head.
            let _ = request
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .count();
            let _ = stream.write_all(response.as_bytes());
        }
    });
    address
}

#[test]
fn a_page_instead_of_octane_is_not_about_credentials() {
    for response in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 20\r\nconnection: close\r\n\r\n<html>Welcome</html>",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 7\r\nconnection: close\r\n\r\nBlocked",
    ] {
        let place = Place::new();
        place.file("a.csv", "name,status\nx,passed\n");
        let url = format!("http://{}/ui/?p=1001/1002", server(response));
        let variables = [
            ("OCTANE_URL", &*url),
            ("OCTANE_CLIENT_ID", "ci"),
            ("OCTANE_CLIENT_SECRET", "a-secret"),
        ];
        let upload = ["upload", "a.csv", "--suite", "S", "--retries", "0"];
        let done = place.octane_with(&upload, &variables);
        done.fails(
            8,
            &[
                "results are saved",
                "does not look like Octane's",
                "octane resume u-",
            ],
        );
        assert!(!done.stderr.contains("OCTANE_CLIENT_SECRET"), "{done:?}");
        let list = place.octane_with(&["suite", "list", "--retries", "0"], &variables);
        list.fails(8, &["does not look like Octane's"]);
    }
}
