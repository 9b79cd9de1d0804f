//! New names that equal existing ones, or look like them.

use octane_client::Similar;

use super::entity::Shown;
use crate::exit::Exit;
use crate::failure::{CREATE_SIMILAR, Failure, Result};

/// Fails if an entity of that name exists: a second one would make the name ambiguous.
pub(super) fn check_not_existing<E: Shown>(existing: Option<&E>, hint: &str) -> Result<()> {
    let Some(existing) = existing else {
        return Ok(());
    };
    let (name, id) = (existing.name(), existing.id());
    let message = format!("{} `{name}` already exists (ID {id})", E::label());
    Err(Failure::message(Exit::Refused, message).hint(hint))
}

/// Fails if there are entities whose names look like that of a new one.
pub(super) fn check_not_similar<E: Shown>(name: &str, similar: &[Similar]) -> Result<()> {
    if similar.is_empty() {
        return Ok(());
    }
    let verb = if similar.len() == 1 { "is" } else { "are" };
    let similar: Vec<String> = similar.iter().map(Similar::to_string).collect();
    let message = format!(
        "{} `{name}` was not created, because there {verb} {}",
        E::label(),
        similar.join(" and ")
    );
    Err(Failure::message(Exit::Refused, message).hint(CREATE_SIMILAR))
}
