//! How much there is in a JSON body, counted before anything is built of it.

use http::StatusCode;
use octane_model::Problem;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{ApiError, own_code};
use crate::settings::Limits;

/// Refuses a body with too many entities or too many values: they take far more memory than the bytes, which may also have
/// been compressed. What is not JSON is refused by what reads it.
pub(super) fn check(body: &[u8], limits: &Limits) -> Result<(), ApiError> {
    let Ok(Size { entities, values }) = serde_json::from_slice(body) else {
        return Ok(());
    };
    let (found, noun, max) = if entities > limits.entities_max {
        (entities, "entities", limits.entities_max)
    } else if values > limits.payload_elements_max {
        (values, "values", limits.payload_elements_max)
    } else {
        return Ok(());
    };
    let description =
        format!("the body has {found} {noun}; the limit is {max}; split it into several requests");
    let problem = Problem::new(own_code::BAD_REQUEST, description);
    Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, problem))
}

/// The size of a body.
#[derive(Debug, Default, PartialEq, Eq)]
struct Size {
    /// The items of `data`.
    entities: usize,
    /// All values, at any depth.
    values: usize,
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SizeVisitor)
    }
}

struct SizeVisitor;

impl<'de> Visitor<'de> for SizeVisitor {
    type Value = Size;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Size, A::Error> {
        let mut size = Size::default();
        while let Some(name) = map.next_key::<String>()? {
            let Counted { items, values } = map.next_value()?;
            size.values += values;
            if name == "data" {
                size.entities += items;
            }
        }
        Ok(size)
    }
}

/// A value and what is in it.
struct Counted {
    /// The direct items of a list.
    items: usize,
    /// Itself and all values in it.
    values: usize,
}

const SCALAR: Counted = Counted {
    items: 0,
    values: 1,
};

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Counted;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Counted, E> {
        Ok(SCALAR)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Counted, E> {
        Ok(SCALAR)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Counted, E> {
        Ok(SCALAR)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Counted, E> {
        Ok(SCALAR)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Counted, E> {
        Ok(SCALAR)
    }

    fn visit_unit<E: Error>(self) -> Result<Counted, E> {
        Ok(SCALAR)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Counted, A::Error> {
        let mut counted = SCALAR;
        while let Some(Counted { values, .. }) = list.next_element()? {
            counted.items += 1;
            counted.values += values;
        }
        Ok(counted)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Counted, A::Error> {
        let mut counted = SCALAR;
        while map.next_key::<IgnoredAny>()?.is_some() {
            counted.values += map.next_value::<Counted>()?.values;
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_data_and_all_values_are_counted() {
        for (body, entities, values) in [
            ("{}", 0, 0),
            (r#"{"data":[]}"#, 0, 1),
            (r#"{"data":[{"a":1,"b":[true,null]},{}],"c":"x"}"#, 2, 8),
            (r#"{"a":{"data":[1,-2.5]}}"#, 0, 4),
        ] {
            let size: Size = serde_json::from_str(body).unwrap();
            assert_eq!(size, Size { entities, values }, "{body}");
        }
        assert!(serde_json::from_str::<Size>("[1]").is_err());
    }
}
