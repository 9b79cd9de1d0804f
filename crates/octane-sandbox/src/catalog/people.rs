//! Users, teams and roles, and the spaces they apply to.

use super::entity_type::{ALL_METHODS, EntityType, GET_AND_PUT, GET_ONLY, NO_DELETE, Scope, Table};
use super::field::{
    DefaultValue, Field, activation_status, activity_level, boolean, derived, integer, inverse,
    long_text, many, memo, one, text,
};

pub(super) const TABLES: [Table; 7] = [
    USERS,
    TEAMS,
    TEAM_MEMBERS,
    ROLES,
    WORKSPACE_ROLES,
    WORKSPACES,
    SHARED_SPACES,
];

const USERS: Table = Table {
    indexes: &[("users_by_name", "name COLLATE NOCASE")],
    ..Table::new("workspace_users", 1301)
};
const TEAMS: Table = Table::new("teams", 2201);
const TEAM_MEMBERS: Table = Table {
    indexes: &[("team_members_by_team", "team, member")],
    ..Table::new("team_members", 2301)
};
const ROLES: Table = Table {
    is_named: true,
    ..Table::new("roles", 1001)
};
const WORKSPACE_ROLES: Table = Table {
    indexes: &[("workspace_roles_by_workspace", "workspace, role")],
    ..Table::new("workspace_roles", 1001)
};
/// New workspaces come after the existing one; their IDs follow from the settings.
const WORKSPACES: Table = Table::new("workspaces", 1001);
const SHARED_SPACES: Table = Table::new("shared_spaces", 1001);

/// The roles of a shared space: logical name, label, and whether every workspace has them.
pub(crate) const ROLE_NAMES: &[(&str, &str, bool)] = &[
    ("role.shared.space.admin", "Shared Space Admin", false),
    ("role.workspace.admin", "Workspace Admin", true),
    ("role.team.leader", "Leader", true),
    ("role.team.member", "Team Member", true),
    ("role.tester", "Tester", true),
    ("role.viewer", "Viewer", true),
];

pub(super) fn types() -> Vec<EntityType> {
    // One table: a user of the workspace is also a user of its shared space.
    let space_user = EntityType::new("sharedspace_user", "User", &["users"], &USERS)
        .scope(Scope::SharedSpace)
        .fields(user())
        .fields([Field::password("password")])
        .unique(&["name"]);
    let role = EntityType::new("role", "Role", &["roles"], &ROLES)
        .scope(Scope::SharedSpace)
        .methods(GET_ONLY)
        .fields([text("name").required(), memo("description")]);
    // The same, as a workspace shows them.
    let user_role = EntityType::new("user_role", "Role", &["user_roles"], &ROLES)
        .methods(GET_ONLY)
        .fields([text("name").required(), memo("description")]);
    let workspace_role = EntityType::new(
        "workspace_role",
        "Role in a workspace",
        &["workspace_roles"],
        &WORKSPACE_ROLES,
    )
    .scope(Scope::SharedSpace)
    .methods(GET_ONLY)
    .fields([
        text("name").computed("(SELECT x.name FROM roles x WHERE x.id = @.role)"),
        one("role", "role").required(),
        one("workspace", "workspace").cascading(),
    ]);
    let workspace = EntityType::new("workspace", "Workspace", &["workspaces"], &WORKSPACES)
        .scope(Scope::SharedSpace)
        .methods(NO_DELETE)
        .fields([
            text("name").required(),
            memo("description"),
            activity_level(),
            many(
                "users",
                ("workspace_members", "workspace", "user"),
                "sharedspace_user",
                &[],
            ),
        ])
        .unique(&["name"]);
    let space = EntityType::new(
        "shared_space",
        "Shared space",
        &["shared_spaces"],
        &SHARED_SPACES,
    )
    .scope(Scope::Site)
    .methods(GET_ONLY)
    .fields([
        text("name").required(),
        memo("description"),
        activity_level(),
    ]);
    vec![
        workspace_user(),
        space_user,
        team(),
        member(),
        role,
        user_role,
        workspace_role,
        workspace,
        space,
    ]
}

fn workspace_user() -> EntityType {
    EntityType::new("workspace_user", "User", &["workspace_users"], &USERS)
        .methods(NO_DELETE)
        .fields(user())
        .fields([
            derived(
                "roles",
                "(SELECT x.user AS owner, w.role AS target FROM user_workspace_roles x
                  JOIN workspace_roles w ON w.id = x.workspace_role WHERE w.role IS NOT NULL)",
                "user_role",
                &[],
            )
            .editable(),
            integer("ws_user_activation_status").unsortable(),
            text("uid").computed("CAST(@.id AS TEXT)"),
            long_text("ldap_dn", 4000).unsortable(),
            integer("ldap_server_id").unsortable(),
            Field::password("password"),
            activation_status().unsortable(),
        ])
        .with("name", Field::optional)
        .with("full_name", Field::read_only)
        .with("email", Field::required)
        .with("first_name", left_empty)
        .with("last_name", left_empty)
        .with("phone1", left_empty)
        .unique(&["name"])
}

fn team() -> EntityType {
    EntityType::new("team", "Team", &["teams"], &TEAMS).fields([
        text("name").required(),
        memo("description"),
        one("team_lead", "workspace_user"),
        integer("estimated_velocity"),
        integer("number_of_members")
            .computed("(SELECT COUNT(*) FROM team_members x WHERE x.team = @.id)"),
        inverse("team_members", "team_member", "team").editable(),
        many(
            "members",
            ("team_members", "team", "member"),
            "workspace_user",
            &[],
        ),
        many(
            "releases",
            ("team_releases", "team", "release"),
            "release",
            &[],
        ),
        many(
            "programs",
            ("team_programs", "team", "program"),
            "program",
            &[],
        ),
        boolean("assign_to_new_releases").unsortable(),
        integer("planning_deadline").unsortable(),
        inverse("team_sprint_relation", "team_sprint", "team"),
    ])
}

fn member() -> EntityType {
    EntityType::new(
        "team_member",
        "Team member",
        &["team_members"],
        &TEAM_MEMBERS,
    )
    .methods(ALL_METHODS)
    .listed(GET_AND_PUT)
    .fields([
        one("team", "team").required().cascading().unsortable(),
        // Two names of one reference; the second is that of the metadata.
        one("member", "workspace_user").cascading(),
        one("workspace_user", "workspace_user")
            .in_column("member")
            .required()
            .cascading()
            .unsortable(),
        integer("capacity"),
    ])
    .unique(&["team", "member"])
}

/// Required, and empty in entities of clients that leave it out.
fn left_empty(field: Field) -> Field {
    field.required().default_named(DefaultValue::Empty)
}

fn user() -> Vec<Field> {
    vec![
        text("name").required(),
        text("full_name"),
        text("first_name"),
        text("last_name"),
        text("email"),
        text("phone1"),
        text("language").unsortable(),
        activity_level().unsortable(),
        boolean("is_api_key").read_only(),
        many(
            "workspace_roles",
            ("user_workspace_roles", "user", "workspace_role"),
            "workspace_role",
            &[],
        ),
    ]
}
