//! The placeholders in brackets that a query may contain instead of an entity's ID.
//!
//! Each is an abbreviation: it is replaced by a condition that holds for the entity in question, so the store
//! never sees it. `owner EQ [current_user]` and `owner EQ {id EQ [current_user]}` mean the same.

use jiff::Timestamp;
use octane_model::{Comparison, Literal, Operand, Operator, Query};

use crate::error::{ApiError, own_code};

/// The values of the placeholders in one request.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens {
    /// The name of the current user.
    pub(super) current_user: Option<String>,
    pub(super) now: Timestamp,
}

/// All known placeholders, for error messages.
const KNOWN: &str = "`[current_user]`, `[current_release]` and `[current_sprint]`";

impl Tokens {
    /// The query with conditions instead of placeholders.
    pub(super) fn replace(&self, query: Query) -> Result<Query, ApiError> {
        let each = |parts: Vec<Query>| {
            let replaced = parts.into_iter().map(|part| self.replace(part));
            replaced.collect::<Result<Vec<_>, _>>()
        };
        Ok(match query {
            Query::All(parts) => Query::All(each(parts)?),
            Query::Any(parts) => Query::Any(each(parts)?),
            Query::Not(inner) => !self.replace(*inner)?,
            Query::Comparison(comparison) => self.comparison(comparison)?,
        })
    }

    fn comparison(&self, comparison: Comparison) -> Result<Query, ApiError> {
        let Comparison {
            field,
            operator,
            operand,
        } = comparison;
        let operand = match operand {
            Operand::Entity(query) => Operand::Entity(Box::new(self.replace(*query)?)),
            Operand::Literal(Literal::Token(word)) if operator == Operator::Equal => {
                return self.points_at(&field, &word);
            }
            Operand::List(literals) => return self.list(field, literals),
            Operand::Literal(Literal::Token(word))
            | Operand::Range(Literal::Token(word), _)
            | Operand::Range(_, Literal::Token(word)) => {
                self.meaning(&word)?;
                return Err(refused(format!(
                    "`[{word}]` stands for one entity and cannot be compared with `{}`; use `EQ` or `IN`",
                    operator.as_str()
                )));
            }
            operand => operand,
        };
        Ok(Query::Comparison(Comparison {
            field,
            operator,
            operand,
        }))
    }

    /// Placeholders and values in one `IN`: any of them.
    fn list(&self, field: String, literals: Vec<Literal>) -> Result<Query, ApiError> {
        let mut plain = Vec::new();
        let mut any = Vec::new();
        for literal in literals {
            match literal {
                Literal::Token(word) => any.push(self.points_at(&field, &word)?),
                literal => plain.push(literal),
            }
        }
        if !plain.is_empty() {
            any.push(Query::Comparison(Comparison {
                field,
                operator: Operator::In,
                operand: Operand::List(plain),
            }));
        }
        Ok(match any.len() {
            1 => any.swap_remove(0),
            _ => Query::Any(any),
        })
    }

    /// The field is, or refers to, the entity that the placeholder stands for.
    fn points_at(&self, field: &str, word: &str) -> Result<Query, ApiError> {
        let meaning = self.meaning(word)?;
        Ok(if field == "id" {
            meaning
        } else {
            Query::field(field).refers_to(meaning)
        })
    }

    /// A condition that holds only for the entity that the placeholder stands for.
    fn meaning(&self, word: &str) -> Result<Query, ApiError> {
        let default_release = Query::field("is_default").is(true);
        match word {
            "current_user" => match &self.current_user {
                Some(name) => Ok(Query::field("name").is(name)),
                None => Err(refused(
                    "`[current_user]` has no value: the request has no session".to_owned(),
                )),
            },
            "current_release" => Ok(default_release),
            "current_sprint" => {
                let now = self.now.to_string();
                let has_begun = !Query::field("start_date").is_greater_than(now.as_str());
                let has_ended = Query::field("end_date").is_less_than(now.as_str());
                let of_release = Query::field("release").refers_to(default_release);
                Ok(has_begun & !has_ended & of_release)
            }
            _ => Err(refused(format!(
                "unknown placeholder `[{word}]`; this sandbox supports {KNOWN}"
            ))),
        }
    }
}

fn refused(description: String) -> ApiError {
    ApiError::bad_request(own_code::QUERY, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Result<String, String> {
        let tokens = Tokens {
            current_user: Some("ann".to_owned()),
            now: Timestamp::UNIX_EPOCH,
        };
        let query = tokens.replace(text.parse().unwrap());
        query
            .map(|query| query.to_string())
            .map_err(|error| error.into_problem().description)
    }

    #[test]
    fn a_placeholder_may_be_used_wherever_a_query_contains_an_entity() {
        for (text, meaning) in [
            ("owner EQ [current_user]", "owner EQ {name EQ ^ann^}"),
            (
                "owner EQ {id EQ [current_user]}",
                "owner EQ {name EQ ^ann^}",
            ),
            ("!owner IN [current_user]", "!owner EQ {name EQ ^ann^}"),
            (
                "release EQ [current_release]||id EQ 5",
                "release EQ {is_default EQ true}||id EQ 5",
            ),
            (
                "a EQ {id IN [current_user],7,null}",
                "a EQ {name EQ ^ann^||id IN 7,null}",
            ),
            (
                "id EQ [current_sprint]",
                "!start_date GT ^1970-01-01T00:00:00Z^;!end_date LT ^1970-01-01T00:00:00Z^;\
                 release EQ {is_default EQ true}",
            ),
        ] {
            assert_eq!(replaced(text), Ok(format!("\"{meaning}\"")), "{text}");
        }
    }

    #[test]
    fn unknown_and_misplaced_placeholders_are_explained() {
        for text in ["owner EQ [me]", "owner IN [me],5", "id BTW 1...[me]"] {
            let refusal = replaced(text).unwrap_err();
            assert!(
                refusal.starts_with("unknown placeholder `[me]`"),
                "{refusal}"
            );
        }
        let refusal = replaced("id GT [current_user]").unwrap_err();
        assert!(
            refusal.contains("cannot be compared with `GT`"),
            "{refusal}"
        );
        let anonymous = Tokens::default().replace("owner EQ [current_user]".parse().unwrap());
        assert!(anonymous.is_err());
    }
}
