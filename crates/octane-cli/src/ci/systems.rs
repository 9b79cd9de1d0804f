//! The CI systems that are known, one row each.

/// What a CI system says of a run. Each fact has templates, of which the first one counts whose variables are set.
#[derive(Debug)]
pub(crate) struct System {
    /// A short name for scripts.
    pub(crate) id: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// The title of the page of its documentation that describes the variables.
    pub(crate) documentation: &'static str,
    /// A variable that has to be set, with this value if there is one, because others could be those of another system.
    pub(super) marker: Option<(&'static str, Option<&'static str>)>,
    /// The name of the suite run: the same for all jobs and all attempts of a run, and for no other run.
    pub(super) suite_run: &'static [&'static str],
    /// The page of the run.
    pub(super) run_url: &'static [&'static str],
    pub(super) repository: &'static [&'static str],
    /// The branch; of a pull request the one that it comes from.
    pub(super) branch: &'static [&'static str],
    pub(super) commit: &'static [&'static str],
    /// The URL of the CI server, which Octane knows it by.
    pub(super) server_url: &'static [&'static str],
    /// The job and the build, for a build context.
    pub(super) job: &'static [&'static str],
    pub(super) build: &'static [&'static str],
    /// Which of several parallel jobs it is, counted from 1, and how many there are.
    pub(super) shard: &'static [&'static str],
}

const NOTHING: System = System {
    id: "",
    name: "",
    documentation: "",
    marker: None,
    suite_run: &[],
    run_url: &[],
    repository: &[],
    branch: &[],
    commit: &[],
    server_url: &[],
    job: &[],
    build: &[],
    shard: &[],
};

/// The known systems. Those that share variables with others are distinguished by their markers, and come first.
pub(crate) const SYSTEMS: &[System] = &[
    // Also Forgejo. Its pages have the number of a run in their URL.
    System {
        id: "gitea",
        name: "Gitea Actions",
        documentation: "Gitea Actions Variables",
        marker: Some(("GITEA_ACTIONS", None)),
        run_url: &[
            "{GITHUB_SERVER_URL|no-slash}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",
        ],
        ..GITHUB
    },
    GITHUB,
    // The jobs of a child pipeline belong to the run of its parent, as far as GitLab (18.9) names that: it does not name the parent of
    // the parent.
    System {
        id: "gitlab",
        name: "GitLab CI/CD, child pipeline",
        documentation: "Predefined CI/CD variables reference",
        marker: Some(("CI_PIPELINE_SOURCE", Some("parent_pipeline"))),
        suite_run: &["{CI_PROJECT_PATH} #{CI_UPSTREAM_PIPELINE_ID}"],
        build: &["{CI_UPSTREAM_PIPELINE_ID}"],
        ..GITLAB
    },
    GITLAB,
    // A release tests several environments, which are runs of their own.
    System {
        id: "azure-release",
        name: "Azure Pipelines, classic release",
        documentation: "Classic release and artifacts variables",
        marker: Some(("RELEASE_RELEASEID", None)),
        suite_run: &[
            "[{SYSTEM_TEAMPROJECT}: ]{RELEASE_DEFINITIONNAME} {RELEASE_RELEASENAME}[, {RELEASE_ENVIRONMENTNAME}] ({RELEASE_RELEASEID})",
        ],
        run_url: &["{RELEASE_RELEASEWEBURL}"],
        job: &["{RELEASE_DEFINITIONNAME}"],
        build: &["{RELEASE_RELEASEID}"],
        ..AZURE
    },
    AZURE,
    // A workflow that is run again has a new ID and keeps its workspace; the number of a build belongs to one job. Projects
    // of the GitHub App and of GitLab have no name.
    System {
        id: "circleci",
        name: "CircleCI",
        documentation: "Project values and variables",
        suite_run: &[
            "[{CIRCLE_PROJECT_USERNAME}/]{CIRCLE_PROJECT_REPONAME} #{CIRCLE_WORKFLOW_WORKSPACE_ID,CIRCLE_WORKFLOW_ID}",
            "CircleCI #{CIRCLE_WORKFLOW_WORKSPACE_ID,CIRCLE_WORKFLOW_ID}",
        ],
        run_url: &["{CIRCLE_BUILD_URL}"],
        repository: &["{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}"],
        branch: &["{CIRCLE_BRANCH}"],
        commit: &["{CIRCLE_SHA1}"],
        job: &["{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}"],
        build: &["{CIRCLE_WORKFLOW_WORKSPACE_ID,CIRCLE_WORKFLOW_ID}"],
        // Counted from 0.
        shard: &["{CIRCLE_NODE_INDEX|next}/{CIRCLE_NODE_TOTAL}"],
        ..NOTHING
    },
    System {
        id: "buildkite",
        name: "Buildkite",
        documentation: "Environment variables",
        suite_run: &[
            "[{BUILDKITE_ORGANIZATION_SLUG}/]{BUILDKITE_PIPELINE_SLUG} #{BUILDKITE_BUILD_NUMBER} (Buildkite)",
        ],
        run_url: &["{BUILDKITE_BUILD_URL}"],
        repository: &["{BUILDKITE_ORGANIZATION_SLUG}/{BUILDKITE_PIPELINE_SLUG}"],
        branch: &["{BUILDKITE_BRANCH}"],
        commit: &["{BUILDKITE_COMMIT}"],
        job: &["{BUILDKITE_PIPELINE_SLUG}"],
        build: &["{BUILDKITE_BUILD_NUMBER}"],
        // Counted from 0.
        shard: &["{BUILDKITE_PARALLEL_JOB|next}/{BUILDKITE_PARALLEL_JOB_COUNT}"],
        ..NOTHING
    },
    System {
        id: "bitbucket",
        name: "Bitbucket Pipelines",
        documentation: "Variables and secrets",
        suite_run: &[
            "[{BITBUCKET_WORKSPACE}/]{BITBUCKET_REPO_SLUG} #{BITBUCKET_BUILD_NUMBER} (Bitbucket)",
        ],
        run_url: &[
            "https://bitbucket.org/{BITBUCKET_WORKSPACE}/{BITBUCKET_REPO_SLUG}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
        ],
        repository: &["{BITBUCKET_WORKSPACE}/{BITBUCKET_REPO_SLUG}"],
        branch: &["{BITBUCKET_BRANCH}"],
        commit: &["{BITBUCKET_COMMIT}"],
        job: &["{BITBUCKET_WORKSPACE}/{BITBUCKET_REPO_SLUG}"],
        build: &["{BITBUCKET_BUILD_NUMBER}"],
        // Counted from 0.
        shard: &["{BITBUCKET_PARALLEL_STEP|next}/{BITBUCKET_PARALLEL_STEP_COUNT}"],
        ..NOTHING
    },
    System {
        id: "drone",
        name: "Drone",
        documentation: "Environment Reference",
        suite_run: &[
            "{DRONE_REPO} #{DRONE_BUILD_NUMBER} ({DRONE_BUILD_LINK|host})",
            "{DRONE_REPO} #{DRONE_BUILD_NUMBER} (Drone)",
        ],
        run_url: &["{DRONE_BUILD_LINK}"],
        repository: &["{DRONE_REPO}"],
        branch: &["{DRONE_SOURCE_BRANCH,DRONE_BRANCH}"],
        commit: &["{DRONE_COMMIT_SHA,DRONE_COMMIT}"],
        job: &["{DRONE_REPO}"],
        build: &["{DRONE_BUILD_NUMBER}"],
        ..NOTHING
    },
    System {
        id: "travis",
        name: "Travis CI",
        documentation: "Environment Variables",
        suite_run: &[
            "{TRAVIS_REPO_SLUG} #{TRAVIS_BUILD_NUMBER} ({TRAVIS_BUILD_WEB_URL|host})",
            "{TRAVIS_REPO_SLUG} #{TRAVIS_BUILD_NUMBER} (Travis CI)",
        ],
        run_url: &["{TRAVIS_BUILD_WEB_URL}"],
        repository: &["{TRAVIS_REPO_SLUG}"],
        branch: &["{TRAVIS_PULL_REQUEST_BRANCH,TRAVIS_BRANCH}"],
        commit: &["{TRAVIS_PULL_REQUEST_SHA,TRAVIS_COMMIT}"],
        job: &["{TRAVIS_REPO_SLUG}"],
        build: &["{TRAVIS_BUILD_NUMBER}"],
        ..NOTHING
    },
    System {
        id: "appveyor",
        name: "AppVeyor",
        documentation: "Environment variables",
        suite_run: &[
            "[{APPVEYOR_ACCOUNT_NAME}/]{APPVEYOR_PROJECT_SLUG} #{APPVEYOR_BUILD_NUMBER}[ ({APPVEYOR_BUILD_ID})]",
        ],
        run_url: &[
            "{APPVEYOR_URL|no-slash}/project/{APPVEYOR_ACCOUNT_NAME}/{APPVEYOR_PROJECT_SLUG}/builds/{APPVEYOR_BUILD_ID}",
        ],
        repository: &["{APPVEYOR_REPO_NAME}"],
        branch: &["{APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH,APPVEYOR_REPO_BRANCH}"],
        commit: &["{APPVEYOR_PULL_REQUEST_HEAD_COMMIT,APPVEYOR_REPO_COMMIT}"],
        server_url: &["{APPVEYOR_URL}"],
        job: &["{APPVEYOR_ACCOUNT_NAME}/{APPVEYOR_PROJECT_SLUG}"],
        build: &["{APPVEYOR_BUILD_ID}"],
        ..NOTHING
    },
    // Branches of a plan count their builds for themselves, and have keys of their own.
    System {
        id: "bamboo",
        name: "Bamboo",
        documentation: "Bamboo variables",
        suite_run: &["{bamboo_planName} #{bamboo_buildNumber}[ ({bamboo_planKey})]"],
        run_url: &["{bamboo_buildResultsUrl,bamboo_resultsUrl}"],
        repository: &["{bamboo_planRepository_name}"],
        branch: &["{bamboo_planRepository_branchName,bamboo_planRepository_branch}"],
        commit: &["{bamboo_planRepository_revision}"],
        job: &["{bamboo_planKey}"],
        build: &["{bamboo_buildNumber}"],
        ..NOTHING
    },
    System {
        id: "semaphore",
        name: "Semaphore",
        documentation: "Environment Variables Reference",
        suite_run: &["{SEMAPHORE_PROJECT_NAME} #{SEMAPHORE_WORKFLOW_ID}"],
        run_url: &["{SEMAPHORE_ORGANIZATION_URL|no-slash}/workflows/{SEMAPHORE_WORKFLOW_ID}"],
        repository: &["{SEMAPHORE_GIT_REPO_SLUG}"],
        branch: &["{SEMAPHORE_GIT_PR_BRANCH,SEMAPHORE_GIT_WORKING_BRANCH,SEMAPHORE_GIT_BRANCH}"],
        commit: &["{SEMAPHORE_GIT_PR_SHA,SEMAPHORE_GIT_SHA}"],
        server_url: &["{SEMAPHORE_ORGANIZATION_URL}"],
        job: &["{SEMAPHORE_PROJECT_NAME}"],
        build: &["{SEMAPHORE_WORKFLOW_ID}"],
        shard: &["{SEMAPHORE_JOB_INDEX}/{SEMAPHORE_JOB_COUNT}"],
        ..NOTHING
    },
    // Agents may reach the server under different addresses, so the name of a run has none.
    System {
        id: "gocd",
        name: "GoCD",
        documentation: "GoCD environment variables",
        suite_run: &["{GO_PIPELINE_NAME} #{GO_PIPELINE_COUNTER} (GoCD)"],
        run_url: &[
            "{GO_SERVER_URL|no-slash}/pipelines/value_stream_map/{GO_PIPELINE_NAME}/{GO_PIPELINE_COUNTER}",
        ],
        commit: &["{GO_REVISION}"],
        server_url: &["{GO_SERVER_URL}"],
        job: &["{GO_PIPELINE_NAME}"],
        build: &["{GO_PIPELINE_COUNTER}"],
        ..NOTHING
    },
    System {
        id: "woodpecker",
        name: "Woodpecker",
        documentation: "Environment variables",
        suite_run: &[
            "{CI_REPO} #{CI_PIPELINE_NUMBER} ({CI_PIPELINE_URL|host})",
            "{CI_REPO} #{CI_PIPELINE_NUMBER} (Woodpecker)",
        ],
        run_url: &["{CI_PIPELINE_URL}"],
        repository: &["{CI_REPO}"],
        branch: &["{CI_COMMIT_SOURCE_BRANCH,CI_COMMIT_BRANCH}"],
        commit: &["{CI_COMMIT_SHA}"],
        server_url: &["{CI_SYSTEM_URL}"],
        job: &["{CI_REPO}"],
        build: &["{CI_PIPELINE_NUMBER}"],
        ..NOTHING
    },
    System {
        id: "codebuild",
        name: "AWS CodeBuild",
        documentation: "Environment variables in build environments",
        suite_run: &[
            "{CODEBUILD_BUILD_ID|project} #{CODEBUILD_BUILD_NUMBER}[ ({CODEBUILD_BUILD_ID|id})]",
        ],
        run_url: &["{CODEBUILD_BUILD_URL}"],
        repository: &["{CODEBUILD_SOURCE_REPO_URL}"],
        branch: &["{CODEBUILD_WEBHOOK_HEAD_REF|branch}"],
        commit: &["{CODEBUILD_RESOLVED_SOURCE_VERSION}"],
        job: &["{CODEBUILD_BUILD_ID|project}"],
        build: &["{CODEBUILD_BUILD_ID|id}"],
        ..NOTHING
    },
    System {
        id: "teamcity",
        name: "TeamCity",
        documentation: "List of Predefined Build Parameters",
        marker: Some(("TEAMCITY_VERSION", None)),
        suite_run: &[
            "[{TEAMCITY_PROJECT_NAME}: ]{TEAMCITY_BUILDCONF_NAME} #{BUILD_NUMBER}[ ({BUILD_URL|host})]",
        ],
        run_url: &["{BUILD_URL}"],
        commit: &["{BUILD_VCS_NUMBER}"],
        job: &["{TEAMCITY_BUILDCONF_NAME}"],
        build: &["{BUILD_NUMBER}"],
        ..NOTHING
    },
    // A job `nightly` exists on many servers, several of which may share a host, so the name has the server's. The job of a branch
    // ends with the branch's name, which may look like the axes of a matrix.
    System {
        id: "jenkins",
        name: "Jenkins",
        documentation: "Using environment variables",
        suite_run: &[
            "{JOB_NAME+BRANCH_NAME|jenkins-name} #{BUILD_NUMBER}[ ({JENKINS_URL|server})]",
            "{JOB_NAME|jenkins-matrix-name} #{BUILD_NUMBER}[ ({JENKINS_URL|server})]",
        ],
        run_url: &["{BUILD_URL}"],
        repository: &["{GIT_URL}"],
        branch: &["{CHANGE_BRANCH,BRANCH_NAME}", "{GIT_BRANCH|remote}"],
        commit: &["{GIT_COMMIT}"],
        server_url: &["{JENKINS_URL}"],
        job: &[
            "{JOB_NAME+BRANCH_NAME|jenkins-job}",
            "{JOB_NAME|jenkins-matrix-job}",
        ],
        build: &["{BUILD_NUMBER}"],
        ..NOTHING
    },
];

// Names of workflows are not unique, and a workflow that is created again counts from 1 again; IDs are unique.
const GITHUB: System = System {
    id: "github",
    name: "GitHub Actions",
    documentation: "Variables reference",
    suite_run: &[
        "[{GITHUB_REPOSITORY}: ]{GITHUB_WORKFLOW} #{GITHUB_RUN_NUMBER}[ ({GITHUB_RUN_ID})]",
    ],
    run_url: &["{GITHUB_SERVER_URL|no-slash}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"],
    repository: &["{GITHUB_REPOSITORY}"],
    branch: &["{GITHUB_HEAD_REF,GITHUB_REF|branch}"],
    commit: &["{GITHUB_SHA}"],
    server_url: &["{GITHUB_SERVER_URL}"],
    job: &["{GITHUB_REPOSITORY}/{GITHUB_WORKFLOW}"],
    build: &["{GITHUB_RUN_ID}"],
    ..NOTHING
};

const GITLAB: System = System {
    id: "gitlab",
    name: "GitLab CI/CD",
    documentation: "Predefined CI/CD variables reference",
    suite_run: &["{CI_PROJECT_PATH} #{CI_PIPELINE_ID}"],
    run_url: &["{CI_PIPELINE_URL}"],
    repository: &["{CI_PROJECT_PATH}"],
    branch: &["{CI_MERGE_REQUEST_SOURCE_BRANCH_NAME,CI_COMMIT_BRANCH}"],
    commit: &["{CI_COMMIT_SHA}"],
    server_url: &["{CI_SERVER_URL}"],
    job: &["{CI_PROJECT_PATH}"],
    build: &["{CI_PIPELINE_ID}"],
    // The index is only set in jobs with `parallel`.
    shard: &["{CI_NODE_INDEX}/{CI_NODE_TOTAL}"],
    ..NOTHING
};

// Numbers of builds have a format that people choose; IDs are unique.
const AZURE: System = System {
    id: "azure",
    name: "Azure Pipelines",
    documentation: "Use predefined variables",
    suite_run: &[
        "[{SYSTEM_TEAMPROJECT}: ]{BUILD_DEFINITIONNAME} #{BUILD_BUILDNUMBER}[ ({BUILD_BUILDID})]",
    ],
    run_url: &[
        "{SYSTEM_COLLECTIONURI,SYSTEM_TEAMFOUNDATIONCOLLECTIONURI|no-slash}/{SYSTEM_TEAMPROJECT|segment}/_build/results?buildId={BUILD_BUILDID}",
    ],
    repository: &["{BUILD_REPOSITORY_NAME}"],
    branch: &["{SYSTEM_PULLREQUEST_SOURCEBRANCH,BUILD_SOURCEBRANCH|branch}"],
    commit: &["{BUILD_SOURCEVERSION}"],
    server_url: &["{SYSTEM_COLLECTIONURI,SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}"],
    job: &["{BUILD_DEFINITIONNAME}"],
    build: &["{BUILD_BUILDID}"],
    shard: &["{SYSTEM_JOBPOSITIONINPHASE}/{SYSTEM_TOTALJOBSINPHASE}"],
    ..NOTHING
};

impl System {
    /// All templates.
    pub(super) fn templates(&self) -> impl Iterator<Item = &'static str> {
        let facts = [
            self.suite_run,
            self.run_url,
            self.repository,
            self.branch,
            self.commit,
            self.server_url,
            self.job,
            self.build,
            self.shard,
        ];
        facts.into_iter().flatten().copied()
    }
}
