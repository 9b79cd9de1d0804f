//! Servers behind a proxy.

use std::time::Duration;

use octane_rest::{ApiKey, Endpoint, EndpointSettings};
use tokio::net::TcpListener;

use crate::network::{Server, chain, response, signed_in};

/// An endpoint in an environment with these variables.
fn endpoint(server: &str, variables: &[(&'static str, String)]) -> Endpoint {
    let variables = variables.to_vec();
    let mut settings = EndpointSettings::default();
    settings.backoff_base = Duration::from_millis(1);
    settings.attempts_max = 2;
    let builder = Endpoint::builder(server)
        .space(1)
        .workspace(2)
        .settings(settings);
    builder
        .credentials(ApiKey::new("demo", "s3cret"))
        .env(move |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        })
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_encoded_password_arrives_decoded() {
    let proxy = Server::new(|_, _| signed_in()).await;
    let host = proxy
        .address()
        .replace("http://", "http://dom%5Cjane:p%40ss%23w%25rd%3A1@");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let endpoint = endpoint("http://octane.test", &[(name, host.clone())]);
        endpoint.sign_in().await.unwrap();
    }
    for request in proxy.seen() {
        assert!(
            request.starts_with("POST http://octane.test/authentication/sign_in "),
            "{request}"
        );
        // `dom\jane:p@ss#w%rd:1`
        assert!(
            request
                .to_lowercase()
                .contains("proxy-authorization: basic zg9tx"),
            "{request}"
        );
        assert!(
            request.contains("Basic ZG9tXGphbmU6cEBzcyN3JXJkOjE="),
            "{request}"
        );
    }
    assert_eq!(proxy.seen().len(), 3);
}

#[tokio::test]
async fn a_proxy_that_rejects_the_credentials_is_named_and_asked_once() {
    let proxy =
        Server::new(|_, _| response("407 Proxy Authentication Required", "", "<h1>Who?</h1>"))
            .await;
    let port = proxy.address().rsplit(':').next().unwrap().to_owned();
    let url = format!("http://jane:wrong-and-secret@127.0.0.1:{port}");
    for (server, variable) in [
        ("http://octane.test", "HTTP_PROXY"),
        ("https://octane.test", "HTTPS_PROXY"),
    ] {
        let error = endpoint(server, &[(variable, url.clone())])
            .sign_in()
            .await
            .unwrap_err();
        assert_eq!(
            chain(&error),
            format!(
                "cannot reach {server} through the proxy: the proxy `http://***@127.0.0.1:{port}` ({variable}) requires \
                 authentication (407); check the user name and the password in its URL"
            )
        );
        assert!(error.is_proxy_error() && error.is_unreachable() && error.is_retryable());
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test]
async fn a_dead_proxy_is_not_blamed_on_the_server() {
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for (server, variable) in [
        ("http://octane.test", "HTTP_PROXY"),
        ("https://octane.test", "HTTPS_PROXY"),
    ] {
        let error = endpoint(server, &[(variable, format!("http://{unused}"))])
            .sign_in()
            .await
            .unwrap_err();
        let text = chain(&error);
        assert!(
            text.starts_with(&format!(
                "cannot reach {server} through the proxy (2 attempts in "
            )),
            "{text}"
        );
        let cause = format!(
            "could not connect to the proxy `http://{unused}` ({variable}): connection refused"
        );
        assert!(text.ends_with(&cause), "{text}");
        assert!(error.is_proxy_error() && error.is_unreachable() && !error.outcome_unknown());
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_connect_is_told_from_one_that_is_dead() {
    let proxy = Server::new(|_, _| response("502 Bad Gateway", "", "")).await;
    let variables = [("HTTPS_PROXY", proxy.address().to_owned())];
    let error = endpoint("https://octane.test", &variables)
        .sign_in()
        .await
        .unwrap_err();
    let cause = format!(
        "the proxy `{}` (HTTPS_PROXY) refused or failed to connect to the server",
        proxy.address()
    );
    assert!(chain(&error).contains(&cause), "{}", chain(&error));
    assert!(error.is_proxy_error());
}

#[tokio::test]
async fn hosts_in_no_proxy_are_reached_directly() {
    let server = Server::new(|_, _| signed_in()).await;
    let variables = [
        ("HTTP_PROXY", "http://127.0.0.1:1".to_owned()),
        ("NO_PROXY", "octane.test, 127.0.0.0/8".to_owned()),
    ];
    endpoint(server.address(), &variables)
        .sign_in()
        .await
        .unwrap();
    assert!(server.seen()[0].starts_with("POST /authentication/sign_in "));
}
