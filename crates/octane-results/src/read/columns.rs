//! Which column of a table means what, whatever the table came from.

use std::str::FromStr;

use thiserror::Error;

use crate::read::error::ReadErrorKind;
use crate::read::words::{folded, is_same};

macro_rules! fields {
    ($($variant:ident $name:literal [$($synonym:literal),*] $doc:literal;)*) => {
        /// What a column of a table can mean.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Field {
            $(#[doc = $doc] $variant,)*
        }

        impl Field {
            /// All fields.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name of the field, which is that of its column too.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Further names by which the column is known, without `_`, `-` and blanks.
            pub const fn synonyms(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($synonym),*],)* }
            }
        }
    };
}

fields! {
    Name "name" ["testname"] "The name of the test; required.";
    Status "status" [] "How it ended, a word of [`StatusWords`](crate::StatusWords); required.";
    Class "class" ["classname", "testclass"] "The class, file or fixture.";
    Package "package" [] "The package or namespace.";
    Module "module" ["component"] "The component under test.";
    RunName "run_name" [] "The name of the run where it differs from the test's.";
    Duration "duration" ["durationms"] "How long it took in milliseconds, as in Octane.";
    DurationSeconds "duration_s" [] "How long it took in seconds.";
    Started "started" [] "When it started: ISO 8601 or milliseconds since 1970.";
    ErrorType "error_type" [] "The kind of the failure.";
    ErrorMessage "error_message" [] "The failure in one sentence.";
    ErrorDetails "error_details" [] "Everything else about the failure.";
    Description "description" [] "Free text.";
    ExternalTestId "external_test_id" ["externalid"] "The id that the test has elsewhere.";
    ExternalRunId "external_run_id" [] "The id that the result has elsewhere.";
    ReportUrl "report_url" ["externalreporturl"] "A link to the report.";
    Jira "jira" ["jirakey", "jirakeys"] "Keys of Jira issues, parted by comma, semicolon or blank.";
    Tags "tags" [] "Environment of the run, like `OS:Linux; Browser:Firefox`.";
}

impl Field {
    const REQUIRED: [Self; 2] = [Self::Name, Self::Status];

    /// The field whose column is called `header`; case, `_`, `-` and blanks do not matter.
    pub fn from_header(header: &str) -> Option<Self> {
        let header = folded(header);
        (Self::ALL.iter().copied())
            .find(|field| is_same(&header, field.as_str()) || field.synonyms().contains(&&*header))
    }
}

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(word: &str) -> Result<Self, UnknownField> {
        Self::from_header(word).ok_or_else(|| UnknownField {
            word: word.to_owned(),
        })
    }
}

/// A word that names no [`Field`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is no field of a result; there are {}", names())]
pub struct UnknownField {
    /// The word.
    pub word: String,
}

fn names() -> String {
    let names: Vec<_> = Field::ALL.iter().map(|field| field.as_str()).collect();
    names.join(", ")
}

/// Which columns mean what, beyond those that are known by their name.
///
/// ```
/// use octane_results::{Columns, Field};
///
/// let columns = Columns::default()
///     .with("Test Name", Field::Name)
///     .with("Result", Field::Status)
///     .without("Owner");
/// # let _ = columns;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    assigned: Vec<(String, Option<Field>)>,
}

impl Columns {
    /// Lets the column `header` mean `field`, even if there is another one called so.
    ///
    /// A table without the column `header` cannot be read: a mistyped one would lose its values silently.
    pub fn with(mut self, header: impl Into<String>, field: Field) -> Self {
        self.assigned.push((header.into(), Some(field)));
        self
    }

    /// Leaves the column `header` out and does not warn about it.
    pub fn without(mut self, header: impl Into<String>) -> Self {
        self.assigned.push((header.into(), None));
        self
    }

    /// Lays the fields over the columns of a table.
    pub(crate) fn layout(&self, header: &[String]) -> Result<Layout, ReadErrorKind> {
        for (column, field) in &self.assigned {
            if field.is_some() && !header.iter().any(|name| is_same(&folded(column), name)) {
                return Err(ReadErrorKind::UnknownColumn {
                    column: column.clone(),
                    header: header.to_vec(),
                });
            }
        }
        let is_assigned_elsewhere = |field: Field| {
            self.assigned
                .iter()
                .any(|(_, assigned)| *assigned == Some(field))
        };

        let mut layout = Layout::default();
        for (index, name) in header.iter().enumerate() {
            let own = (self.assigned.iter().rev()).find(|(own, _)| is_same(&folded(own), name));
            let field = match own {
                Some((_, field)) => *field,
                None => Field::from_header(name).filter(|field| !is_assigned_elsewhere(*field)),
            };
            if let Some(field) = field {
                layout.add(field, index, header)?;
            } else if own.is_none() {
                layout.unused.push(match name.trim() {
                    "" => (index + 1).to_string(),
                    name => name.to_owned(),
                });
            }
        }
        let missing: Vec<_> = (Field::REQUIRED.into_iter())
            .filter(|field| !layout.columns.iter().any(|column| column.field == *field))
            .collect();
        if missing.is_empty() {
            Ok(layout)
        } else {
            let header = header.to_vec();
            Err(ReadErrorKind::MissingColumns { missing, header })
        }
    }
}

/// Fields laid over the columns of one table.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The columns that mean something, from left to right.
    pub(crate) columns: Vec<Column>,
    /// The names, or numbers, of those that do not.
    pub(crate) unused: Vec<String>,
}

/// A column that means something.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) index: usize,
    pub(crate) field: Field,
    /// The name as the header has it.
    pub(crate) name: String,
}

impl Layout {
    fn add(&mut self, field: Field, index: usize, header: &[String]) -> Result<(), ReadErrorKind> {
        let is_duration = |field| matches!(field, Field::Duration | Field::DurationSeconds);
        let same = (self.columns.iter()).find(|column| {
            column.field == field || is_duration(column.field) && is_duration(field)
        });
        if let Some(first) = same {
            return Err(ReadErrorKind::DuplicateColumns {
                first: first.name.clone(),
                second: header[index].clone(),
                meaning: if is_duration(field) {
                    "the duration"
                } else {
                    field.as_str()
                },
            });
        }
        let name = header[index].trim().to_owned();
        self.columns.push(Column { index, field, name });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(columns: &Columns, header: &str) -> Result<Layout, String> {
        let header: Vec<_> = header.split(',').map(str::to_owned).collect();
        columns.layout(&header).map_err(|error| error.to_string())
    }

    fn fields(layout: &Layout) -> Vec<(usize, Field)> {
        layout
            .columns
            .iter()
            .map(|column| (column.index, column.field))
            .collect()
    }

    #[test]
    fn headers_are_known_in_many_spellings() {
        let layout = layout(
            &Columns::default(),
            "Name,STATUS,class_name,Report-URL,Duration ms,External Id,colour,",
        )
        .unwrap();
        assert_eq!(
            fields(&layout),
            [
                (0, Field::Name),
                (1, Field::Status),
                (2, Field::Class),
                (3, Field::ReportUrl),
                (4, Field::Duration),
                (5, Field::ExternalTestId),
            ]
        );
        assert_eq!(layout.unused, ["colour", "8"]);
    }

    #[test]
    fn every_field_knows_its_own_name_and_synonyms() {
        for field in Field::ALL {
            assert_eq!(field.as_str().parse(), Ok(*field));
            for synonym in field.synonyms() {
                assert_eq!(Field::from_header(synonym), Some(*field), "{synonym}");
            }
        }
        assert!("nome".parse::<Field>().is_err());
    }

    #[test]
    fn an_assigned_column_wins_over_one_that_is_called_so() {
        let columns = Columns::default()
            .with("test name", Field::Name)
            .without("owner");
        let layout = layout(&columns, "Name,Test_Name,status,Owner").unwrap();
        assert_eq!(fields(&layout), [(1, Field::Name), (2, Field::Status)]);
        assert_eq!(layout.unused, ["Name"]);
    }

    #[test]
    fn headers_that_cannot_be_used_say_why() {
        let plain = Columns::default();
        insta::assert_snapshot!(layout(&plain, "nmae,result").unwrap_err(), @"the table lacks the columns `name`, `status`; its header has `nmae`, `result`");
        insta::assert_snapshot!(layout(&plain, "name,result").unwrap_err(), @"the table lacks the column `status`; its header has `name`, `result`");
        insta::assert_snapshot!(layout(&plain, "name,status,class,testclass").unwrap_err(), @"the columns `class` and `testclass` both mean class; keep one");
        insta::assert_snapshot!(layout(&plain, "name,status,duration,duration_s").unwrap_err(), @"the columns `duration` and `duration_s` both mean the duration; keep one");
        let typo = Columns::default().with("Jria", Field::Jira);
        insta::assert_snapshot!(layout(&typo, "name,status,jira").unwrap_err(), @"there is no column `Jria`; the header has `name`, `status`, `jira`");
    }
}
