//! The schema of payloads, as a table.
//!
//! These are the rules of the official schema of ALM Octane in a form that
//! [`schema_walker`](super::schema_walker) applies and [`xsd`](super::xsd) prints. Elements of the same
//! [`ElementType`] have the same attributes and the same content, whatever they are called.

use super::value::Value;
use crate::context::TestFieldKind;
use crate::status::Status;

/// The schema that a payload is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Schema {
    /// The official schema.
    #[default]
    Official,
    /// Also the [evidence dialect](crate::Dialect::Evidence): `release_name` instead of a release,
    /// `field_type` instead of `type`, and the test fields after the runs.
    OfficialOrEvidence,
}

impl Schema {
    pub(super) fn root(self) -> &'static Element {
        match self {
            Self::Official => &ROOT,
            Self::OfficialOrEvidence => &EVIDENCE_ROOT,
        }
    }
}

/// An element with its name and type.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) element_type: &'static ElementType,
}

/// The attributes and the content of elements.
#[derive(Debug)]
pub(super) struct ElementType {
    /// The name of the XSD type.
    pub(super) name: &'static str,
    pub(super) attributes: &'static [Attribute],
    pub(super) content: Content,
}

/// An attribute and its values.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    /// An alternative name. The official schema has none.
    pub(super) alias: Option<&'static str>,
    pub(super) value: &'static Value,
    pub(super) is_required: bool,
}

/// The content of an element.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing, not even whitespace.
    Empty,
    /// Text.
    Text,
    /// Text, in an element with attributes.
    Mixed,
    /// Any well-formed XML.
    Anything,
    /// Elements, in one of these orders.
    Children(&'static [Sequence]),
}

/// Elements in order.
pub(super) type Sequence = &'static [Particle];

/// A position in a sequence: one of several elements, which may be repeated.
#[derive(Debug)]
pub(super) struct Particle {
    pub(super) options: &'static [Element],
    pub(super) min: u32,
    /// `None` means unbounded.
    pub(super) max: Option<u32>,
}

impl Particle {
    /// The element `name` among the options.
    pub(super) fn option(&self, name: &str) -> Option<&'static Element> {
        self.options.iter().find(|element| element.name == name)
    }
}

/// A position in a sequence: its options, then `min` and `max`; `n` means unbounded.
macro_rules! particle {
    ($($name:literal: $element_type:ident)|+, $min:literal, n) => {
        Particle { options: &[$(Element { name: $name, element_type: &$element_type }),+], min: $min, max: None }
    };
    ($($name:literal: $element_type:ident)|+, $min:literal, $max:literal) => {
        Particle { options: &[$(Element { name: $name, element_type: &$element_type }),+], min: $min, max: Some($max) }
    };
}

/// The element types of the table: name, attributes (`!` marks required ones), content.
macro_rules! element_types {
    ($($(#[$doc:meta])* $element_type:ident = $name:literal [$($mark:tt $attribute:literal: $value:ident),*] $content:expr;)+) => {$(
        $(#[$doc])*
        static $element_type: ElementType = ElementType {
            name: $name,
            attributes: &[$(Attribute {
                name: $attribute,
                alias: None,
                value: &$value,
                is_required: element_types!(@$mark),
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

/// The root of a payload of the official schema.
pub(super) static ROOT: Element = Element {
    name: "test_result",
    element_type: &PAYLOAD,
};

/// The root of a payload that may also be in the evidence dialect.
pub(super) static EVIDENCE_ROOT: Element = Element {
    name: "test_result",
    element_type: &EVIDENCE_PAYLOAD,
};

element_types! {
    PAYLOAD = "payload" [] Content::Children(&[&[
        particle!("build": BUILD, 0, 1),
        particle!("suite_ref": SUITE, 0, 1),
        particle!("program_ref": REFERENCE, 0, 1),
        particle!("release_ref": REFERENCE | "release": RELEASE, 0, 1),
        particle!("milestone_ref": REFERENCE, 0, 1),
        particle!("backlog_items": BACKLOG_ITEMS, 0, 1),
        particle!("product_areas": PRODUCT_AREAS, 0, 1),
        particle!("test_fields": TEST_FIELDS, 0, 1),
        particle!("environment": ENVIRONMENT, 0, 1),
        particle!("test_runs": RUNS, 1, 1),
    ]]);

    BUILD = "build" [
        !"server_id": TEXT_255, !"job_id": TEXT_255, ?"job_name": TEXT_255, !"build_id": TEXT_255,
        ?"build_name": TEXT_255, ?"sub_type": TEXT_0_255, ?"artifact_id": TEXT_0_255
    ] Content::Empty;

    SUITE = "suite" [!"id": LONG, ?"external_run_id": TEXT_0_255, ?"component": TEXT_0_255] Content::Empty;

    REFERENCE = "reference" [!"id": LONG] Content::Empty;

    RELEASE = "release" [!"name": TEXT_255] Content::Empty;

    BACKLOG_ITEMS = "backlog-items" [] Content::Children(&[&[particle!("backlog_item_ref": REFERENCE, 0, n)]]);

    PRODUCT_AREAS = "product-areas" [] Content::Children(&[&[particle!("product_area_ref": REFERENCE, 0, n)]]);

    TEST_FIELDS = "test-fields" [] Content::Children(&[&[particle!("test_field": TEST_FIELD, 0, n)]]);

    TEST_FIELD = "test-field" [!"type": TEST_FIELD_KIND, !"value": TEXT_255] Content::Empty;

    ENVIRONMENT = "environment" [] Content::Children(&[&[particle!("taxonomy": TAG, 0, n)]]);

    TAG = "tag" [!"type": TEXT_255, !"value": TEXT_255] Content::Empty;

    /// Runs of one kind; the two are never mixed.
    RUNS = "runs" [] Content::Children(&[
        &[particle!("test_run": RUN, 0, n)],
        &[particle!("gherkin_test_run": GHERKIN_RUN, 0, n)],
    ]);

    RUN = "run" [
        ?"module": TEXT_0_255, ?"package": TEXT_0_255, ?"class": TEXT_0_255, !"name": TEXT_255,
        ?"run_name": TEXT_255, !"duration": LONG, !"status": STATUS, ?"manual": BOOLEAN,
        ?"started": LONG, ?"external_report_url": LINK, ?"external_assets": ANY_TEXT,
        ?"external_test_id": TEXT_0_255, ?"external_run_id": TEXT_0_255, ?"run_type": TEXT_0_255
    ] Content::Children(&[&[
        particle!("suite_ref": SUITE, 0, 1),
        particle!("program_ref": REFERENCE, 0, 1),
        particle!("release_ref": REFERENCE | "release": RELEASE, 0, 1),
        particle!("milestone_ref": REFERENCE, 0, 1),
        particle!("backlog_items": BACKLOG_ITEMS, 0, 1),
        particle!("product_areas": PRODUCT_AREAS, 0, 1),
        particle!("test_fields": TEST_FIELDS, 0, 1),
        particle!("environment": ENVIRONMENT, 0, 1),
        particle!("error": ERROR, 0, 1),
        particle!("description": TEXT, 0, 1),
        particle!("steps": STEPS, 0, n),
    ]]);

    ERROR = "error" [?"type": ANY_TEXT, ?"message": ANY_TEXT] Content::Mixed;

    TEXT = "text" [] Content::Text;

    STEPS = "steps" [?"iteration": TEXT_255] Content::Children(&[&[particle!("step": STEP, 0, n)]]);

    STEP = "step" [
        !"name": TEXT_3800, !"duration": LONG, !"status": TEXT_255, ?"external_step_id": TEXT_255
    ] Content::Children(&[&[
        particle!("error_message": TEXT, 0, 1),
        particle!("input_parameters": PARAMETERS, 0, 1),
        particle!("output_parameters": PARAMETERS, 0, 1),
    ]]);

    PARAMETERS = "parameters" [] Content::Children(&[&[particle!("parameter": PARAMETER, 1, n)]]);

    PARAMETER = "parameter" [!"name": TEXT_255, ?"value": TEXT_0_255, ?"type": TEXT_0_255] Content::Empty;

    GHERKIN_RUN = "gherkin-run" [
        !"name": TEXT_0_255, !"duration": LONG, !"status": STATUS, ?"external_run_id": TEXT_0_255
    ] Content::Children(&[&[particle!("feature": FEATURE, 1, 1)]]);

    FEATURE = "feature" [
        !"name": TEXT_0_255, !"path": TEXT_255, ?"identifier": TEXT_0_255, !"tag": TEXT_0_255,
        !"started": LONG
    ] Content::Children(&[&[
        particle!("file": ANYTHING, 1, 1),
        particle!("scenarios": SCENARIOS, 0, 1),
    ]]);

    ANYTHING = "anything" [] Content::Anything;

    SCENARIOS = "scenarios" [] Content::Children(&[&[
        particle!("background": BACKGROUND, 0, 1),
        particle!("scenario": SCENARIO, 0, n),
    ]]);

    BACKGROUND = "background" [] Content::Children(&[&[particle!("steps": BACKGROUND_STEPS, 0, 1)]]);

    BACKGROUND_STEPS = "background-steps" [] Content::Children(&[&[particle!("step": BACKGROUND_STEP, 0, n)]]);

    BACKGROUND_STEP = "background-step" [
        !"name": TEXT_3800, ?"duration": LONG, ?"status": TEXT_255
    ] Content::Children(&[&[particle!("error_message": TEXT, 0, 1)]]);

    SCENARIO = "scenario" [
        !"name": TEXT_0_3800, ?"outlineIndex": LONG, !"status": STATUS
    ] Content::Children(&[&[particle!("steps": STEPS, 1, 1)]]);

    /// A payload in either dialect: the release may be text, and the test fields may be last.
    EVIDENCE_PAYLOAD = "evidence-payload" [] Content::Children(&[
        &[
            particle!("build": BUILD, 0, 1),
            particle!("suite_ref": SUITE, 0, 1),
            particle!("program_ref": REFERENCE, 0, 1),
            particle!("release_ref": REFERENCE | "release": RELEASE | "release_name": TEXT, 0, 1),
            particle!("milestone_ref": REFERENCE, 0, 1),
            particle!("backlog_items": BACKLOG_ITEMS, 0, 1),
            particle!("product_areas": PRODUCT_AREAS, 0, 1),
            particle!("test_fields": EVIDENCE_TEST_FIELDS, 0, 1),
            particle!("environment": ENVIRONMENT, 0, 1),
            particle!("test_runs": RUNS, 1, 1),
        ],
        &[
            particle!("build": BUILD, 0, 1),
            particle!("suite_ref": SUITE, 0, 1),
            particle!("program_ref": REFERENCE, 0, 1),
            particle!("release_ref": REFERENCE | "release": RELEASE | "release_name": TEXT, 0, 1),
            particle!("milestone_ref": REFERENCE, 0, 1),
            particle!("backlog_items": BACKLOG_ITEMS, 0, 1),
            particle!("product_areas": PRODUCT_AREAS, 0, 1),
            particle!("environment": ENVIRONMENT, 0, 1),
            particle!("test_runs": RUNS, 1, 1),
            particle!("test_fields": EVIDENCE_TEST_FIELDS, 1, 1),
        ],
    ]);

    EVIDENCE_TEST_FIELDS = "evidence-test-fields" [] Content::Children(&[&[
        particle!("test_field": EVIDENCE_TEST_FIELD, 0, n),
    ]]);
}

/// A test field whose `type` may be called `field_type`.
static EVIDENCE_TEST_FIELD: ElementType = ElementType {
    name: "evidence-test-field",
    attributes: &[
        Attribute {
            name: "type",
            alias: Some("field_type"),
            value: &TEST_FIELD_KIND,
            is_required: true,
        },
        Attribute {
            name: "value",
            alias: None,
            value: &TEXT_255,
            is_required: true,
        },
    ],
    content: Content::Empty,
};
