//! Signing in with credentials of one's own in the place of those that were masked.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use octane_rest::{ACCESS_TOKEN_COOKIE, Credential, SESSION_COOKIE, Secret};
use serde_json::{Value, json};

use crate::recording::exchange::{Headers, MASK};

/// Credentials of the server that a recording is played against.
#[derive(Debug, Default)]
pub(crate) struct OwnCredentials {
    /// The client ID and secret of an API key.
    pub(crate) key: Option<(String, Secret)>,
    /// The name and password of a user.
    pub(crate) user: Option<(String, Secret)>,
    /// An access token, which needs no sign-in.
    pub(crate) token: Option<Secret>,
}

impl From<Credential> for OwnCredentials {
    fn from(credential: Credential) -> Self {
        let mut own = Self::default();
        match credential {
            Credential::ApiKey { id, secret } | Credential::ExchangedToken { id, secret, .. } => {
                own.key = Some((id, secret));
            }
            Credential::User { name, password } => own.user = Some((name, password)),
            Credential::AccessToken { token } => own.token = Some(token),
            // One that this version of the program does not know.
            _ => {}
        }
        own
    }
}

impl OwnCredentials {
    /// The body of a sign-in; of the kind that was recorded, if there are credentials of this kind.
    pub(super) fn sign_in_body(&self, recorded: Option<&Value>) -> Option<Value> {
        let key = self
            .key
            .as_ref()
            .map(|(id, secret)| json!({ "client_id": id, "client_secret": secret.expose() }));
        let user = self
            .user
            .as_ref()
            .map(|(name, password)| json!({ "user": name, "password": password.expose() }));
        let is_user = recorded.is_some_and(|body| body.get("user").is_some());
        if is_user { user.or(key) } else { key.or(user) }
    }

    /// The name and the secret for Basic authentication.
    pub(super) fn basic(&self) -> Option<(&str, &Secret)> {
        let found = self.key.as_ref().or(self.user.as_ref())?;
        Some((&found.0, &found.1))
    }
}

/// What is sent in the place of masked credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing, or as recorded, masked: the server rejects it, as the recorded one has.
    AsRecorded,
    /// A sign-in with own credentials.
    SignIn,
    /// The end of the own session.
    SignOut,
    /// The own session, as cookies.
    Session,
    /// The own session, as the cookie of an access token.
    TokenCookie,
    /// The own session, as a token in `Authorization`.
    Bearer,
    /// Own credentials in `Authorization`.
    Basic,
    /// A person has to agree, so it cannot be played.
    Interactive,
}

impl Access {
    /// What is sent for a recorded request:
    ///
    /// | path | credentials | recorded status | sent |
    /// | --- | --- | --- | --- |
    /// | `grant_tool_token` | | | nothing |
    /// | `sign_in` | | 2xx or 3xx | own credentials |
    /// | `sign_in` | | another | as recorded |
    /// | any | `Cookie` or `Authorization` | 401 | as recorded |
    /// | `sign_out` | `Cookie` | another | own session, which ends |
    /// | any | `Authorization: Basic` | another | own credentials |
    /// | any | `Authorization: Bearer` | another | own session |
    /// | any | `Cookie` with `access_token` alone | another | own session, under this name |
    /// | any | other `Cookie` | another | own session |
    /// | any | none | | nothing |
    pub(super) fn of(path: &str, headers: &Headers, status: u16) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let path = path.trim_end_matches('/');
        let cookie = headers.get("cookie");
        let authorization = headers.get("authorization").map(str::to_ascii_lowercase);
        if path.contains("/authentication/grant_tool_token") {
            return Self::Interactive;
        }
        if path.ends_with("/authentication/sign_in") {
            return if status < 400 {
                Self::SignIn
            } else {
                Self::AsRecorded
            };
        }
        if status == 401 {
            return Self::AsRecorded;
        }
        match (authorization.as_deref(), cookie) {
            (_, Some(_)) if path.ends_with("/authentication/sign_out") => Self::SignOut,
            (Some(value), None) if value.starts_with("basic") => Self::Basic,
            (Some(value), None) if value.starts_with("bearer") => Self::Bearer,
            (_, Some(cookie)) => {
                let mut names = cookie.split(';').filter_map(|pair| pair.split('=').next());
                let is_token = |name: &str| name.trim() == ACCESS_TOKEN_COOKIE;
                let is_session = |name: &str| name.trim() == SESSION_COOKIE;
                let has_session = names.clone().any(is_session);
                if !has_session && names.any(is_token) {
                    Self::TokenCookie
                } else {
                    Self::Session
                }
            }
            _ => Self::AsRecorded,
        }
    }

    /// Whether there has to be a session.
    pub(super) fn needs_session(self) -> bool {
        matches!(
            self,
            Self::SignOut | Self::Session | Self::TokenCookie | Self::Bearer
        )
    }
}

/// The cookies of the own session.
#[derive(Default)]
pub(super) struct OwnSession(BTreeMap<String, String>);

impl OwnSession {
    /// The cookie of the session, and that of an access token.
    const NAMES: [&str; 2] = [SESSION_COOKIE, ACCESS_TOKEN_COOKIE];

    pub(super) fn of_token(token: &Secret) -> Self {
        let token = token.expose().to_owned();
        Self([(ACCESS_TOKEN_COOKIE.to_owned(), token)].into())
    }

    /// Adopts the cookies that a response sets.
    pub(super) fn update_from(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let Some((name, rest)) = value.to_str().ok().and_then(|text| text.split_once('='))
            else {
                continue;
            };
            let mut parts = rest.split(';').map(str::trim);
            let value = parts.next().unwrap_or_default();
            let is_over = |part: &str| part.eq_ignore_ascii_case("max-age=0");
            if value.is_empty() || parts.any(is_over) {
                self.0.remove(name.trim());
            } else {
                self.0.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }

    /// Adopts the token of a token exchange.
    pub(super) fn adopt_token(&mut self, body: Option<&Value>) {
        if let Some(token) = body.and_then(|body| body.get("access_token")?.as_str()) {
            self.0
                .insert(ACCESS_TOKEN_COOKIE.to_owned(), token.to_owned());
        }
    }

    pub(super) fn end(&mut self) {
        self.0.clear();
    }

    /// The token that stands for the session.
    pub(super) fn token(&self) -> Option<&str> {
        let mut found = Self::NAMES.iter().filter_map(|name| self.0.get(*name));
        found.next().map(String::as_str)
    }

    /// The header with all cookies.
    pub(super) fn cookies(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

/// Whether the value of a header was masked, so that it cannot be sent.
pub(super) fn is_masked(value: &str) -> bool {
    value.contains(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_follows_from_what_was_recorded() {
        let sign_in = "/authentication/sign_in";
        let sign_out = "/authentication/sign_out";
        let path = "/api/shared_spaces/1/workspaces/2/defects?access_token=***";
        let session = "cookie: LWSSO_COOKIE_KEY=***; OCTANE_USER=***";
        for (path, header, status, expected) in [
            (
                "/authentication/grant_tool_token",
                "",
                200,
                Access::Interactive,
            ),
            (sign_in, "", 200, Access::SignIn),
            (sign_in, session, 304, Access::SignIn),
            (sign_in, "", 401, Access::AsRecorded),
            (sign_out, session, 200, Access::SignOut),
            (sign_out, session, 401, Access::AsRecorded),
            (sign_out, "", 200, Access::AsRecorded),
            (path, session, 200, Access::Session),
            (path, session, 404, Access::Session),
            (path, session, 401, Access::AsRecorded),
            (path, "cookie: access_token=***", 200, Access::TokenCookie),
            (path, "authorization: Basic ***", 200, Access::Basic),
            (path, "authorization: Basic ***", 401, Access::AsRecorded),
            (path, "authorization: bearer ***", 200, Access::Bearer),
            (path, "", 200, Access::AsRecorded),
        ] {
            let lines = Some(header.to_owned()).filter(|line| !line.is_empty());
            let headers = Headers(lines.into_iter().collect());
            assert_eq!(
                Access::of(path, &headers, status),
                expected,
                "{path} {header} {status}"
            );
        }
    }

    #[test]
    fn the_kind_of_credentials_is_the_recorded_one_if_there_are_such() {
        let key = Credential::ApiKey {
            id: "ci".to_owned(),
            secret: "a".into(),
        };
        let mut own = OwnCredentials::from(key);
        let recorded = json!({ "user": "jane", "password": MASK });
        let key = json!({ "client_id": "ci", "client_secret": "a" });
        assert_eq!(own.sign_in_body(Some(&recorded)), Some(key.clone()));
        own.user = Some(("me".to_owned(), "b".into()));
        let user = json!({ "user": "me", "password": "b" });
        assert_eq!(own.sign_in_body(Some(&recorded)), Some(user));
        assert_eq!(own.sign_in_body(None), Some(key));
        assert_eq!(OwnCredentials::default().sign_in_body(None), None);
    }

    #[test]
    fn cookies_are_kept_until_they_are_deleted() {
        let mut session = OwnSession::default();
        let set = |session: &mut OwnSession, cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::SET_COOKIE, cookie.parse().unwrap());
            session.update_from(&headers);
        };
        set(&mut session, "LWSSO_COOKIE_KEY=a=b; Path=/");
        set(&mut session, "OCTANE_USER=me");
        assert_eq!(session.cookies(), "LWSSO_COOKIE_KEY=a=b; OCTANE_USER=me");
        assert_eq!(session.token(), Some("a=b"));
        set(&mut session, "OCTANE_USER=; Max-Age=0");
        session.adopt_token(Some(&json!({ "access_token": "c" })));
        assert_eq!(session.cookies(), "LWSSO_COOKIE_KEY=a=b; access_token=c");
        session.end();
        assert_eq!(session.token(), None);
    }
}
