//! A server that speaks TLS and hands everything over to another one that does not.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Identity};
use crate::forward_proxy::serve;

/// Listens on the loopback until the process ends.
pub struct TlsServer {
    port: u16,
}

impl TlsServer {
    /// Presents this identity. With `clients`, it requires certificates that were issued by this CA.
    pub fn new(target: SocketAddr, identity: &Identity, clients: Option<&Authority>) -> Self {
        Self::with(target, identity, clients.map(verifier))
    }

    /// It asks for certificates that were issued by this CA, and does not need one.
    pub fn asking(target: SocketAddr, identity: &Identity, clients: &Authority) -> Self {
        let verifier = verifier(clients).allow_unauthenticated();
        Self::with(target, identity, Some(verifier))
    }

    fn with(
        target: SocketAddr,
        identity: &Identity,
        clients: Option<ClientCertVerifierBuilder>,
    ) -> Self {
        let builder = ServerConfig::builder();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                builder.with_client_cert_verifier(clients.build().expect("a verifier"))
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let config = builder.with_single_cert(identity.chain.clone(), key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
        let address = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut target = TcpStream::connect(target).await?;
                copy_bidirectional(&mut stream, &mut target).await.map(drop)
            }
        });
        Self {
            port: address.port(),
        }
    }

    /// `https://localhost:PORT`
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

fn verifier(clients: &Authority) -> ClientCertVerifierBuilder {
    let mut roots = RootCertStore::empty();
    roots.add(clients.certificate()).expect("a CA");
    WebPkiClientVerifier::builder(Arc::new(roots))
}
