//! Entities that several clients may create at the same time: all of them end with the same one.
//!
//! Octane accepts several suites or suite runs of one name, and perhaps modules as well. Many jobs that upload into a suite that does
//! not exist yet would each create one, and their results would be split. So everybody follows one rule: **of several
//! entities of one name, the one with the lowest ID is used**, and a client that has created another one takes it back.
//!
//! After creating, a client looks by exact name until two looks in a row have chosen the same entity, and only then uses it.
//! Each look is judged by this table ([`next`]):
//!
//! | of ours | the lowest ID found | chosen by the last look | next |
//! | --- | --- | --- | --- |
//! | exists | a lower one | anything | take ours back; look again |
//! | exists | ours, a higher one, or none | ours | use ours |
//! | exists | ours, a higher one, or none | nothing, or another | look again |
//! | does not exist, or is not known to | none | anything | look again |
//! | does not exist, or is not known to | one | the same | use it |
//! | does not exist, or is not known to | one | nothing, or another | look again |
//!
//! Why this converges, and why taking back harms no one:
//!
//! - Octane's IDs grow, so a client that sees an entity also sees the ones with lower IDs, and no later one gets a lower ID. The
//!   lowest one is chosen by everyone who looks, is never taken back, and stays the lowest.
//! - An entity that is taken back is therefore not chosen by anyone: the lower one was visible to all who could see it. The
//!   exception is an entity that becomes visible a moment after one with a higher ID. The second look is for that moment.
//!   A client only deletes what it has created itself in this call, and only if nothing refers to it. So results that were
//!   uploaded into it in that moment stay.
//! - A client that ends before it takes its entity back leaves it behind, empty. Nothing is ever uploaded into it, since
//!   it does not have the lowest ID; look-ups by name report it ([`AmbiguousName`](crate::AmbiguousName)).
//! - If the response to a creation is lost, the client looks for the entity and does not create a second one. If it does not
//!   appear, that is the error; a later attempt looks first.

use std::time::Duration;

use octane_model::{ApplicationModule, Entity, Query, Resource, SuiteRun, TestSuite};
use tokio::time::sleep;

use crate::client::Client;
use crate::error::ClientError;
use crate::named_entity::{NamedEntity, create, list_named};

/// The pauses between the looks after a creation; most often the first one suffices.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// An entity that exists, and what had to be created for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ensured<T> {
    /// The entity.
    pub entity: T,
    /// What was created, outermost first; empty if everything existed.
    pub created: Vec<T>,
}

impl<T> Ensured<T> {
    /// An entity for which nothing was created.
    pub(crate) fn existing(entity: T) -> Self {
        Self {
            entity,
            created: Vec::new(),
        }
    }
}

/// An entity that can be taken back while nothing refers to it.
pub(crate) trait Removable: NamedEntity {
    /// The collections whose entities may refer to it, each with the field in which they do.
    const REFERRERS: &'static [(&'static str, &'static str)];

    /// Those of them that came with it and go with it.
    fn own_referrers() -> Option<Query> {
        None
    }
}

impl Removable for ApplicationModule {
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        (Self::COLLECTION, "parent"),
        (TestSuite::COLLECTION, "product_areas"),
        ("tests", "product_areas"),
    ];
}

impl Removable for TestSuite {
    const REFERRERS: &'static [(&'static str, &'static str)] = &[(SuiteRun::COLLECTION, "test")];
}

/// What follows a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Use what this look chose.
    Use,
    /// Look again after a pause.
    LookAgain,
    /// Take back what was created, and look again after a pause.
    TakeBack,
}

/// Judges a look by the table of the [module](self); IDs all of them.
fn next(ours: Option<i64>, lowest_found: Option<i64>, chosen_before: Option<i64>) -> Step {
    match (ours, lowest_found) {
        (Some(ours), Some(found)) if found < ours => Step::TakeBack,
        (Some(ours), _) if chosen_before == Some(ours) => Step::Use,
        (None, Some(found)) if chosen_before == Some(found) => Step::Use,
        _ => Step::LookAgain,
    }
}

/// The entity of exactly this name within `scope`; of several, the one with the lowest ID. Created from `draft` if there
/// is none; any client that does the same at the same moment ends with the same entity.
pub(crate) async fn ensure<E: Removable>(
    client: &Client,
    name: &str,
    scope: Option<Query>,
    draft: &Entity,
) -> Result<Ensured<E>, ClientError> {
    let look = async || -> Result<Option<E>, ClientError> {
        let found: Vec<E> = list_named(client, name, scope.clone()).await?;
        Ok(found.into_iter().next())
    };
    if let Some(entity) = look().await? {
        return Ok(Ensured::existing(entity));
    }
    let (mut ours, lost) = match create::<E>(client, draft).await {
        Ok(entity) => (Some(entity), None),
        Err(ClientError::Rest(error)) if error.outcome_unknown() => (None, Some(error)),
        // A server that allows a name once has decided who was first, unless it compares names in another way.
        Err(ClientError::Rest(error)) if error.is_conflict() => {
            let entity = look().await?;
            return entity.map(Ensured::existing).ok_or(error.into());
        }
        Err(error) => return Err(error),
    };
    let mut pauses = PAUSES.into_iter();
    let mut chosen: Option<E> = None;
    loop {
        let found = look().await?;
        let step = next(
            ours.as_ref().map(E::id),
            found.as_ref().map(E::id),
            chosen.as_ref().map(E::id),
        );
        if step == Step::TakeBack
            && let Some(entity) = ours.take()
        {
            take_back(client, &entity).await;
        }
        chosen = ours.clone().or(found);
        if step == Step::Use {
            break;
        }
        let Some(pause) = pauses.next() else {
            break;
        };
        sleep(pause).await;
    }
    match (chosen, lost) {
        (Some(entity), _) => Ok(Ensured {
            created: ours.into_iter().collect(),
            entity,
        }),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(ClientError::UnknownName {
            kind: E::LABEL,
            name: name.to_owned(),
            similar: Vec::new(),
        }),
    }
}

/// Deletes an entity that this client has created, if certainly nothing refers to it. If that fails, it stays behind,
/// empty; look-ups report it.
async fn take_back<E: Removable>(client: &Client, entity: &E) {
    for (collection, field) in E::REFERRERS {
        let referrers = client.endpoint.collection(collection).list();
        let mut referrers = referrers.matching(Query::field(*field).refers_to_id(entity.id()));
        if let Some(own) = E::own_referrers() {
            referrers = referrers.matching(!own);
        }
        match referrers.first().await {
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return,
        }
    }
    let _ = client.endpoint.entities::<E>().delete(entity.id()).await;
}

#[cfg(test)]
mod tests;
