//! The keyring of the operating system: Secret Service, Keychain or Credential Manager. It is asked only for keys that
//! `octane auth login --keyring` has put there, and never for longer than three seconds: a keyring that is locked waits for a person,
//! who is not there in a CI job.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use octane_rest::{CredentialError, Secret};

/// What errors call it.
pub(crate) const KEYRING: &str = "the keyring";

/// How long the keyring may take.
const WAIT_MAX: Duration = Duration::from_secs(3);

/// Where secrets are kept, by names.
pub(crate) trait Store: Send + Sync {
    /// The secret, if there is one of this name.
    fn get(&self, name: &str) -> Result<Option<String>, String>;
    /// Keeps a secret, in place of an earlier one.
    fn set(&self, name: &str, secret: &str) -> Result<(), String>;
    /// Deletes a secret; that there is none is not an error.
    fn delete(&self, name: &str) -> Result<(), String>;
}

/// A keyring, asked with a time limit.
#[derive(Clone)]
pub(crate) struct Keyring {
    store: Arc<dyn Store>,
    wait_max: Duration,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

impl Keyring {
    /// That of the operating system.
    pub(crate) fn of_system() -> Self {
        Self::with(Arc::new(System), WAIT_MAX)
    }

    pub(crate) fn with(store: Arc<dyn Store>, wait_max: Duration) -> Self {
        Self { store, wait_max }
    }

    pub(crate) fn get(&self, name: &str) -> Result<Option<Secret>, CredentialError> {
        let name = name.to_owned();
        let found = self.ask(move |store| store.get(&name))?;
        Ok(found.map(Secret::from))
    }

    pub(crate) fn set(&self, name: &str, secret: &Secret) -> Result<(), CredentialError> {
        let (name, secret) = (name.to_owned(), secret.clone());
        self.ask(move |store| store.set(&name, secret.expose()))
    }

    pub(crate) fn delete(&self, name: &str) -> Result<(), CredentialError> {
        let name = name.to_owned();
        self.ask(move |store| store.delete(&name))
    }

    /// Asks on a thread of its own, which is left to itself if it takes too long; it ends with the process.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, String> + Send + 'static,
    ) -> Result<T, CredentialError> {
        let (tx, rx) = mpsc::channel();
        let store = Arc::clone(&self.store);
        thread::spawn(move || {
            // The caller may have stopped waiting.
            let _ = tx.send(work(&*store));
        });
        let reason = match rx.recv_timeout(self.wait_max) {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(reason)) => reason,
            Err(mpsc::RecvTimeoutError::Timeout) => format!(
                "no answer within {} s; it may be locked, and wait for someone to unlock it",
                self.wait_max.as_secs()
            ),
            Err(mpsc::RecvTimeoutError::Disconnected) => "it failed".to_owned(),
        };
        Err(CredentialError::Invalid {
            location: KEYRING.to_owned(),
            reason,
        })
    }
}

/// The operating system's.
struct System;

#[cfg(feature = "keyring")]
impl System {
    /// What keys of this program belong to.
    const SERVICE: &str = "octane-client";

    fn entry(name: &str) -> Result<keyring::Entry, String> {
        if let Err(error) = keyring::Entry::store_status() {
            return Err(format!("there is none that can be used here: {error}"));
        }
        keyring::Entry::new(Self::SERVICE, name).map_err(|error| error.to_string())
    }
}

#[cfg(feature = "keyring")]
impl Store for System {
    fn get(&self, name: &str) -> Result<Option<String>, String> {
        match Self::entry(name)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), String> {
        let set = Self::entry(name)?.set_password(secret);
        set.map_err(|error| error.to_string())
    }

    fn delete(&self, name: &str) -> Result<(), String> {
        match Self::entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(not(feature = "keyring"))]
impl System {
    fn absent<T>() -> Result<T, String> {
        Err("this program was built without support for it (`--features keyring`)".to_owned())
    }
}

#[cfg(not(feature = "keyring"))]
impl Store for System {
    fn get(&self, _: &str) -> Result<Option<String>, String> {
        Self::absent()
    }

    fn set(&self, _: &str, _: &str) -> Result<(), String> {
        Self::absent()
    }

    fn delete(&self, _: &str) -> Result<(), String> {
        Self::absent()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Condvar, Mutex};

    use super::*;

    /// A keyring in memory.
    #[derive(Default)]
    pub(crate) struct Memory(pub(crate) Mutex<BTreeMap<String, String>>);

    impl Store for Memory {
        fn get(&self, name: &str) -> Result<Option<String>, String> {
            Ok(self.0.lock().unwrap().get(name).cloned())
        }

        fn set(&self, name: &str, secret: &str) -> Result<(), String> {
            let mut all = self.0.lock().unwrap();
            all.insert(name.to_owned(), secret.to_owned());
            Ok(())
        }

        fn delete(&self, name: &str) -> Result<(), String> {
            self.0.lock().unwrap().remove(name);
            Ok(())
        }
    }

    /// A keyring that waits for a person.
    struct Locked(Mutex<()>, Condvar);

    impl Store for Locked {
        fn get(&self, _: &str) -> Result<Option<String>, String> {
            let waiting = self.0.lock().unwrap();
            let _forever = self.1.wait_while(waiting, |()| true).unwrap();
            Ok(None)
        }

        fn set(&self, _: &str, _: &str) -> Result<(), String> {
            Err("no one is there".to_owned())
        }

        fn delete(&self, _: &str) -> Result<(), String> {
            panic!("it fails on purpose")
        }
    }

    #[test]
    fn a_secret_is_kept_until_it_is_deleted() {
        let keyring = Keyring::with(Arc::new(Memory::default()), WAIT_MAX);
        assert!(keyring.get("a").unwrap().is_none());
        keyring.set("a", &"one".into()).unwrap();
        keyring.set("a", &"two".into()).unwrap();
        assert_eq!(keyring.get("a").unwrap().unwrap().expose(), "two");
        keyring.delete("a").unwrap();
        keyring.delete("a").unwrap();
        assert!(keyring.get("a").unwrap().is_none());
    }

    #[test]
    fn a_keyring_that_is_locked_or_fails_is_an_error_in_time() {
        let locked = Arc::new(Locked(Mutex::new(()), Condvar::new()));
        let keyring = Keyring::with(locked, Duration::from_millis(1));
        let error = keyring.get("a").unwrap_err().to_string();
        assert!(error.contains("the keyring: no answer within"), "{error}");
        let keyring = Keyring {
            wait_max: WAIT_MAX,
            ..keyring
        };
        let error = keyring.set("a", &"s3cret".into()).unwrap_err().to_string();
        assert!(error.contains("no one is there") && !error.contains("s3cret"));
        let error = keyring.delete("a").unwrap_err().to_string();
        assert!(error.contains("it failed"), "{error}");
    }

    #[cfg(not(feature = "keyring"))]
    #[test]
    fn a_program_without_a_keyring_says_so() {
        let error = Keyring::of_system().get("a").unwrap_err().to_string();
        assert!(error.contains("built without"), "{error}");
    }
}
