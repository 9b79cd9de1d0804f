//! Looks at each thing, and has it judged. It only reads.

use std::io;
use std::path::Path;

use http::Method;
use jiff::Timestamp;
use octane_client::{Client, ClientError, UploadState};
use octane_rest::{Body, Builder, Endpoint, ProxyRule, RateLimit, Response};
use serde_json::Value;

use super::check::{Check, Findings};
use super::verdict::{Observation, verdict};
use super::way::{Certificates, SERVER, add, name, server_setup, skew};
use crate::args::{ConnectionArgs, SpoolArgs, ViaArgs};
use crate::connect::{build, client_settings, remote_endpoint};
use crate::credentials::Credentials;
use crate::credentials::hint::credentials_hint;
use crate::credentials::known::{Known, kind};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::mask;
use crate::sandbox::LocalServer;
use crate::spool::spool;
use crate::suggest::Suggest;

/// What is needed for the checks.
pub(crate) struct Doctor<'a> {
    pub(crate) connection: &'a ConnectionArgs,
    pub(crate) via: &'a ViaArgs,
    pub(crate) spool: &'a SpoolArgs,
    /// The built-in server, if it is used.
    pub(crate) sandbox: Option<&'a LocalServer>,
    /// The time of this machine.
    pub(crate) now: Timestamp,
}

/// What came of the checks.
pub(crate) struct Examined {
    pub(crate) findings: Findings,
    /// The server's URL, if there is one that can be used.
    pub(crate) server: Option<String>,
    /// The relay's URL, if there is one that can be used.
    pub(crate) relay: Option<String>,
}

impl Doctor<'_> {
    /// Makes all checks in their order: of the server, or of the relay that results are handed over to.
    pub(crate) async fn examine(&self) -> Examined {
        match self.via.url() {
            Some(url) => self.examine_relay(url).await,
            None => self.examine_server().await,
        }
    }

    async fn examine_server(&self) -> Examined {
        let mut findings = Findings::default();
        let endpoint = self.endpoint(&mut findings).await;
        if let Some(endpoint) = &endpoint {
            self.reach(endpoint, &mut findings).await;
        } else {
            for check in [Check::Connection, Check::Tls, Check::Clock, Check::Version] {
                findings.can_check(check);
            }
        }
        let client = self.credentials(&mut findings).await;
        if findings.can_check(Check::SignIn)
            && let Some(client) = &client
        {
            let signed_in = client.endpoint().sign_in().await;
            add(
                &mut findings,
                Check::SignIn,
                signed_in.map(|()| Observation::SignedIn),
            );
            if findings.exit() == Exit::Success
                && let Ok(response) = client
                    .endpoint()
                    .call(Method::GET, VERSION, Body::None)
                    .await
            {
                // Some servers return it only to signed-in users.
                let seen = Observation::Version(version(&response));
                findings.replace(verdict(Check::Version, &seen));
            }
            self.workspace(client, &mut findings).await;
            let _ = client.endpoint().sign_out().await;
        } else {
            let rest = [
                Check::Workspace,
                Check::Roles,
                Check::JiraField,
                Check::Links,
                Check::Limits,
            ];
            for check in rest {
                findings.can_check(check);
            }
        }
        add(&mut findings, Check::State, self.state());
        Examined {
            findings,
            server: endpoint.map(|endpoint| endpoint.address().to_string()),
            relay: None,
        }
    }

    /// URL, name and proxy.
    async fn endpoint(&self, findings: &mut Findings) -> Option<Endpoint> {
        let endpoint = match self
            .builder()
            .and_then(|builder| build(builder, self.connection))
        {
            Ok(endpoint) => endpoint,
            Err(failure) => {
                SERVER.cannot_be_set_up(server_setup(&failure), failure, findings);
                return None;
            }
        };
        let address = endpoint.address();
        let url = Observation::Url {
            server: address.to_string(),
            space: endpoint.workspace().space.get(),
            workspace: endpoint.workspace().workspace.get(),
            is_exposed: address.is_exposed(),
        };
        findings.add(verdict(Check::Url, &url));
        let rule = endpoint.proxy_rule();
        let is_proxied = matches!(rule, Some(ProxyRule::Proxy { .. }));
        let dns = name(address, is_proxied).await;
        findings.add(verdict(Check::Dns, &dns));
        let rule = Observation::Proxy(rule.unwrap_or(ProxyRule::Direct));
        findings.add(verdict(Check::Proxy, &rule));
        Some(endpoint)
    }

    pub(super) fn builder(&self) -> Result<Builder, Failure> {
        match self.sandbox {
            Some(sandbox) => Ok(sandbox.endpoint()),
            None => remote_endpoint(self.connection, Credentials::new(self.connection)),
        }
    }

    /// One request without signing in shows connection, certificates, time and version.
    async fn reach(&self, endpoint: &Endpoint, findings: &mut Findings) {
        let mut answer = None;
        if findings.can_check(Check::Connection) {
            let asked = endpoint.server_version().await;
            match asked {
                Err(error) if !error.is_tls_error() && error.tls_problem().is_none() => {
                    add::<octane_rest::Error>(findings, Check::Connection, Err(error));
                }
                asked => {
                    let elapsed = asked
                        .as_ref()
                        .ok()
                        .map(|response| response.elapsed().as_millis());
                    let connected = Observation::Connected(elapsed);
                    findings.add(verdict(Check::Connection, &connected));
                    answer = Some(asked);
                }
            }
        }
        if findings.can_check(Check::Tls) {
            match answer.take() {
                Some(Err(error)) => add::<octane_rest::Error>(findings, Check::Tls, Err(error)),
                Some(Ok(response)) => {
                    findings.add(verdict(Check::Tls, &self.tls(endpoint)));
                    answer = Some(Ok(response));
                }
                None => {}
            }
        }
        let response = answer.and_then(Result::ok);
        for check in [Check::Clock, Check::Version] {
            if findings.can_check(check)
                && let Some(response) = &response
            {
                let seen = match check {
                    Check::Clock => Observation::Clock(skew(&response.headers, self.now)),
                    _ => Observation::Version(version(response)),
                };
                findings.add(verdict(check, &seen));
            }
        }
    }

    fn tls(&self, endpoint: &Endpoint) -> Observation {
        let certificates = Certificates {
            chain: endpoint.server_certificates(),
            issuer: endpoint.server_certificate_issuer(),
            is_insecure: endpoint.settings().insecure,
        };
        certificates.seen(endpoint.address(), self.now)
    }

    /// The credentials, and a client that uses them.
    async fn credentials(&self, findings: &mut Findings) -> Option<Client> {
        let check = Check::Credentials;
        let builder = match self.sandbox {
            Some(sandbox) => {
                let seen = Observation::Credentials {
                    kind: "API key",
                    id: None,
                    origin: "the sandbox of this program".to_owned(),
                };
                findings.add(verdict(check, &seen));
                sandbox.endpoint()
            }
            None => {
                let found = Credentials::new(self.connection).find().await;
                let found = match found {
                    Ok(Some(found)) => found,
                    Ok(None) => {
                        let message = "none found";
                        let failure = Failure::message(Exit::Configuration, message);
                        add::<Failure>(findings, check, Err(failure.hint(credentials_hint())));
                        return None;
                    }
                    Err(error) => {
                        let failure = crate::connect::credential_failure(error);
                        add::<Failure>(findings, check, Err(failure));
                        return None;
                    }
                };
                let seen = Observation::Credentials {
                    kind: kind(&found.credential).1,
                    id: found.credential.id().map(str::to_owned),
                    origin: found.origin.to_string(),
                };
                findings.add(verdict(check, &seen));
                mask::secrets_in_use();
                let builder = remote_endpoint(self.connection, Credentials::new(self.connection));
                builder.ok()?.credentials(Known(found))
            }
        };
        let endpoint = build(builder, self.connection).ok()?;
        let settings = client_settings(self.connection);
        Some(Client::with_settings(endpoint, settings))
    }

    /// What is in the workspace.
    async fn workspace(&self, client: &Client, findings: &mut Findings) {
        let endpoint = client.endpoint();
        if findings.can_check(Check::Workspace) {
            let seen = workspace(endpoint).await;
            add(findings, Check::Workspace, seen);
        }
        if findings.can_check(Check::Roles) {
            let roles = roles(endpoint).await;
            findings.add(verdict(Check::Roles, &Observation::Roles(roles)));
        }
        if findings.can_check(Check::JiraField) {
            let seen = match client.jira().field().await {
                Ok(field) => Ok(Observation::JiraFields(vec![field])),
                Err(ClientError::NoJiraField) => Ok(Observation::JiraFields(Vec::new())),
                Err(ClientError::AmbiguousJiraField(fields)) => Ok(Observation::JiraFields(fields)),
                Err(error) => Err(error),
            };
            add(findings, Check::JiraField, seen);
        }
        if findings.can_check(Check::Links) {
            let seen = match client.links().field().await {
                Ok(field) => Ok(Observation::Links(Ok((field.level, field.name)))),
                Err(ClientError::NoLinkField(field)) => Ok(Observation::Links(Err(field))),
                Err(error) => Err(error),
            };
            add(findings, Check::Links, seen);
        }
        if findings.can_check(Check::Limits) {
            let settings = endpoint.settings();
            let page_size = settings.page_size;
            let page = page(endpoint, page_size).await;
            let seen = page.map(|(server, returned)| Observation::Limits {
                rate: settings.requests_per_second,
                concurrency: settings.concurrency_max,
                page_size,
                server,
                returned,
            });
            add(findings, Check::Limits, seen);
        }
    }

    /// The directory of the uploads.
    pub(super) fn state(&self) -> Result<Observation, Failure> {
        let spool = spool(self.spool)?;
        let suggest = Suggest::offline(self.spool);
        let (mut pending, mut unreadable) = (0, 0);
        if let Some(folder) = spool.folder() {
            writable(folder).map_err(|error| {
                let message = format!("cannot write to `{}`: {error}", folder.display());
                Failure::message(Exit::Configuration, message).hint(
                    "use a writable directory (`--spool DIR`) or disable saving (`--spool off`)",
                )
            })?;
            let uploads = spool.list()?;
            pending = uploads
                .iter()
                .filter(|upload| upload.state == UploadState::Pending)
                .count();
            unreadable = spool.unreadable()?.len();
        }
        Ok(Observation::State {
            folder: spool.folder().map(|folder| folder.display().to_string()),
            pending,
            unreadable,
            resume: match self.via.url() {
                Some(url) => suggest.hand_over_all(url, self.via.relay_token_file.as_deref()),
                None => suggest.resume_all(),
            },
            list: suggest.list(),
        })
    }
}

/// Where the server's version is.
const VERSION: &str = "/admin/server/version";

/// The version that Octane names, or the status of another response.
fn version(response: &Response) -> Result<String, u16> {
    let status = response.status.as_u16();
    let value: Value = response.value().map_err(|_| status)?;
    let version = value["version"].as_str().filter(|_| response.is_success());
    let version = version.ok_or(status)?;
    Ok(match value["display_version"].as_str() {
        Some(display) if display != version => format!("{version} ({display})"),
        _ => version.to_owned(),
    })
}

/// How many workspaces of a space are looked at.
const WORKSPACES_MAX: usize = 200;

async fn workspace(endpoint: &Endpoint) -> Result<Observation, octane_rest::Error> {
    let own = endpoint.workspace();
    let (space, id) = (own.space.get(), own.workspace.get());
    let path =
        format!("/api/shared_spaces/{space}/workspaces?fields=id,name&limit={WORKSPACES_MAX}");
    let listed = endpoint.get(&path).await;
    let known: Option<Vec<(i64, String)>> = match &listed {
        Ok(listed) => listed["data"].as_array().map(|all| {
            let all = all.iter().filter_map(|one| {
                let id = one["id"].as_str()?.parse().ok()?;
                Some((id, one["name"].as_str().unwrap_or_default().to_owned()))
            });
            all.collect()
        }),
        Err(_) => None,
    };
    if let Some(known) = known
        && (known.len() < WORKSPACES_MAX || known.iter().any(|(known, _)| *known == id))
    {
        let known = Some(known);
        return Ok(Observation::Workspace { space, id, known });
    }
    // Not everyone who can use a workspace can list all of them.
    endpoint.get("releases?fields=id&limit=1").await?;
    Ok(Observation::Workspace {
        space,
        id,
        known: None,
    })
}

/// The roles in the workspace. Not all servers return them, so no error here is a failure.
async fn roles(endpoint: &Endpoint) -> Option<Vec<String>> {
    let path = "/api/current_user?fields=name,workspace_roles{name,workspace}";
    let user = endpoint.get(path).await.ok()?;
    let own = endpoint.workspace().workspace.get().to_string();
    let roles = user["workspace_roles"]["data"].as_array()?;
    if roles.is_empty() {
        // Those of an API key need not be among them.
        return None;
    }
    let is_here = |role: &&Value| {
        let workspace = &role["workspace"];
        workspace.is_null() || workspace["id"] == *own
    };
    let names = roles
        .iter()
        .filter(is_here)
        .filter_map(|role| role["name"].as_str());
    Some(names.map(str::to_owned).collect())
}

/// The limits that a page of this size comes with, and how many entities it has if the server does not fill it.
async fn page(
    endpoint: &Endpoint,
    size: u32,
) -> Result<(Vec<RateLimit>, Option<usize>), octane_rest::Error> {
    // Types that every workspace has many of.
    let path = format!("list_nodes?fields=id&limit={size}");
    let call = endpoint.call(Method::GET, &path, Body::None).await?;
    let response = if call.is_success() {
        call
    } else {
        // Not everyone may read them.
        let path = format!("releases?fields=id&limit={size}");
        let call = endpoint.call(Method::GET, &path, Body::None).await?;
        call.into_success()?
    };
    let page = response.value()?;
    let count = page["data"].as_array().map_or(0, Vec::len);
    let total = page["total_count"].as_u64();
    let wanted = total.map_or(0, |total| total.min(size.into()));
    let is_short = u64::try_from(count).is_ok_and(|count| count < wanted);
    Ok((response.rate_limits(), is_short.then_some(count)))
}

/// Whether files can be written here, or would be if the directory were there.
fn writable(folder: &Path) -> io::Result<()> {
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.filter(|folder| !folder.as_os_str().is_empty());
    tempfile::NamedTempFile::new_in(existing.unwrap_or(Path::new("."))).map(drop)
}
