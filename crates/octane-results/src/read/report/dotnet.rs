//! Names of classes and tests, and times, in .NET, which all of its test tools write in the same way.

use std::path::Path;

use super::draft::{Draft, Moment};
use super::file::ReportFile;
use crate::read::file_names::is_file_extension;

/// The year in which times begin that were never set.
const NEVER: &str = "0001-";

/// The start time that an attribute gives.
pub(crate) fn start(time: Option<&str>) -> Moment {
    let time = time.filter(|time| !time.starts_with(NEVER));
    time.map_or(Moment::Unknown, |time| Moment::Text(time.to_owned()))
}

/// Sets the class of `draft` by the full name of a class in .NET.
///
/// `Shop.Cart.TaxTest` is the class `TaxTest` in the package `Shop.Cart`; nested classes (`Outer+Inner`), type arguments
/// (`Store<System.Int32>`) and arguments of fixtures (`TaxTest("a.b")`) belong to the class; the assembly after a comma
/// does not. A text that is not such a name, or ends like the name of a test file, is the class as a whole, and where the suite path has a package, only that is
/// removed.
pub(crate) fn set_class(draft: &mut Draft, full: &str, file: &ReportFile) {
    let full = without_assembly(full);
    match split(full) {
        Some((namespace, class)) if file.options.suite_path.package().is_empty() => {
            namespace.clone_into(&mut draft.package);
            class.clone_into(&mut draft.class);
            draft.is_class_whole = true;
        }
        _ => full.clone_into(&mut draft.class),
    }
}

/// The class of a test without the assembly, as in `Shop.TaxTest, Shop.Tests, Version=1.0.0.0`, but not `Cart, when it is empty`.
pub(crate) fn without_assembly(full: &str) -> &str {
    let full = full.trim();
    let Some((at, _)) = top_level(full).find(|(_, char)| *char == ',') else {
        return full;
    };
    let assembly = full[at + 1..].split(',').next().unwrap_or_default();
    if assembly.trim().contains(' ') && !full[at..].contains(", Version=") {
        full
    } else {
        full[..at].trim()
    }
}

/// The name of a test without its class before it.
pub(crate) fn own_name<'n>(name: &'n str, class: &str) -> &'n str {
    name.strip_prefix(class)
        .and_then(|rest| rest.strip_prefix('.'))
        .filter(|own| !class.is_empty() && !own.trim().is_empty())
        .unwrap_or(name)
}

/// The full name of a class and the name of a method in it; `None` if the text is not such a name, but a sentence with a dot, for
/// example.
pub(crate) fn class_and_method(full: &str) -> Option<(&str, &str)> {
    split_last(full).filter(|(class, method)| is_full_name(class) && is_full_name(method))
}

/// Splits at the last dot that is not inside arguments.
fn split_last(full: &str) -> Option<(&str, &str)> {
    let (at, _) = top_level(full).filter(|(_, char)| *char == '.').last()?;
    let (before, after) = (&full[..at], &full[at + 1..]);
    (!before.is_empty() && !after.is_empty()).then_some((before, after))
}

/// Whether a name is that of an assembly.
pub(crate) fn is_assembly(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|it| it.eq_ignore_ascii_case("dll") || it.eq_ignore_ascii_case("exe"))
}

/// The type of an exception at the start of a message, as in `System.ArgumentException : amount`.
pub(crate) fn error_type(message: &str) -> Option<String> {
    let head = message.split([':', '\n']).next()?.trim();
    let is_type = head.len() < message.trim_end().len()
        && head.split('.').all(is_identifier)
        && ["Exception", "Error"].iter().any(|end| head.ends_with(end));
    is_type.then(|| head.to_owned())
}

/// Namespace and class of a full name; a name of a file, as tools of other languages write it, has no namespace.
fn split(full: &str) -> Option<(&str, &str)> {
    let (namespace, class) = split_last(full)?;
    let is_file = is_file_extension(class);
    (is_name(class) && !is_file && namespace.split('.').all(is_identifier))
        .then_some((namespace, class))
}

/// Whether a text consists of names with dots between them, perhaps with arguments.
fn is_full_name(text: &str) -> bool {
    let dots = top_level(text).filter(|(_, char)| *char == '.');
    let mut start = 0;
    dots.map(|(at, _)| at).chain([text.len()]).all(|end| {
        let name = &text[start..end];
        start = end + 1;
        is_name(name)
    })
}

/// Whether a text is the name of a class or a method, perhaps with arguments.
fn is_name(text: &str) -> bool {
    let end = text.find(['(', '<', '[', '`']).unwrap_or(text.len());
    text[..end].split('+').all(is_identifier)
}

fn is_identifier(segment: &str) -> bool {
    segment.starts_with(|char: char| char.is_alphabetic() || char == '_')
        && segment
            .chars()
            .all(|char| char.is_alphanumeric() || matches!(char, '_' | '$'))
}

/// The characters that are outside brackets, and outside quotes inside them.
fn top_level(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    text.char_indices().filter(move |(_, char)| {
        if let Some(open) = quote {
            match char {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                char if *char == open => quote = None,
                _ => {}
            }
            return false;
        }
        match char {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            '"' | '\'' if depth > 0 => quote = Some(*char),
            _ => return depth == 0,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_are_split_outside_arguments() {
        for (full, expected) in [
            ("Shop.Cart.TaxTest", Some(("Shop.Cart", "TaxTest"))),
            ("Shop.Outer+Inner", Some(("Shop", "Outer+Inner"))),
            (
                "Shop.Store`1[[System.Int32, mscorlib]]",
                Some(("Shop", "Store`1[[System.Int32, mscorlib]]")),
            ),
            ("Shop.Store<Shop.Item>", Some(("Shop", "Store<Shop.Item>"))),
            (
                r#"Shop.TaxTest("a.)\".b",'.',1.5d)"#,
                Some(("Shop", r#"TaxTest("a.)\".b",'.',1.5d)"#)),
            ),
            ("TaxTest", None),
            ("test_cart.py", None),
            ("cart.test.js", None),
            ("Shop.Ts", Some(("Shop", "Ts"))),
            ("Cart shows. totals", None),
            ("Cart.shows totals", None),
            (".TaxTest", None),
        ] {
            assert_eq!(split(full), expected, "{full}");
        }
    }

    #[test]
    fn only_the_name_of_a_method_is_taken_apart() {
        for (full, expected) in [
            ("Shop.TaxTest.Adds", Some(("Shop.TaxTest", "Adds"))),
            ("Tax.Adds(1.5)", Some(("Tax", "Adds(1.5)"))),
            (
                "Shop.Store<Shop.Item>(\"a b.c\").Holds",
                Some(("Shop.Store<Shop.Item>(\"a b.c\")", "Holds")),
            ),
            ("should be 3.0", None),
            ("v1.5 works", None),
            ("writes to log.txt", None),
            ("Log.writes text", None),
            ("reads a line.", None),
            ("1.5", None),
        ] {
            assert_eq!(class_and_method(full), expected, "{full}");
        }
    }

    #[test]
    fn assemblies_and_classes_around_names_are_removed() {
        assert_eq!(
            without_assembly("Shop.Store`1[[System.Int32, mscorlib]], Shop.Tests, Version=1.0"),
            "Shop.Store`1[[System.Int32, mscorlib]]"
        );
        assert_eq!(
            without_assembly("Shop.TaxTest, My App Tests, Version=1.0.0.0"),
            "Shop.TaxTest"
        );
        let sentence = "Cart, when it is empty";
        assert_eq!(without_assembly(sentence), sentence);
        assert_eq!(
            own_name("Shop.TaxTest.Adds(1.5)", "Shop.TaxTest"),
            "Adds(1.5)"
        );
        assert_eq!(
            own_name("Shop.TaxTests.Adds", "Shop.TaxTest"),
            "Shop.TaxTests.Adds"
        );
        assert_eq!(own_name("adds tax", ""), "adds tax");
        assert_eq!(own_name(".adds", ""), ".adds");
    }

    #[test]
    fn only_names_of_exceptions_are_types() {
        let expected = Some("System.ArgumentException".to_owned());
        assert_eq!(error_type("System.ArgumentException : amount: 1"), expected);
        assert_eq!(error_type("System.ArgumentException: amount"), expected);
        for message in ["Expected: 1", "", "An Exception : x", "KeyError", "a : b"] {
            assert_eq!(error_type(message), None, "{message}");
        }
    }
}
