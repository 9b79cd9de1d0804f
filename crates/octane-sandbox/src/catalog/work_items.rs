//! Backlog items: one aggregate, one ID space.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    DefaultValue, Field, activation_status, activity_level, boolean, date_time, derived, integer,
    inverse, list_value, many, memo, object, one, one_of, text,
};
use super::owned::{attachments, comments};
use super::sum::saturating_sum;

pub(super) const TABLE: Table = Table {
    has_subtype: true,
    is_tree: true,
    root: Some("work_item.root"),
    indexes: &[
        ("work_items_by_parent", "parent"),
        ("work_items_by_name", "name COLLATE NOCASE"),
        ("work_items_by_subtype", "subtype"),
        ("work_items_by_release", "release"),
        ("work_items_by_sprint", "sprint) WHERE (sprint IS NOT NULL"),
        ("work_items_by_path", "path COLLATE NOCASE"),
    ],
    ..Table::new("work_items", 3001)
};

/// What tests and runs can cover.
pub(super) const COVERABLE: &[&str] = &["story", "feature", "defect", "epic"];

const COVERED: (&str, &str, &str) = ("test_covered_content", "work_item", "test");

/// `jira_field`: the user-defined field with the Jira key.
pub(super) fn types(jira_field: &str) -> Vec<EntityType> {
    // The aggregate requires what the product says that it requires.
    let item = EntityType::new("work_item", "Backlog item", &["work_items"], &TABLE).fields([one(
        "parent",
        "work_item",
    )
    .required()]);
    let create = |name, label, collections, parents, first_phase| {
        EntityType::new(name, label, collections, &TABLE)
            .subtype_of("work_item")
            .fields(tree())
            .fields(common(parents, first_phase))
    };
    let jira = || text(jira_field.to_owned()).user_defined();
    let epic = create(
        "epic",
        "Epic",
        &["epics"],
        &["work_item_root"],
        "phase.epic.new",
    )
    .fields([list_value("epic_type", "list_node.epic_type")])
    .fields(weighted())
    .fields([children_of("features", "feature")])
    .with("linked_items1", |field| field.only(&["epic"]))
    .with("linked_items2", |field| field.only(&["epic"]));
    let feature = create(
        "feature",
        "Feature",
        &["features"],
        &["epic", "work_item_root"],
        "phase.feature.new",
    )
    .fields([jira(), list_value("feature_type", "list_node.feature_type")])
    .fields(weighted())
    .fields([
        date_time("closed_on"),
        boolean("aggregated_coverage").blank(),
        boolean("has_vulnerabilities").blank(),
        children_of("user_stories", "story"),
        children_of("quality_stories", "quality_story"),
        children_of("defects", "defect"),
    ])
    .with("parent", Field::optional);
    let story = create(
        "story",
        "User story",
        &["stories"],
        &["feature", "work_item_root"],
        "phase.story.new",
    )
    .fields([
        jira(),
        memo("acceptance_criteria"),
        date_time("closed_on"),
        one("item_origin", "list_node"),
    ])
    .fields(developed());
    let quality = create(
        "quality_story",
        "Quality story",
        &["quality_stories"],
        &["feature", "work_item_root"],
        "phase.quality_story.new",
    );
    let quality = quality_story(quality);
    let defect = create(
        "defect",
        "Defect",
        &["defects"],
        &["feature", "work_item_root"],
        "phase.defect.new",
    )
    .fields([jira()])
    .fields(developed())
    .fields(defect())
    .with("linked_items2", |field| field.only(&["defect"]));
    vec![item, root(), epic, feature, story, quality, defect]
}

fn root() -> EntityType {
    EntityType::new("work_item_root", "Backlog", &["work_item_roots"], &TABLE)
        .subtype_of("work_item")
        .methods(GET_ONLY)
        .fields(tree())
        .fields(attachments("owner_work_item"))
        .fields(comments("owner_work_item"))
        .fields([
            one("parent", "work_item").read_only(),
            one("owner", "workspace_user"),
            memo("description"),
            integer("story_points"),
            ordering(),
        ])
}

fn tree() -> [Field; 4] {
    [
        text("name").required(),
        text("path").read_only(),
        inverse("children", "work_item", "parent"),
        boolean("has_children")
            .computed("EXISTS (SELECT 1 FROM work_items x WHERE x.parent = @.id)"),
    ]
}

/// The last runs of a backlog item, counted by status. All five are there, because a vendor client reads each.
fn last_runs() -> String {
    let is_last = super::run_analysis::IS_LAST_RUN.replace('@', "r");
    let counts: Vec<String> = [
        ("passed", "passed"),
        ("failed", "failed"),
        ("needsAttention", "requires_attention"),
        ("planned", "planned"),
        ("skipped", "skipped"),
    ]
    .iter()
    .map(|(key, status)| {
        format!("'{key}', COUNT(*) FILTER (WHERE n.logical_name = 'list_node.run_status.{status}')")
    })
    .collect();
    format!(
        "(SELECT json_object({}) FROM runs r JOIN list_nodes n ON n.id = r.status
          WHERE r.id IN (
              SELECT c.run FROM run_covered_content c WHERE c.work_item = @.id
              UNION SELECT t.id FROM test_covered_content c JOIN runs t ON t.test = c.test
              WHERE c.work_item = @.id) AND {is_last})",
        counts.join(", ")
    )
}

/// Its place among its siblings; files of older versions have a number in a column of this name.
fn ordering() -> Field {
    text("ordering").in_column("order_key").opaque()
}

fn quality_story(entity_type: EntityType) -> EntityType {
    entity_type
        .fields([
            one("item_origin", "list_node"),
            list_value("quality_story_type", "list_node.quality_story_type"),
        ])
        .fields(developed())
        .fields([
            date_time("closed_on"),
            many(
                "linked_runs",
                ("run_quality_stories", "work_item", "run"),
                "run",
                &[],
            ),
            many(
                "linked_tests",
                ("test_quality_stories", "work_item", "test"),
                "test",
                &[
                    "test_manual",
                    "test_automated",
                    "gherkin_test",
                    "test_suite",
                ],
            ),
        ])
        .with("linked_items1", |field| field.only(&["quality_story"]))
}

/// Hours that the tasks of a backlog item add up to.
fn hours(name: &'static str) -> Field {
    let sum = saturating_sum(&format!("x.{name}"));
    integer(name).computed(format!(
        "(SELECT {sum} FROM backlog_tasks x WHERE x.story = @.id)"
    ))
}

/// How many children of a type there are.
fn children_of(name: &'static str, subtype: &str) -> Field {
    integer(name).computed(format!(
        "(SELECT COUNT(*) FROM work_items x WHERE x.parent = @.id AND x.subtype = '{subtype}')"
    ))
}

/// The fields by which large backlog items are put in order: weighted shortest job first.
fn weighted() -> [Field; 6] {
    let scale = |name: &'static str| list_value(name, "list_node.wsjf_scale_type");
    let value = |name: &str| {
        format!(
            "COALESCE((SELECT CAST(n.name AS INTEGER) FROM list_nodes n WHERE n.id = @.{name}), 0)"
        )
    };
    let [business, time, opportunity] = ["business_value", "time_criticality", "rroe"].map(value);
    [
        integer("actual_story_points").blank(),
        scale("business_value"),
        scale("time_criticality"),
        scale("rroe"),
        integer("job_size"),
        integer("wsjf_score").computed(format!(
            "({business} + {time} + {opportunity}) / NULLIF(@.job_size, 0)"
        )),
    ]
}

/// The fields of what is developed.
fn developed() -> [Field; 3] {
    [
        many(
            "scm_branches",
            ("work_item_branches", "work_item", "scm_repository"),
            "scm_repository",
            &[],
        ),
        derived(
            "commits",
            "(SELECT work_item AS owner, scm_commit AS target FROM scm_commit_work_items)",
            "scm_commit",
            &[],
        ),
        integer("vulnerabilities").blank(),
    ]
}

fn common(parents: &'static [&'static str], first_phase: &'static str) -> Vec<Field> {
    const AREAS: (&str, &str, &str) = ("work_item_modules", "work_item", "module");
    let mut fields = vec![
        one_of("parent", "work_item", parents)
            .required()
            .default_named(DefaultValue::Root),
        one("phase", "phase").required().default_value(first_phase),
        memo("description"),
        // The other side of the tests' `covered_content`.
        many("test", COVERED, "test", &[]).label("Tests"),
        integer("covering_tests")
            .computed("(SELECT COUNT(*) FROM test_covered_content x WHERE x.work_item = @.id)"),
        boolean("has_coverage")
            .computed("EXISTS (SELECT 1 FROM test_covered_content x WHERE x.work_item = @.id)"),
        object("last_runs").computed(last_runs()),
        many("product_areas", AREAS, "product_area", &[]).label("Application modules"),
        many("application_modules", AREAS, "application_module", &[]),
        many(
            "requirements",
            ("work_item_requirements", "work_item", "requirement"),
            "requirement",
            &["requirement_document"],
        ),
        one("release", "release"),
        one("sprint", "sprint"),
        one("milestone", "milestone"),
        one("program", "program"),
        one("team", "team"),
        one("owner", "workspace_user"),
        one("qa_owner", "workspace_user"),
        list_value("priority", "list_node.priority"),
        integer("story_points"),
        integer("rank").computed("@.id"),
        ordering(),
        integer("initial_estimate"),
        hours("estimated_hours"),
        hours("invested_hours"),
        hours("remaining_hours"),
        boolean("blocked").default_named(DefaultValue::Number(0)),
        text("blocked_reason").unsortable(),
        date_time("done_date"),
        activity_level(),
        integer("tasks_number")
            .computed("(SELECT COUNT(*) FROM backlog_tasks x WHERE x.story = @.id)"),
        inverse("user_item", "user_item", "my_follow_items_work_item"),
        many(
            "linked_items1",
            ("work_item_links", "left_item", "right_item"),
            "work_item",
            &[],
        ),
        many(
            "linked_items2",
            ("work_item_links", "right_item", "left_item"),
            "work_item",
            &[],
        ),
        many(
            "depends_on",
            ("work_item_dependences", "work_item", "needed"),
            "work_item",
            &[],
        ),
        many(
            "dependence",
            ("work_item_dependences", "needed", "work_item"),
            "work_item",
            &[],
        ),
        integer("depends_on_count")
            .computed("(SELECT COUNT(*) FROM work_item_dependences x WHERE x.work_item = @.id)"),
        integer("dependence_count")
            .computed("(SELECT COUNT(*) FROM work_item_dependences x WHERE x.needed = @.id)"),
        many(
            "user_tags",
            ("work_item_user_tags", "work_item", "user_tag"),
            "user_tag",
            &[],
        ),
    ];
    fields.extend(attachments("owner_work_item"));
    fields.extend(comments("owner_work_item"));
    fields
}

fn defect() -> Vec<Field> {
    vec![
        list_value("severity", "list_node.severity").default_value("list_node.severity.medium"),
        list_value("defect_root_level", "list_node.defect_root_level"),
        activation_status(),
        list_value("defect_type", "list_node.defect_type"),
        one("detected_by", "workspace_user").default_named(DefaultValue::CurrentUser),
        one("detected_in_release", "release"),
        // Files of older versions have text in columns of these names.
        integer("detected_in_build").in_column("detected_build"),
        integer("fixed_in_build").in_column("fixed_build"),
        date_time("fixed_on"),
        date_time("closed_on"),
        integer("reopens").read_only(),
        many("run", ("run_defects", "defect", "run"), "run", &[]).label("Linked runs"),
        many(
            "taxonomies",
            ("work_item_taxonomies", "work_item", "taxonomy"),
            "taxonomy_node",
            &["taxonomy_item_node"],
        )
        .label("Environments"),
        many(
            "run_step",
            ("run_step_defects", "defect", "run_step"),
            "run_step",
            &[],
        ),
    ]
}
