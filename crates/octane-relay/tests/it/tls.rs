//! TLS at the door, as agents see it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, StatusCode};
use octane_client::CancellationToken;
use octane_relay::{DoorTls, Reload, Server, TlsFiles};
use octane_rest::{
    EndpointSettings, TlsProblem, Transport, TransportError, TransportErrorKind, network_transport,
};
use octane_test_support::certificates::{Authority, Validity};
use tempfile::TempDir;

/// A CA with a door that has a certificate of it.
struct Case {
    authority: Authority,
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        let case = Self {
            authority: Authority::new("Example Root"),
            folder: tempfile::tempdir().unwrap(),
        };
        let identity = case.authority.issue(&["localhost"], Validity::Now);
        identity.write_apart(&case.path("door.pem"), &case.path("door.key"));
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self, client_ca: Option<&Authority>) -> Arc<DoorTls> {
        let mut files = TlsFiles::new(self.path("door.pem"));
        files.key = Some(self.path("door.key"));
        files.client_ca = client_ca.map(Authority::file);
        Arc::new(DoorTls::load(files).unwrap())
    }

    /// Serves while `agents` works with the URL of the door.
    async fn serve<T>(&self, tls: Arc<DoorTls>, agents: impl AsyncFnOnce(String) -> T) -> T {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let server = server.tls(tls);
        let url = format!("https://localhost:{}", server.address().port());
        let routes = Router::new().route("/", get(async || "hello"));
        let stop = CancellationToken::new();
        let ((), done) = tokio::join!(server.serve(routes, &stop), async {
            let done = agents(url).await;
            stop.cancel();
            done
        });
        done
    }

    /// What an agent trusts, and shows.
    fn settings(&self, certificate: Option<PathBuf>) -> EndpointSettings {
        let mut settings = EndpointSettings::default();
        settings.proxy = Some("direct".into());
        settings.ca_files = vec![self.authority.file()];
        settings.client_cert = certificate;
        settings
    }
}

async fn ask(url: &str, settings: &EndpointSettings) -> Result<StatusCode, TransportError> {
    let transport = network_transport(&url.parse().unwrap(), settings).unwrap();
    let request = Request::get(format!("{url}/")).body(Bytes::new()).unwrap();
    transport
        .send(request)
        .await
        .map(|response| response.status())
}

#[tokio::test]
async fn an_agent_that_trusts_the_ca_is_answered_and_another_one_does_not_speak() {
    let case = Case::new();
    case.serve(case.load(None), async |url| {
        assert_eq!(
            ask(&url, &case.settings(None)).await.unwrap(),
            StatusCode::OK
        );
        let mut others = case.settings(None);
        let other = Authority::new("Other Root");
        others.ca_files = vec![other.file()];
        let error = ask(&url, &others).await.unwrap_err();
        assert_eq!(error.tls_problem(), Some(TlsProblem::UnknownIssuer));
        let plain = url.replacen("https://", "http://", 1);
        let error = ask(&plain, &case.settings(None)).await.unwrap_err();
        assert_eq!(error.tls_problem(), Some(TlsProblem::HttpsExpected));
    })
    .await;
}

#[tokio::test]
async fn with_a_ca_for_clients_only_its_certificates_get_in() {
    let case = Case::new();
    let (clients, others) = (Authority::new("Agents"), Authority::new("Others"));
    for (authority, name) in [(&clients, "agent.pem"), (&others, "other.pem")] {
        authority
            .issue(&["agent"], Validity::Now)
            .write(&case.path(name));
    }
    clients
        .issue(&["agent"], Validity::Past)
        .write(&case.path("past.pem"));
    case.serve(case.load(Some(&clients)), async |url| {
        let with = |name: &str| case.settings(Some(case.path(name)));
        assert_eq!(ask(&url, &with("agent.pem")).await.unwrap(), StatusCode::OK);
        for (settings, expected) in [
            (case.settings(None), TlsProblem::ClientCertificateMissing),
            (with("other.pem"), TlsProblem::ClientCertificateRefused),
            (with("past.pem"), TlsProblem::ClientCertificateRefused),
        ] {
            let error = ask(&url, &settings).await.unwrap_err();
            // The connection may be gone before the reason has arrived.
            if error.kind() == TransportErrorKind::Tls {
                assert_eq!(error.tls_problem(), Some(expected), "{error}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let case = Case::new();
    let identity = case.authority.issue(&["localhost"], Validity::Past);
    identity.write_apart(&case.path("door.pem"), &case.path("door.key"));
    let tls = case.load(None);
    case.serve(Arc::clone(&tls), async |url| {
        let error = ask(&url, &case.settings(None)).await.unwrap_err();
        assert_eq!(error.tls_problem(), Some(TlsProblem::Expired));
        let identity = case.authority.issue(&["localhost"], Validity::Now);
        identity.write_apart(&case.path("door.pem"), &case.path("door.key"));
        assert!(matches!(tls.reload(), Reload::Reloaded));
        assert_eq!(
            ask(&url, &case.settings(None)).await.unwrap(),
            StatusCode::OK
        );
    })
    .await;
}
