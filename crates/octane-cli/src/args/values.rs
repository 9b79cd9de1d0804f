//! Values of options that have parts.

use std::error::Error;
use std::net::IpAddr;
use std::str::FromStr;

use clap::builder::{OsStringValueParser, TypedValueParser};
use octane_results::{
    FindOptions, IdentityTemplate, ResultField, Status, Tag, TestField, TestFieldKind,
};

/// `WORD=STATUS`: what a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusMapping {
    pub(crate) word: String,
    pub(crate) status: Status,
}

impl FromStr for StatusMapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('=');
        let mapping = parts.and_then(|(word, status)| {
            let status = Status::ALL
                .into_iter()
                .find(|known| known.as_str().eq_ignore_ascii_case(status.trim()))?;
            let word = word.to_owned();
            Some(Self { word, status })
        });
        mapping.ok_or_else(|| {
            "expected WORD=STATUS with one of passed, failed, skipped, planned, for example `warning=failed`".to_owned()
        })
    }
}

/// `COLUMN=FIELD`: what a column is; without a field, it is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnMapping {
    pub(crate) header: String,
    pub(crate) field: Option<ResultField>,
}

impl FromStr for ColumnMapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (header, field) = text
            .rsplit_once('=')
            .ok_or("expected COLUMN=FIELD, for example `Test Name=name`")?;
        let field = match field {
            "" => None,
            field => Some(field.parse().map_err(|error| format!("{error}"))?),
        };
        let header = header.to_owned();
        Ok(Self { header, field })
    }
}

/// Where Jira keys are in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JiraSource {
    /// The properties that usually have them.
    Properties,
    /// The property of this name.
    Property(String),
    Tags,
    Names,
}

impl FromStr for JiraSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text.trim(), text.trim().split_once(':')) {
            ("property", _) => Ok(Self::Properties),
            ("tag", _) => Ok(Self::Tags),
            ("name", _) => Ok(Self::Names),
            (_, Some(("property", name))) if !name.trim().is_empty() => {
                Ok(Self::Property(name.trim().to_owned()))
            }
            _ => Err("expected `property`, `property:NAME`, `tag` or `name`".to_owned()),
        }
    }
}

/// Parses whether something is on, as variables of the environment say it.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Ok(true),
        "0" | "false" | "no" | "off" | "n" | "f" => Ok(false),
        _ => Err("expected `1` or `0`".to_owned()),
    }
}

/// Parses the address that a server listens on.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map_err(|_| {
        "not an IP address such as `127.0.0.1` or `0.0.0.0`; names of hosts are not accepted"
            .to_owned()
    })
}

/// Parses `TYPE:VALUE` of an environment.
pub(super) fn tag(text: &str) -> Result<Tag, String> {
    let (tag_type, value) = pair(text, "OS:Linux")?;
    Ok(Tag { tag_type, value })
}

/// Parses `TYPE:VALUE` of a test field.
pub(super) fn test_field(text: &str) -> Result<TestField, String> {
    let (kind, value) = pair(text, "Test_Level:System Test")?;
    let known = TestFieldKind::from_payload(&kind).ok_or_else(|| {
        let words = TestFieldKind::ALL.iter().map(|kind| kind.as_str());
        let words = words.collect::<Vec<_>>().join(", ");
        format!("unknown test field `{kind}`; expected one of {words}")
    })?;
    Ok(TestField { kind: known, value })
}

/// The two parts of `TYPE:VALUE`; the value may contain further colons.
fn pair(text: &str, example: &str) -> Result<(String, String), String> {
    match text
        .split_once(':')
        .map(|(kind, value)| (kind.trim(), value.trim()))
    {
        Some((kind, value)) if !kind.is_empty() && !value.is_empty() => {
            Ok((kind.to_owned(), value.to_owned()))
        }
        _ => Err(format!("expected TYPE:VALUE, for example `{example}`")),
    }
}

/// Checks a template of identities. Templates are used together, so that they are parsed again.
pub(super) fn identity(text: &str) -> Result<String, String> {
    match IdentityTemplate::default().with(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Parses what names files, as text.
pub(super) fn input() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|input| {
        input.into_string().map_err(|input| {
            let glob = input.to_string_lossy().replace('\u{FFFD}', "?");
            format!(
                "the name is not UTF-8; pass its directory, or a glob such as '{glob}' in quotes"
            )
        })
    })
}

/// Checks a glob.
pub(super) fn glob(text: &str) -> Result<String, String> {
    match FindOptions::check_exclude(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_equals_sign_separates_a_word_from_its_status_and_a_column_from_its_field() {
        let mapping: StatusMapping = "a=b=FAILED".parse().unwrap();
        assert_eq!((&*mapping.word, mapping.status), ("a=b", Status::Failed));
        assert_eq!("=skipped".parse::<StatusMapping>().unwrap().word, "");
        let mapping: ColumnMapping = "a=b=name".parse().unwrap();
        assert_eq!(mapping.field, Some(ResultField::Name));
        assert_eq!("Owner=".parse::<ColumnMapping>().unwrap().field, None);
        for wrong in ["a", "a=amber", "a="] {
            assert!(wrong.parse::<StatusMapping>().is_err(), "{wrong}");
        }
        for wrong in ["a", "a=amber"] {
            assert!(wrong.parse::<ColumnMapping>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_colon_separates_a_type_from_its_value() {
        let time = tag(" Window : 10:30 ").unwrap();
        assert_eq!((&*time.tag_type, &*time.value), ("Window", "10:30"));
        let level = test_field("Test_Level:System Test").unwrap();
        assert_eq!(
            (level.kind, &*level.value),
            (TestFieldKind::TestLevel, "System Test")
        );
        for wrong in ["OS", "OS:", ":Linux", " : "] {
            assert!(tag(wrong).is_err(), "{wrong}");
        }
        assert!(test_field("Level:System Test").is_err());
        let name: JiraSource = "property: key ".parse().unwrap();
        assert_eq!(name, JiraSource::Property("key".to_owned()));
        assert!("property:".parse::<JiraSource>().is_err());
    }
}
