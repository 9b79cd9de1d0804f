//! The one loop that sends: permit, session, pace, attempt, decision.
//!
//! The pace comes after the session, so that requests which waited for a sign-in do not set out all at
//! once. A request keeps its permit from its first turn to its end, waits included: a server in
//! trouble sees fewer requests, not more.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use octane_model::Problem;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, trace};

use crate::endpoint::Inner;
use crate::error::Kind;
use crate::retry::{self, Decision, Happened, Repeat, Wait};
use crate::session::Ticket;
use crate::transport::{TransportError, TransportErrorKind};
use crate::trip::Trip;
use crate::{Answer, Error, Finished, redact};

/// How a request proves who sends it.
pub(crate) enum Way {
    /// With the session, signing in when that is needed.
    InSession,
    /// With nothing. Uses the permit of the request that wants the session.
    SigningIn,
    /// With the session that ends.
    SigningOut(Ticket),
}

/// How an attempt ended.
type Outcome = Result<Response<Bytes>, TransportError>;

impl Inner {
    /// Sends a request until that is the end of it. Any status is an answer.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        repeat: Repeat,
        way: Way,
    ) -> Result<Answer, Error> {
        let mut trip = Trip {
            server: Arc::clone(&self.server),
            method: request.method().clone(),
            path: request.uri().path().into(),
            attempts: 0,
            elapsed: Duration::ZERO,
        };
        let request = match self.complete(request) {
            Ok(request) => request,
            Err(reason) => return Err(Error::new(Kind::Unsendable { reason }, trip)),
        };
        // The semaphore is never closed; were it, requests would go without a bound rather than not.
        let _permit = match way {
            Way::SigningIn => None,
            _ => self.permits.acquire().await.ok(),
        };
        let started = Instant::now();
        let deadline = started + self.settings.deadline();
        let end = self
            .attempts(&request, repeat, &way, deadline, &mut trip)
            .await;
        trip.elapsed = started.elapsed();
        let result = match end {
            Ok(response) => Ok(Answer::new(response, trip)),
            Err(kind) => Err(Error::new(kind, trip)),
        };
        self.tell(&result);
        result
    }

    async fn attempts(
        &self,
        request: &Request<Bytes>,
        repeat: Repeat,
        way: &Way,
        deadline: Instant,
        trip: &mut Trip,
    ) -> Result<Response<Bytes>, Kind> {
        let mut spent = None;
        let mut last: Option<Outcome> = None;
        loop {
            let ticket = match way {
                Way::InSession => Some(self.ticket(spent, deadline).await?),
                Way::SigningIn => None,
                Way::SigningOut(ticket) => Some(ticket.clone()),
            };
            if let Err(slot) = self.pace.turn(deadline).await {
                // What the server said last tells more than that there is no time left.
                let wait = slot.saturating_duration_since(Instant::now());
                return last.map_or(Err(Kind::Paused { wait }), end);
            }
            trip.attempts += 1;
            let outcome = self.attempt(request, ticket.as_ref(), deadline, trip).await;
            let generation = ticket.as_ref().map(Ticket::generation);
            if let (Some(generation), Ok(response)) = (generation, &outcome) {
                self.session.adopt(generation, response.headers());
            }
            let is_turned_away = outcome
                .as_ref()
                .is_ok_and(|response| response.status() == StatusCode::UNAUTHORIZED);
            if is_turned_away && matches!(way, Way::InSession) && spent.is_none() {
                spent = generation;
                last = Some(outcome);
                continue;
            }
            // The one that only brought a new session does not count.
            let attempt = trip.attempts - u32::from(spent.is_some());
            let wait = match self.decide(&outcome, repeat, attempt) {
                Decision::Final => return end(outcome),
                Decision::Again(Wait::Short) => self.backoff.short(attempt),
                Decision::Again(Wait::Long) => self.backoff.long(attempt),
                Decision::Again(Wait::Told(wait)) => wait,
            };
            let is_in_time = Instant::now()
                .checked_add(wait)
                .is_some_and(|next| next < deadline);
            if !is_in_time {
                return end(outcome);
            }
            last = Some(outcome);
            sleep(wait).await;
        }
    }

    async fn ticket(&self, spent: Option<u64>, deadline: Instant) -> Result<Ticket, Kind> {
        let entering = self.session.enter(spent, || self.sign_in());
        match timeout_at(deadline, entering).await {
            Ok(ticket) => ticket.map_err(Kind::NotSignedIn),
            Err(_) => Err(Kind::OutOfTime {
                waiting_for: "a session",
            }),
        }
    }

    async fn attempt(
        &self,
        request: &Request<Bytes>,
        ticket: Option<&Ticket>,
        deadline: Instant,
        trip: &Trip,
    ) -> Outcome {
        let mut request = request.clone();
        if let Some(ticket) = ticket {
            ticket.put_into(request.headers_mut());
        }
        let started = Instant::now();
        let end = deadline.min(started + self.settings.attempt_max());
        trace!(headers = ?redact::Headers(request.headers()), "sending {trip}");
        let sending = timeout_at(end, self.transport.send(request));
        let outcome = sending.await.unwrap_or_else(|_| {
            let seconds = (end - started).as_secs();
            let message = format!("no answer within {seconds} s");
            Err(TransportError::new(TransportErrorKind::Timeout, message))
        });
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (method, path) = (trip.method.as_str(), &*trip.path);
        let attempt = trip.attempts;
        match &outcome {
            Ok(response) => {
                let status = response.status().as_u16();
                debug!(method, path, status, attempt, milliseconds, "answered");
            }
            Err(error) => debug!(method, path, %error, attempt, milliseconds, "no answer"),
        }
        outcome
    }

    fn decide(&self, outcome: &Outcome, repeat: Repeat, attempt: u32) -> Decision {
        let problem;
        let happened = match outcome {
            Err(error) => Happened::Failed(error.kind()),
            Ok(response) if response.status().is_success() => return Decision::Final,
            Ok(response) => {
                let status = response.status();
                let retry_after = retry::retry_after(response.headers());
                let is_busy = matches!(status.as_u16(), 429 | 503);
                if let (true, Some(wait)) = (is_busy, retry_after) {
                    self.pace.pause(wait);
                }
                problem = is_busy
                    .then(|| Problem::from_body(response.body()))
                    .flatten();
                Happened::Answered {
                    status,
                    problem: problem.as_ref(),
                    retry_after,
                }
            }
        };
        retry::decide(happened, repeat, attempt, self.settings.attempts_max)
    }

    /// Tells the observers how a request ended.
    fn tell(&self, result: &Result<Answer, Error>) {
        if self.observers.is_empty() {
            return;
        }
        let (trip, status) = match result {
            Ok(answer) => (answer.trip(), Some(answer.status)),
            Err(error) => (error.trip(), error.status()),
        };
        let finished = Finished {
            method: trip.method.clone(),
            path: trip.path.to_string(),
            status,
            attempts: trip.attempts,
            elapsed: trip.elapsed,
        };
        for observer in &self.observers {
            observer(&finished);
        }
    }
}

fn end(outcome: Outcome) -> Result<Response<Bytes>, Kind> {
    outcome.map_err(Kind::Unreachable)
}
