//! Small types that others point at: environments, people, tags and CI builds.

use super::entity_type::{EntityType, GET_ONLY, NO_DELETE, Table};
use super::field::{date_time, long_text, one, one_of, text};

pub(super) const TABLES: [Table; 5] = [TAXONOMIES, USERS, TAGS, CI_SERVERS, CI_BUILDS];

const TAXONOMIES: Table = Table {
    has_subtype: true,
    indexes: &[("taxonomies_by_category", "category, name COLLATE NOCASE")],
    ..Table::new("taxonomy_nodes", 1201)
};
const USERS: Table = Table::new("workspace_users", 1301);
const TAGS: Table = Table::new("user_tags", 1401);
const CI_SERVERS: Table = Table::new("ci_servers", 1501);
const CI_BUILDS: Table = Table {
    indexes: &[("ci_builds_by_key", "ci_server, job_id, build_id")],
    ..Table::new("ci_builds", 1601)
};

pub(super) fn types() -> Vec<EntityType> {
    let taxonomy = EntityType::new(
        "taxonomy_node",
        "Environment",
        &["taxonomy_nodes"],
        &TAXONOMIES,
    )
    .methods(NO_DELETE);
    let category = EntityType::new(
        "taxonomy_category_node",
        "Environment category",
        &["taxonomy_category_nodes"],
        &TAXONOMIES,
    )
    .subtype_of("taxonomy_node")
    .methods(NO_DELETE)
    .fields([text("name").required()])
    .unique(&["name"]);
    let item = EntityType::new(
        "taxonomy_item_node",
        "Environment value",
        &["taxonomy_item_nodes"],
        &TAXONOMIES,
    )
    .subtype_of("taxonomy_node")
    .methods(NO_DELETE)
    .fields([
        text("name").required(),
        one_of("category", "taxonomy_node", &["taxonomy_category_node"]).required(),
    ])
    .unique(&["category", "name"]);
    let user = EntityType::new("workspace_user", "User", &["workspace_users"], &USERS)
        .methods(GET_ONLY)
        .fields([text("name").required(), text("full_name"), text("email")]);
    let tag = EntityType::new("user_tag", "Tag", &["user_tags"], &TAGS)
        .methods(&["GET", "POST"])
        .fields([text("name").required()])
        .unique(&["name"]);
    let server = EntityType::new("ci_server", "CI server", &["ci_servers"], &CI_SERVERS).fields([
        text("name").required(),
        text("instance_id"),
        text("server_type"),
        long_text("url", 1024),
    ]);
    let build = EntityType::new("ci_build", "CI build", &["ci_builds"], &CI_BUILDS)
        .methods(GET_ONLY)
        .fields([
            text("name"),
            one("ci_server", "ci_server").cascading(),
            text("job_id"),
            text("job_name"),
            text("build_id"),
            text("sub_type"),
            text("artifact_id"),
            date_time("start_time"),
        ]);
    vec![taxonomy, category, item, user, tag, server, build]
}
