//! Who sends a request.

use http::{HeaderMap, StatusCode, header};

use super::answer::Refusal;
use super::shared::Door;
use crate::audit::Actor;
use crate::lane::Lane;
use crate::oidc::{Oidc, OidcError, Rejection};
use crate::store::Status;
use crate::token::{ShownToken, TokenEntry};
use crate::token_workspaces::TokenWorkspaces;

/// Who sends a request, and for which project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The project whose uploads it may hand over and see.
    pub(super) project: String,
    /// The workspaces whose uploads it may hand over and see.
    pub(super) workspaces: TokenWorkspaces,
    /// Who it is.
    pub(super) actor: Actor,
}

impl Caller {
    /// Who has a token of a project.
    pub(super) fn of_project(token: TokenEntry) -> Result<Self, Refusal> {
        let project = token.project.ok_or_else(|| {
            let message =
                "this is the token of an operator, for the pages; agents need one of a project";
            Refusal::new(StatusCode::FORBIDDEN, "no_project", message)
        })?;
        Ok(Self {
            project,
            workspaces: token.workspaces,
            actor: Actor::Token(token.id),
        })
    }

    /// Whether it may see an upload. Callers do not learn that another project has it.
    pub(super) fn may_see(&self, upload: &Status) -> bool {
        upload.project == self.project && self.may_reach(&upload.lane)
    }

    /// Whether it may hand over what goes into a lane.
    pub(super) fn may_reach(&self, lane: &Lane) -> bool {
        self.workspaces.allow(lane.workspace_in_space())
    }

    /// Why it may not reach a workspace.
    pub(super) fn not_allowed(&self) -> String {
        let own = self.workspaces.names().unwrap_or_default().join(", ");
        format!("the token is not for this workspace, but for {own}")
    }
}

impl Door {
    /// Who sends a request.
    pub(super) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        self.caller(given.and_then(shown).unwrap_or_default()).await
    }

    /// Who shows this token.
    pub(super) async fn caller(&self, text: &str) -> Result<Caller, Refusal> {
        if let Some(oidc) = &self.settings.oidc
            && Oidc::is_meant(text)
        {
            return ci_job(oidc, text).await;
        }
        let refused =
            || unauthorized("a valid token is required: `Authorization: Bearer TOKEN`".to_owned());
        let shown = ShownToken::parse(text).ok_or_else(refused)?;
        let stored = self.store.token(&shown.id).await?;
        let stored = stored.filter(|stored| shown.is(stored));
        let stored = stored.ok_or_else(refused)?;
        Caller::of_project(stored)
    }
}

/// The token of `Authorization: Bearer TOKEN`, however the scheme is spelled.
fn shown(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn ci_job(oidc: &Oidc, text: &str) -> Result<Caller, Refusal> {
    match oidc.job(text).await {
        Ok(job) => Ok(Caller {
            project: job.project,
            workspaces: TokenWorkspaces::default(),
            actor: Actor::CiJob(job.subject.unwrap_or_default()),
        }),
        Err(OidcError::NoKeys { pause }) => {
            let message = "the relay cannot get the keys of the OIDC issuer now";
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "no_keys", message);
            let seconds = pause.as_millis().div_ceil(1000).max(1);
            Err(refusal.retry_after(u32::try_from(seconds).unwrap_or(u32::MAX)))
        }
        Err(OidcError::Rejected(rejection @ Rejection::NoProject)) => {
            let message = format!("the OIDC token is genuine, but {rejection}");
            Err(Refusal::new(StatusCode::FORBIDDEN, "no_project", message))
        }
        Err(OidcError::Rejected(rejection)) => Err(unauthorized(format!(
            "the OIDC token was rejected: {rejection}"
        ))),
    }
}

fn unauthorized(message: String) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn the_scheme_of_a_token_is_known_however_it_is_spelled() {
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer "] {
            assert_eq!(shown(&format!("{scheme} secret ")), Some("secret"));
        }
        for other in ["Basic secret", "Bearersecret", "Bearer", ""] {
            assert_eq!(shown(other), None, "{other}");
        }
    }
}
