//! One life's way to the server: what it sends, and what goes wrong with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri, header};
use octane_rest::{BoxFuture, Transport, TransportError, TransportErrorKind};
use tokio::time::{Instant, sleep};

use super::case::Troubles;
use super::death::Mortal;
use super::fault::{Errand, Fault};
use super::payload;
use super::wire::{Order, Wire, answer};

/// The same way for one life of the process.
#[derive(Debug)]
pub(super) struct Line {
    wire: Arc<Wire>,
    mortal: Arc<Mortal>,
    troubles: Troubles,
    traffic: Mutex<Traffic>,
}

/// What this life has sent.
#[derive(Debug, Default, Clone)]
pub(super) struct Traffic {
    /// When each request began.
    pub(super) begun: Vec<Instant>,
    pub(super) faults: u64,
    pub(super) in_flight: usize,
    pub(super) in_flight_max: usize,
    pub(super) payloads_in_flight: usize,
    pub(super) payloads_in_flight_max: usize,
    /// How often requests were told that their session has ended.
    pub(super) expiries: u64,
}

impl Line {
    pub(super) fn new(wire: &Arc<Wire>, mortal: &Arc<Mortal>, troubles: &Troubles) -> Arc<Self> {
        Arc::new(Self {
            wire: Arc::clone(wire),
            mortal: Arc::clone(mortal),
            troubles: troubles.clone(),
            traffic: Mutex::default(),
        })
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        // Nothing here panics halfway, so a poisoned lock still holds a sound state.
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> Traffic {
        self.traffic().clone()
    }

    /// What goes wrong with the next request, and how long both ways take.
    fn fate(&self, errand: Errand) -> (Option<Fault>, [Duration; 2]) {
        let mut seen = self.wire.seen();
        let mut traffic = self.traffic();
        let random = &mut seen.random;
        let slow_percent = if self.troubles.faults_max > 0 { 2 } else { 0 };
        let mut way = || {
            if random.chance(slow_percent) {
                random.milliseconds(1000..=40_000)
            } else {
                random.milliseconds(1..=300)
            }
        };
        let ways = [way(), way()];
        let strikes =
            traffic.faults < self.troubles.faults_max && random.chance(self.troubles.percent);
        let fault = strikes.then(|| Fault::any(random, errand));
        let fault = fault.filter(|fault| match fault {
            Fault::TaskStuck => seen.order == Order::DoesNotMatter,
            Fault::Late(_) => seen.order != Order::IsFragile,
            _ => true,
        });
        traffic.faults += u64::from(strikes);
        if fault == Some(Fault::TaskStuck) {
            seen.has_stuck_task = true;
        }
        (fault, ways)
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let errand = Errand::of(request.method(), request.uri().path());
        let (fault, [there, back]) = self.fate(errand);
        let what = format!("{} {}", request.method(), short(request.uri()));
        let _flight = Flight::new(self, errand);
        let number = self.traffic().begun.len() as u64;
        sleep(there).await;
        self.mortal.at_request(number, false).await;
        let answer = self.meet(request, errand, fault).await;
        self.mortal.at_request(number, true).await;
        let struck = fault.map_or_else(String::new, |fault| format!("   [{fault:?}]"));
        match &answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                if status == 401 {
                    self.traffic().expiries += 1;
                }
                self.wire
                    .story
                    .tell(format_args!("{number:>4} {what} → {status}{struck}"));
            }
            Err(error) => {
                self.wire
                    .story
                    .tell(format_args!("{number:>4} {what} → {error}{struck}"));
            }
        }
        sleep(back).await;
        answer
    }

    async fn meet(
        &self,
        request: Request<Bytes>,
        errand: Errand,
        fault: Option<Fault>,
    ) -> Result<Response<Bytes>, TransportError> {
        let fault = fault.filter(|fault| {
            *fault != Fault::Refused
                || payload::has_results(&request) && !self.wire.seen().sent.contains(request.body())
        });
        if errand == Errand::Payload && fault != Some(Fault::Refused) {
            self.wire.seen().sent.insert(request.body().clone());
        }
        let mut request = Some(request);
        let mut work = async || match request.take() {
            Some(request) => self.work(request, errand, fault).await,
            None => Response::default(),
        };
        let Some(fault) = fault else {
            return Ok(work().await);
        };
        match fault {
            Fault::RequestLost(kind) => Err(lost(kind)),
            Fault::AnswerLost(kind) => {
                work().await;
                Err(lost(kind))
            }
            Fault::Late(delay) => {
                if let Some(request) = request.take() {
                    let wire = Arc::clone(&self.wire);
                    tokio::spawn(async move {
                        sleep(delay).await;
                        wire.arrive(request).await;
                    });
                }
                Err(lost(TransportErrorKind::Timeout))
            }
            Fault::Silence { is_done } => {
                if is_done {
                    work().await;
                }
                std::future::pending().await
            }
            Fault::Status {
                status,
                retry_after,
                is_done,
            } => {
                // Who says that there were too many requests, or hides the server, has turned this one away.
                if is_done && !matches!(status, 403 | 404 | 429) {
                    work().await;
                }
                Ok(answer(status, "text/plain", "no").wait(retry_after))
            }
            Fault::Page => {
                work().await;
                Ok(answer(
                    200,
                    "text/html",
                    "<html><body>Please sign in</body></html>",
                ))
            }
            Fault::Garbled => {
                let mut answer = work().await;
                let half = answer.body().len() / 2;
                answer.body_mut().truncate(half);
                Ok(answer)
            }
            Fault::SignInRefused => {
                let body = r#"{"error_code":"platform.not_authorized","description":"no"}"#;
                Ok(answer(401, "application/json", body))
            }
            Fault::Refused => {
                if let Some(request) = &request {
                    self.wire.seen().lost.push(payload::unpacked(request));
                }
                let body = r#"{"error_code":"testbox.invalid_payload","description":"no"}"#;
                Ok(answer(400, "application/json", body))
            }
            Fault::QueueFull { retry_after } => {
                let body = r#"{"error_code":"testbox.queue_full","description":"full"}"#;
                Ok(answer(503, "application/json", body).wait(retry_after))
            }
            Fault::TaskForgotten => {
                let body = r#"{"error_code":"platform.entity_not_found","description":"gone"}"#;
                Ok(answer(404, "application/json", body))
            }
            Fault::Expired(_)
            | Fault::TaskSlow(_)
            | Fault::TaskFailed
            | Fault::TaskBroken
            | Fault::TaskStuck => Ok(work().await),
        }
    }

    async fn work(
        &self,
        request: Request<Bytes>,
        errand: Errand,
        fault: Option<Fault>,
    ) -> Response<Bytes> {
        let wire = &self.wire;
        if errand == Errand::Payload {
            let task_fault = match fault {
                Some(Fault::TaskSlow(delay)) => Some(octane_sandbox::Fault::slow_task(delay)),
                Some(Fault::TaskFailed) => Some(octane_sandbox::Fault::failed_task()),
                Some(Fault::TaskBroken) => Some(octane_sandbox::Fault::broken_task()),
                Some(Fault::TaskStuck) => Some(octane_sandbox::Fault::stuck_task()),
                _ => None,
            };
            if let Some(task_fault) = task_fault {
                let taken = wire.sandbox.fail_next(task_fault);
                taken.expect("a sandbox takes a fault");
            }
            if fault.is_some_and(Fault::loses_results) {
                wire.seen().lost.push(payload::unpacked(&request));
            }
        }
        if let Some(Fault::Expired(expiry)) = fault {
            wire.sandbox.expire_sessions(expiry);
        }
        let answer = wire.arrive(request).await;
        // A fault of a task that could not strike must not wait for another payload.
        wire.sandbox.clear_faults();
        answer
    }
}

impl Transport for Line {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.carry(request))
    }
}

/// A request that is under way until this is dropped.
struct Flight<'a> {
    line: &'a Line,
    errand: Errand,
}

impl<'a> Flight<'a> {
    fn new(line: &'a Line, errand: Errand) -> Self {
        let mut traffic = line.traffic();
        traffic.begun.push(Instant::now());
        traffic.in_flight += 1;
        traffic.in_flight_max = traffic.in_flight_max.max(traffic.in_flight);
        if errand == Errand::Payload {
            traffic.payloads_in_flight += 1;
            traffic.payloads_in_flight_max = traffic
                .payloads_in_flight_max
                .max(traffic.payloads_in_flight);
        }
        drop(traffic);
        Self { line, errand }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut traffic = self.line.traffic();
        traffic.in_flight -= 1;
        traffic.payloads_in_flight -= usize::from(self.errand == Errand::Payload);
    }
}

trait Waiting {
    fn wait(self, seconds: Option<u64>) -> Self;
}

impl Waiting for Response<Bytes> {
    fn wait(mut self, seconds: Option<u64>) -> Self {
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

/// What is different between addresses, without what all have in common.
fn short(uri: &Uri) -> String {
    let text = uri.path_and_query().map_or("", |path| path.as_str());
    let short = text.rsplit_once("/1002/").map_or(text, |(_, short)| short);
    short.chars().take(90).collect()
}
