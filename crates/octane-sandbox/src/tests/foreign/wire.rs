//! Requests byte by byte, as clients put them on the wire, through a real socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::{Running, Sandbox, Settings};

/// The response to bytes that end the connection; later pieces are sent after `100 Continue`.
async fn exchange(address: SocketAddr, pieces: Vec<String>) -> String {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut pieces = pieces.into_iter();
        stream.write_all(pieces.next().unwrap().as_bytes()).unwrap();
        for piece in pieces {
            let mut interim = [0; 25];
            stream.read_exact(&mut interim).unwrap();
            assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
            stream.write_all(piece.as_bytes()).unwrap();
        }
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    });
    asked.await.unwrap()
}

/// A sandbox that is listening, and the session cookie of a client that signed in over the wire.
async fn signed_in() -> (Running, String) {
    let running = Sandbox::start_with(Settings::default()).await.unwrap();
    let body = r#"{"user":"sandbox","password":"sandbox-secret"}"#;
    // The JavaScript SDK sends an empty cookie before it has one.
    let request = format!(
        "POST /authentication/sign_in HTTP/1.1\r\nhost: localhost\r\nCookie: \r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let response = exchange(running.address(), vec![request]).await;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    // A C# client extracts the value between `=` and `;`.
    let start = response.find("LWSSO_COOKIE_KEY=").unwrap();
    let cookie = response[start..].split_once(';').unwrap().0.to_owned();
    (running, cookie)
}

fn get(target: &str, cookie: &str) -> String {
    format!(
        "GET /api/shared_spaces/1001/workspaces/1002/{target} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
         Accept: application/json\r\nConnection: close\r\n\r\n"
    )
}

#[tokio::test]
async fn quotes_and_other_marks_may_be_unencoded_in_the_url() {
    let (running, cookie) = signed_in().await;
    for target in [
        r#"work_item_roots?query="id%20GT%200"&fields=name"#,
        r#"work_item_roots?fields=name&query="(name='Backlog'||id>0)""#,
        r#"work_item_roots?query="!parent={null}||id>0""#,
        r#"work_item_roots?query="name+EQ+^*^"&fields=id,children{id,name}"#,
        r#"work_item_roots?query="id<=999999999;id>=1"&limit=5"#,
        r#"work_item_roots?&query="id+GE+1""#,
    ] {
        let response = exchange(running.address(), vec![get(target, &cookie)]).await;
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\n"),
            "{target}: {response}"
        );
        assert!(
            response.contains(r#""total_count":1"#),
            "{target}: {response}"
        );
    }
    running.shutdown().await;
}

#[tokio::test]
async fn cookies_may_be_sent_without_a_space_and_the_last_of_two_sessions_wins() {
    let (running, cookie) = signed_in().await;
    for cookies in [
        format!("{cookie};OCTANE_USER=sandbox"),
        format!("OCTANE_USER=sandbox; {cookie}"),
        format!("LWSSO_COOKIE_KEY=stale; {cookie}"),
    ] {
        let response = exchange(running.address(), vec![get("stories?limit=1", &cookies)]).await;
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\n"),
            "{cookies}: {response}"
        );
    }
    for cookies in ["LWSSO_COOKIE_KEY= ", "LWSSO_COOKIE_KEY=", ""] {
        let response = exchange(running.address(), vec![get("stories?limit=1", cookies)]).await;
        assert!(
            response.starts_with("HTTP/1.1 401 "),
            "{cookies}: {response}"
        );
        assert!(response.contains("platform.not_authorized"), "{response}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_body_may_wait_for_100_continue_or_be_chunked() {
    let (running, cookie) = signed_in().await;
    let body = r#"{"data":[{"name":"on the wire"}]}"#;
    let head = |more: &str| {
        format!(
            "POST /api/shared_spaces/1001/workspaces/1002/user_tags HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
             Content-Type: application/json\r\nConnection: close\r\n{more}\r\n\r\n"
        )
    };
    let waiting = head(&format!(
        "Expect: 100-continue\r\nContent-Length: {}",
        body.len()
    ));
    let response = exchange(running.address(), vec![waiting, body.to_owned()]).await;
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");

    let body = body.replace("wire", "chunks");
    let (first, second) = body.split_at(9);
    let chunked = format!(
        "{}{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        head("Transfer-Encoding: chunked"),
        first.len(),
        second.len()
    );
    let response = exchange(running.address(), vec![chunked]).await;
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    running.shutdown().await;
}

#[tokio::test]
async fn a_sign_out_needs_neither_body_nor_length() {
    let (running, cookie) = signed_in().await;
    for more in [
        "",
        "Content-Length: 0\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
    ] {
        let request = format!(
            "POST /authentication/sign_out HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n{more}Connection: close\r\n\r\n"
        );
        let response = exchange(running.address(), vec![request]).await;
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\n"),
            "{more}: {response}"
        );
    }
    let response = exchange(running.address(), vec![get("stories", &cookie)]).await;
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    running.shutdown().await;
}
