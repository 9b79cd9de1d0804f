//! A scripted server, in memory and without a clock of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use octane_rest::{
    ApiKey, BoxFuture, Builder, Endpoint, EndpointSettings, Transport, TransportError,
    TransportErrorKind,
};
use tokio::time::{Instant, sleep};

pub(crate) const SIGN_IN: &str = "/authentication/sign_in";
pub(crate) const SECRET: &str = "hunter2-s3cret";

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Counted from 1, separately for sign-ins and other requests.
    pub(crate) number: usize,
    pub(crate) at: Instant,
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn is_sign_in(&self) -> bool {
        self.path == SIGN_IN
    }

    pub(crate) fn cookie(&self) -> Option<&str> {
        self.headers
            .get("cookie")
            .map(|value| value.to_str().unwrap())
    }
}

/// How the server responds.
pub(crate) struct Reply {
    after: Duration,
    outcome: Result<Response<Bytes>, TransportErrorKind>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let response = Response::builder().status(status);
        Self {
            after: Duration::ZERO,
            outcome: Ok(response.body(body.into()).unwrap()),
        }
    }

    pub(crate) fn failed(kind: TransportErrorKind) -> Self {
        Self {
            after: Duration::ZERO,
            outcome: Err(kind),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let headers = self.outcome.as_mut().unwrap().headers_mut();
        headers.append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn after(mut self, milliseconds: u64) -> Self {
        self.after = Duration::from_millis(milliseconds);
        self
    }
}

/// A usual response to a sign-in.
pub(crate) fn signed_in(token: &str) -> Reply {
    Reply::new(200, "").header(
        "set-cookie",
        format!("LWSSO_COOKIE_KEY={token}; Path=/; HttpOnly"),
    )
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

#[derive(Clone)]
pub(crate) struct Script {
    handler: Arc<Handler>,
    seen: Arc<Mutex<Vec<Seen>>>,
    in_flight: Arc<AtomicUsize>,
    in_flight_max: Arc<AtomicUsize>,
}

impl Script {
    /// A server that responds to everything this way, sign-ins included.
    pub(crate) fn raw(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            handler: Arc::new(handler),
            seen: Arc::default(),
            in_flight: Arc::default(),
            in_flight_max: Arc::default(),
        }
    }

    /// A server that accepts every sign-in, with the cookie `s1`, then `s2`, and so on.
    pub(crate) fn new(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::raw(move |seen| {
            if seen.is_sign_in() {
                signed_in(&format!("s{}", seen.number))
            } else {
                handler(seen)
            }
        })
    }

    pub(crate) fn sign_ins(&self) -> Vec<Seen> {
        self.filtered(Seen::is_sign_in)
    }

    /// All requests except sign-ins.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.filtered(|seen| !seen.is_sign_in())
    }

    /// The cookies of all requests except sign-ins, each of which must have some.
    pub(crate) fn cookies(&self) -> Vec<String> {
        let requests = self.requests();
        let cookies = requests
            .iter()
            .map(|seen| seen.cookie().unwrap().to_owned());
        cookies.collect()
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.filtered(|_| true)
    }

    pub(crate) fn in_flight_max(&self) -> usize {
        self.in_flight_max.load(Ordering::SeqCst)
    }

    fn filtered(&self, keep: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| keep(seen)).cloned().collect()
    }

    pub(crate) fn builder(&self) -> Builder {
        Endpoint::builder("https://octane.example/ui/?p=1001/1002")
            .credentials(ApiKey::new("demo", SECRET))
            .transport(self.clone())
    }

    /// An endpoint with reproducible delays.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint_with(|_| ())
    }

    pub(crate) fn endpoint_with(&self, change: impl FnOnce(&mut EndpointSettings)) -> Endpoint {
        let mut settings = EndpointSettings::default();
        settings.backoff_seed = Some(7);
        settings.requests_per_second = Some(1000);
        change(&mut settings);
        self.builder().settings(settings).build().unwrap()
    }
}

impl Transport for Script {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut seen = Seen {
                number: 0,
                at: Instant::now(),
                method: parts.method,
                uri: parts.uri.to_string(),
                path: parts.uri.path().to_owned(),
                headers: parts.headers,
                body,
            };
            {
                let mut all = self.seen.lock().unwrap();
                let same = all
                    .iter()
                    .filter(|one| one.is_sign_in() == seen.is_sign_in());
                seen.number = same.count() + 1;
                all.push(seen.clone());
            }
            let in_flight = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.in_flight_max.fetch_max(in_flight, Ordering::SeqCst);
            let reply = (self.handler)(&seen);
            if reply.after > Duration::ZERO {
                sleep(reply.after).await;
            }
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            reply
                .outcome
                .map_err(|kind| TransportError::new(kind, "connection refused"))
        })
    }
}
