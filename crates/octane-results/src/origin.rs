//! Where a result comes from, apart from its test.

use std::collections::HashSet;
use std::sync::Arc;

/// Where a report says that a result comes from, apart from its test and its position in the input.
///
/// Two results of one test with different origins are results of two runs, such as the same test in two browsers; with
/// the same origin, one is a repeat of the other. Not part of the payload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub struct Origin {
    /// The project or browser, where a report names it.
    pub project: Option<Arc<str>>,
    /// The machine; Playwright writes the name of the project there.
    pub hostname: Option<Arc<str>>,
    /// The names of the suites around the test, from the outermost to the innermost, joined with ` > `.
    pub suite: Option<Arc<str>>,
    /// The file that holds the test, not the report.
    pub file: Option<Arc<str>>,
}

/// The number of fields.
const FIELDS: usize = 4;

impl Origin {
    /// The fields in the order in which they are preferred for distinguishing results.
    fn fields(&self) -> [Option<&str>; FIELDS] {
        let Self {
            project,
            hostname,
            suite,
            file,
        } = self;
        [project, hostname, suite, file].map(Option::as_deref)
    }

    /// The browser that the project or the machine is named after.
    pub fn browser(&self) -> Option<&'static str> {
        let named = |name: &str| {
            let name = name.to_lowercase();
            let mut words = name.split(|char: char| !char.is_alphanumeric());
            words.find_map(|word| {
                BROWSERS
                    .iter()
                    .find(|(known, _)| *known == word)
                    .map(|(_, browser)| *browser)
            })
        };
        [&self.project, &self.hostname]
            .into_iter()
            .flatten()
            .find_map(|name| named(name))
    }
}

/// Words in the names of projects, and the browsers that they stand for.
const BROWSERS: [(&str, &str); 8] = [
    ("chrome", "Chrome"),
    ("chromium", "Chromium"),
    ("edge", "Edge"),
    ("msedge", "Edge"),
    ("electron", "Electron"),
    ("firefox", "Firefox"),
    ("safari", "Safari"),
    ("webkit", "WebKit"),
];

/// A label for each of several different origins that no other one has, in their order; empty where an origin has
/// nothing to be called by. The labels do not depend on the order of the origins.
///
/// | what differs | label |
/// |---|---|
/// | one field, or several of which one differs in all | the value of that field; of several such fields the first of project, hostname, suite, file |
/// | several fields, none of which differs in all | their values, joined with `, `, with `-` for one that is missing; in quotes if two of these would be the same |
pub(crate) fn labels(origins: &[&Origin]) -> Vec<String> {
    let values = |field: usize| origins.iter().map(move |origin| origin.fields()[field]);
    let differs = |field: &usize| {
        let mut values: Vec<_> = values(*field).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    let fields: Vec<usize> = (0..FIELDS).filter(|field| differs(field) > 1).collect();
    if let Some(field) = fields.iter().find(|field| differs(field) == origins.len()) {
        return values(*field)
            .map(|value| value.unwrap_or_default().to_owned())
            .collect();
    }
    let joined = |origin: &&Origin| {
        let values = fields.iter().map(|field| origin.fields()[*field]);
        let values: Vec<&str> = values.map(|value| value.unwrap_or("-")).collect();
        values.join(", ")
    };
    let labels: Vec<String> = origins.iter().map(joined).collect();
    let different: HashSet<&String> = labels.iter().collect();
    if different.len() == labels.len() {
        return labels;
    }
    let quoted = |origin: &&Origin| {
        let values = fields.iter().map(|field| origin.fields()[*field]);
        let values = values.map(|value| value.map_or("-".to_owned(), |value| format!("{value:?}")));
        values.collect::<Vec<_>>().join(", ")
    };
    origins.iter().map(quoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(project: &str, hostname: &str, suite: &str, file: &str) -> Origin {
        let text = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        Origin {
            project: text(project),
            hostname: text(hostname),
            suite: text(suite),
            file: text(file),
        }
    }

    fn labels_of(origins: &[Origin]) -> Vec<String> {
        labels(&origins.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_first_field_that_differs_in_all_origins_is_the_label() {
        let origins = [
            origin("web", "h1", "S", "a.ts"),
            origin("web", "h2", "S", "b.ts"),
        ];
        assert_eq!(labels_of(&origins), ["h1", "h2"]);
        let origins = [
            origin("", "", "S", "a.c"),
            origin("", "", "S", "b.c"),
            origin("", "", "S", ""),
        ];
        assert_eq!(labels_of(&origins), ["a.c", "b.c", ""]);
    }

    #[test]
    fn several_fields_are_joined_if_none_differs_in_all_origins() {
        let origins = [
            origin("", "h1", "S", "a"),
            origin("", "h1", "S", "b"),
            origin("", "", "S", "a"),
        ];
        assert_eq!(labels_of(&origins), ["h1, a", "h1, b", "-, a"]);
    }

    #[test]
    fn labels_are_different_whatever_the_values_are() {
        let origins = [
            origin("", "x, y", "z", "a"),
            origin("", "x", "y, z", "a"),
            origin("", "x", "z", "a"),
        ];
        let expected = [r#""x, y", "z""#, r#""x", "y, z""#, r#""x", "z""#];
        assert_eq!(labels_of(&origins), expected);
        let origins = [
            origin("", "-", "z", ""),
            origin("", "", "z", ""),
            origin("", "-", "y", ""),
            origin("", "", "y", ""),
        ];
        let expected = [r#""-", "z""#, r#"-, "z""#, r#""-", "y""#, r#"-, "y""#];
        assert_eq!(labels_of(&origins), expected);
    }

    #[test]
    fn labels_do_not_depend_on_the_order_of_the_origins() {
        let mut origins = [
            origin("", "h1", "S", "a"),
            origin("", "h2", "T", "a"),
            origin("", "h3", "S", "b"),
        ];
        let mut forward = labels_of(&origins);
        origins.reverse();
        forward.reverse();
        assert_eq!(labels_of(&origins), forward);
    }

    #[test]
    fn a_browser_is_recognised_as_a_word_of_a_project_or_machine() {
        for (name, expected) in [
            ("chromium", Some("Chromium")),
            ("Mobile Safari", Some("Safari")),
            ("Desktop_Firefox", Some("Firefox")),
            ("msedge", Some("Edge")),
            ("edgecase-runner", None),
            ("build-agent-7", None),
        ] {
            assert_eq!(origin(name, "", "", "").browser(), expected, "{name}");
            assert_eq!(origin("", name, "", "").browser(), expected, "{name}");
        }
    }
}
