//! Whatever a server does, the client returns an error of the right kind, soon, without much memory and
//! without secrets.

use std::error::Error as _;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use octane_rest::{EndpointSettings, Error};

use crate::log::captured;
use crate::network::{chain, response};
use crate::stage::{Move, Stage, say};

/// The client secret of the endpoint of `network`, and the session cookie that it gets.
const SECRETS: [&str; 2] = ["s3cret", "c00kie"];

/// How a request to a server ended.
struct Ended {
    error: Error,
    written: u64,
}

/// Sends one request, once, and searches everything that can be printed for secrets.
fn play(moves: Vec<Move>) -> Ended {
    play_with(moves, |_| ())
}

fn play_with(moves: Vec<Move>, change: impl FnOnce(&mut EndpointSettings)) -> Ended {
    let (ended, logged) = captured(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let stage = Stage::new(moves).await;
            let endpoint = stage.endpoint(|settings| {
                settings.attempts_max = 1;
                change(settings);
            });
            let error = endpoint.get("tests").await.unwrap_err();
            let written = stage.written();
            Ended { error, written }
        })
    });
    let error = &ended.error;
    let mut shown = format!("{} {error:?} {logged}", chain(error));
    let mut source = error.source();
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause:?}"));
        source = cause.source();
    }
    assert!(shown.contains("sending GET"), "nothing was logged: {shown}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "`{secret}` in {shown}");
    }
    assert_eq!(error.attempts(), 1);
    // The limit of one attempt.
    assert!(error.elapsed() <= Duration::from_secs(121), "{error}");
    ended
}

#[track_caller]
fn assert_says(error: &Error, words: &str) {
    let text = chain(error);
    assert!(
        text.contains(words),
        "`{words}` is not in: {text}\n{error:?}"
    );
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn head(rest: &str) -> Move {
    say(format!("{HEAD}{rest}"))
}

#[test]
fn a_connection_that_closes_too_early_is_broken() {
    let cases = [
        vec![],
        vec![say("HTTP/1.")],
        vec![say("HTTP/1.1 200 OK\r\ncontent-le")],
        vec![head("content-length: 7\r\n\r\n")],
        vec![head("content-length: 70\r\n\r\n{\"a\":1}")],
        vec![head("transfer-encoding: chunked\r\n\r\n")],
        vec![head("transfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n")],
        vec![head("transfer-encoding: chunked\r\n\r\n70\r\n{\"a\":1}")],
    ];
    for (number, moves) in cases.into_iter().enumerate() {
        let error = play(moves).error;
        assert_says(&error, "connection lost: ");
        assert!(
            error.is_unreachable() && error.outcome_unknown(),
            "{number}"
        );
        assert!(!error.is_timeout(), "{number}");
    }
}

#[test]
fn what_is_not_http_is_a_broken_connection() {
    let cases = [
        say("SSH-2.0-OpenSSH\r\n"),
        say("HTTP/1.1 abc OK\r\n\r\n"),
        say("HTTP/1.1 99 Low\r\n\r\n"),
        say("HTTP/9.9 200 OK\r\n\r\n"),
        say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        say(b"HTTP/1.1 200 OK\r\nx\xff\xfe: 1\r\n\r\n".to_vec()),
        head("no colon\r\n\r\n"),
        head("content-length: -1\r\n\r\n{}"),
        head("content-length: many\r\n\r\n{}"),
        head("content-length: 2\r\ncontent-length: 3\r\n\r\n{} "),
        head("transfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
        head("transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}"),
    ];
    for (number, one) in cases.into_iter().enumerate() {
        let error = play(vec![one]).error;
        assert_says(&error, "connection lost: ");
        assert!(error.is_unreachable() && !error.is_timeout(), "{number}");
    }
}

#[test]
fn a_silent_server_is_given_up() {
    let cases = [
        vec![],
        vec![say("HTTP/1.1 200 OK\r\ncontent-le")],
        vec![head("content-length: 70\r\n\r\n{\"a\":1}")],
        vec![head("transfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n")],
    ];
    for (number, mut moves) in cases.into_iter().enumerate() {
        moves.push(Move::Hang);
        let error = play(moves).error;
        assert_says(&error, "the server stopped responding");
        assert!(error.is_timeout() && error.outcome_unknown(), "{number}");
        let seconds = error.elapsed().as_secs();
        assert_eq!(seconds, 60, "{number}");
    }
}

#[test]
fn a_response_that_trickles_in_is_given_up() {
    let whole = response("200 OK", "", "x".repeat(1000));
    let body = vec![
        head("content-length: 1000\r\n\r\n"),
        Move::Trickle(vec![b'x'; 1000]),
    ];
    // The read timeout limits the headers as a whole.
    for (moves, words) in [
        (vec![Move::Trickle(whole)], "the server stopped responding"),
        (body, "no response within 120 s"),
    ] {
        let ended = play(moves);
        assert_says(&ended.error, words);
        assert!(ended.error.is_timeout() && ended.error.outcome_unknown());
        assert!(ended.written < 300, "{}", ended.written);
    }
}

#[test]
fn an_endless_response_is_given_up() {
    let endless = |rest: &str, again: &str| {
        let again = again.repeat(65_536 / again.len());
        vec![head(rest), Move::Repeat(again.into_bytes())]
    };
    let cases = [
        (endless("", "x-more: headers\r\n"), "connection lost: "),
        (endless("x-long: ", "header"), "connection lost: "),
        (
            endless("transfer-encoding: chunked\r\n\r\n", "4\r\nbody\r\n"),
            "larger than 100000 bytes",
        ),
        (
            endless("transfer-encoding: chunked\r\n\r\n", "1;extension"),
            "connection lost: ",
        ),
        (
            endless(
                "transfer-encoding: chunked\r\n\r\n0\r\n",
                "x-more: trailers\r\n",
            ),
            "connection lost: ",
        ),
        // Without a length the body ends with the connection.
        (endless("\r\n", "body"), "larger than 100000 bytes"),
        (
            vec![head("content-length: 99999999999\r\n\r\n"), Move::Hang],
            "larger than 100000 bytes",
        ),
    ];
    for (moves, words) in cases {
        let ended = play_with(moves, |settings| settings.response_bytes_max = 100_000);
        assert_says(&ended.error, words);
        // Most of it got no further than the buffers of the sockets.
        assert!(ended.written < 32 << 20, "{words} {}", ended.written);
    }
}

#[test]
fn endless_100_continue_responses_end_with_the_attempt() {
    // Time cannot jump here, because something happens all the time.
    let promise = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    let moves = vec![Move::Repeat(promise.into_bytes())];
    let ended = play_with(moves, |settings| {
        settings.attempt_timeout = Duration::from_secs(1);
    });
    assert_says(&ended.error, "no response within 1 s");
    assert!(ended.error.is_timeout() && ended.error.outcome_unknown());
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzip(body: &[u8]) -> Move {
    say(response("200 OK", "content-encoding: gzip\r\n", body))
}

#[test]
fn invalid_compression_is_an_error_and_a_zip_bomb_is_harmless() {
    let bomb = compressed(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    let ended = play_with(vec![gzip(&bomb)], |settings| {
        settings.response_bytes_max = 1 << 20;
    });
    assert_says(&ended.error, "larger than 1048576 bytes");

    let whole = compressed(b"{\"a\":1}");
    let mut spoilt = whole.clone();
    spoilt[whole.len() - 6] ^= 0xff;
    for body in [b"no gzip at all", &whole[..whole.len() - 9], &spoilt] {
        let error = play(vec![gzip(body)]).error;
        assert_says(&error, "could not decompress the response: ");
        assert!(error.is_unreachable(), "{error}");
    }
}

#[test]
fn json_that_would_need_far_more_memory_than_its_text_is_not_read() {
    let many = compressed(
        format!(
            r#"{{"total_count":1,"data":[{}0]}}"#,
            "[],".repeat(3_000_000)
        )
        .as_bytes(),
    );
    assert!(many.len() < 1 << 17, "{}", many.len());
    let error = play(vec![gzip(&many)]).error;
    assert_says(&error, "it contains more than 2000000 values");
    assert!(error.is_retryable() && !error.is_transient());
    let deep = format!("{}0{}", "[".repeat(500_000), "]".repeat(500_000));
    let error = play(vec![gzip(&compressed(deep.as_bytes()))]).error;
    assert_says(&error, "recursion limit exceeded");
    let error = play(vec![say(response("400 Bad Request", "", &deep))]).error;
    assert!(error.to_string().len() < 500, "{error}");
}

#[test]
fn a_response_that_is_not_json_is_an_error() {
    let page = "<html><head><title>Sign in</title></head><body>to the hotel</body></html>";
    let page = say(response("200 OK", "content-type: text/html\r\n", page));
    let error = play(vec![page]).error;
    assert_says(
        &error,
        "unexpected response to GET /api/shared_spaces/1/workspaces/2/tests (text/html): `Sign in to the hotel`",
    );
    let json = "content-type: application/json\r\n";
    for body in [
        &b"{\"a\":"[..],
        b"{\"a\": \"\xff\xfe\"}",
        b"\0\0\0",
        b"[[[[[[[[",
    ] {
        let error = play(vec![say(response("200 OK", json, body))]).error;
        assert_says(
            &error,
            "unexpected response to GET /api/shared_spaces/1/workspaces/2/tests (application/json)",
        );
        assert!(!error.is_transient() && !error.outcome_unknown(), "{error}");
    }
    // Deep nesting does not exhaust the stack.
    let deep = "[".repeat(1_000_000);
    let error = play(vec![say(response("200 OK", json, deep))]).error;
    assert_says(&error, "unexpected response to GET");
}

#[test]
fn a_body_that_is_longer_than_its_length_says_is_cut() {
    let error = play(vec![head("content-length: 5\r\n\r\n{\"a\":1}")]).error;
    assert_says(
        &error,
        "unexpected response to GET /api/shared_spaces/1/workspaces/2/tests (application/json)",
    );
    assert!(!error.is_transient());
}

#[test]
fn an_unsolicited_response_is_discarded() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // Two responses at once, on a connection that stays open.
        let one = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":1}";
        let other = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":2}";
        let stage = Stage::new(vec![say(format!("{one}{other}")), Move::Listen]).await;
        let endpoint = stage.endpoint(|_| ());
        for _ in 0..3 {
            assert_eq!(endpoint.get("tests").await.unwrap()["a"], 1);
        }
    });
}

#[test]
fn error_pages_of_any_kind_are_understood() {
    let latin = b"Stra\xdfe gesperrt".to_vec();
    for (status, body) in [
        ("500 Internal Server Error", latin),
        ("502 Bad Gateway", b"<html>\0\xff</html>".to_vec()),
        ("503 Service Unavailable", vec![b'<'; 100_000]),
        ("504 Gateway Timeout", Vec::new()),
    ] {
        let error = play(vec![say(response(status, "", body))]).error;
        assert_says(&error, &format!("returned {}", &status[..3]));
        assert!(error.is_unreachable(), "{error}");
        assert!(error.to_string().len() < 400, "{error}");
    }
}

#[test]
fn a_redirect_is_reported_and_not_followed() {
    for (status, location) in [
        ("301 Moved Permanently", "//evil.example/?q=s3cret"),
        ("302 Found", "https://jane:s3cret@evil.example/login"),
        ("303 See Other", "/elsewhere#s3cret"),
        ("307 Temporary Redirect", "\\\\evil.example"),
        ("308 Permanent Redirect", "javascript:alert(1)"),
    ] {
        let location = format!("location: {location}\r\n");
        let error = play(vec![say(response(status, &location, ""))]).error;
        assert_says(&error, &format!("returned a redirect ({})", &status[..3]));
        assert!(!error.is_transient() && !error.outcome_unknown(), "{error}");
    }
}
