//! List values and phases, with those that every workspace has.

use super::entity_type::{EntityType, NO_DELETE, Table};
use super::field::{boolean, integer, inverse, one, text};

pub(super) const TABLES: [Table; 2] = [LIST_NODES, PHASES];

const LIST_NODES: Table = Table {
    is_named: true,
    indexes: &[
        ("list_nodes_by_logical_name", "logical_name COLLATE NOCASE"),
        ("list_nodes_by_root", "list_root, name COLLATE NOCASE"),
    ],
    ..Table::new("list_nodes", 1001)
};

const PHASES: Table = Table {
    is_named: true,
    indexes: &[("phases_by_logical_name", "logical_name COLLATE NOCASE")],
    ..Table::new("phases", 1001)
};

pub(super) fn types() -> Vec<EntityType> {
    let node = EntityType::new("list_node", "List value", &["list_nodes"], &LIST_NODES)
        .methods(NO_DELETE)
        .fields([
            text("name").required(),
            text("logical_name").read_only().returned_by_default(),
            one("list_root", "list_node"),
            integer("activity_level"),
            inverse("items", "list_node", "list_root"),
        ])
        .unique(&["list_root", "name"]);
    let phase = EntityType::new("phase", "Phase", &["phases"], &PHASES)
        .methods(NO_DELETE)
        .fields([
            text("name").required(),
            text("logical_name").read_only().returned_by_default(),
            text("entity").required(),
            boolean("is_start_phase"),
        ]);
    vec![node, phase]
}

/// A list: its logical name without `list_node.`, its label, and its values, each a logical name with a
/// label.
pub(crate) type List = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The lists that every workspace has. The logical names are those of real servers of version 16; some
/// labels are ours, since real ones were renamed from version to version.
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
        ],
    ),
    (
        "business_impact",
        "Business impact",
        &[("low", "Low"), ("medium", "Medium"), ("high", "High")],
    ),
    (
        "run_mode",
        "Run mode",
        &[("automatically", "Automatically"), ("manually", "Manually")],
    ),
    (
        "release_agile_type",
        "Release type",
        &[("scrum", "Scrum"), ("kanban", "Kanban")],
    ),
];

/// The phases that every workspace has: entity type, and names with labels in their order.
pub(crate) const PHASE_SETS: &[(&str, &[(&str, &str)])] = &[
    ("epic", SIMPLE),
    ("feature", SIMPLE),
    (
        "story",
        &[
            ("new", "New"),
            ("inprogress", "In Progress"),
            ("intesting", "In Testing"),
            ("done", "Done"),
        ],
    ),
    (
        "defect",
        &[
            ("new", "New"),
            ("opened", "Opened"),
            ("fixed", "Fixed"),
            ("proposeclose", "Propose Close"),
            ("closed", "Closed"),
            ("deferred", "Deferred"),
            ("rejected", "Rejected"),
            ("duplicate", "Duplicate"),
        ],
    ),
    ("test_automated", TESTS),
    ("gherkin_test", TESTS),
    ("test_suite", TESTS),
];

const SIMPLE: &[(&str, &str)] = &[
    ("new", "New"),
    ("inprogress", "In Progress"),
    ("done", "Done"),
];
const TESTS: &[(&str, &str)] = &[
    ("new", "New"),
    ("indesign", "In Design"),
    ("ready", "Ready"),
];
