//! The one loop that sends: seat, session, pace, attempt, decision.
//!
//! The pace comes after the session, so that requests which waited for a sign-in do not set out all at
//! once. A request keeps its seat from its first turn to its end, waits included: a server in trouble
//! sees fewer requests, not more, and whoever waits to repeat is not overtaken by all who came later.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use octane_model::Problem;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, trace};

use crate::endpoint::Inner;
use crate::error::Kind;
use crate::pace::{Late, PAUSE_MAX};
use crate::retry::{self, Decision, Happened, Repeat, Session, Tried};
use crate::session::Ticket;
use crate::transport::{TransportError, TransportErrorKind};
use crate::trip::Trip;
use crate::{Answer, Error, Finished, redact, told};

/// How a request proves who sends it.
pub(crate) enum Way {
    /// With the session, signing in when that is needed.
    InSession,
    /// With nothing. Uses the seat of the request that wants the session.
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
        let mut trip = Trip::new(&self.server, request.method().clone(), request.uri().path());
        let request = match self.complete(request) {
            Ok(request) => request,
            Err(reason) => return Err(Error::new(Kind::Unsendable { reason }, trip)),
        };
        let _seat = match way {
            Way::SigningIn => None,
            _ => Some(self.seats.take().await),
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
        let used = match way {
            Way::InSession => Session::Used,
            Way::SigningIn | Way::SigningOut(_) => Session::None,
        };
        let mut tried = Tried {
            repeat,
            attempt: 1,
            attempts_max: self.settings.attempts_max,
            session: used,
        };
        // The session that the server no longer takes.
        let mut spent = None;
        let mut last: Option<Outcome> = None;
        loop {
            let mut ticket = match way {
                Way::InSession => Some(self.ticket(spent, deadline).await?),
                Way::SigningIn => None,
                Way::SigningOut(ticket) => Some(ticket.clone()),
            };
            let turn = match way {
                // Others wait for it.
                Way::SigningIn => self.pace.urgent_turn(deadline).await,
                _ => self.pace.turn(deadline).await,
            };
            if let Err(late) = turn {
                // What the server said last tells more than that there is no time left.
                return last.map_or_else(|| Err(too_late(late)), end);
            }
            if matches!(way, Way::InSession) {
                // Somebody may have signed in again meanwhile.
                ticket = self.session.ticket().or(ticket);
            }
            trip.attempts += 1;
            let begun = Instant::now();
            let outcome = self.attempt(request, ticket.as_ref(), deadline, trip).await;
            let generation = ticket.as_ref().map(Ticket::generation);
            if let Ok(response) = &outcome {
                if let Some(generation) = generation {
                    self.session.adopt(generation, response.headers());
                }
                self.heed(begun, response);
            }
            let wait = match decide(&outcome, tried, trip) {
                Decision::Done | Decision::GiveUp => return end(outcome),
                Decision::Split => {
                    trip.is_divisible = true;
                    return end(outcome);
                }
                Decision::SignIn => {
                    spent = generation;
                    tried.session = Session::New;
                    last = Some(outcome);
                    continue;
                }
                Decision::Again(wait) => self.backoff.length(wait, tried.attempt),
            };
            let is_in_time = Instant::now()
                .checked_add(wait)
                .is_some_and(|next| next < deadline);
            if !is_in_time {
                return end(outcome);
            }
            tried.attempt += 1;
            // Who was turned away although the session was new needs another one. After any other pause the
            // session may have expired, as before.
            if is_unauthorized(&outcome) {
                spent = generation;
            } else {
                tried.session = used;
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

    /// Takes what the server says about its load to heart, for everybody.
    fn heed(&self, begun: Instant, response: &Response<Bytes>) {
        let headers = response.headers();
        if matches!(response.status().as_u16(), 429 | 503) {
            let wait = told::wait(headers).unwrap_or_default().min(PAUSE_MAX);
            self.share.halve(begun, wait);
            self.pace.pause(wait);
        } else if let Some(wait) = told::used_up(headers) {
            // Nothing was refused, so this is advice, and not taken for longer than any other wait.
            self.pace.pause(wait.min(self.backoff.max()));
        }
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

fn decide(outcome: &Outcome, tried: Tried, trip: &mut Trip) -> Decision {
    let problem;
    let happened = match outcome {
        Err(error) => Happened::Failed(error.kind()),
        Ok(response) => {
            let is_success = response.status().is_success();
            problem = (!is_success)
                .then(|| Problem::from_body(response.body()))
                .flatten();
            Happened::Answered {
                status: response.status(),
                problem: problem.as_ref(),
                told: told::wait(response.headers()),
            }
        }
    };
    trip.is_in_doubt |= happened.is_in_doubt();
    retry::decide(happened, tried)
}

fn is_unauthorized(outcome: &Outcome) -> bool {
    let status = outcome.as_ref().map(Response::status);
    status.is_ok_and(|status| status == StatusCode::UNAUTHORIZED)
}

fn too_late(late: Late) -> Kind {
    match late {
        Late::Paused(until) => Kind::Paused {
            wait: until.saturating_duration_since(Instant::now()),
        },
        Late::Crowded => Kind::OutOfTime {
            waiting_for: "its turn",
        },
    }
}

fn end(outcome: Outcome) -> Result<Response<Bytes>, Kind> {
    outcome.map_err(Kind::Unreachable)
}
