//! Looks at a relay that results are handed over to. An agent has no API key, so Octane itself is left to the relay.

use std::time::Instant;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use octane_rest::{Endpoint, ProxyRule, Secret};
use serde::Deserialize;

use super::check::{Check, Finding, Findings, Status, Trouble};
use super::observe::{Doctor, Examined};
use super::relay_verdict::{Delivery, Health, delivery, health, project, url, version};
use super::verdict::{Observation, verdict};
use super::way::{
    Certificates, RELAY, SERVER, Setup, add, name, not_reached, relay_setup, server_setup, skew,
};
use crate::connect::build;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::network_hint::Peer;
use crate::relay::{Refusal, RelayNetwork, Unanswered, rejected_hint, relay_token, unsendable};

/// What a relay says of itself to those who have a token.
#[derive(Debug, Deserialize)]
struct AboutRelay {
    schema: String,
    project: Option<String>,
    version: Option<String>,
    server: Option<String>,
    space: Option<String>,
    workspace: Option<String>,
    /// The workspaces to which the token can hand over; a relay of an earlier version names one alone.
    workspaces: Option<Vec<AboutWorkspace>>,
}

/// A workspace that a relay delivers to.
#[derive(Debug, Deserialize)]
struct AboutWorkspace {
    space: String,
    workspace: String,
}

/// The checks of the server that nothing depends on with a relay.
const OF_SERVER: [Check; 13] = [
    Check::Dns,
    Check::Proxy,
    Check::Connection,
    Check::Tls,
    Check::Clock,
    Check::Version,
    Check::Credentials,
    Check::SignIn,
    Check::Workspace,
    Check::Roles,
    Check::JiraField,
    Check::Links,
    Check::Limits,
];

impl Doctor<'_> {
    /// Makes the checks of a relay, and those that only this machine can make.
    pub(super) async fn examine_relay(&self, via: &str) -> Examined {
        let mut findings = Findings::default();
        let network = RelayNetwork::to(via, self.connection);
        let (endpoint, trouble) = self.workspace_of_upload(network.is_ok(), &mut findings);
        let network = match network {
            Ok(network) => {
                self.reach_relay(&network, &mut findings).await;
                Some(network)
            }
            Err(failure) => {
                RELAY.cannot_be_set_up(relay_setup(&failure), failure, &mut findings);
                let rest = [
                    Check::RelayConnection,
                    Check::RelayTls,
                    Check::RelayClock,
                    Check::RelayHealth,
                ];
                for check in rest {
                    findings.can_check(check);
                }
                None
            }
        };
        let token = match relay_token(self.via).await {
            Ok(found) => {
                let message = format!("from {}", found.origin);
                findings.add(Finding::new(Check::RelayToken, Status::Ok, message));
                Some(found.token)
            }
            Err(failure) => {
                add::<Failure>(&mut findings, Check::RelayToken, Err(failure));
                None
            }
        };
        let mut about = None;
        if findings.can_check(Check::RelayProject)
            && let (Some(network), Some(token)) = (&network, &token)
        {
            match about_relay(network, token).await {
                Ok(said) => {
                    findings.add(project(said.project.as_deref()));
                    about = Some(said);
                }
                Err(failure) => add::<Failure>(&mut findings, Check::RelayProject, Err(failure)),
            }
        }
        if findings.can_check(Check::RelayVersion)
            && let Some(about) = &about
        {
            let own = env!("CARGO_PKG_VERSION");
            findings.add(version(own, about.version.as_deref()));
        }
        if findings.can_check(Check::RelayWorkspace)
            && let (Some(about), Some(endpoint)) = (about, &endpoint)
        {
            findings.add(delivery(endpoint, about.delivery().as_ref()));
        }
        for check in OF_SERVER {
            let trouble = trouble.clone().filter(|trouble| trouble.check == check);
            findings.add(trouble.unwrap_or_else(|| not_needed(check)));
        }
        add(&mut findings, Check::State, self.state());
        Examined {
            findings,
            server: endpoint.map(|endpoint| endpoint.address().to_string()),
            relay: network.map(|network| network.address.to_string()),
        }
    }

    /// The workspace that uploads name. Returns what is wrong besides, unless the way to the relay has the same problem.
    fn workspace_of_upload(
        &self,
        is_relay_set_up: bool,
        findings: &mut Findings,
    ) -> (Option<Endpoint>, Option<Finding>) {
        let built = self
            .builder()
            .and_then(|builder| build(builder, self.connection));
        let failure = match built {
            Ok(endpoint) => {
                let workspace = endpoint.workspace();
                let seen = Observation::Url {
                    server: endpoint.address().to_string(),
                    space: workspace.space.get(),
                    workspace: workspace.workspace.get(),
                    // Only the relay connects to it.
                    is_exposed: false,
                };
                findings.add(verdict(Check::Url, &seen));
                return (Some(endpoint), None);
            }
            Err(failure) => failure,
        };
        match server_setup(&failure) {
            Setup::Url => {
                add::<Failure>(findings, Check::Url, Err(failure));
                (None, None)
            }
            setup => {
                findings.add(not_reached(Check::Url));
                let check = SERVER.check(setup);
                let trouble = verdict(check, &Observation::Trouble(failure.into()));
                (None, is_relay_set_up.then_some(trouble))
            }
        }
    }

    /// One request without the token shows connection, certificates, time, and whether a relay answers.
    async fn reach_relay(&self, network: &RelayNetwork, findings: &mut Findings) {
        let address = &network.address;
        findings.add(url(&address.to_string(), address.is_exposed()));
        let rule = network.transport.proxy_rule();
        let is_proxied = matches!(rule, ProxyRule::Proxy { .. });
        let dns = name(address, is_proxied).await;
        findings.add(verdict(Check::RelayDns, &dns));
        findings.add(verdict(Check::RelayProxy, &Observation::Proxy(rule)));
        let mut answer = None;
        if findings.can_check(Check::RelayConnection) {
            let start = Instant::now();
            let asked = ask(network, "healthz", None).await;
            let (connection, seen) = match asked {
                Ok(Ok(response)) => {
                    let elapsed = Some(start.elapsed().as_millis());
                    (Ok(Observation::Connected(elapsed)), Some(Ok(response)))
                }
                Ok(Err(unanswered)) if unanswered.is_tls() => {
                    (Ok(Observation::Connected(None)), Some(Err(unanswered)))
                }
                Ok(Err(unanswered)) => (Err(unreachable(&unanswered)), None),
                Err(failure) => (Err(failure.into()), None),
            };
            add(findings, Check::RelayConnection, connection);
            answer = seen;
        }
        let mut response = None;
        if findings.can_check(Check::RelayTls) {
            match answer {
                Some(Err(unanswered)) => {
                    add(findings, Check::RelayTls, Err(unreachable(&unanswered)));
                }
                Some(Ok(answer)) => {
                    let certificates = Certificates {
                        chain: network.transport.server_certificates(),
                        issuer: network.transport.server_certificate_issuer(),
                        is_insecure: network.settings.insecure,
                    };
                    let seen = certificates.seen(address, self.now);
                    findings.add(verdict(Check::RelayTls, &seen));
                    response = Some(answer);
                }
                None => {}
            }
        }
        if findings.can_check(Check::RelayClock)
            && let Some(response) = &response
        {
            let seen = Observation::Clock(skew(response.headers(), self.now));
            findings.add(verdict(Check::RelayClock, &seen));
        }
        if findings.can_check(Check::RelayHealth)
            && let Some(response) = &response
        {
            findings.add(health(&health_of(response)));
        }
    }
}

/// A check of Octane that an agent need not pass.
fn not_needed(check: Check) -> Finding {
    let message = "not needed: results are handed over to the relay";
    Finding::new(check, Status::NotChecked, message)
}

/// Sends a request.
async fn ask(
    network: &RelayNetwork,
    path: &str,
    token: Option<&Secret>,
) -> Result<Result<Response<Bytes>, Unanswered>, Failure> {
    let request = network.request(&Method::GET, path, token);
    let request = request.body(Bytes::new()).map_err(|_| unsendable())?;
    Ok(network.send(request).await)
}

fn unreachable(unanswered: &Unanswered) -> Trouble {
    let hint = unanswered.hint().unwrap_or_else(|| {
        let url = Peer::Relay.url_setting();
        format!("check the URL ({url}) and the network, and whether the relay is running")
    });
    Trouble {
        exit: Exit::Unreachable,
        message: unanswered.to_string(),
        hint: Some(hint),
    }
}

fn health_of(response: &Response<Bytes>) -> Health {
    match Refusal::of(response.body()) {
        Some(refusal) => Health::Refused(refusal.message),
        None if response.status() == StatusCode::OK && &response.body()[..] == b"ok\n" => {
            Health::Ready
        }
        None => Health::NotARelay(response.status().as_u16()),
    }
}

impl AboutRelay {
    fn delivery(&self) -> Option<Delivery> {
        let pair =
            |space: &str, workspace: &str| Some((space.parse().ok()?, workspace.parse().ok()?));
        let workspaces = match &self.workspaces {
            Some(all) => all
                .iter()
                .map(|about| pair(&about.space, &about.workspace))
                .collect(),
            None => pair(self.space.as_ref()?, self.workspace.as_ref()?).map(|one| vec![one]),
        };
        Some(Delivery {
            server: self.server.as_ref()?.parse().ok()?,
            workspaces: workspaces?,
        })
    }
}

/// What a relay says of itself to those who have this token, or why it says nothing.
async fn about_relay(network: &RelayNetwork, token: &Secret) -> Result<AboutRelay, Failure> {
    let response = match ask(network, "v1/status", Some(token)).await? {
        Ok(response) => response,
        Err(unanswered) => {
            let Trouble {
                exit,
                message,
                hint,
            } = unreachable(&unanswered);
            let mut failure = Failure::message(exit, message);
            failure.hint = hint;
            return Err(failure);
        }
    };
    let (status, body) = (response.status(), response.body());
    if status.is_success()
        && let Ok(about) = serde_json::from_slice::<AboutRelay>(body)
        && about.schema == "octane.relay_lanes/1"
    {
        return Ok(about);
    }
    let Some(Refusal { message, .. }) = Refusal::of(body) else {
        let message = format!(
            "status {} from something that is not a relay",
            status.as_u16()
        );
        let url = Peer::Relay.url_setting();
        return Err(Failure::message(Exit::Unreachable, message)
            .hint(format!("check the URL ({url}) and any proxy")));
    };
    Err(match status {
        StatusCode::UNAUTHORIZED => {
            Failure::message(Exit::Unauthorized, message).hint(rejected_hint())
        }
        StatusCode::FORBIDDEN => Failure::message(Exit::Unauthorized, message).hint(
            "make a token of a project with `octane relay token create PROJECT` on the relay's machine; for the token of a CI job, \
             add a rule with `--oidc-project` there",
        ),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Failure::message(Exit::Unreachable, message).hint("try again in a minute")
        }
        _ => Failure::message(Exit::Refused, message),
    })
}
