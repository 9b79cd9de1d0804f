//! Backlog items: one aggregate, one id space.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{Field, inverse, list_value, many, memo, one, one_of, text};

pub(super) const TABLE: Table = Table {
    has_subtype: true,
    is_tree: true,
    indexes: &[
        ("work_items_by_parent", "parent"),
        ("work_items_by_name", "name COLLATE NOCASE"),
        ("work_items_by_subtype", "subtype"),
    ],
    ..Table::new("work_items", 3001)
};

/// What tests and runs can prove.
pub(super) const PROVABLE: &[&str] = &["story", "feature", "defect", "epic"];

/// `jira_field`: the user-defined field with the Jira key.
pub(super) fn types(jira_field: &str) -> Vec<EntityType> {
    let item = EntityType::new("work_item", "Backlog item", &["work_items"], &TABLE);
    let root = EntityType::new("work_item_root", "Backlog", &["work_item_roots"], &TABLE)
        .subtype_of("work_item")
        .methods(GET_ONLY)
        .fields([
            text("name").required(),
            text("path").read_only(),
            one("parent", "work_item").read_only(),
            inverse("children", "work_item", "parent"),
        ]);
    let kind = |name, label, collections, parents, first_phase| {
        EntityType::new(name, label, collections, &TABLE)
            .subtype_of("work_item")
            .fields(common(parents, first_phase))
    };
    let jira = || text(jira_field).user_defined();
    let epic = kind(
        "epic",
        "Epic",
        &["epics"],
        &["work_item_root"],
        "phase.epic.new",
    );
    let feature = kind(
        "feature",
        "Feature",
        &["features"],
        &["epic", "work_item_root"],
        "phase.feature.new",
    )
    .fields([jira()]);
    let story = kind(
        "story",
        "User story",
        &["stories"],
        &["feature", "work_item_root"],
        "phase.story.new",
    )
    .fields([jira()]);
    let defect = kind(
        "defect",
        "Defect",
        &["defects"],
        &["feature", "work_item_root"],
        "phase.defect.new",
    )
    .fields([
        jira(),
        list_value("severity", "list_node.severity"),
        one("detected_by", "workspace_user"),
        many("run", ("run_defects", "defect", "run"), "run", &[]).label("Linked runs"),
    ]);
    vec![item, root, epic, feature, story, defect]
}

fn common(parents: &'static [&'static str], first_phase: &'static str) -> Vec<Field> {
    const COVERED: (&str, &str, &str) = ("test_covered_content", "work_item", "test");
    const AREAS: (&str, &str, &str) = ("work_item_modules", "work_item", "module");
    vec![
        text("name").required(),
        one_of("parent", "work_item", parents).required(),
        inverse("children", "work_item", "parent"),
        text("path").read_only(),
        one("phase", "phase").required().initially(first_phase),
        memo("description"),
        // The other side of the tests' `covered_content`.
        many("test", COVERED, "test", &[]).label("Tests"),
        many("product_areas", AREAS, "product_area", &[]).label("Application modules"),
        many("application_modules", AREAS, "application_module", &[]),
        one("release", "release"),
        one("sprint", "sprint"),
        one("milestone", "milestone"),
        one("program", "program"),
        one("owner", "workspace_user"),
        one("author", "workspace_user"),
        list_value("priority", "list_node.priority"),
        many(
            "user_tags",
            ("work_item_user_tags", "work_item", "user_tag"),
            "user_tag",
            &[],
        ),
    ]
}
