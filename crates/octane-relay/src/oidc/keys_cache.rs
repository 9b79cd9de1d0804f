//! The keys of an issuer, as long as they count.
//!
//! | the keys | |
//! |---|---|
//! | are younger than an hour | count |
//! | are older | are fetched again; if that fails, those that are there count for another 23 hours |
//! | do not include that of a token | are fetched again; unless that is done and succeeds, it is not known whether the issuer has it |
//! | were fetched, or not, less than 30 seconds ago | are not fetched again |

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::keys::KeySet;
use super::keys_source::{KeySource, KeysError};
use crate::chain::Chain;
use crate::time::Time;

/// After this time keys are fetched again, so that one that was withdrawn does not count any more.
const FRESH: Duration = Duration::from_secs(3600);
/// After this time keys do not count.
const USABLE: Duration = Duration::from_secs(24 * 3600);
/// Between two attempts to fetch them, whatever tokens are shown.
const PAUSE: Duration = Duration::from_secs(30);

pub(super) struct KeysCache {
    source: Box<dyn KeySource>,
    fetched: Mutex<Option<Fetched>>,
    /// The last attempt to fetch them. One at a time.
    attempt: tokio::sync::Mutex<Option<Attempt>>,
}

/// An attempt to fetch keys.
#[derive(Clone, Copy)]
struct Attempt {
    began: Time,
    has_failed: bool,
}

/// The issuer could not be asked for its keys, or was asked a moment ago.
#[derive(Debug)]
pub(super) struct Unasked {
    /// When it can be asked again.
    pub(super) pause: Duration,
}

#[derive(Clone)]
struct Fetched {
    keys: Arc<KeySet>,
    at: Time,
}

impl KeysCache {
    pub(super) fn new(source: impl KeySource) -> Self {
        Self {
            source: Box::new(source),
            fetched: Mutex::new(None),
            attempt: tokio::sync::Mutex::new(None),
        }
    }

    /// Fetches them now.
    pub(super) async fn fetch(&self, now: Time) -> Result<(), KeysError> {
        let mut attempt = self.attempt.lock().await;
        self.fetch_in(&mut attempt, now).await
    }

    async fn fetch_in(&self, attempt: &mut Option<Attempt>, now: Time) -> Result<(), KeysError> {
        // As long as it is not known how it ends, and if it never is.
        *attempt = Some(Attempt {
            began: now,
            has_failed: true,
        });
        let keys = Arc::new(KeySet::parse(&self.source.read().await?)?);
        *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Fetched { keys, at: now });
        *attempt = Some(Attempt {
            began: now,
            has_failed: false,
        });
        Ok(())
    }

    /// The keys that count, if there are any.
    pub(super) async fn get(&self, now: Time) -> Result<Arc<KeySet>, Unasked> {
        match self.fetched() {
            Some(fetched) if age(fetched.at, now) < FRESH => return Ok(fetched.keys),
            Some(fetched) if age(fetched.at, now) < USABLE => {
                // Others need not wait for this.
                if let Ok(mut attempt) = self.attempt.try_lock() {
                    self.try_fetch(&mut attempt, now).await;
                }
            }
            _ => self.try_fetch(&mut *self.attempt.lock().await, now).await,
        }
        match self.fetched() {
            Some(fetched) if age(fetched.at, now) < USABLE => Ok(fetched.keys),
            _ => Err(unasked(*self.attempt.lock().await, now)),
        }
    }

    /// Other keys than these, if the issuer has any.
    pub(super) async fn newer_than(
        &self,
        known: &Arc<KeySet>,
        now: Time,
    ) -> Result<Option<Arc<KeySet>>, Unasked> {
        let newer = || {
            let keys = self.fetched()?.keys;
            (!Arc::ptr_eq(&keys, known)).then_some(keys)
        };
        let mut attempt = self.attempt.lock().await;
        if let Some(keys) = newer() {
            // Another request was quicker.
            return Ok(Some(keys));
        }
        self.try_fetch(&mut attempt, now).await;
        match (newer(), *attempt) {
            (Some(keys), _) => Ok(Some(keys)),
            // It was asked for this token.
            (None, Some(last)) if !last.has_failed && last.began >= now => Ok(None),
            (None, last) => Err(unasked(last, now)),
        }
    }

    async fn try_fetch(&self, attempt: &mut Option<Attempt>, now: Time) {
        if attempt.is_some_and(|last| age(last.began, now) < PAUSE) {
            return;
        }
        if let Err(error) = self.fetch_in(attempt, now).await {
            tracing::warn!(error = %Chain(&error), "the keys of the OIDC issuer could not be fetched");
        }
    }

    fn fetched(&self) -> Option<Fetched> {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.clone()
    }
}

/// How long ago something was. If the clock was set back since, that is not known: long enough to fetch keys again.
fn age(at: Time, now: Time) -> Duration {
    if at > now.after(PAUSE) {
        FRESH
    } else {
        now.since(at)
    }
}

fn unasked(last: Option<Attempt>, now: Time) -> Unasked {
    let since = last.map_or(PAUSE, |last| age(last.began, now));
    Unasked {
        pause: PAUSE.saturating_sub(since),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use octane_test_support::tokens::SigningKey;
    use serde_json::json;

    use super::*;

    /// An issuer whose keys change, and which may be away.
    #[derive(Clone, Default)]
    struct Issuer(Arc<Inner>);

    #[derive(Default)]
    struct Inner {
        keys: Mutex<Option<String>>,
        reads: AtomicUsize,
    }

    impl Issuer {
        fn has(&self, kid: &str) {
            let keys = json!({ "keys": [SigningKey::es256(kid).jwk()] });
            *self.0.keys.lock().unwrap() = Some(keys.to_string());
        }

        fn is_away(&self) {
            *self.0.keys.lock().unwrap() = None;
        }

        fn reads(&self) -> usize {
            self.0.reads.load(Ordering::Relaxed)
        }
    }

    impl KeySource for Issuer {
        fn read(&self) -> BoxFuture<'_, Result<Bytes, KeysError>> {
            self.0.reads.fetch_add(1, Ordering::Relaxed);
            let keys = self.0.keys.lock().unwrap().clone();
            let url = "https://ci.example/keys".to_owned();
            let read = keys.map(Bytes::from);
            Box::pin(std::future::ready(
                read.ok_or(KeysError::Status { url, status: 503 }),
            ))
        }
    }

    fn at(seconds: u64) -> Time {
        Time::from_seconds(1_795_000_000).after(Duration::from_secs(seconds))
    }

    #[tokio::test]
    async fn keys_are_fetched_once_an_hour_and_count_for_a_day() {
        let issuer = Issuer::default();
        issuer.has("a");
        let cache = KeysCache::new(issuer.clone());
        for seconds in [0, 1, 3599] {
            assert!(cache.get(at(seconds)).await.is_ok());
        }
        assert_eq!(issuer.reads(), 1);
        assert!(cache.get(at(3600)).await.is_ok());
        assert_eq!(issuer.reads(), 2);
        issuer.is_away();
        let day = 3600 + 24 * 3600;
        assert!(cache.get(at(day - 1)).await.is_ok());
        assert!(cache.get(at(day)).await.is_err());
        assert_eq!(issuer.reads(), 3);
        issuer.has("a");
        assert!(cache.get(at(day + 29)).await.is_ok());
    }

    #[tokio::test]
    async fn a_key_that_is_not_known_is_looked_for_every_30_seconds_at_most() {
        let issuer = Issuer::default();
        issuer.has("a");
        let cache = KeysCache::new(issuer.clone());
        let known = cache.get(at(0)).await.unwrap();
        issuer.has("b");
        // It was asked at this moment.
        assert!(cache.newer_than(&known, at(0)).await.unwrap().is_none());
        // It was not asked since, and may have the key.
        for seconds in [1, 10, 29] {
            let Unasked { pause } = cache.newer_than(&known, at(seconds)).await.unwrap_err();
            assert_eq!(pause, Duration::from_secs(30 - seconds));
        }
        assert_eq!(issuer.reads(), 1);
        let newer = cache.newer_than(&known, at(30)).await.unwrap().unwrap();
        // Who has not heard of it gets the same ones at once.
        let same = cache.newer_than(&known, at(31)).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&newer, &same));
        assert!(cache.newer_than(&newer, at(59)).await.is_err());
        assert_eq!(issuer.reads(), 2);
    }

    #[tokio::test]
    async fn whether_an_issuer_that_is_away_has_a_key_is_not_known() {
        let issuer = Issuer::default();
        issuer.has("a");
        let cache = KeysCache::new(issuer.clone());
        let known = cache.get(at(0)).await.unwrap();
        issuer.is_away();
        for seconds in [30, 31, 59, 60] {
            assert!(cache.newer_than(&known, at(seconds)).await.is_err());
        }
        assert_eq!(issuer.reads(), 3);
        // Keys that are known count all that time.
        assert!(cache.get(at(61)).await.is_ok());
        issuer.has("b");
        assert!(cache.newer_than(&known, at(90)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn keys_are_fetched_again_if_the_clock_was_set_back() {
        let issuer = Issuer::default();
        issuer.has("a");
        let cache = KeysCache::new(issuer.clone());
        let known = cache.get(at(7200)).await.unwrap();
        issuer.has("b");
        let newer = cache.get(at(0)).await.unwrap();
        assert!(!Arc::ptr_eq(&known, &newer));
        assert!(cache.newer_than(&known, at(0)).await.unwrap().is_some());
        assert_eq!(issuer.reads(), 2);
    }

    #[tokio::test]
    async fn an_issuer_that_is_away_is_asked_every_30_seconds_at_most() {
        let issuer = Issuer::default();
        let cache = KeysCache::new(issuer.clone());
        for seconds in [0, 10, 29] {
            assert!(cache.get(at(seconds)).await.is_err());
        }
        assert_eq!(issuer.reads(), 1);
        issuer.has("a");
        assert!(cache.get(at(30)).await.is_ok());
        assert!(cache.fetch(at(31)).await.is_ok());
        issuer.is_away();
        assert!(cache.fetch(at(32)).await.is_err());
        assert!(cache.get(at(33)).await.is_ok());
    }
}
