//! What TLS handshakes have shown of the server, for messages.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::pki_types::{CertificateDer, ServerName};

use super::certificate::PeerCertificate;

/// What the handshakes of one transport have shown. With a proxy that speaks TLS, some of them are with the proxy.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The chains of certificates that were presented last, by the name of who presented them.
    presented: Vec<(String, Vec<PeerCertificate>)>,
    is_client_certificate_requested: bool,
}

impl Handshakes {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A server has presented these certificates.
    pub(super) fn presented(
        &self,
        name: &ServerName<'_>,
        own: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
    ) {
        let name = name.to_str().into_owned();
        let chain = std::iter::once(own).chain(rest);
        let chain = chain
            .filter_map(|der| PeerCertificate::parse(der))
            .collect();
        let mut seen = self.seen();
        seen.presented.retain(|(known, _)| *known != name);
        seen.presented.push((name, chain));
    }

    /// A server has asked for a client certificate.
    pub(super) fn client_certificate_requested(&self) {
        self.seen().is_client_certificate_requested = true;
    }

    /// Whether a server has asked for a client certificate.
    pub(crate) fn is_client_certificate_requested(&self) -> bool {
        self.seen().is_client_certificate_requested
    }

    /// The chain that the host of this name has presented last, its own certificate first.
    pub(crate) fn chain(&self, host: &str) -> Option<Vec<PeerCertificate>> {
        let host = host.trim_matches(['[', ']']);
        let seen = self.seen();
        let found = seen
            .presented
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(host));
        found.map(|(_, chain)| chain.clone())
    }

    /// The name of the last one who has presented certificates, and its chain.
    pub(super) fn last(&self) -> Option<(String, Vec<PeerCertificate>)> {
        self.seen().presented.last().cloned()
    }
}
