//! Version control: repositories, their branches, files and commits in them, and pull requests.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    DefaultValue, Field, boolean, date_time, derived, integer, inverse, list_value, long_text,
    many, memo, object, one, text,
};

pub(super) const TABLES: [Table; 6] = [
    ROOTS,
    BRANCHES,
    FILES,
    PULL_REQUESTS,
    SCM_COMMITS,
    COMMIT_PATTERNS,
];

const ROOTS: Table = Table {
    indexes: &[("scm_repository_roots_by_url", "url")],
    ..Table::new("scm_repository_roots", 2001)
};
const BRANCHES: Table = Table {
    indexes: &[(
        "scm_repositories_by_root",
        "repository, name COLLATE NOCASE",
    )],
    ..Table::new("scm_repositories", 2001)
};
const FILES: Table = Table::new("scm_resource_files", 2001);
const PULL_REQUESTS: Table = Table {
    indexes: &[("pull_requests_by_number", "number, target_url")],
    ..Table::new("pull_requests", 2001)
};
const SCM_COMMITS: Table = Table {
    indexes: &[("scm_commits_by_revision", "rev_id")],
    ..Table::new("scm_commits", 1851)
};
const COMMIT_PATTERNS: Table = Table::new("scm_commit_patterns", 1901);

pub(super) fn types() -> Vec<EntityType> {
    vec![
        root(),
        branch(),
        file(),
        pull_request(),
        commit(),
        commit_pattern(),
    ]
}

fn root() -> EntityType {
    EntityType::new(
        "scm_repository_root",
        "Repository",
        &["scm_repository_roots"],
        &ROOTS,
    )
    .fields([
        text("name").required(),
        long_text("url", 1024).required(),
        // 1 Subversion, 2 Git, 3 StarTeam, 4 AccuRev, 5 Dimensions CM.
        integer("scm_type"),
        long_text("scm_source_view", 1024),
        long_text("scm_diff", 1024),
        long_text("scm_branch_file_link", 1024),
        inverse("scm_repositories", "scm_repository", "repository"),
    ])
    .unique(&["url"])
}

/// A branch: the product calls it a repository, and the repository its root.
fn branch() -> EntityType {
    let no = |name: &'static str| boolean(name).default_named(DefaultValue::Number(0));
    EntityType::new("scm_repository", "Branch", &["scm_repositories"], &BRANCHES)
        .fields([
            text("name").required(),
            one("repository", "scm_repository_root")
                .required()
                .cascading(),
            text("branch"),
            long_text("url", 1024)
                .computed("(SELECT r.url FROM scm_repository_roots r WHERE r.id = @.repository)"),
            no("is_merged"),
            no("is_deleted"),
            text("last_commit_revision"),
            date_time("last_commit_time"),
            text("scm_user"),
            text("scm_user_email"),
        ])
        .unique(&["repository", "name"])
}

/// A file that tests need, such as a table of test data.
fn file() -> EntityType {
    EntityType::new(
        "scm_resource_file",
        "Resource file",
        &["scm_resource_files"],
        &FILES,
    )
    .fields([
        text("name").required(),
        long_text("relative_path", 1024),
        one("scm_repository", "scm_repository"),
    ])
}

/// What plug-ins report of a pull request. Its collection is the product's; the names of its fields are not known.
fn pull_request() -> EntityType {
    EntityType::new(
        "pull_request",
        "Pull request",
        &["pull_requests"],
        &PULL_REQUESTS,
    )
    .methods(GET_ONLY)
    .fields(
        [
            text("name"),
            text("number"),
            memo("description"),
            text("state"),
            text("author_name"),
            text("author_email"),
            long_text("url", 1024),
            long_text("source_url", 1024),
            text("source_branch"),
            long_text("target_url", 1024),
            text("target_branch"),
            date_time("created_time"),
            date_time("updated_time"),
            date_time("merged_time"),
            date_time("closed_time"),
            boolean("is_merged"),
            many(
                "commits",
                ("pull_request_commits", "pull_request", "scm_commit"),
                "scm_commit",
                &[],
            ),
        ]
        .map(Field::read_only),
    )
}

fn commit() -> EntityType {
    EntityType::new("scm_commit", "SCM commit", &["scm_commits"], &SCM_COMMITS)
        .methods(GET_ONLY)
        .fields([
            text("name").required(),
            many(
                "ci_build",
                ("ci_build_commits", "scm_commit", "ci_build"),
                "ci_build",
                &[],
            ),
        ])
        .fields(
            [
                text("rev_id"),
                // The integration with git asks for it by this name.
                text("revision").in_column("rev_id"),
                text("parent_rev_id"),
                memo("comment"),
                text("user_name"),
                text("user_email"),
                date_time("commit_time"),
                long_text("repository_url", 1024),
                text("branch"),
                object("changes"),
                derived(
                    "repositories",
                    "(SELECT c.id AS owner, b.id AS target FROM scm_commits c
                      JOIN scm_repository_roots r ON r.url = c.repository_url
                      JOIN scm_repositories b ON b.repository = r.id AND b.name = c.branch)",
                    "scm_repository",
                    &[],
                ),
                derived(
                    "stories",
                    "(SELECT c.scm_commit AS owner, c.work_item AS target FROM scm_commit_work_items c
                      JOIN work_items w ON w.id = c.work_item WHERE w.subtype = 'story')",
                    "work_item",
                    &["story"],
                ),
                boolean("has_coverage").blank(),
                boolean("risk").blank(),
                many(
                    "work_items",
                    ("scm_commit_work_items", "scm_commit", "work_item"),
                    "work_item",
                    &["story", "quality_story", "defect"],
                ),
            ]
            .map(Field::read_only),
        )
}

/// How the comment of a commit, a branch or a pull request names what it is about.
fn commit_pattern() -> EntityType {
    EntityType::new(
        "scm_commit_pattern",
        "Commit pattern",
        &["scm_commit_patterns"],
        &COMMIT_PATTERNS,
    )
    .fields([
        text("name"),
        long_text("pattern", 1024).required(),
        // Files of older versions have text in a column of this name.
        list_value("entity_type", "list_node.scm_commit_pattern_entity_type")
            .in_column("entity_type_node"),
        list_value("applies_to", "list_node.commit_pattern.applies_to"),
    ])
}
