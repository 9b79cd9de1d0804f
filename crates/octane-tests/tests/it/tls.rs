//! TLS with an authority of one's own.

use std::sync::Arc;

use octane_rest::{ApiKey, Endpoint, Settings};
use octane_tests::answer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server with a certificate of a new authority: its address, and the authority as PEM.
async fn server() -> (String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut buffer = [0; 8192];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(answer(200, "{}").as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (format!("https://localhost:{port}"), authority.pem())
}

fn endpoint(url: &str, settings: Settings) -> Endpoint {
    let settings = Settings {
        attempts_max: 1,
        proxy: Some("direct".into()),
        ..settings
    };
    Endpoint::builder(url)
        .settings(settings)
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("id", "secret"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_authority_in_a_directory_is_trusted() {
    let (url, authority) = server().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("company.pem"), authority).unwrap();
    let trusting = Settings {
        ca_dirs: vec![folder.path().to_owned()],
        ..Settings::default()
    };
    endpoint(&url, trusting).sign_in().await.unwrap();
}

#[tokio::test]
async fn an_unknown_authority_is_refused_and_the_way_out_is_named() {
    let (url, _) = server().await;
    let error = endpoint(&url, Settings::default())
        .sign_in()
        .await
        .unwrap_err();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    assert!(
        error.is_unreachable() && text.contains("SSL_CERT_FILE"),
        "{text}"
    );
}
