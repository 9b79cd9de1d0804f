//! CI builds that Octane knows.

use octane_model::{Address, Entity, EntityId, Query, Select};
use octane_results::Build;

use crate::client::Client;
use crate::error::ClientError;

/// CI builds, which CI plug-ins report to Octane.
pub struct CiBuilds<'a> {
    client: &'a Client,
}

/// What Octane knows of a CI build.
///
/// | CI servers with the URL | the build of the job | |
/// | --- | --- | --- |
/// | none | – | `UnknownServer` |
/// | several | – | `AmbiguousServer` |
/// | one | is not listed | `UnknownBuild` |
/// | one | is listed | `Known` |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CiBuild {
    /// The build, ready to be the context of results.
    Known(Build),
    /// No CI server has the URL.
    UnknownServer,
    /// Several CI servers have the URL: their instance IDs.
    AmbiguousServer(Vec<String>),
    /// The CI server has not reported such a build of such a job.
    UnknownBuild {
        /// The instance ID of the CI server.
        server_id: String,
    },
}

/// A CI server as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CiServer {
    id: EntityId,
    instance_id: String,
    url: String,
}

impl Client {
    /// CI builds.
    pub fn ci_builds(&self) -> CiBuilds<'_> {
        CiBuilds { client: self }
    }
}

impl CiBuilds<'_> {
    /// Looks for a build by the URL of its CI server and the IDs that the CI server gives to job and build.
    ///
    /// Octane rejects all results of a payload whose build it cannot resolve, so only a build that it lists is a safe
    /// context.
    pub async fn find(
        &self,
        server_url: &str,
        job: &str,
        build: &str,
    ) -> Result<CiBuild, ClientError> {
        let endpoint = &self.client.endpoint;
        let servers = endpoint.collection("ci_servers").list();
        let servers = servers.select(Select::names(["instance_id", "url"]));
        let servers = servers.all().await?;
        let server = match with_url(server_url, servers.iter().filter_map(CiServer::listed)) {
            Ok(Some(server)) => server,
            Ok(None) => return Ok(CiBuild::UnknownServer),
            Err(several) => return Ok(CiBuild::AmbiguousServer(several)),
        };
        // These are Octane's names for the fields (vendor's integration with GitHub Actions).
        let of_server = Query::field("ci_server").refers_to_id(server.id);
        let of_job = Query::all([Query::field("ci_id").is(job), of_server]);
        let of_job = of_job.map(|job| Query::field("ci_job").refers_to(job));
        let of_build = Some(Query::field("build_ci_id").is(build));
        let list = endpoint.collection("ci_builds").list();
        let list = match Query::all([of_job, of_build].into_iter().flatten()) {
            Some(query) => list.matching(query),
            None => list,
        };
        let found = list.select(Select::names(["build_ci_id"])).first().await?;
        let server_id = server.instance_id;
        Ok(match found {
            Some(_) => CiBuild::Known(Build::new(server_id, job, build)),
            None => CiBuild::UnknownBuild { server_id },
        })
    }
}

impl CiServer {
    fn listed(entity: &Entity) -> Option<Self> {
        let text = |field| entity.text(field).map(str::to_owned);
        Some(Self {
            id: entity.id.clone()?,
            instance_id: text("instance_id")?,
            url: text("url")?,
        })
    }
}

/// The only CI server with this URL; several are an error that has their instance IDs.
fn with_url(
    url: &str,
    servers: impl Iterator<Item = CiServer>,
) -> Result<Option<CiServer>, Vec<String>> {
    let mut servers: Vec<CiServer> = servers
        .filter(|server| is_same_url(&server.url, url))
        .collect();
    match servers.len() {
        0 | 1 => Ok(servers.pop()),
        _ => Err(servers
            .into_iter()
            .map(|server| server.instance_id)
            .collect()),
    }
}

/// Whether both are the same URL, however they are written.
fn is_same_url(one: &str, other: &str) -> bool {
    let parsed = |url: &str| url.parse::<Address>().ok();
    match (parsed(one), parsed(other)) {
        (Some(one), Some(other)) => one.base() == other.base(),
        _ => one.trim_end_matches('/') == other.trim_end_matches('/'),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fake_octane::{Answer, FakeOctane, page};

    const URL: &str = "https://ci.example.com/jenkins/";

    fn server(id: &str, instance_id: &str, url: &str) -> Value {
        json!({ "type": "ci_server", "id": id, "instance_id": instance_id, "url": url })
    }

    /// An Octane with these CI servers, in which the only build is that of the first one.
    fn octane(servers: Vec<Value>) -> FakeOctane {
        FakeOctane::new(move |request| match &*request.path {
            "ci_servers" => page(&servers, servers.len()),
            "ci_builds" if request.query.contains("build_ci_id%20EQ%20%5E17%5E") => {
                let build = json!({ "type": "ci_build", "id": "9", "build_ci_id": "17" });
                page(&[build], 1)
            }
            "ci_builds" => page(&[], 0),
            _ => Answer::Default,
        })
    }

    async fn find(servers: Vec<Value>, build: &str) -> CiBuild {
        let octane = octane(servers);
        let client = octane.client(1);
        client
            .ci_builds()
            .find(URL, "shop/job/main", build)
            .await
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_build_of_the_one_ci_server_with_the_url_is_known() {
        let ours = server("1", "jenkins-1", "https://CI.example.com:443/jenkins");
        let other = server("2", "jenkins-2", "https://ci.example.com/");
        let known = CiBuild::Known(Build::new("jenkins-1", "shop/job/main", "17"));
        assert_eq!(find(vec![ours.clone(), other.clone()], "17").await, known);
        let unknown = CiBuild::UnknownBuild {
            server_id: "jenkins-1".to_owned(),
        };
        assert_eq!(find(vec![ours.clone(), other.clone()], "18").await, unknown);
        assert_eq!(find(vec![other], "17").await, CiBuild::UnknownServer);
        assert_eq!(find(vec![], "17").await, CiBuild::UnknownServer);
        let twin = server("3", "jenkins-3", URL);
        let both = vec!["jenkins-1".to_owned(), "jenkins-3".to_owned()];
        assert_eq!(
            find(vec![ours, twin], "17").await,
            CiBuild::AmbiguousServer(both)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_build_is_looked_for_in_the_job_of_the_server() {
        let octane = octane(vec![server("1", "jenkins-1", URL)]);
        let client = octane.client(1);
        client
            .ci_builds()
            .find(URL, "shop/job/main", "17")
            .await
            .unwrap();
        let asked = octane.received("ci_builds").remove(0).query;
        for part in ["ci_job", "ci_id", "shop", "ci_server"] {
            assert!(asked.contains(part), "{asked}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_know_the_fields_is_an_error() {
        let octane = FakeOctane::new(|_| Answer::Default);
        let found = octane.client(1).ci_builds().find(URL, "j", "1").await;
        assert!(found.is_err(), "{found:?}");
    }
}
