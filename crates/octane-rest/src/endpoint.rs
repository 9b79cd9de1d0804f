//! The handle on a server.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, header};
use octane_model::{Address, Workspace};
use serde::Serialize;
use serde_json::Value;

use crate::body::Body;
use crate::endpoint_state::EndpointState;
use crate::error::{Error, InvalidBody, Kind};
use crate::redactor::Redactor;
use crate::request_context::RequestContext;
use crate::response::Response;
use crate::retry::Idempotency;
use crate::secret::Secret;
use crate::session::{AuthMode, Rejected, SessionCookies};
use crate::settings::EndpointSettings;

const SIGN_IN: &str = "/authentication/sign_in";

/// A workspace on a server, ready for requests.
///
/// Cheap to clone; all clones share one session, one rate limit and one concurrency limit.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) state: Arc<EndpointState>,
    pub(crate) workspace: Workspace,
}

impl Endpoint {
    /// The workspace of relative paths and collections.
    pub fn workspace(&self) -> Workspace {
        self.workspace
    }

    /// Another workspace of the server, with the same session, rate limit and concurrency limit.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let mut workspace = octane.workspace();
    /// workspace.workspace = 1003.into();
    /// let other = octane.in_workspace(workspace);
    /// let error = other.get("releases").await.unwrap_err();
    /// assert!(error.to_string().contains("/workspaces/1003/"), "{error}");
    /// # Ok(()) }) }
    /// ```
    #[must_use]
    pub fn in_workspace(&self, workspace: Workspace) -> Self {
        Self {
            state: Arc::clone(&self.state),
            workspace,
        }
    }

    /// The server's URL.
    pub fn address(&self) -> &Address {
        &self.state.address
    }

    /// The settings.
    pub fn settings(&self) -> &EndpointSettings {
        &self.state.settings
    }

    /// The server's clock in seconds since 1970-01-01 UTC: the `Date` of the last response. `None` if no response had one.
    pub fn server_time(&self) -> Option<i64> {
        self.state.server_time.get()
    }

    /// Knows the secrets of this endpoint, see [`Builder::redactor`](crate::Builder::redactor).
    pub fn redactor(&self) -> &Redactor {
        &self.state.redactor
    }

    /// Sends a request of `octane-model`, or any other whose URI is a path on the server. Any final status
    /// is returned as a response; a 401 first leads to a sign-in and one more attempt.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        idempotency: Idempotency,
    ) -> Result<Response, Error> {
        self.state
            .send(request, idempotency, AuthMode::Session)
            .await
    }

    /// Like [`send`](Self::send), but a status other than 2xx is an error.
    pub async fn execute(
        &self,
        request: Request<Bytes>,
        idempotency: Idempotency,
    ) -> Result<Response, Error> {
        self.send(request, idempotency).await?.into_success()
    }

    /// Makes any API call and returns the response, whatever its status.
    ///
    /// `path` is relative to the workspace (`releases?limit=1`), absolute on the server
    /// (`/admin/server/version`), or a full URL on this server. Spaces, quotes and carets in a query
    /// need not be escaped. A `POST` is retried only if the server is known not to have processed it,
    /// except for test results, which the server recognises by their bytes.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use http::{Method, StatusCode};
    /// use octane_rest::Body;
    ///
    /// let response = octane.call(Method::GET, "releases?limit=1", Body::None).await?;
    /// assert_eq!((response.status, response.value()?["data"][0]["type"].as_str()), (StatusCode::OK, Some("release")));
    /// let response = octane.call(Method::GET, "nothing_like_it", Body::None).await?;
    /// assert_eq!(response.status, StatusCode::NOT_FOUND);
    /// # Ok(()) }) }
    /// ```
    pub async fn call(&self, method: Method, path: &str, body: Body) -> Result<Response, Error> {
        let request = self.request(method, path, body)?;
        let idempotency = if *request.method() != Method::POST {
            Idempotency::Idempotent
        } else if request.uri().path().ends_with("/test-results") {
            Idempotency::IdempotentSplittable
        } else {
            Idempotency::NonIdempotent
        };
        self.send(request, idempotency).await
    }

    /// Asks for the server's version without signing in, and returns the response, whatever its status.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let response = octane.server_version().await?;
    /// // Some servers answer only after a sign-in.
    /// assert_eq!(response.status, 200);
    /// # Ok(()) }) }
    /// ```
    pub async fn server_version(&self) -> Result<Response, Error> {
        let request = self.request(Method::GET, "/admin/server/version", Body::None)?;
        self.state
            .send(request, Idempotency::Idempotent, AuthMode::SignIn)
            .await
    }

    /// Sends a GET and returns the JSON of the response. For paths see [`call`](Self::call).
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

    /// Posts JSON and returns the JSON of the response; an empty body is `null`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let milestone = serde_json::json!({"data": [{"name": "M 7", "date": "2026-12-01T00:00:00Z"}]});
    /// let created = octane.post("milestones", &milestone).await?;
    /// assert_eq!(created["total_count"], 1);
    /// # Ok(()) }) }
    /// ```
    pub async fn post(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<Value, Error> {
        let body = self.json(&Method::POST, path, body)?;
        self.verb(Method::POST, path, body).await
    }

    /// Puts JSON and returns the JSON of the response; an empty body is `null`.
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

    /// Sends a DELETE and returns the JSON of the response; an empty body is `null`. If the response to the first attempt was lost,
    /// it may have been that one which has deleted what is no longer found; then it is `null`, too.
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        let response = self.call(Method::DELETE, path, Body::None).await?;
        let deleted = response.into_deleted()?;
        if deleted.is_success() {
            deleted.value()
        } else {
            Ok(Value::Null)
        }
    }

    /// Signs in now, even if there is a session or the credentials were rejected a moment ago. Requests
    /// sign in automatically; use this to check whether signing in works.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// octane.sign_in().await?;
    /// octane.sign_out().await?;
    /// // The next request signs in automatically.
    /// octane.get("releases").await?;
    /// # Ok(()) }) }
    /// ```
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.state.session.forget();
        let rejected = Rejected {
            generation: None,
            is_sign_in_required: true,
        };
        self.session(rejected).await.map(|_| ())
    }

    /// The cookies of the session as the value of a `Cookie` header, for requests that something else makes in the same session;
    /// signs in first if there is none. They are as good as a password until the session ends, which
    /// [`sign_out`](Self::sign_out) does. The server may renew them with any response, so ask again instead of keeping them.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let cookies = octane.cookie_header().await?;
    /// assert!(cookies.expose().contains("LWSSO_COOKIE_KEY="));
    /// assert_eq!(cookies.to_string(), "***");
    /// # Ok(()) }) }
    /// ```
    pub async fn cookie_header(&self) -> Result<Secret, Error> {
        let session = self.session(Rejected::default()).await?;
        session.cookie_header().ok_or_else(|| {
            let context = self.context(Method::POST, SIGN_IN);
            let source = InvalidBody::new("the session cookie is not text", &context);
            let kind = Kind::InvalidResponse {
                content_type: None,
                excerpt: None,
                source,
            };
            Error::new(kind, context)
        })
    }

    /// The session, after signing in if there is none.
    async fn session(&self, rejected: Rejected) -> Result<SessionCookies, Error> {
        // A sign-in uses the permit of the request that needs it; here there is none.
        let _permit = self.state.concurrency.acquire().await;
        let started = tokio::time::Instant::now();
        let session = self.state.session.get_or_open(rejected, |replaced| {
            self.state.open_session(rejected, replaced)
        });
        session.await.map_err(|error| {
            let mut context = self.context(Method::POST, SIGN_IN);
            context.elapsed = started.elapsed();
            Error::new(Kind::SignInFailed(error), context)
        })
    }

    /// Ends the session, also for other processes that share it. Without a session it does nothing; the next request signs in
    /// again. A token that was given ([`Credential::AccessToken`](crate::Credential::AccessToken)) is not ended.
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.state.sign_out().await
    }

    async fn verb(&self, method: Method, path: &str, body: Body) -> Result<Value, Error> {
        let response = self.call(method, path, body).await?;
        response.into_success()?.value()
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
            .map_err(|error| self.invalid_request(method.clone(), path, error.to_string()))
    }

    /// The request that [`call`](Self::call) would send, without the headers of the session.
    pub fn request(&self, method: Method, path: &str, body: Body) -> Result<Request<Bytes>, Error> {
        let parts = self
            .state
            .base_url
            .path(self.workspace, path)
            .and_then(|uri| {
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
            Err(reason) => Err(self.invalid_request(method, path, reason)),
        }
    }

    /// The error of a request that cannot be built.
    pub(crate) fn invalid_request(&self, method: Method, path: &str, reason: String) -> Error {
        let context = self.context(method, &crate::redact::url(path));
        Error::new(Kind::InvalidRequest { reason }, context)
    }

    fn context(&self, method: Method, path: &str) -> RequestContext {
        self.state.context(method, path)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("address", &self.state.address.to_string())
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}
