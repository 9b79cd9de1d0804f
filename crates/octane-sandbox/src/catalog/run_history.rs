//! Earlier results of runs. A new result of the same run moves the previous one here.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    Field, boolean, date_time, derived, integer, list_value, long_text, many, memo, one, text,
};
use super::run_analysis::{self, NATIVE_STATUS, STATUS};

pub(super) const TABLE: Table = Table {
    // `arrived`: when the result did, and not when it was replaced.
    hidden: &[("build", "INTEGER"), ("arrived", "INTEGER")],
    indexes: &[("previous_runs_by_run", "run_id")],
    ..Table::new("previous_runs", 1)
};

/// A value of the result's build.
fn of_build(column: &str) -> String {
    format!("(SELECT b.{column} FROM ci_builds b WHERE b.id = @.build)")
}

/// A value of the pipeline that the build belongs to.
fn of_pipeline(column: &str) -> String {
    format!(
        "(SELECT p.{column} FROM ci_builds b JOIN pipeline_nodes n ON n.ci_job = b.ci_job
          JOIN pipelines p ON p.id = n.pipeline WHERE b.id = @.build ORDER BY p.id LIMIT 1)"
    )
}

pub(super) fn history() -> EntityType {
    let pipeline = |name: &'static str| {
        let pipeline = one(name, "pipeline").computed(of_pipeline("id"));
        pipeline.editable().required().unsortable()
    };
    EntityType::new("run_history", "Previous run", &["previous_runs"], &TABLE)
        .methods(GET_ONLY)
        .fields(
            [
                integer("run_id"),
                text("name"),
                list_value("run_native_status", NATIVE_STATUS),
                list_value("run_status", STATUS),
                integer("run_duration"),
                one("release", "release"),
                one("milestone", "milestone"),
                one("program", "program"),
                many(
                    "taxonomies",
                    ("previous_run_taxonomies", "run_history", "taxonomy"),
                    "taxonomy_node",
                    &["taxonomy_item_node"],
                ),
                // The entity, which older files do not have in a column of this name.
                integer("build_id").computed("@.build"),
                text("build_name"),
                integer("test_id"),
                text("test_name"),
                text("test_component"),
                text("test_package"),
                text("test_class"),
                text("error_type"),
                memo("error_message"),
                memo("error_details"),
                long_text("external_report_url", 512),
                text("external_run_id"),
            ]
            .map(Field::read_only),
        )
        .fields([
            date_time("run_started"),
            derived(
                "application_modules",
                "(SELECT p.id AS owner, m.module AS target FROM previous_runs p
                  JOIN run_modules m ON m.run = p.run_id)",
                "product_area",
                &[],
            ),
            one("assigned_to", "workspace_user").blank(),
            one("merged_on_it_id", "workspace_user").blank(),
            one("owner", "workspace_user")
                .computed("(SELECT x.owner FROM tests x WHERE x.id = @.test_id)"),
            text("bdd_spec_name").blank(),
            text("build_status").computed(of_build("status")),
            text("cluster").blank(),
            integer("failed_build_age").blank(),
            integer("failed_since_build").blank(),
            integer("failed_since_pipeline_run_id").blank(),
            boolean("is_new_failure").blank(),
            integer("job_id").computed(of_build("ci_job")),
            text("job_name").computed(of_build("job_name")),
            text("job_info").computed(of_build("name")),
            boolean("latest_pipeline_run").computed("0"),
            text("linked_defects").blank(),
            pipeline("pipeline"),
            pipeline("pipeline_id"),
            text("pipeline_name").computed(of_pipeline("name")),
            one("pipeline_run_id", "pipeline_run")
                .computed("(SELECT MAX(x.pipeline_run) FROM pipeline_run_builds x WHERE x.ci_build = @.build)")
                .editable()
                .required()
                .unsortable(),
            run_analysis::no_problems(),
            integer("status_age").blank(),
            text("test_subtype").computed("(SELECT x.subtype FROM tests x WHERE x.id = @.test_id)"),
            text("url_to_ci").blank().editable().opaque(),
            text("user_tags_from_run").blank(),
            text("user_tags_from_test").blank(),
        ])
}
