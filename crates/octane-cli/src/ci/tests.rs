//! A run of each row of the table.

mod rows;

use std::collections::BTreeSet;

use self::rows::ROWS;
use super::*;

/// The run where these variables are set, written as `NAME=value` in lines.
fn run(variables: &str) -> Option<CiRun> {
    detect(|name| {
        let mut pairs = variables
            .lines()
            .filter_map(|line| line.trim().split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        found.map(|(_, value)| value.to_owned())
    })
}

fn name(variables: &str) -> Option<String> {
    run(variables).map(|run| run.suite_run.value)
}

/// What a run says of itself, a fact a line; `-` where it says nothing.
fn values(variables: &str) -> (&'static str, Vec<String>) {
    let run = run(variables).unwrap_or_else(|| panic!("no run in {variables}"));
    let values = facts(Some(&run)).map(|fact| fact.found.map_or("-", |found| &found.value));
    // Which shard a job is has a table of its own.
    (
        run.system.name,
        values[..8].iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn each_row_of_the_table_recognises_its_system_and_says_what_is_known_of_the_run() {
    for (system, variables, expected) in ROWS {
        assert_eq!(
            values(variables),
            (*system, expected.map(str::to_owned).to_vec())
        );
    }
    let tested: BTreeSet<_> = ROWS.iter().map(|(system, ..)| *system).collect();
    let known: BTreeSet<_> = SYSTEMS.iter().map(|system| system.name).collect();
    assert_eq!(tested, known);
}

/// The first variable of this name has another value.
fn with(variables: &str, variable: &str, value: &str) -> String {
    let mut is_there = false;
    let lines = variables.lines().map(|line| {
        if line
            .trim()
            .split_once('=')
            .is_some_and(|(name, _)| name == variable)
        {
            is_there = true;
            format!("{variable}={value}")
        } else {
            line.to_owned()
        }
    });
    let lines: Vec<_> = lines.collect();
    assert!(is_there, "{variable} is not in {variables}");
    lines.join("\n")
}

#[test]
fn a_variable_that_azure_has_not_replaced_is_not_set() {
    let (_, variables, _) = ROWS
        .iter()
        .find(|(name, ..)| *name == "Azure Pipelines")
        .unwrap();
    let unset = "RELEASE_RELEASEID=$(Release.ReleaseId)\n\
                 SYSTEM_PULLREQUEST_SOURCEBRANCH=$(System.PullRequest.SourceBranch)\n";
    let with_unset = format!("{unset}{variables}\nBUILD_SOURCEBRANCH=refs/heads/main");
    let found = run(&with_unset).unwrap();
    assert_eq!(found.system.id, "azure");
    assert_eq!(Some(found.suite_run.value), name(variables));
    assert_eq!(found.branch.unwrap().variables, ["BUILD_SOURCEBRANCH"]);
}

#[test]
fn another_attempt_or_job_of_a_run_has_the_same_name() {
    for (system, variable) in [
        ("GitHub Actions", "GITHUB_RUN_ATTEMPT"),
        ("GitLab CI/CD, child pipeline", "CI_PIPELINE_ID"),
        ("Azure Pipelines", "SYSTEM_JOBATTEMPT"),
        ("Azure Pipelines, classic release", "RELEASE_ATTEMPTNUMBER"),
        ("CircleCI", "CIRCLE_WORKFLOW_ID"),
        ("CircleCI", "CIRCLE_BUILD_NUM"),
        ("Buildkite", "BUILDKITE_RETRY_COUNT"),
        ("Bamboo", "bamboo_buildResultsUrl"),
        ("GoCD", "GO_STAGE_COUNTER"),
        ("GoCD", "GO_SERVER_URL"),
    ] {
        let (_, variables, _) = ROWS.iter().find(|(name, ..)| *name == system).unwrap();
        let other = with(variables, variable, "another");
        assert_eq!(name(&other), name(variables), "{system} {variable}");
    }
    let job = |axes: &str| name(&format!("JOB_NAME=nightly/{axes}\nBUILD_NUMBER=3"));
    assert_eq!(
        job("os=linux,browser=firefox"),
        job("os=windows,browser=edge")
    );
    // As where a matrix has a parameter of this name.
    let job = |axes: &str| {
        name(&format!(
            "JOB_NAME=n/{axes}\nBUILD_NUMBER=3\nBRANCH_NAME=main"
        ))
    };
    assert_eq!(job("os=linux"), job("os=windows"));
}

#[test]
fn another_repository_server_or_run_has_another_name() {
    for (system, variable) in [
        ("GitHub Actions", "GITHUB_REPOSITORY"),
        ("GitHub Actions", "GITHUB_RUN_ID"),
        ("GitLab CI/CD", "CI_PROJECT_PATH"),
        ("GitLab CI/CD", "CI_PIPELINE_ID"),
        ("Azure Pipelines", "SYSTEM_TEAMPROJECT"),
        ("Azure Pipelines", "BUILD_BUILDID"),
        (
            "Azure Pipelines, classic release",
            "RELEASE_ENVIRONMENTNAME",
        ),
        ("CircleCI", "CIRCLE_PROJECT_USERNAME"),
        ("CircleCI", "CIRCLE_WORKFLOW_WORKSPACE_ID"),
        ("Buildkite", "BUILDKITE_ORGANIZATION_SLUG"),
        ("Bitbucket Pipelines", "BITBUCKET_WORKSPACE"),
        ("AppVeyor", "APPVEYOR_ACCOUNT_NAME"),
        ("Bamboo", "bamboo_planKey"),
        ("AWS CodeBuild", "CODEBUILD_BUILD_ID"),
        ("TeamCity", "TEAMCITY_PROJECT_NAME"),
    ] {
        let (_, variables, _) = ROWS.iter().find(|(name, ..)| *name == system).unwrap();
        let other = with(variables, variable, "another:1");
        assert!(name(&other).is_some(), "{system} {variable}");
        assert_ne!(name(&other), name(variables), "{system} {variable}");
    }
    let on = |server: &str| {
        name(&format!(
            "JENKINS_URL={server}\nJOB_NAME=nightly\nBUILD_NUMBER=3"
        ))
    };
    assert_ne!(on("https://a.example.com/"), on("https://b.example.com/"));
    let of_branch = |branch: &str| {
        let job = branch.replace('/', "%2F");
        let text = format!("JOB_NAME=shop/{job}\nBUILD_NUMBER=3\nBRANCH_NAME={branch}");
        let run = run(&text).unwrap();
        [run.suite_run.value, run.job.unwrap().value]
    };
    for (branch, job) in [("fix-a=b", "fix-a=b"), ("fix/a=b", "fix%2Fa=b")] {
        let expected = [format!("shop/{branch} #3"), format!("shop/job/{job}")];
        assert_eq!(of_branch(branch), expected);
    }
}

#[test]
fn a_run_without_a_number_or_a_name_is_not_recognised() {
    for variables in [
        "",
        "CI=true",
        "CI=true\nGITHUB_WORKFLOW=x",
        "GITHUB_WORKFLOW=x\nGITHUB_RUN_NUMBER=",
        "GITHUB_WORKFLOW= \nGITHUB_RUN_NUMBER=7",
        "TEAMCITY_BUILDCONF_NAME=Nightly\nBUILD_NUMBER=18",
        "RELEASE_RELEASEID=7",
    ] {
        assert_eq!(name(variables), None, "{variables}");
    }
}

#[test]
fn few_variables_are_enough_for_a_name() {
    for (variables, expected) in [
        ("GITHUB_WORKFLOW=CI\nGITHUB_RUN_NUMBER=7", "CI #7"),
        ("BUILD_DEFINITIONNAME=N\nBUILD_BUILDNUMBER=1", "N #1"),
        ("CIRCLE_WORKFLOW_ID=w-1", "CircleCI #w-1"),
        (
            "CI_PROJECT_PATH=g/shop\nCI_PIPELINE_ID=15\nCI_PIPELINE_SOURCE=parent_pipeline",
            "g/shop #15",
        ),
        (
            "JOB_NAME=shop/nightly\nBUILD_NUMBER=19\nJENKINS_URL=x",
            "shop/nightly #19",
        ),
    ] {
        assert_eq!(name(variables).as_deref(), Some(expected), "{variables}");
    }
}

#[test]
fn every_template_can_be_filled_and_every_row_cites_its_documentation() {
    for system in SYSTEMS {
        assert!(!system.documentation.is_empty(), "{}", system.name);
        for text in system.templates() {
            assert!(template::variables(text).all(is_variable), "{text}");
            // The host of a URL, the ID of `project:id`: the first value has them all. The other one is a number, which also ends
            // with itself.
            let values = ["https://host/x", "7"];
            let mut found = values
                .iter()
                .filter_map(|value| template::first(&[text], &|_| Some((*value).to_owned())));
            let found = found.next().unwrap_or_else(|| panic!("{text}"));
            assert!(!found.value.contains(['{', '}', '[', ']', '|']), "{text}");
        }
    }
    assert!(!is_variable("HOME"));
}

#[test]
fn the_documentation_has_the_name_of_a_run_of_each_system() {
    let text = include_str!("../../../../docs/ci.md");
    for system in SYSTEMS {
        let name = system.name.split(", child").next().unwrap_or_default();
        let row = text
            .lines()
            .find(|line| line.starts_with('|') && line.contains(name));
        assert!(
            row.is_some_and(|row| row.contains('#') || row.contains("Release-")),
            "{name}"
        );
    }
}

/// Parallel jobs of systems that number them, and which shard they are.
const SHARDS: &[(&str, &str, Option<&str>)] = &[
    (
        "GitLab CI/CD",
        "CI_NODE_INDEX=1\nCI_NODE_TOTAL=8",
        Some("1/8"),
    ),
    ("GitLab CI/CD", "CI_NODE_TOTAL=1", None),
    (
        "GitLab CI/CD, child pipeline",
        "CI_NODE_INDEX=8\nCI_NODE_TOTAL=8",
        Some("8/8"),
    ),
    (
        "Azure Pipelines",
        "SYSTEM_JOBPOSITIONINPHASE=1\nSYSTEM_TOTALJOBSINPHASE=4",
        Some("1/4"),
    ),
    (
        "CircleCI",
        "CIRCLE_NODE_INDEX=0\nCIRCLE_NODE_TOTAL=4",
        Some("1/4"),
    ),
    (
        "CircleCI",
        "CIRCLE_NODE_INDEX=3\nCIRCLE_NODE_TOTAL=4",
        Some("4/4"),
    ),
    (
        "Buildkite",
        "BUILDKITE_PARALLEL_JOB=0\nBUILDKITE_PARALLEL_JOB_COUNT=5",
        Some("1/5"),
    ),
    (
        "Bitbucket Pipelines",
        "BITBUCKET_PARALLEL_STEP=4\nBITBUCKET_PARALLEL_STEP_COUNT=5",
        Some("5/5"),
    ),
    (
        "Semaphore",
        "SEMAPHORE_JOB_INDEX=2\nSEMAPHORE_JOB_COUNT=2",
        Some("2/2"),
    ),
    ("GitHub Actions", "", None),
];

#[test]
fn a_parallel_job_is_a_shard_counted_from_1() {
    for (system, of_job, expected) in SHARDS {
        let (_, variables, _) = ROWS.iter().find(|(name, ..)| name == system).unwrap();
        let run = run(&format!("{variables}\n{of_job}")).unwrap();
        assert_eq!(run.system.name, *system);
        let shard = run.shard.map(|shard| shard.value);
        assert_eq!(shard.as_deref(), *expected, "{system} {of_job}");
    }
}
