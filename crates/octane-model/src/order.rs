//! The order of a list.

use std::fmt;
use std::str::FromStr;

/// One key of an order: `name`, or `-name` for descending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The field's name.
    pub field: String,
    /// Whether the greatest comes first.
    pub is_descending: bool,
}

/// An order that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no order; write fields such as `creation_time,-id`")]
pub struct OrderError(String);

impl Order {
    /// The least first.
    pub fn ascending(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            is_descending: false,
        }
    }

    /// The greatest first.
    pub fn descending(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            is_descending: true,
        }
    }

    /// Reads a list of keys, `creation_time,-id`.
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
    fn an_order_reads_as_it_prints() {
        let order = Order::parse_list("creation_time, -id").unwrap();
        assert_eq!(
            order,
            [Order::ascending("creation_time"), Order::descending("id")]
        );
        assert_eq!(order[1].to_string(), "-id");
    }

    #[test]
    fn an_order_that_names_no_field_is_refused() {
        assert!(Order::parse_list("id,,name").is_err());
        assert!(Order::parse_list("name desc").is_err());
    }
}
