//! What holds for all runs of a payload, or for one run alone.

use octane_model::{MilestoneId, ModuleId, ProgramId, ReleaseId, SuiteId, WorkItemId};

/// What results are tied to: build, suite, release, modules, fields and environment.
///
/// At the top of a payload it counts for every run in it; on a [`TestRun`](crate::TestRun) for that run
/// alone. `build` exists at the top only (ALM Octane help, "Test results"; official schema).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The CI build that ran the tests.
    pub build: Option<Build>,
    /// The test suite, and the suite run that collects the runs.
    pub suite: Option<SuiteRef>,
    /// The program of the runs.
    pub program: Option<ProgramId>,
    /// The release of the runs.
    pub release: Option<Release>,
    /// The milestone of the runs.
    pub milestone: Option<MilestoneId>,
    /// Backlog items that the **tests** cover.
    pub backlog_items: Vec<WorkItemId>,
    /// Application modules of the **tests**.
    pub product_areas: Vec<ModuleId>,
    /// Level, type, tool and framework of the **tests**.
    pub test_fields: Vec<TestField>,
    /// Environment of the **runs**.
    pub environment: Vec<Tag>,
}

/// A reference to a test suite and to the suite run in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteRef {
    /// The suite; it must exist.
    pub id: SuiteId,
    /// The name of the suite run, at most 255 characters; found or created by Octane.
    pub external_run_id: Option<String>,
    /// The payload's `component`; its meaning is not documented.
    pub component: Option<String>,
}

impl SuiteRef {
    /// The suite run `external_run_id` of the suite `id`.
    pub fn new(id: SuiteId, external_run_id: impl Into<String>) -> Self {
        Self {
            id,
            external_run_id: Some(external_run_id.into()),
            component: None,
        }
    }
}

/// A release by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The release with this id.
    Id(ReleaseId),
    /// The release with this name; [`Release::DEFAULT`] is the workspace's default release.
    Name(String),
}

impl Release {
    /// The name by which the workspace's default release goes (Octane 15.1.8 and later).
    pub const DEFAULT: &'static str = "_default_";
}

/// A CI build; texts of 1 to 255 characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Build {
    /// The instance id of the CI server in Octane.
    pub server_id: String,
    /// The id of the job.
    pub job_id: String,
    /// The name of the job.
    pub job_name: Option<String>,
    /// The id of the build.
    pub build_id: String,
    /// The name or number that is shown.
    pub build_name: Option<String>,
    /// Free text.
    pub sub_type: Option<String>,
    /// Free text; servers of 2025 and later.
    pub artifact_id: Option<String>,
}

/// Which field of a test a [`TestField`] sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TestFieldKind {
    /// `Test_Level`
    TestLevel,
    /// `Test_Type`
    TestType,
    /// `Testing_Tool_Type`
    TestingToolType,
    /// `Framework`
    Framework,
}

impl TestFieldKind {
    /// All kinds, in the schema's order.
    pub const ALL: [Self; 4] = [
        Self::TestLevel,
        Self::TestType,
        Self::TestingToolType,
        Self::Framework,
    ];

    /// The word that the payload writes, for example `Test_Level`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TestLevel => "Test_Level",
            Self::TestType => "Test_Type",
            Self::TestingToolType => "Testing_Tool_Type",
            Self::Framework => "Framework",
        }
    }

    /// Reads the payload's word, exact in case.
    pub fn from_payload(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A field of the tests, by the label of a list value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestField {
    /// Which field.
    pub kind: TestFieldKind,
    /// The label, 1 to 255 characters, for example `System Test`.
    pub value: String,
}

/// One word about the environment of a run, such as `OS` = `Linux`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The category, 1 to 255 characters.
    pub kind: String,
    /// The value, 1 to 255 characters.
    pub value: String,
}
