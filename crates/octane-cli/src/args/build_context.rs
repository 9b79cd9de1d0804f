//! The CI build that runs belong to.

use std::fmt;
use std::str::FromStr;

/// The longest ID that a payload can hold.
const CHARS_MAX: usize = 255;

/// The CI build that runs belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BuildContext {
    /// None. Octane rejects results with a build that it cannot resolve, so this is the default.
    Off,
    /// That of the CI run, if Octane lists it.
    Auto,
    /// This one; job and build are those of the CI run if they are absent.
    Given {
        server: String,
        job: Option<String>,
        build: Option<String>,
    },
}

impl FromStr for BuildContext {
    type Err = String;

    /// IDs of servers and builds have no comma; names of jobs may have some.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "off" => return Ok(Self::Off),
            "auto" => return Ok(Self::Auto),
            _ => {}
        }
        let parts = || {
            let (server, rest) = text.split_once(',')?;
            let (job, build) = rest.rsplit_once(',')?;
            Some([server.trim(), job.trim(), build.trim()])
        };
        let expected = "expected SERVER,JOB,BUILD, `auto` or `off`";
        let [server, job, build] = parts().ok_or(expected)?;
        if server.is_empty() {
            return Err(format!(
                "{expected}; SERVER is the instance ID of the CI server in Octane"
            ));
        }
        if let Some(long) = [server, job, build]
            .iter()
            .map(|part| part.chars().count())
            .find(|count| *count > CHARS_MAX)
        {
            return Err(format!(
                "an ID is {long} characters long; the limit is {CHARS_MAX}"
            ));
        }
        let given = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        Ok(Self::Given {
            server: server.to_owned(),
            job: given(job),
            build: given(build),
        })
    }
}

impl fmt::Display for BuildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        match self {
            Self::Off => f.write_str("off"),
            Self::Auto => f.write_str("auto"),
            Self::Given { server, job, build } => {
                write!(f, "{server},{},{}", text(job), text(build))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_context_has_three_parts_of_which_the_job_may_have_commas() {
        let given = |server: &str, job: Option<&str>, build: Option<&str>| BuildContext::Given {
            server: server.to_owned(),
            job: job.map(str::to_owned),
            build: build.map(str::to_owned),
        };
        for (text, expected) in [
            ("off", BuildContext::Off),
            ("auto", BuildContext::Auto),
            (
                "jenkins-1,shop/job/main,17",
                given("jenkins-1", Some("shop/job/main"), Some("17")),
            ),
            ("j,a,b,17", given("j", Some("a,b"), Some("17"))),
            (" j , , ", given("j", None, None)),
            ("j,,17", given("j", None, Some("17"))),
        ] {
            let parsed: BuildContext = text.parse().unwrap();
            assert_eq!(parsed, expected, "{text}");
            assert_eq!(parsed.to_string().parse(), Ok(expected), "{text}");
        }
        let long = format!("j,{},1", "x".repeat(256));
        for text in ["", "on", "jenkins-1", "jenkins-1,17", ",job,1", &long] {
            assert!(text.parse::<BuildContext>().is_err(), "{text}");
        }
    }
}
