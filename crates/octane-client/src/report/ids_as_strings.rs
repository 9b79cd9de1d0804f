//! How a report writes IDs: as strings, as Octane itself writes them. IDs are read in either form.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CreatedEntity, IdAndName};

/// Created entities. Journals store their IDs as numbers.
pub(super) fn created<S: Serializer>(
    created: &[CreatedEntity],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Created<'a> {
        #[serde(rename = "type")]
        entity_type: &'a str,
        id: String,
        name: &'a str,
    }
    serializer.collect_seq(created.iter().map(|entity| Created {
        entity_type: &entity.entity_type,
        id: entity.id.to_string(),
        name: &entity.name,
    }))
}

/// An ID.
pub(super) fn text<S: Serializer>(id: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&id.to_string())
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
pub(super) fn optional_text<S: Serializer, I: ToString>(
    id: &Option<I>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    id.as_ref().map(ToString::to_string).serialize(serializer)
}

pub(crate) fn entity<S: Serializer>(
    entity: &IdAndName<impl ToString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    as_text(entity).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
pub(super) fn optional_entity<S: Serializer, I: ToString>(
    entity: &Option<IdAndName<I>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    entity.as_ref().map(as_text).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
pub(super) fn entity_without_id<S: Serializer, I: ToString>(
    entity: &Option<IdAndName<Option<I>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let entity = entity.as_ref().map(|entity| IdAndName {
        id: entity.id.as_ref().map(ToString::to_string),
        name: entity.name.clone(),
    });
    entity.serialize(serializer)
}

/// The same, read back. Earlier versions wrote an empty name for what is not there.
pub(super) fn read_entity_without_id<'de, D: Deserializer<'de>, I: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<IdAndName<Option<I>>>, D::Error> {
    let entity = Option::<IdAndName<Option<I>>>::deserialize(deserializer)?;
    Ok(entity.filter(|entity| entity.id.is_some() || !entity.name.is_empty()))
}

fn as_text(entity: &IdAndName<impl ToString>) -> IdAndName<String> {
    IdAndName {
        id: entity.id.to_string(),
        name: entity.name.clone(),
    }
}

/// Created entities, read back.
pub(super) fn read_created<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<CreatedEntity>, D::Error> {
    #[derive(Deserialize)]
    struct Created {
        #[serde(rename = "type")]
        entity_type: String,
        id: String,
        name: String,
    }
    let created = Vec::<Created>::deserialize(deserializer)?;
    created
        .into_iter()
        .map(|entity| {
            Ok(CreatedEntity {
                entity_type: entity.entity_type.into(),
                id: entity.id.parse().map_err(serde::de::Error::custom)?,
                name: entity.name,
            })
        })
        .collect()
}
