//! Runs: automated runs and suite runs share the aggregate `run` and its id space.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    Field, boolean, date_time, integer, inverse, list_value, list_values, long_text, many, memo,
    one, one_of, text,
};
use super::work_items::PROVABLE;

pub(super) const TABLES: [Table; 3] = [RUNS, PREVIOUS_RUNS, RUN_STEPS];

const RUNS: Table = Table {
    has_subtype: true,
    // The parts of a run's identity that no field shows: the payload's `run_name` and environment.
    hidden: &[("run_key", "TEXT")],
    indexes: &[
        ("runs_by_suite_run", "parent_suite"),
        ("runs_by_status", "parent_suite, native_status"),
        // How ingestion recognises a run, and finds the suite runs of a suite.
        ("runs_by_test", "test, parent_suite"),
        (
            "suite_runs_by_name",
            "name COLLATE NOCASE) WHERE (subtype = 'run_suite'",
        ),
    ],
    ..Table::new("runs", 7001)
};

const PREVIOUS_RUNS: Table = Table {
    indexes: &[("previous_runs_by_run", "run_id")],
    ..Table::new("previous_runs", 1)
};

const RUN_STEPS: Table = Table {
    indexes: &[
        ("run_steps_by_run", "run"),
        ("run_steps_by_parent", "parent_step"),
    ],
    ..Table::new("run_steps", 1)
};

const NATIVE_STATUS: &str = "list_node.run_native_status";
const STATUS: &str = "list_node.run_status";
const COVERED: (&str, &str, &str) = ("run_covered_content", "run", "work_item");
const TAXONOMIES: (&str, &str, &str) = ("run_taxonomies", "run", "taxonomy");
const DEFECTS: (&str, &str, &str) = ("run_defects", "run", "defect");

/// `run_backlog_field`: whether automated runs have an editable `covered_content`. Vendor metadata of
/// version 16 has it on the aggregate only, newer clients show it on automated runs as well.
pub(super) fn types(run_backlog_field: bool) -> Vec<EntityType> {
    let covered =
        || many("covered_content", COVERED, "work_item", PROVABLE).label("Backlog coverage");
    let run = EntityType::new("run", "Run", &["runs"], &RUNS).fields([covered()]);
    let mut automated =
        EntityType::new("run_automated", "Automated run", &["automated_runs"], &RUNS)
            .subtype_of("run")
            // Automated runs come from test results alone.
            .methods(&["GET", "PUT", "DELETE"])
            .fields(common())
            .fields(results(&["test_automated"]));
    let mut gherkin = EntityType::new(
        "gherkin_automated_run",
        "Gherkin automated run",
        &["gherkin_automated_runs"],
        &RUNS,
    )
    .subtype_of("run")
    .methods(&["GET", "PUT", "DELETE"])
    .fields(common())
    .fields(results(&["gherkin_test"]));
    if run_backlog_field {
        automated.fields.push(covered());
        gherkin.fields.push(covered());
    }
    let suite = EntityType::new(
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
            .cascading(),
        list_value("native_status", NATIVE_STATUS)
            .required()
            .initially("list_node.run_native_status.planned"),
        inverse("runs_in_suite", "run", "parent_suite"),
        one("default_run_by", "workspace_user"),
        text("component").read_only(),
    ]);
    vec![run, automated, gherkin, suite, history(), step()]
}

/// What a payload says about a run of one of these tests.
fn results(tests: &'static [&'static str]) -> Vec<Field> {
    vec![
        one_of("test", "test", tests).required().cascading(),
        one_of("parent_suite", "run", &["run_suite"]).cascading(),
        list_value("native_status", NATIVE_STATUS).read_only(),
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
        list_values(
            "test_type",
            ("run_test_type", "run", "list_node"),
            "list_node.test_type",
        ),
        one("build", "ci_build").read_only(),
        one("on_it", "workspace_user"),
        many(
            "product_areas",
            ("run_modules", "run", "module"),
            "product_area",
            &[],
        )
        .read_only(),
        inverse("run_steps", "run_step", "run"),
    ]
}

/// A step of a run; the scenarios of a feature are steps that have steps.
fn step() -> EntityType {
    EntityType::new("run_step", "Run step", &["run_steps"], &RUN_STEPS)
        .methods(GET_ONLY)
        .fields(
            [
                one("run", "run").required().cascading(),
                integer("step_order"),
                one("parent_step", "run_step").cascading(),
                memo("description"),
                memo("actual"),
                list_value("result", NATIVE_STATUS),
                // A payload may say anything; `result` is the list value of that name, if there is one.
                text("native_result"),
                integer("duration"),
                text("iteration"),
                integer("outline_index"),
                text("external_step_id"),
                memo("input_parameters"),
                memo("output_parameters"),
            ]
            .map(Field::read_only),
        )
}

fn common() -> Vec<Field> {
    vec![
        text("name").required(),
        text("test_name").read_only(),
        list_value("status", STATUS).read_only(),
        date_time("started").read_only(),
        one("release", "release"),
        one("milestone", "milestone"),
        one("program", "program"),
        one("sprint", "sprint"),
        one("author", "workspace_user"),
        one("run_by", "workspace_user"),
        memo("description"),
        boolean("draft_run").read_only(),
        many(
            "taxonomies",
            TAXONOMIES,
            "taxonomy_node",
            &["taxonomy_item_node"],
        ),
        many("defect", DEFECTS, "work_item", &["defect"]).label("Linked defects"),
        many(
            "user_tags",
            ("run_user_tags", "run", "user_tag"),
            "user_tag",
            &[],
        ),
    ]
}

/// Earlier results of a run. A further result of the same run moves the one before to here.
fn history() -> EntityType {
    EntityType::new(
        "run_history",
        "Previous run",
        &["previous_runs"],
        &PREVIOUS_RUNS,
    )
    .methods(GET_ONLY)
    .fields(
        [
            integer("run_id"),
            text("name"),
            list_value("run_native_status", NATIVE_STATUS),
            list_value("run_status", STATUS),
            date_time("run_started"),
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
            text("build_id"),
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
}
