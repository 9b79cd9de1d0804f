//! Queries that list values, each short enough for a URL.

use futures_util::stream::{self, BoxStream, StreamExt};
use octane_model::{Entity, Literal, Query};
use octane_rest::{Error, ListRequest};

/// How many values one query lists; the vendor's clients keep lists below a hundred too.
pub(crate) const VALUES_MAX: usize = 100;

/// How many bytes of the URL they take up. Servers and proxies usually allow 8 KiB in all.
const BYTES_MAX: usize = 4096;

/// Splits values into parts that fit into one query each.
pub(crate) fn parts<V>(mut values: &[V]) -> impl Iterator<Item = &[V]>
where
    for<'v> &'v V: Into<Literal>,
{
    std::iter::from_fn(move || {
        let (part, others) = values.split_at(fitting(values));
        values = others;
        (!part.is_empty()).then_some(part)
    })
}

/// How many of the first values fit into one query: at least one, if there is any.
fn fitting<V>(values: &[V]) -> usize
where
    for<'v> &'v V: Into<Literal>,
{
    let mut bytes = 0;
    let fits = |value: &&V| {
        bytes += length(*value);
        bytes <= BYTES_MAX
    };
    let count = values.iter().take(VALUES_MAX).take_while(fits).count();
    count.max(values.len().min(1))
}

/// How many bytes of a URL a value takes up at most, with the comma after it.
fn length(value: impl Into<Literal>) -> usize {
    let query = Query::field("").is(value).to_string();
    // The quote at its end is as long as the comma.
    let printed = query.trim_start_matches("\" EQ ").bytes();
    printed
        .map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 })
        .sum()
}

/// The entities of `list` whose `field` has one of these values, with a request for each part of them.
pub(crate) fn list_in<'a, V>(
    list: ListRequest<Entity>,
    field: &'a str,
    values: &'a [V],
) -> BoxStream<'a, Result<Vec<Entity>, Error>>
where
    V: Sync,
    for<'v> &'v V: Into<Literal>,
{
    let queries = parts(values).filter_map(move |part| Query::field(field).is_in(part));
    stream::iter(queries)
        .then(move |query| list.clone().matching(query).all())
        .boxed()
}

#[cfg(test)]
mod tests {
    use octane_model::EntityId;

    use super::*;

    fn lengths<V>(values: &[V]) -> Vec<usize>
    where
        for<'v> &'v V: Into<Literal>,
    {
        parts(values).map(<[V]>::len).collect()
    }

    #[test]
    fn a_part_has_up_to_a_hundred_values() {
        let ids: Vec<EntityId> = (1001..1251)
            .map(|id: i64| EntityId::from(id.to_string()))
            .collect();
        assert_eq!(lengths(&ids), [100, 100, 50]);
        assert!(lengths(&ids[..0]).is_empty());
    }

    #[test]
    fn a_part_fits_into_a_url_together_with_everything_else() {
        for (name, expected) in [
            ("a".repeat(30), 100),
            ("a".repeat(200), 19),
            ("ä".repeat(60), 11),
            ("a b(c)\\".repeat(36), 4),
            // A single value is never too long: Octane allows 255 characters.
            ("\u{1f600}".repeat(400), 1),
        ] {
            let names = vec![name; 120];
            let lengths = lengths(&names);
            assert_eq!(lengths[0], expected, "{}", names[0]);
            assert_eq!(lengths.iter().sum::<usize>(), 120, "{}", names[0]);
        }
    }

    #[test]
    fn the_length_of_a_value_is_what_it_takes_up_in_a_url() {
        for (value, expected) in [("ab", "%5Eab%5E%2C"), ("a*", "%5Ea%5C%2A%5E%2C")] {
            assert_eq!(length(value), expected.len(), "{value}");
        }
        assert_eq!(length(1001), "1001%2C".len());
    }
}
