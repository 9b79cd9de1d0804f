//! Dotted class names.

use memchr::memrchr;

use crate::read::file_names::is_file_extension;

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
    if classname.is_ascii() {
        return match end_of_package(classname.as_bytes()) {
            Some(end) if !is_file_extension(&classname[end + 1..]) => {
                (&classname[..end], &classname[end + 1..])
            }
            _ => ("", classname),
        };
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

/// A byte that no identifier starts with.
const NOT_FIRST: u8 = 1;
/// A byte that no identifier contains after its start.
const NOT_INSIDE: u8 = 2;
/// A dot, which ends an identifier that has started.
const DOT: u8 = 4;

/// What each byte is in a name of identifiers and dots.
const KINDS: [u8; 256] = {
    let mut kinds = [NOT_FIRST | NOT_INSIDE; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => 0,
            b'0'..=b'9' | b'$' => NOT_FIRST,
            b'.' => NOT_FIRST | DOT,
            _ => NOT_FIRST | NOT_INSIDE,
        };
        byte += 1;
    }
    kinds
};

/// The last dot of a name in ASCII, if there is one and all segments are identifiers.
fn end_of_package(classname: &[u8]) -> Option<usize> {
    let last = memrchr(b'.', classname)?;
    // Without branches, since most names are read to their end.
    let mut wrong_next = NOT_FIRST;
    let mut wrong = 0;
    for byte in classname {
        let kind = KINDS[usize::from(*byte)];
        wrong |= kind & wrong_next;
        wrong_next = NOT_INSIDE - kind / DOT;
    }
    (wrong == 0 && wrong_next == NOT_INSIDE).then_some(last)
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
