//! Entities given by a text that may be an ID or a name.

use octane_model::{EntityId, Query};

use crate::client::Client;
use crate::error::ClientError;
use crate::name::{as_id, trim_name};
use crate::named_entity::{self, NamedEntity};
use crate::report::ReportedProblem;

/// An entity that was found by a text which may be an ID or a name.
///
/// | an entity has this ID | entities have this name | found is |
/// | --- | --- | --- |
/// | yes | no others | the one with the ID |
/// | yes | others | the one with the ID; a warning names the others |
/// | no | yes | the one with the name, as if the text were no number |
/// | no | no | nothing |
///
/// A text is an ID only if it is a number as Octane writes it: `007` is a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdOrName<T> {
    /// The entity.
    pub entity: T,
    /// The warning that the text is the name of others.
    pub warning: Option<String>,
}

/// What a text stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning<E> {
    /// An ID.
    Id(IdOrName<E>),
    /// A name, which all of these have.
    Name(Vec<E>),
}

impl<T> IdOrName<T> {
    /// One that was found by its name.
    pub(crate) fn named(entity: T) -> Self {
        let warning = None;
        Self { entity, warning }
    }

    pub(crate) fn problem(&self) -> Option<ReportedProblem> {
        let warning = self.warning.clone()?;
        Some(ReportedProblem::new("ambiguous_name", warning))
    }
}

/// Finds what `text` stands for within `scope`, with one request.
pub(crate) async fn find<E: NamedEntity>(
    client: &Client,
    text: &str,
    scope: Option<Query>,
) -> Result<Meaning<E>, ClientError> {
    let text = trim_name(text);
    let Some(id) = as_id(text) else {
        let named = named_entity::list_named(client, text, scope).await?;
        return Ok(Meaning::Name(named));
    };
    let either = Query::field("id").is(&EntityId::from(id)) | Query::field("name").is(text);
    let found = named_entity::list(client, std::iter::once(either).chain(scope)).await?;
    Ok(meaning(id, text, found))
}

/// Decides by the table of [`IdOrName`].
fn meaning<E: NamedEntity>(id: i64, name: &str, found: Vec<E>) -> Meaning<E> {
    let (mut with_id, others): (Vec<E>, Vec<E>) =
        found.into_iter().partition(|entity| entity.id() == id);
    let named: Vec<E> = others
        .into_iter()
        .filter(|entity| entity.name() == name)
        .collect();
    match with_id.pop() {
        Some(entity) => {
            let warning = warning(&entity, &named);
            Meaning::Id(IdOrName { entity, warning })
        }
        None => Meaning::Name(named),
    }
}

fn warning<E: NamedEntity>(entity: &E, namesakes: &[E]) -> Option<String> {
    if namesakes.is_empty() {
        return None;
    }
    let (label, id, name) = (E::LABEL, entity.id(), entity.name());
    let others: Vec<String> = namesakes
        .iter()
        .map(|other| other.id().to_string())
        .collect();
    Some(format!(
        "`{id}` is taken as the ID of {label} `{name}`; to use the {label} named `{id}`, give its ID: {}",
        others.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use octane_model::TestSuite;
    use serde_json::json;

    use super::*;

    fn suite(id: i64, name: &str) -> TestSuite {
        let suite = json!({ "id": id.to_string(), "name": name, "product_areas": { "data": [] } });
        serde_json::from_value(suite).unwrap()
    }

    #[test]
    fn each_row_of_the_table_holds() {
        let one = || suite(1001, "Nightly");
        let other = || suite(4003, "1001");
        let by_id = |entity, warning: Option<&str>| {
            let warning = warning.map(str::to_owned);
            Meaning::Id(IdOrName { entity, warning })
        };
        let warning = "`1001` is taken as the ID of test suite `Nightly`; to use the test suite named `1001`, give its ID: 4003";
        let all = |found| meaning(1001, "1001", found);
        assert_eq!(all(vec![one()]), by_id(one(), None));
        assert_eq!(all(vec![one(), other()]), by_id(one(), Some(warning)));
        assert_eq!(all(vec![other(), one()]), by_id(one(), Some(warning)));
        assert_eq!(all(vec![other()]), Meaning::Name(vec![other()]));
        assert_eq!(all(vec![]), Meaning::Name(vec![]));
        // One that has its own ID as its name is not its own namesake.
        let itself = || suite(1001, "1001");
        assert_eq!(all(vec![itself()]), by_id(itself(), None));
        // A server that compares without regard to case, or with wildcards, may return more.
        assert_eq!(all(vec![suite(4004, "1001 b")]), Meaning::Name(vec![]));
    }
}
