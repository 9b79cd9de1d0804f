//! Phases, their metaphases, and the transitions between them, including those that every workspace has.

use super::entity_type::{EntityType, GET_ONLY, NO_DELETE, Table};
use super::field::{activation_status, activity_level, boolean, integer, inverse, one, text};

pub(super) const TABLES: [Table; 3] = [METAPHASES, PHASES, TRANSITIONS];

const METAPHASES: Table = Table {
    is_named: true,
    indexes: &[("metaphases_by_logical_name", "logical_name COLLATE NOCASE")],
    ..Table::new("metaphases", 1001)
};

const PHASES: Table = Table {
    is_named: true,
    indexes: &[
        ("phases_by_logical_name", "logical_name COLLATE NOCASE"),
        ("phases_by_metaphase", "metaphase"),
        (
            "phases_by_master",
            "master_phase) WHERE (master_phase IS NOT NULL",
        ),
    ],
    ..Table::new("phases", 1001)
};

const TRANSITIONS: Table = Table::new("transitions", 1001);

pub(super) fn types() -> Vec<EntityType> {
    let metaphase = EntityType::new("metaphase", "Metaphase", &["metaphases"], &METAPHASES)
        .methods(GET_ONLY)
        .fields([
            text("name").required().unsortable(),
            text("entity"),
            boolean("is_system"),
            integer("order"),
            inverse("phase", "phase", "metaphase").editable(),
        ]);
    let phase = EntityType::new("phase", "Phase", &["phases"], &PHASES)
        .methods(NO_DELETE)
        .fields([
            text("name").required().unsortable(),
            text("description"),
            text("entity").required(),
            one("metaphase", "metaphase").required().unsortable(),
            boolean("is_start_phase"),
            boolean("is_system").computed("@.\"logical_name\" GLOB '*.*'"),
            one("master_phase", "phase").unsortable(),
            inverse("sub_phases", "phase", "master_phase").editable(),
            activity_level(),
            activation_status(),
        ]);
    let transition = EntityType::new("transition", "Transition", &["transitions"], &TRANSITIONS)
        .fields([
            text("entity"),
            one("source_phase", "phase").unsortable(),
            one("target_phase", "phase").unsortable(),
            boolean("is_system"),
            boolean("is_primary"),
        ]);
    vec![metaphase, phase, transition]
}

/// The metaphases that every workspace has: logical name without `metaphase.`, and label.
pub(crate) const METAPHASE_NAMES: &[(&str, &str)] = &[
    ("work_item.new", "New"),
    ("work_item.inprogress", "In Progress"),
    ("work_item.intesting", "In Testing"),
    ("work_item.done", "Done"),
    ("test.new", "New"),
    ("test.indesign", "In Design"),
    ("test.ready", "Ready"),
    ("requirement.new", "New"),
    ("requirement.done", "Done"),
    ("task.new", "New"),
    ("task.inprogress", "In Progress"),
    ("task.completed", "Completed"),
];

/// A phase: its name without `phase.` and the entity type, its label and its metaphase.
pub(crate) type Phase = (&'static str, &'static str, &'static str);

/// The phases that every workspace has, in their order, by entity type.
pub(crate) const PHASE_SETS: &[(&str, &[Phase])] = &[
    ("epic", SIMPLE),
    ("feature", STORIES),
    ("story", STORIES),
    ("quality_story", STORIES),
    (
        "defect",
        &[
            ("new", "New", "work_item.new"),
            ("opened", "Opened", "work_item.inprogress"),
            ("fixed", "Fixed", "work_item.intesting"),
            ("proposeclose", "Propose Close", "work_item.intesting"),
            ("closed", "Closed", "work_item.done"),
            ("deferred", "Deferred", "work_item.done"),
            ("rejected", "Rejected", "work_item.done"),
            ("duplicate", "Duplicate", "work_item.done"),
        ],
    ),
    ("test_automated", TESTS),
    ("test_suite", TESTS),
    ("test_manual", TESTS),
    ("gherkin_test", TESTS),
    ("scenario_test", TESTS),
    ("model_based_test", TESTS),
    (
        "requirement_document",
        &[
            ("draft", "Draft", "requirement.new"),
            ("approved", "Approved", "requirement.done"),
        ],
    ),
    (
        "task",
        &[
            ("new", "New", "task.new"),
            ("inprogress", "In Progress", "task.inprogress"),
            ("completed", "Completed", "task.completed"),
        ],
    ),
];

const SIMPLE: &[Phase] = &[
    ("new", "New", "work_item.new"),
    ("inprogress", "In Progress", "work_item.inprogress"),
    ("done", "Done", "work_item.done"),
];
const STORIES: &[Phase] = &[
    ("new", "New", "work_item.new"),
    ("inprogress", "In Progress", "work_item.inprogress"),
    ("intesting", "In Testing", "work_item.intesting"),
    ("done", "Done", "work_item.done"),
];
const TESTS: &[Phase] = &[
    ("new", "New", "test.new"),
    ("indesign", "In Design", "test.indesign"),
    ("ready", "Ready", "test.ready"),
];
