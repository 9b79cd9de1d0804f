//! Certificates of a CA of one's own, in files that are deleted in the end.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;

/// A CA that no machine trusts by itself.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// The certificates from its own to the one below the root, which servers present together with theirs.
    chain: Vec<CertificateDer<'static>>,
    pem: String,
    folder: tempfile::TempDir,
}

/// A certificate with its key and its chain.
pub struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: KeyPair,
    pem: String,
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub enum Validity {
    /// For a long time.
    Now,
    /// From 2000 to 2001.
    Past,
    /// Until this many days from now, give or take a day.
    Days(i64),
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Authority {
    /// A root of this name.
    pub fn new(name: &str) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            chain: Vec::new(),
            issuer: Issuer::new(params, key),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A CA below this one.
    pub fn intermediate(&self, name: &str) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let own = certificate.der().clone();
        Self {
            pem: certificate.pem(),
            chain: std::iter::once(own.clone())
                .chain(self.chain.clone())
                .collect(),
            certificate: own,
            issuer: Issuer::new(params, key),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// The certificate of a server with these names, or of a client.
    pub fn issue(&self, names: &[&str], validity: Validity) -> Identity {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        match validity {
            Validity::Now => {}
            Validity::Past => {
                params.not_before = date_time_ymd(2000, 1, 1);
                params.not_after = date_time_ymd(2001, 1, 1);
            }
            Validity::Days(days) => {
                let now = std::time::SystemTime::now();
                let seconds = std::time::Duration::from_secs(days.unsigned_abs() * 24 * 3600);
                params.not_after = (now + seconds).into();
            }
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let own = certificate.der().clone();
        Identity {
            pem: format!("{}{}", certificate.pem(), key.serialize_pem()),
            chain: std::iter::once(own).chain(self.chain.clone()).collect(),
            key,
        }
    }

    /// The certificate.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// The file of the certificate (PEM).
    pub fn file(&self) -> PathBuf {
        let path = self.folder.path().join("ca.pem");
        std::fs::write(&path, &self.pem).expect("a file");
        path
    }
}

impl Identity {
    /// Writes certificate and key (PEM) to a file that only its owner can read.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).expect("a file");
        owner_only(path);
    }

    /// Writes certificate and key (PEM) to files of their own.
    pub fn write_apart(&self, certificate: &Path, key: &Path) {
        let start = self.pem.find("-----BEGIN PRIVATE KEY").expect("a key");
        std::fs::write(certificate, &self.pem[..start]).expect("a file");
        std::fs::write(key, &self.pem[start..]).expect("a file");
        owner_only(key);
    }
}

fn owner_only(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("permissions");
    }
    #[cfg(not(unix))]
    let _ = path;
}
