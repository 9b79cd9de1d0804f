//! Verifies the certificates of servers.
//!
//! A self-signed certificate that `openssl req -x509` makes is a CA certificate, which no server may present as its own
//! (RFC 5280). A user who names this very certificate as trusted trusts it anyway, as curl and browsers do. Name and dates
//! still have to match.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier as SystemVerifier;

use super::handshakes::Handshakes;

/// Verifies as usual, and accepts a CA certificate as the server's own if it is one of those that are named as trusted.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` accepts any certificate.
    issuers: Option<Arc<dyn ServerCertVerifier>>,
    named: Vec<CertificateDer<'static>>,
    schemes: Vec<SignatureScheme>,
    handshakes: Arc<Handshakes>,
}

impl Verifier {
    /// Trusts the issuers of the system and these.
    pub(super) fn adding(
        named: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
        handshakes: &Arc<Handshakes>,
    ) -> Result<Self, Error> {
        let issuers = named.iter().filter(|certificate| {
            // Some kinds of certificates cannot be issuers, for example those of version 1.
            RootCertStore::empty().add((*certificate).clone()).is_ok()
        });
        let issuers = SystemVerifier::new_with_extra_roots(issuers.cloned(), Arc::clone(provider))?;
        Ok(Self::new(
            Some(Arc::new(issuers)),
            named,
            provider,
            handshakes,
        ))
    }

    /// Trusts these issuers and no others.
    pub(super) fn replacing(
        named: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
        handshakes: &Arc<Handshakes>,
    ) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(named.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let issuers = verifier
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self::new(Some(issuers), named, provider, handshakes))
    }

    /// Accepts any certificate.
    pub(super) fn insecure(provider: &CryptoProvider, handshakes: &Arc<Handshakes>) -> Self {
        Self::new(None, Vec::new(), provider, handshakes)
    }

    fn new(
        issuers: Option<Arc<dyn ServerCertVerifier>>,
        named: Vec<CertificateDer<'static>>,
        provider: &CryptoProvider,
        handshakes: &Arc<Handshakes>,
    ) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        Self {
            issuers,
            named,
            schemes: algorithms.supported_schemes(),
            handshakes: Arc::clone(handshakes),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.handshakes
            .presented(server_name, end_entity, intermediates);
        let Some(issuers) = &self.issuers else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified =
            issuers.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The dates are checked before this is found out.
            Err(error) if is_ca(&error) && self.named.iter().any(|it| it == end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.issuers {
            Some(issuers) => issuers.verify_tls12_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.issuers {
            Some(issuers) => issuers.verify_tls13_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

/// Whether a certificate was rejected because it is a CA's.
pub(super) fn is_ca(error: &Error) -> bool {
    // The library has no public type for this reason.
    matches!(error, Error::InvalidCertificate(CertificateError::Other(reason))
        if reason.to_string().contains("CaUsedAsEndEntity"))
}
