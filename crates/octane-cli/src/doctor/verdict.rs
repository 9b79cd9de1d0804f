//! What an observation means.

use octane_client::LinkLevel;
use octane_rest::{ProxyRule, RateLimit};

use super::check::{Check, Finding, Status, Trouble};
use crate::env;
use crate::exit::Exit;
use crate::failure::link_field_hint;
use crate::network_hint::in_options;
use crate::suggest::quoted;

/// What was seen of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Observation {
    /// The server of the settings.
    Url {
        server: String,
        space: i64,
        workspace: i64,
        is_exposed: bool,
    },
    /// The URL has an address instead of a name.
    NoName,
    /// The proxy looks the name up.
    NameForProxy,
    /// How many addresses a name has, and the first one.
    Names {
        count: usize,
        first: String,
    },
    /// A name that could not be resolved.
    UnknownName {
        host: String,
        reason: String,
    },
    /// The rule that applies.
    Proxy(ProxyRule),
    /// Milliseconds until there was a response.
    Connected(Option<u128>),
    /// The URL is `http://`.
    NoTls {
        is_exposed: bool,
    },
    /// Certificates are ignored.
    Insecure,
    /// The earliest end of a certificate in the chain.
    Certificate {
        days_left: i64,
        until: String,
        issuer: Option<String>,
    },
    /// Seconds that this machine's clock is ahead, if the server says what time it is.
    Clock(Option<i64>),
    /// What the server says of its version, or the status of another response.
    Version(Result<String, u16>),
    /// Who signs in.
    Credentials {
        kind: &'static str,
        id: Option<String>,
        origin: String,
    },
    SignedIn,
    /// The workspace, and all that the space has, with their names. `None`: there is one that can be used, and nothing more is known.
    Workspace {
        space: i64,
        id: i64,
        known: Option<Vec<(i64, String)>>,
    },
    /// The roles in the workspace, if the server returns them.
    Roles(Option<Vec<String>>),
    /// The candidates; exactly one can be used.
    JiraFields(Vec<String>),
    /// The field that holds links.
    Links(Result<(LinkLevel, String), String>),
    /// Requests per second and at once, and the entities of a page, which the server accepts.
    Limits {
        rate: Option<u32>,
        concurrency: usize,
        page_size: u32,
        /// What a response says that the server allows.
        server: Vec<RateLimit>,
        /// How many entities a page has that the server does not fill.
        returned: Option<usize>,
    },
    /// The directory of the uploads, unless it is switched off, and the uploads that wait or cannot be read.
    State {
        folder: Option<String>,
        pending: usize,
        unreadable: usize,
        resume: String,
        list: String,
    },
    /// What could not be seen.
    Trouble(Trouble),
}

/// A certificate should be replaced when it is valid for as many days or less.
const DAYS_MIN: i64 = 14;

/// Clocks may differ by so many seconds.
const SKEW_MAX: i64 = 60;

/// What an observation means.
///
/// | seen | verdict |
/// |---|---|
/// | trouble of any kind | failed, with its exit code |
/// | `http://` to another machine | warning (URL and TLS) |
/// | a name that cannot be resolved | failed (8) |
/// | any proxy rule, any connection | ok |
/// | certificate valid for 15 days or more; for less; ignored | ok; warning; warning |
/// | clock off by a minute or less; by more; unknown | ok; warning; not checked |
/// | version known; not returned (401, 403); overloaded (429, 502 to 504); not Octane's | ok; warning; failed (8); failed (6) |
/// | workspace among those of the space, or usable; missing | ok; failed (6) |
/// | roles; none; not returned | ok; warning; not checked |
/// | one Jira field; none; several | ok; warning; warning |
/// | runs or tests can be linked; neither | ok; warning |
/// | limits; the server says that it allows fewer requests than the program would send | ok; warning |
/// | uploads that wait, or cannot be read | warning |
#[expect(clippy::too_many_lines, reason = "one arm for each row of the table")]
pub(super) fn verdict(check: Check, seen: &Observation) -> Finding {
    let ok = |message: String| Finding::new(check, Status::Ok, message);
    let warning = |message: String| Finding::new(check, Status::Warning, message);
    let failed = |exit, message: String| Finding::new(check, Status::Failed(exit), message);
    let not_checked = |message: &str| Finding::new(check, Status::NotChecked, message);
    let (peer, url) = (check.peer().word(), check.peer().url_setting());
    match seen {
        Observation::Trouble(trouble) => Finding {
            hint: trouble.hint.clone(),
            ..failed(trouble.exit, trouble.message.clone())
        },
        Observation::Url {
            server,
            space,
            workspace,
            is_exposed,
        } => {
            let message = format!("{server} (space {space}, workspace {workspace})");
            if *is_exposed {
                warning(format!("{message} is not encrypted: others can read the secret and the results"))
                    .hint(format!("use `https://` in the URL ({url})"))
            } else {
                ok(message)
            }
        }
        Observation::NoName => ok("not needed, because the URL has an address".to_owned()),
        Observation::NameForProxy => ok("left to the proxy".to_owned()),
        Observation::Names { count: 1, first } => ok(first.clone()),
        Observation::Names { count, first } => ok(format!("{first} and {} more", count - 1)),
        Observation::UnknownName { host, reason } => {
            failed(Exit::Unreachable, format!("could not resolve `{host}`: {reason}"))
                .hint("check the host name in the URL, and whether this machine needs a VPN or a proxy (`--proxy`)")
        }
        Observation::Proxy(rule) => ok(match rule {
            ProxyRule::Proxy { proxy } => in_options(proxy),
            ProxyRule::Exception { named_by } => {
                format!("none, because of {}", in_options(named_by))
            }
            _ => "none".to_owned(),
        }),
        Observation::Connected(Some(milliseconds)) => ok(format!("response after {milliseconds} ms")),
        Observation::Connected(None) => ok(format!("the {peer} can be reached")),
        Observation::NoTls { is_exposed: false } => {
            ok(format!("none, because the {peer} is on this machine"))
        }
        Observation::NoTls { is_exposed: true } => warning("none: the URL begins with `http://`".to_owned())
            .hint(format!("use `https://` in the URL ({url})")),
        Observation::Insecure => warning("the certificate is not verified (`--insecure`)".to_owned())
            .hint("name the CA with `--ca-cert FILE` instead"),
        Observation::Certificate {
            days_left,
            until,
            issuer,
        } => {
            let issuer = issuer.as_ref();
            let issuer = issuer.map_or(String::new(), |issuer| format!(", issued by `{issuer}`"));
            let days = if *days_left == 1 { "day" } else { "days" };
            if *days_left > DAYS_MIN {
                ok(format!("valid for {days_left} {days}, until {until}{issuer}"))
            } else {
                warning(format!("expires in {days_left} {days}, on {until}{issuer}"))
                    .hint(format!("ask the {peer}'s administrator to replace the certificate before that day"))
            }
        }
        Observation::Clock(None) => not_checked(&format!("the {peer} does not say what time it is")),
        Observation::Clock(Some(skew)) => {
            let side = if *skew < 0 { "behind" } else { "ahead of" };
            let message = format!("{} {side} the {peer}'s", span(skew.unsigned_abs()));
            if skew.abs() <= SKEW_MAX {
                ok(message)
            } else {
                warning(message).hint("correct this machine's clock, for example `timedatectl set-ntp true`")
            }
        }
        Observation::Version(Ok(version)) => ok(version.clone()),
        Observation::Version(Err(status @ (401 | 403))) => {
            warning(format!("not known: the server returned {status} to `/admin/server/version`"))
        }
        Observation::Version(Err(status @ (429 | 502..=504))) => failed(
            Exit::Unreachable,
            format!("not known: the server, or a proxy in front of it, is overloaded or not available ({status})"),
        )
        .hint("try again later"),
        Observation::Version(Err(status)) => failed(
            Exit::Refused,
            format!("not Octane's response to `/admin/server/version` ({status})"),
        )
        .hint(format!("check the URL (`--url` or {})", env::URL)),
        Observation::Credentials { kind, id, origin } => ok(match id {
            Some(id) => format!("{kind} `{id}`, from {origin}"),
            None => format!("{kind}, from {origin}"),
        }),
        Observation::SignedIn => ok("works".to_owned()),
        Observation::Workspace { id, known: None, .. } => ok(id.to_string()),
        Observation::Workspace {
            space,
            id,
            known: Some(known),
        } => match known.iter().find(|(known, _)| known == id) {
            Some((_, name)) => ok(format!("{id}, `{name}`")),
            None => {
                let message = match known.as_slice() {
                    [] => format!("these credentials have access to no workspace of space {space}"),
                    known => {
                        let names = known.iter().take(5).map(|(id, name)| format!("{id} (`{name}`)"));
                        let names = names.collect::<Vec<_>>().join(", ");
                        format!("space {space} has no workspace {id} for these credentials; it has {names}")
                    }
                };
                let given = if known.is_empty() {
                    format!(
                        "check the space (`--space` or {}) and the workspace (`--workspace` or {})",
                        env::SHARED_SPACE,
                        env::WORKSPACE
                    )
                } else {
                    format!("set `--workspace` or {}", env::WORKSPACE)
                };
                failed(Exit::Refused, message).hint(format!("{given}, or give the API key access"))
            }
        },
        Observation::Roles(None) => not_checked("the server does not say"),
        Observation::Roles(Some(roles)) if roles.is_empty() => {
            warning("none in this workspace".to_owned())
                .hint("give the API key (or the user) a role in this workspace, for example Tester")
        }
        Observation::Roles(Some(roles)) => ok(roles.join(", ")),
        Observation::JiraFields(fields) => match fields.as_slice() {
            [] => warning("stories have no field for Jira keys, so nothing can be linked".to_owned()).hint(
                "create a string field whose name contains `jira` for stories, or name one with `--jira-field`",
            ),
            [field] => ok(format!("`{field}`")),
            [first, ..] => {
                let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
                warning(format!("several fields may hold Jira keys: {}", names.join(", ")))
                    .hint(format!("choose one, for example `--jira-field {}`", quoted(first)))
            }
        },
        Observation::Links(Ok((LinkLevel::Runs, field))) => ok(format!("runs, by `{field}`")),
        Observation::Links(Ok((_, field))) => ok(format!("tests instead of runs, by `{field}`")),
        Observation::Links(Err(field)) => {
            warning(format!("neither runs nor tests have an editable field `{field}`, so nothing can be linked"))
                .hint(link_field_hint(field))
        }
        Observation::Limits {
            rate,
            concurrency,
            page_size,
            server,
            returned,
        } => {
            let slowest = server.iter().filter_map(per_second).min();
            let text = match rate {
                Some(1) => "1 request per second".to_owned(),
                Some(rate) => format!("{rate} requests per second"),
                None => "any number of requests per second".to_owned(),
            };
            let mut message = format!("{text}, {concurrency} at once, pages of {page_size}");
            if let Some(returned) = returned {
                message.push_str(&format!(", of which the server returns {returned}"));
            }
            for limit in server {
                message.push_str(&format!("; the server allows {}", allowed(limit)));
            }
            match (slowest, rate) {
                (Some(slowest), Some(rate)) if slowest < *rate => {
                    warning(message).hint(format!("set `--rate {}` or {}", slowest.max(1), env::RATE))
                }
                (Some(slowest), None) => {
                    warning(message).hint(format!("set `--rate {}` or {}", slowest.max(1), env::RATE))
                }
                _ => ok(message),
            }
        }
        Observation::State { folder: None, .. } => ok("none (`--spool off`)".to_owned()),
        Observation::State {
            folder: Some(folder),
            pending,
            unreadable,
            resume,
            list,
        } => {
            let uploads = |count: usize| match count {
                1 => "1 upload".to_owned(),
                count => format!("{count} uploads"),
            };
            if *unreadable > 0 {
                warning(format!("{} in `{folder}` cannot be read", uploads(*unreadable)))
                    .hint(format!("`{list}` names them"))
            } else if *pending > 0 {
                let waits = if *pending == 1 { "is" } else { "are" };
                warning(format!("{} in `{folder}` {waits} not finished", uploads(*pending)))
                    .hint(format!("run `{resume}`"))
            } else {
                ok(format!("`{folder}`, nothing to resume"))
            }
        }
    }
}

/// How many requests per second a limit allows, if it is about a minute or less. A daily limit is not a rate.
fn per_second(limit: &RateLimit) -> Option<u32> {
    let seconds = limit.window?.as_secs().max(1);
    if seconds > 60 {
        return None;
    }
    Some(u32::try_from(limit.limit? / seconds).unwrap_or(u32::MAX))
}

/// A limit for people: `100 requests in 60 s, 93 are left`.
fn allowed(limit: &RateLimit) -> String {
    let mut text = match limit.limit {
        Some(limit) => format!("{limit} requests"),
        None => "a number of requests".to_owned(),
    };
    if let Some(window) = limit.window {
        text.push_str(&format!(" in {}", span(window.as_secs())));
    }
    if let Some(remaining) = limit.remaining {
        text.push_str(&format!(", {remaining} are left"));
    }
    text
}

/// A length of time, roughly.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the rows below are easier to read"
    )]
    fn row(check: Check, seen: Observation) -> String {
        let finding = verdict(check, &seen);
        let exit = match finding.status {
            Status::Failed(exit) => format!(" ({})", exit.code()),
            _ => String::new(),
        };
        let hint = finding.hint.map(|hint| format!("; {hint}"));
        let status = finding.status.id();
        format!(
            "{status}{exit}: {}{}",
            finding.message,
            hint.unwrap_or_default()
        )
    }

    fn url(is_exposed: bool) -> Observation {
        Observation::Url {
            server: "http://octane.example".to_owned(),
            space: 1,
            workspace: 2,
            is_exposed,
        }
    }

    fn certificate(days_left: i64) -> Observation {
        Observation::Certificate {
            days_left,
            until: "2027-01-31".to_owned(),
            issuer: Some("Example Root".to_owned()),
        }
    }

    fn workspace(known: Option<&[(i64, &str)]>) -> Observation {
        Observation::Workspace {
            space: 1001,
            id: 1002,
            known: known.map(|known| {
                let known = known.iter().map(|(id, name)| (*id, (*name).to_owned()));
                known.collect()
            }),
        }
    }

    fn state(folder: Option<&str>, pending: usize, unreadable: usize) -> Observation {
        Observation::State {
            folder: folder.map(str::to_owned),
            pending,
            unreadable,
            resume: "octane resume --all".to_owned(),
            list: "octane uploads list".to_owned(),
        }
    }

    /// Of the program, and of a server with so many requests in so many seconds.
    fn limits(
        rate: Option<u32>,
        server: Option<(u64, u64)>,
        returned: Option<usize>,
    ) -> Observation {
        let server = server.map(|(limit, seconds)| {
            let mut allowed = RateLimit::default();
            allowed.limit = Some(limit);
            allowed.window = Some(std::time::Duration::from_secs(seconds));
            allowed.remaining = Some(limit - 1);
            allowed
        });
        Observation::Limits {
            rate,
            concurrency: 4,
            page_size: 1000,
            server: server.into_iter().collect(),
            returned,
        }
    }

    #[test]
    fn the_way_to_the_server_is_judged_as_the_table_says() {
        let names = |count| Observation::Names {
            count,
            first: "10.0.0.1".to_owned(),
        };
        let rows = [
            row(Check::Url, url(false)),
            row(Check::Url, url(true)),
            row(Check::Dns, Observation::NoName),
            row(Check::Dns, Observation::NameForProxy),
            row(Check::Dns, names(1)),
            row(Check::Dns, names(3)),
            row(
                Check::Dns,
                Observation::UnknownName {
                    host: "octane.example".to_owned(),
                    reason: "name or service not known".to_owned(),
                },
            ),
            row(Check::Proxy, Observation::Proxy(ProxyRule::Direct)),
            row(Check::Connection, Observation::Connected(Some(12))),
            row(Check::Connection, Observation::Connected(None)),
            row(Check::Tls, Observation::NoTls { is_exposed: false }),
            row(Check::Tls, Observation::NoTls { is_exposed: true }),
            row(Check::Tls, Observation::Insecure),
            row(Check::Tls, certificate(15)),
            row(Check::Tls, certificate(14)),
            row(Check::Tls, certificate(1)),
            row(Check::Clock, Observation::Clock(None)),
            row(Check::Clock, Observation::Clock(Some(60))),
            row(Check::Clock, Observation::Clock(Some(-61))),
            row(Check::Clock, Observation::Clock(Some(8000))),
        ];
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn the_server_and_the_state_are_judged_as_the_table_says() {
        let fields = |names: &[&str]| {
            Observation::JiraFields(names.iter().map(|&name| name.to_owned()).collect())
        };
        let links = |level| Observation::Links(Ok((level, "covered_content".to_owned())));
        let trouble = Trouble {
            exit: Exit::Unauthorized,
            message: "credentials rejected (401)".to_owned(),
            hint: Some("check them".to_owned()),
        };
        let rows = [
            row(
                Check::Version,
                Observation::Version(Ok("25.1.4".to_owned())),
            ),
            row(Check::Version, Observation::Version(Err(403))),
            row(Check::Version, Observation::Version(Err(404))),
            row(Check::Version, Observation::Version(Err(503))),
            row(
                Check::Credentials,
                Observation::Credentials {
                    kind: "API key",
                    id: Some("ci".to_owned()),
                    origin: "OCTANE_CLIENT_SECRET".to_owned(),
                },
            ),
            row(Check::SignIn, Observation::SignedIn),
            row(Check::SignIn, Observation::Trouble(trouble)),
            row(Check::Workspace, workspace(None)),
            row(
                Check::Workspace,
                workspace(Some(&[(1002, "Shop"), (1003, "Bank")])),
            ),
            row(Check::Workspace, workspace(Some(&[(1003, "Bank")]))),
            row(Check::Workspace, workspace(Some(&[]))),
            row(Check::Roles, Observation::Roles(None)),
            row(Check::Roles, Observation::Roles(Some(Vec::new()))),
            row(
                Check::Roles,
                Observation::Roles(Some(vec!["Tester".to_owned()])),
            ),
            row(Check::JiraField, fields(&[])),
            row(Check::JiraField, fields(&["jira_key_udf"])),
            row(Check::JiraField, fields(&["a_jira_udf", "b_jira_udf"])),
            row(Check::Links, links(LinkLevel::Runs)),
            row(Check::Links, links(LinkLevel::Tests)),
            row(
                Check::Links,
                Observation::Links(Err("covered_content".to_owned())),
            ),
            row(Check::Limits, limits(Some(10), None, None)),
            row(Check::Limits, limits(None, None, Some(200))),
            row(Check::Limits, limits(Some(10), Some((1200, 60)), None)),
            row(Check::Limits, limits(Some(10), Some((300, 60)), None)),
            row(Check::Limits, limits(None, Some((5, 10)), None)),
            row(Check::State, state(None, 0, 0)),
            row(Check::State, state(Some("/u"), 0, 0)),
            row(Check::State, state(Some("/u"), 1, 0)),
            row(Check::State, state(Some("/u"), 2, 1)),
        ];
        insta::assert_snapshot!(rows.join("\n"));
    }
}
