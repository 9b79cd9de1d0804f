//! Which certificates are trusted.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use octane_rest::{ApiKey, Endpoint, EndpointSettings, TlsProblem};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::network::{self, chain, response, signed_in};

/// A server with a certificate for `localhost` from an authority of its own.
struct Server {
    address: String,
    authority: PathBuf,
    /// Removes the authority's file in the end.
    directory: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Server {
    async fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Example Root");
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()])
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        Self::with(name, certificate.der().clone(), &key, &root.pem()).await
    }

    /// One whose certificate is a CA's, as `openssl req -x509` makes them.
    async fn self_signed(name: &str, host: &str, change: fn(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec![host.into()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, host);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        Self::with(name, certificate.der().clone(), &key, &pem).await
    }

    /// One with this certificate; `trusted` is what clients may trust.
    async fn with(
        name: &str,
        certificate: CertificateDer<'static>,
        key: &KeyPair,
        trusted: &str,
    ) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();

        let directory =
            std::env::temp_dir().join(format!("octane-rest-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let authority = directory.join("root.pem");
        std::fs::write(&authority, trusted).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(&signed_in()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self {
            address,
            authority,
            directory,
        }
    }

    fn endpoint(
        &self,
        mut settings: EndpointSettings,
        variables: &[(&'static str, OsString)],
    ) -> Endpoint {
        let variables = variables.to_vec();
        settings.proxy = Some("direct".into());
        settings.backoff_base = Duration::from_millis(1);
        Endpoint::builder(&self.address)
            .space(1)
            .workspace(2)
            .credentials(ApiKey::new("demo", "s3cret"))
            .settings(settings)
            .env(move |name| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.clone())
            })
            .build()
            .unwrap()
    }
}

#[test]
fn certificates_are_needed_only_to_verify_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.pem");
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&file, pem).unwrap();
    let built = |url: &str, proxy: &str, is_insecure: bool| {
        let mut settings = EndpointSettings::default();
        settings.proxy = Some(proxy.into());
        settings.insecure = is_insecure;
        let builder = Endpoint::builder(url).space(1).workspace(2);
        let builder = builder.settings(settings);
        // It replaces the certificates of the system by none that can be used.
        let file = file.clone().into_os_string();
        let builder = builder.env(move |name| (name == "SSL_CERT_FILE").then(|| file.clone()));
        builder.build().map_err(|error| error.to_string())
    };
    let (http, https) = ("http://octane.example", "https://octane.example");
    for (url, proxy, is_insecure, expected) in [
        (http, "direct", false, true),
        (http, "http://proxy.example", false, true),
        (http, "HTTPS://proxy.example", false, false),
        (https, "direct", false, false),
        (https, "direct", true, true),
    ] {
        let built = built(url, proxy, is_insecure);
        assert_eq!(built.is_ok(), expected, "{url} {proxy}: {:?}", built.err());
    }
}

#[tokio::test]
async fn an_untrusted_issuer_is_named_together_with_what_helps() {
    let server = Server::new("untrusted").await;
    let error = server
        .endpoint(EndpointSettings::default(), &[])
        .sign_in()
        .await
        .unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "cannot reach {}: certificate issued by `Example Root`, which is not trusted",
            server.address
        )
    );
    assert_eq!(error.tls_problem(), Some(TlsProblem::UnknownIssuer));
    assert!(error.is_unreachable() && error.attempts() == 1);
}

#[tokio::test]
async fn an_authority_is_trusted_by_variable_and_by_setting() {
    let server = Server::new("trusted").await;
    let file = server.authority.clone().into_os_string();
    let directory = server.directory.clone().into_os_string();
    server
        .endpoint(EndpointSettings::default(), &[("SSL_CERT_FILE", file)])
        .sign_in()
        .await
        .unwrap();
    server
        .endpoint(EndpointSettings::default(), &[("SSL_CERT_DIR", directory)])
        .sign_in()
        .await
        .unwrap();
    let mut ca_files = EndpointSettings::default();
    ca_files.ca_files = vec![server.authority.clone()];
    server.endpoint(ca_files, &[]).sign_in().await.unwrap();
    let mut ca_dirs = EndpointSettings::default();
    ca_dirs.ca_dirs = vec![server.directory.clone()];
    server.endpoint(ca_dirs, &[]).sign_in().await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_is_reported_as_such() {
    let server = Server::new("name").await;
    let mut settings = EndpointSettings::default();
    settings.ca_files = vec![server.authority.clone()];
    let other = Server {
        address: server.address.replace("localhost", "127.0.0.1"),
        authority: PathBuf::new(),
        directory: PathBuf::new(),
    };
    let error = other.endpoint(settings, &[]).sign_in().await.unwrap_err();
    let text = chain(&error);
    let expected = "the certificate is for `localhost`, and not for `127.0.0.1`";
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(error.tls_problem(), Some(TlsProblem::WrongName));
}

/// The error of signing in with the server's own certificate in `SSL_CERT_FILE`, if there is one.
async fn sign_in_trusting(server: &Server) -> Result<(), String> {
    let file = server.authority.clone().into_os_string();
    let endpoint = server.endpoint(EndpointSettings::default(), &[("SSL_CERT_FILE", file)]);
    endpoint.sign_in().await.map_err(|error| chain(&error))
}

#[tokio::test]
async fn a_self_signed_certificate_works_if_it_is_trusted_by_name() {
    let server = Server::self_signed("self", "localhost", |_| ()).await;
    assert_eq!(sign_in_trusting(&server).await, Ok(()));
    let error = server
        .endpoint(EndpointSettings::default(), &[])
        .sign_in()
        .await;
    let error = error.unwrap_err();
    let text = chain(&error);
    assert!(
        text.ends_with("the server presents the certificate of a CA as its own"),
        "{text}"
    );
    assert_eq!(error.tls_problem(), Some(TlsProblem::CaCertificate));
    let mut settings = EndpointSettings::default();
    settings.ca_files = vec![server.authority.clone()];
    server.endpoint(settings, &[]).sign_in().await.unwrap();
    // Another certificate of the same name is not this one.
    let other = Server::self_signed("other", "localhost", |_| ()).await;
    let file = other.authority.clone().into_os_string();
    let endpoint = server.endpoint(EndpointSettings::default(), &[("SSL_CERT_FILE", file)]);
    assert!(endpoint.sign_in().await.is_err());
}

#[tokio::test]
async fn a_self_signed_certificate_must_have_the_right_name_and_dates() {
    let server = Server::self_signed("renamed", "elsewhere.example", |_| ()).await;
    let error = sign_in_trusting(&server).await.unwrap_err();
    assert!(
        error.contains("is for `elsewhere.example`, and not for `localhost`"),
        "{error}"
    );
    let server = Server::self_signed("expired", "localhost", |params| {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    });
    let error = sign_in_trusting(&server.await).await.unwrap_err();
    assert!(error.ends_with("expired on 2001-01-01"), "{error}");
}

#[tokio::test]
async fn https_and_http_that_are_mistaken_for_each_other_are_named() {
    let server = Server::new("mistaken").await;
    let plain = server.address.replace("https://", "http://");
    let error = network::endpoint(&plain, |_| ())
        .sign_in()
        .await
        .unwrap_err();
    assert_eq!(
        chain(&error),
        format!("cannot reach {plain}: the server expects `https://` on this port, not `http://`")
    );
    // A server of HTTP answers bytes that it cannot read at once.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&response("400 Bad Request", "", "")).await;
            let _ = stream.shutdown().await;
        }
    });
    let error = network::endpoint(&secure, |_| ())
        .sign_in()
        .await
        .unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "cannot reach {secure}: the server does not speak TLS on this port; is its URL `http://` instead of \
             `https://`?"
        )
    );
    assert_eq!(error.attempts(), 1);
}
