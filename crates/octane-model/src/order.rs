//! The sort order of a list.

use std::fmt;
use std::str::FromStr;

/// One sort key: `name`, or `-name` for descending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The field's name.
    pub field: String,
    /// Whether the order is descending.
    pub is_descending: bool,
}

/// An invalid sort order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid sort order `{0}`; use e.g. `creation_time,-id`")]
pub struct OrderError(String);

impl Order {
    /// Ascending order of `field`.
    pub fn ascending(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            is_descending: false,
        }
    }

    /// Descending order of `field`.
    pub fn descending(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            is_descending: true,
        }
    }

    /// Parses a list of sort keys such as `creation_time,-id`.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, OrderError> {
        text.split(',').map(|key| key.trim().parse()).collect()
    }
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        let (field, is_descending) = match text.strip_prefix('-') {
            Some(field) => (field, true),
            None => (text.strip_prefix('+').unwrap_or(text), false),
        };
        let is_name = !field.is_empty()
            && field
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name
            .then(|| Self {
                field: field.to_owned(),
                is_descending,
            })
            .ok_or_else(|| OrderError(text.to_owned()))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            if self.is_descending { "-" } else { "" },
            self.field
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_parses_as_it_prints() {
        let order = Order::parse_list("creation_time, -id").unwrap();
        assert_eq!(
            order,
            [Order::ascending("creation_time"), Order::descending("id")]
        );
        assert_eq!(order[1].to_string(), "-id");
    }

    #[test]
    fn an_order_without_a_valid_field_name_is_rejected() {
        assert!(Order::parse_list("id,,name").is_err());
        assert!(Order::parse_list("name desc").is_err());
    }
}
