//! Texts that are made of a CI system's variables.
//!
//! | template | text |
//! | --- | --- |
//! | `{A}` | the value of the variable `A`, trimmed; no text at all if it is not set or blank |
//! | `{A,B}` | that of the first of them that is set |
//! | `{A+B}` | that of `A`, if it ends with that of `B` |
//! | `{A\|filter}` | the value changed by a [`Filter`] |
//! | `[ ({A})]` | optional: omitted if a variable in it is not set |

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;

/// What a template gave, and the variables that it was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Found {
    pub(crate) value: String,
    pub(crate) variables: Vec<&'static str>,
}

/// The text of the first template whose variables are set.
pub(super) fn first(
    templates: &[&'static str],
    variable: &impl Fn(&str) -> Option<String>,
) -> Option<Found> {
    templates
        .iter()
        .find_map(|template| fill(template, variable))
}

fn fill(template: &'static str, variable: &impl Fn(&str) -> Option<String>) -> Option<Found> {
    let mut found = Found::default();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        let (optional, after) = after.split_once(']')?;
        found.add(required(before, variable)?);
        if let Some(optional) = required(optional, variable) {
            found.add(optional);
        }
        rest = after;
    }
    found.add(required(rest, variable)?);
    Some(found)
}

/// A part of a template without optional ones in it.
fn required(part: &'static str, variable: &impl Fn(&str) -> Option<String>) -> Option<Found> {
    let mut found = Found::default();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('{') {
        let (slot, after) = after.split_once('}')?;
        let (names, filter) = parts(slot);
        let filter = Filter::named(filter)?;
        let (name, value) = names.split(',').find_map(|name| {
            let (name, end) = name.split_once('+').unwrap_or((name, ""));
            let value = variable(name)?;
            if !end.is_empty() && !ends_with(&value, &variable(end)?) {
                return None;
            }
            let value = filter.apply(&without_password(value.trim()));
            let value = value.filter(|value| !value.is_empty())?;
            Some((name, value))
        })?;
        found.value += before;
        found.value += &value;
        found.variables.push(name);
        rest = after;
    }
    found.value += rest;
    Some(found)
}

/// A URL without user and password, such as a checkout of a private repository may have.
fn without_password(value: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = value.split_once("://") else {
        return Cow::Borrowed(value);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => Cow::Owned(format!("{scheme}://{host}{path}")),
        None => Cow::Borrowed(value),
    }
}

/// Whether the last part of a path, which may be percent-encoded, is this.
fn ends_with(path: &str, end: &str) -> bool {
    let last = path.trim().rsplit('/').next().unwrap_or_default();
    percent_decode_str(last).decode_utf8_lossy() == end.trim()
}

/// The names of a slot, and its filter.
fn parts(slot: &str) -> (&str, &str) {
    slot.split_once('|').unwrap_or((slot, ""))
}

/// A URL with its scheme.
fn url(text: &str) -> Option<http::Uri> {
    let url: http::Uri = text.parse().ok()?;
    url.scheme().is_some().then_some(url)
}

/// The host of a URL, with its port if it has one.
fn host(url: &http::Uri) -> Option<String> {
    let port = url.port();
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    Some(url.host()?.to_lowercase() + &port)
}

/// All variables of a template.
pub(super) fn variables(template: &'static str) -> impl Iterator<Item = &'static str> {
    let slots = template.split('{').skip(1);
    let slots = slots.filter_map(|slot| slot.split('}').next());
    let names = slots.flat_map(|slot| parts(slot).0.split(','));
    names.filter_map(|name| name.split('+').next())
}

impl Found {
    fn add(&mut self, other: Self) {
        self.value += &other.value;
        for name in other.variables {
            if !self.variables.contains(&name) {
                self.variables.push(name);
            }
        }
    }
}

/// How a value is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    None,
    /// The host of a URL, with its port if it has one.
    Host,
    /// The same with the path, if it has one.
    Server,
    /// A URL without the slash at its end.
    NoSlash,
    /// One segment of a path.
    Segment,
    /// The branch of a Git reference; none for a tag or a merge of a pull request.
    Branch,
    /// A branch of the remote repository.
    Remote,
    /// A job of Jenkins as people know it: names of branches are percent-encoded.
    JenkinsName,
    /// The same job as Octane's plug-in for Jenkins names it (its source, `BuildHandlerUtils`).
    JenkinsJob,
    /// The same two for a job that may belong to a matrix, and then has its axes at the end.
    JenkinsMatrixName,
    JenkinsMatrixJob,
    /// The project of `project:id`, as AWS writes it.
    Project,
    /// The ID of `project:id`.
    Id,
    /// The number after this one, of a count from 0.
    Next,
}

/// What is not encoded in a segment of a path (RFC 3986, "Unreserved Characters").
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Filter {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" => Self::None,
            "host" => Self::Host,
            "server" => Self::Server,
            "no-slash" => Self::NoSlash,
            "segment" => Self::Segment,
            "branch" => Self::Branch,
            "remote" => Self::Remote,
            "jenkins-name" => Self::JenkinsName,
            "jenkins-job" => Self::JenkinsJob,
            "jenkins-matrix-name" => Self::JenkinsMatrixName,
            "jenkins-matrix-job" => Self::JenkinsMatrixJob,
            "project" => Self::Project,
            "id" => Self::Id,
            "next" => Self::Next,
            _ => return None,
        })
    }

    /// The changed value; none if there is none in it.
    fn apply(self, value: &str) -> Option<String> {
        Some(match self {
            Self::None => value.to_owned(),
            Self::Host => host(&url(value)?)?,
            Self::Server => {
                let url = url(value)?;
                host(&url)? + url.path().trim_end_matches('/')
            }
            Self::Next => (value.parse::<u32>().ok()?.checked_add(1)?).to_string(),
            Self::NoSlash => value.trim_end_matches('/').to_owned(),
            Self::Segment => utf8_percent_encode(value, SEGMENT).to_string(),
            Self::Branch => match value.strip_prefix("refs/") {
                Some(reference) => reference.strip_prefix("heads/")?.to_owned(),
                None => value.to_owned(),
            },
            Self::Remote => value.strip_prefix("origin/").unwrap_or(value).to_owned(),
            Self::JenkinsName => {
                let folders: Vec<_> = value
                    .split('/')
                    .map(|part| percent_decode_str(part).decode_utf8_lossy())
                    .collect();
                folders.join("/")
            }
            Self::JenkinsJob => value.replace('/', "/job/"),
            Self::JenkinsMatrixName => Self::JenkinsName.apply(without_axes(value))?,
            Self::JenkinsMatrixJob => Self::JenkinsJob.apply(without_axes(value))?,
            Self::Project => value.split(':').next()?.to_owned(),
            Self::Id => value.split_once(':')?.1.to_owned(),
        })
    }
}

/// A job of Jenkins without the axes of a matrix, which are the last part of its name: `browser=firefox,os=linux`.
fn without_axes(job: &str) -> &str {
    let is_axis = |axis: &str| {
        axis.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty())
    };
    match job.rsplit_once('/') {
        Some((matrix, axes)) if axes.split(',').all(is_axis) => matrix,
        _ => job,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &'static str, variables: &[(&str, &str)]) -> Option<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        first(&[template], &variable).map(|found| found.value)
    }

    #[test]
    fn what_is_missing_is_left_out_where_it_is_optional_and_prevents_the_text_elsewhere() {
        let template = "[{R}: ]{P,Q} #{N}[ ({I})]";
        let all = [("R", "shop"), ("P", " CI "), ("N", "7"), ("I", "99")];
        assert_eq!(filled(template, &all).unwrap(), "shop: CI #7 (99)");
        assert_eq!(filled(template, &all[1..3]).unwrap(), "CI #7");
        assert_eq!(filled(template, &[("Q", "x"), ("N", "7")]).unwrap(), "x #7");
        assert_eq!(filled(template, &[("P", "x")]), None);
        assert_eq!(filled(template, &[("P", "x"), ("N", "  ")]), None);
        assert_eq!(filled("no variable", &[]).unwrap(), "no variable");
        for (end, expected) in [("a/c=d", Some("b/a%2Fc=d")), ("c=d", None), (" ", None)] {
            let both = [("N", "b/a%2Fc=d"), ("P", end)];
            assert_eq!(filled("{N+P}", &both).as_deref(), expected, "{end}");
        }
        assert_eq!(filled("{N+P}", &[("N", "7")]), None);
    }

    #[test]
    fn a_text_names_each_variable_that_it_was_made_of_once() {
        let variable = |name: &str| (name != "B").then(|| name.to_lowercase());
        let found = first(&["{B}", "[{B}]{A}[-{C}]{B,A}"], &variable).unwrap();
        assert_eq!(found.value, "a-ca");
        assert_eq!(found.variables, ["A", "C"]);
        let all: Vec<_> = variables("[{B|host}: ]{A,D|branch}{C}").collect();
        assert_eq!(all, ["B", "A", "D", "C"]);
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (value, expected) in [
            (
                "https://jane:p@w@git.example.com/a.git?b=c@d",
                "https://git.example.com/a.git?b=c@d",
            ),
            ("https://token@git.example.com", "https://git.example.com"),
            (
                "https://git.example.com/~a@b",
                "https://git.example.com/~a@b",
            ),
            ("git@git.example.com:a.git", "git@git.example.com:a.git"),
        ] {
            assert_eq!(filled("{V}", &[("V", value)]).unwrap(), expected);
        }
    }

    #[test]
    fn filters_take_from_a_value_what_is_needed() {
        for (template, value, expected) in [
            (
                "{V|host}",
                "https://CI.example.com:8443/jenkins/",
                Some("ci.example.com:8443"),
            ),
            (
                "{V|host}",
                "https://jane:pw@ci.example.com",
                Some("ci.example.com"),
            ),
            ("{V|host}", "x", None),
            (
                "{V|no-slash}",
                "https://ci.example.com/",
                Some("https://ci.example.com"),
            ),
            ("{V|segment}", "My Shop/Ö", Some("My%20Shop%2F%C3%96")),
            (
                "{V|branch}",
                "refs/heads/feature/login",
                Some("feature/login"),
            ),
            ("{V|branch}", "main", Some("main")),
            ("{V|branch}", "refs/tags/v1", None),
            ("{V|branch}", "refs/pull/7/merge", None),
            ("{V|remote}", "origin/main", Some("main")),
            (
                "{V|jenkins-name}",
                "shop/feature%2Flogin%20page",
                Some("shop/feature/login page"),
            ),
            (
                "{V|jenkins-matrix-name}",
                "nightly/browser=firefox,os=linux",
                Some("nightly"),
            ),
            ("{V|jenkins-matrix-name}", "a=b/x=1", Some("a=b")),
            ("{V|jenkins-matrix-name}", "a=b", Some("a=b")),
            ("{V|jenkins-matrix-name}", "shop/x=1,y", Some("shop/x=1,y")),
            ("{V|jenkins-matrix-job}", "a/b/x=1", Some("a/job/b")),
            ("{V|jenkins-name}", "shop/fix-a=b", Some("shop/fix-a=b")),
            (
                "{V|jenkins-job}",
                "shop/feature%2Flogin",
                Some("shop/job/feature%2Flogin"),
            ),
            ("{V|project}", "shop:7c1f", Some("shop")),
            ("{V|id}", "shop:7c1f", Some("7c1f")),
            ("{V|id}", "shop", None),
            ("{V|next}", "0", Some("1")),
            ("{V|next}", "x", None),
            ("{V|unknown}", "shop", None),
        ] {
            assert_eq!(
                filled(template, &[("V", value)]).as_deref(),
                expected,
                "{template} {value}"
            );
        }
    }
}
