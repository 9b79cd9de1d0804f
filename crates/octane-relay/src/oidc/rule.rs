//! Rules that say which project a job belongs to, by what its token says.

use std::str::FromStr;

use super::token::Claims;

/// A rule, for example `repository=acme/shop:shop`: what the token must say, and the project.
///
/// - Several conditions are separated by commas; all of them must be true: `repository=acme/shop,ref=refs/heads/main:shop`.
/// - A value is compared as a whole; there are no patterns.
/// - The project follows the last colon. `{CLAIM}` makes it a value of the token: `repository_owner=acme:{repository}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRule {
    conditions: Vec<(String, String)>,
    project: Project,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Project {
    Named(String),
    OfClaim(String),
}

/// A text that is not a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProjectRule {
    /// It has no project.
    #[error("expected CLAIM=VALUE:PROJECT, for example `repository=acme/shop:shop`")]
    NoProject,
    /// One of its conditions is not a condition.
    #[error("`{0}` is not a condition (expected CLAIM=VALUE, for example `repository=acme/shop`)")]
    Condition(String),
}

impl FromStr for ProjectRule {
    type Err = InvalidProjectRule;

    fn from_str(text: &str) -> Result<Self, InvalidProjectRule> {
        let split = text.rsplit_once(':');
        let (conditions, project) = split.ok_or(InvalidProjectRule::NoProject)?;
        let project = project.trim();
        let claim = project.strip_prefix('{').map(|rest| rest.strip_suffix('}'));
        let project = match claim {
            None if !project.is_empty() => Project::Named(project.to_owned()),
            Some(Some(claim)) if !claim.trim().is_empty() => {
                Project::OfClaim(claim.trim().to_owned())
            }
            _ => return Err(InvalidProjectRule::NoProject),
        };
        let condition = |text: &str| {
            let invalid = || InvalidProjectRule::Condition(text.trim().to_owned());
            let (claim, value) = text.split_once('=').ok_or_else(invalid)?;
            let (claim, value) = (claim.trim(), value.trim());
            let is_complete = !claim.is_empty() && !value.is_empty();
            is_complete
                .then(|| (claim.to_owned(), value.to_owned()))
                .ok_or_else(invalid)
        };
        let conditions: Result<Vec<_>, _> = conditions.split(',').map(condition).collect();
        Ok(Self {
            conditions: conditions?,
            project,
        })
    }
}

impl ProjectRule {
    /// The project of a token; none if the rule does not match.
    pub(super) fn project(&self, claims: &Claims) -> Option<String> {
        let is_true =
            |(claim, value): &(String, String)| claims.text(claim).as_ref() == Some(value);
        if !self.conditions.iter().all(is_true) {
            return None;
        }
        match &self.project {
            Project::Named(project) => Some(project.clone()),
            Project::OfClaim(claim) => claims.text(claim).filter(|text| !text.trim().is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::SignedToken;
    use super::*;
    use octane_test_support::tokens::SigningKey;
    use serde_json::json;

    fn project(rule: &str, claims: &serde_json::Value) -> Option<String> {
        let token = SigningKey::es256("k").token(claims);
        let token = SignedToken::parse(&token).unwrap();
        rule.parse::<ProjectRule>().unwrap().project(&token.claims)
    }

    #[test]
    fn a_rule_matches_if_all_of_its_conditions_are_true() {
        let claims = json!({
            "sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_owner": "acme",
            "ref": "refs/heads/main", "run_number": 7, "empty": " ",
        });
        for (rule, expected) in [
            ("repository=acme/shop:shop", Some("shop")),
            (" repository = acme/shop : shop ", Some("shop")),
            (
                "repository=acme/shop,ref=refs/heads/main:shop",
                Some("shop"),
            ),
            ("sub=repo:acme/shop:ref:refs/heads/main:shop", Some("shop")),
            ("run_number=7:shop", Some("shop")),
            ("repository_owner=acme:{repository}", Some("acme/shop")),
            ("repository=acme/shop,ref=refs/heads/other:shop", None),
            ("repository=acme/sho:shop", None),
            ("repository=acme/shop-x:shop", None),
            ("repository=Acme/Shop:shop", None),
            ("repository=acme/*:shop", None),
            ("project_path=acme/shop:shop", None),
            ("repository_owner=acme:{project_path}", None),
            ("repository_owner=acme:{empty}", None),
        ] {
            assert_eq!(project(rule, &claims).as_deref(), expected, "{rule}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_rule_is_named() {
        for (text, part) in [
            ("", "expected CLAIM=VALUE:PROJECT"),
            ("repository=acme/shop", "expected CLAIM=VALUE:PROJECT"),
            ("repository=acme/shop:", "expected CLAIM=VALUE:PROJECT"),
            ("repository=acme/shop:{}", "expected CLAIM=VALUE:PROJECT"),
            ("repository=acme/shop:{ref", "expected CLAIM=VALUE:PROJECT"),
            (":shop", "`` is not a condition"),
            ("repository:shop", "`repository` is not a condition"),
            ("repository=:shop", "`repository=` is not a condition"),
            (
                "repository=acme/shop,main:shop",
                "`main` is not a condition",
            ),
        ] {
            let error = text.parse::<ProjectRule>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
