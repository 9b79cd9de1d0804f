//! Servers with certificates of a private CA, servers that require client certificates, and real forward proxies.

use std::path::PathBuf;

use octane_rest::{ApiKey, BuildError, Endpoint, EndpointSettings, Error, ProxyRule, TlsProblem};
use octane_sandbox::{Running, Sandbox, Settings};
use octane_test_support::certificates::{Authority, Identity, Validity};
use octane_test_support::forward_proxy::ForwardProxy;
use octane_test_support::tls_server::TlsServer;

use crate::network::{Server, chain, response};

const SECRET: &str = "s3cret";

async fn sandbox() -> Running {
    let settings = Settings::default().api_key("ci", SECRET);
    Sandbox::start_with(settings).await.unwrap()
}

fn try_endpoint(
    url: &str,
    variables: &[(&'static str, &str)],
    change: impl FnOnce(&mut EndpointSettings),
) -> Result<Endpoint, BuildError> {
    let mut settings = EndpointSettings::default();
    settings.attempts_max = 1;
    change(&mut settings);
    let variables: Vec<(&str, String)> = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Endpoint::builder(url)
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("ci", SECRET))
        .settings(settings)
        .env(move |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
        .build()
}

fn endpoint(url: &str, change: impl FnOnce(&mut EndpointSettings)) -> Endpoint {
    try_endpoint(url, &[], change).unwrap()
}

async fn ask(endpoint: &Endpoint) -> Result<(), Error> {
    endpoint.get("releases?limit=1").await.map(drop)
}

/// A server with a certificate for `localhost`, and what clients have to trust.
async fn secure(identity: &Identity, clients: Option<&Authority>) -> (Running, TlsServer) {
    let sandbox = sandbox().await;
    let server = TlsServer::new(sandbox.address(), identity, clients);
    (sandbox, server)
}

#[tokio::test]
async fn of_a_chain_with_intermediates_the_root_is_named_as_missing() {
    let root = Authority::new("Example Root");
    let issuing = root.intermediate("Example Issuing CA");
    let identity = issuing.issue(&["localhost"], Validity::Now);
    let (_sandbox, server) = secure(&identity, None).await;
    let error = ask(&endpoint(&server.url(), |_| ())).await.unwrap_err();
    assert!(
        chain(&error).ends_with("certificate issued by `Example Root`, which is not trusted"),
        "{}",
        chain(&error)
    );
    assert_eq!(error.tls_problem(), Some(TlsProblem::UnknownIssuer));
    let trusting = endpoint(&server.url(), |settings| {
        settings.ca_files = vec![root.file()];
    });
    ask(&trusting).await.unwrap();
    let presented = trusting.server_certificates();
    let issuers: Vec<_> = presented.iter().map(|it| it.issuer.as_deref()).collect();
    assert_eq!(issuers, [Some("Example Issuing CA"), Some("Example Root")]);
    assert_eq!(
        trusting.server_certificate_issuer().as_deref(),
        Some("Example Root")
    );
}

#[tokio::test]
async fn a_private_ca_is_trusted_in_addition_to_others() {
    let (one, other) = (Authority::new("One"), Authority::new("Other"));
    let identity = one.issue(&["localhost"], Validity::Now);
    let (_sandbox, server) = secure(&identity, None).await;
    let file = other.file();
    let variables = [("SSL_CERT_FILE", file.to_str().unwrap())];
    let with_both = try_endpoint(&server.url(), &variables, |settings| {
        settings.ca_files = vec![one.file()];
    });
    ask(&with_both.unwrap()).await.unwrap();
    let without = try_endpoint(&server.url(), &variables, |_| ()).unwrap();
    ask(&without).await.unwrap_err();
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_named_with_its_day() {
    let root = Authority::new("Example Root");
    let identity = root.issue(&["localhost"], Validity::Past);
    let (_sandbox, server) = secure(&identity, None).await;
    let trusting = endpoint(&server.url(), |settings| {
        settings.ca_files = vec![root.file()];
    });
    let error = ask(&trusting).await.unwrap_err();
    assert!(
        chain(&error).ends_with("the certificate of `localhost` expired on 2001-01-01"),
        "{}",
        chain(&error)
    );
    assert_eq!(error.tls_problem(), Some(TlsProblem::Expired));
    assert_eq!(trusting.server_certificates()[0].not_after, 978_307_200);
}

#[tokio::test]
async fn certificates_are_ignored_only_at_request() {
    let root = Authority::new("Example Root");
    let identity = root.issue(&["elsewhere.example"], Validity::Past);
    let (_sandbox, server) = secure(&identity, None).await;
    ask(&endpoint(&server.url(), |_| ())).await.unwrap_err();
    let insecure = endpoint(&server.url(), |settings| settings.insecure = true);
    ask(&insecure).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_presented_to_those_who_require_one() {
    let root = Authority::new("Example Root");
    let clients = Authority::new("Clients");
    let identity = root.issue(&["localhost"], Validity::Now);
    let (_sandbox, server) = secure(&identity, Some(&clients)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let own = clients.issue(&["ci"], Validity::Now);
    own.write(&path("both.pem"));
    own.write_apart(&path("certificate.pem"), &path("key.pem"));
    root.issue(&["ci"], Validity::Now).write(&path("other.pem"));
    let with = |certificate: Option<&str>, key: Option<&str>| {
        let (certificate, key) = (certificate.map(path), key.map(path));
        endpoint(&server.url(), |settings| {
            settings.ca_files = vec![root.file()];
            (settings.client_cert, settings.client_key) = (certificate, key);
        })
    };
    ask(&with(Some("both.pem"), None)).await.unwrap();
    ask(&with(Some("certificate.pem"), Some("key.pem")))
        .await
        .unwrap();
    let missing = ask(&with(None, None)).await.unwrap_err();
    assert!(
        chain(&missing).ends_with("the server requires a client certificate, and none is given"),
        "{}",
        chain(&missing)
    );
    assert_eq!(
        missing.tls_problem(),
        Some(TlsProblem::ClientCertificateMissing)
    );
    // Unless the server closed the connection before its alert arrived.
    assert_eq!(missing.outcome_unknown(), !missing.is_tls_error());
    let refused = ask(&with(Some("other.pem"), None)).await.unwrap_err();
    let text = chain(&refused);
    assert!(
        text.contains("the server does not accept the client certificate: "),
        "{text}"
    );
    assert_eq!(
        refused.tls_problem(),
        Some(TlsProblem::ClientCertificateRefused)
    );
}

#[tokio::test]
async fn that_a_server_asks_for_a_client_certificate_makes_no_other_error_one_of_tls() {
    let root = Authority::new("Example Root");
    let identity = root.issue(&["localhost"], Validity::Now);
    for attempts_max in [1, 2] {
        // It closes the first connection, and then rejects what it gets.
        let plain = Server::new(|number, _| match number {
            0 => Vec::new(),
            _ => {
                let body =
                    r#"{"error_code":"x","description":"The SSL certificate error of a test"}"#;
                response(
                    "400 Bad Request",
                    "content-type: application/json\r\n",
                    body,
                )
            }
        });
        let target = plain.await.address().replace("http://", "").parse();
        let server = TlsServer::asking(target.unwrap(), &identity, &root);
        let endpoint = endpoint(&server.url(), |settings| {
            settings.ca_files = vec![root.file()];
            settings.attempts_max = attempts_max;
        });
        let error = ask(&endpoint).await.unwrap_err();
        assert!(!error.is_tls_error(), "{error:?}");
        let (problem, end) = match attempts_max {
            1 => (
                Some(TlsProblem::ClientCertificateMissing),
                "the connection was lost; perhaps the server requires a client certificate, and none is given",
            ),
            _ => (None, "The SSL certificate error of a test (x)"),
        };
        assert_eq!(error.tls_problem(), problem);
        assert!(chain(&error).contains(end), "{}", chain(&error));
    }
}

/// Why a client with this certificate and key cannot be built.
fn unusable(certificate: Option<PathBuf>, key: Option<PathBuf>) -> String {
    let built = try_endpoint("https://octane.example", &[], |settings| {
        (settings.client_cert, settings.client_key) = (certificate, key);
    });
    built.unwrap_err().to_string()
}

#[tokio::test]
async fn what_is_wrong_with_a_client_certificate_is_named() {
    let root = Authority::new("Example Root");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let one = root.issue(&["one"], Validity::Now);
    one.write_apart(&path("one.pem"), &path("one.key"));
    let two = root.issue(&["two"], Validity::Now);
    two.write_apart(&path("two.pem"), &path("two.key"));
    std::fs::write(path("bundle.p12"), [0x30, 0x82, 0x01, 0x02]).unwrap();
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    std::fs::write(path("encrypted.key"), encrypted).unwrap();
    let file = |name: &str| Some(path(name));
    for (certificate, key, expected) in [
        (file("one.pem"), None, "contains no PEM private key"),
        (
            file("one.pem"),
            file("two.key"),
            "does not belong to the first certificate",
        ),
        (file("one.pem"), file("encrypted.key"), "is encrypted"),
        (file("bundle.p12"), None, "it looks like PKCS #12"),
        (file("one.key"), None, "contains no PEM certificate"),
        (
            file("nothing.pem"),
            None,
            "cannot read a certificate or its key",
        ),
        (Some(folder.path().to_owned()), None, "is a directory"),
        (
            None,
            file("one.key"),
            "has no effect without a client certificate",
        ),
    ] {
        let error = unusable(certificate, key);
        assert!(error.contains(expected), "{error}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = path("one.key");
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
        let error = unusable(file("one.pem"), Some(key));
        assert!(error.contains("can be read by others"), "{error}");
    }
}

#[tokio::test]
async fn a_forward_proxy_with_a_password_passes_plain_and_encrypted_requests() {
    let root = Authority::new("Example Root");
    let identity = root.issue(&["localhost"], Validity::Now);
    let (sandbox, server) = secure(&identity, None).await;
    // `jane:p@ss`
    let proxy = ForwardProxy::authenticated("amFuZTpwQHNz");
    let url = format!("http://jane:p%40ss@{}", proxy.host());
    let plain = format!("http://{}", sandbox.address());
    for (server, first) in [
        (server.url(), "CONNECT localhost:"),
        (plain, "POST http://127.0.0.1:"),
    ] {
        let before = proxy.requests().len();
        let through = endpoint(&server, |settings| {
            settings.proxy = Some(url.as_str().into());
            settings.ca_files = vec![root.file()];
        });
        ask(&through).await.unwrap();
        assert!(
            proxy.requests()[before].starts_with(first),
            "{:?}",
            proxy.requests()
        );
        let rule = ProxyRule::Proxy {
            proxy: format!("`http://***@{}` (setting `proxy`)", proxy.host()),
        };
        assert_eq!(through.proxy_rule(), Some(rule));
        for (credentials, expected) in [
            ("jane:hunter2@", "check the user name and the password"),
            ("", "add a user name and a password"),
        ] {
            let error = endpoint(&server, |settings| {
                settings.proxy = Some(
                    format!("http://{credentials}{}", proxy.host())
                        .as_str()
                        .into(),
                );
                settings.ca_files = vec![root.file()];
            });
            let error = ask(&error).await.unwrap_err();
            let text = format!("{} {error:?}", chain(&error));
            assert!(text.contains("(407)") && text.contains(expected), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
            assert!(error.is_proxy_authentication_error());
        }
    }
}

#[tokio::test]
async fn exceptions_are_reached_without_the_proxy_of_the_environment() {
    let sandbox = sandbox().await;
    let url = format!("http://{}", sandbox.address());
    for name in ["NO_PROXY", "no_proxy"] {
        let variables = [
            ("http_proxy", "http://127.0.0.1:1"),
            (name, "10.0.0.0/8,127.0.0.0/8"),
        ];
        let direct = try_endpoint(&url, &variables, |_| ()).unwrap();
        ask(&direct).await.unwrap();
        assert_eq!(
            direct.proxy_rule(),
            Some(ProxyRule::Exception { named_by: name })
        );
    }
    let variables = [
        ("http_proxy", "http://127.0.0.1:1"),
        ("NO_PROXY", "10.0.0.0/8"),
    ];
    let through = try_endpoint(&url, &variables, |_| ()).unwrap();
    assert!(ask(&through).await.unwrap_err().is_proxy_error());
    let direct = try_endpoint(&url, &variables, |settings| {
        settings.no_proxy = Some("127.0.0.1".to_owned());
    });
    ask(&direct.unwrap()).await.unwrap();
}
