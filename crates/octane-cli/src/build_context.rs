//! From `--build-context` to the CI build of a payload.
//!
//! | `--build-context` | the build in the payload |
//! | --- | --- |
//! | `off` (default) | none, because Octane rejects all results of a payload whose build it cannot resolve |
//! | `SERVER,JOB,BUILD` | that one |
//! | `SERVER,,` | job and build of the CI run; outside of CI an error |
//! | `auto` | that of the CI run, if Octane lists it; otherwise none, and a note says why |

use std::time::Duration;

use octane_client::{CiBuild, Client};
use octane_results::Build;

use crate::args::BuildContext;
use crate::ci::CiRun;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// How long `auto` may take. Results are worth more than the build that they belong to.
const LOOK_UP_MAX: Duration = Duration::from_secs(20);

/// The build that is given, without a look-up.
pub(crate) fn given(context: &BuildContext, run: Option<&CiRun>) -> Result<Option<Build>> {
    let BuildContext::Given { server, job, build } = context else {
        return Ok(None);
    };
    let or_of_run = |given: &Option<String>, found: Option<&str>, what: &str| {
        given
            .clone()
            .or_else(|| found.map(str::to_owned))
            .ok_or_else(|| {
                let message = format!(
                    "`--build-context {context}`: no CI run was found that could give the {what}"
                );
                Failure::message(Exit::Configuration, message).hint(
                    "give all three parts: SERVER,JOB,BUILD; `octane ci env` shows what was found",
                )
            })
    };
    let found = |of: fn(&CiRun) -> Option<&str>| run.and_then(of);
    let job_found = found(|run| run.job.as_ref().map(|found| &*found.value));
    let build_found = found(|run| run.build.as_ref().map(|found| &*found.value));
    let job = or_of_run(job, job_found, "job")?;
    let build = or_of_run(build, build_found, "build")?;
    Ok(Some(Build::new(server, job, build)))
}

/// The build of the CI run as Octane lists it, or why there is none.
pub(crate) async fn look_up(client: &Client, run: Option<&CiRun>) -> Result<Build, String> {
    let run = run.ok_or("no CI run was found (`octane ci env`)")?;
    let CiRun {
        server_url: Some(url),
        job: Some(job),
        build: Some(build),
        ..
    } = run
    else {
        return Err(format!(
            "the variables of {} do not name its server, the job and the build",
            run.system.name
        ));
    };
    let (url, job, build) = (&url.value, &job.value, &build.value);
    let ci_builds = client.ci_builds();
    let finding = ci_builds.find(url, job, build);
    let found = tokio::time::timeout(LOOK_UP_MAX, finding).await;
    let seconds = LOOK_UP_MAX.as_secs();
    let found = found.map_err(|_| format!("Octane did not respond within {seconds} seconds"))?;
    match found.map_err(|error| error.to_string())? {
        CiBuild::Known(build) => Ok(build),
        CiBuild::UnknownServer => Err(format!("Octane lists no CI server with the URL `{url}`")),
        CiBuild::AmbiguousServer(ids) => Err(format!(
            "several CI servers have the URL `{url}`; choose one, for example `--build-context {},,`",
            ids.first().map_or("SERVER", |id| id)
        )),
        CiBuild::UnknownBuild { server_id } => Err(format!(
            "Octane lists no build `{build}` of the job `{job}` of the CI server `{server_id}`"
        )),
        _ => Err("Octane's answer is not understood".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::detect;

    fn jenkins() -> Option<CiRun> {
        detect(|name| {
            let value = match name {
                "JOB_NAME" => "shop/main",
                "BUILD_NUMBER" => "17",
                _ => return None,
            };
            Some(value.to_owned())
        })
    }

    #[test]
    fn what_is_not_given_is_taken_from_the_ci_run() {
        let run = jenkins();
        for (text, expected) in [
            ("off", None),
            ("auto", None),
            ("s,j,1", Some(Build::new("s", "j", "1"))),
            ("s,,", Some(Build::new("s", "shop/job/main", "17"))),
            ("s,j,", Some(Build::new("s", "j", "17"))),
        ] {
            let context = text.parse().unwrap();
            assert_eq!(given(&context, run.as_ref()).unwrap(), expected, "{text}");
        }
        let outside = given(&"s,j,1".parse().unwrap(), None).unwrap();
        assert_eq!(outside, Some(Build::new("s", "j", "1")));
        let failure = given(&"s,j,".parse().unwrap(), None).unwrap_err();
        assert_eq!(failure.exit, Exit::Configuration);
        assert!(
            failure.error.to_string().contains("the build"),
            "{failure:?}"
        );
    }
}
