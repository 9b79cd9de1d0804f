//! The `fields` of a request, and its `order_by`.

use octane_model::{Order, Select};

/// Parsing terminates, and the printed result parses to the same value.
///
/// # Panics
///
/// If that does not hold.
pub fn fields(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match text.parse::<Select>() {
        Ok(select) => assert_eq!(select.to_string().parse().as_ref(), Ok(&select)),
        Err(error) => {
            let columns = text.chars().count() + 1;
            assert!((1..=columns).contains(&error.column), "{error}");
        }
    }
    // A parsed order contains only valid keys.
    if let Ok(keys) = Order::parse_list(text) {
        assert!(keys.iter().all(|key| !key.field.is_empty()));
    }
}
