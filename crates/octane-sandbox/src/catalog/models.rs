//! Models, processes and schedules, which IDE plug-ins and the discovery of model-based tests read.

use super::entity_type::{EntityType, Table};
use super::field::{
    Field, boolean, date_time, integer, inverse, list_value, long_text, memo, one, text,
};

pub(super) const TABLES: [Table; 5] = [ITEMS, PARAMETERS, PROCESSES, SCHEDULERS, SCHEDULER_RUNS];

const ITEMS: Table = Table {
    has_subtype: true,
    ..Table::new("model_items", 1471)
};
const PARAMETERS: Table = Table {
    has_subtype: true,
    ..Table::new("entity_parameters", 1001)
};
const PROCESSES: Table = Table {
    has_subtype: true,
    ..Table::new("processes", 1001)
};
const SCHEDULERS: Table = Table::new("suite_run_schedulers", 1001);
const SCHEDULER_RUNS: Table = Table::new("suite_run_scheduler_runs", 1001);

pub(super) fn types() -> Vec<EntityType> {
    let mut types = items();
    types.extend(parameters());
    types.extend(processes());
    types.extend(schedulers());
    types
}

fn items() -> Vec<EntityType> {
    let item = EntityType::new("model_item", "Model item", &["model_items"], &ITEMS);
    let of = |name, label, collections| {
        EntityType::new(name, label, collections, &ITEMS)
            .subtype_of("model_item")
            .fields([
                text("name").required(),
                memo("description"),
                one("parent", "model_item").cascading(),
                one("owner", "workspace_user"),
                one("phase", "phase"),
                inverse("user_item", "user_item", "my_follow_items_model_item"),
            ])
    };
    let unit = of("unit", "Unit", &["units"]).fields([
        list_value("automation_status", "list_node.automation_status"),
        list_value("testing_tool_type", "list_node.testing_tool_type"),
        long_text("repository_path", 1024),
        one("scm_repository", "scm_repository"),
        one("test_runner", "executor"),
    ]);
    vec![
        item,
        unit,
        of("model", "Model", &["models"]),
        of("model_folder", "Model folder", &["model_folders"]),
    ]
}

fn parameters() -> Vec<EntityType> {
    let parameter = EntityType::new(
        "entity_parameter",
        "Parameter",
        &["entity_parameters"],
        &PARAMETERS,
    );
    let of_unit = EntityType::new(
        "unit_parameter",
        "Unit parameter",
        &["unit_parameters"],
        &PARAMETERS,
    )
    .subtype_of("entity_parameter")
    .fields([
        text("name").required(),
        one("model_item", "model_item").cascading(),
        one("parameter_type", "list_node"),
        long_text("value", 4000),
    ]);
    vec![parameter, of_unit]
}

fn processes() -> Vec<EntityType> {
    let process = EntityType::new("process", "Process", &["processes"], &PROCESSES);
    let of = |name, label, collections| {
        EntityType::new(name, label, collections, &PROCESSES)
            .subtype_of("process")
            .fields([
                text("name").required(),
                memo("description"),
                one("parent", "process").cascading(),
                one("owner", "workspace_user"),
                one("phase", "phase"),
                integer("duration"),
                date_time("start_time"),
                date_time("end_time"),
                inverse("user_item", "user_item", "my_follow_items_process"),
            ])
    };
    vec![
        process,
        of(
            "process_auto_action",
            "Automatic action",
            &["process_auto_actions"],
        ),
        of("process_action", "Manual action", &["process_actions"]),
        of(
            "process_quality_gate",
            "Quality gate",
            &["process_quality_gates"],
        ),
    ]
}

fn schedulers() -> Vec<EntityType> {
    let common = |follow| -> [Field; 5] {
        [
            text("name").required(),
            memo("description"),
            one("owner", "workspace_user"),
            one("status", "list_node"),
            inverse("user_item", "user_item", follow),
        ]
    };
    let scheduler = EntityType::new(
        "suite_run_scheduler",
        "Suite run schedule",
        &["suite_run_schedulers"],
        &SCHEDULERS,
    )
    .fields(common("my_follow_items_suite_run_scheduler"))
    .fields([
        one("release", "release"),
        one("milestone", "milestone"),
        boolean("is_active"),
    ]);
    let run = EntityType::new(
        "suite_run_scheduler_run",
        "Run of a suite run schedule",
        &["suite_run_scheduler_runs"],
        &SCHEDULER_RUNS,
    )
    .fields(common("my_follow_items_suite_run_scheduler_run"))
    .fields([
        one("suite_run_scheduler", "suite_run_scheduler").cascading(),
        date_time("start_time"),
        integer("duration"),
        one("general_run_status", "list_node"),
    ]);
    vec![scheduler, run]
}
