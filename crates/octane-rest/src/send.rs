//! The one loop that sends: permit, session, rate limit, attempt, decision.
//!
//! The rate limit comes after the session, so that requests which waited for a sign-in do not start all at
//! once. A request keeps its permit until it ends, including the delays between attempts: a failing server
//! sees fewer requests, not more, and a request that waits for its retry is not overtaken by later ones.

use std::fmt;

use bytes::Bytes;
use http::{Request, StatusCode};
use octane_model::Problem;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, info, trace};

use crate::cookies;
use crate::endpoint_state::EndpointState;
use crate::error::{Error, Kind};
use crate::human_duration::HumanDuration;
use crate::observe::RequestFinished;
use crate::rate_limit_headers;
use crate::rate_limiter::{PAUSE_MAX, RateLimitError};
use crate::redact;
use crate::request_context::RequestContext;
use crate::response::Response;
use crate::retry::{self, AttemptContext, AttemptOutcome, Decision, Idempotency, SessionAge};
use crate::session::{AuthMode, Rejected, SessionCookies, SessionSource};
use crate::transport::{TransportError, TransportErrorKind};

/// Errors of Octane are far smaller, even those of a bulk request. Looking for secrets in text takes many times its memory.
const ERROR_BYTES_MAX: usize = 4 << 20;

/// What the transport returned for an attempt.
type AttemptResult = Result<http::Response<Bytes>, TransportError>;

impl EndpointState {
    /// Sends a request until it succeeds or is given up. Any final status is a response.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        idempotency: Idempotency,
        auth: AuthMode,
    ) -> Result<Response, Error> {
        let mut context = self.context(request.method().clone(), request.uri().path());
        let request = match self.with_defaults(request) {
            Ok(request) => request,
            Err(reason) => return Err(Error::new(Kind::InvalidRequest { reason }, context)),
        };
        let _permit = match auth {
            AuthMode::SignIn => None,
            AuthMode::Session | AuthMode::SignOut(_) => Some(self.concurrency.acquire().await),
        };
        let started = Instant::now();
        let deadline = started + self.settings.deadline;
        let result = self
            .attempts(&request, idempotency, &auth, deadline, &mut context)
            .await;
        context.elapsed = started.elapsed();
        let result = match result {
            Ok(response) => Ok(Response::new(response, context)),
            Err(kind) => Err(Error::new(kind, context)),
        };
        self.notify_observers(&result);
        result
    }

    async fn attempts(
        &self,
        request: &Request<Bytes>,
        idempotency: Idempotency,
        auth: &AuthMode,
        deadline: Instant,
        context: &mut RequestContext,
    ) -> Result<http::Response<Bytes>, Kind> {
        let initial_session = match auth {
            AuthMode::Session => SessionAge::Reused,
            AuthMode::SignIn | AuthMode::SignOut(_) => SessionAge::None,
        };
        let mut attempt = AttemptContext {
            idempotency,
            attempt: 1,
            attempts_max: self.settings.attempts_max,
            session: initial_session,
        };
        let mut rejected = Rejected::default();
        // Without a 401: what it says is no longer true once there is another session.
        let mut last: Option<AttemptResult> = None;
        loop {
            let mut cookies = match auth {
                AuthMode::Session => Some(self.session_cookies(rejected, deadline).await?),
                AuthMode::SignIn => None,
                AuthMode::SignOut(cookies) => Some(cookies.clone()),
            };
            let started = match auth {
                // Other requests wait for it.
                AuthMode::SignIn => self.rate_limiter.acquire_priority(deadline).await,
                AuthMode::Session | AuthMode::SignOut(_) => {
                    self.rate_limiter.acquire(deadline).await
                }
            };
            if let Err(error) = started {
                // The last response says more than that there is no time left.
                return last.map_or_else(|| Err(rate_limited(error)), finish);
            }
            if matches!(auth, AuthMode::Session) {
                // Another request may have signed in again while this one waited.
                cookies = self.session.cookies().or(cookies);
            }
            let is_of_store = |cookies: &SessionCookies| cookies.source() == SessionSource::Store;
            if attempt.session == SessionAge::Fresh
                && !rejected.is_sign_in_required
                && cookies.as_ref().is_some_and(is_of_store)
            {
                // Another process has signed in again, perhaps long ago. If that session is rejected too, we sign in.
                rejected.is_sign_in_required = true;
                attempt.session = SessionAge::Reused;
            }
            context.attempts += 1;
            let sent = Instant::now();
            let result = self
                .attempt(request, cookies.as_ref(), deadline, context)
                .await;
            let generation = cookies.as_ref().map(SessionCookies::generation);
            if let Ok(response) = &result {
                self.server_time.update_from(response.headers());
                if let Some(cookies) = &cookies
                    && self
                        .session
                        .update_from(cookies.generation(), response.headers())
                {
                    self.share_renewed(cookies).await;
                }
                self.apply_backpressure(sent, response).await;
            }
            let delay = match decide(&result, attempt, context) {
                Decision::Done | Decision::GiveUp => return finish(result),
                Decision::Split => {
                    context.is_splittable = true;
                    return finish(result);
                }
                Decision::Reauthenticate => {
                    rejected.generation = generation;
                    attempt.session = SessionAge::Fresh;
                    continue;
                }
                Decision::Retry(delay) => self.backoff.duration(delay, attempt.attempt),
            };
            let is_in_time = Instant::now()
                .checked_add(delay)
                .is_some_and(|next| next < deadline);
            if !is_in_time {
                return finish(result);
            }
            log_backoff(&result, attempt, HumanDuration(delay), context);
            attempt.attempt += 1;
            // A 401 in a fresh session needs yet another session. After any other delay the session may
            // have expired, as before the first attempt.
            if is_unauthorized(&result) {
                rejected.generation = generation;
            } else {
                attempt.session = initial_session;
                last = Some(result);
            }
            sleep(delay).await;
        }
    }

    async fn session_cookies(
        &self,
        rejected: Rejected,
        deadline: Instant,
    ) -> Result<SessionCookies, Kind> {
        let session = self
            .session
            .get_or_open(rejected, |replaced| self.open_session(rejected, replaced));
        match timeout_at(deadline, session).await {
            Ok(cookies) => cookies.map_err(Kind::SignInFailed),
            Err(_) => Err(Kind::DeadlineExceeded {
                waiting_for: "a session",
            }),
        }
    }

    async fn attempt(
        &self,
        request: &Request<Bytes>,
        cookies: Option<&SessionCookies>,
        deadline: Instant,
        context: &RequestContext,
    ) -> AttemptResult {
        let mut request = request.clone();
        if let Some(cookies) = cookies {
            cookies.insert_into(request.headers_mut());
        }
        let started = Instant::now();
        let end = deadline.min(started + self.settings.attempt_timeout);
        trace!(headers = ?redact::Headers(request.headers()), "sending {context}");
        let sending = timeout_at(end, self.transport.send(request));
        let result = sending.await.unwrap_or_else(|_| {
            let message = format!("no response within {}", HumanDuration(end - started));
            Err(TransportError::new(TransportErrorKind::Timeout, message))
        });
        let result = result.map(|response| self.without_secrets(response));
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (method, path) = (context.method.as_str(), &*context.path);
        let attempt = context.attempts;
        match &result {
            Ok(response) => {
                let status = response.status().as_u16();
                debug!(method, path, status, attempt, milliseconds, "response");
            }
            Err(error) => debug!(method, path, %error, attempt, milliseconds, "no response"),
        }
        result
    }

    /// A response without secrets in what it reports to people: its headers, and its body unless it is a success. What a
    /// successful response contains may be meant literally. Of an error that is too large only the status remains.
    fn without_secrets(&self, response: http::Response<Bytes>) -> http::Response<Bytes> {
        let (mut parts, mut body) = response.into_parts();
        for secret in cookies::secrets(&parts.headers) {
            self.redactor.learn_session(&secret);
        }
        redact::headers(&mut parts.headers, &self.redactor);
        if !parts.status.is_success() {
            if body.len() > ERROR_BYTES_MAX {
                // Part of it could end within a secret.
                body = Bytes::new();
            }
            body = self.redactor.redact_body(&body);
        }
        http::Response::from_parts(parts, body)
    }

    /// Slows down the whole endpoint as far as the server asks for it.
    async fn apply_backpressure(&self, sent: Instant, response: &http::Response<Bytes>) {
        let headers = response.headers();
        if matches!(response.status().as_u16(), 429 | 503) {
            let wait = rate_limit_headers::retry_after(headers);
            let wait = wait.unwrap_or_default().min(PAUSE_MAX);
            self.adaptive_limit.on_overload(sent, wait);
            self.rate_limiter.pause(wait);
            self.rate_limiter.tell_others(sent.elapsed(), wait).await;
        } else if let Some(wait) = rate_limit_headers::exhausted_for(headers) {
            // Nothing was rejected, so this is advice, followed no longer than any other backoff.
            let wait = wait.min(self.backoff.max());
            debug!(delay = %HumanDuration(wait), "the rate limit is exhausted, delaying requests");
            self.rate_limiter.advise(wait);
        }
    }

    fn notify_observers(&self, result: &Result<Response, Error>) {
        if self.observers.is_empty() {
            return;
        }
        let (context, status) = match result {
            Ok(response) => (response.context(), Some(response.status)),
            Err(error) => (error.context(), error.status()),
        };
        let finished = RequestFinished {
            method: context.method.clone(),
            path: context.path.to_string(),
            status,
            attempts: context.attempts,
            elapsed: context.elapsed,
        };
        for observer in &self.observers {
            observer(&finished);
        }
    }
}

fn decide(
    result: &AttemptResult,
    attempt: AttemptContext,
    context: &mut RequestContext,
) -> Decision {
    let problem;
    let outcome = match result {
        Err(error) => AttemptOutcome::Failed(error.kind()),
        Ok(response) => {
            problem = problem_of(response);
            AttemptOutcome::Response {
                status: response.status(),
                problem: problem.as_ref(),
                retry_after: rate_limit_headers::retry_after_header(response.headers()),
                limit_reset: rate_limit_headers::exhausted_for(response.headers()),
            }
        }
    };
    context.outcome_unknown |= outcome.is_unknown();
    retry::decide(outcome, attempt)
}

fn problem_of(response: &http::Response<Bytes>) -> Option<Problem> {
    (!response.status().is_success())
        .then(|| Problem::from_body(response.body()))
        .flatten()
}

/// One line for each backoff: why, how long, and which attempt comes next.
fn log_backoff(
    result: &AttemptResult,
    attempt: AttemptContext,
    delay: HumanDuration,
    context: &RequestContext,
) {
    info!(
        method = context.method.as_str(),
        path = &*context.path,
        reason = %BackoffReason(result),
        %delay,
        "backing off before attempt {} of {}",
        attempt.attempt + 1,
        attempt.attempts_max,
    );
}

/// Shows a status with Octane's error code, or the kind of a transport error; nothing that could hold a
/// secret.
struct BackoffReason<'a>(&'a AttemptResult);

impl fmt::Display for BackoffReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Err(error) => error.kind().fmt(f),
            Ok(response) => {
                write!(f, "{}", response.status().as_u16())?;
                match problem_of(response) {
                    Some(problem) if !problem.error_code.is_empty() => {
                        write!(f, " {}", problem.error_code)
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

fn is_unauthorized(result: &AttemptResult) -> bool {
    let status = result.as_ref().map(http::Response::status);
    status.is_ok_and(|status| status == StatusCode::UNAUTHORIZED)
}

fn rate_limited(error: RateLimitError) -> Kind {
    match error {
        RateLimitError::ServerPause(until) => Kind::RateLimited {
            wait: until.saturating_duration_since(Instant::now()),
        },
        RateLimitError::QueueTimeout => Kind::DeadlineExceeded {
            waiting_for: "the rate limiter",
        },
    }
}

fn finish(result: AttemptResult) -> Result<http::Response<Bytes>, Kind> {
    result.map_err(Kind::Unreachable)
}
