//! Who may come in, and for how long.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use octane_model::code;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::error::ApiError;
use crate::secret::ApiKey;
use crate::settings::Settings;

/// The name of the cookie with the session's token.
pub(crate) const SESSION_COOKIE: &str = "LWSSO_COOKIE_KEY";
/// The name of the second cookie, which newer servers set beside it.
pub(crate) const USER_COOKIE: &str = "OCTANE_USER";

/// More sessions than this are not kept; the oldest goes.
const SESSIONS_MAX: usize = 10_000;

/// All sessions, in memory: a restart signs everybody out.
#[derive(Debug)]
pub(crate) struct Sessions {
    clock: Clock,
    keys: Vec<ApiKey>,
    idle: Duration,
    absolute: Duration,
    renewal: Duration,
    sessions: Mutex<HashMap<String, Session>>,
}

#[derive(Debug, Clone)]
struct Session {
    user: String,
    signed_in: Timestamp,
    /// When this token was made; renewal gives a session a further token.
    issued: Timestamp,
    used: Timestamp,
    /// The token that all later users of this one are given.
    successor: Option<String>,
}

/// A session that let a request in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// The token to use from now on, where it is another one.
    pub(crate) renewed: Option<String>,
}

impl Sessions {
    pub(crate) fn new(settings: &Settings, clock: Clock) -> Self {
        let access = &settings.access;
        Self {
            clock,
            keys: access.api_keys.clone(),
            idle: access.session_idle,
            absolute: access.session_absolute,
            renewal: access.session_renewal,
            sessions: Mutex::default(),
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session; an API key may come as client id and secret or as user and password.
    pub(crate) fn sign_in(&self, id: &str, secret: &str) -> Result<String, ApiError> {
        let known = self
            .keys
            .iter()
            .any(|key| key.id() == id && same(key.secret(), secret));
        if !known {
            return Err(ApiError::not_authorized(
                "the user or the password is wrong",
            ));
        }
        let now = self.clock.now();
        let token = new_token();
        let session = Session {
            user: id.to_owned(),
            signed_in: now,
            issued: now,
            used: now,
            successor: None,
        };
        self.insert(&mut self.sessions(), token.clone(), session);
        Ok(token)
    }

    /// Ends a session. To sign out twice, or without a session, is no mistake.
    pub(crate) fn sign_out(&self, token: &str) {
        let mut sessions = self.sessions();
        let mut next = Some(token.to_owned());
        while let Some(session) = next.and_then(|token| sessions.remove(&token)) {
            next = session.successor;
        }
    }

    /// Lets a request in, or says why not.
    pub(crate) fn visit(&self, token: &str) -> Result<Visitor, ApiError> {
        let mut sessions = self.sessions();
        let now = self.clock.now();
        let session = sessions
            .get_mut(token)
            .ok_or_else(|| ApiError::not_authorized("the session is not known; sign in"))?;
        if self.clock.since(session.signed_in) >= self.absolute {
            return Err(ApiError::SessionExpired(code::GLOBAL_TIMEOUT));
        }
        if self.clock.since(session.used) >= self.idle {
            return Err(ApiError::SessionExpired(code::IDLE_TIMEOUT));
        }
        session.used = now;
        if self.clock.since(session.issued) < self.renewal {
            return Ok(Visitor { renewed: None });
        }
        if let Some(successor) = session.successor.clone() {
            // Requests with the old token keep the new one alive.
            if let Some(session) = sessions.get_mut(&successor) {
                session.used = now;
            }
            return Ok(Visitor {
                renewed: Some(successor),
            });
        }
        let successor = new_token();
        session.successor = Some(successor.clone());
        let renewed = Session {
            issued: now,
            successor: None,
            ..session.clone()
        };
        self.insert(&mut sessions, successor.clone(), renewed);
        Ok(Visitor {
            renewed: Some(successor),
        })
    }

    /// The user of a session, for the second cookie.
    pub(crate) fn user(&self, token: &str) -> Option<String> {
        self.sessions()
            .get(token)
            .map(|session| session.user.clone())
    }

    fn insert(&self, sessions: &mut HashMap<String, Session>, token: String, session: Session) {
        if sessions.len() >= SESSIONS_MAX {
            let absolute = self.absolute;
            sessions.retain(|_, session| self.clock.since(session.signed_in) < absolute);
        }
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                sessions.remove(&oldest);
            }
        }
        sessions.insert(token, session);
    }
}

/// Compares all characters, so that the time taken tells nothing of where two secrets differ.
fn same(left: &str, right: &str) -> bool {
    Sha256::digest(left) == Sha256::digest(right)
}

/// A token that cannot be guessed: the standard library's hash keys come from the system's random source.
fn new_token() -> String {
    let mut digest = Sha256::new();
    for round in 0..4_u8 {
        digest.update(RandomState::new().hash_one(round).to_le_bytes());
    }
    let bytes = digest.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        let settings = Settings::default()
            .session(Duration::from_secs(600), Duration::from_secs(3600))
            .session_renewal(Duration::from_secs(60));
        Sessions::new(&settings, Clock::running())
    }

    fn expired(result: Result<Visitor, ApiError>) -> &'static str {
        match result {
            Err(ApiError::SessionExpired(code)) => code,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_when_it_is_not_used() {
        let sessions = sessions();
        let token = sessions.sign_in("sandbox", "sandbox-secret").unwrap();
        tokio::time::advance(Duration::from_secs(599)).await;
        assert!(sessions.visit(&token).is_ok());
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(expired(sessions.visit(&token)), code::IDLE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_however_much_it_is_used_and_renewed() {
        let sessions = sessions();
        let mut token = sessions.sign_in("sandbox", "sandbox-secret").unwrap();
        for _ in 0..7 {
            tokio::time::advance(Duration::from_secs(500)).await;
            token = sessions.visit(&token).unwrap().renewed.unwrap();
        }
        tokio::time::advance(Duration::from_secs(100)).await;
        assert_eq!(expired(sessions.visit(&token)), code::GLOBAL_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_once_for_all_who_use_it() {
        let sessions = sessions();
        let token = sessions.sign_in("sandbox", "sandbox-secret").unwrap();
        assert_eq!(sessions.visit(&token).unwrap().renewed, None);
        tokio::time::advance(Duration::from_secs(60)).await;
        let renewed = sessions.visit(&token).unwrap().renewed.unwrap();
        assert_eq!(
            sessions.visit(&token).unwrap().renewed,
            Some(renewed.clone())
        );
        assert_eq!(sessions.visit(&renewed).unwrap().renewed, None);
        sessions.sign_out(&token);
        assert!(sessions.visit(&renewed).is_err());
    }
}
