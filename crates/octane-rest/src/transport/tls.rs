//! Which certificates are trusted, and which one a client presents.
//!
//! By default those of the operating system. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them, on every
//! system and not only where OpenSSL is used; the settings `ca_files` and `ca_dirs` add to either.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::load_certs_from_paths;

use super::certified_key::CertificateError;
use super::client_certificate::{self, Resolver};
use super::handshakes::Handshakes;
use super::verifier::Verifier;
use crate::settings::EndpointSettings;

/// Looks up environment variables.
pub(crate) type Variables = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file or directory cannot be read.
    #[error("cannot read certificates from `{path}` ({named_by}): {reason}")]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The variable or setting.
        named_by: &'static str,
        /// Why it cannot be read.
        reason: String,
    },
    /// It contains no certificate.
    #[error("`{path}` ({named_by}) contains no PEM certificate")]
    Empty {
        /// The file or directory.
        path: PathBuf,
        /// The variable or setting.
        named_by: &'static str,
    },
    /// The network client cannot be set up.
    #[error("cannot set up TLS")]
    Setup(#[from] reqwest::Error),
    /// None of the certificates can be used.
    #[error("cannot use the certificates from SSL_CERT_FILE or SSL_CERT_DIR: {reason}")]
    Unusable {
        /// Why they cannot be used.
        reason: String,
    },
    /// The system has no trusted certificates, and none are named either.
    #[error(
        "cannot use the certificates that the system trusts: {reason}; install the package `ca-certificates`, or name a file with the \
         server's CA as trusted"
    )]
    System {
        /// Why they cannot be used.
        reason: String,
    },
    /// The client certificate cannot be used.
    #[error(transparent)]
    ClientCertificate(#[from] CertificateError),
}

/// The TLS of a client: what it trusts, and how it identifies itself. `handshakes` learns what servers present.
pub(super) fn config(
    settings: &EndpointSettings,
    env: &Variables,
    handshakes: &Arc<Handshakes>,
) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut named = Vec::new();
    if let Some(file) = variable(env, "SSL_CERT_FILE") {
        named.extend(file_certificates(Path::new(&file), "SSL_CERT_FILE")?);
    }
    if let Some(dirs) = variable(env, "SSL_CERT_DIR") {
        let dirs: Vec<_> = std::env::split_paths(&dirs)
            .filter(|dir| !dir.as_os_str().is_empty())
            .collect();
        named.extend(dirs_certificates(&dirs, "SSL_CERT_DIR")?);
    }
    let is_replacing = !named.is_empty();
    for file in &settings.ca_files {
        named.extend(file_certificates(file, "setting `ca_files`")?);
    }
    named.extend(dirs_certificates(&settings.ca_dirs, "setting `ca_dirs`")?);
    let verifier = if settings.insecure {
        Ok(Verifier::insecure(&provider, handshakes))
    } else if is_replacing {
        Verifier::replacing(named, &provider, handshakes)
    } else {
        Verifier::adding(named, &provider, handshakes)
    };
    let verifier = verifier.map_err(|error| {
        let reason = error.to_string();
        if is_replacing {
            TlsError::Unusable { reason }
        } else {
            TlsError::System { reason }
        }
    })?;
    let certificate = client_certificate::load(
        settings.client_cert.as_deref(),
        settings.client_key.as_deref(),
        &provider,
    )?;
    let resolver = Resolver {
        certificate: certificate.map(Arc::new),
        handshakes: Arc::clone(handshakes),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::System {
            reason: error.to_string(),
        })?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn variable(env: &Variables, name: &str) -> Option<OsString> {
    env(name).filter(|value| !value.is_empty())
}

/// Files of certificates are smaller than this: those of a whole system have about 200 KiB.
const FILE_MEBIBYTES_MAX: u64 = 16;

/// The certificates (PEM) in a regular file; a device may have no end, and a pipe no one who writes to it. `named_by` is the option
/// that names the file, for messages.
pub fn file_certificates(
    file: &Path,
    named_by: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let reason = match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_dir() => Some("is a directory".to_owned()),
        Ok(metadata) if !metadata.is_file() => Some("is not a regular file".to_owned()),
        Ok(metadata) if metadata.len() > FILE_MEBIBYTES_MAX * 1024 * 1024 => {
            Some(format!("is larger than {FILE_MEBIBYTES_MAX} MiB"))
        }
        // Whatever else is wrong with the file is said by those who read it.
        Ok(_) | Err(_) => None,
    };
    if let Some(reason) = reason {
        return Err(TlsError::Unreadable {
            path: file.to_owned(),
            named_by,
            reason,
        });
    }
    let loaded = load_certs_from_paths(Some(file), None);
    if let Some(error) = loaded.errors.first() {
        return Err(unreadable(file, named_by, error));
    }
    if loaded.certs.is_empty() {
        let path = file.to_owned();
        return Err(TlsError::Empty { path, named_by });
    }
    Ok(loaded.certs)
}

/// A directory may contain other files too, and some of several directories may be missing, as in the
/// defaults of distributions; but together they must contain a certificate.
fn dirs_certificates(
    dirs: &[PathBuf],
    named_by: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut certificates = Vec::new();
    let mut first_error = None;
    for dir in dirs {
        let loaded = load_certs_from_paths(None, Some(dir));
        certificates.extend(loaded.certs);
        if let Some(error) = loaded.errors.into_iter().next() {
            first_error.get_or_insert((dir, error));
        }
    }
    match (certificates.is_empty(), first_error, dirs.first()) {
        (false, _, _) | (true, None, None) => Ok(certificates),
        (true, Some((dir, error)), _) => Err(unreadable(dir, named_by, &error)),
        (true, None, Some(dir)) => Err(TlsError::Empty {
            path: dir.clone(),
            named_by,
        }),
    }
}

fn unreadable(path: &Path, named_by: &'static str, error: &rustls_native_certs::Error) -> TlsError {
    let reason =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    TlsError::Unreadable {
        path: path.to_owned(),
        named_by,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(settings: &EndpointSettings, variables: &'static [(&str, &str)]) -> String {
        let variables: Variables = Arc::new(move |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        });
        config(settings, &variables, &Arc::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_bad_file_is_named_together_with_its_setting() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let missing = error(
            &EndpointSettings::default(),
            &[("SSL_CERT_FILE", "/nowhere/ca.pem")],
        );
        assert!(
            missing.contains("`/nowhere/ca.pem` (SSL_CERT_FILE): "),
            "{missing}"
        );
        let missing = error(
            &EndpointSettings::default(),
            &[("SSL_CERT_DIR", "/nowhere")],
        );
        assert!(missing.contains("`/nowhere` (SSL_CERT_DIR): "), "{missing}");
        let settings = EndpointSettings {
            ca_files: vec![manifest.into()],
            ..EndpointSettings::default()
        };
        assert_eq!(
            error(&settings, &[]),
            format!("`{manifest}` (setting `ca_files`) contains no PEM certificate")
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_an_end_is_refused() {
        let settings = EndpointSettings::default();
        for file in ["/dev/zero", "/dev/null"] {
            let variables: &'static [(&str, &str)] = match file {
                "/dev/zero" => &[("SSL_CERT_FILE", "/dev/zero")],
                _ => &[("SSL_CERT_FILE", "/dev/null")],
            };
            let error = error(&settings, variables);
            assert!(
                error.contains(file) && error.contains("is not a regular file"),
                "{error}"
            );
        }
        let error = error(&settings, &[("SSL_CERT_FILE", "/dev")]);
        assert!(error.contains("is a directory"), "{error}");
    }

    #[test]
    fn by_default_the_system_decides() {
        let nothing: Variables = Arc::new(|_| None);
        assert!(config(&EndpointSettings::default(), &nothing, &Arc::default()).is_ok());
    }
}
