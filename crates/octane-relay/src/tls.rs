//! TLS at the door: which certificate it shows, whose certificates agents need, and what happens when the files change.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use octane_client::CancellationToken;
use octane_rest::{CertificateError, PeerCertificate, TlsError, certified_key, file_certificates};
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use crate::blocking::blocking;
use crate::chain::Chain;
use crate::time::Time;

/// How often the files are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(10);
/// A certificate that ends within this time is warned of.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// The files of a door with TLS, all of them PEM.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificate of the door, followed by its chain.
    pub certificate: PathBuf,
    /// Its private key, unless that is in the same file. Refused if other users of the machine can read it.
    pub key: Option<PathBuf>,
    /// CAs; agents need a certificate of one of them. Default: they need none.
    pub client_ca: Option<PathBuf>,
}

impl TlsFiles {
    /// A certificate with its key in the same file.
    pub fn new(certificate: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: None,
            client_ca: None,
        }
    }

    /// What is in the files, to find out whether they have changed.
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let files = [self.key.as_ref(), self.client_ca.as_ref()];
        for path in std::iter::once(&self.certificate).chain(files.into_iter().flatten()) {
            // Anything else than a file is refused when it is loaded, and may have no end.
            let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
            let content = is_file.then(|| std::fs::read(path).unwrap_or_default());
            digest.update(Sha256::digest(content.unwrap_or_default()));
        }
        digest.finalize().into()
    }
}

/// Why the door cannot speak TLS with these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorTlsError {
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The file of CAs for agents cannot be read.
    #[error(transparent)]
    ClientCa(#[from] TlsError),
    /// What is in that file cannot be used.
    #[error("`{path}` (`--client-ca`) contains no certificate of a CA that can be used: {reason}")]
    #[non_exhaustive]
    UnusableClientCa {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Now, and for a while.
    Valid,
    /// Now, but it ends in less than 14 days.
    EndsSoon,
    /// Not any more.
    Expired,
    /// Not yet.
    NotYet,
}

/// The certificate that a door shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownCertificate {
    /// From when on it is valid.
    pub not_before: Time,
    /// Until when it is valid.
    pub not_after: Time,
}

impl ShownCertificate {
    /// Whether it is valid.
    pub fn validity(&self, now: Time) -> Validity {
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else if self.not_after.since(now) < ENDS_SOON {
            Validity::EndsSoon
        } else {
            Validity::Valid
        }
    }
}

/// What a look at the files has led to.
#[derive(Debug)]
pub enum Reload {
    /// They are as before.
    Unchanged,
    /// New connections use what is in them now.
    Reloaded,
    /// They cannot be used; what was there before still counts.
    Failed(DoorTlsError),
}

/// TLS at the door.
pub struct DoorTls {
    files: TlsFiles,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    shown: Option<ShownCertificate>,
    /// What is in the files that are in use.
    digest: [u8; 32],
}

impl fmt::Debug for DoorTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = &self.files;
        f.debug_struct("DoorTls")
            .field("files", files)
            .finish_non_exhaustive()
    }
}

impl DoorTls {
    /// Loads the files.
    pub fn load(files: TlsFiles) -> Result<Self, DoorTlsError> {
        // Taken first: what changes while the files are read is found at the next look.
        let digest = files.digest();
        let (config, shown) = load(&files)?;
        let current = Current {
            config,
            shown,
            digest,
        };
        Ok(Self {
            files,
            current: Mutex::new(current),
        })
    }

    /// The files.
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// The certificate in use; none if its dates cannot be read.
    pub fn shown(&self) -> Option<ShownCertificate> {
        self.current().shown
    }

    /// Uses what is in the files now, if they have changed and can be used. Connections that are open stay as they are.
    pub fn reload(&self) -> Reload {
        let digest = self.files.digest();
        if self.current().digest == digest {
            return Reload::Unchanged;
        }
        match load(&self.files) {
            Ok((config, shown)) => {
                *self.current() = Current {
                    config,
                    shown,
                    digest,
                };
                Reload::Reloaded
            }
            Err(error) => Reload::Failed(error),
        }
    }

    /// Looks at the files every 10 seconds, until `stop` is cancelled. `on_change` learns what a change has led to; of an error that
    /// persists, once.
    pub async fn watch(self: &Arc<Self>, stop: &CancellationToken, on_change: impl Fn(&Reload)) {
        let mut known = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(WATCH_INTERVAL) => {}
            }
            let tls = Arc::clone(self);
            let reload = blocking(move || tls.reload()).await;
            let error = match &reload {
                Reload::Failed(error) => Some(Chain(error).to_string()),
                Reload::Unchanged | Reload::Reloaded => None,
            };
            let is_new = match &reload {
                Reload::Unchanged => false,
                Reload::Reloaded => true,
                Reload::Failed(_) => error != known,
            };
            if is_new {
                on_change(&reload);
            }
            known = error;
        }
    }

    /// What a new connection is accepted with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current().config))
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(files: &TlsFiles) -> Result<(Arc<ServerConfig>, Option<ShownCertificate>), DoorTlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certified = certified_key(&files.certificate, files.key.as_deref())?;
    let shown = certified.cert.first();
    let shown = shown.and_then(|certificate| PeerCertificate::parse(certificate));
    let shown = shown.map(|certificate| ShownCertificate {
        not_before: Time::from_seconds(certificate.not_before),
        not_after: Time::from_seconds(certificate.not_after),
    });
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(DoorTlsError::Setup)?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let unusable = |reason: String| DoorTlsError::UnusableClientCa {
                path: path.clone(),
                reason,
            };
            let mut roots = RootCertStore::empty();
            for certificate in file_certificates(path, "`--client-ca`")? {
                let added = roots.add(certificate);
                added.map_err(|error| unusable(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = verifier.build();
            let verifier = verifier.map_err(|error| unusable(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((Arc::new(config), shown))
}

#[cfg(test)]
mod tests {
    use octane_test_support::certificates::{Authority, Validity as Issued};

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn a_certificate_is_warned_of_before_and_after_it_ends() {
        let start = Time::from_seconds(1_795_000_000);
        let shown = ShownCertificate {
            not_before: start,
            not_after: start.after(90 * DAY),
        };
        for (now, expected) in [
            (start.before(DAY), Validity::NotYet),
            (start, Validity::Valid),
            (start.after(76 * DAY), Validity::Valid),
            (start.after(77 * DAY), Validity::EndsSoon),
            (start.after(90 * DAY), Validity::EndsSoon),
            (start.after(91 * DAY), Validity::Expired),
        ] {
            assert_eq!(shown.validity(now), expected);
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let authority = Authority::new("Example Root");
        let one = authority.issue(&["localhost"], Issued::Now);
        one.write_apart(&path("one.pem"), &path("one.key"));
        let two = authority.issue(&["localhost"], Issued::Now);
        two.write_apart(&path("two.pem"), &path("two.key"));
        std::fs::write(path("empty.pem"), "").unwrap();
        let of = |certificate: &str, key: Option<&str>, client_ca: Option<PathBuf>| {
            DoorTls::load(TlsFiles {
                certificate: path(certificate),
                key: key.map(path),
                client_ca,
            })
        };
        for (certificate, key, client_ca, file, problem) in [
            ("nothing.pem", None, None, "nothing.pem", "cannot read"),
            (
                "empty.pem",
                None,
                None,
                "empty.pem",
                "contains no PEM certificate",
            ),
            (
                "one.pem",
                None,
                None,
                "one.pem",
                "contains no PEM private key",
            ),
            (
                "one.pem",
                Some("two.key"),
                None,
                "two.key",
                "does not belong to",
            ),
            (
                "one.pem",
                Some("one.key"),
                Some("empty.pem"),
                "empty.pem",
                "(`--client-ca`) contains no PEM certificate",
            ),
            (
                "one.pem",
                Some("one.key"),
                Some("nothing.pem"),
                "nothing.pem",
                "(`--client-ca`)",
            ),
        ] {
            let error = of(certificate, key, client_ca.map(path)).unwrap_err();
            let text = Chain(&error).to_string();
            assert!(text.contains(file) && text.contains(problem), "{text}");
        }
        let good = of("one.pem", Some("one.key"), Some(authority.file())).unwrap();
        let now = crate::time::system_clock()();
        assert_eq!(good.shown().unwrap().validity(now), Validity::Valid);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("both.pem");
        let identity = Authority::new("Example Root").issue(&["localhost"], Issued::Now);
        identity.write(&path);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let error = DoorTls::load(TlsFiles::new(&path)).unwrap_err();
        let text = Chain(&error).to_string();
        assert!(
            text.contains("both.pem") && text.contains("read by others"),
            "{text}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_watches_learns_of_a_change_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("both.pem");
        let authority = Authority::new("Example Root");
        authority.issue(&["localhost"], Issued::Now).write(&path);
        let tls = Arc::new(DoorTls::load(TlsFiles::new(&path)).unwrap());
        std::fs::write(&path, "").unwrap();
        let (stop, seen) = (CancellationToken::new(), Mutex::new(Vec::new()));
        let watching = tls.watch(&stop, |reload| {
            seen.lock()
                .unwrap()
                .push(matches!(reload, Reload::Reloaded));
        });
        let changing = async {
            // Between two looks, which would see half of the file.
            tokio::time::sleep(9 * WATCH_INTERVAL / 2).await;
            authority.issue(&["localhost"], Issued::Now).write(&path);
            tokio::time::sleep(4 * WATCH_INTERVAL).await;
            stop.cancel();
        };
        tokio::join!(watching, changing);
        assert_eq!(*seen.lock().unwrap(), [false, true]);
    }

    #[test]
    fn changed_files_count_once_they_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("both.pem");
        let authority = Authority::new("Example Root");
        authority.issue(&["localhost"], Issued::Past).write(&path);
        let tls = DoorTls::load(TlsFiles::new(&path)).unwrap();
        let now = || crate::time::system_clock()();
        let validity = || tls.shown().unwrap().validity(now());
        assert_eq!(validity(), Validity::Expired);
        assert!(matches!(tls.reload(), Reload::Unchanged));
        // Half of a file, as another process may leave it for a moment.
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n").unwrap();
        for _ in 0..2 {
            assert!(matches!(tls.reload(), Reload::Failed(_)));
            assert_eq!(validity(), Validity::Expired);
        }
        authority
            .issue(&["localhost"], Issued::Days(7))
            .write(&path);
        assert!(matches!(tls.reload(), Reload::Reloaded));
        assert_eq!(validity(), Validity::EndsSoon);
        assert!(matches!(tls.reload(), Reload::Unchanged));
    }
}
