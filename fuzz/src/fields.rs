//! The `fields` of a request, and its `order_by`.

use octane_model::{Order, Select};

/// Reading ends, and what was read is printed and read as the same.
///
/// # Panics
///
/// Where that does not hold.
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
    // An order has no other form than its keys.
    if let Ok(keys) = Order::parse_list(text) {
        assert!(keys.iter().all(|key| !key.field.is_empty()));
    }
}
