//! Work below and around backlog items: tasks, what users follow, and the plans of teams.

use super::entity_type::{ALL_METHODS, EntityType, GET_AND_PUT, GET_ONLY, Scope, Table};
use super::field::{
    Field, activation_status, activity_level, boolean, integer, inverse, list_value, memo, one,
    one_of, text,
};
use super::owned::{attachments, comments};
use super::sum::saturating_sum;

pub(super) const TABLES: [Table; 5] = [TASKS, TEAM_SPRINTS, USER_ITEMS, PLANNING_INFO, TIMESHEET];

const TASKS: Table = Table {
    indexes: &[("backlog_tasks_by_story", "story")],
    ..Table::new("backlog_tasks", 2901)
};
const TEAM_SPRINTS: Table = Table {
    indexes: &[
        ("team_sprints_by_sprint", "sprint, team"),
        ("team_sprints_by_team", "team"),
    ],
    ..Table::new("team_sprints", 2501)
};
const USER_ITEMS: Table = Table {
    indexes: &[
        ("user_items_by_user", "user"),
        (
            "user_items_by_work_item",
            "my_follow_items_work_item) WHERE (my_follow_items_work_item IS NOT NULL",
        ),
        (
            "user_items_by_test",
            "my_follow_items_test) WHERE (my_follow_items_test IS NOT NULL",
        ),
        (
            "user_items_by_requirement",
            "my_follow_items_requirement) WHERE (my_follow_items_requirement IS NOT NULL",
        ),
        (
            "user_items_by_task",
            "my_follow_items_task) WHERE (my_follow_items_task IS NOT NULL",
        ),
        (
            "user_items_by_run",
            "my_follow_items_run) WHERE (my_follow_items_run IS NOT NULL",
        ),
        (
            "user_items_by_model_item",
            "my_follow_items_model_item) WHERE (my_follow_items_model_item IS NOT NULL",
        ),
        (
            "user_items_by_process",
            "my_follow_items_process) WHERE (my_follow_items_process IS NOT NULL",
        ),
        (
            "user_items_by_suite_run_scheduler",
            "my_follow_items_suite_run_scheduler) WHERE (my_follow_items_suite_run_scheduler IS NOT NULL",
        ),
        (
            "user_items_by_suite_run_scheduler_run",
            "my_follow_items_suite_run_scheduler_run) WHERE (my_follow_items_suite_run_scheduler_run IS NOT NULL",
        ),
    ],
    ..Table::new("user_items", 2851)
};
const PLANNING_INFO: Table = Table::new("planning_info", 2551);
const TIMESHEET: Table = Table::new("timesheet", 1);

pub(super) fn types() -> Vec<EntityType> {
    vec![
        task(),
        team_sprint(),
        user_item(),
        planning_info(),
        timesheet_item(),
    ]
}

/// The hours that a user has reported. There are none here, but connectors for other products ask for them.
fn timesheet_item() -> EntityType {
    EntityType::new(
        "timesheet_item",
        "Timesheet item",
        &["timesheet"],
        &TIMESHEET,
    )
    .scope(Scope::SharedSpace)
    .methods(GET_ONLY)
}

fn task() -> EntityType {
    EntityType::new("task", "Task", &["tasks"], &TASKS)
        .fields([
            text("name").required(),
            memo("description"),
            one("phase", "phase")
                .required()
                .default_value("phase.task.new"),
            one_of("story", "work_item", &["story", "quality_story", "defect"])
                .required()
                .cascading(),
            one("owner", "workspace_user"),
            list_value("item_type", "list_node.task_item_type"),
            text("release").computed(
                "(SELECT CAST(x.release AS TEXT) FROM work_items x WHERE x.id = @.story)",
            ),
            integer("estimated_hours"),
            integer("invested_hours"),
            integer("remaining_hours"),
            activity_level(),
            activation_status(),
            inverse("user_item", "user_item", "my_follow_items_task"),
        ])
        .fields(attachments("owner_task"))
        .fields(comments("owner_task"))
}

/// What a team plans for a sprint. The server creates them for the teams of a release.
fn team_sprint() -> EntityType {
    EntityType::new(
        "team_sprint",
        "Team sprint",
        &["team_sprints"],
        &TEAM_SPRINTS,
    )
    .methods(GET_AND_PUT)
    .fields([
        one("sprint", "sprint").required().cascading(),
        one("team", "team").required().cascading().unsortable(),
        one("release", "release")
            .computed("(SELECT x.release FROM sprints x WHERE x.id = @.sprint)"),
        integer("expected_velocity"),
        integer("actual_velocity").computed(format!(
            "(SELECT {} FROM work_items x JOIN phases p ON p.id = x.phase
                  JOIN metaphases m ON m.id = p.metaphase
                  WHERE x.sprint = @.sprint AND x.team = @.team
                  AND m.logical_name = 'metaphase.work_item.done')",
            saturating_sum("x.story_points")
        )),
        memo("to_improve"),
        memo("to_preserve"),
    ])
}

/// What a user follows: an item of "My work".
fn user_item() -> EntityType {
    let followed = |name: &'static str, target, concrete| {
        one_of(name, target, concrete).cascading().unsortable()
    };
    // Metadata lists GET alone; the vendor's IDE plug-ins add and remove items.
    EntityType::new("user_item", "User item", &["user_items"], &USER_ITEMS)
        .methods(ALL_METHODS)
        .listed(GET_ONLY)
        .fields([
            text("entity_type"),
            text("reason"),
            integer("origin"),
            boolean("is_new"),
            activity_level(),
            activation_status(),
            one("user", "workspace_user").cascading().unsortable(),
            followed(
                "my_follow_items_work_item",
                "work_item",
                &["quality_story", "story", "feature", "defect"],
            ),
            followed(
                "my_follow_items_test",
                "test",
                &["test_manual", "gherkin_test"],
            ),
            followed("my_follow_items_run", "run", &["run_manual", "run_suite"]),
            followed(
                "my_follow_items_requirement",
                "requirement",
                &["requirement_document"],
            ),
            followed("my_follow_items_task", "task", &[]),
            followed("my_follow_items_model_item", "model_item", &[]),
            followed("my_follow_items_process", "process", &[]),
            followed(
                "my_follow_items_suite_run_scheduler",
                "suite_run_scheduler",
                &[],
            ),
            followed(
                "my_follow_items_suite_run_scheduler_run",
                "suite_run_scheduler_run",
                &[],
            ),
        ])
}

fn planning_info() -> EntityType {
    let of = |name, target| one(name, target).unsortable();
    let fields: [Field; 5] = [
        text("name").required(),
        of("release", "release"),
        of("sprint", "sprint"),
        of("milestone", "milestone"),
        of("program", "program"),
    ];
    EntityType::new(
        "planning_info",
        "Planning information",
        &["planning_info"],
        &PLANNING_INFO,
    )
    .methods(GET_AND_PUT)
    .fields(fields)
    .fields(attachments("owner_planning_info"))
    .fields(comments("owner_planning_info"))
}
