//! The transport of one process run: what it sends, and what goes wrong with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri, header};
use octane_rest::{BoxFuture, Transport, TransportError, TransportErrorKind};
use tokio::time::{Instant, sleep};

use super::case::RunFaults;
use super::fault::{Fault, RequestKind};
use super::payload;
use super::shared_network::{Order, SharedNetwork, response};
use super::simulated_process::SimulatedProcess;

/// Sends the requests of one process run over the shared network, with faults.
#[derive(Debug)]
pub(super) struct FaultyTransport {
    network: Arc<SharedNetwork>,
    process: Arc<SimulatedProcess>,
    faults: RunFaults,
    traffic: Mutex<Traffic>,
}

/// What this process run has sent.
#[derive(Debug, Default, Clone)]
pub(super) struct Traffic {
    /// When each request began.
    pub(super) begun: Vec<Instant>,
    pub(super) faults: u64,
    pub(super) in_flight: usize,
    pub(super) in_flight_max: usize,
    pub(super) payloads_in_flight: usize,
    pub(super) payloads_in_flight_max: usize,
    /// How often the response was that the session has expired.
    pub(super) expiries: u64,
}

impl FaultyTransport {
    pub(super) fn new(
        network: &Arc<SharedNetwork>,
        process: &Arc<SimulatedProcess>,
        faults: &RunFaults,
    ) -> Arc<Self> {
        Arc::new(Self {
            network: Arc::clone(network),
            process: Arc::clone(process),
            faults: faults.clone(),
            traffic: Mutex::default(),
        })
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        // Nothing panics while it holds the lock, so the state of a poisoned lock is consistent.
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> Traffic {
        self.traffic().clone()
    }

    /// What goes wrong with the next request, and how long both directions take.
    fn draw_fault(&self, kind: RequestKind) -> (Option<Fault>, [Duration; 2]) {
        let mut state = self.network.state();
        let mut traffic = self.traffic();
        let random = &mut state.random;
        let slow_percent = if self.faults.faults_max > 0 { 2 } else { 0 };
        let mut latency = || {
            if random.chance(slow_percent) {
                random.milliseconds(1000..=40_000)
            } else {
                random.milliseconds(1..=300)
            }
        };
        let latencies = [latency(), latency()];
        let has_fault =
            traffic.faults < self.faults.faults_max && random.chance(self.faults.percent);
        let fault = has_fault.then(|| Fault::any(random, kind));
        let fault = fault.filter(|fault| match fault {
            Fault::TaskStuck => state.order == Order::DoesNotMatter,
            Fault::Late(_) => state.order != Order::IsFragile,
            _ => true,
        });
        traffic.faults += u64::from(has_fault);
        if fault == Some(Fault::TaskStuck) {
            state.has_stuck_task = true;
        }
        (fault, latencies)
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let kind = RequestKind::of(request.method(), request.uri().path());
        let (fault, [there, back]) = self.draw_fault(kind);
        let what = format!("{} {}", request.method(), short(request.uri()));
        let _in_flight = InFlightRequest::new(self, kind);
        let number = self.traffic().begun.len() as u64;
        sleep(there).await;
        self.process.at_request(number, false).await;
        let response = self.apply_fault(request, kind, fault).await;
        self.process.at_request(number, true).await;
        let note = fault.map_or_else(String::new, |fault| format!("   [{fault:?}]"));
        match &response {
            Ok(response) => {
                let status = response.status().as_u16();
                if status == 401 {
                    self.traffic().expiries += 1;
                }
                self.network
                    .trace
                    .record(format_args!("{number:>4} {what} → {status}{note}"));
            }
            Err(error) => {
                self.network
                    .trace
                    .record(format_args!("{number:>4} {what} → {error}{note}"));
            }
        }
        sleep(back).await;
        response
    }

    async fn apply_fault(
        &self,
        request: Request<Bytes>,
        kind: RequestKind,
        fault: Option<Fault>,
    ) -> Result<Response<Bytes>, TransportError> {
        let fault = fault.filter(|fault| {
            *fault != Fault::Refused
                || payload::has_results(&request)
                    && !self.network.state().sent.contains(request.body())
        });
        if kind == RequestKind::Payload && fault != Some(Fault::Refused) {
            self.network.state().sent.insert(request.body().clone());
        }
        let mut request = Some(request);
        let mut deliver = async || match request.take() {
            Some(request) => self.deliver(request, kind, fault).await,
            None => Response::default(),
        };
        let Some(fault) = fault else {
            return Ok(deliver().await);
        };
        match fault {
            Fault::RequestLost(kind) => Err(lost(kind)),
            Fault::ResponseLost(kind) => {
                deliver().await;
                Err(lost(kind))
            }
            Fault::Late(delay) => {
                if let Some(request) = request.take() {
                    let network = Arc::clone(&self.network);
                    tokio::spawn(async move {
                        sleep(delay).await;
                        network.deliver(request).await;
                    });
                }
                Err(lost(TransportErrorKind::Timeout))
            }
            Fault::Silence { is_done } => {
                if is_done {
                    deliver().await;
                }
                std::future::pending().await
            }
            Fault::Status {
                status,
                retry_after,
                is_done,
            } => {
                // With these, the request is turned away before it reaches the server.
                if is_done && !matches!(status, 403 | 404 | 429) {
                    deliver().await;
                }
                Ok(response(status, "text/plain", "no").with_retry_after(retry_after))
            }
            Fault::Page => {
                deliver().await;
                Ok(response(
                    200,
                    "text/html",
                    "<html><body>Please sign in</body></html>",
                ))
            }
            Fault::Truncated => {
                let mut response = deliver().await;
                let half = response.body().len() / 2;
                response.body_mut().truncate(half);
                Ok(response)
            }
            Fault::SignInRefused => {
                let body = r#"{"error_code":"platform.not_authorized","description":"no"}"#;
                Ok(response(401, "application/json", body))
            }
            Fault::Refused => {
                if let Some(request) = &request {
                    self.network
                        .state()
                        .lost
                        .push(payload::decompressed(request));
                }
                let body = r#"{"error_code":"testbox.invalid_payload","description":"no"}"#;
                Ok(response(400, "application/json", body))
            }
            Fault::QueueFull { retry_after } => {
                let body = r#"{"error_code":"testbox.queue_full","description":"full"}"#;
                Ok(response(503, "application/json", body).with_retry_after(retry_after))
            }
            Fault::TaskForgotten => {
                let body = r#"{"error_code":"platform.entity_not_found","description":"gone"}"#;
                Ok(response(404, "application/json", body))
            }
            Fault::Expired(_)
            | Fault::TaskSlow(_)
            | Fault::TaskFailed
            | Fault::TaskBroken
            | Fault::TaskStuck => Ok(deliver().await),
        }
    }

    async fn deliver(
        &self,
        request: Request<Bytes>,
        kind: RequestKind,
        fault: Option<Fault>,
    ) -> Response<Bytes> {
        let network = &self.network;
        if kind == RequestKind::Payload {
            let task_fault = match fault {
                Some(Fault::TaskSlow(delay)) => Some(octane_sandbox::Fault::slow_task(delay)),
                Some(Fault::TaskFailed) => Some(octane_sandbox::Fault::failed_task()),
                Some(Fault::TaskBroken) => Some(octane_sandbox::Fault::broken_task()),
                Some(Fault::TaskStuck) => Some(octane_sandbox::Fault::stuck_task()),
                _ => None,
            };
            if let Some(task_fault) = task_fault {
                let accepted = network.sandbox.fail_next(task_fault);
                accepted.expect("the sandbox accepts the fault");
            }
            if fault.is_some_and(Fault::loses_results) {
                network.state().lost.push(payload::decompressed(&request));
            }
        }
        if let Some(Fault::Expired(expiry)) = fault {
            network.sandbox.expire_sessions(expiry);
        }
        let response = network.deliver(request).await;
        // A task fault that was not triggered must not stay for the next payload.
        network.sandbox.clear_faults();
        response
    }
}

impl Transport for FaultyTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// A request that counts as in flight until this is dropped.
struct InFlightRequest<'a> {
    transport: &'a FaultyTransport,
    kind: RequestKind,
}

impl<'a> InFlightRequest<'a> {
    fn new(transport: &'a FaultyTransport, kind: RequestKind) -> Self {
        let mut traffic = transport.traffic();
        traffic.begun.push(Instant::now());
        traffic.in_flight += 1;
        traffic.in_flight_max = traffic.in_flight_max.max(traffic.in_flight);
        if kind == RequestKind::Payload {
            traffic.payloads_in_flight += 1;
            traffic.payloads_in_flight_max = traffic
                .payloads_in_flight_max
                .max(traffic.payloads_in_flight);
        }
        drop(traffic);
        Self { transport, kind }
    }
}

impl Drop for InFlightRequest<'_> {
    fn drop(&mut self) {
        let mut traffic = self.transport.traffic();
        traffic.in_flight -= 1;
        traffic.payloads_in_flight -= usize::from(self.kind == RequestKind::Payload);
    }
}

trait RetryAfter {
    fn with_retry_after(self, seconds: Option<u64>) -> Self;
}

impl RetryAfter for Response<Bytes> {
    fn with_retry_after(mut self, seconds: Option<u64>) -> Self {
        if let Some(seconds) = seconds {
            self.headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        self
    }
}

fn lost(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, format!("lost on the way: {kind}"))
}

/// The part of the address that differs between requests.
fn short(uri: &Uri) -> String {
    let text = uri.path_and_query().map_or("", |path| path.as_str());
    let short = text.rsplit_once("/1002/").map_or(text, |(_, short)| short);
    short.chars().take(90).collect()
}
