//! The CI run that the program runs in.

use percent_encoding::percent_decode_str;

/// A CI system, and the variables that name one of its runs: the same ones for all jobs and all attempts of a run.
struct System {
    /// Is set where the system runs, if the other variables could be those of another one.
    marker: Option<&'static str>,
    /// What runs: a pipeline, a workflow or a repository.
    pipeline: &'static str,
    /// Which run of it.
    run: &'static str,
    /// How the system writes the name.
    notation: Notation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    Plain,
    /// Jenkins: names of branches are percent-encoded, and jobs of a matrix have their axes at the end of the name.
    Jenkins,
    /// `project:id`, in AWS.
    CodeBuild,
}

/// The known systems. Those that share variables are distinguished by their markers, which come first.
const SYSTEMS: &[System] = &[
    // Also Gitea and Forgejo, which set the same variables.
    plain("GITHUB_WORKFLOW", "GITHUB_RUN_NUMBER"),
    plain("CI_PROJECT_PATH", "CI_PIPELINE_ID"),
    plain("BUILD_DEFINITIONNAME", "BUILD_BUILDNUMBER"),
    // `CIRCLE_BUILD_NUM` differs between the jobs of a workflow.
    plain("CIRCLE_PROJECT_REPONAME", "CIRCLE_WORKFLOW_ID"),
    plain("BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BUILD_NUMBER"),
    plain("BITBUCKET_REPO_SLUG", "BITBUCKET_BUILD_NUMBER"),
    plain("DRONE_REPO", "DRONE_BUILD_NUMBER"),
    plain("TRAVIS_REPO_SLUG", "TRAVIS_BUILD_NUMBER"),
    plain("APPVEYOR_PROJECT_SLUG", "APPVEYOR_BUILD_NUMBER"),
    plain("bamboo_planName", "bamboo_buildNumber"),
    plain("SEMAPHORE_PROJECT_NAME", "SEMAPHORE_WORKFLOW_ID"),
    plain("GO_PIPELINE_NAME", "GO_PIPELINE_COUNTER"),
    // Woodpecker.
    plain("CI_REPO", "CI_PIPELINE_NUMBER"),
    System {
        marker: None,
        pipeline: "CODEBUILD_BUILD_ID",
        run: "CODEBUILD_BUILD_NUMBER",
        notation: Notation::CodeBuild,
    },
    System {
        marker: Some("TEAMCITY_VERSION"),
        ..plain("TEAMCITY_BUILDCONF_NAME", "BUILD_NUMBER")
    },
    System {
        marker: None,
        pipeline: "JOB_NAME",
        run: "BUILD_NUMBER",
        notation: Notation::Jenkins,
    },
];

const fn plain(pipeline: &'static str, run: &'static str) -> System {
    System {
        marker: None,
        pipeline,
        run,
        notation: Notation::Plain,
    }
}

/// The name of the CI run: the same for all jobs and all attempts of it, so that their results meet in one
/// suite run.
pub(crate) fn run_name(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let get = |name: &str| {
        let value = variable(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    SYSTEMS.iter().find_map(|system| {
        if let Some(marker) = system.marker {
            get(marker)?;
        }
        let (pipeline, run) = (get(system.pipeline)?, get(system.run)?);
        Some(format!("{} #{run}", system.notation.readable(&pipeline)))
    })
}

impl Notation {
    /// The name as people know it.
    fn readable(self, name: &str) -> String {
        match self {
            Self::Plain => name.to_owned(),
            Self::Jenkins => {
                let folders = name.split('/').filter(|part| !part.contains('='));
                let folders: Vec<_> = folders
                    .map(|part| percent_decode_str(part).decode_utf8_lossy())
                    .collect();
                folders.join("/")
            }
            Self::CodeBuild => name.split(':').next().unwrap_or(name).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name where these variables are set, written as `NAME=value` in lines.
    fn name(variables: &str) -> Option<String> {
        run_name(|name| {
            let mut pairs = variables
                .lines()
                .filter_map(|line| line.trim().split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        })
    }

    #[test]
    fn the_run_of_each_known_system_has_a_name() {
        for (variables, expected) in [
            (
                "GITHUB_WORKFLOW=nightly / e2e\nGITHUB_RUN_NUMBER=7",
                "nightly / e2e #7",
            ),
            (
                "CI_PROJECT_PATH=group/shop\nCI_PIPELINE_ID=15",
                "group/shop #15",
            ),
            (
                "BUILD_DEFINITIONNAME=Nightly\nBUILD_BUILDNUMBER=20260101.1",
                "Nightly #20260101.1",
            ),
            (
                "CIRCLE_PROJECT_REPONAME=shop\nCIRCLE_WORKFLOW_ID=w-1\nCIRCLE_BUILD_NUM=7",
                "shop #w-1",
            ),
            (
                "BUILDKITE_PIPELINE_SLUG=shop\nBUILDKITE_BUILD_NUMBER=8",
                "shop #8",
            ),
            (
                "BITBUCKET_REPO_SLUG=shop\nBITBUCKET_BUILD_NUMBER=9",
                "shop #9",
            ),
            ("DRONE_REPO=a/shop\nDRONE_BUILD_NUMBER=11", "a/shop #11"),
            (
                "TRAVIS_REPO_SLUG=a/shop\nTRAVIS_BUILD_NUMBER=12",
                "a/shop #12",
            ),
            (
                "APPVEYOR_PROJECT_SLUG=shop\nAPPVEYOR_BUILD_NUMBER=13",
                "shop #13",
            ),
            (
                "bamboo_planName=Shop - Nightly\nbamboo_buildNumber=14",
                "Shop - Nightly #14",
            ),
            (
                "SEMAPHORE_PROJECT_NAME=shop\nSEMAPHORE_WORKFLOW_ID=w-2",
                "shop #w-2",
            ),
            ("GO_PIPELINE_NAME=shop\nGO_PIPELINE_COUNTER=15", "shop #15"),
            ("CI_REPO=a/shop\nCI_PIPELINE_NUMBER=16", "a/shop #16"),
            (
                "CODEBUILD_BUILD_ID=shop:7c1f\nCODEBUILD_BUILD_NUMBER=17",
                "shop #17",
            ),
            (
                "TEAMCITY_VERSION=2025\nTEAMCITY_BUILDCONF_NAME=Nightly\nBUILD_NUMBER=18",
                "Nightly #18",
            ),
            ("JOB_NAME=shop/nightly\nBUILD_NUMBER=19", "shop/nightly #19"),
        ] {
            assert_eq!(name(variables).as_deref(), Some(expected), "{variables}");
        }
    }

    #[test]
    fn a_branch_in_the_name_of_a_jenkins_job_is_readable() {
        let job = "JOB_NAME=shop/feature%2Flogin%20page\nBUILD_NUMBER=16";
        assert_eq!(name(job).as_deref(), Some("shop/feature/login page #16"));
    }

    #[test]
    fn all_jobs_of_a_jenkins_matrix_have_one_name() {
        let job = "JOB_NAME=nightly/browser=firefox,os=linux\nBUILD_NUMBER=3";
        assert_eq!(name(job).as_deref(), Some("nightly #3"));
    }

    #[test]
    fn another_attempt_of_a_run_has_the_same_name() {
        let attempt = |attempt| {
            name(&format!(
                "GITHUB_WORKFLOW=nightly\nGITHUB_RUN_NUMBER=7\nGITHUB_RUN_ATTEMPT={attempt}"
            ))
        };
        assert_eq!(attempt(1), attempt(2));
    }

    #[test]
    fn a_run_without_a_number_or_a_name_has_none() {
        for variables in [
            "",
            "CI=true",
            "CI=true\nGITHUB_WORKFLOW=x",
            "GITHUB_WORKFLOW=x\nGITHUB_RUN_NUMBER=",
            "GITHUB_WORKFLOW= \nGITHUB_RUN_NUMBER=7",
            "TEAMCITY_BUILDCONF_NAME=Nightly\nBUILD_NUMBER=18",
        ] {
            assert_eq!(name(variables), None, "{variables}");
        }
    }
}
