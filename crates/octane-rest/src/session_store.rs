//! Sharing a session with other processes.
//!
//! A process that needs a session locks the store, and uses the session that it finds there unless that is the one which the
//! server has just rejected. If there is none, it signs in and stores its session before it unlocks, so that of many processes
//! that start at once, or whose session ends at the same moment, one signs in and the others find its session.

use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::credential::Credential;
use crate::secret::Secret;

/// Whose session it is: that of one API key or user on one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SessionKey {
    /// The server's URL.
    pub server: String,
    /// The client ID of an API key, or `user` and the name of a user.
    pub id: String,
}

impl SessionKey {
    /// The session of this API key or user on a server.
    pub fn new(server: impl Into<String>, id: impl Into<String>) -> Self {
        let (server, id) = (server.into(), id.into());
        Self { server, id }
    }

    /// The session of these credentials on a server. `None` for tokens: a session belongs to whom the token was issued, and the
    /// client ID that may come with one does not say who that is.
    pub fn of(server: impl Into<String>, credential: &Credential) -> Option<Self> {
        match credential {
            Credential::ApiKey { id, .. } => Some(Self::new(server, id)),
            Credential::User { name, .. } => Some(Self::new(server, format!("user {name}"))),
            Credential::AccessToken { .. } | Credential::ExchangedToken { .. } => None,
        }
    }
}

/// A session that several processes share.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoredSession {
    /// Its cookies, as the value of a `Cookie` header. They are as good as a password until the session ends.
    pub cookies: Secret,
    /// How long ago the sign-in was.
    pub age: Duration,
}

impl StoredSession {
    /// A session with these cookies, whose sign-in was so long ago.
    pub fn new(cookies: impl Into<Secret>, age: Duration) -> Self {
        let cookies = cookies.into();
        Self { cookies, age }
    }
}

/// Where sessions outlive a process. Errors never fail a request: it then uses a session of its own.
pub trait SessionStore: Send + Sync + 'static {
    /// Waits until no other process holds the lock of this key, and takes it until the result is dropped, or until this
    /// process ends.
    fn lock<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, io::Result<Box<dyn SessionLock>>>;
}

/// The session of a key, locked. The methods may block for as long as a small file takes.
pub trait SessionLock: Send + Sync {
    /// The session, unless there is none or it is too old.
    fn load(&self) -> io::Result<Option<StoredSession>>;

    /// Replaces the session.
    fn save(&self, session: &StoredSession) -> io::Result<()>;

    /// Removes the session.
    fn remove(&self) -> io::Result<()>;
}
