//! Who may sign in, how, and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;
use crate::secret::{ApiKey, User};

/// Who may sign in, how, and for how long; the table `[access]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Access {
    /// The keys with which programs may sign in; by default one, `sandbox` with the secret
    /// `sandbox-secret`, which may do everything.
    pub api_keys: Vec<ApiKey>,
    /// The people who may sign in with name and password; by default one, `sandbox@octane.example` with
    /// the password `sandbox-password`, who may do everything.
    pub users: Vec<User>,
    /// After how long without a request a session ends; 3 hours by default. The product's value is a
    /// setting of the site.
    #[serde(with = "duration")]
    pub session_idle: Duration,
    /// How long a session lives at most; 24 hours by default.
    #[serde(with = "duration")]
    pub session_absolute: Duration,
    /// How old a session cookie gets before an answer brings a new one; one minute by default.
    #[serde(with = "duration")]
    pub session_renewal: Duration,
    /// What a sign-in gets that comes with the cookies of a session that is alive; `accept` by default.
    pub sign_in_with_cookies: SignInWithCookies,
    /// Whether the cookie `OCTANE_USER` must come back beside the session's; false by default. Newer
    /// servers set it and want all cookies back.
    pub user_cookie_required: bool,
    /// Whether a request may carry `Authorization: Basic …` instead of a session; false by default, as in
    /// the product, where a parameter of the space allows it.
    pub basic: bool,
    /// Whether a request may carry `Authorization: Bearer …` with a token of the token exchange or of a
    /// session; false by default.
    pub bearer: bool,
    /// Whether only API keys may sign in, as the product's `RESTRICT_REST_API_TO_API_KEYS_ONLY` wants it;
    /// false by default.
    pub api_keys_only: bool,
    /// Whether somebody who may not see a thing gets 404 instead of 403; false by default. Which one the
    /// product sends is not known.
    pub hides_forbidden: bool,
}

/// What a sign-in gets that comes with the cookies of a session that is alive. The help says that it may
/// fail, a vendor client knows 304.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignInWithCookies {
    /// A new session.
    #[default]
    Accept,
    /// The status 304 and no cookies: the session goes on.
    NotModified,
    /// The status 401.
    Refuse,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            api_keys: vec![ApiKey::new("sandbox", "sandbox-secret")],
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
