//! What templates are filled with.

use std::borrow::Cow;

use crate::read::file_names::base_name;
use crate::run::TestRun;

/// What a report says of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Module,
    Package,
    Class,
    /// Package and class, as one dotted name.
    Classname,
    Name,
    Suite,
    File,
    Project,
    Hostname,
    Report,
}

impl Field {
    pub(super) const ALL: [(&str, Self); 10] = [
        ("module", Self::Module),
        ("package", Self::Package),
        ("class", Self::Class),
        ("classname", Self::Classname),
        ("name", Self::Name),
        ("suite", Self::Suite),
        ("file", Self::File),
        ("project", Self::Project),
        ("hostname", Self::Hostname),
        ("report", Self::Report),
    ];

    /// What is between its segments, if that does not depend on the value.
    pub(super) fn separator(self) -> Option<&'static str> {
        match self {
            Self::File | Self::Report => Some("/"),
            Self::Classname => Some("."),
            _ => None,
        }
    }

    /// The value; empty if there is none.
    pub(super) fn of(self, run: &TestRun) -> Cow<'_, str> {
        let identity = &run.identity;
        let origin = &run.origin;
        Cow::Borrowed(match self {
            Self::Classname if !identity.package.is_empty() && !identity.class.is_empty() => {
                return Cow::Owned(format!("{}.{}", identity.package, identity.class));
            }
            Self::Classname if identity.class.is_empty() => &identity.package,
            Self::Module => &identity.module,
            Self::Package => &identity.package,
            Self::Class | Self::Classname => &identity.class,
            Self::Name => &identity.name,
            Self::Suite => origin.suite.as_deref().unwrap_or_default(),
            Self::File => origin.file.as_deref().unwrap_or_default(),
            Self::Project => origin.project.as_deref().unwrap_or_default(),
            Self::Hostname => origin.hostname.as_deref().unwrap_or_default(),
            Self::Report => {
                let file = run.position.as_ref().map(|position| &*position.file);
                base_name(file.unwrap_or_default())
            }
        })
    }
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selector {
    First,
    Last,
    /// All but the first.
    Rest,
    /// All but the last.
    Parent,
    /// The last segment without its extension.
    Stem,
    /// All without the extension.
    Path,
    /// With dots between the segments.
    Dots,
}

impl Selector {
    pub(super) const ALL: [(&str, Self); 7] = [
        ("first", Self::First),
        ("last", Self::Last),
        ("rest", Self::Rest),
        ("parent", Self::Parent),
        ("stem", Self::Stem),
        ("path", Self::Path),
        ("dots", Self::Dots),
    ];

    /// The part of `value`, whose segments are separated by `separator`, or by the first one that occurs.
    pub(super) fn of(self, value: &str, separator: Option<&'static str>) -> String {
        let separator = separator.unwrap_or_else(|| first_separator(value));
        let value = match separator {
            "/" => value.replace('\\', "/"),
            _ => value.to_owned(),
        };
        let ends = value.split_once(separator);
        let last = value.rsplit_once(separator);
        let without_extension = |text: &str| {
            let at = text.rfind('.').filter(|at| {
                let before = text[..*at].chars().next_back();
                before.is_some_and(|before| before != '/') && !text[*at..].contains('/')
            });
            text[..at.unwrap_or(text.len())].to_owned()
        };
        match self {
            Self::First => ends.map_or(&*value, |(first, _)| first).to_owned(),
            Self::Rest => ends.map_or("", |(_, rest)| rest).to_owned(),
            Self::Last => last.map_or(&*value, |(_, last)| last).to_owned(),
            Self::Parent => last.map_or("", |(parent, _)| parent).to_owned(),
            Self::Stem => without_extension(last.map_or(&*value, |(_, last)| last)),
            Self::Path => without_extension(&value),
            Self::Dots => value.replace(separator, "."),
        }
    }
}

/// What is between the segments of `value`; `/` stands for `\` too.
fn first_separator(value: &str) -> &'static str {
    const SEPARATORS: [&str; 5] = [" > ", " › ", "/", "::", "."];
    let found = SEPARATORS
        .into_iter()
        .find(|separator| value.contains(separator) || *separator == "/" && value.contains('\\'));
    found.unwrap_or(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_separated_as_the_value_is() {
        for (value, first, last, rest, parent) in [
            ("a > b.c > d", "a", "d", "b.c > d", "a > b.c"),
            ("a › b", "a", "b", "b", "a"),
            (r"a\b.c/d", "a", "d", "b.c/d", "a/b.c"),
            ("a::b.c", "a", "b.c", "b.c", "a"),
            ("a.b.c", "a", "c", "b.c", "a.b"),
            ("a", "a", "a", "", ""),
            ("", "", "", "", ""),
        ] {
            let found = [
                Selector::First,
                Selector::Last,
                Selector::Rest,
                Selector::Parent,
            ]
            .map(|selector| selector.of(value, None));
            assert_eq!(found, [first, last, rest, parent], "{value}");
        }
    }

    #[test]
    fn an_extension_is_that_of_the_last_segment() {
        for (value, stem, path) in [
            ("a.b/tax.spec.ts", "tax.spec", "a.b/tax.spec"),
            ("a.b/tax", "tax", "a.b/tax"),
            ("a/.rc", ".rc", "a/.rc"),
            (".rc", ".rc", ".rc"),
        ] {
            assert_eq!(Selector::Stem.of(value, Some("/")), stem, "{value}");
            assert_eq!(Selector::Path.of(value, Some("/")), path, "{value}");
        }
    }
}
