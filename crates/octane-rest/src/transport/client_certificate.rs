//! The certificate with which a client identifies itself to servers that require one.

use std::path::Path;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use super::certified_key::{self, CertificateError};
use super::handshakes::Handshakes;

/// Loads the certificate that the settings name, if they name one.
pub(super) fn load(
    certificate: Option<&Path>,
    key: Option<&Path>,
    provider: &CryptoProvider,
) -> Result<Option<CertifiedKey>, CertificateError> {
    match (certificate, key) {
        (Some(certificate), key) => certified_key::load(certificate, key, provider).map(Some),
        (None, Some(key)) => Err(CertificateError::KeyAlone {
            path: key.to_owned(),
        }),
        (None, None) => Ok(None),
    }
}

/// Presents the certificate to servers that ask for one, and notes that they have asked.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) certificate: Option<Arc<CertifiedKey>>,
    pub(super) handshakes: Arc<Handshakes>,
}

impl ResolvesClientCert for Resolver {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.handshakes.client_certificate_requested();
        self.certificate.clone()
    }

    fn has_certs(&self) -> bool {
        self.certificate.is_some()
    }
}
