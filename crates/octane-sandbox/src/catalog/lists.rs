//! List values, including those that every workspace has.

use super::entity_type::{EntityType, NO_DELETE, Table};
use super::field::{activation_status, activity_level, integer, inverse, one, text};

pub(super) const TABLES: [Table; 1] = [LIST_NODES];

const LIST_NODES: Table = Table {
    is_named: true,
    indexes: &[
        ("list_nodes_by_logical_name", "logical_name COLLATE NOCASE"),
        ("list_nodes_by_root", "list_root, name COLLATE NOCASE"),
    ],
    ..Table::new("list_nodes", 1001)
};

pub(super) fn types() -> Vec<EntityType> {
    let node = EntityType::new("list_node", "List value", &["list_nodes"], &LIST_NODES)
        .methods(NO_DELETE)
        .fields([
            text("name").required().unsortable(),
            one("list_root", "list_node"),
            activity_level(),
            activation_status(),
            integer("index"),
            inverse("items", "list_node", "list_root"),
            inverse("list_nodes", "list_node", "list_root"),
        ])
        .unique(&["list_root", "name"]);
    vec![node]
}

/// A list: its logical name without `list_node.`, its label, and its values, each with a logical name and a
/// label.
pub(crate) type List = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The lists that every workspace has. The logical names are those of real servers of version 16; some labels
/// are our own, because the real ones were renamed between versions.
pub(crate) const LISTS: &[List] = &[
    (
        "run_native_status",
        "Run native status",
        &[
            ("passed", "Passed"),
            ("failed", "Failed"),
            ("blocked", "Blocked"),
            ("skipped", "Skipped"),
            ("not_completed", "In progress"),
            ("planned", "Planned"),
        ],
    ),
    (
        "run_status",
        "Run status",
        &[
            ("passed", "Passed"),
            ("failed", "Failed"),
            ("skipped", "Skipped"),
            ("requires_attention", "Requires attention"),
            ("planned", "Planned"),
        ],
    ),
    (
        "testing_tool_type",
        "Testing tool type",
        &[
            ("manual", "Manual Runner"),
            ("selenium", "Selenium"),
            ("uft", "UFT One"),
            ("leanft", "UFT Developer"),
            ("storm_runner", "LoadRunner Cloud"),
            ("soapui", "SOAP UI"),
            ("protractor", "Protractor"),
            ("loadrunner", "LoadRunner"),
            ("performance_center", "LoadRunner Enterprise"),
            ("storm_runner_functional", "Digital Lab"),
            ("uft_mobile", "UFT Mobile"),
        ],
    ),
    (
        "test_level",
        "Test level",
        &[
            ("integration", "Integration Test"),
            ("system", "System Test"),
            ("unit", "Unit Test"),
            ("gherkin", "Gherkin Test"),
        ],
    ),
    (
        "test_type",
        "Test type",
        &[
            ("acceptance", "Acceptance"),
            ("end_to_end", "End to End"),
            ("regression", "Regression"),
            ("sanity", "Sanity"),
            ("security", "Security"),
            ("performance", "Performance"),
            ("gui", "UI"),
            ("api", "API"),
        ],
    ),
    (
        "je.framework",
        "Framework",
        &[
            ("junit", "JUnit"),
            ("testng", "TestNG"),
            ("uft", "UFT"),
            ("nunit", "NUnit"),
            ("jbehave", "JBehave"),
            ("karma", "Karma"),
            ("jasmine", "Jasmine"),
            ("mocha", "Mocha"),
            ("cucumber", "Cucumber"),
            ("mbt", "MBT"),
        ],
    ),
    (
        "severity",
        "Severity",
        &[
            ("low", "Low"),
            ("medium", "Medium"),
            ("high", "High"),
            ("very_high", "Very High"),
            ("urgent", "Urgent"),
        ],
    ),
    (
        "priority",
        "Priority",
        &[
            ("low", "Low"),
            ("medium", "Medium"),
            ("high", "High"),
            ("very_high", "Very High"),
            ("urgent", "Urgent"),
        ],
    ),
    (
        "business_impact",
        "Business impact",
        &[
            ("no_impact", "No Impact"),
            ("low", "Low"),
            ("medium", "Medium"),
            ("high", "High"),
        ],
    ),
    (
        "run_mode",
        "Run mode",
        &[("automatically", "Automatically"), ("manually", "Manually")],
    ),
    (
        "release_agile_type",
        "Agile type",
        &[("scrum", "Scrum"), ("kanban", "Kanban")],
    ),
    (
        "defect_type",
        "Defect type",
        &[("escaped", "Escaped"), ("non_escaped", "Non-Escaped")],
    ),
    (
        "epic_type",
        "Epic type",
        &[("business", "Business"), ("architecture", "Architecture")],
    ),
    (
        "feature_type",
        "Feature type",
        &[("business", "Business"), ("architecture", "Architecture")],
    ),
    (
        "quality_story_type",
        "Quality story type",
        &[
            ("test_automation", "Test Automation"),
            ("test_design", "Test Design"),
            ("test_environment", "Test Environment"),
        ],
    ),
    (
        "manual_test_run_step_type",
        "Manual test run step type",
        &[
            ("simple_step", "Simple step"),
            ("validation_step", "Validation step"),
            ("call_step", "Call step"),
        ],
    ),
    (
        "automation_status",
        "Automation status",
        &[
            ("not_automated", "Not Automated"),
            ("ready_for_automation", "Ready for Automation"),
            ("automated", "Automated"),
        ],
    ),
    (
        "defect_root_level",
        "Defect root cause",
        &[
            ("requirements", "Requirements"),
            ("design", "Design"),
            ("coding", "Coding"),
            ("environment", "Environment"),
        ],
    ),
    (
        "wsjf_scale_type",
        "WSJF scale",
        &[
            ("one", "1"),
            ("two", "2"),
            ("three", "3"),
            ("five", "5"),
            ("eight", "8"),
            ("thirteen", "13"),
            ("twenty", "20"),
        ],
    ),
    (
        "run_problem",
        "Problem",
        &[
            ("continuously_failing", "Continuously failing"),
            ("continuously_skipped", "Continuously skipped"),
            ("oscillating", "Oscillating"),
            ("regression", "Regression"),
            ("unstable", "Unstable"),
        ],
    ),
    (
        "pipeline_run_status",
        "Status",
        &[
            ("queued", "Queued"),
            ("running", "Running"),
            ("success", "Success"),
            ("unstable", "Unstable"),
            ("failure", "Failure"),
            ("aborted", "Aborted"),
            ("unavailable", "Unavailable"),
        ],
    ),
    (
        "scm_commit_pattern_entity_type",
        "Commit pattern entity type",
        &[
            ("defect", "Defect"),
            ("user_story", "User Story"),
            ("quality_story", "Quality Story"),
            ("feature", "Feature"),
        ],
    ),
    (
        "commit_pattern.applies_to",
        "Applies to",
        &[
            ("commit", "Commits"),
            ("pull_request", "Pull requests"),
            ("branch", "Branches"),
        ],
    ),
    (
        "task_item_type",
        "Task item type",
        &[
            ("research", "Research"),
            ("develop", "Develop"),
            ("document", "Document"),
            ("test", "Test"),
        ],
    ),
];
