//! What to do about certificates and proxies.

use octane_rest::{
    CertificateError, CredentialError, NetworkSetupError, ProxyError, TlsError, TlsProblem,
};

use crate::env;
use crate::suggest::quoted;

/// Who is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Octane.
    Server,
    /// A relay.
    Relay,
}

impl Peer {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Relay => "relay",
        }
    }

    /// How its URL is given.
    pub(crate) fn url_setting(self) -> String {
        match self {
            Self::Server => format!("`--url` or {}", env::URL),
            Self::Relay => format!("`--via` or {}", env::VIA),
        }
    }
}

/// Where a proxy comes from in the words of the command line: the library names its settings, and people give options.
pub(crate) fn in_options(message: &str) -> String {
    const OPTIONS: [(&str, &str); 2] = [("proxy", "--proxy"), ("no_proxy", "--no-proxy")];
    let mut message = message.to_owned();
    for (setting, option) in OPTIONS {
        message = message.replace(&format!("setting `{setting}`"), &format!("`{option}`"));
    }
    message
}

/// What to do about one whose certificate is not accepted, or who does not accept that of this machine.
pub(crate) fn tls_hint(problem: TlsProblem, peer: Peer) -> Option<String> {
    Some(match problem {
        TlsProblem::UnknownIssuer => format!(
            "if this is your company's CA, get its certificate (PEM) and add `--ca-cert FILE`, or set {}",
            env::CA_CERT
        ),
        TlsProblem::CaCertificate => format!(
            "to trust this very certificate, save it (PEM) and add `--ca-cert FILE`, or set {}",
            env::CA_CERT
        ),
        TlsProblem::Expired => format!(
            "the {} needs a new certificate; if today's date is wrong on this machine, correct its clock",
            peer.word()
        ),
        TlsProblem::NotValidYet => {
            "compare this machine's clock with the real time (`date -u`), and correct it".to_owned()
        }
        TlsProblem::WrongName => format!(
            "use a name that the certificate has in the URL ({})",
            peer.url_setting()
        ),
        TlsProblem::ClientCertificateMissing => format!(
            "add `--client-cert FILE` with certificate and key (PEM), or set {}",
            env::CLIENT_CERT
        ),
        TlsProblem::ClientCertificateRefused => {
            "see whose it is and until when it is valid: `openssl x509 -noout -subject -issuer -enddate -in FILE`"
                .to_owned()
        }
        TlsProblem::HttpsExpected | TlsProblem::HttpExpected => {
            format!("correct the URL ({})", peer.url_setting())
        }
        _ => return None,
    })
}

/// What to do about a proxy that wants a user and a password.
pub(crate) fn proxy_authentication_hint() -> String {
    format!(
        "set {} or HTTPS_PROXY to `http://USER:PASSWORD@HOST:PORT`, with special characters percent-encoded (`@` as `%40`)",
        env::PROXY
    )
}

/// What to do about certificates and proxies that cannot be used.
pub(crate) fn setup_hint(error: &NetworkSetupError) -> Option<String> {
    match error {
        NetworkSetupError::Proxy(ProxyError::Invalid { named_by, .. }) => {
            let is_setting = named_by.starts_with("setting");
            is_setting.then(|| {
                format!(
                    "a proxy is a URL such as `http://proxy.example:8080`, or `direct` for none; look at `--proxy`, {} and \
                     `proxy` in octane.toml",
                    env::PROXY
                )
            })
        }
        NetworkSetupError::Tls(TlsError::ClientCertificate(error)) => Some(certificate_hint(error)),
        NetworkSetupError::Tls(
            TlsError::Unreadable { named_by, .. } | TlsError::Empty { named_by, .. },
        ) => {
            let is_setting = named_by.starts_with("setting");
            is_setting.then(|| {
                format!(
                    "correct `--ca-cert`, {} or `ca-cert` in octane.toml",
                    env::CA_CERT
                )
            })
        }
        _ => None,
    }
}

fn certificate_hint(error: &CertificateError) -> String {
    let shown = |path: &std::path::Path| quoted(&path.display().to_string());
    match error {
        CertificateError::Exposed(CredentialError::Exposed { path, .. }) => {
            format!("run `chmod 600 {}`", shown(path))
        }
        CertificateError::NoCertificate { path, is_der: true } => format!(
            "convert it: `openssl pkcs12 -in {} -out client.pem -nodes`, then `chmod 600 client.pem`",
            shown(path)
        ),
        CertificateError::Encrypted { path } => format!(
            "decrypt it: `openssl pkey -in {} -out client.key`, then `chmod 600 client.key`",
            shown(path)
        ),
        CertificateError::NoKey { .. } | CertificateError::Mismatch { .. } => {
            format!(
                "name the file of its key with `--client-key` or {}",
                env::CLIENT_KEY
            )
        }
        _ => format!(
            "correct `--client-cert` ({}) and `--client-key` ({})",
            env::CLIENT_CERT,
            env::CLIENT_KEY
        ),
    }
}
