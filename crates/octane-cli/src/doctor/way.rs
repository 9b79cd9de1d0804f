//! What is seen on the way to a server, or to a relay.

use http::HeaderMap;
use jiff::Timestamp;
use octane_model::Address;
use octane_rest::{BuildError, NetworkSetupError, PeerCertificate};

use super::check::{Check, Finding, Findings, Status, Trouble};
use super::names::resolve;
use super::verdict::{Observation, verdict};
use crate::failure::Failure;

/// The checks on a way, in their order.
pub(super) struct Way {
    pub(super) url: Check,
    pub(super) dns: Check,
    pub(super) proxy: Check,
    pub(super) connection: Check,
    pub(super) tls: Check,
}

/// The way to Octane.
pub(super) const SERVER: Way = Way {
    url: Check::Url,
    dns: Check::Dns,
    proxy: Check::Proxy,
    connection: Check::Connection,
    tls: Check::Tls,
};

/// The way to a relay.
pub(super) const RELAY: Way = Way {
    url: Check::RelayUrl,
    dns: Check::RelayDns,
    proxy: Check::RelayProxy,
    connection: Check::RelayConnection,
    tls: Check::RelayTls,
};

/// What of a way could not be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setup {
    Url,
    Proxy,
    Tls,
}

/// What of the way to Octane could not be set up.
pub(super) fn server_setup(failure: &Failure) -> Setup {
    match failure.error.downcast_ref() {
        Some(BuildError::Network(error)) => setup(Some(error)),
        _ => Setup::Url,
    }
}

/// What of the way to a relay could not be set up.
pub(super) fn relay_setup(failure: &Failure) -> Setup {
    setup(failure.error.downcast_ref())
}

fn setup(error: Option<&NetworkSetupError>) -> Setup {
    match error {
        None => Setup::Url,
        Some(NetworkSetupError::Proxy(_)) => Setup::Proxy,
        Some(_) => Setup::Tls,
    }
}

impl Way {
    /// The check that something belongs to which cannot be set up.
    pub(super) fn check(&self, setup: Setup) -> Check {
        match setup {
            Setup::Url => self.url,
            Setup::Proxy => self.proxy,
            Setup::Tls => self.tls,
        }
    }

    /// What can be said of a way that cannot be set up.
    pub(super) fn cannot_be_set_up(&self, setup: Setup, failure: Failure, findings: &mut Findings) {
        let check = self.check(setup);
        let trouble = verdict(check, &Observation::Trouble(failure.into()));
        for earlier in [self.url, self.dns, self.proxy] {
            if check == earlier {
                findings.add(trouble.clone());
            } else if findings.can_check(earlier) {
                findings.add(not_reached(earlier));
            }
        }
        if setup == Setup::Tls {
            findings.add(not_reached(self.connection));
            findings.add(trouble);
        }
    }
}

/// Adds what was seen, or the error instead.
pub(super) fn add<E: Into<Trouble>>(
    findings: &mut Findings,
    check: Check,
    seen: Result<Observation, E>,
) {
    let seen = seen.unwrap_or_else(|error| Observation::Trouble(error.into()));
    findings.add(verdict(check, &seen));
}

/// A check that an error of the setup comes before.
pub(super) fn not_reached(check: Check) -> Finding {
    Finding::new(
        check,
        Status::NotChecked,
        "not checked: an error in the settings comes first",
    )
}

/// What the system knows of the host of a URL.
pub(super) async fn name(address: &Address, is_proxied: bool) -> Observation {
    let base = address.base();
    let host = base.host_str().unwrap_or_default();
    if host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok()
    {
        return Observation::NoName;
    }
    if is_proxied {
        return Observation::NameForProxy;
    }
    match resolve(host, base.port_or_known_default().unwrap_or(443)).await {
        Ok(addresses) => match addresses.first() {
            Some(first) => Observation::Names {
                count: addresses.len(),
                first: first.to_string(),
            },
            None => Observation::UnknownName {
                host: host.to_owned(),
                reason: "it has no address".to_owned(),
            },
        },
        Err(reason) => Observation::UnknownName {
            host: host.to_owned(),
            reason,
        },
    }
}

/// The certificates that were presented.
pub(super) struct Certificates {
    pub(super) chain: Vec<PeerCertificate>,
    /// Who has to be trusted.
    pub(super) issuer: Option<String>,
    /// Whether they are ignored.
    pub(super) is_insecure: bool,
}

impl Certificates {
    /// What they are worth at this moment.
    pub(super) fn seen(self, address: &Address, now: Timestamp) -> Observation {
        let ends = self.chain.iter().map(|certificate| certificate.not_after);
        match ends.min() {
            _ if address.base().scheme() == "http" => Observation::NoTls {
                is_exposed: address.is_exposed(),
            },
            _ if self.is_insecure => Observation::Insecure,
            None => Observation::NoTls { is_exposed: false },
            Some(end) => Observation::Certificate {
                days_left: (end - now.as_second()).div_euclid(24 * 3600),
                until: day(end),
                issuer: self.issuer,
            },
        }
    }
}

/// How many seconds this machine's clock is ahead of the one who has sent these headers.
pub(super) fn skew(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let date = headers.get("date")?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(date)
        .ok()?;
    Some(now.as_second() - date.as_second())
}

fn day(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds);
    time.map_or_else(
        |_| "the end of time".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}
