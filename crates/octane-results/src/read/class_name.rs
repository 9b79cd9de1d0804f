//! Dotted class names.

use memchr::memchr_iter;

use crate::read::file_names::is_file_extension;
use crate::text::position;

/// Splits a dotted class name into package and class; one that is not made of plain identifiers, or ends like a file name,
/// has no package.
///
/// If `package` is already known, only this prefix is removed.
pub(crate) fn split_class<'c>(classname: &'c str, package: &str) -> (&'c str, &'c str) {
    if !package.is_empty() {
        let below = classname.strip_prefix(package);
        let class = below
            .and_then(|below| below.strip_prefix('.'))
            .filter(|class| !class.is_empty());
        return ("", class.unwrap_or(classname));
    }
    if position(classname.as_bytes(), is_not_in_ascii_names).is_none() {
        return match end_of_package(classname.as_bytes()) {
            Some(end) if !is_file_extension(&classname[end + 1..]) => {
                (&classname[..end], &classname[end + 1..])
            }
            _ => ("", classname),
        };
    }
    if classname.is_ascii() {
        return ("", classname);
    }
    let is_identifier = |segment: &str| {
        segment.starts_with(|char: char| char.is_alphabetic() || char == '_')
            && segment
                .chars()
                .all(|char| char.is_alphanumeric() || matches!(char, '_' | '$'))
    };
    match classname.rsplit_once('.') {
        Some((prefix, class))
            if classname.split('.').all(is_identifier) && !is_file_extension(class) =>
        {
            (prefix, class)
        }
        _ => ("", classname),
    }
}

/// Whether this byte is in no name that is made of identifiers in ASCII and dots.
fn is_not_in_ascii_names(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    !(is_letter | is_digit | (byte == b'.') | (byte == b'_') | (byte == b'$'))
}

/// The last dot of a name that is made of such bytes, if it has one and all segments are identifiers.
fn end_of_package(classname: &[u8]) -> Option<usize> {
    let is_first = |at: usize| {
        let first = classname.get(at);
        first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
    };
    let mut last = None;
    if !is_first(0) {
        return None;
    }
    for dot in memchr_iter(b'.', classname) {
        if !is_first(dot + 1) {
            return None;
        }
        last = Some(dot);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_are_split_where_a_package_ends() {
        for (classname, package, expected) in [
            ("shop.cart.TaxTest", "", ("shop.cart", "TaxTest")),
            ("test.test_spark", "", ("test", "test_spark")),
            ("a.Outer$Inner", "", ("a", "Outer$Inner")),
            ("TaxTest", "", ("", "TaxTest")),
            ("widget.test.js", "", ("", "widget.test.js")),
            ("t_test.sh", "", ("", "t_test.sh")),
            ("docs.usage.rst", "", ("", "docs.usage.rst")),
            ("shop.cart.robot", "", ("", "shop.cart.robot")),
            ("Cart shows. totals", "", ("", "Cart shows. totals")),
            ("tests/cart.spec", "", ("", "tests/cart.spec")),
            ("v1.2.Test", "", ("", "v1.2.Test")),
            (".Test", "", ("", ".Test")),
            ("shop.cart.TaxTest", "shop.cart", ("", "TaxTest")),
            ("shop.cart.TaxTest", "shop", ("", "cart.TaxTest")),
            ("shop.cart.TaxTest", "Checkout", ("", "shop.cart.TaxTest")),
            ("shopping.TaxTest", "shop", ("", "shopping.TaxTest")),
        ] {
            assert_eq!(
                split_class(classname, package),
                expected,
                "{classname} in {package}"
            );
        }
    }
}
