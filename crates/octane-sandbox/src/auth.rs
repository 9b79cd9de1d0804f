//! Authentication and authorization.

mod account;
mod authorization;
mod cookie;
mod current_user;
mod interactive;
mod session;

use http::{HeaderMap, Method};
use octane_model::{Problem, error_code};

use account::Accounts;
use cookie::Cookies;
use interactive::Grants;
use session::Table;

use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::Expiry;
use crate::secret::Role;
use crate::settings::{AccessSettings, Settings};

pub(crate) use account::Account;
pub(crate) use authorization::Authorization;
pub(crate) use cookie::{
    ACCESS_TOKEN, clear as clear_cookies, set as set_cookies, set_csrf as set_csrf_cookie,
};
pub(crate) use current_user::CurrentUser;
pub(crate) use interactive::Granted;

/// Authenticates requests and decides what they may do.
#[derive(Debug)]
pub(crate) struct Sessions {
    access: AccessSettings,
    accounts: Accounts,
    table: Table,
    grants: Grants,
}

/// The session token of a request, valid or not.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    Cookies::of(headers)
        .token()
        .or_else(|| match Authorization::of(headers) {
            Some(Authorization::Bearer(token)) => Some(token),
            _ => None,
        })
}

impl Sessions {
    pub(crate) fn new(settings: &Settings, clock: Clock) -> Self {
        let access = settings.access.clone();
        Self {
            accounts: Accounts::new(&access),
            table: Table::new(&access, clock.clone()),
            grants: Grants::new(clock),
            access,
        }
    }

    /// Opens a session; returns its token and the account.
    pub(crate) fn sign_in(&self, name: &str, secret: &str) -> Result<(String, Account), ApiError> {
        let account = self.accounts.check(name, secret)?;
        Ok((self.table.open(account.clone()), account))
    }

    /// Issues a token for an API key.
    pub(crate) fn exchange(&self, id: &str, secret: &str) -> Option<String> {
        let account = self.accounts.key(id, secret)?;
        Some(self.table.open(account))
    }

    /// Ends a session. Signing out twice, or without a session, is not an error.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) {
        if let Some(token) = token(headers) {
            self.table.close(token);
        }
    }

    /// Whether a request carries the cookie of a live session.
    pub(crate) fn has_live_session(&self, headers: &HeaderMap) -> bool {
        let token = Cookies::of(headers).token();
        token.is_some_and(|token| self.table.is_alive(token))
    }

    /// Whether a request would be authenticated; this does not keep its session alive.
    pub(crate) fn is_signed_in(&self, headers: &HeaderMap) -> bool {
        if let Some(token) = Cookies::of(headers).token() {
            return self.table.is_alive(token);
        }
        match Authorization::of(headers) {
            Some(Authorization::Bearer(token)) => self.access.bearer && self.table.is_alive(token),
            Some(Authorization::Basic { name, secret }) => {
                self.access.basic && self.accounts.check(&name, &secret).is_ok()
            }
            Some(Authorization::Other) | None => false,
        }
    }

    /// Ends a session as if it had expired.
    pub(crate) fn expire(&self, token: &str, expiry: Expiry) {
        self.table.expire(token, expiry);
    }

    /// Ends all sessions the same way; returns how many were alive.
    pub(crate) fn expire_all(&self, expiry: Expiry) -> usize {
        self.table.expire_all(expiry)
    }

    /// An identifier for an interactive sign-in, or `None` if too many are pending.
    pub(crate) fn ask_grant(&self) -> Option<String> {
        self.grants.ask()
    }

    pub(crate) fn is_grant_pending(&self, identifier: &str) -> bool {
        self.grants.is_pending(identifier)
    }

    /// Records a person's consent; false if nothing is waiting for it.
    pub(crate) fn agree_grant(&self, identifier: &str) -> bool {
        if !self.grants.is_pending(identifier) {
            return false;
        }
        let Some(account) = self.accounts.person() else {
            return false;
        };
        self.grants.agree(identifier, self.table.open(account))
    }

    pub(crate) fn take_grant(&self, identifier: &str) -> Granted {
        self.grants.take(identifier)
    }

    /// Authenticates a request, or says why not. Cookies take precedence over the `Authorization` header.
    pub(crate) fn visit(&self, headers: &HeaderMap) -> Result<CurrentUser, ApiError> {
        let cookies = Cookies::of(headers);
        if let Some(token) = cookies.session {
            let current_user = self.table.visit(token)?;
            let user = cookie::user_value(&current_user.account.name);
            if self.access.user_cookie_required && cookies.user != Some(user.as_str()) {
                return Err(ApiError::not_authorized(
                    "the cookie `OCTANE_USER` is missing; send back all cookies",
                ));
            }
            return Ok(current_user);
        }
        if let Some(token) = cookies.access_token {
            return self.with_token(token);
        }
        match Authorization::of(headers) {
            Some(Authorization::Bearer(token)) if self.access.bearer => self.with_token(token),
            Some(Authorization::Basic { name, secret }) if self.access.basic => {
                let account = self.accounts.check(&name, &secret)?;
                Ok(CurrentUser {
                    account,
                    renewed: None,
                })
            }
            Some(_) => Err(ApiError::not_authorized(
                "this `Authorization` scheme is not enabled; sign in, or enable it in the settings (`access`)",
            )),
            None => Err(ApiError::not_authorized(
                "authentication is required; sign in first",
            )),
        }
    }

    /// Such a token is not renewed: its owner cannot receive a new one.
    fn with_token(&self, token: &str) -> Result<CurrentUser, ApiError> {
        let current_user = self.table.visit(token)?;
        Ok(CurrentUser {
            renewed: None,
            ..current_user
        })
    }

    /// Whether the account may do this; otherwise the error to report.
    pub(crate) fn permit(
        &self,
        account: &Account,
        method: &Method,
        path: &str,
    ) -> Result<(), ApiError> {
        if account.role >= needed(method, path) {
            return Ok(());
        }
        if self.access.hides_forbidden {
            return Err(ApiError::unknown_address(path));
        }
        let description = format!("`{}` has no permission to {method} `{path}`", account.name);
        let problem = Problem::new(error_code::NOT_AUTHORIZED, description);
        Err(ApiError::new(http::StatusCode::FORBIDDEN, problem))
    }
}

/// The lowest role that may do this.
fn needed(method: &Method, path: &str) -> Role {
    let reads = *method == Method::GET || *method == Method::HEAD;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_within = match parts.as_slice() {
        [_, "shared_spaces", _, "workspaces", _, rest @ ..] => !rest.is_empty(),
        // The URLs of CI plug-ins name no workspace.
        ["internal-api", "shared_spaces", _, "analytics", "ci", ..]
        | [
            "api",
            "shared_spaces",
            _,
            "scm-commits" | "vulnerabilities",
            ..,
        ] => true,
        _ => false,
    };
    let is_open = matches!(
        parts.as_slice(),
        ["admin", "server", "version"]
            | ["api", "current_user" | "shared_spaces"]
            | ["api", "shared_spaces", _]
            | ["api", "shared_spaces", _, "workspaces" | "current_user"]
            | ["api", "shared_spaces", _, "workspaces", _]
            | ["api", "shared_spaces", _, "metadata", ..]
    );
    if reads && (is_within || is_open) {
        Role::Viewer
    } else if is_within {
        Role::TeamMember
    } else {
        Role::Admin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_requires_a_lower_role_than_the_levels_above_it() {
        let needed = |method: &str, path: &str| {
            needed(
                &method.parse().unwrap(),
                &format!("/api/shared_spaces{path}"),
            )
        };
        assert_eq!(needed("GET", "/1/workspaces/2/stories"), Role::Viewer);
        assert_eq!(needed("POST", "/1/workspaces/2/stories"), Role::TeamMember);
        assert_eq!(needed("DELETE", "/1/workspaces/2/runs/5"), Role::TeamMember);
        assert_eq!(needed("GET", "/1/workspaces"), Role::Viewer);
        assert_eq!(needed("GET", "/1/workspaces/2"), Role::Viewer);
        assert_eq!(needed("PUT", "/1/workspaces/2"), Role::Admin);
        assert_eq!(needed("GET", "/1/current_user"), Role::Viewer);
        assert_eq!(needed("GET", "/1/metadata/entities"), Role::Viewer);
        assert_eq!(needed("POST", "/1/metadata/fields"), Role::Admin);
        assert_eq!(needed("GET", "/1/users"), Role::Admin);
        assert_eq!(needed("POST", "/1/workspaces"), Role::Admin);
        assert_eq!(needed("PUT", "/1/scm-commits"), Role::TeamMember);
        assert_eq!(needed("GET", "/1/vulnerabilities/preflight"), Role::Viewer);
    }
}
