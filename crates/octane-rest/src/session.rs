//! Who is signed in, shared by everybody.
//!
//! A session has a generation number. A request that was turned away names the generation that it
//! travelled with: if there is a newer one by now, it simply takes that; if not, it signs in, and
//! whoever comes meanwhile waits at the gate and finds the new session there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use crate::Settings;
use crate::cookies::{CSRF_HEADER, Cookies};
use crate::sign_in::SignInError;

pub(crate) struct Session {
    state: Mutex<State>,
    /// Held by the one who signs in.
    gate: tokio::sync::Mutex<()>,
    age_max: Option<Duration>,
    refused: Duration,
}

#[derive(Default)]
struct State {
    /// 0 before the first session.
    generation: u64,
    cookies: Cookies,
    /// What requests carry; absent while nobody is signed in.
    ticket: Option<Ticket>,
    since: Option<Instant>,
    /// How many sign-ins have failed.
    failures: u64,
    last_failure: Option<Failure>,
}

struct Failure {
    error: Arc<SignInError>,
    /// Until when nobody tries again; `None` if only those who waited share it.
    until: Option<Instant>,
}

/// What a request carries to prove its session.
#[derive(Clone)]
pub(crate) struct Ticket {
    generation: u64,
    cookie: HeaderValue,
    csrf: Option<HeaderValue>,
}

impl Ticket {
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn put_into(&self, headers: &mut HeaderMap) {
        headers.insert(header::COOKIE, self.cookie.clone());
        if let Some(csrf) = &self.csrf {
            headers.insert(CSRF_HEADER, csrf.clone());
        }
    }
}

impl Session {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            state: Mutex::default(),
            gate: tokio::sync::Mutex::default(),
            age_max: settings.session_max(),
            refused: settings.refused(),
        }
    }

    /// The session, if it is fit for use and newer than the `spent` generation; otherwise signs in, or
    /// waits for the one who does.
    ///
    /// A failure is shared by all who waited for it. A refusal is remembered for a while beyond that.
    pub(crate) async fn enter<F>(
        &self,
        spent: Option<u64>,
        sign_in: impl FnOnce() -> F,
    ) -> Result<Ticket, Arc<SignInError>>
    where
        F: Future<Output = Result<Cookies, SignInError>>,
    {
        let failures = match self.look(spent) {
            Ok(ticket) => return Ok(ticket),
            Err(failures) => failures,
        };
        let _gate = self.gate.lock().await;
        if let Ok(ticket) = self.look(spent) {
            return Ok(ticket);
        }
        if let Some(error) = self.failure_after(failures) {
            return Err(error);
        }
        let outcome = sign_in().await;
        let mut state = self.state();
        match outcome {
            Ok(cookies) => state.begin(cookies),
            Err(error) => Err(state.fail(error, self.refused)),
        }
    }

    /// Takes over the cookies of an answer, unless they belong to a session that has been replaced.
    pub(crate) fn adopt(&self, generation: u64, headers: &HeaderMap) {
        if !headers.contains_key(header::SET_COOKIE) {
            return;
        }
        let mut state = self.state();
        if state.generation == generation && state.ticket.is_some() && state.cookies.adopt(headers)
        {
            state.ticket = state.cookies.ticket(generation);
        }
    }

    /// What those carry who are signed in right now.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.state().ticket.clone()
    }

    /// The cookies as they are.
    pub(crate) fn cookies(&self) -> Cookies {
        self.state().cookies.clone()
    }

    /// Ends the session on this side and forgets refusals, so that the next request signs in.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.ticket = None;
        state.cookies = Cookies::default();
        state.last_failure = None;
    }

    /// The ticket, or the number of failed sign-ins so far.
    fn look(&self, spent: Option<u64>) -> Result<Ticket, u64> {
        let state = self.state();
        let is_young = match (self.age_max, state.since) {
            (Some(max), Some(since)) => since.elapsed() < max,
            _ => true,
        };
        let ticket = state.ticket.clone();
        let ticket = ticket.filter(|ticket| is_young && Some(ticket.generation) > spent);
        ticket.ok_or(state.failures)
    }

    fn failure_after(&self, failures: u64) -> Option<Arc<SignInError>> {
        let state = self.state();
        let failure = state.last_failure.as_ref()?;
        let is_remembered = failure.until.is_some_and(|until| Instant::now() < until);
        (is_remembered || state.failures > failures).then(|| Arc::clone(&failure.error))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing here panics halfway, so a poisoned lock still holds a sound state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, cookies: Cookies) -> Result<Ticket, Arc<SignInError>> {
        self.generation += 1;
        self.since = Some(Instant::now());
        self.last_failure = None;
        self.ticket = cookies.ticket(self.generation);
        self.cookies = cookies;
        // Signing in has made sure that there is a cookie, so this is never the error.
        self.ticket
            .clone()
            .ok_or_else(|| Arc::new(SignInError::NoCredential))
    }

    fn fail(&mut self, error: SignInError, refused: Duration) -> Arc<SignInError> {
        let is_refusal = matches!(
            error,
            SignInError::Refused { .. } | SignInError::NoSession { .. }
        );
        let error = Arc::new(error);
        self.failures += 1;
        self.ticket = None;
        self.last_failure = Some(Failure {
            error: Arc::clone(&error),
            until: is_refusal.then(|| Instant::now() + refused),
        });
        error
    }
}

impl Cookies {
    fn ticket(&self, generation: u64) -> Option<Ticket> {
        Some(Ticket {
            generation,
            cookie: self.header()?,
            csrf: self.csrf(),
        })
    }
}
