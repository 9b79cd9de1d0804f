//! The network itself: raw servers on the loopback.

use std::io::Write;
use std::sync::{Arc, Mutex};

use octane_rest::{ApiKey, Endpoint, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that answers the request number n (from 0) on any connection with these bytes and closes.
pub(crate) struct Server {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn new(answer: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> Self {
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
                    let answer = answer(number, &request);
                    let _ = stream.write_all(&answer).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn endpoint(&self, change: impl FnOnce(&mut Settings)) -> Endpoint {
        endpoint(&self.address, change)
    }
}

pub(crate) fn endpoint(address: &str, change: impl FnOnce(&mut Settings)) -> Endpoint {
    let mut settings = Settings {
        requests_per_second: 1000,
        backoff_milliseconds: 1,
        attempts_max: 2,
        // Whatever the environment of the tests says.
        proxy: Some("direct".into()),
        ..Settings::default()
    };
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

pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(crate) fn signed_in() -> Vec<u8> {
    answer("200 OK", "set-cookie: LWSSO_COOKIE_KEY=c00kie\r\n", "")
}

/// Signs in first, then answers like this.
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
async fn a_request_arrives_as_it_was_meant_and_the_answer_comes_back() {
    let server =
        then(|_| answer("200 OK", "content-type: application/json\r\n", "{\"a\":1}")).await;
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
async fn packed_answers_are_unpacked() {
    let server = then(|_| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"{\"a\":1}").unwrap();
        answer(
            "200 OK",
            "content-encoding: gzip\r\n",
            encoder.finish().unwrap(),
        )
    })
    .await;
    assert_eq!(server.endpoint(|_| ()).get("tests").await.unwrap()["a"], 1);
}

#[tokio::test]
async fn a_redirect_to_another_host_takes_no_cookie_anywhere() {
    let other = Server::new(|_, _| answer("200 OK", "", "{}")).await;
    let location = format!("location: {}/login?t=1\r\n", other.address);
    let server = then(move |_| answer("302 Found", &location, "")).await;
    let error = server.endpoint(|_| ()).get("tests").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("redirected with 302 to `{}/login`", other.address)),
        "{error}"
    );
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_redirected_sign_in_takes_no_credential_anywhere() {
    let other = Server::new(|_, _| signed_in()).await;
    let location = format!("location: {}/sign_in\r\n", other.address);
    let server = Server::new(move |_, _| answer("307 Temporary Redirect", &location, "")).await;
    let error = server.endpoint(|_| ()).get("tests").await.unwrap_err();
    assert!(error.to_string().contains("redirected with 307"), "{error}");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn an_answer_that_ends_early_is_broken_and_a_creating_post_stays_unrepeated() {
    let half = |_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":".to_vec();
    let server = then(half).await;
    let endpoint = server.endpoint(|_| ());
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_unreachable() && error.attempts() == 2, "{error}");
    assert!(
        error.to_string().contains("the connection broke: "),
        "{error}"
    );
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
async fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    let server = then(|_| answer("200 OK", "", "x".repeat(5000))).await;
    let error = server
        .endpoint(|settings| settings.answer_bytes_max = 4999)
        .get("tests")
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the answer is longer than 4999 bytes"),
        "{error}"
    );
    assert_eq!(error.attempts(), 1);
    // Nor one that is small on the wire and large when unpacked.
    let server = then(|_| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all("x".repeat(1_000_000).as_bytes()).unwrap();
        answer(
            "200 OK",
            "content-encoding: gzip\r\n",
            encoder.finish().unwrap(),
        )
    })
    .await;
    let error = server
        .endpoint(|settings| settings.answer_bytes_max = 100_000)
        .get("tests")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("longer than 100000 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = endpoint(&address, |_| ()).get("tests").await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!(
            "cannot reach {address}: connection refused (2 attempts in "
        )),
        "{text}"
    );
    assert!(error.is_unreachable() && error.is_temporary() && !error.is_timeout());
}

#[tokio::test]
async fn what_is_no_http_is_broken() {
    let server = Server::new(|_, _| b"SSH-2.0-OpenSSH\r\n".to_vec()).await;
    let error = server.endpoint(|_| ()).get("tests").await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

#[tokio::test]
async fn an_explicit_proxy_is_used_and_its_exceptions_are_not() {
    let proxy = then(|_| answer("200 OK", "", "{\"via\":\"proxy\"}")).await;
    let through = |settings: &mut Settings| {
        settings.proxy = Some(
            proxy
                .address
                .replace("http://", "http://jane:pass@")
                .as_str()
                .into(),
        );
    };
    // A name that no resolver knows: only the proxy can have answered.
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
    // The proxy answers absolute addresses, which the script does not take for a sign-in.
    sign_in.unwrap_err();

    let server = then(|_| answer("200 OK", "", "{}")).await;
    let endpoint = server.endpoint(|settings| {
        through(settings);
        settings.no_proxy = Some("127.0.0.0/8".into());
    });
    endpoint.get("tests").await.unwrap();
    assert_eq!(proxy.seen().len(), 1);
}
