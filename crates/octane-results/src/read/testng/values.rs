//! Parameters and times, without what differs from run to run or says nothing.

use crate::metadata::Property;
use crate::read::report::xml::Element;

/// The parameters of a method, named by their position.
pub(super) fn parameters(method: &Element) -> Vec<Property> {
    let parameters = method
        .children("params")
        .flat_map(|params| params.children("param"));
    let parameter = |(at, param): (usize, &Element)| {
        let value = param.child("value");
        let is_null = value.is_some_and(|value| value.attribute("is-null") == Some("true"));
        let text = value.and_then(Element::text).map(str::trim);
        let name = param
            .attribute("index")
            .map_or_else(|| at.to_string(), str::to_owned);
        Property::new(
            name,
            if is_null {
                "null"
            } else {
                text.unwrap_or_default()
            },
        )
    };
    parameters.enumerate().map(parameter).collect()
}

pub(super) fn with_values(name: &str, values: &[Property]) -> String {
    if values.is_empty() || name.is_empty() {
        return name.to_owned();
    }
    let values: Vec<&str> = values
        .iter()
        .map(|value| without_hash(&value.value))
        .collect();
    format!("{name}({})", values.join(", "))
}

/// A value without the hash that Java prints after a class: `shop.Cart@1b2c3d4e`.
fn without_hash(value: &str) -> &str {
    let is_class = |name: &str| {
        name.contains('.')
            && name
                .trim_start_matches('[')
                .chars()
                .all(|char| char.is_alphanumeric() || matches!(char, '.' | '_' | '$' | '/' | ';'))
    };
    match value.rsplit_once('@') {
        Some((name, hash))
            if is_class(name)
                && matches!(hash.len(), 1..=8)
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            name
        }
        _ => value,
    }
}

/// A time without the abbreviation of its zone; in UTC if it is that.
pub(super) fn without_zone(time: &str) -> String {
    match time.rsplit_once(' ') {
        Some((time, "UTC" | "GMT")) => format!("{time}Z"),
        Some((time, zone)) if zone.chars().all(char::is_alphabetic) => time.to_owned(),
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_each_run_is_left_out() {
        for (value, expected) in [
            ("shop.Cart@1b2c3d4e", "shop.Cart"),
            ("[Lshop.Cart;@7f", "[Lshop.Cart;"),
            ("jane@example.com", "jane@example.com"),
            ("a.b@cafe", "a.b"),
            ("Cart@1b2c", "Cart@1b2c"),
            ("two words.x@1b", "two words.x@1b"),
        ] {
            assert_eq!(without_hash(value), expected);
        }
        assert_eq!(
            without_zone("2026-03-01T08:00:02 GMT"),
            "2026-03-01T08:00:02Z"
        );
        assert_eq!(without_zone("2026-03-01 08:00:02"), "2026-03-01 08:00:02");
    }
}
