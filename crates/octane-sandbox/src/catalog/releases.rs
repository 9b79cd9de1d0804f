//! Releases, sprints, milestones and programs.

use super::entity_type::{EntityType, Table};
use super::field::{
    activation_status, activity_level, boolean, date_time, integer, inverse, list_value, many,
    memo, one, text,
};
use super::owned::attachments;
use super::sum::saturating_sum;

pub(super) const TABLES: [Table; 4] = [RELEASES, SPRINTS, MILESTONES, PROGRAMS];

const RELEASES: Table = Table {
    // Null but for one of them.
    hidden: &[("is_default", "INTEGER")],
    indexes: &[("releases_by_name", "name COLLATE NOCASE")],
    ..Table::new("releases", 2001)
};
const SPRINTS: Table = Table {
    indexes: &[("sprints_by_release", "release")],
    ..Table::new("sprints", 2401)
};
const MILESTONES: Table = Table::new("milestones", 2601);
const PROGRAMS: Table = Table::new("programs", 2801);

pub(super) fn types() -> Vec<EntityType> {
    let release = EntityType::new("release", "Release", &["releases"], &RELEASES)
        .fields([
            text("name").required(),
            date_time("start_date").required(),
            date_time("end_date").required(),
            memo("description"),
            list_value("agile_type", "list_node.release_agile_type")
                .default_value("list_node.release_agile_type.scrum"),
            integer("sprint_duration").unfilterable(),
            boolean("is_default")
                .read_only()
                .computed("COALESCE(@.\"is_default\", 0)"),
            activity_level(),
            activation_status(),
            integer("expected_velocity").read_only(),
            integer("num_of_sprints")
                .computed("(SELECT COUNT(*) FROM sprints x WHERE x.release = @.id)"),
            integer("features_estimation").computed(format!(
                "(SELECT {} FROM work_items x
                  WHERE x.release = @.id AND x.subtype = 'feature')",
                saturating_sum("x.story_points")
            )),
            integer("remaining_work").computed(
                "(SELECT COUNT(*) FROM work_items x JOIN phases p ON p.id = x.phase
                  JOIN metaphases m ON m.id = p.metaphase
                  WHERE x.release = @.id AND m.logical_name <> 'metaphase.work_item.done')",
            ),
            many(
                "programs",
                ("release_programs", "release", "program"),
                "program",
                &[],
            ),
            integer("done_work").computed(
                "(SELECT COUNT(*) FROM work_items x JOIN phases p ON p.id = x.phase
                  JOIN metaphases m ON m.id = p.metaphase
                  WHERE x.release = @.id AND m.logical_name = 'metaphase.work_item.done')",
            ),
            integer("total_work")
                .computed("(SELECT COUNT(*) FROM work_items x WHERE x.release = @.id)"),
            inverse("sprint", "sprint", "release"),
            many(
                "milestones",
                ("milestone_releases", "release", "milestone"),
                "milestone",
                &[],
            ),
            many("teams", ("team_releases", "release", "team"), "team", &[]),
        ])
        .fields(attachments("owner_release"));
    let sprint = EntityType::new("sprint", "Sprint", &["sprints"], &SPRINTS).fields([
        text("name").required(),
        one("release", "release").required().cascading(),
        date_time("start_date").required(),
        date_time("end_date").required(),
        integer("working_days").blank(),
        integer("number_of_work_days_till").blank(),
        integer("number_of_remaining_work_days").blank(),
    ]);
    let milestone = EntityType::new("milestone", "Milestone", &["milestones"], &MILESTONES)
        .fields([
            text("name").required(),
            date_time("date").required(),
            memo("description"),
            one("release", "release"),
            many(
                "releases",
                ("milestone_releases", "milestone", "release"),
                "release",
                &[],
            ),
            activity_level(),
            activation_status(),
        ])
        .fields(attachments("owner_milestone"));
    let program = EntityType::new("program", "Program", &["programs"], &PROGRAMS).fields([
        text("name").required(),
        memo("description"),
        one("owner", "workspace_user"),
        activity_level(),
    ]);
    vec![release, sprint, milestone, program]
}
