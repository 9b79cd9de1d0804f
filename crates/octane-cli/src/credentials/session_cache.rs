//! Sessions that the processes of one user share, one file for each server and API key.
//!
//! The cookies in such a file are as good as a password until the session ends, so only the owner can read it, and it is
//! used for an hour at most. A lock file next to it, which the system unlocks when a process ends, lets one process sign in
//! while the others wait.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy;
use octane_rest::{
    BoxFuture, CredentialError, SessionKey, SessionLock, SessionStore, StoredSession,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::private_file;

/// How old a session may become.
const AGE_MAX: Duration = Duration::from_secs(3600);
/// How often a lock is tried that another process holds.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The shared sessions of a user.
#[derive(Debug, Clone)]
pub(crate) struct SessionCache {
    directory: PathBuf,
    now: fn() -> SystemTime,
}

/// A file.
#[derive(Serialize, Deserialize)]
struct Content {
    server: String,
    id: String,
    /// Seconds since 1970.
    signed_in: u64,
    cookies: String,
}

impl SessionCache {
    /// The directory in the user's directory of caches.
    pub(crate) fn of_user() -> Result<Self, CredentialError> {
        Self::at(directory()?)
    }

    /// The same, unless nothing was ever shared.
    pub(crate) fn existing() -> Result<Option<Self>, CredentialError> {
        let directory = directory()?;
        directory.is_dir().then(|| Self::at(directory)).transpose()
    }

    fn at(directory: PathBuf) -> Result<Self, CredentialError> {
        private_file::create_directory(&directory)?;
        let now = SystemTime::now;
        Ok(Self { directory, now })
    }

    /// Where the session of a key is.
    pub(crate) fn path(&self, key: &SessionKey) -> PathBuf {
        let digest = Sha256::digest(format!("{}\n{}", key.server, key.id));
        let name: String = digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.directory.join(format!("{name}.json"))
    }

    /// The keys of all sessions on a server, also of those that are not used any more.
    pub(crate) fn keys_of(&self, server: &str) -> io::Result<Vec<SessionKey>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let text = fs::read_to_string(&path).ok();
            let content = text.and_then(|text| serde_json::from_str::<Content>(&text).ok());
            let key = content.map(|content| SessionKey::new(content.server, content.id));
            keys.extend(key.filter(|key| key.server == server && self.path(key) == path));
        }
        Ok(keys)
    }

    /// Deletes the session of a key here, without its lock.
    pub(crate) fn remove(&self, key: &SessionKey) -> io::Result<()> {
        private_file::remove(&self.path(key)).map(drop)
    }

    /// The session of a key, without its lock.
    pub(crate) fn peek(&self, key: &SessionKey) -> io::Result<Option<StoredSession>> {
        let path = self.path(key);
        let content = private_file::read(&path).map_err(io::Error::other)?;
        // A file that is not valid, for example of another version, is replaced by the next sign-in.
        let content = content.and_then(|text| serde_json::from_str::<Content>(&text).ok());
        let session = content
            .filter(|content| content.server == key.server && content.id == key.id)
            .and_then(|content| {
                let signed_in = UNIX_EPOCH.checked_add(Duration::from_secs(content.signed_in))?;
                // A sign-in that is yet to come is that of a clock that was wrong.
                let age = (self.now)().duration_since(signed_in).ok()?;
                Some(StoredSession::new(content.cookies, age))
            });
        Ok(session.filter(|session| session.age < AGE_MAX))
    }
}

fn directory() -> Result<PathBuf, CredentialError> {
    let base = etcetera::choose_base_strategy().map_err(|error| CredentialError::Unreadable {
        location: "the directory of caches".to_owned(),
        source: Box::new(error),
    })?;
    Ok(base.cache_dir().join("octane-client").join("sessions"))
}

impl SessionStore for SessionCache {
    fn lock<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, io::Result<Box<dyn SessionLock>>> {
        Box::pin(async {
            let file = private_file::open_lock(&self.path(key).with_extension("lock"))?;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
            let lock: Box<dyn SessionLock> = Box::new(Locked {
                cache: self.clone(),
                key: key.clone(),
                _lock: file,
            });
            Ok(lock)
        })
    }
}

/// The session of a key, which no other process can replace.
struct Locked {
    cache: SessionCache,
    key: SessionKey,
    _lock: File,
}

impl SessionLock for Locked {
    fn load(&self) -> io::Result<Option<StoredSession>> {
        let session = self.cache.peek(&self.key)?;
        if session.is_none() {
            self.remove()?;
        }
        Ok(session)
    }

    fn save(&self, session: &StoredSession) -> io::Result<()> {
        let now = (self.cache.now)().duration_since(UNIX_EPOCH);
        let now = now.map_err(io::Error::other)?;
        let content = Content {
            server: self.key.server.clone(),
            id: self.key.id.clone(),
            signed_in: now.saturating_sub(session.age).as_secs(),
            cookies: session.cookies.expose().to_owned(),
        };
        let text = serde_json::to_string(&content).map_err(io::Error::other)?;
        private_file::write(&self.cache.path(&self.key), &text)
    }

    fn remove(&self) -> io::Result<()> {
        self.cache.remove(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(directory: &tempfile::TempDir) -> SessionCache {
        let mut cache = SessionCache::at(directory.path().join("sessions")).unwrap();
        cache.now = || UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        cache
    }

    fn key(id: &str) -> SessionKey {
        SessionKey::new("https://octane.example", id)
    }

    fn age(session: Option<StoredSession>) -> Option<u64> {
        session.map(|session| session.age.as_secs())
    }

    #[tokio::test]
    async fn a_session_is_found_by_its_key_until_it_is_an_hour_old() {
        let directory = tempfile::tempdir().unwrap();
        let mut cache = cache(&directory);
        let saved = StoredSession::new("LWSSO_COOKIE_KEY=s", Duration::from_secs(60));
        cache.lock(&key("ci")).await.unwrap().save(&saved).unwrap();
        let lock = cache.lock(&key("ci")).await.unwrap();
        let found = lock.load().unwrap().unwrap();
        assert_eq!(found.cookies.expose(), "LWSSO_COOKIE_KEY=s");
        assert_eq!(found.age.as_secs(), 60);
        assert_eq!(age(cache.peek(&key("other")).unwrap()), None);
        cache.now = || UNIX_EPOCH + Duration::from_secs(1_800_003_539);
        assert_eq!(age(cache.peek(&key("ci")).unwrap()), Some(3599));
        cache.now = || UNIX_EPOCH + Duration::from_secs(1_800_003_540);
        assert_eq!(age(cache.peek(&key("ci")).unwrap()), None);
        // A clock that was put back.
        cache.now = || UNIX_EPOCH;
        assert_eq!(age(cache.peek(&key("ci")).unwrap()), None);
        lock.remove().unwrap();
        assert!(!cache.path(&key("ci")).exists());
    }

    #[tokio::test]
    async fn a_file_that_is_damaged_or_of_another_key_is_no_session_and_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory);
        let other = r#"{"server":"https://octane.example","id":"x","signed_in":1800000000,"cookies":"a=b"}"#;
        for text in ["", "{}", "not JSON", other] {
            private_file::write(&cache.path(&key("ci")), text).unwrap();
            let lock = cache.lock(&key("ci")).await.unwrap();
            assert_eq!(age(lock.load().unwrap()), None);
            assert!(!cache.path(&key("ci")).exists(), "{text}");
        }
    }

    #[test]
    fn the_sessions_of_a_server_are_found_by_their_files() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory);
        let write = |server: &str, id: &str| {
            let text =
                format!(r#"{{"server":"{server}","id":"{id}","signed_in":1,"cookies":"a=b"}}"#);
            private_file::write(&cache.path(&SessionKey::new(server, id)), &text).unwrap();
        };
        write("https://octane.example", "ci");
        write("https://elsewhere.example", "ci");
        private_file::write(&cache.directory.join("x.json"), "not JSON").unwrap();
        let keys = || cache.keys_of("https://octane.example").unwrap();
        assert_eq!(keys(), [key("ci")]);
        cache.remove(&key("ci")).unwrap();
        assert_eq!(keys(), []);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_can_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory);
        let saved = StoredSession::new("LWSSO_COOKIE_KEY=s", Duration::ZERO);
        let lock = cache.lock(&key("ci")).await.unwrap();
        lock.save(&saved).unwrap();
        let path = cache.path(&key("ci"));
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(lock.load().unwrap_err().to_string().contains("other users"));
        lock.save(&saved).unwrap();
        assert!(lock.load().unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory);
        let held = cache.lock(&key("ci")).await.unwrap();
        let (one, other) = (key("ci"), key("other"));
        let mut waiting = std::pin::pin!(cache.lock(&one));
        let waited = tokio::time::timeout(10 * LOCK_PAUSE, waiting.as_mut()).await;
        assert!(waited.is_err());
        cache.lock(&other).await.unwrap();
        drop(held);
        waiting.await.unwrap();
    }
}
