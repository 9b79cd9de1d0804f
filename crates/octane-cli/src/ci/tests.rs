//! A run of each row of the table.

use std::collections::BTreeSet;

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
fn facts(variables: &str) -> (&'static str, Vec<String>) {
    let run = run(variables).unwrap_or_else(|| panic!("no run in {variables}"));
    let CiRun {
        system,
        suite_run,
        run_url,
        repository,
        branch,
        commit,
        server_url,
        job,
        build,
        shard: _,
    } = run;
    let others = [run_url, repository, branch, commit, server_url, job, build];
    let others = others.map(|found| found.map_or_else(|| "-".to_owned(), |found| found.value));
    (
        system.name,
        [vec![suite_run.value], others.to_vec()].concat(),
    )
}

/// Variables of one run of each system, and what follows from them: suite run, URL, repository, branch, commit, server, job
/// and build.
const ROWS: &[(&str, &str, [&str; 8])] = &[
    (
        "GitHub Actions",
        "GITHUB_ACTIONS=true
         GITHUB_SERVER_URL=https://github.com
         GITHUB_REPOSITORY=octo/shop
         GITHUB_WORKFLOW=nightly / e2e
         GITHUB_RUN_NUMBER=7
         GITHUB_RUN_ID=9912
         GITHUB_RUN_ATTEMPT=2
         GITHUB_REF=refs/heads/main
         GITHUB_HEAD_REF=
         GITHUB_SHA=c0ffee",
        [
            "octo/shop: nightly / e2e #7 (9912)",
            "https://github.com/octo/shop/actions/runs/9912",
            "octo/shop",
            "main",
            "c0ffee",
            "https://github.com",
            "octo/shop/nightly / e2e",
            "9912",
        ],
    ),
    (
        "Gitea Actions",
        "GITHUB_ACTIONS=true
         GITEA_ACTIONS=true
         GITHUB_SERVER_URL=https://git.example.com/
         GITHUB_REPOSITORY=octo/shop
         GITHUB_WORKFLOW=ci.yaml
         GITHUB_RUN_NUMBER=7
         GITHUB_RUN_ID=512
         GITHUB_REF=refs/pull/3/head
         GITHUB_HEAD_REF=feature/login
         GITHUB_SHA=c0ffee",
        [
            "octo/shop: ci.yaml #7 (512)",
            "https://git.example.com/octo/shop/actions/runs/7",
            "octo/shop",
            "feature/login",
            "c0ffee",
            "https://git.example.com/",
            "octo/shop/ci.yaml",
            "512",
        ],
    ),
    (
        "GitLab CI/CD",
        "GITLAB_CI=true
         CI_PROJECT_PATH=group/shop
         CI_PIPELINE_ID=15
         CI_PIPELINE_IID=3
         CI_PIPELINE_SOURCE=merge_request_event
         CI_PIPELINE_URL=https://gitlab.example.com/group/shop/-/pipelines/15
         CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=feature/login
         CI_COMMIT_SHA=c0ffee
         CI_SERVER_URL=https://gitlab.example.com",
        [
            "group/shop #15",
            "https://gitlab.example.com/group/shop/-/pipelines/15",
            "group/shop",
            "feature/login",
            "c0ffee",
            "https://gitlab.example.com",
            "group/shop",
            "15",
        ],
    ),
    (
        "GitLab CI/CD, child pipeline",
        "GITLAB_CI=true
         CI_PROJECT_PATH=group/shop
         CI_PIPELINE_ID=16
         CI_PIPELINE_SOURCE=parent_pipeline
         CI_UPSTREAM_PIPELINE_ID=15
         CI_PIPELINE_URL=https://gitlab.example.com/group/shop/-/pipelines/16
         CI_COMMIT_BRANCH=main
         CI_COMMIT_SHA=c0ffee
         CI_SERVER_URL=https://gitlab.example.com",
        [
            "group/shop #15",
            "https://gitlab.example.com/group/shop/-/pipelines/16",
            "group/shop",
            "main",
            "c0ffee",
            "https://gitlab.example.com",
            "group/shop",
            "15",
        ],
    ),
    (
        "Azure Pipelines",
        "TF_BUILD=True
         SYSTEM_COLLECTIONURI=https://dev.azure.com/octo/
         SYSTEM_TEAMPROJECT=Web Shop
         SYSTEM_JOBATTEMPT=2
         BUILD_DEFINITIONNAME=Nightly
         BUILD_BUILDNUMBER=20260101.1
         BUILD_BUILDID=4711
         BUILD_REPOSITORY_NAME=shop
         BUILD_SOURCEBRANCH=refs/heads/main
         BUILD_SOURCEVERSION=c0ffee",
        [
            "Web Shop: Nightly #20260101.1 (4711)",
            "https://dev.azure.com/octo/Web%20Shop/_build/results?buildId=4711",
            "shop",
            "main",
            "c0ffee",
            "https://dev.azure.com/octo/",
            "Nightly",
            "4711",
        ],
    ),
    (
        "Azure Pipelines, classic release",
        "TF_BUILD=True
         SYSTEM_COLLECTIONURI=https://dev.azure.com/octo/
         SYSTEM_TEAMPROJECT=Shop
         RELEASE_RELEASEID=88
         RELEASE_RELEASENAME=Release-12
         RELEASE_DEFINITIONNAME=Deploy
         RELEASE_ENVIRONMENTNAME=Staging
         RELEASE_ATTEMPTNUMBER=2
         RELEASE_RELEASEWEBURL=https://dev.azure.com/octo/Shop/_release?releaseId=88
         BUILD_DEFINITIONNAME=Nightly
         BUILD_BUILDNUMBER=20260101.1
         BUILD_BUILDID=4711
         BUILD_SOURCEBRANCH=refs/heads/main
         BUILD_SOURCEVERSION=c0ffee",
        [
            "Shop: Deploy Release-12, Staging (88)",
            "https://dev.azure.com/octo/Shop/_release?releaseId=88",
            "-",
            "main",
            "c0ffee",
            "https://dev.azure.com/octo/",
            "Deploy",
            "88",
        ],
    ),
    (
        "CircleCI",
        "CIRCLECI=true
         CIRCLE_PROJECT_USERNAME=octo
         CIRCLE_PROJECT_REPONAME=shop
         CIRCLE_WORKFLOW_ID=w-2
         CIRCLE_WORKFLOW_WORKSPACE_ID=w-1
         CIRCLE_BUILD_NUM=77
         CIRCLE_BUILD_URL=https://circleci.com/gh/octo/shop/77
         CIRCLE_BRANCH=main
         CIRCLE_SHA1=c0ffee",
        [
            "octo/shop #w-1",
            "https://circleci.com/gh/octo/shop/77",
            "octo/shop",
            "main",
            "c0ffee",
            "-",
            "octo/shop",
            "w-1",
        ],
    ),
    (
        "Buildkite",
        "BUILDKITE=true
         BUILDKITE_ORGANIZATION_SLUG=octo
         BUILDKITE_PIPELINE_SLUG=shop
         BUILDKITE_BUILD_NUMBER=8
         BUILDKITE_BUILD_URL=https://buildkite.com/octo/shop/builds/8
         BUILDKITE_BRANCH=main
         BUILDKITE_COMMIT=c0ffee
         BUILDKITE_RETRY_COUNT=1",
        [
            "octo/shop #8",
            "https://buildkite.com/octo/shop/builds/8",
            "octo/shop",
            "main",
            "c0ffee",
            "-",
            "shop",
            "8",
        ],
    ),
    (
        "Bitbucket Pipelines",
        "BITBUCKET_WORKSPACE=octo
         BITBUCKET_REPO_SLUG=shop
         BITBUCKET_BUILD_NUMBER=9
         BITBUCKET_BRANCH=main
         BITBUCKET_COMMIT=c0ffee",
        [
            "octo/shop #9",
            "https://bitbucket.org/octo/shop/pipelines/results/9",
            "octo/shop",
            "main",
            "c0ffee",
            "-",
            "octo/shop",
            "9",
        ],
    ),
    (
        "Drone",
        "DRONE=true
         DRONE_REPO=octo/shop
         DRONE_BUILD_NUMBER=11
         DRONE_BUILD_LINK=https://drone.example.com/octo/shop/11
         DRONE_SOURCE_BRANCH=feature/login
         DRONE_BRANCH=main
         DRONE_COMMIT=c0ffee",
        [
            "octo/shop #11",
            "https://drone.example.com/octo/shop/11",
            "octo/shop",
            "feature/login",
            "c0ffee",
            "-",
            "octo/shop",
            "11",
        ],
    ),
    (
        "Travis CI",
        "TRAVIS=true
         TRAVIS_REPO_SLUG=octo/shop
         TRAVIS_BUILD_NUMBER=12
         TRAVIS_BUILD_WEB_URL=https://app.travis-ci.com/octo/shop/builds/120
         TRAVIS_PULL_REQUEST_BRANCH=
         TRAVIS_BRANCH=main
         TRAVIS_COMMIT=c0ffee",
        [
            "octo/shop #12",
            "https://app.travis-ci.com/octo/shop/builds/120",
            "octo/shop",
            "main",
            "c0ffee",
            "-",
            "octo/shop",
            "12",
        ],
    ),
    (
        "AppVeyor",
        "APPVEYOR=True
         APPVEYOR_URL=https://ci.appveyor.com
         APPVEYOR_ACCOUNT_NAME=octo
         APPVEYOR_PROJECT_SLUG=shop
         APPVEYOR_BUILD_NUMBER=13
         APPVEYOR_BUILD_ID=1300
         APPVEYOR_REPO_NAME=octo/shop
         APPVEYOR_REPO_BRANCH=main
         APPVEYOR_REPO_COMMIT=c0ffee",
        [
            "octo/shop #13 (1300)",
            "https://ci.appveyor.com/project/octo/shop/builds/1300",
            "octo/shop",
            "main",
            "c0ffee",
            "https://ci.appveyor.com",
            "octo/shop",
            "1300",
        ],
    ),
    (
        "Bamboo",
        "bamboo_planName=Shop - Nightly
         bamboo_planKey=SHOP-NIGHT
         bamboo_buildNumber=14
         bamboo_buildResultsUrl=https://bamboo.example.com/browse/SHOP-NIGHT-JOB1-14
         bamboo_planRepository_name=shop
         bamboo_planRepository_branchName=main
         bamboo_planRepository_revision=c0ffee",
        [
            "Shop - Nightly #14 (SHOP-NIGHT)",
            "https://bamboo.example.com/browse/SHOP-NIGHT-JOB1-14",
            "shop",
            "main",
            "c0ffee",
            "-",
            "SHOP-NIGHT",
            "14",
        ],
    ),
    (
        "Semaphore",
        "SEMAPHORE=true
         SEMAPHORE_ORGANIZATION_URL=https://octo.semaphoreci.com
         SEMAPHORE_PROJECT_NAME=shop
         SEMAPHORE_WORKFLOW_ID=w-2
         SEMAPHORE_GIT_REPO_SLUG=octo/shop
         SEMAPHORE_GIT_BRANCH=main
         SEMAPHORE_GIT_SHA=c0ffee",
        [
            "shop #w-2",
            "https://octo.semaphoreci.com/workflows/w-2",
            "octo/shop",
            "main",
            "c0ffee",
            "https://octo.semaphoreci.com",
            "shop",
            "w-2",
        ],
    ),
    (
        "GoCD",
        "GO_SERVER_URL=https://go.example.com/go/
         GO_PIPELINE_NAME=shop
         GO_PIPELINE_COUNTER=15
         GO_STAGE_COUNTER=2
         GO_REVISION=c0ffee",
        [
            "shop #15",
            "https://go.example.com/go/pipelines/value_stream_map/shop/15",
            "-",
            "-",
            "c0ffee",
            "https://go.example.com/go/",
            "shop",
            "15",
        ],
    ),
    (
        "Woodpecker",
        "CI=woodpecker
         CI_REPO=octo/shop
         CI_PIPELINE_NUMBER=16
         CI_PIPELINE_URL=https://woodpecker.example.com/repos/3/pipeline/16
         CI_COMMIT_BRANCH=main
         CI_COMMIT_SHA=c0ffee
         CI_SYSTEM_URL=https://woodpecker.example.com",
        [
            "octo/shop #16",
            "https://woodpecker.example.com/repos/3/pipeline/16",
            "octo/shop",
            "main",
            "c0ffee",
            "https://woodpecker.example.com",
            "octo/shop",
            "16",
        ],
    ),
    (
        "AWS CodeBuild",
        "CODEBUILD_BUILD_ID=shop:7c1f
         CODEBUILD_BUILD_NUMBER=17
         CODEBUILD_BUILD_URL=https://console.aws.amazon.com/codebuild/home#/builds/shop:7c1f
         CODEBUILD_SOURCE_REPO_URL=https://github.com/octo/shop.git
         CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main
         CODEBUILD_RESOLVED_SOURCE_VERSION=c0ffee",
        [
            "shop #17 (7c1f)",
            "https://console.aws.amazon.com/codebuild/home#/builds/shop:7c1f",
            "https://github.com/octo/shop.git",
            "main",
            "c0ffee",
            "-",
            "shop",
            "7c1f",
        ],
    ),
    (
        "TeamCity",
        "TEAMCITY_VERSION=2025.11
         TEAMCITY_PROJECT_NAME=Shop
         TEAMCITY_BUILDCONF_NAME=Nightly
         BUILD_NUMBER=18
         BUILD_URL=https://teamcity.example.com/build/1800
         BUILD_VCS_NUMBER=c0ffee",
        [
            "Shop: Nightly #18 (teamcity.example.com)",
            "https://teamcity.example.com/build/1800",
            "-",
            "-",
            "c0ffee",
            "-",
            "Nightly",
            "18",
        ],
    ),
    (
        "Jenkins",
        "JENKINS_URL=https://ci.example.com/jenkins/
         JOB_NAME=shop/feature%2Flogin
         BUILD_NUMBER=19
         BUILD_URL=https://ci.example.com/jenkins/job/shop/job/feature%252Flogin/19/
         BRANCH_NAME=feature/login
         GIT_URL=https://git.example.com/shop.git
         GIT_COMMIT=c0ffee",
        [
            "shop/feature/login #19 (ci.example.com)",
            "https://ci.example.com/jenkins/job/shop/job/feature%252Flogin/19/",
            "https://git.example.com/shop.git",
            "feature/login",
            "c0ffee",
            "https://ci.example.com/jenkins/",
            "shop/job/feature%2Flogin",
            "19",
        ],
    ),
];

#[test]
fn each_row_of_the_table_recognises_its_system_and_says_what_is_known_of_the_run() {
    for (system, variables, expected) in ROWS {
        assert_eq!(
            facts(variables),
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
            // The host of a URL, the ID of `project:id`: the first value has them all. The other one is a number.
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
