//! What a payload may look like, as a table.
//!
//! These are the rules of the official schema of ALM Octane in a form that [`check`](super::check())
//! walks and [`xsd`](super::xsd) prints. An element has a [`Kind`]; elements of one kind have the same
//! attributes and the same content, whatever they are called.

use super::value::Value;
use crate::{Status, TestFieldKind};

/// An element by name, with what it may hold.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) kind: &'static Kind,
}

/// What an element may hold.
#[derive(Debug)]
pub(super) struct Kind {
    /// The name of the XSD type.
    pub(super) name: &'static str,
    pub(super) attributes: &'static [Attribute],
    pub(super) content: Content,
}

/// An attribute and its values.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    /// Another name that it may go by. The official schema has none.
    pub(super) also: Option<&'static str>,
    pub(super) value: &'static Value,
    pub(super) is_required: bool,
}

/// What may stand between the tags of an element.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing, not even blanks.
    Empty,
    /// Text.
    Text,
    /// Text, and the element has attributes too.
    Mixed,
    /// Any well-formed XML.
    Anything,
    /// Elements, in one of these orders.
    Children(&'static [Sequence]),
}

/// Elements in order.
pub(super) type Sequence = &'static [Particle];

/// A place in a sequence: one of some elements, so many times.
#[derive(Debug)]
pub(super) struct Particle {
    pub(super) options: &'static [Element],
    pub(super) min: u32,
    /// `None` is "as often as you like".
    pub(super) max: Option<u32>,
}

impl Particle {
    /// The element `name` among the options.
    pub(super) fn option(&self, name: &str) -> Option<&'static Element> {
        self.options.iter().find(|element| element.name == name)
    }
}

/// A place in a sequence, written `min..max` after its options; `n` is "as often as you like".
macro_rules! at {
    ($($name:literal: $kind:ident)|+, $min:literal, n) => {
        Particle { options: &[$(Element { name: $name, kind: &$kind }),+], min: $min, max: None }
    };
    ($($name:literal: $kind:ident)|+, $min:literal, $max:literal) => {
        Particle { options: &[$(Element { name: $name, kind: &$kind }),+], min: $min, max: Some($max) }
    };
}

/// The kinds of the table: name, attributes (`!` marks the required ones), content.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal [$($mark:tt $attribute:literal: $value:ident),*] $content:expr;)+) => {$(
        $(#[$doc])*
        static $kind: Kind = Kind {
            name: $name,
            attributes: &[$(Attribute {
                name: $attribute,
                also: None,
                value: &$value,
                is_required: kinds!(@$mark),
            }),*],
            content: $content,
        };
    )+};
    (@!) => { true };
    (@?) => { false };
}

static ANY_TEXT: Value = Value::AnyText;
static LONG: Value = Value::Long;
static BOOLEAN: Value = Value::Boolean;
static LINK: Value = Value::Link;
static TEXT_255: Value = Value::Text { min: 1, max: 255 };
static TEXT_0_255: Value = Value::Text { min: 0, max: 255 };
static TEXT_3800: Value = Value::Text { min: 1, max: 3800 };
static TEXT_0_3800: Value = Value::Text { min: 0, max: 3800 };
static STATUS: Value = Value::Word {
    name: "status",
    words: &[
        Status::Passed.as_str(),
        Status::Failed.as_str(),
        Status::Skipped.as_str(),
        Status::Planned.as_str(),
    ],
};
static TEST_FIELD_KIND: Value = Value::Word {
    name: "test-field-kind",
    words: &[
        TestFieldKind::TestLevel.as_str(),
        TestFieldKind::TestType.as_str(),
        TestFieldKind::TestingToolType.as_str(),
        TestFieldKind::Framework.as_str(),
    ],
};

/// The root of a payload that obeys the official schema.
pub(super) static ROOT: Element = Element {
    name: "test_result",
    kind: &PAYLOAD,
};

/// The root of a payload that may also be of the evidence dialect.
pub(super) static EVIDENCE_ROOT: Element = Element {
    name: "test_result",
    kind: &EVIDENCE_PAYLOAD,
};

kinds! {
    PAYLOAD = "payload" [] Content::Children(&[&[
        at!("build": BUILD, 0, 1),
        at!("suite_ref": SUITE, 0, 1),
        at!("program_ref": REFERENCE, 0, 1),
        at!("release_ref": REFERENCE | "release": RELEASE, 0, 1),
        at!("milestone_ref": REFERENCE, 0, 1),
        at!("backlog_items": BACKLOG_ITEMS, 0, 1),
        at!("product_areas": PRODUCT_AREAS, 0, 1),
        at!("test_fields": TEST_FIELDS, 0, 1),
        at!("environment": ENVIRONMENT, 0, 1),
        at!("test_runs": RUNS, 1, 1),
    ]]);

    BUILD = "build" [
        !"server_id": TEXT_255, !"job_id": TEXT_255, ?"job_name": TEXT_255, !"build_id": TEXT_255,
        ?"build_name": TEXT_255, ?"sub_type": TEXT_0_255, ?"artifact_id": TEXT_0_255
    ] Content::Empty;

    SUITE = "suite" [!"id": LONG, ?"external_run_id": TEXT_0_255, ?"component": TEXT_0_255] Content::Empty;

    REFERENCE = "reference" [!"id": LONG] Content::Empty;

    RELEASE = "release" [!"name": TEXT_255] Content::Empty;

    BACKLOG_ITEMS = "backlog-items" [] Content::Children(&[&[at!("backlog_item_ref": REFERENCE, 0, n)]]);

    PRODUCT_AREAS = "product-areas" [] Content::Children(&[&[at!("product_area_ref": REFERENCE, 0, n)]]);

    TEST_FIELDS = "test-fields" [] Content::Children(&[&[at!("test_field": TEST_FIELD, 0, n)]]);

    TEST_FIELD = "test-field" [!"type": TEST_FIELD_KIND, !"value": TEXT_255] Content::Empty;

    ENVIRONMENT = "environment" [] Content::Children(&[&[at!("taxonomy": TAG, 0, n)]]);

    TAG = "tag" [!"type": TEXT_255, !"value": TEXT_255] Content::Empty;

    /// Runs of one sort; the two are never mixed.
    RUNS = "runs" [] Content::Children(&[
        &[at!("test_run": RUN, 0, n)],
        &[at!("gherkin_test_run": GHERKIN_RUN, 0, n)],
    ]);

    RUN = "run" [
        ?"module": TEXT_0_255, ?"package": TEXT_0_255, ?"class": TEXT_0_255, !"name": TEXT_255,
        ?"run_name": TEXT_255, !"duration": LONG, !"status": STATUS, ?"manual": BOOLEAN,
        ?"started": LONG, ?"external_report_url": LINK, ?"external_assets": ANY_TEXT,
        ?"external_test_id": TEXT_0_255, ?"external_run_id": TEXT_0_255, ?"run_type": TEXT_0_255
    ] Content::Children(&[&[
        at!("suite_ref": SUITE, 0, 1),
        at!("program_ref": REFERENCE, 0, 1),
        at!("release_ref": REFERENCE | "release": RELEASE, 0, 1),
        at!("milestone_ref": REFERENCE, 0, 1),
        at!("backlog_items": BACKLOG_ITEMS, 0, 1),
        at!("product_areas": PRODUCT_AREAS, 0, 1),
        at!("test_fields": TEST_FIELDS, 0, 1),
        at!("environment": ENVIRONMENT, 0, 1),
        at!("error": ERROR, 0, 1),
        at!("description": TEXT, 0, 1),
        at!("steps": STEPS, 0, n),
    ]]);

    ERROR = "error" [?"type": ANY_TEXT, ?"message": ANY_TEXT] Content::Mixed;

    TEXT = "text" [] Content::Text;

    STEPS = "steps" [?"iteration": TEXT_255] Content::Children(&[&[at!("step": STEP, 0, n)]]);

    STEP = "step" [
        !"name": TEXT_3800, !"duration": LONG, !"status": TEXT_255, ?"external_step_id": TEXT_255
    ] Content::Children(&[&[
        at!("error_message": TEXT, 0, 1),
        at!("input_parameters": PARAMETERS, 0, 1),
        at!("output_parameters": PARAMETERS, 0, 1),
    ]]);

    PARAMETERS = "parameters" [] Content::Children(&[&[at!("parameter": PARAMETER, 1, n)]]);

    PARAMETER = "parameter" [!"name": TEXT_255, ?"value": TEXT_0_255, ?"type": TEXT_0_255] Content::Empty;

    GHERKIN_RUN = "gherkin-run" [
        !"name": TEXT_0_255, !"duration": LONG, !"status": STATUS, ?"external_run_id": TEXT_0_255
    ] Content::Children(&[&[at!("feature": FEATURE, 1, 1)]]);

    FEATURE = "feature" [
        !"name": TEXT_0_255, !"path": TEXT_255, ?"identifier": TEXT_0_255, !"tag": TEXT_0_255,
        !"started": LONG
    ] Content::Children(&[&[
        at!("file": ANYTHING, 1, 1),
        at!("scenarios": SCENARIOS, 0, 1),
    ]]);

    ANYTHING = "anything" [] Content::Anything;

    SCENARIOS = "scenarios" [] Content::Children(&[&[
        at!("background": BACKGROUND, 0, 1),
        at!("scenario": SCENARIO, 0, n),
    ]]);

    BACKGROUND = "background" [] Content::Children(&[&[at!("steps": BACKGROUND_STEPS, 0, 1)]]);

    BACKGROUND_STEPS = "background-steps" [] Content::Children(&[&[at!("step": BACKGROUND_STEP, 0, n)]]);

    BACKGROUND_STEP = "background-step" [
        !"name": TEXT_3800, ?"duration": LONG, ?"status": TEXT_255
    ] Content::Children(&[&[at!("error_message": TEXT, 0, 1)]]);

    SCENARIO = "scenario" [
        !"name": TEXT_0_3800, ?"outlineIndex": LONG, !"status": STATUS
    ] Content::Children(&[&[at!("steps": STEPS, 1, 1)]]);

    /// A payload in either dialect: the release may be a text, and test fields may come last.
    EVIDENCE_PAYLOAD = "evidence-payload" [] Content::Children(&[
        &[
            at!("build": BUILD, 0, 1),
            at!("suite_ref": SUITE, 0, 1),
            at!("program_ref": REFERENCE, 0, 1),
            at!("release_ref": REFERENCE | "release": RELEASE | "release_name": TEXT, 0, 1),
            at!("milestone_ref": REFERENCE, 0, 1),
            at!("backlog_items": BACKLOG_ITEMS, 0, 1),
            at!("product_areas": PRODUCT_AREAS, 0, 1),
            at!("test_fields": EVIDENCE_TEST_FIELDS, 0, 1),
            at!("environment": ENVIRONMENT, 0, 1),
            at!("test_runs": RUNS, 1, 1),
        ],
        &[
            at!("build": BUILD, 0, 1),
            at!("suite_ref": SUITE, 0, 1),
            at!("program_ref": REFERENCE, 0, 1),
            at!("release_ref": REFERENCE | "release": RELEASE | "release_name": TEXT, 0, 1),
            at!("milestone_ref": REFERENCE, 0, 1),
            at!("backlog_items": BACKLOG_ITEMS, 0, 1),
            at!("product_areas": PRODUCT_AREAS, 0, 1),
            at!("environment": ENVIRONMENT, 0, 1),
            at!("test_runs": RUNS, 1, 1),
            at!("test_fields": EVIDENCE_TEST_FIELDS, 1, 1),
        ],
    ]);

    EVIDENCE_TEST_FIELDS = "evidence-test-fields" [] Content::Children(&[&[
        at!("test_field": EVIDENCE_TEST_FIELD, 0, n),
    ]]);
}

/// A test field whose `type` may be called `field_type`.
static EVIDENCE_TEST_FIELD: Kind = Kind {
    name: "evidence-test-field",
    attributes: &[
        Attribute {
            name: "type",
            also: Some("field_type"),
            value: &TEST_FIELD_KIND,
            is_required: true,
        },
        Attribute {
            name: "value",
            also: None,
            value: &TEXT_255,
            is_required: true,
        },
    ],
    content: Content::Empty,
};
