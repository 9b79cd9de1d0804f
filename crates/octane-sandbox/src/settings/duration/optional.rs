//! Optional durations.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

use super::parse;

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(crate) fn serialize<S: Serializer>(
    duration: &Option<Duration>,
    target: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => super::serialize(duration, target),
        None => target.serialize_none(),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    let duration = text.as_deref().map(parse).transpose();
    duration.map_err(D::Error::custom)
}
