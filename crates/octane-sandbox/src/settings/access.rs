//! Who may sign in, how, and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;
use crate::secret::{SandboxApiKey, User};

/// Who may sign in, how, and for how long; the table `[access]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct AccessSettings {
    /// The API keys; by default one, `sandbox` with the secret `sandbox-secret`, which has all permissions.
    pub api_keys: Vec<SandboxApiKey>,
    /// The users who sign in with name and password; by default one, `sandbox@octane.example` with the
    /// password `sandbox-password`, who has all permissions.
    pub users: Vec<User>,
    /// How long a session lives without a request; 3 hours by default. In the product this is a site setting.
    #[serde(with = "duration")]
    pub session_idle: Duration,
    /// The maximum lifetime of a session; 24 hours by default.
    #[serde(with = "duration")]
    pub session_absolute: Duration,
    /// The age at which a session cookie is renewed; one minute by default.
    #[serde(with = "duration")]
    pub session_renewal: Duration,
    /// The response to a sign-in with the cookies of a live session; `accept` by default.
    pub sign_in_with_cookies: SignInWithCookies,
    /// Whether requests must send the cookie `OCTANE_USER` in addition to the session's; false by default.
    /// Newer servers set it and expect all cookies back.
    pub user_cookie_required: bool,
    /// Whether requests may send `Authorization: Basic …` instead of a session; false by default, as in the
    /// product, where a parameter of the space enables it.
    pub basic: bool,
    /// Whether requests may send `Authorization: Bearer …` with a token from the token exchange or a session;
    /// false by default.
    pub bearer: bool,
    /// Whether only API keys may sign in, like the product's `RESTRICT_REST_API_TO_API_KEYS_ONLY`; false by
    /// default.
    pub api_keys_only: bool,
    /// Whether a request without permission gets 404 instead of 403; false by default. It is not known which
    /// one the product sends.
    pub hides_forbidden: bool,
}

/// The response to a sign-in with the cookies of a live session. The help says that it may fail, a vendor
/// client expects 304.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignInWithCookies {
    /// A new session.
    #[default]
    Accept,
    /// The status 304 and no cookies: the session continues.
    NotModified,
    /// The status 401.
    Refuse,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            api_keys: vec![SandboxApiKey::new("sandbox", "sandbox-secret")],
            users: vec![User::new("sandbox@octane.example", "sandbox-password")],
            session_idle: Duration::from_secs(3 * 60 * 60),
            session_absolute: Duration::from_secs(24 * 60 * 60),
            session_renewal: Duration::from_secs(60),
            sign_in_with_cookies: SignInWithCookies::default(),
            user_cookie_required: false,
            basic: false,
            bearer: false,
            api_keys_only: false,
            hides_forbidden: false,
        }
    }
}
