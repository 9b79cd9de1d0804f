//! The session of an endpoint, shared by all its requests.
//!
//! A session has a generation number. A request that the server rejected with 401 passes the generation it
//! was sent with: if there is a newer session, it uses that one; if not, it signs in, and every other
//! request waits at the refresh lock and then uses the new session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use crate::cookies::{CSRF_HEADER, CookieJar};
use crate::error::SignInError;
use crate::secret::Secret;
use crate::session_store::SessionKey;
use crate::settings::EndpointSettings;

/// How a request authenticates.
pub(crate) enum AuthMode {
    /// With the session, signing in first if necessary.
    Session,
    /// Not at all. Uses the permit of the request that needs the session.
    SignIn,
    /// With the session that is about to end.
    SignOut(SessionCookies),
}

/// The cookies of one session, as headers of a request.
#[derive(Clone)]
pub(crate) struct SessionCookies {
    generation: u64,
    source: SessionSource,
    cookie: HeaderValue,
    csrf: Option<HeaderValue>,
}

/// Where a session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionSource {
    /// A sign-in of this endpoint.
    SignIn,
    /// A sign-in of another process, through the session store.
    Store,
    /// A token that was given, and may be in use elsewhere.
    Token,
}

/// A session that has been found or opened.
pub(crate) struct OpenedSession {
    pub(crate) jar: CookieJar,
    pub(crate) source: SessionSource,
    /// How long ago the sign-in was.
    pub(crate) age: Duration,
    /// Under which key other processes may find it.
    pub(crate) key: Option<SessionKey>,
}

/// A session as other processes see it.
pub(crate) struct SharedSession {
    pub(crate) key: SessionKey,
    pub(crate) cookies: Secret,
    pub(crate) age: Duration,
}

/// What is wrong with the session that a request had.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rejected {
    /// The generation of the session that the server no longer accepts.
    pub(crate) generation: Option<u64>,
    /// A session of the store has failed already, or is not wanted: only a sign-in of our own will do.
    pub(crate) is_sign_in_required: bool,
}

impl SessionCookies {
    pub(crate) fn new(jar: &CookieJar, generation: u64, source: SessionSource) -> Option<Self> {
        Some(Self {
            generation,
            source,
            cookie: jar.header()?,
            csrf: jar.csrf(),
        })
    }

    pub(crate) fn source(&self) -> SessionSource {
        self.source
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The value of the header `Cookie`, if it is text.
    pub(crate) fn cookie_header(&self) -> Option<Secret> {
        str::from_utf8(self.cookie.as_bytes())
            .ok()
            .map(Secret::from)
    }

    pub(crate) fn insert_into(&self, headers: &mut HeaderMap) {
        headers.insert(header::COOKIE, self.cookie.clone());
        if let Some(csrf) = &self.csrf {
            headers.insert(CSRF_HEADER, csrf.clone());
        }
    }
}

pub(crate) struct Session {
    state: Mutex<State>,
    /// Held by the request that signs in.
    refresh_lock: tokio::sync::Mutex<()>,
    /// Zero if only the server limits the age.
    age_max: Duration,
    sign_in_failure_ttl: Duration,
}

#[derive(Default)]
struct State {
    /// 0 before the first session.
    generation: u64,
    jar: CookieJar,
    /// `None` while there is no session.
    cookies: Option<SessionCookies>,
    since: Option<Instant>,
    key: Option<SessionKey>,
    /// The number of sign-ins that failed.
    failures: u64,
    last_failure: Option<Failure>,
}

struct Failure {
    error: Arc<SignInError>,
    /// No sign-in is attempted before this; `None` if only the requests that waited share the failure.
    until: Option<Instant>,
}

impl Session {
    pub(crate) fn new(settings: &EndpointSettings) -> Self {
        Self {
            state: Mutex::default(),
            refresh_lock: tokio::sync::Mutex::default(),
            age_max: settings.session_age_max,
            sign_in_failure_ttl: settings.sign_in_failure_ttl,
        }
    }

    /// The current session, if it is not too old and newer than the one that was rejected; otherwise opens one, or waits for
    /// one that is being opened. `open` gets the cookies of the session that it replaces, if there is one.
    ///
    /// All requests that waited for a sign-in share its failure. Rejected credentials are remembered for
    /// longer.
    pub(crate) async fn get_or_open<F>(
        &self,
        rejected: Rejected,
        open: impl FnOnce(Option<Secret>) -> F,
    ) -> Result<SessionCookies, Arc<SignInError>>
    where
        F: Future<Output = Result<OpenedSession, SignInError>>,
    {
        let failures = match self.current(rejected) {
            Ok(cookies) => return Ok(cookies),
            Err(failures) => failures,
        };
        let _refreshing = self.refresh_lock.lock().await;
        if let Ok(cookies) = self.current(rejected) {
            return Ok(cookies);
        }
        if let Some(error) = self.failure_after(failures) {
            return Err(error);
        }
        let replaced = self.cookies().and_then(|cookies| cookies.cookie_header());
        let result = open(replaced).await;
        let mut state = self.state();
        match result {
            Ok(opened) => state.begin(opened),
            Err(error) => Err(state.fail(error, self.sign_in_failure_ttl)),
        }
    }

    /// Stores the cookies of a response, unless they belong to a session that has been replaced. Returns whether that has
    /// changed any.
    pub(crate) fn update_from(&self, generation: u64, headers: &HeaderMap) -> bool {
        if !headers.contains_key(header::SET_COOKIE) {
            return false;
        }
        let mut state = self.state();
        let Some(cookies) = state.cookies.clone() else {
            return false;
        };
        if state.generation != generation || !state.jar.update_from(headers) {
            return false;
        }
        state.cookies = SessionCookies::new(&state.jar, generation, cookies.source);
        state.cookies.as_ref().map(|new| &new.cookie) != Some(&cookies.cookie)
    }

    /// The session as other processes see it, if it may be shared.
    pub(crate) fn shared(&self) -> Option<SharedSession> {
        let state = self.state();
        Some(SharedSession {
            key: state.key.clone()?,
            cookies: state.cookies.as_ref()?.cookie_header()?,
            age: state.since.map(|since| since.elapsed()).unwrap_or_default(),
        })
    }

    /// The cookies of the session, if there is one.
    pub(crate) fn cookies(&self) -> Option<SessionCookies> {
        self.state().cookies.clone()
    }

    /// All cookies of the server.
    pub(crate) fn jar(&self) -> CookieJar {
        self.state().jar.clone()
    }

    /// Ends the session on this side and forgets failed sign-ins, so that the next request signs in.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.cookies = None;
        state.jar = CookieJar::default();
        state.last_failure = None;
    }

    /// The usable session, or the number of failed sign-ins so far.
    fn current(&self, rejected: Rejected) -> Result<SessionCookies, u64> {
        let state = self.state();
        let is_expired = !self.age_max.is_zero()
            && state
                .since
                .is_some_and(|since| since.elapsed() >= self.age_max);
        let is_usable = |cookies: &SessionCookies| {
            let is_excluded =
                rejected.is_sign_in_required && cookies.source == SessionSource::Store;
            !is_expired && !is_excluded && Some(cookies.generation) > rejected.generation
        };
        let cookies = state.cookies.clone();
        cookies.filter(is_usable).ok_or(state.failures)
    }

    fn failure_after(&self, failures: u64) -> Option<Arc<SignInError>> {
        let state = self.state();
        let failure = state.last_failure.as_ref()?;
        let is_remembered = failure.until.is_some_and(|until| Instant::now() < until);
        (is_remembered || state.failures > failures).then(|| Arc::clone(&failure.error))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing here panics halfway, so the state behind a poisoned lock is still consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, opened: OpenedSession) -> Result<SessionCookies, Arc<SignInError>> {
        let OpenedSession {
            jar,
            source,
            age,
            key,
        } = opened;
        let now = Instant::now();
        self.generation += 1;
        self.since = Some(now.checked_sub(age).unwrap_or(now));
        self.last_failure = None;
        self.key = key;
        self.cookies = SessionCookies::new(&jar, self.generation, source);
        self.jar = jar;
        // Signing in has made sure that there is a cookie, so this is never the error.
        self.cookies
            .clone()
            .ok_or_else(|| Arc::new(SignInError::NoCredentials))
    }

    fn fail(&mut self, error: SignInError, ttl: Duration) -> Arc<SignInError> {
        let is_rejection = matches!(
            error,
            SignInError::Rejected { .. }
                | SignInError::NoSessionCookie { .. }
                | SignInError::NoToken { .. }
        );
        let error = Arc::new(error);
        self.failures += 1;
        self.cookies = None;
        self.last_failure = Some(Failure {
            error: Arc::clone(&error),
            until: is_rejection.then(|| Instant::now() + ttl),
        });
        error
    }
}
