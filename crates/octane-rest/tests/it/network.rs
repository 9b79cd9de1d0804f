//! The real network: raw servers on the loopback interface.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use octane_rest::{ApiKey, Endpoint, EndpointSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that responds to request number n (from 0) on any connection with these bytes and closes it.
pub(crate) struct Server {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn new(response: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let request = read(&mut stream).await;
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    let response = response(number, &request);
                    let _ = stream.write_all(&response).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn endpoint(&self, change: impl FnOnce(&mut EndpointSettings)) -> Endpoint {
        endpoint(&self.address, change)
    }
}

pub(crate) fn endpoint(address: &str, change: impl FnOnce(&mut EndpointSettings)) -> Endpoint {
    let mut settings = EndpointSettings::default();
    settings.requests_per_second = Some(1000);
    settings.backoff_base = Duration::from_millis(1);
    settings.attempts_max = 2;
    // Regardless of the environment of the tests.
    settings.proxy = Some("direct".into());
    change(&mut settings);
    Endpoint::builder(address)
        .space(1)
        .workspace(2)
        .credentials(ApiKey::new("demo", "s3cret"))
        .settings(settings)
        .build()
        .unwrap()
}

/// A request with its body.
pub(crate) async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

pub(crate) fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// An error and all that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let errors = std::iter::successors(Some(error), |error| error.source());
    errors
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

pub(crate) fn signed_in() -> Vec<u8> {
    response("200 OK", "set-cookie: LWSSO_COOKIE_KEY=c00kie\r\n", "")
}

/// A server that accepts the sign-in, then responds like this.
async fn then(rest: impl Fn(usize) -> Vec<u8> + Send + 'static) -> Server {
    Server::new(move |number, request| {
        if request.starts_with("POST /authentication/sign_in ") {
            signed_in()
        } else {
            rest(number)
        }
    })
    .await
}

#[tokio::test]
async fn a_request_arrives_as_intended_and_the_response_comes_back() {
    let server =
        then(|_| response("200 OK", "content-type: application/json\r\n", "{\"a\":1}")).await;
    let value = server.endpoint(|_| ()).get("tests?limit=1").await.unwrap();
    assert_eq!(value["a"], 1);
    let seen = server.seen();
    let (sign_in, request) = (seen[0].to_lowercase(), seen[1].to_lowercase());
    assert!(
        !sign_in.contains("cookie:") && sign_in.contains("\"client_secret\":\"s3cret\""),
        "{sign_in}"
    );
    assert!(
        request.starts_with("get /api/shared_spaces/1/workspaces/2/tests?limit=1 http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("\r\ncookie: lwsso_cookie_key=c00kie\r\n"),
        "{request}"
    );
    assert!(
        request.contains("\r\nuser-agent: octane-client/")
            && request.contains("\r\naccept-encoding: gzip\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn compressed_responses_are_decompressed() {
    let server = then(|_| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"{\"a\":1}").unwrap();
        response(
            "200 OK",
            "content-encoding: gzip\r\n",
            encoder.finish().unwrap(),
        )
    })
    .await;
    assert_eq!(server.endpoint(|_| ()).get("tests").await.unwrap()["a"], 1);
}

#[tokio::test]
async fn a_redirect_to_another_host_leaks_no_cookie() {
    let other = Server::new(|_, _| response("200 OK", "", "{}")).await;
    let location = format!("location: {}/login?t=1\r\n", other.address);
    let server = then(move |_| response("302 Found", &location, "")).await;
    let error = server.endpoint(|_| ()).get("tests").await.unwrap_err();
    assert!(
        error.to_string().contains(&format!(
            "returned a redirect (302) to `{}/login`; redirects are not followed",
            other.address
        )),
        "{error}"
    );
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_redirected_sign_in_leaks_no_credentials() {
    let other = Server::new(|_, _| signed_in()).await;
    let location = format!("location: {}/sign_in\r\n", other.address);
    let server = Server::new(move |_, _| response("307 Temporary Redirect", &location, "")).await;
    let error = server.endpoint(|_| ()).get("tests").await.unwrap_err();
    assert!(error.to_string().contains("a redirect (307)"), "{error}");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_truncated_response_is_a_broken_connection_and_a_creating_post_is_not_retried() {
    let half = |_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":".to_vec();
    let server = then(half).await;
    let endpoint = server.endpoint(|_| ());
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_unreachable() && error.attempts() == 2, "{error}");
    assert!(chain(&error).contains("connection lost: "), "{error}");
    let error = endpoint
        .post("tests", &serde_json::json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.attempts(), 1);
    // Closed before a single byte.
    let server = then(|_| Vec::new()).await;
    let error = server
        .endpoint(|_| ())
        .post("tests", &serde_json::json!({}))
        .await
        .unwrap_err();
    assert!(error.is_unreachable() && error.attempts() == 1, "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_response_that_is_too_large_is_not_read_to_its_end() {
    let server = then(|_| response("200 OK", "", "x".repeat(5000))).await;
    let error = server
        .endpoint(|settings| settings.response_bytes_max = 4999)
        .get("tests")
        .await
        .unwrap_err();
    assert!(
        chain(&error).contains("the response is larger than 4999 bytes"),
        "{error}"
    );
    assert_eq!(error.attempts(), 1);
    // Nor one that is small on the wire and large when decompressed.
    let server = then(|_| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all("x".repeat(1_000_000).as_bytes()).unwrap();
        response(
            "200 OK",
            "content-encoding: gzip\r\n",
            encoder.finish().unwrap(),
        )
    })
    .await;
    let error = server
        .endpoint(|settings| settings.response_bytes_max = 100_000)
        .get("tests")
        .await
        .unwrap_err();
    assert!(
        chain(&error).contains("larger than 100000 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn of_an_error_that_is_too_large_only_the_status_remains() {
    for (mebibytes, expected) in [(3, 3 << 20), (5, 0)] {
        let body = "x".repeat(mebibytes << 20);
        let server = then(move |_| response("403 Forbidden", "", body.clone())).await;
        let endpoint = server.endpoint(|_| ());
        let answer = endpoint
            .call(http::Method::GET, "tests", octane_rest::Body::None)
            .await;
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.len()), (403, expected));
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_the_cause_is_shown_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = endpoint(&address, |_| ()).get("tests").await.unwrap_err();
    let text = chain(&error);
    assert!(
        text.starts_with(&format!("cannot reach {address} (2 attempts in "))
            && text.ends_with(" ms): connection refused"),
        "{text}"
    );
    assert!(error.is_unreachable() && error.is_transient() && !error.is_timeout());
}

#[tokio::test]
async fn an_unknown_host_name_is_unreachable_and_the_cause_is_shown_once() {
    // Labels end at 63 characters, so no resolver is asked.
    let address = format!("http://{}.invalid", "x".repeat(64));
    let error = endpoint(&address, |_| ()).get("tests").await.unwrap_err();
    let text = chain(&error);
    let (cause, reason) = text
        .split_once("could not resolve the host name: ")
        .unwrap();
    assert!(
        cause.starts_with(&format!("cannot reach {address} (2 attempts in ")),
        "{text}"
    );
    assert!(
        !reason.is_empty() && !reason.contains(": could not"),
        "{text}"
    );
    for wrapper in [
        "error sending request",
        "client error",
        "dns error",
        "os error",
    ] {
        assert!(!text.contains(wrapper), "{text}");
    }
    assert!(error.is_unreachable() && error.is_transient() && !error.is_timeout());
}

#[tokio::test]
async fn what_is_not_http_is_a_broken_connection() {
    let server = Server::new(|_, _| b"SSH-2.0-OpenSSH\r\n".to_vec()).await;
    let error = server.endpoint(|_| ()).get("tests").await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

#[tokio::test]
async fn an_explicit_proxy_is_used_except_for_the_no_proxy_hosts() {
    let proxy = then(|_| response("200 OK", "", "{\"via\":\"proxy\"}")).await;
    let through = |settings: &mut EndpointSettings| {
        settings.proxy = Some(
            proxy
                .address
                .replace("http://", "http://jane:pass@")
                .as_str()
                .into(),
        );
    };
    // No resolver knows this name, so only the proxy can have responded.
    let endpoint = endpoint("http://octane.invalid", through);
    let sign_in = endpoint.sign_in().await;
    let request = &proxy.seen()[0];
    assert!(
        request.starts_with("POST http://octane.invalid/authentication/sign_in "),
        "{request}"
    );
    assert!(
        request
            .to_lowercase()
            .contains("proxy-authorization: basic amfuztpwyxnz"),
        "{request}"
    );
    // The script does not recognise the absolute URL as a sign-in.
    sign_in.unwrap_err();

    let server = then(|_| response("200 OK", "", "{}")).await;
    let endpoint = server.endpoint(|settings| {
        through(settings);
        settings.no_proxy = Some("127.0.0.0/8".into());
    });
    endpoint.get("tests").await.unwrap();
    assert_eq!(proxy.seen().len(), 1);
}
