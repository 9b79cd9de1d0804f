//! Maps the columns of a table to fields, independent of its format.

use crate::read::error::ReadErrorKind;
use crate::read::field::{ResultField, unit_in};
use crate::read::spelling::{folded, is_same};

/// The fields of columns, in addition to those that are recognised by their names.
///
/// ```
/// use octane_results::{Columns, ResultField};
///
/// let columns = Columns::default()
///     .with("Test Name", ResultField::Name)
///     .with("Result", ResultField::Status)
///     .without("Owner");
/// # let _ = columns;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Columns {
    assigned: Vec<(String, Option<ResultField>)>,
}

impl Columns {
    /// Maps the column `header` to `field`, even if another column has the name of this field.
    ///
    /// A table without the column `header` is rejected; otherwise a misspelt name would lose values silently. If it is a
    /// duration, a unit in its name counts: `Dauer (s)` has seconds, `Dauer (ms)` milliseconds, `Dauer (min)` minutes.
    pub fn with(mut self, header: impl Into<String>, field: ResultField) -> Self {
        self.assigned.push((header.into(), Some(field)));
        self
    }

    /// Ignores the column `header` without a warning.
    pub fn without(mut self, header: impl Into<String>) -> Self {
        self.assigned.push((header.into(), None));
        self
    }

    /// Whether the names of all columns that were given are in ASCII.
    pub(crate) fn are_ascii(&self) -> bool {
        self.assigned.iter().all(|(column, _)| column.is_ascii())
    }

    /// Whether a column of this name has durations.
    pub(crate) fn is_duration(&self, name: &str) -> bool {
        let mut assigned = self.assigned.iter().rev();
        let own = assigned.find(|(column, _)| is_same(&folded(column), name));
        let field = own.map_or_else(|| ResultField::from_header(name), |(_, field)| *field);
        field.is_some_and(ResultField::is_duration)
    }

    /// Whether a column of this name means nothing, whatever other columns there are.
    pub(crate) fn is_without_meaning(&self, name: &str) -> bool {
        let is_assigned = |(column, _): &(String, _)| is_same(&folded(column), name);
        !name.trim().is_empty()
            && !self.assigned.iter().any(is_assigned)
            && ResultField::from_header(name).is_none()
            && verdict(name).is_none()
    }

    /// The columns with a given field that are not in a header.
    pub(crate) fn missing<'c>(&'c self, header: &'c [String]) -> impl Iterator<Item = &'c str> {
        let given = self.assigned.iter().filter(|(_, field)| field.is_some());
        given.map(|(column, _)| &**column).filter(|column| {
            let meant = Meant::new(column, header);
            !header.iter().any(|name| meant.is(name))
        })
    }

    /// Maps the columns of a table, given its header.
    pub(crate) fn map_header(&self, header: &[String]) -> Result<ColumnMapping, ReadErrorKind> {
        if let Some(column) = self.missing(header).next() {
            return Err(ReadErrorKind::UnknownColumn {
                column: column.to_owned(),
                header: header.to_vec(),
            });
        }
        self.map_keys(header)
    }

    /// Maps the columns that some rows of a table have, of which others may have more.
    pub(crate) fn map_keys(&self, header: &[String]) -> Result<ColumnMapping, ReadErrorKind> {
        let assigned: Vec<Meant> = (self.assigned.iter())
            .map(|(column, _)| Meant::new(column, header))
            .collect();
        let is_assigned_elsewhere = |field: ResultField| {
            self.assigned
                .iter()
                .any(|(_, assigned)| *assigned == Some(field))
        };

        let mut mapping = ColumnMapping::default();
        for (index, name) in header.iter().enumerate() {
            let own = (self.assigned.iter().zip(&assigned).rev()).find(|(_, meant)| meant.is(name));
            let field = match own {
                Some(((_, Some(field)), _)) if field.is_duration() => {
                    ResultField::with_unit(name).or(Some(*field))
                }
                Some(((_, field), _)) => *field,
                None => {
                    ResultField::from_header(name).filter(|field| !is_assigned_elsewhere(*field))
                }
            };
            if let Some(field) = field {
                mapping.add(field, index, header)?;
                if let (None, ResultField::Duration, Some(column)) =
                    (own, field, mapping.columns.last_mut())
                {
                    column.is_unit_assumed = is_same(field.as_str(), name);
                }
                if let (Some(_), Some(column)) = (own, mapping.columns.last_mut()) {
                    column.unit = field.is_duration().then(|| unit_in(name)).flatten();
                }
            } else if own.is_none() {
                // Also one called `status`, if another column is the status.
                if let Some(base) = verdict(name) {
                    mapping.verdicts.push(VerdictColumn {
                        index,
                        name: name.trim().to_owned(),
                        // Others may be those of whatever the row is about.
                        is_strict: !matches!(base, "state" | "status"),
                    });
                }
                mapping.unused.push(match name.trim() {
                    "" => (index + 1).to_string(),
                    name => name.to_owned(),
                });
            }
        }
        let missing: Vec<_> = (ResultField::REQUIRED.into_iter())
            .filter(|field| !mapping.columns.iter().any(|column| column.field == *field))
            .collect();
        if missing.is_empty() {
            Ok(mapping)
        } else {
            let header = header.to_vec();
            Err(ReadErrorKind::MissingColumns { missing, header })
        }
    }
}

/// The fields of the columns of one table.
#[derive(Debug, Default)]
pub(crate) struct ColumnMapping {
    /// The columns with a known field, from left to right.
    pub(crate) columns: Vec<Column>,
    /// The names, or the numbers, of the other columns.
    pub(crate) unused: Vec<String>,
    /// Columns without a field that may contain the status as well.
    pub(crate) verdicts: Vec<VerdictColumn>,
}

/// A column without a field whose name says that it holds a status.
#[derive(Debug)]
pub(crate) struct VerdictColumn {
    pub(crate) index: usize,
    /// The name, as in the header.
    pub(crate) name: String,
    /// Whether any word that does not say that the test passed contradicts that it did. Other columns of this name may hold
    /// the state of something else, such as that of a work item.
    pub(crate) is_strict: bool,
}

/// A column with a known field.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) index: usize,
    pub(crate) field: ResultField,
    /// The name, as in the header.
    pub(crate) name: String,
    /// Whether it is called `duration` and its unit is not given.
    pub(crate) is_unit_assumed: bool,
    /// The unit of its numbers, if it is a duration with a unit in its name that is neither seconds nor milliseconds.
    pub(crate) unit: Option<&'static str>,
    /// Whether its cells have types, so that a number is not a text that was written with a unit in mind.
    pub(crate) is_typed: bool,
    /// Whether dates and times without a time zone are invalid.
    pub(crate) is_time_zone_missing: bool,
}

impl ColumnMapping {
    fn add(
        &mut self,
        field: ResultField,
        index: usize,
        header: &[String],
    ) -> Result<(), ReadErrorKind> {
        let same = (self.columns.iter()).find(|column| {
            column.field == field || column.field.is_duration() && field.is_duration()
        });
        if let Some(first) = same {
            return Err(ReadErrorKind::DuplicateColumns {
                first: first.name.clone(),
                second: header[index].clone(),
                meaning: if field.is_duration() {
                    "the duration"
                } else {
                    field.as_str()
                },
            });
        }
        let name = header[index].trim().to_owned();
        self.columns.push(Column {
            index,
            field,
            name,
            is_unit_assumed: false,
            unit: None,
            is_typed: false,
            is_time_zone_missing: false,
        });
        Ok(())
    }
}

/// Which column of a header a caller means: an exact name means no other column.
struct Meant<'c> {
    column: &'c str,
    is_exact: bool,
    folded: String,
}

impl<'c> Meant<'c> {
    fn new(column: &'c str, header: &[String]) -> Self {
        let column = column.trim();
        Self {
            column,
            is_exact: header.iter().any(|name| name.trim() == column),
            folded: folded(column),
        }
    }

    fn is(&self, name: &str) -> bool {
        if self.is_exact {
            name.trim() == self.column
        } else {
            is_same(&self.folded, name)
        }
    }
}

/// The name of a column that may hold a status, as `name` is, although it is not the one that counts: `result`, or one of several
/// columns of this name that a program has numbered (`status.1`, `status_x`).
fn verdict(name: &str) -> Option<&'static str> {
    let name = folded(name);
    let bases = ResultField::Status.look_alikes().iter();
    let mut bases = bases.copied().chain([ResultField::Status.as_str()]);
    bases.find(|base| name.strip_prefix(base).is_some_and(is_number))
}

/// Whether this is what programs such as pandas add to the name of a column that occurs more than once, or nothing.
fn is_number(suffix: &str) -> bool {
    matches!(suffix, "x" | "y")
        || suffix
            .trim_start_matches('.')
            .bytes()
            .all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(columns: &Columns, header: &str) -> Result<ColumnMapping, String> {
        let header: Vec<_> = header.split(',').map(str::to_owned).collect();
        columns
            .map_header(&header)
            .map_err(|error| error.to_string())
    }

    fn fields(mapping: &ColumnMapping) -> Vec<(usize, ResultField)> {
        mapping
            .columns
            .iter()
            .map(|column| (column.index, column.field))
            .collect()
    }

    #[test]
    fn headers_are_recognised_in_many_spellings() {
        let mapping = mapping(
            &Columns::default(),
            "Name,STATUS,class_name,Report-URL,Duration ms,External Id,colour,",
        )
        .unwrap();
        assert_eq!(
            fields(&mapping),
            [
                (0, ResultField::Name),
                (1, ResultField::Status),
                (2, ResultField::Class),
                (3, ResultField::ReportUrl),
                (4, ResultField::Duration),
                (5, ResultField::ExternalTestId),
            ]
        );
        assert_eq!(mapping.unused, ["colour", "8"]);
    }

    #[test]
    fn every_field_is_recognised_by_its_name_and_its_synonyms() {
        for field in ResultField::ALL {
            assert_eq!(field.as_str().parse(), Ok(*field));
            for synonym in field.synonyms() {
                assert_eq!(ResultField::from_header(synonym), Some(*field), "{synonym}");
            }
        }
        assert!("nome".parse::<ResultField>().is_err());
    }

    #[test]
    fn a_duration_may_have_its_unit_in_the_header() {
        for (header, expected, is_assumed) in [
            ("Duration", ResultField::Duration, true),
            ("Duration (ms)", ResultField::Duration, false),
            ("duration_ms", ResultField::Duration, false),
            ("duration[milliseconds]", ResultField::Duration, false),
            ("duration(seconds)", ResultField::DurationSeconds, false),
            ("Duration (s)", ResultField::DurationSeconds, false),
            ("duration_sec", ResultField::DurationSeconds, false),
        ] {
            let mapping = mapping(&Columns::default(), &format!("name,status,{header}")).unwrap();
            let column = &mapping.columns[2];
            assert_eq!(
                (column.field, column.is_unit_assumed),
                (expected, is_assumed),
                "{header}"
            );
        }
        for (header, field, expected) in [
            (
                "Dauer (s)",
                ResultField::Duration,
                ResultField::DurationSeconds,
            ),
            (
                "Dauer [Sec]",
                ResultField::Duration,
                ResultField::DurationSeconds,
            ),
            (
                "Dauer (ms) ",
                ResultField::DurationSeconds,
                ResultField::Duration,
            ),
            (
                "Dauer (gesamt)",
                ResultField::DurationSeconds,
                ResultField::DurationSeconds,
            ),
            ("Dauer", ResultField::Duration, ResultField::Duration),
        ] {
            let columns = Columns::default().with(header, field);
            let mapping = mapping(&columns, &format!("name,status,{header}")).unwrap();
            assert_eq!(mapping.columns[2].field, expected, "{header}");
        }
        let said = Columns::default().with("duration", ResultField::Duration);
        let mapping = mapping(&said, "name,status,duration").unwrap();
        assert!(!mapping.columns[2].is_unit_assumed);
    }

    #[test]
    fn an_assigned_column_takes_precedence_over_one_with_the_name_of_the_field() {
        let columns = Columns::default()
            .with("test name", ResultField::Name)
            .without("owner");
        let mapping = mapping(&columns, "Name,Test_Name,status,Owner").unwrap();
        assert_eq!(
            fields(&mapping),
            [(1, ResultField::Name), (2, ResultField::Status)]
        );
        assert_eq!(mapping.unused, ["Name"]);
    }

    #[test]
    fn of_names_that_differ_in_case_the_exact_one_is_meant() {
        let columns = Columns::default().without("Status");
        let mapping = mapping(&columns, "name,status,Status").unwrap();
        assert_eq!(
            fields(&mapping),
            [(0, ResultField::Name), (1, ResultField::Status)]
        );
    }

    #[test]
    fn other_columns_of_a_status_are_found() {
        let header = "name,status,status.1,Status_x,status 2,Result,result.1,outcome,state,final status,status code,statusline";
        let mapping = mapping(&Columns::default(), header).unwrap();
        let verdicts = mapping.verdicts.iter();
        let verdicts: Vec<_> = verdicts
            .map(|column| (&*column.name, column.is_strict))
            .collect();
        assert_eq!(
            verdicts,
            [
                ("status.1", false),
                ("Status_x", false),
                ("status 2", false),
                ("Result", true),
                ("result.1", true),
                ("outcome", true),
                ("state", false),
                ("final status", true),
            ]
        );
    }

    #[test]
    fn an_unusable_header_has_a_reason() {
        let plain = Columns::default();
        insta::assert_snapshot!(mapping(&plain, "nmae,result").unwrap_err(), @"required columns `name`, `status` are missing; columns found: `nmae`, `result`");
        insta::assert_snapshot!(mapping(&plain, "name,result").unwrap_err(), @"required column `status` is missing; columns found: `name`, `result`");
        insta::assert_snapshot!(mapping(&plain, "name,status,class,testclass").unwrap_err(), @"columns `class` and `testclass` both contain class; keep one");
        insta::assert_snapshot!(mapping(&plain, "name,status,duration,duration_s").unwrap_err(), @"columns `duration` and `duration_s` both contain the duration; keep one");
        let typo = Columns::default().with("Jria", ResultField::Jira);
        insta::assert_snapshot!(mapping(&typo, "name,status,jira").unwrap_err(), @"no column `Jria`; columns found: `name`, `status`, `jira`");
    }
}
