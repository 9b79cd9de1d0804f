//! A transport from outside of this crate: to the router of the sandbox, without a socket, on a paused
//! clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use octane_model::{ReleaseEntity, TaskStatus};
use octane_rest::{
    ApiKey, BoxFuture, Endpoint, EndpointSettings, Transport, TransportError, TransportErrorKind,
};
use octane_sandbox::Sandbox;
use tower::ServiceExt;

/// Passes every request to the sandbox, and loses every third response.
#[derive(Clone)]
struct Forgetful {
    sandbox: Arc<Sandbox>,
    requests: Arc<AtomicUsize>,
}

impl Transport for Forgetful {
    fn send(
        &self,
        mut request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            // A router sees paths, as it would behind a socket.
            let path = request.uri().path_and_query().cloned();
            *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
            let response = self.sandbox.app().oneshot(request.map(Full::new)).await;
            let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
            let body = body.collect().await.map_err(|error| {
                TransportError::new(TransportErrorKind::ConnectionBroken, "connection lost")
                    .with_source(error)
            })?;
            if number % 3 == 2 {
                let message = "the response was lost";
                return Err(TransportError::new(
                    TransportErrorKind::ConnectionBroken,
                    message,
                ));
            }
            Ok(Response::from_parts(parts, body.to_bytes()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn another_crate_can_bring_its_own_transport() {
    let sandbox = Sandbox::open(octane_sandbox::Settings::default()).unwrap();
    let forgetful = Forgetful {
        sandbox: Arc::new(sandbox),
        requests: Arc::default(),
    };
    let mut settings = EndpointSettings::default();
    settings.backoff_seed = Some(7);
    let endpoint = Endpoint::builder("http://octane.invalid")
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("sandbox", "sandbox-secret"))
        .settings(settings)
        .transport(forgetful.clone())
        .build()
        .unwrap();
    let releases = endpoint.entities::<ReleaseEntity>().list();
    assert!(!releases.all().await.unwrap().is_empty());

    // The response to this one is lost, so it is sent twice and ingested once.
    let payload = r#"<test_result><test_runs><test_run name="t" status="Passed" duration="1"/></test_runs></test_result>"#;
    let results = endpoint.test_results();
    let sent = results.send(payload.into(), false).await.unwrap();
    assert_eq!((sent.attempts, sent.earlier_outcome_unknown), (2, true));
    assert!(sent.task.from_older_push);

    let mut task = sent.task;
    while !task.status.is_final() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        task = results.task(task.id).await.unwrap();
    }
    assert_eq!(task.status, TaskStatus::Success);
}
