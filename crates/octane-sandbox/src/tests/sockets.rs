//! What can only be observed on a real socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::{Fault, Running, Sandbox, Settings};

async fn start() -> Running {
    let settings = Settings::default().seed_data(false);
    Sandbox::start_with(settings).await.unwrap()
}

/// Sends pieces in separate packets, and reads until the other side closes the connection.
async fn talk(address: SocketAddr, pieces: Vec<String>) -> (String, Option<ErrorKind>) {
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        for piece in pieces {
            if stream.write_all(piece.as_bytes()).is_err() {
                break;
            }
        }
        let mut response = Vec::new();
        let error = stream.read_to_end(&mut response).err();
        (
            String::from_utf8_lossy(&response).into_owned(),
            error.map(|error| error.kind()),
        )
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

/// The cookie of a new session, as a line of a head.
async fn cookie(running: &Running) -> String {
    let body = r#"{"client_id":"sandbox","client_secret":"sandbox-secret"}"#;
    let request = format!(
        "POST /authentication/sign_in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (response, _) = talk(running.address(), vec![request]).await;
    let line = response
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: LWSSO"));
    let value = line.unwrap().split(';').next().unwrap();
    format!("Cookie: LWSSO{value}\r\n")
}

const PROGRAMS: &str = "/api/shared_spaces/1001/workspaces/1002/programs";

#[tokio::test]
async fn raw_quotes_in_the_request_line_are_accepted_and_bodies_are_unchanged() {
    let running = start().await;
    let cookie = cookie(&running).await;
    // Three requests on one connection: the second has a body that looks like a request line, the third is
    // chunked.
    let name = "GET /\\\"<>\\\" HTTP/1.1";
    let body = format!("{{\"data\":[{{\"name\":\"{name}\"}}]}}\r\n");
    let get = format!(
        "GET {PROGRAMS}?query=\"name='No*'||(id<0)\"&fields=name HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n"
    );
    let post = format!(
        "POST {PROGRAMS}?fields=name&query=\"\" HTTP/1.1\r\nHost: localhost\r\n{cookie}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let chunks = format!(
        "POST {PROGRAMS}?fields=name HTTP/1.1\r\nHost: localhost\r\n{cookie}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         {:x}\r\n{}\r\n{:x};x=\"y\"\r\n{}\r\n0\r\n\r\n",
        20,
        &body[..20],
        body.len() - 20,
        &body[20..]
    );
    let everything = format!("{get}{post}{chunks}");
    for size in [everything.len(), 7] {
        let pieces = everything.as_bytes().chunks(size);
        let pieces = pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap());
        let (response, error) = talk(running.address(), pieces.collect()).await;
        assert_eq!(error, None);
        let statuses: Vec<_> = response
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|part| part.get(..3))
            // The product name in the bodies contains a version too.
            .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            .collect();
        assert_eq!(statuses, ["200", "201", "201"], "{response}");
        assert_eq!(response.matches(name).count(), 2, "{response}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_reset_closes_the_connection_and_keeps_the_work_done_before() {
    let running = start().await;
    let cookie = cookie(&running).await;
    let request = format!("DELETE {PROGRAMS}/1 HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n");
    for (fault, name) in [
        (Fault::reset_before(), "reset-before"),
        (Fault::reset_after(), "reset-after"),
    ] {
        running.sandbox().fail_next(fault).unwrap();
        let (response, error) = talk(running.address(), vec![request.clone()]).await;
        assert_eq!(response, "");
        assert_eq!(error, Some(ErrorKind::ConnectionReset));
        let log = running.sandbox().requests();
        let last = log.last().unwrap();
        assert_eq!((last.fault.as_deref(), last.status), (Some(name), None));
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_its_length_says() {
    let running = start().await;
    let cookie = cookie(&running).await;
    running
        .sandbox()
        .fail_next(Fault::truncated_body(10))
        .unwrap();
    let request = format!("GET {PROGRAMS} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n");
    let (response, _) = talk(running.address(), vec![request]).await;
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    assert!(length.unwrap().parse::<usize>().unwrap() > 10);
    assert_eq!(body.len(), 10);
    running.shutdown().await;
}

#[tokio::test]
async fn invalid_heads_are_rejected_and_the_server_continues() {
    let running = start().await;
    let address = running.address();
    let many: String = (0..200).map(|number| format!("x{number}: y\r\n")).collect();
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), "431"),
        (
            format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1_000_000)),
            "431",
        ),
        (
            format!(
                "GET /?{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "y".repeat(100_000)
            ),
            "414",
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n".to_owned(),
            "400",
        ),
    ] {
        let (response, _) = talk(address, vec![request.clone()]).await;
        let beginning = request.get(..40).unwrap_or(&request);
        // A client that is still sending may see the connection close before the response.
        if request.len() < 500_000 || !response.is_empty() {
            let expected = format!("HTTP/1.1 {status}");
            assert!(response.starts_with(&expected), "{beginning}: {response}");
        }
    }
    let request = "GET /_sandbox/health HTTP/1.0\r\nHost: localhost\r\n\r\n".to_owned();
    let (response, _) = talk(address, vec![request]).await;
    assert!(response.starts_with("HTTP/1.0 200"), "{response}");
    running.shutdown().await;
}

#[tokio::test]
async fn a_rejected_large_body_is_read_so_that_its_sender_receives_the_reason() {
    let running = start().await;
    let body = "x".repeat(5_000_000);
    let request = format!(
        "POST {PROGRAMS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (response, error) = talk(running.address(), vec![request]).await;
    assert_eq!(error, None);
    assert!(response.starts_with("HTTP/1.1 401"), "{response}");
    running.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_waits_for_responses_but_not_for_idle_connections() {
    let running = start().await;
    let address = running.address();
    let mut idle = TcpStream::connect(address).unwrap();
    running
        .sandbox()
        .fail_next(Fault::delay(Duration::from_secs(1)))
        .unwrap();
    let asking = tokio::spawn(talk(
        address,
        vec!["GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()],
    ));
    while running.sandbox().requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let clock = running.sandbox().clock().clone();
    let stopping = tokio::spawn(running.shutdown());
    while TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(1));
    stopping.await.unwrap();
    assert!(asking.await.unwrap().0.starts_with("HTTP/1.1 404"));
    assert_eq!(idle.read(&mut [0]).unwrap_or(0), 0);
}
