//! Who may sign in, how, and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;
use crate::secret::{SandboxApiKey, User};
use crate::token::new_token;

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
    /// Names under which a sandbox on the loopback interface may be addressed, besides its addresses and
    /// `localhost`; none by default. A proxy on the same machine that passes its own `Host` on needs this.
    pub hosts: Vec<String>,
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

impl AccessSettings {
    /// Replaces the secrets that everyone knows, those of the default key and the default user, by random
    /// ones.
    pub fn replace_public_secrets(&mut self) {
        let public = Self::default();
        for key in &mut self.api_keys {
            if public
                .api_keys
                .iter()
                .any(|known| known.secret() == key.secret())
            {
                *key = SandboxApiKey::new(key.id(), new_token()).role(key.may());
            }
        }
        for user in &mut self.users {
            if public
                .users
                .iter()
                .any(|known| known.password() == user.password())
            {
                *user = User::new(user.name(), new_token()).role(user.may());
            }
        }
    }
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
            hosts: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_secrets_are_replaced_and_others_are_kept() {
        let mut access = AccessSettings::default();
        let own = SandboxApiKey::new("ci", "hush").role(crate::Role::Viewer);
        access.api_keys.push(own.clone());
        access.replace_public_secrets();
        let once = access.clone();
        assert_eq!(
            (once.api_keys[0].id(), once.api_keys[0].secret().len()),
            ("sandbox", 64)
        );
        assert_eq!(once.api_keys[1], own);
        assert_eq!(once.users[0].password().len(), 64);
        access.replace_public_secrets();
        assert_eq!(access, once);
        let mut other = AccessSettings::default();
        other.replace_public_secrets();
        assert_ne!(other.api_keys[0], once.api_keys[0]);
    }
}
