//! Continuous integration: servers, jobs, pipelines and builds.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    Field, boolean, derived, integer, inverse, list_value, long_text, many, memo, object, one, text,
};
use super::owned::comments;

pub(super) const TABLES: [Table; 8] = [
    CI_SERVERS,
    CI_JOBS,
    CI_BUILDS,
    PIPELINES,
    PIPELINE_NODES,
    PIPELINE_RUNS,
    NODE_RUNS,
    EXECUTORS,
];

const CI_SERVERS: Table = Table::new("ci_servers", 1501);
const CI_JOBS: Table = Table {
    indexes: &[("ci_jobs_by_ci_id", "ci_server, ci_id")],
    ..Table::new("ci_jobs", 1551)
};
const CI_BUILDS: Table = Table {
    indexes: &[
        ("ci_builds_by_key", "ci_server, job_id, build_id"),
        ("ci_builds_by_job", "ci_job"),
    ],
    ..Table::new("ci_builds", 1601)
};
const PIPELINES: Table = Table {
    indexes: &[("pipelines_by_server", "ci_server")],
    ..Table::new("pipelines", 1701)
};
const PIPELINE_NODES: Table = Table {
    indexes: &[
        ("pipeline_nodes_by_pipeline", "pipeline"),
        ("pipeline_nodes_by_job", "ci_job"),
    ],
    ..Table::new("pipeline_nodes", 1751)
};
const PIPELINE_RUNS: Table = Table {
    indexes: &[
        ("pipeline_runs_by_pipeline", "pipeline"),
        ("pipeline_runs_by_build", "root_build"),
    ],
    ..Table::new("pipeline_runs", 1801)
};
const NODE_RUNS: Table = Table {
    indexes: &[
        ("pipeline_node_runs_by_run", "pipeline_run, ci_build"),
        ("pipeline_node_runs_by_build", "ci_build"),
    ],
    ..Table::new("pipeline_node_runs", 1)
};
const EXECUTORS: Table = Table {
    has_subtype: true,
    ..Table::new("executors", 1951)
};

pub(super) fn types() -> Vec<EntityType> {
    let mut types = vec![
        server(),
        job(),
        build(),
        pipeline(),
        node(),
        pipeline_run(),
        node_run(),
    ];
    types.extend(executors());
    types
}

fn server() -> EntityType {
    EntityType::new("ci_server", "CI server", &["ci_servers"], &CI_SERVERS)
        .fields([
            text("name").required(),
            text("instance_id"),
            text("server_type"),
            text("url"),
            inverse("pipeline", "pipeline", "ci_server").editable(),
        ])
        // What a plug-in says of itself when it asks for its tasks.
        .fields(
            [
                text("plugin_version"),
                text("sdk_version"),
                integer("api_version"),
                text("client_id"),
                text("ci_server_user"),
                boolean("is_connected"),
                boolean("is_suspended").computed("0"),
                boolean("is_supported").computed("1"),
                text("is_supported_sdk_version").computed("'true'"),
            ]
            .map(Field::read_only),
        )
}

fn job() -> EntityType {
    EntityType::new("ci_job", "CI job", &["ci_jobs"], &CI_JOBS).fields([
        text("name").required(),
        long_text("ci_id", 4000).required(),
        one("ci_server", "ci_server").required().cascading(),
        one("executor", "executor"),
        text("branch"),
        text("definition_id"),
        object("parameters"),
        inverse("ci_builds", "ci_build", "ci_job"),
    ])
}

fn build() -> EntityType {
    EntityType::new("ci_build", "CI build", &["ci_builds"], &CI_BUILDS)
        .methods(GET_ONLY)
        .fields([text("name").required()])
        .fields(
            [
                one("ci_server", "ci_server").cascading(),
                one("ci_job", "ci_job"),
                one("pipeline", "pipeline").computed(
                    "(SELECT MIN(n.pipeline) FROM pipeline_nodes n WHERE n.ci_job = @.ci_job)",
                ),
                text("job_id"),
                text("job_name"),
                text("build_id"),
                // Newer clients ask for it by this name.
                text("build_ci_id").in_column("build_id"),
                text("sub_type"),
                text("artifact_id"),
                integer("start_time"),
                integer("duration"),
                integer("estimated_duration"),
                text("status"),
                text("result"),
                memo("console_log"),
                object("parameters"),
                object("causes"),
                derived(
                    "pipeline_node",
                    "(SELECT b.id AS owner, n.id AS target FROM ci_builds b
                      JOIN pipeline_nodes n ON n.ci_job = b.ci_job)",
                    "pipeline_node",
                    &[],
                ),
                many(
                    "pipeline_run",
                    ("pipeline_run_builds", "ci_build", "pipeline_run"),
                    "pipeline_run",
                    &[],
                ),
                many(
                    "commits",
                    ("ci_build_commits", "ci_build", "scm_commit"),
                    "scm_commit",
                    &[],
                ),
            ]
            .map(Field::read_only),
        )
}

fn pipeline() -> EntityType {
    EntityType::new("pipeline", "Pipeline", &["pipelines"], &PIPELINES)
        .fields([
            text("name").required(),
            one("ci_server", "ci_server").unsortable(),
            one("current_release", "release").unsortable(),
            one("current_milestone", "milestone").unsortable(),
            one("program", "program"),
            one("referral_pipeline", "pipeline").unsortable(),
            one("root_job", "ci_job"),
            text("root_job_name")
                .read_only()
                .computed("(SELECT j.name FROM ci_jobs j WHERE j.id = @.root_job)"),
            text("multi_branch_type"),
            boolean("notification_track"),
            boolean("notification_track_tester"),
            memo("description"),
            // For creating a pipeline only: the server makes jobs and nodes of them, and shows what became of them.
            long_text("root_job_ci_id", 4000)
                .opaque()
                .otherwise("(SELECT j.ci_id FROM ci_jobs j WHERE j.id = @.root_job)"),
            long_text("server_ci_id", 4000)
                .opaque()
                .otherwise("(SELECT s.instance_id FROM ci_servers s WHERE s.id = @.ci_server)"),
            object("jobs").opaque(),
            inverse("nodes", "pipeline_node", "pipeline"),
            inverse("pipeline_run", "pipeline_run", "pipeline"),
            many(
                "user_tags",
                ("pipeline_user_tags", "pipeline", "user_tag"),
                "user_tag",
                &[],
            ),
        ])
        .fields(comments("owner_pipeline"))
}

fn node() -> EntityType {
    EntityType::new(
        "pipeline_node",
        "Pipeline node",
        &["pipeline_nodes"],
        &PIPELINE_NODES,
    )
    .methods(GET_ONLY)
    .fields(
        [
            text("name"),
            one("pipeline", "pipeline").cascading(),
            one("ci_job", "ci_job").cascading(),
            boolean("is_root"),
            derived(
                "ci_builds",
                "(SELECT n.id AS owner, b.id AS target FROM pipeline_nodes n
                  JOIN ci_builds b ON b.ci_job = n.ci_job)",
                "ci_build",
                &[],
            ),
        ]
        .map(Field::read_only),
    )
}

fn pipeline_run() -> EntityType {
    EntityType::new(
        "pipeline_run",
        "Pipeline run",
        &["pipeline_runs"],
        &PIPELINE_RUNS,
    )
    .methods(GET_ONLY)
    .fields([text("name").required(), one("program", "program")])
    .fields(
        [
            one("pipeline", "pipeline").cascading(),
            one("root_build", "ci_build").cascading(),
            one("release", "release"),
            one("milestone", "milestone"),
            integer("start_time")
                .computed("(SELECT b.start_time FROM ci_builds b WHERE b.id = @.root_build)"),
            integer("duration")
                .computed("(SELECT b.duration FROM ci_builds b WHERE b.id = @.root_build)"),
            list_value("status", "list_node.pipeline_run_status"),
            integer("scm_commits").computed(
                "(SELECT COUNT(DISTINCT c.scm_commit) FROM pipeline_run_builds p
                  JOIN ci_build_commits c ON c.ci_build = p.ci_build WHERE p.pipeline_run = @.id)",
            ),
            many(
                "ci_builds",
                ("pipeline_run_builds", "pipeline_run", "ci_build"),
                "ci_build",
                &[],
            ),
        ]
        .map(Field::read_only),
    )
    .fields([many(
        "user_tags",
        ("pipeline_run_user_tags", "pipeline_run", "user_tag"),
        "user_tag",
        &[],
    )])
}

/// What one job did in a run of its pipeline.
fn node_run() -> EntityType {
    let of_build =
        |column: &str| format!("(SELECT b.{column} FROM ci_builds b WHERE b.id = @.ci_build)");
    EntityType::new(
        "pipeline_node_run",
        "Pipeline node run",
        &["pipeline_node_runs"],
        &NODE_RUNS,
    )
    .methods(GET_ONLY)
    .fields(
        [
            text("name").computed(of_build("name")),
            one("pipeline_run", "pipeline_run").cascading(),
            one("ci_build", "ci_build").cascading(),
            one("pipeline", "pipeline")
                .computed("(SELECT p.pipeline FROM pipeline_runs p WHERE p.id = @.pipeline_run)"),
            one("ci_job", "ci_job").computed(of_build("ci_job")),
            integer("start_time").computed(of_build("start_time")),
            integer("duration").computed(of_build("duration")),
            text("status").computed(of_build("status")),
            text("result").computed(of_build("result")),
        ]
        .map(Field::read_only),
    )
}

/// What runs tests for the product; here they are only stored.
fn executors() -> Vec<EntityType> {
    let executor =
        EntityType::new("executor", "Executor", &["executors"], &EXECUTORS).listed(GET_ONLY);
    let of = |name, label, collections| {
        EntityType::new(name, label, collections, &EXECUTORS)
            .subtype_of("executor")
            .listed(GET_ONLY)
            .fields([
                text("name").required(),
                memo("description"),
                one("ci_job", "ci_job"),
                one("ci_server", "ci_server"),
                list_value("framework", "list_node.je.framework"),
                text("test_runner_parameters"),
                memo("scm_repository"),
            ])
    };
    vec![
        executor,
        of("test_runner", "Test runner", &["test_runners"]),
        of("uft_test_runner", "UFT test runner", &["uft_test_runners"]),
    ]
}
