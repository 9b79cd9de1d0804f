//! Sessions that several endpoints share, as processes on one machine do.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use octane_rest::{
    BoxFuture, Credential, Endpoint, EndpointSettings, SessionKey, SessionLock, SessionStore,
    StoredSession,
};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, advance};

use crate::expiry::expired;
use crate::script::{Reply, Script};
use crate::tokens::Given;

/// A store in memory.
#[derive(Clone, Default)]
struct Memory {
    lock: Arc<tokio::sync::Mutex<()>>,
    stored: Arc<Mutex<Option<(SessionKey, String, Instant)>>>,
    is_broken: bool,
}

struct Locked {
    memory: Memory,
    key: SessionKey,
    _guard: OwnedMutexGuard<()>,
}

impl SessionStore for Memory {
    fn lock<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, io::Result<Box<dyn SessionLock>>> {
        Box::pin(async move {
            if self.is_broken {
                return Err(io::Error::other("no room"));
            }
            let lock = Locked {
                _guard: Arc::clone(&self.lock).lock_owned().await,
                memory: self.clone(),
                key: key.clone(),
            };
            Ok(Box::new(lock) as Box<dyn SessionLock>)
        })
    }
}

impl SessionLock for Locked {
    fn load(&self) -> io::Result<Option<StoredSession>> {
        let stored = self.memory.stored.lock().unwrap().clone();
        let own = stored.filter(|(key, ..)| *key == self.key);
        Ok(own.map(|(_, cookies, since)| StoredSession::new(cookies, since.elapsed())))
    }

    fn save(&self, session: &StoredSession) -> io::Result<()> {
        let cookies = session.cookies.expose().to_owned();
        let since = Instant::now().checked_sub(session.age).unwrap();
        *self.memory.stored.lock().unwrap() = Some((self.key.clone(), cookies, since));
        Ok(())
    }

    fn remove(&self) -> io::Result<()> {
        *self.memory.stored.lock().unwrap() = None;
        Ok(())
    }
}

impl Memory {
    fn cookies(&self) -> Option<String> {
        let stored = self.stored.lock().unwrap().clone();
        stored.map(|(_, cookies, _)| cookies)
    }
}

fn endpoint(script: &Script, store: &Memory) -> Endpoint {
    let builder = script.builder().session_store(store.clone());
    builder.build().unwrap()
}

/// A server that accepts only the session of the last sign-in.
fn strict() -> (Script, Arc<Mutex<String>>) {
    let valid = Arc::new(Mutex::new("LWSSO_COOKIE_KEY=s1".to_owned()));
    let script = Script::new({
        let valid = Arc::clone(&valid);
        move |seen| {
            if seen.cookie() == Some(&valid.lock().unwrap()) {
                Reply::new(200, "{}")
            } else {
                expired()
            }
        }
    });
    (script, valid)
}

#[tokio::test(start_paused = true)]
async fn endpoints_that_start_at_once_sign_in_once() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let store = Memory::default();
    let endpoints: Vec<Endpoint> = (0..20).map(|_| endpoint(&script, &store)).collect();
    let requests = endpoints.iter().map(|endpoint| endpoint.get("tests"));
    for done in futures_util::future::join_all(requests).await {
        done.unwrap();
    }
    assert_eq!(script.sign_ins().len(), 1);
    assert_eq!(script.cookies(), ["LWSSO_COOKIE_KEY=s1"; 20]);
}

#[tokio::test(start_paused = true)]
async fn a_stored_session_that_the_server_rejects_is_renewed_once_for_all() {
    let (script, valid) = strict();
    let store = Memory::default();
    endpoint(&script, &store).get("tests").await.unwrap();
    let endpoints: Vec<Endpoint> = (0..20).map(|_| endpoint(&script, &store)).collect();
    for endpoint in &endpoints[..10] {
        endpoint.get("tests").await.unwrap();
    }
    // Half of them have it, and half of them find it in the store; then the server ends it.
    *valid.lock().unwrap() = "LWSSO_COOKIE_KEY=s2".to_owned();
    let requests = endpoints.iter().map(|endpoint| endpoint.get("tests"));
    for done in futures_util::future::join_all(requests).await {
        done.unwrap();
    }
    assert_eq!(script.sign_ins().len(), 2);
    assert_eq!(store.cookies().unwrap(), "LWSSO_COOKIE_KEY=s2");
}

#[tokio::test(start_paused = true)]
async fn if_the_session_of_another_process_is_rejected_too_the_endpoint_signs_in() {
    let (script, valid) = strict();
    let store = Memory::default();
    let (one, other) = (endpoint(&script, &store), endpoint(&script, &store));
    one.get("tests").await.unwrap();
    // The other one signs in, because its session has expired, and the server forgets that one as well.
    *valid.lock().unwrap() = "LWSSO_COOKIE_KEY=s2".to_owned();
    other.get("tests").await.unwrap();
    *valid.lock().unwrap() = "LWSSO_COOKIE_KEY=s3".to_owned();
    one.get("tests").await.unwrap();
    let cookies = ["s1", "s1", "s2", "s1", "s2", "s3"];
    assert_eq!(
        script.cookies(),
        cookies.map(|value| format!("LWSSO_COOKIE_KEY={value}"))
    );
    assert_eq!(script.sign_ins().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_renewed_cookie_replaces_the_stored_one() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(200, "{}").header("set-cookie", "LWSSO_COOKIE_KEY=renewed"),
        _ => Reply::new(200, "{}"),
    });
    let store = Memory::default();
    endpoint(&script, &store).get("tests").await.unwrap();
    assert_eq!(store.cookies().unwrap(), "LWSSO_COOKIE_KEY=renewed");
    endpoint(&script, &store).get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 1);
    assert_eq!(
        script.cookies(),
        ["LWSSO_COOKIE_KEY=s1", "LWSSO_COOKIE_KEY=renewed"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_old_session_is_not_used_and_a_sign_in_on_request_is_a_new_one() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let store = Memory::default();
    endpoint(&script, &store).get("tests").await.unwrap();
    endpoint(&script, &store).sign_in().await.unwrap();
    assert_eq!(script.sign_ins().len(), 2);
    assert_eq!(store.cookies().unwrap(), "LWSSO_COOKIE_KEY=s2");
    advance(EndpointSettings::default().session_age_max).await;
    endpoint(&script, &store).get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 3);
    // Its age counts from the sign-in, not from when it was found.
    advance(Duration::from_secs(3000)).await;
    let later = endpoint(&script, &store);
    later.get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 3);
    advance(Duration::from_secs(600)).await;
    later.get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_the_shared_session_and_removes_it() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let store = Memory::default();
    endpoint(&script, &store).get("tests").await.unwrap();
    endpoint(&script, &store).sign_out().await.unwrap();
    assert_eq!(store.cookies(), None);
    let last = script.requests().pop().unwrap();
    assert_eq!(last.path, "/authentication/sign_out");
    assert_eq!(last.cookie(), Some("LWSSO_COOKIE_KEY=s1"));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_shared_only_with_those_who_sign_in_as_the_same_key_or_user() {
    let script = Script::new(|seen| match &*seen.path {
        "/osp/a/au/auth/oauth2/token" => {
            let body = str::from_utf8(&seen.body).unwrap();
            let person = body.rsplit('=').next().unwrap();
            Reply::new(200, format!(r#"{{"access_token":"of-{person}"}}"#))
        }
        _ => Reply::new(200, "{}"),
    });
    let store = Memory::default();
    let person = |name: &str| Credential::ExchangedToken {
        token: name.into(),
        id: "demo".to_owned(),
        secret: "secret".into(),
    };
    let user = Credential::User {
        name: "demo".to_owned(),
        password: "secret".into(),
    };
    endpoint(&script, &store).get("tests").await.unwrap();
    for credential in [person("alice"), person("bob"), user] {
        let builder = script.builder().session_store(store.clone());
        let endpoint = builder.credentials(Given(credential)).build().unwrap();
        endpoint.get("tests").await.unwrap();
        endpoint.get("tests").await.unwrap();
    }
    let requests = script.requests();
    let cookies: Vec<_> = requests.iter().filter_map(|seen| seen.cookie()).collect();
    let (key, alice, bob, user) = (
        "LWSSO_COOKIE_KEY=s1",
        "access_token=of-alice",
        "access_token=of-bob",
        "LWSSO_COOKIE_KEY=s2",
    );
    assert_eq!(cookies, [key, alice, alice, bob, bob, user, user]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_work_is_no_error() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let store = Memory {
        is_broken: true,
        ..Memory::default()
    };
    for _ in 0..2 {
        endpoint(&script, &store).get("tests").await.unwrap();
    }
    assert_eq!(script.sign_ins().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_holds_the_lock_forever_does_not_stop_others() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let store = Memory::default();
    let _held = store.lock.lock().await;
    endpoint(&script, &store).get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 1);
    assert_eq!(store.cookies(), None);
}
