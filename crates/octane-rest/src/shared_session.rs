//! The endpoint's part of sharing a session with other processes.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, warn};

use crate::cookies::CookieJar;
use crate::credential::Credential;
use crate::endpoint_state::EndpointState;
use crate::human_duration::HumanDuration;
use crate::secret::Secret;
use crate::session::{OpenedSession, SessionCookies, SessionSource};
use crate::session_store::{SessionKey, SessionLock, StoredSession};

/// How long a process waits for another one that signs in; then it signs in itself.
const SIGN_IN_WAIT_MAX: Duration = Duration::from_secs(30);
/// How long a process waits to store a cookie that was renewed; others can do without it.
const RENEWAL_WAIT_MAX: Duration = Duration::from_secs(1);

impl EndpointState {
    /// Under which key a session with these credentials is shared, if it is.
    pub(crate) fn session_key(&self, credential: &Credential) -> Option<SessionKey> {
        self.session_store.as_ref()?;
        SessionKey::of(&*self.server, credential)
    }

    /// The lock of a shared session. `None` if it cannot be shared now.
    pub(crate) async fn lock_session(&self, key: &SessionKey) -> Option<Box<dyn SessionLock>> {
        self.lock_within(SIGN_IN_WAIT_MAX, key).await
    }

    async fn lock_within(
        &self,
        wait_max: Duration,
        key: &SessionKey,
    ) -> Option<Box<dyn SessionLock>> {
        let store = self.session_store.as_ref()?;
        match timeout(wait_max, store.lock(key)).await {
            Ok(Ok(lock)) => Some(lock),
            Ok(Err(error)) => {
                warn!(%error, "cannot share the session");
                None
            }
            Err(_) => {
                let waited = HumanDuration(wait_max);
                warn!(%waited, "another process is still signing in; not waiting for it any longer");
                None
            }
        }
    }

    /// The session of another process, unless it is the rejected one or too old.
    pub(crate) fn stored_session(
        &self,
        key: &SessionKey,
        lock: &dyn SessionLock,
        rejected: Option<&Secret>,
    ) -> Option<OpenedSession> {
        let stored = lock.load().unwrap_or_else(|error| {
            warn!(%error, "cannot read the shared session");
            None
        })?;
        let age_max = self.settings.session_age_max;
        let is_rejected = rejected.is_some_and(|header| header.expose() == stored.cookies.expose());
        let is_old = !age_max.is_zero() && stored.age >= age_max;
        let jar = CookieJar::from_header(&stored.cookies);
        if is_rejected || is_old || !jar.has_session() {
            return None;
        }
        for secret in jar.secrets() {
            self.redactor.learn_session(&secret);
        }
        debug!("using the session of another process");
        Some(OpenedSession {
            jar,
            source: SessionSource::Store,
            age: stored.age,
            key: Some(key.clone()),
        })
    }

    /// Replaces the cookies of a shared session that the server has just renewed, if it is still the shared one.
    pub(crate) async fn share_renewed(&self, old: &SessionCookies) {
        let Some((old, new)) = old.cookie_header().zip(self.session.shared()) else {
            return;
        };
        let Some(lock) = self.lock_within(RENEWAL_WAIT_MAX, &new.key).await else {
            return;
        };
        let is_shared = |stored: &StoredSession| stored.cookies.expose() == old.expose();
        let replaced = match lock.load() {
            Ok(Some(stored)) if is_shared(&stored) => {
                lock.save(&StoredSession::new(new.cookies, new.age))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = replaced {
            warn!(%error, "cannot share the renewed session");
        }
    }

    /// Removes the shared session, and returns it.
    pub(crate) async fn take_shared(&self) -> Option<SessionCookies> {
        self.session_store.as_ref()?;
        let key = match self.session.shared() {
            Some(shared) => shared.key,
            None => self.session_key(&self.credential().await.ok()?.credential)?,
        };
        let lock = self.lock_session(&key).await?;
        let stored = self.stored_session(&key, &*lock, None);
        if let Err(error) = lock.remove() {
            warn!(%error, "cannot remove the shared session");
        }
        stored.and_then(|stored| SessionCookies::new(&stored.jar, 0, stored.source))
    }
}

/// Lets other processes use a session.
pub(crate) fn share(lock: &dyn SessionLock, jar: &CookieJar) {
    let header = jar.header();
    let cookies = header
        .as_ref()
        .and_then(|value| str::from_utf8(value.as_bytes()).ok());
    if let Some(cookies) = cookies
        && let Err(error) = lock.save(&StoredSession::new(cookies, Duration::ZERO))
    {
        warn!(%error, "cannot share the session");
    }
}
