//! Files (PEM) with a certificate, its chain and its private key.

use std::path::{Path, PathBuf};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::credential::CredentialError;
use crate::credential::file::check_access;

/// Why a certificate with its private key cannot be used. No message has anything of the key's content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read a certificate or its key from `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        reason: String,
    },
    /// Other users of this machine can access the private key.
    #[error("the private key can be read by others: {0}")]
    Exposed(#[source] CredentialError),
    /// The file has no certificate.
    #[error("`{path}` contains no PEM certificate{}", if *.is_der { "; it looks like PKCS #12 or DER" } else { "" })]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// Whether it is a binary file, such as one of PKCS #12.
        is_der: bool,
    },
    /// Neither the file nor another one has the private key.
    #[error("`{path}` contains no PEM private key")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The private key is encrypted.
    #[error("the private key in `{path}` is encrypted")]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The private key belongs to another certificate.
    #[error(
        "the private key in `{key}` does not belong to the first certificate in `{certificate}`"
    )]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// The key is damaged or of an unknown kind.
    #[error("the private key in `{path}` cannot be used: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
    /// There is a key and no certificate.
    #[error("the private key `{path}` has no effect without a client certificate")]
    KeyAlone {
        /// The file with the key.
        path: PathBuf,
    },
}

/// Files of certificates and keys are smaller than this.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Loads a certificate (PEM) with its chain, and its private key from the same file or from one of its own, which other users of this
/// machine must not be able to read.
pub fn certified_key(
    certificate: &Path,
    key: Option<&Path>,
) -> Result<CertifiedKey, CertificateError> {
    load(certificate, key, &aws_lc_rs::default_provider())
}

pub(super) fn load(
    path: &Path,
    key: Option<&Path>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, CertificateError> {
    let text = read(path)?;
    let unreadable = |error: pem::Error| CertificateError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(unreadable)?;
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate {
            path: path.to_owned(),
            is_der: text.starts_with(&[0x30, 0x82]),
        });
    }
    let key_path = key.unwrap_or(path);
    let key_text = match key {
        Some(key) => read(key)?,
        None => text,
    };
    let key = private_key(key_path, &key_text)?;
    check_key_access(key_path)?;
    match CertifiedKey::from_der(chain, key, provider) {
        Ok(certified) => Ok(certified),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(CertificateError::Mismatch {
                certificate: path.to_owned(),
                key: key_path.to_owned(),
            })
        }
        Err(error) => Err(CertificateError::Unusable {
            path: key_path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |reason: String| CertificateError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if metadata.is_dir() {
        return Err(unreadable("is a directory".to_owned()));
    }
    if metadata.len() > FILE_BYTES_MAX || !metadata.is_file() {
        return Err(unreadable("is not a file of PEM certificates".to_owned()));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}

fn private_key(path: &Path, text: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let contains = |word: &str| text.windows(word.len()).any(|it| it == word.as_bytes());
    if contains("BEGIN ENCRYPTED PRIVATE KEY") || contains("Proc-Type: 4,ENCRYPTED") {
        let path = path.to_owned();
        return Err(CertificateError::Encrypted { path });
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => CertificateError::NoKey {
            path: path.to_owned(),
        },
        error => CertificateError::Unusable {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    })
}

fn check_key_access(path: &Path) -> Result<(), CertificateError> {
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|error| CertificateError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    check_access(path, &metadata).map_err(CertificateError::Exposed)
}
