//! What an observation of a relay means.
//!
//! | seen | verdict |
//! |---|---|
//! | `http://` to another machine | warning |
//! | the relay is ready; it cannot use its store; something else answers | ok; failed (8); failed (8) |
//! | the token is accepted | ok |
//! | the relay has the version of this program or a newer one; an older one, or it does not say | ok; warning |
//! | it delivers to the workspace of the settings, alone or among others; to others only; it does not say | ok; failed (6); not checked |
//! | the token is for none of its workspaces | failed (7) |

use octane_model::Address;
use octane_rest::Endpoint;

use super::check::{Check, Finding, Status};
use crate::env;
use crate::exit::Exit;
use crate::network_hint::Peer;

/// What came of `GET /healthz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Health {
    Ready,
    /// The relay says why it is not.
    Refused(String),
    /// Something else has answered with this status.
    NotARelay(u16),
}

/// Where a relay delivers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) server: Address,
    /// Shared spaces and workspaces; none if the token is for none of those of the relay.
    pub(super) workspaces: Vec<(i64, i64)>,
}

/// So many workspaces are named.
const NAMED_MAX: usize = 5;

pub(super) fn url(relay: &str, is_exposed: bool) -> Finding {
    let check = Check::RelayUrl;
    if !is_exposed {
        return Finding::new(check, Status::Ok, relay);
    }
    let message = format!("{relay} is not encrypted: others can read the token and the results");
    let setting = Peer::Relay.url_setting();
    Finding::new(check, Status::Warning, message)
        .hint(format!("use `https://` in the URL ({setting})"))
}

pub(super) fn health(seen: &Health) -> Finding {
    let check = Check::RelayHealth;
    let failed = |message| Finding::new(check, Status::Failed(Exit::Unreachable), message);
    match seen {
        Health::Ready => Finding::new(check, Status::Ok, "ready"),
        Health::Refused(message) => failed(message.clone())
            .hint("look at what the relay writes to standard error, and correct its store"),
        Health::NotARelay(status) => {
            let setting = Peer::Relay.url_setting();
            failed(format!(
                "status {status} from something that is not a relay"
            ))
            .hint(format!("check the URL ({setting}) and any proxy"))
        }
    }
}

pub(super) fn project(project: Option<&str>) -> Finding {
    let message = match project {
        Some(project) => format!("the token is that of `{project}`"),
        None => "the token is accepted; the relay does not say for which project".to_owned(),
    };
    Finding::new(Check::RelayProject, Status::Ok, message)
}

pub(super) fn version(own: &str, relay: Option<&str>) -> Finding {
    let check = Check::RelayVersion;
    let older = |message| {
        let hint = "upgrade the relay: it may refuse what a newer program hands over";
        Finding::new(check, Status::Warning, message).hint(hint)
    };
    match relay {
        Some(relay) if is_older(relay, own) => {
            older(format!("{relay}, older than this program ({own})"))
        }
        Some(relay) => Finding::new(check, Status::Ok, relay),
        None => older(format!(
            "unknown; the relay is older than this program ({own})"
        )),
    }
}

/// Whether a version comes before another one; not if one of them is in another form than this project's.
fn is_older(version: &str, other: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        text.split('.').map(|part| part.parse().ok()).collect()
    };
    matches!((numbers(version), numbers(other)), (Some(version), Some(other)) if version < other)
}

pub(super) fn delivery(endpoint: &Endpoint, relay: Option<&Delivery>) -> Finding {
    let workspace = endpoint.workspace();
    let own = (workspace.space.get(), workspace.workspace.get());
    judge_delivery((endpoint.address(), own), relay)
}

fn judge_delivery(
    (server, workspace): (&Address, (i64, i64)),
    relay: Option<&Delivery>,
) -> Finding {
    let check = Check::RelayWorkspace;
    let Some(relay) = relay else {
        return Finding::new(check, Status::NotChecked, "the relay does not say");
    };
    if relay.server.is_same_server(server) && relay.workspaces.contains(&workspace) {
        return Finding::new(check, Status::Ok, "the relay delivers to this workspace");
    }
    if relay.workspaces.is_empty() {
        let message = "the token is for none of the workspaces to which the relay delivers";
        return Finding::new(check, Status::Failed(Exit::Unauthorized), message).hint(
            "use a token for this workspace (`octane relay token create PROJECT` on the relay's machine makes one for all of them)",
        );
    }
    let message = format!("the relay delivers to {}", shown(relay));
    let setting = Peer::Server.url_setting();
    Finding::new(check, Status::Failed(Exit::Refused), message).hint(format!(
        "name that workspace ({setting}, {} and {}), or a relay for yours ({})",
        env::SHARED_SPACE,
        env::WORKSPACE,
        Peer::Relay.url_setting()
    ))
}

/// Where a relay delivers to, in words.
fn shown(relay: &Delivery) -> String {
    let Delivery { server, workspaces } = relay;
    if let [(space, workspace)] = &**workspaces {
        return format!("{server} (space {space}, workspace {workspace})");
    }
    let named = workspaces.iter().take(NAMED_MAX);
    let named: Vec<String> = named
        .map(|(space, workspace)| format!("{space}/{workspace}"))
        .collect();
    let rest = match workspaces.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    format!("{server} (space/workspace {}{rest})", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(finding: &Finding) -> String {
        let exit = match finding.status {
            Status::Failed(exit) => format!(" ({})", exit.code()),
            _ => String::new(),
        };
        let hint = finding.hint.as_ref();
        let hint = hint.map_or(String::new(), |hint| format!("; {hint}"));
        let (check, status) = (finding.check.id(), finding.status.id());
        format!("{check} {status}{exit}: {}{hint}", finding.message)
    }

    fn to(server: &str, workspaces: &[(i64, i64)]) -> Delivery {
        Delivery {
            server: server.parse().unwrap(),
            workspaces: workspaces.to_vec(),
        }
    }

    #[test]
    fn a_relay_is_judged_as_the_table_says() {
        let (server, workspace) = ("https://octane.example.com", (1001, 1002));
        let address: Address = server.parse().unwrap();
        let own = (&address, workspace);
        let browser = "https://OCTANE.example.com:443/ui";
        let many: Vec<(i64, i64)> = (1003..1010).map(|number| (1001, number)).collect();
        let rows = [
            url("https://relay.example.com", false),
            url("http://relay.example.com", true),
            health(&Health::Ready),
            health(&Health::Refused(
                "the relay cannot use its store now".to_owned(),
            )),
            health(&Health::NotARelay(404)),
            project(Some("shop")),
            project(None),
            version("0.2.0", Some("0.2.0")),
            version("0.9.0", Some("0.10.0")),
            version("0.10.0", Some("0.9.7")),
            version("0.2.0", Some("nightly")),
            version("0.2.0", None),
            judge_delivery(own, Some(&to(server, &[workspace]))),
            judge_delivery(own, Some(&to(browser, &[workspace]))),
            judge_delivery(own, Some(&to(server, &[(1001, 1003), workspace]))),
            judge_delivery(own, Some(&to(server, &[(1001, 1003)]))),
            judge_delivery(own, Some(&to(server, &many))),
            judge_delivery(own, Some(&to("https://other.example.com", &[workspace]))),
            judge_delivery(own, Some(&to(server, &[]))),
            judge_delivery(own, None),
        ];
        let rows: Vec<String> = rows.iter().map(row).collect();
        insta::assert_snapshot!(rows.join("\n"));
    }
}
