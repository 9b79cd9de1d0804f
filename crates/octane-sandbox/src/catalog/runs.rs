//! Runs: all types share the aggregate `run` and its ID space.

use super::entity_type::{EntityType, GET_ONLY, NO_POST, Table};
use super::field::{
    DefaultValue, Field, boolean, date_time, derived, integer, inverse, list_value, list_values,
    long_text, many, memo, one, one_of, text,
};
use super::owned::{attachments, comments};
use super::run_analysis::{self, IS_LAST_RUN, NATIVE_STATUS, STATUS};
use super::run_history;
use super::work_items::COVERABLE;
use crate::settings::EntitySettings;

pub(super) const TABLES: [Table; 2] = [RUNS, RUN_STEPS];

const RUNS: Table = Table {
    has_subtype: true,
    hidden: &[
        // The parts of a run's identity that no field exposes: the payload's `run_name` and environment.
        ("run_key", "TEXT"),
        // Whether one of its previous results failed.
        ("failed_before", "INTEGER NOT NULL DEFAULT 0"),
        // When the current result arrived; may be missing for the first one.
        ("arrived", "INTEGER"),
    ],
    indexes: &[
        // Includes the type, so that the runs of a suite run can be counted and paged by the index alone.
        ("runs_of_suite_run", "parent_suite, subtype"),
        ("runs_by_status", "parent_suite, native_status"),
        // How ingestion finds a run, and the suite runs of a suite. A test may have many runs in a suite run, each with another key.
        ("runs_by_test", "test, parent_suite, run_key"),
        // Whether a run of a test is followed by another one of the same name, release and environment. A test may have many runs.
        (
            "last_runs",
            "test, run_key, release, milestone, program, COALESCE(started, arrived, creation_time, 0)",
        ),
        // Deleting a test deletes its versions, which must not scan all runs.
        (
            "runs_by_test_version",
            "test_version) WHERE (test_version IS NOT NULL",
        ),
        (
            "suite_runs_by_name",
            "name COLLATE NOCASE) WHERE (subtype = 'run_suite'",
        ),
        (
            "suite_runs_by_activity",
            "test, last_modified) WHERE (subtype = 'run_suite'",
        ),
        // The suite runs of a suite by their start, as pages show it.
        (
            "suite_runs_by_start",
            "test, COALESCE(started, creation_time)) WHERE (subtype = 'run_suite'",
        ),
        // The slowest runs of a suite run; most runs take less than a second.
        (
            "slow_runs",
            "parent_suite, duration) WHERE (duration >= 1000",
        ),
    ],
    ..Table::new("runs", 7001)
};

const RUN_STEPS: Table = Table {
    indexes: &[
        ("run_steps_by_run", "run"),
        ("run_steps_by_parent", "parent_step"),
    ],
    ..Table::new("run_steps", 1)
};

const COVERED: (&str, &str, &str) = ("run_covered_content", "run", "work_item");
const TAXONOMIES: (&str, &str, &str) = ("run_taxonomies", "run", "taxonomy");
const DEFECTS: (&str, &str, &str) = ("run_defects", "run", "defect");
const AREAS: (&str, &str, &str) = ("run_modules", "run", "module");

/// Two settings matter: whether automated runs have an editable `covered_content` (vendor metadata of version
/// 16 has it on the aggregate only, newer clients show it on automated runs as well), and whether their
/// `native_status` is writable.
pub(super) fn types(settings: &EntitySettings) -> Vec<EntityType> {
    let run = EntityType::new("run", "Run", &["runs"], &RUNS)
        .listed(GET_ONLY)
        .fields([covered()]);
    let mut automated =
        EntityType::new("run_automated", "Automated run", &["automated_runs"], &RUNS)
            .subtype_of("run")
            // Automated runs are created by test results and planned suite runs only.
            .methods(NO_POST)
            .fields(common())
            .fields(child("test_automated"))
            .fields(results(settings))
            .fields(steps())
            .fields(run_analysis::of_results())
            .fields(run_analysis::of_automated_tests())
            .with("release", Field::optional)
            .with("draft_run", Field::read_only);
    let mut gherkin = EntityType::new(
        "gherkin_automated_run",
        "Gherkin automated run",
        &["gherkin_automated_runs"],
        &RUNS,
    )
    .subtype_of("run")
    .methods(NO_POST)
    .fields(common())
    .fields(child("gherkin_test"))
    .fields(results(settings))
    .fields(steps())
    .fields(run_analysis::of_results())
    .fields([
        text("bdd_spec_name").blank(),
        one("test_version", "test_version").unfilterable(),
    ])
    .with("release", Field::optional);
    if settings.run_backlog_field {
        automated.fields.push(covered());
        gherkin.fields.push(covered());
    }
    vec![
        run,
        automated,
        suite(),
        manual(),
        gherkin,
        run_history::history(),
        step(),
    ]
}

fn covered() -> Field {
    many("covered_content", COVERED, "work_item", COVERABLE).label("Backlog coverage")
}

fn suite() -> EntityType {
    EntityType::new(
        "run_suite",
        "Suite run",
        &["suite_run", "suite_runs"],
        &RUNS,
    )
    .subtype_of("run")
    .fields(common())
    .fields([
        one_of("test", "test", &["test_suite"])
            .required()
            .cascading()
            .unsortable(),
        list_value("native_status", NATIVE_STATUS)
            .required()
            .default_value("list_node.run_native_status.planned"),
        inverse("runs_in_suite", "run", "parent_suite"),
        one("previous_release", "release").unsortable(),
        one("default_run_by", "workspace_user"),
        text("component").read_only(),
        test_types(),
        list_value("testing_tool_type", "list_node.testing_tool_type").read_only(),
    ])
    .with("run_by", Field::read_only)
}

fn manual() -> EntityType {
    EntityType::new("run_manual", "Manual run", &["manual_runs"], &RUNS)
        .subtype_of("run")
        .fields(common())
        .fields(child("test_manual"))
        .fields([
            covered(),
            list_value("native_status", NATIVE_STATUS)
                .required()
                .default_value("list_node.run_native_status.planned"),
            one("test_version", "test_version").unfilterable(),
            one("previous_release", "release").unsortable(),
            text("bdd_spec_name").blank(),
            one("test_phase", "phase")
                .computed("(SELECT x.phase FROM tests x WHERE x.id = @.test)"),
            integer("duration"),
            list_value("testing_tool_type", "list_node.testing_tool_type")
                .read_only()
                .default_value("list_node.testing_tool_type.manual"),
            list_value("test_level", "list_node.test_level").read_only(),
            test_types(),
            many("product_areas", AREAS, "product_area", &[]).read_only(),
        ])
        .fields(steps())
}

fn common() -> Vec<Field> {
    let mut fields = vec![
        text("name").required(),
        text("test_name").read_only(),
        list_value("status", STATUS).read_only(),
        date_time("started").read_only(),
        one("release", "release")
            .required()
            .default_named(DefaultValue::DefaultRelease)
            .unsortable(),
        one("milestone", "milestone"),
        one("program", "program"),
        one("sprint", "sprint"),
        one("run_by", "workspace_user"),
        memo("description"),
        boolean("draft_run"),
        boolean("latest_pipeline_run").computed(
            "(SELECT b.id = (SELECT MAX(c.id) FROM ci_builds c WHERE c.ci_job = b.ci_job)
              FROM ci_builds b WHERE b.id = @.build)",
        ),
        one("last_modified_by", "workspace_user").unsortable(),
        integer("status_age").computed(run_analysis::status_age()),
        one("test_of_last_run", "test")
            .computed(format!("CASE WHEN {IS_LAST_RUN} THEN @.test END")),
        derived(
            "work_items_of_last_run",
            run_analysis::WORK_ITEMS_OF_LAST_RUN,
            "work_item",
            COVERABLE,
        ),
        inverse("user_item", "user_item", "my_follow_items_run"),
        many(
            "taxonomies",
            TAXONOMIES,
            "taxonomy_node",
            &["taxonomy_item_node"],
        ),
        many("defect", DEFECTS, "work_item", &["defect"]).label("Linked defects"),
        many(
            "quality_stories",
            ("run_quality_stories", "run", "work_item"),
            "work_item",
            &["quality_story"],
        ),
        many(
            "user_tags",
            ("run_user_tags", "run", "user_tag"),
            "user_tag",
            &[],
        ),
    ];
    fields.extend(attachments("owner_run"));
    fields.extend(comments("owner_run"));
    fields
}

/// The fields of a run of one test, which may be part of a suite run.
fn child(test: &'static str) -> [Field; 2] {
    let tests: &[&str] = match test {
        "test_automated" => &["test_automated"],
        "gherkin_test" => &["gherkin_test"],
        _ => &["test_manual", "gherkin_test"],
    };
    [
        one_of("test", "test", tests)
            .required()
            .cascading()
            .unsortable(),
        one_of("parent_suite", "run", &["run_suite"])
            .cascading()
            .unsortable(),
    ]
}

/// The fields that describe the result of a machine.
fn results(settings: &EntitySettings) -> Vec<Field> {
    let mut native_status = list_value("native_status", NATIVE_STATUS);
    native_status.is_editable = settings.run_status_editable;
    vec![
        native_status,
        integer("duration").read_only(),
        text("error_type").read_only(),
        memo("error_message").read_only(),
        memo("error_details").read_only(),
        long_text("external_report_url", 512).read_only(),
        text("external_run_id").read_only(),
        memo("external_assets").read_only(),
        text("run_type").read_only(),
        boolean("manual").read_only(),
        text("component"),
        text("package"),
        text("class_name"),
        list_value("testing_tool_type", "list_node.testing_tool_type").read_only(),
        list_value("test_framework", "list_node.je.framework").read_only(),
        list_value("test_level", "list_node.test_level").read_only(),
        test_types(),
        one("pipeline", "pipeline").computed(
            "(SELECT MIN(n.pipeline) FROM ci_builds b JOIN pipeline_nodes n ON n.ci_job = b.ci_job
              WHERE b.id = @.build)",
        ),
        one("build", "ci_build").read_only(),
        one("on_it", "workspace_user"),
        many("product_areas", AREAS, "product_area", &[]).read_only(),
    ]
}

fn test_types() -> Field {
    list_values(
        "test_type",
        ("run_test_type", "run", "list_node"),
        "list_node.test_type",
    )
}

fn steps() -> [Field; 2] {
    [
        inverse("run_steps", "run_step", "run"),
        integer("steps_num").computed("(SELECT COUNT(*) FROM run_steps x WHERE x.run = @.id)"),
    ]
}

/// A step of a run: what was done, its result, and its parameters.
fn step() -> EntityType {
    let status = || list_value("result", NATIVE_STATUS);
    EntityType::new("run_step", "Run step", &["run_steps"], &RUN_STEPS)
        .methods(&["GET", "PUT"])
        .fields([
            one_of("run", "run", &["run_manual"])
                .required()
                .cascading()
                .unsortable(),
            integer("step_order").read_only(),
            // The scenarios of a feature are steps that contain steps.
            one("parent_step", "run_step").read_only().cascading(),
            memo("description"),
            memo("actual"),
            status(),
            list_value("step_type", "list_node.manual_test_run_step_type"),
            integer("duration").read_only(),
            // A payload may contain any text here; `result` is the list value with that name, if there is
            // one.
            text("native_result").read_only(),
            text("iteration").read_only(),
            integer("outline_index").read_only(),
            text("external_step_id").read_only(),
            memo("input_parameters").read_only(),
            memo("output_parameters").read_only(),
            many(
                "defect",
                ("run_step_defects", "run_step", "defect"),
                "work_item",
                &["defect"],
            ),
            integer("num_of_defects")
                .computed("(SELECT COUNT(*) FROM run_step_defects x WHERE x.run_step = @.id)"),
        ])
        .fields(attachments("owner_run_step"))
}
