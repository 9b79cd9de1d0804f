//! Which certificates are trusted.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use octane_rest::{ApiKey, Endpoint, EndpointSettings};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::network::{chain, signed_in};

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
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();

        let directory =
            std::env::temp_dir().join(format!("octane-rest-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let authority = directory.join("root.pem");
        std::fs::write(&authority, root.pem()).unwrap();

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
            "cannot reach {}: certificate issued by `Example Root`, which is not trusted; add that CA (PEM) \
             via SSL_CERT_FILE or SSL_CERT_DIR",
            server.address
        )
    );
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
    assert!(text.contains(": the certificate is not valid: "), "{text}");
    assert_eq!(text.matches("not valid for name").count(), 1, "{text}");
    assert!(!text.contains("invalid peer certificate"), "{text}");
    assert!(!text.contains("SSL_CERT_FILE"), "{text}");
}
