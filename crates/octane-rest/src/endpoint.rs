//! The handle on a server.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use octane_model::{Address, Workspace};
use serde::Serialize;
use serde_json::Value;

use crate::backoff::Backoff;
use crate::error::Kind;
use crate::observe::Observer;
use crate::pace::Pace;
use crate::place::Place;
use crate::seats::Seats;
use crate::send::Way;
use crate::session::Session;
use crate::share::Share;
use crate::trip::Trip;
use crate::{Answer, Body, Builder, CredentialProvider, Error, Repeat, Settings, Transport};

/// A workspace on a server, ready for requests.
///
/// Cheap to clone; all clones share one session, one pace and one bound on what is under way.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) server: Arc<str>,
    pub(crate) address: Address,
    pub(crate) workspace: Workspace,
    pub(crate) place: Place,
    pub(crate) settings: Settings,
    /// What every request carries unless it says otherwise.
    pub(crate) headers: HeaderMap,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) credentials: Box<dyn CredentialProvider>,
    pub(crate) observers: Vec<Observer>,
    pub(crate) session: Session,
    /// How much of pace and seats is used at the moment.
    pub(crate) share: Arc<Share>,
    pub(crate) pace: Pace,
    pub(crate) seats: Seats,
    pub(crate) backoff: Backoff,
}

impl Endpoint {
    /// Begins an endpoint for the server at `address`, in any form that
    /// [`Address`] understands.
    pub fn builder(address: impl AsRef<str>) -> Builder {
        Builder::new(address.as_ref())
    }

    /// The workspace that relative paths and collections are in.
    pub fn workspace(&self) -> Workspace {
        self.inner.workspace
    }

    /// The server's address.
    pub fn address(&self) -> &Address {
        &self.inner.address
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Sends a request of `octane-model`, or any other whose URI is a path on the server. Whatever status
    /// comes in the end comes back as an answer; only a 401 leads to a sign-in and one more try first.
    pub async fn send(&self, request: Request<Bytes>, repeat: Repeat) -> Result<Answer, Error> {
        self.inner.send(request, repeat, Way::InSession).await
    }

    /// Like [`send`](Self::send), but a status other than 2xx is an error.
    pub async fn execute(&self, request: Request<Bytes>, repeat: Repeat) -> Result<Answer, Error> {
        self.send(request, repeat).await?.into_success()
    }

    /// Makes any call; the status comes back as a value.
    ///
    /// `path` is relative to the workspace (`releases?limit=1`), absolute on the server
    /// (`/admin/server/version`), or a whole URL on this server. Blanks, quotes and carets in a query
    /// need not be escaped. A `POST` is repeated only when surely nothing was done, unless it brings
    /// test results, which the server knows by their bytes.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use http::{Method, StatusCode};
    /// use octane_rest::Body;
    ///
    /// let answer = octane.call(Method::GET, "releases?limit=1", Body::None).await?;
    /// assert_eq!((answer.status, answer.value()?["data"][0]["type"].as_str()), (StatusCode::OK, Some("release")));
    /// let answer = octane.call(Method::GET, "nothing_like_it", Body::None).await?;
    /// assert_eq!(answer.status, StatusCode::NOT_FOUND);
    /// # Ok(()) }) }
    /// ```
    pub async fn call(&self, method: Method, path: &str, body: Body) -> Result<Answer, Error> {
        let request = self.request(method, path, body)?;
        let repeat = if *request.method() != Method::POST {
            Repeat::Always
        } else if request.uri().path().ends_with("/test-results") {
            Repeat::AlwaysOrDivided
        } else {
            Repeat::IfNothingWasDone
        };
        self.send(request, repeat).await
    }

    /// Reads JSON. For paths see [`call`](Self::call).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let version = octane.get("/admin/server/version").await?;
    /// assert!(version["version"].is_string());
    /// let error = octane.get("releases/999999").await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(()) }) }
    /// ```
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.verb(Method::GET, path, Body::None).await
    }

    /// Posts JSON and reads JSON; an empty answer is `null`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let milestone = serde_json::json!({"data": [{"name": "M 7", "date": "2026-12-01T00:00:00Z"}]});
    /// let made = octane.post("milestones", &milestone).await?;
    /// assert_eq!(made["total_count"], 1);
    /// # Ok(()) }) }
    /// ```
    pub async fn post(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<Value, Error> {
        let body = self.json(&Method::POST, path, body)?;
        self.verb(Method::POST, path, body).await
    }

    /// Puts JSON and reads JSON; an empty answer is `null`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let suite = octane.post("test_suites", &serde_json::json!({"data": [{"name": "Nightly"}]})).await?;
    /// let path = format!("test_suites/{}", suite["data"][0]["id"].as_str().unwrap());
    /// octane.put(&path, &serde_json::json!({"name": "Every night"})).await?;
    /// assert_eq!(octane.get(&format!("{path}?fields=name")).await?["name"], "Every night");
    /// # Ok(()) }) }
    /// ```
    pub async fn put(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<Value, Error> {
        let body = self.json(&Method::PUT, path, body)?;
        self.verb(Method::PUT, path, body).await
    }

    /// Deletes and reads JSON; an empty answer is `null`.
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.verb(Method::DELETE, path, Body::None).await
    }

    /// Signs in now, even if somebody is signed in or was refused a moment ago. Requests do so by
    /// themselves; this is for finding out whether it works.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// octane.sign_in().await?;
    /// octane.sign_out().await?;
    /// // A later request signs in by itself.
    /// octane.get("releases").await?;
    /// # Ok(()) }) }
    /// ```
    pub async fn sign_in(&self) -> Result<(), Error> {
        // A sign-in uses the seat of the request that needs it; here there is none.
        let _seat = self.inner.seats.take().await;
        let started = tokio::time::Instant::now();
        self.inner.session.forget();
        let entered = self
            .inner
            .session
            .enter(None, || self.inner.sign_in())
            .await;
        entered.map(|_| ()).map_err(|error| {
            let mut trip = self.trip(Method::POST, "/authentication/sign_in");
            trip.elapsed = started.elapsed();
            Error::new(Kind::NotSignedIn(error), trip)
        })
    }

    /// Ends the session. Twice in a row is no error; a later request signs in again.
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.inner.sign_out().await
    }

    async fn verb(&self, method: Method, path: &str, body: Body) -> Result<Value, Error> {
        let answer = self.call(method, path, body).await?;
        answer.into_success()?.value()
    }

    fn json(
        &self,
        method: &Method,
        path: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Result<Body, Error> {
        let value = serde_json::to_value(body);
        value
            .map(Body::Json)
            .map_err(|error| self.unsendable(method.clone(), path, error.to_string()))
    }

    fn request(&self, method: Method, path: &str, body: Body) -> Result<Request<Bytes>, Error> {
        let parts = self.inner.place.path(path).and_then(|uri| {
            let uri = uri
                .parse()
                .map_err(|error: http::uri::InvalidUri| error.to_string())?;
            Ok((uri, body.into_parts()?))
        });
        match parts {
            Ok((uri, (content_type, bytes))) => {
                let mut request = Request::new(bytes);
                *request.method_mut() = method;
                *request.uri_mut() = uri;
                if let Some(content_type) = content_type {
                    request
                        .headers_mut()
                        .insert(header::CONTENT_TYPE, content_type);
                }
                Ok(request)
            }
            Err(reason) => Err(self.unsendable(method, path, reason)),
        }
    }

    /// A request that cannot be made.
    pub(crate) fn unsendable(&self, method: Method, path: &str, reason: String) -> Error {
        let trip = self.trip(method, &crate::redact::url(path));
        Error::new(Kind::Unsendable { reason }, trip)
    }

    fn trip(&self, method: Method, path: &str) -> Trip {
        Trip::new(&self.inner.server, method, path)
    }
}

impl Inner {
    /// Puts the server's base in front and the usual headers in.
    pub(crate) fn complete(&self, mut request: Request<Bytes>) -> Result<Request<Bytes>, String> {
        *request.uri_mut() = self.place.uri(request.uri())?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        // The session alone decides about these.
        headers.remove(header::COOKIE);
        Ok(request)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("address", &self.inner.address.to_string())
            .field("workspace", &self.inner.workspace)
            .finish_non_exhaustive()
    }
}
