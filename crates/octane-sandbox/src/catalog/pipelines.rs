//! Continuous integration: servers, pipelines and builds.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{Field, boolean, date_time, integer, long_text, memo, one, text};

pub(super) const TABLES: [Table; 3] = [CI_SERVERS, CI_BUILDS, PIPELINES];

const CI_SERVERS: Table = Table::new("ci_servers", 1501);
const CI_BUILDS: Table = Table {
    indexes: &[("ci_builds_by_key", "ci_server, job_id, build_id")],
    ..Table::new("ci_builds", 1601)
};
const PIPELINES: Table = Table::new("pipelines", 1701);

pub(super) fn types() -> Vec<EntityType> {
    let server = EntityType::new("ci_server", "CI server", &["ci_servers"], &CI_SERVERS).fields([
        text("name").required(),
        text("instance_id"),
        text("server_type"),
        text("plugin_version"),
        long_text("url", 1024),
        boolean("is_connected").read_only(),
    ]);
    let build = EntityType::new("ci_build", "CI build", &["ci_builds"], &CI_BUILDS)
        .methods(GET_ONLY)
        .fields(
            [
                text("name"),
                one("ci_server", "ci_server").cascading(),
                one("pipeline", "pipeline"),
                text("job_id"),
                text("job_name"),
                text("build_id"),
                // Newer clients ask for it by this name.
                text("build_ci_id").computed("@.\"build_id\""),
                text("sub_type"),
                text("artifact_id"),
                date_time("start_time"),
                integer("duration"),
            ]
            .map(Field::read_only),
        );
    let pipeline = EntityType::new("pipeline", "Pipeline", &["pipelines"], &PIPELINES).fields([
        text("name").required(),
        one("ci_server", "ci_server"),
        one("current_release", "release"),
        one("current_milestone", "milestone"),
        one("program", "program"),
        text("root_job_ci_id"),
        memo("description"),
    ]);
    vec![server, build, pipeline]
}
