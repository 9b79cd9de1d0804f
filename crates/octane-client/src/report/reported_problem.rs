//! What is not as it should be, for people and for programs.

use std::borrow::Cow;

use octane_results::Position;
use serde::{Deserialize, Serialize, Serializer};

/// Something that is not as it should be. Serialises with all of `code`, `test`, `file`, `line`, `column` and `message`,
/// `null` where a member is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ProblemAsRead")]
#[non_exhaustive]
pub struct ReportedProblem {
    /// What kind of problem: a word that does not change, for example `rejected`.
    pub code: Cow<'static, str>,
    /// The test, if the problem concerns one.
    pub test: Option<String>,
    /// Where the result was read.
    #[serde(flatten, serialize_with = "position")]
    pub position: Option<Position>,
    /// One sentence for people.
    pub message: String,
}

/// A problem as it is read back.
#[derive(Deserialize)]
struct ProblemAsRead {
    code: String,
    test: Option<String>,
    file: Option<String>,
    line: Option<u64>,
    column: Option<u64>,
    message: String,
}

impl From<ProblemAsRead> for ReportedProblem {
    fn from(read: ProblemAsRead) -> Self {
        let place = read.file.zip(read.line);
        let position = place.map(|(file, line)| Position::new(file, line).column(read.column));
        Self {
            code: read.code.into(),
            test: read.test,
            position,
            message: read.message,
        }
    }
}

impl ReportedProblem {
    /// A problem that concerns no single result.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            test: None,
            position: None,
            message: message.into(),
        }
    }

    /// Names the test.
    pub fn of_test(mut self, test: &impl ToString) -> Self {
        self.test = Some(test.to_string());
        self
    }

    /// Names the place.
    pub fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }
}

/// `file`, `line` and `column`.
#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn position<S: Serializer>(position: &Option<Position>, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let position = position.as_ref();
    let mut map = serializer.serialize_map(Some(3))?;
    map.serialize_entry("file", &position.map(|position| &*position.file))?;
    map.serialize_entry("line", &position.map(|position| position.line))?;
    map.serialize_entry("column", &position.and_then(|position| position.column))?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_all_its_members_whether_it_has_a_place_or_not() {
        let position = Position::new("a.csv", 7);
        let problem = ReportedProblem::new("rejected", "no")
            .of_test(&"x")
            .at(Some(position));
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            json,
            r#"{"code":"rejected","test":"x","file":"a.csv","line":7,"column":null,"message":"no"}"#
        );
        let json = serde_json::to_string(&ReportedProblem::new("unlinked", "no")).unwrap();
        assert_eq!(
            json,
            r#"{"code":"unlinked","test":null,"file":null,"line":null,"column":null,"message":"no"}"#
        );
    }
}
