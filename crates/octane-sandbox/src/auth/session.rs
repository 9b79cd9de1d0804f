//! Sessions and how long they live.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use octane_model::code;

use super::Visitor;
use super::account::Account;
use super::token::new_token;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::Expiry;
use crate::settings::Access;

/// More sessions than this are not kept; the oldest goes.
const SESSIONS_MAX: usize = 10_000;

/// All sessions, in memory: a restart signs everybody out.
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
    /// When this token was made; renewal gives a session a further token.
    issued: Timestamp,
    used: Timestamp,
    /// The token that all later users of this one are given.
    successor: Option<String>,
    /// The end that somebody set to it before its time.
    ended: Option<Expiry>,
}

impl Table {
    pub(super) fn new(access: &Access, clock: Clock) -> Self {
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

    /// Opens a session and gives its token.
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

    /// Ends a session with all its tokens from this one on.
    pub(super) fn close(&self, token: &str) {
        let mut sessions = self.sessions();
        let mut next = Some(token.to_owned());
        while let Some(session) = next.and_then(|token| sessions.remove(&token)) {
            next = session.successor;
        }
    }

    /// Lets a session end as if its time had come.
    pub(super) fn expire(&self, token: &str, expiry: Expiry) {
        let mut sessions = self.sessions();
        let mut next = Some(token.to_owned());
        while let Some(session) = next.take().and_then(|token| sessions.get_mut(&token)) {
            session.ended = Some(expiry);
            next.clone_from(&session.successor);
        }
    }

    /// The same with all sessions; how many were alive.
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
            Some(code::GLOBAL_TIMEOUT)
        } else if self.clock.since(session.used) >= self.idle {
            Some(code::IDLE_TIMEOUT)
        } else {
            None
        }
    }

    /// Lets a request in, or says why not.
    pub(super) fn visit(&self, token: &str) -> Result<Visitor, ApiError> {
        let mut sessions = self.sessions();
        let now = self.clock.now();
        let session = sessions
            .get_mut(token)
            .ok_or_else(|| ApiError::not_authorized("the session is not known; sign in"))?;
        if let Some(code) = self.end(session) {
            return Err(ApiError::SessionExpired(code));
        }
        session.used = now;
        let visitor = |account: &Account, renewed| Visitor {
            account: account.clone(),
            renewed,
        };
        if self.clock.since(session.issued) < self.renewal {
            return Ok(visitor(&session.account, None));
        }
        let account = session.account.clone();
        if let Some(successor) = session.successor.clone() {
            // Requests with the old token keep the new one alive.
            if let Some(session) = sessions.get_mut(&successor) {
                session.used = now;
            }
            return Ok(visitor(&account, Some(successor)));
        }
        let successor = new_token();
        session.successor = Some(successor.clone());
        let renewed = Session {
            issued: now,
            successor: None,
            ..session.clone()
        };
        self.insert(&mut sessions, successor.clone(), renewed);
        Ok(visitor(&account, Some(successor)))
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
        let access = Access {
            session_idle: Duration::from_secs(600),
            session_absolute: Duration::from_secs(3600),
            session_renewal: Duration::from_secs(60),
            ..Access::default()
        };
        (Table::new(&access, clock.clone()), clock)
    }

    fn account() -> Account {
        Account {
            name: "ci".into(),
            role: Role::Admin,
        }
    }

    fn expired(result: Result<Visitor, ApiError>) -> &'static str {
        match result {
            Err(ApiError::SessionExpired(code)) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_ends_when_it_is_not_used() {
        let (table, clock) = table();
        let token = table.open(account());
        clock.advance(Duration::from_secs(599));
        assert!(table.visit(&token).is_ok());
        clock.advance(Duration::from_secs(600));
        assert_eq!(expired(table.visit(&token)), code::IDLE_TIMEOUT);
        assert!(!table.is_alive(&token));
    }

    #[test]
    fn a_session_ends_however_much_it_is_used_and_renewed() {
        let (table, clock) = table();
        let mut token = table.open(account());
        for _ in 0..7 {
            clock.advance(Duration::from_secs(500));
            token = table.visit(&token).unwrap().renewed.unwrap();
        }
        clock.advance(Duration::from_secs(100));
        assert_eq!(expired(table.visit(&token)), code::GLOBAL_TIMEOUT);
    }

    #[test]
    fn a_token_is_renewed_once_for_all_who_use_it() {
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
    fn sessions_can_be_ended_before_their_time() {
        let (table, clock) = table();
        let (one, two) = (table.open(account()), table.open(account()));
        clock.advance(Duration::from_secs(60));
        let renewed = table.visit(&one).unwrap().renewed.unwrap();
        table.expire(&one, Expiry::Global);
        assert_eq!(expired(table.visit(&renewed)), code::GLOBAL_TIMEOUT);
        assert_eq!(table.expire_all(Expiry::Idle), 1);
        assert_eq!(expired(table.visit(&two)), code::IDLE_TIMEOUT);
        assert_eq!(expired(table.visit(&one)), code::GLOBAL_TIMEOUT);
        assert!(table.visit(&table.open(account())).is_ok());
    }
}
