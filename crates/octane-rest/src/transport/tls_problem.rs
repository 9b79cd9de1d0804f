//! What is wrong with TLS.

use std::error::Error as StdError;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::certificate::{PeerCertificate, missing_issuer};
use super::handshakes::Handshakes;
use super::verifier::is_ca;
use crate::date;

/// What is wrong with TLS, by what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The certificate was issued by someone who is not trusted: trust the issuer, with the setting `ca_files`.
    UnknownIssuer,
    /// The certificate has expired, or the clock of this machine is wrong.
    Expired,
    /// The certificate is not valid yet, or the clock of this machine is wrong.
    NotValidYet,
    /// The certificate is for other names than the one in the URL.
    WrongName,
    /// The server presents a certificate of a CA as its own: trust this very certificate, with the setting `ca_files`.
    CaCertificate,
    /// The server requires a client certificate: name one with the setting `client_cert`.
    ClientCertificateMissing,
    /// The server does not accept the client certificate.
    ClientCertificateRefused,
    /// The URL begins with `http://`, and the server expects `https://`.
    HttpsExpected,
    /// The URL begins with `https://`, and the server does not speak TLS.
    HttpExpected,
}

/// The error of the TLS library in a chain of errors.
pub(super) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| {
        error.downcast_ref().or_else(|| {
            // The source of such an error is that of the error inside, not the error inside.
            let error: &io::Error = error.downcast_ref()?;
            find(error.get_ref()?)
        })
    })
}

/// What is wrong, and the message about it. `is_certificate_given` says whether the client has a certificate.
///
/// | error | handshakes | problem |
/// |---|---|---|
/// | issuer unknown | the chain that was presented | `UnknownIssuer`, with the issuer that is missing |
/// | expired, not valid yet, another name | – | `Expired`, `NotValidYet`, `WrongName` |
/// | CA certificate of the server | – | `CaCertificate` |
/// | bytes that are not TLS | – | `HttpExpected` |
/// | alert `certificate_required` | – | `ClientCertificateMissing` |
/// | alert about a certificate, or that the handshake failed | a client certificate was requested and none is given | `ClientCertificateMissing` |
/// | alert about a certificate | a client certificate was requested and given | `ClientCertificateRefused` |
/// | any other | – | none |
pub(super) fn explain(
    error: &Error,
    handshakes: &Handshakes,
    is_certificate_given: bool,
) -> Option<(TlsProblem, String)> {
    let is_requested = handshakes.is_client_certificate_requested();
    match error {
        Error::InvalidCertificate(error_of_certificate) => {
            let (name, chain) = handshakes.last().unwrap_or_default();
            certificate(error, error_of_certificate, &name, &chain)
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some((
            TlsProblem::HttpExpected,
            "the server does not speak TLS on this port; is its URL `http://` instead of `https://`?"
                .to_owned(),
        )),
        Error::AlertReceived(AlertDescription::CertificateRequired) if !is_certificate_given => {
            Some(client_certificate_missing())
        }
        Error::AlertReceived(alert) if is_about_certificate(*alert) && is_requested => {
            if is_certificate_given {
                let reason = words(*alert);
                let message = format!("the server does not accept the client certificate: {reason}");
                Some((TlsProblem::ClientCertificateRefused, message))
            } else {
                Some(client_certificate_missing())
            }
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure)
            if is_requested && !is_certificate_given =>
        {
            Some(client_certificate_missing())
        }
        _ => None,
    }
}

/// The server asked for a client certificate, and there is none.
pub(super) fn client_certificate_missing() -> (TlsProblem, String) {
    (
        TlsProblem::ClientCertificateMissing,
        "the server requires a client certificate, and none is given".to_owned(),
    )
}

fn certificate(
    error: &Error,
    reason: &CertificateError,
    name: &str,
    chain: &[PeerCertificate],
) -> Option<(TlsProblem, String)> {
    Some(match reason {
        CertificateError::UnknownIssuer => {
            let issuer = missing_issuer(chain);
            let issuer = issuer.map_or("an unknown CA".to_owned(), |issuer| format!("`{issuer}`"));
            let message = format!("certificate issued by {issuer}, which is not trusted");
            (TlsProblem::UnknownIssuer, message)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let day = match reason {
                CertificateError::ExpiredContext { not_after, .. } => Some(day(*not_after)),
                _ => chain.first().map(|own| date::day(own.not_after)),
            };
            let message = match day {
                Some(day) => format!("the certificate of `{name}` expired on {day}"),
                None => format!("the certificate of `{name}` has expired"),
            };
            (TlsProblem::Expired, message)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let day = match reason {
                CertificateError::NotValidYetContext { not_before, .. } => Some(day(*not_before)),
                _ => chain.first().map(|own| date::day(own.not_before)),
            };
            let message = match day {
                Some(day) => format!("the certificate of `{name}` is not valid before {day}"),
                None => format!("the certificate of `{name}` is not valid yet"),
            };
            (TlsProblem::NotValidYet, message)
        }
        CertificateError::NotValidForName => {
            let message = format!("the certificate is not for the name `{name}`");
            (TlsProblem::WrongName, message)
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let message = match presented.as_slice() {
                [] => format!("the certificate names no host, so not `{name}` either"),
                presented => {
                    let names: Vec<String> = presented
                        .iter()
                        .map(|name| format!("`{}`", plain(name)))
                        .collect();
                    format!(
                        "the certificate is for {}, and not for `{name}`",
                        names.join(", ")
                    )
                }
            };
            (TlsProblem::WrongName, message)
        }
        _ if is_ca(error) => (
            TlsProblem::CaCertificate,
            "the server presents the certificate of a CA as its own".to_owned(),
        ),
        _ => return None,
    })
}

/// `DnsName("localhost")` as `localhost`, and `IpAddress(127.0.0.1)` as `127.0.0.1`.
fn plain(name: &str) -> &str {
    let inside = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}

fn day(time: UnixTime) -> String {
    date::day(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

fn is_about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
    )
}

/// What a server says of a client certificate.
fn words(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => "it does not trust its issuer",
        AlertDescription::CertificateExpired => "it has expired",
        AlertDescription::CertificateRevoked => "it was revoked",
        AlertDescription::UnsupportedCertificate => "it does not support this kind",
        AlertDescription::AccessDenied => "it denies access to its owner",
        AlertDescription::DecryptError => "it could not verify the signature",
        _ => "it gave no reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested() -> Handshakes {
        let handshakes = Handshakes::default();
        handshakes.client_certificate_requested();
        handshakes
    }

    #[test]
    fn each_alert_is_explained_by_what_the_server_asked_for() {
        use AlertDescription as Alert;
        let quiet = Handshakes::default();
        let missing = Some(TlsProblem::ClientCertificateMissing);
        let refused = Some(TlsProblem::ClientCertificateRefused);
        for (alert, handshakes, is_given, expected) in [
            (Alert::CertificateRequired, &quiet, false, missing),
            (Alert::CertificateRequired, &requested(), true, refused),
            (Alert::HandshakeFailure, &requested(), false, missing),
            (Alert::HandshakeFailure, &requested(), true, None),
            (Alert::HandshakeFailure, &quiet, false, None),
            (Alert::BadCertificate, &requested(), false, missing),
            (Alert::UnknownCA, &requested(), true, refused),
            (Alert::CertificateExpired, &requested(), true, refused),
            (Alert::UnknownCA, &quiet, true, None),
            (Alert::InternalError, &requested(), true, None),
        ] {
            let explained = explain(&Error::AlertReceived(alert), handshakes, is_given);
            assert_eq!(explained.map(|(problem, _)| problem), expected, "{alert:?}");
        }
    }

    #[test]
    fn dates_and_names_of_a_rejected_certificate_are_named() {
        let message = |reason| {
            let explained = certificate(
                &Error::General(String::new()),
                &reason,
                "octane.example",
                &[],
            );
            explained.map(|(_, message)| message)
        };
        let time =
            |days: u64| UnixTime::since_unix_epoch(std::time::Duration::from_secs(days * 86_400));
        assert_eq!(
            message(CertificateError::ExpiredContext {
                time: time(2),
                not_after: time(1)
            })
            .as_deref(),
            Some("the certificate of `octane.example` expired on 1970-01-02")
        );
        assert_eq!(
            message(CertificateError::NotValidYetContext {
                time: time(2),
                not_before: time(365)
            })
            .as_deref(),
            Some("the certificate of `octane.example` is not valid before 1971-01-01")
        );
        let presented = vec![
            "DnsName(\"a.example\")".to_owned(),
            "IpAddress(1.2.3.4)".to_owned(),
        ];
        let expected = "octane.example".try_into().unwrap();
        assert_eq!(
            message(CertificateError::NotValidForNameContext {
                expected,
                presented
            })
            .as_deref(),
            Some("the certificate is for `a.example`, `1.2.3.4`, and not for `octane.example`")
        );
        assert_eq!(message(CertificateError::BadEncoding), None);
    }
}
