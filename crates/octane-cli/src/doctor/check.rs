//! What is checked, in which order, and what came of it.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::network_hint::Peer;

/// One check. Those of a relay are made if results are handed over to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Url,
    RelayUrl,
    RelayDns,
    RelayProxy,
    RelayConnection,
    RelayTls,
    RelayClock,
    RelayHealth,
    RelayToken,
    RelayProject,
    RelayVersion,
    RelayWorkspace,
    Dns,
    Proxy,
    Connection,
    Tls,
    Clock,
    Version,
    Credentials,
    SignIn,
    Workspace,
    Roles,
    JiraField,
    Links,
    Limits,
    State,
}

impl Check {
    /// All of them, in their order.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 26] = [
        Self::Url,
        Self::RelayUrl,
        Self::RelayDns,
        Self::RelayProxy,
        Self::RelayConnection,
        Self::RelayTls,
        Self::RelayClock,
        Self::RelayHealth,
        Self::RelayToken,
        Self::RelayProject,
        Self::RelayVersion,
        Self::RelayWorkspace,
        Self::Dns,
        Self::Proxy,
        Self::Connection,
        Self::Tls,
        Self::Clock,
        Self::Version,
        Self::Credentials,
        Self::SignIn,
        Self::Workspace,
        Self::Roles,
        Self::JiraField,
        Self::Links,
        Self::Limits,
        Self::State,
    ];

    /// The name in JSON.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::RelayUrl => "relay_url",
            Self::RelayDns => "relay_dns",
            Self::RelayProxy => "relay_proxy",
            Self::RelayConnection => "relay_connection",
            Self::RelayTls => "relay_tls",
            Self::RelayClock => "relay_clock",
            Self::RelayHealth => "relay_health",
            Self::RelayToken => "relay_token",
            Self::RelayProject => "relay_project",
            Self::RelayVersion => "relay_version",
            Self::RelayWorkspace => "relay_workspace",
            Self::Dns => "dns",
            Self::Proxy => "proxy",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Clock => "clock",
            Self::Version => "version",
            Self::Credentials => "credentials",
            Self::SignIn => "sign_in",
            Self::Workspace => "workspace",
            Self::Roles => "roles",
            Self::JiraField => "jira_field",
            Self::Links => "links",
            Self::Limits => "limits",
            Self::State => "state",
        }
    }

    /// The name for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::RelayUrl => "Relay URL",
            Self::RelayDns => "Relay DNS",
            Self::RelayProxy => "Relay proxy",
            Self::RelayConnection => "Relay connection",
            Self::RelayTls => "Relay TLS",
            Self::RelayClock => "Relay clock",
            Self::RelayHealth => "Relay health",
            Self::RelayToken => "Relay token",
            Self::RelayProject => "Relay project",
            Self::RelayVersion => "Relay version",
            Self::RelayWorkspace => "Relay workspace",
            Self::Dns => "DNS",
            Self::Proxy => "Proxy",
            Self::Connection => "Connection",
            Self::Tls => "TLS",
            Self::Clock => "Clock",
            Self::Version => "Server version",
            Self::Credentials => "Credentials",
            Self::SignIn => "Sign-in",
            Self::Workspace => "Workspace",
            Self::Roles => "Roles",
            Self::JiraField => "Jira field",
            Self::Links => "Links",
            Self::Limits => "Limits",
            Self::State => "State directory",
        }
    }

    /// Who is looked at.
    pub(super) fn peer(self) -> Peer {
        if self.id().starts_with("relay_") {
            Peer::Relay
        } else {
            Peer::Server
        }
    }

    /// The checks without whose success this one makes no sense.
    ///
    /// | check | needs |
    /// |---|---|
    /// | URL, credentials, state directory | – |
    /// | DNS, proxy | URL |
    /// | connection | DNS, proxy |
    /// | TLS | connection |
    /// | clock, server version | TLS |
    /// | sign-in | server version, credentials |
    /// | workspace, roles | sign-in |
    /// | Jira field, links, limits | workspace |
    ///
    /// | check of a relay | needs |
    /// |---|---|
    /// | URL, token | – |
    /// | DNS, proxy | URL |
    /// | connection | DNS, proxy |
    /// | TLS | connection |
    /// | clock, health | TLS |
    /// | project | health, token |
    /// | version | project |
    /// | workspace | project, URL of Octane |
    fn needs(self) -> &'static [Self] {
        match self {
            Self::Url | Self::Credentials | Self::State | Self::RelayUrl | Self::RelayToken => &[],
            Self::RelayDns | Self::RelayProxy => &[Self::RelayUrl],
            Self::RelayConnection => &[Self::RelayDns, Self::RelayProxy],
            Self::RelayTls => &[Self::RelayConnection],
            Self::RelayClock | Self::RelayHealth => &[Self::RelayTls],
            Self::RelayProject => &[Self::RelayHealth, Self::RelayToken],
            Self::RelayVersion => &[Self::RelayProject],
            Self::RelayWorkspace => &[Self::RelayProject, Self::Url],
            Self::Dns | Self::Proxy => &[Self::Url],
            Self::Connection => &[Self::Dns, Self::Proxy],
            Self::Tls => &[Self::Connection],
            Self::Clock | Self::Version => &[Self::Tls],
            Self::SignIn => &[Self::Version, Self::Credentials],
            Self::Workspace | Self::Roles => &[Self::SignIn],
            Self::JiraField | Self::Links | Self::Limits => &[Self::Workspace],
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    /// Uploads work, but something should be fixed.
    Warning,
    /// Uploads do not work, for which the program has this exit code.
    Failed(Exit),
    NotChecked,
}

impl Status {
    /// The name in JSON.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed(_) => "failed",
            Self::NotChecked => "not_checked",
        }
    }

    /// The word for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotChecked => "-",
            other => other.id(),
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: Check,
    pub(crate) status: Status,
    /// What is so, as a fragment.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Finding {
    pub(crate) fn new(check: Check, status: Status, message: impl Into<String>) -> Self {
        Self {
            check,
            status,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What could not be done, and with which exit code a command ends for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(error: E) -> Self {
        let failure = error.into();
        Self {
            exit: failure.exit,
            message: format!("{:#}", failure.error),
            hint: failure.hint,
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    /// Adds what came of a check.
    pub(crate) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Replaces what came of a check, after more was found out.
    pub(crate) fn replace(&mut self, finding: Finding) {
        let earlier = self
            .0
            .iter_mut()
            .find(|earlier| earlier.check == finding.check);
        if let Some(earlier) = earlier {
            *earlier = finding;
        }
    }

    /// Notes that a check makes no sense, if one that it needs has failed or was not made either. Returns whether it can be made.
    pub(crate) fn can_check(&mut self, check: Check) -> bool {
        let failed = self.0.iter().find(|finding| {
            matches!(finding.status, Status::Failed(_)) && is_needed(finding.check, check)
        });
        let Some(failed) = failed else { return true };
        let message = format!("not checked: {} comes first", failed.check.label());
        self.add(Finding::new(check, Status::NotChecked, message));
        false
    }

    /// The exit code: that of the first check that failed.
    pub(crate) fn exit(&self) -> Exit {
        let code = self.0.iter().find_map(|finding| match finding.status {
            Status::Failed(exit) => Some(exit),
            _ => None,
        });
        code.unwrap_or(Exit::Success)
    }
}

/// Whether a check needs another one, directly or not.
fn is_needed(needed: Check, check: Check) -> bool {
    let mut needs = check.needs().iter();
    needs.any(|&direct| direct == needed || is_needed(needed, direct))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checks that are not made if this one fails.
    fn blocked_by(failed: Check) -> Vec<&'static str> {
        let mut findings = Findings::default();
        for check in Check::ALL {
            if check == failed {
                findings.add(Finding::new(check, Status::Failed(Exit::Refused), "x"));
            } else if findings.can_check(check) {
                findings.add(Finding::new(check, Status::Ok, "x"));
            }
        }
        assert_eq!(findings.0.len(), Check::ALL.len());
        assert_eq!(findings.exit(), Exit::Refused);
        let blocked = findings
            .0
            .iter()
            .filter(|finding| finding.status == Status::NotChecked);
        blocked.map(|finding| finding.check.id()).collect()
    }

    #[test]
    fn what_needs_a_check_that_failed_is_not_made() {
        assert!(blocked_by(Check::State).is_empty());
        assert!(blocked_by(Check::Roles).is_empty());
        assert_eq!(
            blocked_by(Check::Workspace),
            ["jira_field", "links", "limits"]
        );
        assert_eq!(
            blocked_by(Check::Credentials),
            [
                "sign_in",
                "workspace",
                "roles",
                "jira_field",
                "links",
                "limits"
            ]
        );
        assert_eq!(
            blocked_by(Check::Url),
            [
                "relay_workspace",
                "dns",
                "proxy",
                "connection",
                "tls",
                "clock",
                "version",
                "sign_in",
                "workspace",
                "roles",
                "jira_field",
                "links",
                "limits"
            ]
        );
        assert_eq!(blocked_by(Check::Tls).len(), 8);
        assert_eq!(
            blocked_by(Check::RelayTls),
            [
                "relay_clock",
                "relay_health",
                "relay_project",
                "relay_version",
                "relay_workspace"
            ]
        );
        assert_eq!(
            blocked_by(Check::RelayToken),
            ["relay_project", "relay_version", "relay_workspace"]
        );
    }

    #[test]
    fn the_first_failure_decides_the_exit_code_and_warnings_do_not() {
        let mut findings = Findings::default();
        findings.add(Finding::new(Check::Url, Status::Warning, "x"));
        assert_eq!(findings.exit(), Exit::Success);
        findings.add(Finding::new(
            Check::Tls,
            Status::Failed(Exit::Unreachable),
            "x",
        ));
        findings.add(Finding::new(
            Check::State,
            Status::Failed(Exit::Configuration),
            "x",
        ));
        assert_eq!(findings.exit(), Exit::Unreachable);
    }

    #[test]
    fn every_check_needs_only_earlier_ones() {
        for (index, check) in Check::ALL.into_iter().enumerate() {
            for needed in check.needs() {
                assert!(Check::ALL[..index].contains(needed), "{check:?}");
            }
        }
    }
}
