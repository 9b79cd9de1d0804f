//! Sessions and their lifetime.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use octane_model::error_code;

use super::account::Account;
use super::current_user::CurrentUser;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::Expiry;
use crate::settings::AccessSettings;
use crate::token::new_token;

/// The maximum number of sessions; the oldest is dropped.
const SESSIONS_MAX: usize = 10_000;

/// All sessions, in memory: a restart signs everyone out.
#[derive(Debug)]
pub(super) struct Table {
    clock: Clock,
    idle: Duration,
    absolute: Duration,
    renewal: Duration,
    sessions: Mutex<HashMap<String, Session>>,
}

#[derive(Debug, Clone)]
struct Session {
    account: Account,
    signed_in: Timestamp,
    /// When this token was issued; renewal gives a session another token.
    issued: Timestamp,
    used: Timestamp,
    /// The token that replaced this one.
    successor: Option<String>,
    /// Set if the session was ended early.
    ended: Option<Expiry>,
}

impl Table {
    pub(super) fn new(access: &AccessSettings, clock: Clock) -> Self {
        Self {
            clock,
            idle: access.session_idle,
            absolute: access.session_absolute,
            renewal: access.session_renewal,
            sessions: Mutex::default(),
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session and returns its token.
    pub(super) fn open(&self, account: Account) -> String {
        let now = self.clock.now();
        let token = new_token();
        let session = Session {
            account,
            signed_in: now,
            issued: now,
            used: now,
            successor: None,
            ended: None,
        };
        self.insert(&mut self.sessions(), token.clone(), session);
        token
    }

    /// Ends a session with this token and all its successors.
    pub(super) fn close(&self, token: &str) {
        let mut sessions = self.sessions();
        let mut next = Some(token.to_owned());
        while let Some(session) = next.and_then(|token| sessions.remove(&token)) {
            next = session.successor;
        }
    }

    /// Ends a session as if it had expired.
    pub(super) fn expire(&self, token: &str, expiry: Expiry) {
        let mut sessions = self.sessions();
        let mut next = Some(token.to_owned());
        while let Some(session) = next.take().and_then(|token| sessions.get_mut(&token)) {
            session.ended = Some(expiry);
            next.clone_from(&session.successor);
        }
    }

    /// Ends all sessions the same way; returns how many were alive.
    pub(super) fn expire_all(&self, expiry: Expiry) -> usize {
        let mut sessions = self.sessions();
        let mut alive = 0;
        for session in sessions.values_mut() {
            let is_latest = session.successor.is_none();
            alive += usize::from(is_latest && self.end(session).is_none());
            session.ended.get_or_insert(expiry);
        }
        alive
    }

    pub(super) fn is_alive(&self, token: &str) -> bool {
        let sessions = self.sessions();
        let session = sessions.get(token);
        session.is_some_and(|session| self.end(session).is_none())
    }

    /// Why a session is no longer alive.
    fn end(&self, session: &Session) -> Option<&'static str> {
        if let Some(expiry) = session.ended {
            Some(expiry.code())
        } else if self.clock.since(session.signed_in) >= self.absolute {
            Some(error_code::GLOBAL_TIMEOUT)
        } else if self.clock.since(session.used) >= self.idle {
            Some(error_code::IDLE_TIMEOUT)
        } else {
            None
        }
    }

    /// Authenticates a request, or says why not.
    pub(super) fn visit(&self, token: &str) -> Result<CurrentUser, ApiError> {
        let mut sessions = self.sessions();
        let now = self.clock.now();
        let session = sessions
            .get_mut(token)
            .ok_or_else(|| ApiError::not_authorized("unknown session; sign in again"))?;
        if let Some(code) = self.end(session) {
            return Err(ApiError::SessionExpired(code));
        }
        session.used = now;
        let current_user = |account: &Account, renewed| CurrentUser {
            account: account.clone(),
            renewed,
        };
        if self.clock.since(session.issued) < self.renewal {
            return Ok(current_user(&session.account, None));
        }
        let account = session.account.clone();
        if let Some(successor) = session.successor.clone() {
            // Requests with the old token keep the new one alive.
            if let Some(session) = sessions.get_mut(&successor) {
                session.used = now;
            }
            return Ok(current_user(&account, Some(successor)));
        }
        let successor = new_token();
        session.successor = Some(successor.clone());
        let renewed = Session {
            issued: now,
            successor: None,
            ..session.clone()
        };
        self.insert(&mut sessions, successor.clone(), renewed);
        Ok(current_user(&account, Some(successor)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Role;

    fn table() -> (Table, Clock) {
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        let access = AccessSettings {
            session_idle: Duration::from_secs(600),
            session_absolute: Duration::from_secs(3600),
            session_renewal: Duration::from_secs(60),
            ..AccessSettings::default()
        };
        (Table::new(&access, clock.clone()), clock)
    }

    fn account() -> Account {
        Account {
            name: "ci".into(),
            role: Role::Admin,
        }
    }

    fn expired(result: Result<CurrentUser, ApiError>) -> &'static str {
        match result {
            Err(ApiError::SessionExpired(code)) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unused_session_expires() {
        let (table, clock) = table();
        let token = table.open(account());
        clock.advance(Duration::from_secs(599));
        assert!(table.visit(&token).is_ok());
        clock.advance(Duration::from_secs(600));
        assert_eq!(expired(table.visit(&token)), error_code::IDLE_TIMEOUT);
        assert!(!table.is_alive(&token));
    }

    #[test]
    fn a_session_expires_even_if_it_is_used_and_renewed() {
        let (table, clock) = table();
        let mut token = table.open(account());
        for _ in 0..7 {
            clock.advance(Duration::from_secs(500));
            token = table.visit(&token).unwrap().renewed.unwrap();
        }
        clock.advance(Duration::from_secs(100));
        assert_eq!(expired(table.visit(&token)), error_code::GLOBAL_TIMEOUT);
    }

    #[test]
    fn a_token_is_renewed_once_for_all_its_users() {
        let (table, clock) = table();
        let token = table.open(account());
        assert_eq!(table.visit(&token).unwrap().renewed, None);
        clock.advance(Duration::from_secs(60));
        let renewed = table.visit(&token).unwrap().renewed.unwrap();
        assert_eq!(table.visit(&token).unwrap().renewed, Some(renewed.clone()));
        assert_eq!(table.visit(&renewed).unwrap().renewed, None);
        table.close(&token);
        assert!(table.visit(&renewed).is_err());
    }

    #[test]
    fn sessions_can_be_ended_early() {
        let (table, clock) = table();
        let (one, two) = (table.open(account()), table.open(account()));
        clock.advance(Duration::from_secs(60));
        let renewed = table.visit(&one).unwrap().renewed.unwrap();
        table.expire(&one, Expiry::Global);
        assert_eq!(expired(table.visit(&renewed)), error_code::GLOBAL_TIMEOUT);
        assert_eq!(table.expire_all(Expiry::Idle), 1);
        assert_eq!(expired(table.visit(&two)), error_code::IDLE_TIMEOUT);
        assert_eq!(expired(table.visit(&one)), error_code::GLOBAL_TIMEOUT);
        assert!(table.visit(&table.open(account())).is_ok());
    }
}
